/** Learns facts from messages: the words are stored first, a model extracts the facts, and one commit stores them. */

import {
  type Action,
  actionOf,
  type Candidate,
  candidatesAQuestion,
  decisionQuestion,
  type FactDecision,
  shownFacts,
} from '../../derive/decide.ts'
import {
  checkHeard,
  type ExtractedStatement,
  extractionQuestions,
  statementLength,
  statementsOf,
  trustAgainst,
  trustOfOrigin,
} from '../../derive/extract.ts'
import { askModel } from '../../derive/language-model.ts'
import type { LanguageModelObject } from '../../derive/provider-model.ts'
import type { Change, ChangeResult, Expectation } from '../../domain/commit/commit.ts'
import { invariant, MemoryError } from '../../domain/error.ts'
import { parseFactId, type SpaceId } from '../../domain/id.ts'
import type { FactState } from '../../domain/records/fact.ts'
import type { FactAddition } from '../../domain/records/fact-merge.ts'
import type { MessageInput } from '../../domain/records/message.ts'
import { lowerOf, type Trust, trustOf } from '../../domain/trust.ts'
import type { Core } from '../door/core.ts'
import { Door } from '../door/door.ts'
import { modelTime } from '../door/model-time.ts'
import type { FactHome } from './fact-home.ts'
import type { InferDegraded } from './fact-records.ts'
import { type LookedUp, lookUp } from './infer-look-up.ts'
import {
  coreForQueued,
  enqueue,
  heardIn,
  hold,
  type InferOptions,
  learnable,
  type Queued,
  release,
  saidAt,
  waitingIn,
} from './infer-queue.ts'

/** What became of one statement. */
export interface LearnedFact {
  readonly id: string
  /** The statement. */
  readonly memory: string
  /**
   * `ADD`: new. `UPDATE`: it replaced another fact, or added to a known one. `DELETE`: that fact no longer holds. `NONE`:
   * it was known, and nothing is new.
   */
  readonly event: 'ADD' | 'UPDATE' | 'DELETE' | 'NONE'
  /** What it added to a known fact: a source, more trust, an earlier start or a later expiry. */
  readonly added?: readonly FactAddition[]
  /** It is older than this fact: it is kept as what held before, and changes nothing that holds now. */
  readonly endedBy?: string
  /** What the fact said before, with `UPDATE` and `DELETE`. */
  readonly previousMemory?: string
  /** Facts that it replaced. */
  readonly supersedes?: readonly string[]
}

/** What a model made of some messages. */
export interface Inferred {
  /** What became of each statement. */
  readonly results: readonly LearnedFact[]
  /** Ids of stored words that wait for extraction. */
  readonly queued?: readonly string[]
  /** Why it is less than it could be. Absent otherwise. */
  readonly degraded?: readonly InferDegraded[]
  /** What the model failed with, if `degraded` says `model-failed`. */
  readonly error?: MemoryError
}

/** What is left in the queue of a space. */
interface Drained {
  /** Queued words whose facts were extracted now. */
  readonly learned: number
  /** Queued words that still wait, including those that others work on. */
  readonly waiting: number
  /** Queued words that failed too often to be tried again. */
  readonly failed: number
  /** The error of the last attempt; null without one. */
  readonly error: MemoryError | null
}

/** How often decisions are made again because their facts have changed. */
const askedTimes = 3
/** How often a commit is tried while others write to the home; each failure means that another write succeeded. */
const commitTries = 50

function noModel(): MemoryError {
  return new MemoryError('unsupported', {
    message: 'This memory was opened without a model to extract facts with.',
    fix: `Open it with one, as in new Memory({ model: 'openai/gpt-5-mini' }), or pass infer: false to store the messages as they are.`,
    details: { field: 'model' },
  })
}

function busy(home: FactHome): MemoryError {
  return new MemoryError('unavailable', {
    message: 'Others changed the same facts at each attempt to store these.',
    fix: 'Nothing is lost: the messages are stored, and the next call learns from them.',
    details: { space: home.space, busy: true },
  })
}

