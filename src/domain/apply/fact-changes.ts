/** Decides changes of facts: asserting, superseding, marking contradictions, retiring and expiring. */
import type { ChangeOf, ResultOf } from '../commit/commit.ts'
import type { Displaced, Effect, EffectOf, FactLinks, RetiredFact, StatedFact } from '../commit/effect.ts'
import { invalidInput, invariant, MemoryError, notFound, shown } from '../error.ts'
import { checkId, checkUnique, type FactId, factIdOf, type ProposalId, parseFactId } from '../id.ts'
import { refuseForeignId } from '../issued-id.ts'
import { checkBytes, checkLimit } from '../limits.ts'
import {
  type FactAttributes,
  type FactState,
  factAttributes,
  guardedTrust,
  liveFact,
  type StatedFields,
} from '../records/fact.ts'
import { mayMerge, mergedFields, type Restatement } from '../records/fact-merge.ts'
import { statesSame, textKey } from '../records/fact-text.ts'
import { factAnswer, factsAfter } from '../replay/fact-fold.ts'
import { isoTime, msOf, toIso } from '../time.ts'
import { higherOf, isHigher, type Trust, trustOf } from '../trust.ts'
import type { Draft } from './draft.ts'
import { proposeRetiring, proposeSuperseding } from './proposal-changes.ts'

type FactAssert = ChangeOf<'fact-assert'>

/** The checked fields of a change, and the facts that it names. */
interface Assertion {
  readonly stated: StatedFact
  /** Trust of the speaker: decides which facts it may supersede. */
  readonly trust: Trust
  readonly supersedes: readonly string[]
  readonly contradicts: readonly string[]
}

/** Words that wait for extraction may be as long as a message; a fact is one statement. */
function checkText(draft: Draft, value: unknown, isQueued: boolean): string {
  const fix = 'Pass one statement in words.'
  if (typeof value !== 'string') throw invalidInput('text', 'must be a string', value, fix)
  const text = value.trim()
  if (text === '') throw invalidInput('text', 'must not be empty or blank', value, fix)
  checkBytes(draft.limits, isQueued ? 'messageBytes' : 'factBytes', text, 'The text of the fact')
  return text
}

function checkAttributes(attributes: FactAttributes): FactAttributes {
  const checked: Record<string, string> = {}
  for (const name of factAttributes) {
    const id = attributes[name]
    if (id !== undefined) checked[name] = checkId(id, `attributes.${name}`)
  }
  return checked
}

function checkIds(draft: Draft, ids: readonly string[] | undefined, field: string): readonly string[] {
  const checked = new Set((ids ?? []).map((id) => checkId(id, field)))
  checkLimit(draft.limits, 'factLinks', checked.size, `"${field}"`)
  return [...checked]
}

/** Ids of facts of this space. */
function checkFactIds(draft: Draft, ids: readonly string[] | undefined, field: string): readonly string[] {
  const checked = checkIds(draft, ids, field)
  for (const id of checked) refuseForeignId(id, 'fact', draft.space.key, field)
  return checked
}

function checkExpiry(draft: Draft, value: string): string {
  const expiresAt = toIso(value, 'expiresAt')
  if (expiresAt > draft.at) return expiresAt
  throw invalidInput('expiresAt', `must be later than ${draft.at}`, value, 'Pass a future time, or null for ever.')
}

/** The stated times between which a fact holds. */
function checkValidity(draft: Draft, change: FactAssert, before: FactState | null) {
  const validFrom = change.validFrom === undefined ? undefined : toIso(change.validFrom, 'validFrom')
  const validTo = typeof change.validTo === 'string' ? toIso(change.validTo, 'validTo') : change.validTo
  const [from, to] = [validFrom ?? before?.validFrom ?? draft.at, validTo ?? before?.validTo ?? null]
  if (to !== null && to <= from && (validFrom ?? validTo) !== undefined) {
    const fix = 'Pass the time since which it held as validFrom, and a later one as validTo.'
    throw invalidInput('validTo', `must be later than validFrom, ${from}`, to, fix)
  }
  return { ...(validFrom === undefined ? {} : { validFrom }), ...(validTo === undefined ? {} : { validTo }) }
}

