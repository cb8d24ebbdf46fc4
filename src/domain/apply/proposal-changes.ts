/** Decides changes of proposals: making one, and deciding about it. */
import type { Actor } from '../actor.ts'
import type { Change, ChangeOf, ChangeResult } from '../commit/commit.ts'
import { recordName } from '../commit/effect-names.ts'
import { labelsOf } from '../commit/record-nouns.ts'
import { invalidInput, MemoryError, notFound, shown } from '../error.ts'
import { checkId, type ProposalId, proposalIdOf, type Seq } from '../id.ts'
import { refuseForeignId } from '../issued-id.ts'
import { canonicalJson, equalJson, type Json } from '../json.ts'
import { checkBytes, dayMs, limitExceeded } from '../limits.ts'
import { type FactState, guardedTrust, liveFact } from '../records/fact.ts'
import { liveState } from '../records/keyed-state.ts'
import {
  alreadyDecided,
  authorLabel,
  checkProposalDecider,
  factBaseText,
  type ProposalFields,
  type ProposalTarget,
  type ProposedChange,
  proposalAction,
  proposalNoun,
  statementOf,
  statusAt,
  targetLabel,
  targetOf,
  trustToDecide,
} from '../records/proposal.ts'
import { type RecordState, recordTombstone } from '../records/record.ts'
import { isoTime, msOf, toIso } from '../time.ts'
import { type Trust, trustOfActor } from '../trust.ts'
import { putWhole, type WholeWrite } from './apply-record.ts'
import type { Draft } from './draft.ts'

type ProposalPut = ChangeOf<'proposal-put'>
type ProposalDecide = ChangeOf<'proposal-decide'>

const fieldsOf = (record: RecordState) => record.value as unknown as ProposalFields

/** The open proposals of an author in this draft, the oldest first. */
function openOf(draft: Draft, author: Actor): readonly RecordState[] {
  const label = authorLabel(author)
  const stored = [...draft.view.recordsLabelled(proposalNoun, label)]
  const names = new Set(stored.map(({ key }) => recordName(proposalNoun, key)))
  const now = stored.map((record) => draft.records.get(recordName(proposalNoun, record.key)) ?? record)
  const drafted = [...draft.records].flatMap(([name, record]) => (names.has(name) ? [] : [record]))
  return [...now, ...drafted].filter((record) => record.noun === proposalNoun && labelsOf(record).includes(label))
}

/** Writes a proposal whole. */
function writeProposal(
  draft: Draft,
  before: RecordState | null,
  key: string,
  fields: ProposalFields,
  how: WholeWrite = {},
): ChangeResult {
  return putWhole(draft, proposalNoun, key, fields, before, how)
}

/** Removes an open proposal in whose place another one comes. */
function dropProposal(draft: Draft, before: RecordState): void {
  const name = recordName(proposalNoun, before.key)
  draft.claim({ record: name })
  draft.sweep({ noun: 'record', key: name }, before.version)
  draft.records.set(name, recordTombstone(before, draft))
  draft.add({ kind: 'record-remove', noun: proposalNoun, key: before.key, prev: before.version, implied: true })
}

/** What stands where a proposal is about: its version, and for a fact the hash of what it says. */
interface Base {
  readonly version: Seq
  readonly hmac?: string
}

function factBases(draft: Draft, facts: readonly FactState[]): readonly Base[] {
  const hashes = draft.view.keyedHashes(facts.map(factBaseText))
  return facts.map(({ version }, index) => ({ version, hmac: hashes[index] as string }))
}

function currentFact(draft: Draft, id: string): FactState | null {
  const fact = liveFact(draft.fact(id), draft.at)
  return fact?.status === 'current' ? fact : null
}

/** The present base of an entry, of a block, or of a fact that is new. */
function plainBase(draft: Draft, target: ProposalTarget): Base {
  if (target.kind === 'fact') return { version: 0 }
  if (target.kind === 'entry') return { version: liveState(draft.view.entry(target.key), draft.at)?.version ?? 0 }
  const threadId = target.threadId === undefined ? null : draft.liveThread(target.threadId).id
  const block = draft.view.block(threadId, target.name)
  return { version: block === null || block.deleted ? 0 : block.version }
}

/** What a proposal is made of. */
interface Proposing {
  readonly change: ProposedChange
  readonly deciders?: readonly Actor[]
  readonly reason?: string
  readonly expiresAt?: string
}