interface Learning {
  readonly core: Core
  readonly model: LanguageModelObject
  readonly item: Queued
  readonly signal: AbortSignal
}

async function statementsIn({ core, model, item, signal }: Learning): Promise<readonly ExtractedStatement[]> {
  // A character may take six bytes.
  const longest = Math.min(statementLength, Math.floor(core.limits.factBytes / 6))
  const answers = []
  for (const question of extractionQuestions(item.heard, longest)) answers.push(await askModel(model, question, signal))
  return statementsOf(answers, item.heard)
}

/** A model's decisions about some statements, and the facts that it saw by number. */
interface Ruling {
  readonly candidates: readonly Candidate[]
  readonly facts: readonly FactState[]
  readonly decisions: readonly FactDecision[]
}

async function rulingsOn({ model, signal }: Learning, candidates: readonly Candidate[]): Promise<readonly Ruling[]> {
  const rulings: Ruling[] = []
  for (let start = 0; start < candidates.length; start += candidatesAQuestion) {
    const asked = candidates.slice(start, start + candidatesAQuestion)
    const { decisions } = await askModel(model, decisionQuestion(asked), signal)
    rulings.push({ candidates: asked, facts: shownFacts(asked), decisions })
  }
  return rulings
}

/** The trust that a statement will have when it is stored. */
function trustIn({ core, item }: Learning, statement: ExtractedStatement): Trust {
  const named = lowerOf(trustOfOrigin(statement, item.heard), item.trust)
  return trustOf(core.access.actor, named, true, () => [])
}

/** The trust of a statement next to the fact that it contradicts: its new words may come from somebody of less trust. */
function trustOpposing(learning: Learning, statement: ExtractedStatement, { text }: FactState): Trust {
  return lowerOf(trustIn(learning, statement), trustAgainst(statement, text, learning.item.heard))
}

function actionsOf(learning: Learning, looked: readonly LookedUp[], rulings: readonly Ruling[]): readonly Action[] {
  const ended = new Set<string>()
  const { actor } = learning.core.access
  const ruled = new Map<ExtractedStatement, readonly [Ruling, FactDecision | undefined]>()
  for (const ruling of rulings) {
    for (const [index, { statement }] of ruling.candidates.entries()) {
      const decision = ruling.decisions.find(({ statement: number }) => number === index + 1)
      ruled.set(statement, [ruling, decision])
    }
  }
  return looked.map(({ statement, same, near, isEcho }): Action => {
    if (same !== null) return { event: 'NONE', fact: same, ...(isEcho ? {} : { restated: statement }) }
    const [ruling, decision] = ruled.get(statement) ?? []
    const against = ({ text }: FactState) => trustAgainst(statement, text, learning.item.heard)
    const standing = { actor, trust: trustIn(learning, statement), against }
    return actionOf(
      { statement, near, said: saidAt(learning.item, statement) },
      decision,
      ruling?.facts ?? [],
      standing,
      ended,
    )
  })
}

/** The sources of a statement: its messages and the other given ids; otherwise the queued words. */
function sourcesOf({ item }: Learning, { from }: ExtractedStatement): readonly string[] {
  const ofMessages = new Set(item.heard.flatMap(({ id }) => id ?? []))
  const beside = item.sources.filter((id) => !ofMessages.has(id))
  const sources = [...new Set([...from.flatMap((index) => item.heard[index]?.id ?? []), ...beside])]
  return sources.length > 0 ? sources : [item.id]
}

/** Whether a fact is one of the home's that holds: one of another space, or of the past, is left alone. */
function isOfHome({ item }: Learning, { id, status }: FactState): boolean {
  return status === 'current' && id.startsWith(homePrefix(item))
}

/** How long a statement holds: as the call says, or since it was said. */
function lifeOf(item: Queued, statement: ExtractedStatement) {
  const { validTo, expiresAt } = item
  const validFrom = saidAt(item, statement)
  return {
    ...(validFrom === null ? {} : { validFrom }),
    ...(validTo === null ? {} : { validTo }),
    ...(expiresAt === null ? {} : { expiresAt }),
  }
}