/** The trusts of those sources that are facts of this space. */
function* sourceTrusts(draft: Draft, sources: readonly string[]): Generator<Trust> {
  for (const source of sources) {
    if (parseFactId(source)?.spaceKey !== draft.space.key) continue
    const fact = liveFact(draft.fact(source), draft.at)
    if (fact !== null) yield fact.trust
  }
}

function waitsForExtraction(change: FactAssert, before: FactState | null): boolean {
  return change.queued === true || before?.status === 'queued'
}

/** Stated fields that need no check beyond their schema. */
function plainFields(change: FactAssert): Partial<StatedFields> {
  const { kind, unique, factId, supersedes, conflictsWith, queued, ...stated } = change
  const { text, trust, metadata, attributes, sources, validFrom, validTo, expiresAt, ...plain } = stated
  return plain
}

/** The trust of a statement that is accepted in the place of another one. What changes only in its times keeps its own. */
function trustAccepted({ supersedes }: FactAssert, before: FactState, trust: Trust): Partial<StatedFields> {
  return supersedes === undefined ? {} : { trust: higherOf(before.trust, trust) }
}

function assertionOf(draft: Draft, change: FactAssert, before: FactState | null): Assertion {
  const { text, metadata, attributes, expiresAt } = change
  if (metadata !== undefined) checkBytes(draft.limits, 'metadataBytes', metadata, 'The metadata of the fact')
  const sources = change.sources === undefined ? undefined : checkIds(draft, change.sources, 'sources')
  const all = sources ?? before?.sources ?? []
  const accepted = draft.work.accepted?.change === change ? draft.work.accepted : null
  const trust = accepted?.trust ?? trustOf(draft.actor, change.trust, all.length > 0, () => sourceTrusts(draft, all))
  const isNew = before === null
  const isQueued = waitsForExtraction(change, before)
  const stated = {
    ...plainFields(change),
    ...(isNew || text !== undefined ? { text: checkText(draft, text, isQueued), trust } : {}),
    ...(accepted === null || isNew || text !== undefined ? {} : trustAccepted(change, before, trust)),
    ...(metadata === undefined ? {} : { metadata }),
    ...(attributes === undefined ? {} : { attributes: checkAttributes(attributes) }),
    ...(sources === undefined ? {} : { sources }),
    ...checkValidity(draft, change, before),
    ...(expiresAt === undefined ? {} : { expiresAt: expiresAt === null ? null : checkExpiry(draft, expiresAt) }),
    ...(change.queued === true ? { queued: true as const } : {}),
  }
  const supersedes = checkFactIds(draft, change.supersedes, 'supersedes')
  const contradicts = checkFactIds(draft, change.conflictsWith, 'conflictsWith').filter(
    (id) => !supersedes.includes(id),
  )
  return { stated, trust, supersedes, contradicts }
}

/** The fact with that id. It must exist, not be superseded and, unless the change allows it, not be queued. */
function currentFact(draft: Draft, factId: string, mayBeQueued = false): FactState {
  const fact = liveFact(draft.fact(factId), draft.at)
  if (fact === null) throw notFound('fact', factId, 'It may have been deleted or have expired; search again.')
  if (fact.status === 'current' || (mayBeQueued && fact.status === 'queued')) return fact
  const { id, status, supersededBy, version } = fact
  const ended = supersededBy === null ? `held until ${fact.validTo}` : `was superseded by ${shown(supersededBy)}`
  const instead = status === 'queued' ? 'waits for extraction' : ended
  throw new MemoryError('conflict', {
    message: `The fact ${shown(id)} ${instead}.`,
    fix: status === 'queued' ? 'Retire it once its facts are stored.' : 'Read what holds now, then decide again.',
    details: { factId: id, status, supersededBy, version },
  })
}