/** Whether two proposals of an author are of the same kind about the same thing. */
function isOfKind({ change, target }: ProposalFields, other: ProposedChange): boolean {
  return proposalAction(change) === proposalAction(other) && targetLabel(target) === targetLabel(targetOf(other))
}

function isSame(open: ProposalFields, fresh: ProposalFields): boolean {
  const { at: _at, expiresAt: _expiresAt, base: _base, ...said } = open
  const { at: __at, expiresAt: __expiresAt, base: __base, ...again } = fresh
  const isBase = open.base === fresh.base || open.baseHmac !== undefined
  return isBase && equalJson(said as unknown as Json, again as unknown as Json)
}

/**
 * Makes room for a proposal: its author has at most one of a kind about one target, and so many in all. Those that this commit
 * made stay: it changes a record at most once.
 *
 * @returns The error if they leave no room.
 */
function makeRoom(draft: Draft, open: readonly RecordState[], change: ProposedChange): MemoryError | null {
  const isFixed = ({ version }: RecordState) => version === draft.seq
  const [ofKind, others] = [true, false].map((wanted) =>
    open.filter((record) => isOfKind(fieldsOf(record), change) === wanted),
  ) as [RecordState[], RecordState[]]
  if (ofKind.some(isFixed)) {
    const fix = 'Propose them in commits of their own: the newer one then replaces the older.'
    return invalidInput('changes', 'must hold one proposal of a kind about one target', change.kind, fix)
  }
  const { proposalsOpen: most } = draft.limits
  const surplus = Math.max(0, others.length + 1 - most)
  const oldest = others.filter((record) => !isFixed(record)).slice(0, surplus)
  if (oldest.length < surplus)
    return limitExceeded('The commit', others.length + 1, 'proposalsOpen', most, 'Propose less')
  for (const record of [...ofKind, ...oldest]) dropProposal(draft, record)
  return null
}

/** The id of a new proposal of this change. */
function newId(draft: Draft): ProposalId {
  for (let index = 0; ; index++) {
    const id = proposalIdOf(draft.space.key, draft.seq, draft.index, index)
    if (!draft.records.has(recordName(proposalNoun, id))) return id
  }
}

/** The fields of a new proposal of the actor. */
function newFields(draft: Draft, proposing: Proposing, base: Base, statement: Base | null): ProposalFields {
  const {
    change,
    deciders,
    reason,
    expiresAt = isoTime(msOf(draft.at) + draft.limits.proposalDays * dayMs),
  } = proposing
  return {
    author: draft.actor,
    at: draft.at,
    expiresAt,
    target: targetOf(change),
    change,
    base: base.version,
    ...(base.hmac === undefined ? {} : { baseHmac: base.hmac }),
    ...(statement?.hmac === undefined ? {} : { statementHmac: statement.hmac }),
    ...(deciders === undefined ? {} : { deciders }),
    ...(reason === undefined ? {} : { reason }),
    status: 'open',
  }
}

/** Keeps an open proposal. The same one as before stays, and waits for as long again. */
function propose(draft: Draft, fields: ProposalFields): ChangeResult {
  const open = openOf(draft, draft.actor)
  const known = open.find((record) => isSame(fieldsOf(record), fields))
  if (known !== undefined) {
    draft.claim({ record: recordName(proposalNoun, known.key) })
    return writeProposal(draft, known, known.key, { ...fields, at: fieldsOf(known).at })
  }
  const obstacle = makeRoom(draft, open, fields.change)
  if (obstacle !== null) throw obstacle
  const id = newId(draft)
  draft.claim({ record: recordName(proposalNoun, id) })
  return writeProposal(draft, null, id, fields)
}

/**
 * The id of a proposal that follows from a refusal. Its change has the answer, and never fails because of it: where there is
 * no room, there is none.
 */
function imply(draft: Draft, fields: ProposalFields): readonly ProposalId[] {
  const open = openOf(draft, draft.actor)
  const known = open.find((record) => isSame(fieldsOf(record), fields))
  if (known?.version === draft.seq) return [known.key as ProposalId]
  if (known === undefined && makeRoom(draft, open, fields.change) !== null) return []
  const id = (known?.key as ProposalId | undefined) ?? newId(draft)
  draft.claim({ record: recordName(proposalNoun, id) })
  const { at } = known === undefined ? fields : fieldsOf(known)
  writeProposal(draft, known ?? null, id, { ...fields, at }, { implied: true })
  return [id]
}