/**
 * The sources of words that a fact has already. Words without a message are a source once: said again, they would only
 * fill the list.
 */
function sourcesAgain(learning: Learning, fact: FactState, statement: ExtractedStatement): readonly string[] {
  const sources = sourcesOf(learning, statement)
  const isUnnamed = sources.length === 1 && sources[0] === learning.item.id
  const before = isUnnamed ? fact.sources.find((id) => parseFactId(id) !== null) : undefined
  return before === undefined ? sources : [before]
}

/** The known fact stated again, with what the words add: the door keeps what is new. */
function restatement(learning: Learning, fact: FactState, statement: ExtractedStatement): Change {
  const { item, core } = learning
  return {
    kind: 'fact-assert',
    unique: core.createId(),
    text: fact.text,
    metadata: fact.metadata,
    attributes: fact.attributes,
    sources: [...sourcesAgain(learning, fact, statement)],
    trust: trustIn(learning, statement),
    ...lifeOf(item, statement),
  }
}

function changeOf(learning: Learning, action: Action): Change | null {
  if (action.event === 'NONE') {
    const { fact, restated } = action
    return restated !== undefined && isOfHome(learning, fact) ? restatement(learning, fact, restated) : null
  }
  if (action.event === 'DELETE') return { kind: 'fact-retire', factIds: [action.old.id] }
  const { item, core } = learning
  const { metadata, home } = item
  const { statement } = action
  const [opposed, newer] = action.event === 'ADD' ? [action.contradicts, action.newer] : [null, undefined]
  // A newer fact is named too: the door lets the statement end where that one begins.
  const replaced = action.event === 'UPDATE' ? action.old : newer
  return {
    kind: 'fact-assert',
    unique: core.createId(),
    text: statement.text,
    metadata,
    attributes: home.attributes,
    sources: [...sourcesOf(learning, statement)],
    trust: opposed === null ? trustIn(learning, statement) : trustOpposing(learning, statement, opposed),
    ...lifeOf(item, statement),
    ...(replaced === undefined ? {} : { supersedes: [replaced.id] }),
    ...(opposed === null ? {} : { conflictsWith: [opposed.id] }),
  }
}

function learnedFact(action: Action, result: ChangeResult | undefined): LearnedFact {
  if (action.event === 'NONE') {
    const { id, text: memory } = action.fact
    if (result?.kind !== 'fact-assert') return { id, memory, event: 'NONE' }
    const { factId, known, added } = result
    if (!known) return { id: factId, memory, event: 'ADD' }
    return added === undefined ? { id, memory, event: 'NONE' } : { id, memory, event: 'UPDATE', added }
  }
  if (action.event === 'DELETE') return { id: action.old.id, memory: action.old.text, event: 'DELETE' }
  invariant(result?.kind === 'fact-assert', 'a statement is stored by asserting it')
  const { factId: id, known, added, endedBy, superseded } = result
  const { text: memory } = action.statement
  if (action.event === 'UPDATE' && superseded.length > 0) {
    return { id, memory, event: 'UPDATE', previousMemory: action.old.text, supersedes: superseded }
  }
  if (added !== undefined) return { id, memory, event: 'UPDATE', added }
  return { id, memory, event: known ? 'NONE' : 'ADD', ...(endedBy === undefined ? {} : { endedBy }) }
}

/** How the ids of the home's facts begin. */
function homePrefix({ id }: Queued): string {
  return id.slice(0, id.indexOf('_', 'fact_'.length) + 1)
}

/** The facts of the actions, whose versions the commit expects. */
function concerned(actions: readonly Action[], prefix: string): readonly FactState[] {
  const facts = actions.flatMap((action) => {
    if (action.event === 'NONE') return action.fact
    return action.event === 'ADD' ? (action.contradicts ?? action.newer ?? []) : action.old
  })
  return [...new Map(facts.map((fact) => [fact.id, fact])).values()].filter(({ id }) => id.startsWith(prefix))
}