/** The fact that the change is a new version of. */
function factToUpdate(draft: Draft, change: FactAssert, factId: string): FactState {
  if (change.unique !== undefined || change.queued !== undefined) {
    const field = change.unique === undefined ? 'queued' : 'unique'
    throw invalidInput(field, 'must not be passed with "factId"', change[field], 'Leave it out; it is for new facts.')
  }
  draft.claim({ fact: checkId(factId, 'factId') })
  return currentFact(draft, factId, true)
}

/** Fields that change what a fact says, when it holds, and whether it stays. */
const guarded = ['text', 'validFrom', 'validTo', 'expiresAt', 'sources', 'attributes', 'importance'] as const

/**
 * Refuses to change a fact with less trust than it has, which superseding would refuse too: its words, its times, and the
 * sources with which it would go. The application may correct any fact. A system commit that names a trust speaks for its
 * sources and has that trust.
 */
function refuseWeaker(draft: Draft, change: FactAssert, before: FactState, trust: Trust): void {
  const isOwnCorrection = draft.actor.kind === 'system' && change.trust === undefined
  // The metadata of queued words say whether they are still to be learned.
  const isGuarded = before.status === 'queued' || guarded.some((field) => change[field] !== undefined)
  const needed = guardedTrust(before)
  if (!isGuarded || isOwnCorrection || !isHigher(needed, trust)) return
  throw new MemoryError('conflict', {
    message: `The fact ${shown(before.id)} has the trust of a ${needed}; this change has that of a ${trust}.`,
    fix:
      before.status === 'queued'
        ? 'Leave it as it is: it waits for extraction.'
        : 'Assert other words as a fact of their own that supersedes it: then both are kept and marked as contradicting.',
    details: { factId: before.id, trust: needed, given: trust, version: before.version },
  })
}

/** Refuses to let an agent or a tool decide what every prompt shows. */
function refusePinning({ actor }: Draft, { pinned }: FactAssert): void {
  if (pinned === undefined || actor.kind === 'user' || actor.kind === 'system') return
  throw new MemoryError('denied', {
    message: `${actor.kind} ${shown(actor.id)} may not ${pinned ? 'pin a fact' : 'release a pinned fact'}.`,
    fix: 'Leave "pinned" out. A user or the application decides what every prompt shows.',
    details: { pinned },
  })
}

/** The id of a new fact, which was never used before. */
function newFactId(draft: Draft, unique: string | undefined): FactId {
  const factId = factIdOf(draft.space.key, checkUnique(unique, 'unique'))
  if (draft.fact(factId) === null) return factId
  throw new MemoryError('conflict', {
    message: `There is, or was, a fact ${shown(factId)}.`,
    fix: 'Make createId return another text each time.',
    details: { factId },
  })
}

function displaced(draft: Draft, ids: readonly FactId[]): readonly Displaced[] {
  return ids.map((key) => ({ key, version: draft.factBefore(key) }))
}

/** Facts that are no longer marked once some facts are gone or superseded. */
function resolvedBy(draft: Draft, gone: readonly FactState[], own: FactId | null): readonly FactId[] {
  const ids = new Set(gone.map((fact) => fact.id))
  const marked = new Set(gone.flatMap((fact) => fact.conflictsWith))
  return [...marked].filter((id) => id !== own && !ids.has(id) && draft.fact(id)?.deleted === false)
}

/**
 * The facts that the assertion supersedes, those that it contradicts, and those whose contradiction it resolves.
 *
 * @param options `corrected`: a fact that becomes one with the asserted one, whatever its trust. `isPast`: the asserted fact
 *   held only in the past.
 */