/** Proposes that a statement supersedes facts which its author may not replace. */
export function proposeSuperseding(
  draft: Draft,
  statement: FactState,
  targets: readonly FactState[],
): readonly ProposalId[] {
  const [stated, ...bases] = factBases(draft, [statement, ...targets])
  return targets.flatMap(({ id }, index) => {
    const change = { kind: 'fact-assert', factId: statement.id, supersedes: [id] } as const
    // Both get a mark in this commit, which makes a version.
    const base = { ...(bases[index] as Base), version: draft.seq }
    return imply(draft, newFields(draft, { change }, base, stated ?? null))
  })
}

/** Proposes to remove facts that the actor may not remove. */
export function proposeRetiring(draft: Draft, targets: readonly FactState[]): readonly ProposalId[] {
  const bases = factBases(draft, targets)
  return targets.flatMap(({ id }, index) => {
    const change = { kind: 'fact-retire', factIds: [id] } as const
    return imply(draft, newFields(draft, { change }, bases[index] as Base, null))
  })
}

/** Refuses a change that names more facts than one proposal can be about. */
function checkNamed(change: ProposedChange): void {
  const most = { factIds: 1, supersedes: change.factId === undefined ? 0 : 1 }
  for (const [field, count] of Object.entries(most)) {
    const named = change[field]
    if (!Array.isArray(named) || named.length <= count) continue
    const rule = count === 0 ? 'must go with the factId of a stored statement' : 'must name one fact'
    throw invalidInput(`change.${field}`, rule, named.length, 'Make a proposal for each fact.')
  }
  if (change.kind === 'fact-assert' && change.queued !== undefined) {
    throw invalidInput('change.queued', 'must not be proposed', change.queued, 'Leave it out.')
  }
}

/** The current fact that a proposed change names. */
function namedFact(draft: Draft, id: string): FactState {
  refuseForeignId(checkId(id, 'change'), 'fact', draft.space.key, 'change')
  const fact = currentFact(draft, id)
  if (fact !== null) return fact
  throw notFound('current fact', id, 'It may have been deleted, replaced or have expired; search again.')
}

/** Checks the ids in a proposed change, and finds what it is made against. */
function checkedBase(draft: Draft, change: ProposedChange): readonly Base[] {
  checkNamed(change)
  const target = targetOf(change)
  if (target.kind === 'entry') checkId(target.key, 'change.key')
  if (target.kind === 'working-memory') checkId(target.name, 'change.name')
  const named = target.kind === 'fact' ? [target.id, statementOf(change)].flatMap((id) => id ?? []) : []
  if (named.length === 0) return [plainBase(draft, target)]
  return factBases(
    draft,
    named.map((id) => namedFact(draft, id)),
  )
}

/** Decides a proposal that is made. */
function applyProposalPut(draft: Draft, change: ProposalPut): ChangeResult {
  const { kind: _, expiresAt, change: submitted, ...said } = change
  const proposed = submitted as unknown as ProposedChange
  checkBytes(draft.limits, 'recordBytes', proposed, 'The proposed change', 'Propose a smaller change')
  const [base, statement = null] = checkedBase(draft, proposed) as readonly [Base, Base?]
  const until = expiresAt === undefined ? {} : { expiresAt: toIso(expiresAt, 'expiresAt') }
  if (until.expiresAt !== undefined && until.expiresAt <= draft.at) {
    throw invalidInput('expiresAt', `must be later than ${draft.at}`, expiresAt, 'Pass a future time, or leave it out.')
  }
  return propose(draft, newFields(draft, { change: proposed, ...said, ...until }, base, statement))
}

/** The error for a proposal whose target, or whose statement, is no longer what it was made against. */
function baseChanged(id: string, { target, base }: ProposalFields, version: Seq | null): MemoryError {
  return new MemoryError('conflict', {
    message: `What the proposal ${shown(id)} is about has changed since it was made.`,
    fix: 'Look at what is there now. Reject it, or make the change again.',
    details: { proposalId: id, reason: 'changed', target, base, version },
  })
}