/**
 * Stores the decisions if none of their facts has changed, nor any other fact of the home since `asOf`. Returns null if
 * one has. If `asOf` is null, only the facts of the decisions count.
 */
async function store(
  learning: Learning,
  actions: readonly Action[],
  asOf: number | null,
): Promise<readonly LearnedFact[] | null> {
  const { core, item } = learning
  const changes = actions.map((action) => changeOf(learning, action))
  const stored = changes.filter((change) => change !== null)
  // Only facts of this space: a fact recalled from another one says the same wherever it is.
  const prefix = homePrefix(item)
  const expect: Expectation[] = [
    { version: item.version, of: { fact: item.id } },
    ...concerned(actions, prefix).map(({ id, version }) => ({ version, of: { fact: id } })),
    ...(stored.length > 0 && asOf !== null ? [{ facts: asOf }] : []),
  ]
  const all: Change[] = [{ kind: 'fact-retire', factIds: [item.id] }, ...stored]
  const result = await new Door(core, item.home.space).submit(all, { expect, background: true })
  if (result.status === 'committed') {
    let next = 1
    return actions.map((action, index) => {
      return learnedFact(action, changes[index] === null ? undefined : result.results[next++])
    })
  }
  const isGone = result.failed.some(({ expectation }) => {
    return 'of' in expectation && 'fact' in expectation.of && expectation.of.fact === item.id
  })
  return isGone ? [] : null
}

/** The current state of the facts of a decision. */
function refreshed(rulings: readonly Ruling[], candidates: readonly Candidate[]): readonly Ruling[] {
  const now = new Map(candidates.flatMap(({ near }) => near).map((fact) => [fact.id, fact]))
  return rulings.map((ruling) => ({ ...ruling, facts: ruling.facts.map((fact) => now.get(fact.id) ?? fact) }))
}

/** The facts that decisions depend on, in any order: the decisions hold as long as these are the same. */
function basisOf(candidates: readonly Candidate[]): string {
  const shown = ({ near }: Candidate) => near.map(({ id, text }) => `${id} ${text}`).toSorted()
  return JSON.stringify(candidates.map((candidate) => [candidate.statement.text, shown(candidate)]))
}

/**
 * Learns from queued words: extracts statements, looks up known facts, decides, and stores everything in one commit. If
 * others write to the home meanwhile, everything but the extraction is done again; the model decides again only if its
 * facts have changed. After the last attempt, decisions are stored that depend only on the facts they name.
 */
async function learn(learning: Learning): Promise<readonly LearnedFact[]> {
  const { core, item, signal } = learning
  const storage = await core.storage.get()
  const statements = item.heard.length === 0 ? [] : await statementsIn(learning)
  let asked = 0
  let basis = ''
  let rulings: readonly Ruling[] = []
  for (let tries = 0; tries < commitTries; tries++) {
    const asOf = (await storage.spaces.get(core.access, item.home.space))?.seq ?? 0
    const looked = await Promise.all(statements.map((statement) => lookUp(core, item, statement)))
    const candidates = looked
      .filter(({ same, near }) => same === null && near.length > 0)
      .map((one) => ({ ...one, said: saidAt(item, one.statement) }))
    const isNew = candidates.length > 0 && basisOf(candidates) !== basis
    const isLast = isNew && asked === askedTimes
    if (isNew && !isLast) {
      asked += 1
      basis = basisOf(candidates)
      rulings = await rulingsOn(learning, candidates)
    }
    const ruled = isLast ? rulings : refreshed(rulings, candidates)
    const results = await store(learning, actionsOf(learning, looked, ruled), isLast ? null : asOf)
    if (results !== null) return results
    if (isLast) break
    signal.throwIfAborted()
  }
  throw busy(item.home)
}