function linksOf(
  draft: Draft,
  factId: FactId,
  { stated, trust, supersedes, contradicts }: Assertion,
  validFrom: string,
  { corrected = null, isPast = false }: { readonly corrected?: FactState | null; readonly isPast?: boolean } = {},
): FactLinks {
  const superseded: FactState[] = corrected === null ? [] : [corrected]
  const conflicts: FactId[] = []
  for (const id of supersedes) {
    if (id === factId || id === corrected?.id) continue
    const target = currentFact(draft, id)
    if (isOlder(stated, target)) continue
    draft.claim({ fact: target.id })
    if (isHigher(guardedTrust(target), trust)) conflicts.push(target.id)
    else superseded.push(target)
  }
  // What held only in the past contradicts nothing that holds now.
  for (const id of isPast ? [] : contradicts) {
    if (id !== factId && id !== corrected?.id) conflicts.push(currentFact(draft, id).id)
  }
  const own = isPast ? draft.fact(factId) : null
  const resolved = own === null ? resolvedBy(draft, superseded, factId) : resolvedBy(draft, [...superseded, own], null)
  const closed = superseded.map((fact) => {
    const end = isoTime(Math.max(msOf(validFrom), msOf(fact.validFrom)))
    const validTo = fact.validTo !== null && fact.validTo < end ? fact.validTo : end
    return { key: fact.id, version: draft.factBefore(fact.id), validTo }
  })
  return {
    ...(closed.length > 0 ? { superseded: closed } : {}),
    ...(conflicts.length > 0 ? { conflicts: displaced(draft, conflicts) } : {}),
    ...(resolved.length > 0 ? { resolved: displaced(draft, resolved) } : {}),
  }
}

/** Records an effect and the facts after it. */
function record<Kind extends 'fact-assert' | 'fact-retire' | 'fact-expire'>(draft: Draft, effect: Effect) {
  const numbered = draft.add(effect)
  for (const fact of factsAfter(numbered, draft, (id) => draft.fact(id))) {
    const isMarked = numbered.kind === 'fact-assert' && numbered.conflicts !== undefined
    const what = `The contradictions of fact ${shown(fact.id)}`
    if (isMarked) checkLimit(draft.limits, 'factLinks', fact.conflictsWith.length, what)
    draft.setFact(fact)
  }
  const answer = factAnswer(numbered, draft.seq)
  invariant(answer !== null, 'a change of facts has an answer')
  return answer as ResultOf<Kind>
}

/** Records a statement. Where it may not replace a fact that it is to replace, it is a proposal to replace it. */
function recordStatement(
  draft: Draft,
  effect: EffectOf<'fact-assert'>,
  { supersedes }: Assertion,
): ResultOf<'fact-assert'> {
  const refused = (effect.conflicts ?? []).flatMap(({ key }) =>
    supersedes.includes(key) ? (draft.fact(key) ?? []) : [],
  )
  if (refused.length === 0 || effect.ended === true) return record(draft, effect)
  const after = [...factsAfter(effect, draft, (id) => draft.fact(id))].find(({ id }) => id === effect.factId)
  invariant(after !== undefined, 'a statement is a fact afterwards')
  const proposed = proposeSuperseding(draft, after, refused)
  return record(draft, proposed.length > 0 ? { ...effect, proposed } : effect)
}

/** Refuses a change that names facts, or that fact, where it may not. */
function refuseNaming(change: FactAssert, rule: string, factId?: FactId): void {
  for (const field of ['supersedes', 'conflictsWith'] as const) {
    const named = change[field]?.find((id) => factId === undefined || id === factId)
    if (named !== undefined) throw invalidInput(field, rule, named, 'Leave it out.')
  }
}

function lifeOf(fact: FactState | null): Partial<Pick<StatedFields, 'validTo' | 'expiresAt'>> {
  return fact === null ? {} : { validTo: fact.validTo, expiresAt: fact.expiresAt }
}

/** Whether a statement with a time is older than a fact. Without one, the order of the log decides: it is the newest. */
function isOlder({ validFrom }: StatedFact, fact: FactState): boolean {
  return validFrom !== undefined && validFrom < fact.validFrom
}

/** The end of a statement, and the fact that begins there if it is newer than the statement. */
interface Ending {
  readonly validTo: string | null
  readonly endedBy: FactId | null
}