/** Checks that a proposal's target, and the statement that is to supersede it, are what they were. */
function checkUnchanged(draft: Draft, id: string, proposal: ProposalFields): void {
  const { target, base, baseHmac, statementHmac } = proposal
  const named =
    target.kind === 'fact' ? [target.id, statementOf(proposal.change)].flatMap((factId) => factId ?? []) : []
  if (named.length === 0) {
    const { version } = plainBase(draft, target)
    if (version !== base) throw baseChanged(id, proposal, version)
    return
  }
  const facts = named.flatMap((factId) => currentFact(draft, factId) ?? [])
  const hashes = draft.view.keyedHashes(facts.map(factBaseText))
  const wanted = [baseHmac, statementHmac].slice(0, named.length)
  const isSame = wanted.every((hash, index) => hash === hashes[index])
  if (!isSame) throw baseChanged(id, proposal, facts.find((fact) => fact.id === named[0])?.version ?? null)
}

/** What must follow a decision in its commit; null for nothing. */
export function followerOf({ change }: Pick<ProposalFields, 'change'>, status: string): Change | null {
  if (status === 'accepted') return change as unknown as Change
  const statement = status === 'rejected' ? statementOf(change) : null
  return statement === null ? null : { kind: 'fact-retire', factIds: [statement] }
}

/** The change that makes a decision true: the next one of the commit. */
function follower(draft: Draft, proposal: ProposalFields, status: string): Change | null {
  const wanted = followerOf(proposal, status)
  if (wanted === null) return null
  const next = draft.commit.changes[draft.index + 1]
  const isFollowed = next !== undefined && canonicalJson(next as Json) === canonicalJson(wanted as Json)
  if (isFollowed) return next
  const rule = status === 'accepted' ? 'the change that it proposes' : 'the fact-retire of its statement'
  throw invalidInput('changes', `must hold ${rule} after the decision`, next?.kind, 'Use memory.proposals to decide.')
}

/** The trust of what was accepted: the decider's. The application gives what was there, or what the author could give. */
function trustGiven({ actor }: Draft, { author }: ProposalFields, ofFact: Trust | null): Trust {
  return actor.kind === 'system' ? (ofFact ?? trustOfActor(author)) : actor.kind
}

/** The trust of the fact that a proposal would change, and its version; null if it is about no fact that is there. */
function trustOfTarget(draft: Draft, { target }: ProposalFields): Trust | null {
  const fact = target.kind === 'fact' && target.id !== null ? liveFact(draft.fact(target.id), draft.at) : null
  return fact === null ? null : guardedTrust(fact)
}

/** The proposal with that id. */
function storedProposal(draft: Draft, id: string): RecordState {
  refuseForeignId(checkId(id, 'proposalId'), 'proposal', draft.space.key, 'proposalId')
  const name = recordName(proposalNoun, id)
  draft.claim({ record: name })
  const record = liveState(draft.records.get(name) ?? draft.view.record(name), draft.at)
  if (record !== null) return record
  const fix = 'A newer one of its author may have taken its place, or it was forgotten; list the open proposals again.'
  throw notFound('proposal', id, fix)
}

/** Decides a decision about a proposal, and the sweeper's that nobody decided in time. */
function applyProposalDecide(draft: Draft, change: ProposalDecide): ChangeResult {
  const { proposalId: id, status, reason } = change
  const record = storedProposal(draft, id)
  const proposal = fieldsOf(record)
  const now = statusAt(proposal, draft.at)
  const isDue = proposal.status === 'open' && now === 'expired'
  if (status === 'expired' ? !isDue : now !== 'open') throw alreadyDecided(id, proposal, draft.at)
  const ofFact = trustOfTarget(draft, proposal)
  if (status !== 'expired') checkProposalDecider(id, proposal, draft.actor, trustToDecide(proposal, ofFact))
  if (status === 'accepted') checkUnchanged(draft, id, proposal)
  const next = follower(draft, proposal, status)
  if (next !== null && status === 'accepted')
    draft.work.accepted = { change: next, trust: trustGiven(draft, proposal, ofFact) }
  const decision = { by: draft.actor, at: draft.at, ...(reason === undefined ? {} : { reason }) }
  const expiresAt = isoTime(msOf(draft.at) + draft.limits.proposalDays * dayMs)
  return writeProposal(draft, record, id, { ...proposal, status, decision }, { expiresAt })
}

/** Decides a change of proposals. */
export function applyProposal(draft: Draft, change: ProposalPut | ProposalDecide): ChangeResult {
  return change.kind === 'proposal-put' ? applyProposalPut(draft, change) : applyProposalDecide(draft, change)
}