function failureOf(error: unknown, signal: AbortSignal): Pick<Inferred, 'degraded' | 'error'> | null {
  if (!(error instanceof MemoryError)) {
    if (!signal.aborted) return null
    const message = error instanceof Error ? `${error.message}.` : 'The model took too long.'
    const late = {
      message,
      fix: 'Nothing is lost: the messages are stored, and the next call learns from them.',
      cause: error,
    }
    return { degraded: ['model-failed'], error: new MemoryError('unavailable', late) }
  }
  if (error.details.model !== undefined) return { degraded: ['model-failed'], error }
  return error.details.busy === true ? { degraded: ['busy'], error } : null
}

/** Learns from queued words. If that fails, they keep waiting and nothing is stored. */
async function tryToLearn(learning: Learning): Promise<Inferred> {
  const { core, item, signal } = learning
  try {
    return { results: await learn(learning) }
  } catch (error) {
    // Refuses if the memory was closed meanwhile; the next process that opens it continues with the words.
    await core.storage.get()
    await release(core, item)
    const failure = failureOf(error, signal)
    if (failure === null) throw error
    return { results: [], queued: [item.id], ...failure }
  }
}

/** The error that stopped learning from queued words; null if there was none. */
async function failureToLearn(learning: Learning): Promise<MemoryError | null> {
  try {
    return (await tryToLearn(learning)).error ?? null
  } catch (error) {
    if (error instanceof MemoryError && error.code !== 'closed') return error
    throw error
  }
}

/** Learns from waiting words, oldest first, until one fails; `timeOf` gives each its time limit. */
async function drain(
  core: Core,
  model: LanguageModelObject,
  space: SpaceId,
  timeOf: () => ReturnType<typeof modelTime>,
): Promise<Drained> {
  const { free, held, failed } = await waitingIn(core, space)
  let learned = 0
  let passed = 0
  for (const item of free) {
    const own = coreForQueued(core, item)
    const taken = own === null ? null : await hold(own, item)
    if (own === null || taken === null) {
      passed += 1
      continue
    }
    const { signal, stop } = timeOf()
    const error = await failureToLearn({ core: own, model, item: taken, signal }).finally(stop)
    if (error !== null) return { learned, waiting: held + free.length - learned, failed, error }
    learned += 1
  }
  return { learned, waiting: held + passed, failed, error: null }
}

/**
 * Learns from the words that wait in a space, oldest first, until one fails. Each may take `limits.modelTimeoutMs`.
 * Words that another actor queued are learned as that actor, if this memory may act for all actors. Otherwise they stay queued.
 */
export async function drainQueued(core: Core, space: SpaceId): Promise<Drained> {
  const model = await core.storage.model()
  if (model !== null) return drain(core, model, space, () => modelTime(core))
  const { free, held, failed } = await waitingIn(core, space)
  return { learned: 0, waiting: free.length + held, failed, error: null }
}

/** Learns from older words first. Their errors do not fail this call; they keep waiting. */
async function drainOlder(core: Core, model: LanguageModelObject, space: SpaceId): Promise<void> {
  const { signal, stop } = modelTime(core)
  await drain(core, model, space, () => ({ signal, stop: () => {} })).finally(stop)
}

/**
 * Learns facts from messages with the memory's model. The messages are stored first, so nothing is lost: if the model
 * fails, the answer is `degraded` and the words wait for the next call in that home, or for {@link drainQueued}.
 *
 * @param messages As `readMessages` reads them. System messages, and recalled text, are not learned from.
 * @throws MemoryError `unsupported` without a model; `limit-exceeded`, `invalid-input`, `denied`, before anything is
 *   stored.
 */
export async function inferFacts(
  core: Core,
  home: FactHome,
  messages: readonly MessageInput[],
  options: InferOptions = {},
): Promise<Inferred> {
  const model = await core.storage.model()
  if (model === null) throw noModel()
  const heard = heardIn(core, home.space, messages)
  if (learnable(heard).length === 0) return { results: [] }
  checkHeard(heard)
  const item = await enqueue(core, home, heard, options)
  await drainOlder(core, model, home.space)
  const { signal, stop } = modelTime(core)
  return tryToLearn({ core, model, item, signal }).finally(stop)
}