/** Where a statement ends: as it says, or where the first of the newer facts begins that it names. */
function endingOf(draft: Draft, { stated, supersedes }: Assertion, before: FactState | null): Ending {
  let ending: Ending = { validTo: stated.validTo ?? before?.validTo ?? null, endedBy: null }
  for (const id of supersedes) {
    const target = currentFact(draft, id)
    const { validFrom } = target
    if (!isOlder(stated, target)) continue
    if (ending.validTo === null || validFrom < ending.validTo) ending = { validTo: validFrom, endedBy: target.id }
  }
  return ending
}

/** What an assertion says of a fact that states the same; of a correction, with the life of the corrected fact. */
function restatementOf({ stated, trust }: Assertion, corrected: FactState | null): Restatement {
  const { sources = [], validFrom = corrected?.validFrom } = stated
  const { validTo, expiresAt } = { validTo: null, expiresAt: null, ...lifeOf(corrected), ...stated }
  const { pinned, importance } = stated
  return {
    trust,
    sources,
    validTo,
    expiresAt,
    ...(validFrom === undefined ? {} : { validFrom }),
    ...(pinned === undefined ? {} : { pinned }),
    ...(importance === undefined ? {} : { importance }),
  }
}

/** A current fact that states the same as an assertion, into which it may be merged. */
function knownFact(draft: Draft, assertion: Assertion, corrected: FactState | null): FactState | null {
  const { text } = assertion.stated
  if (text === undefined) return null
  const { attributes = {}, metadata = {} } = { ...corrected, ...assertion.stated }
  const restatement = restatementOf(assertion, corrected)
  const stored = [...draft.view.factsByText(textKey(text))].map((fact) => draft.fact(fact.id))
  const drafted = [...draft.facts.values()].map((fact) => fact.after)
  for (const fact of [...stored, ...drafted]) {
    const isCurrent = liveFact(fact, draft.at)?.status === 'current'
    if (fact === null || !isCurrent || fact.id === corrected?.id) continue
    if (statesSame(fact, { text, attributes, metadata }) && mayMerge(fact, restatement)) return fact
  }
  return null
}

/** Decides a statement that a fact makes already: what it adds is merged into that fact. */
function applyKnown(
  draft: Draft,
  known: FactState,
  assertion: Assertion,
  corrected: FactState | null,
): ResultOf<'fact-assert'> {
  const added = mergedFields(known, restatementOf(assertion, corrected), draft.limits.factLinks)
  const since = assertion.stated.validFrom ?? corrected?.validFrom ?? draft.at
  const links = linksOf(draft, known.id, assertion, since, { corrected })
  if (Object.keys(added).length + Object.keys(links).length === 0) {
    return record(draft, { kind: 'fact-known', factId: known.id, version: known.version })
  }
  // One commit may state the same several times.
  if (!draft.facts.has(known.id)) draft.claim({ fact: known.id })
  const prev = draft.factBefore(known.id)
  const effect = { kind: 'fact-assert', factId: known.id, prev, stated: added, known: true, ...links } as const
  return recordStatement(draft, effect, assertion)
}

/**
 * Decides an assertion: a new fact, a new version of one, or more about the current fact that states the same. A fact
 * that gets the words of another becomes one with it. The superseded facts are replaced, except those of higher trust:
 * these are marked as contradicting.
 *
 * @param isErasure It follows from an erasure, which needs no trust.
 */
export function applyFactAssert(draft: Draft, change: FactAssert, isErasure = false): ResultOf<'fact-assert'> {
  refusePinning(draft, change)
  const before = change.factId === undefined ? null : factToUpdate(draft, change, change.factId)
  const unique = before === null ? checkUnique(change.unique, 'unique') : ''
  const assertion = assertionOf(draft, change, before)
  const { stated, trust } = assertion
  const isQueued = waitsForExtraction(change, before)
  if (isQueued) refuseNaming(change, 'must not name facts while this one is queued')
  if (before !== null) {
    refuseNaming(change, 'must not name the fact itself', before.id)
    if (!isErasure) refuseWeaker(draft, change, before, trust)
  }
  const { validTo, endedBy } = endingOf(draft, assertion, before)
  const isPast = !isQueued && validTo !== null && validTo <= draft.at
  // What held once does not say that it holds now.
  const known = isQueued || isPast ? null : knownFact(draft, assertion, before)
  if (known !== null) return applyKnown(draft, known, assertion, before)
  const factId = before?.id ?? newFactId(draft, unique)
  if (before === null) draft.claim({ fact: factId })
  const since = stated.validFrom ?? before?.validFrom ?? draft.at
  const links = linksOf(draft, factId, assertion, since, { isPast })
  const effect: EffectOf<'fact-assert'> = {
    kind: 'fact-assert',
    factId,
    prev: draft.factBefore(factId),
    stated: endedBy === null ? stated : { ...stated, validTo },
    ...(isPast ? { ended: true as const } : {}),
    ...(endedBy === null ? {} : { endedBy }),
    ...links,
  }
  return recordStatement(draft, effect, assertion)
}

/** Whether a fact is trusted more than an agent or a tool that wants to remove it. */
export function isAbove(fact: FactState, { actor }: Draft): boolean {
  return (actor.kind === 'agent' || actor.kind === 'tool') && isHigher(guardedTrust(fact), actor.kind)
}

/** Proposals to remove facts that stay, as many as may be open. Words that wait for extraction are no facts yet. */
function proposedFor(draft: Draft, refused: readonly FactState[]): { readonly proposed?: readonly ProposalId[] } {
  const current = refused.filter(({ status }) => status === 'current').slice(0, draft.limits.proposalsOpen)
  const proposed = current.length > 0 ? proposeRetiring(draft, current) : []
  return proposed.length > 0 ? { proposed } : {}
}

/**
 * Decides a deletion. Unknown ids are skipped. An expired fact is removed, but counts as absent before. Facts that are trusted
 * more than an agent or a tool stay, and are named in the answer.
 *
 * @param isErasure It follows from an erasure, which needs no trust.
 */
export function applyFactRetire(
  draft: Draft,
  change: ChangeOf<'fact-retire'>,
  isErasure = false,
): ResultOf<'fact-retire'> {
  const gone: FactState[] = []
  const refused: FactState[] = []
  const retired: RetiredFact[] = []
  for (const id of checkIds(draft, change.factIds, 'factIds')) {
    draft.claim({ fact: id })
    const fact = draft.fact(id)
    if (fact === null || fact.deleted) continue
    const version = draft.factBefore(fact.id)
    const isDue = liveFact(fact, draft.at) === null
    if (!isDue && !isErasure && isAbove(fact, draft)) {
      refused.push(fact)
      continue
    }
    if (isDue) draft.sweptFacts.push({ factId: fact.id, version })
    gone.push(fact)
    retired.push({ key: fact.id, version, ...(isDue ? { due: true as const } : {}) })
  }
  const resolved = resolvedBy(draft, gone, null)
  const links = resolved.length > 0 ? { resolved: displaced(draft, resolved) } : {}
  const stay = refused.length > 0 ? { refused: refused.map(({ id }) => id), ...proposedFor(draft, refused) } : {}
  return record(draft, { kind: 'fact-retire', retired, ...stay, ...links })
}

/** Decides the sweeper's expiry, which applies only to expired facts. */
export function applyFactExpire(draft: Draft, change: ChangeOf<'fact-expire'>): ResultOf<'fact-expire'> {
  const factId = checkId(change.factId, 'factId') as FactId
  draft.claim({ fact: factId })
  const fact = draft.fact(factId)
  if (fact === null || fact.deleted || liveFact(fact, draft.at) !== null) {
    return record(draft, { kind: 'fact-expire', factId, prev: 0 })
  }
  const version = draft.factBefore(factId)
  draft.sweptFacts.push({ factId, version })
  const resolved = resolvedBy(draft, [fact], null)
  const links = resolved.length > 0 ? { resolved: displaced(draft, resolved) } : {}
  return record(draft, { kind: 'fact-expire', factId, prev: version, ...links })
}
