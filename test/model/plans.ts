// Random work for a space, as plain data: picks by small numbers, so that collisions are frequent and shrinking is easy.
import fc from 'fast-check'
import type { Actor } from '../../src/domain/actor.ts'
import type { ChangeKind } from '../../src/domain/commit/commit.ts'
import { defaultLimits, type Limits } from '../../src/domain/limits.ts'
import { observationPlans } from './observation-plans.ts'
import { proposalPlans } from './proposal-plans.ts'
import { recordPlans } from './record-plans.ts'
import { stepPlans } from './step-plans.ts'
import { leasePlan, workPlans } from './work-plans.ts'

export const spaces = ['resource/r1', 'team/t1', 'resource/r1/agent/bot', 'team/t%2F1'] as const
export const threads = ['t1', 't2', 't3'] as const
/** The last two sort differently as UTF-8 and as UTF-16. */
export const keys = ['a', 'b', 'c', 'd', 'k/\uff5e', 'k/\u{1f600}'] as const
export const messageIds = ['m1', 'm2', 'm3'] as const
export const blockNames = ['main', 'notes'] as const
/** The first three state the same, small differences of writing apart. */
export const words = ['Likes tea', 'likes  TEA.', ' Likes tea ', 'Likes coffee', 'Lives in Rome', 'Works'] as const
export const leaseNames = ['work', 'entry/a', 'entry/b'] as const

export const actors: readonly Actor[] = [
  { kind: 'user', id: 'ann', name: 'Ann' },
  { kind: 'agent', id: 'bot' },
  { kind: 'agent', id: 'eve' },
  { kind: 'system', id: 'app' },
]

export const tinyLimits: Limits = {
  ...defaultLimits,
  entriesPerSpace: 3,
  entryBytes: 100,
  entryTtlMs: 20_000,
  blockBytes: 160,
  factBytes: 40,
  factLinks: 3,
  runBytes: 110,
  recordBytes: 150,
  stepBytes: 200,
  pendingDays: 1,
  proposalDays: 1,
  proposalsOpen: 3,
  runTtlMs: 20_000,
  messageBytes: 300,
  messagesPerCall: 4,
  changesPerCommit: 6,
  metadataBytes: 60,
  titleLength: 12,
  cloneMessages: 5,
  turnLeaseMs: 3_000,
}

/** One of the usual values, and once in a while the odd one. */
const rarely = <Odd, Usual>(odd: Odd, ...usual: Usual[]): fc.Arbitrary<Odd | Usual> =>
  fc.oneof({ weight: 24, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constant(odd) })

/** Undefined, but for one time in nine. */
const sometimes = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

const value = fc.constantFrom(
  1,
  -2.5,
  'x',
  'é'.repeat(20),
  null,
  [1],
  [],
  { a: 1 },
  { a: { b: 2 }, c: [1] },
  'x'.repeat(120),
)
const patch = fc.constantFrom({ a: 2 }, { a: null }, { a: { b: 3 } }, { d: 'x'.repeat(40) }, {}, { e: { f: null } })
const invalid = fc.constantFrom('', ' ', 'a*', '__proto__', 'a\nb')
const key = fc.oneof({ weight: 40, arbitrary: fc.constantFrom(...keys) }, { weight: 1, arbitrary: invalid })
const ttlMs = fc.constantFrom(undefined, undefined, null, 1, 1_500, 30_000)
const blockName = fc.constantFrom(...blockNames)
const inThread = fc.boolean()
/** How far back among what is known; mostly the latest. */
const back = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(3) }, fc.nat(12))
const leaseMs = fc.constantFrom(undefined, 1, 2_000, 60_000)
const runId = fc.constantFrom(undefined, 'run-1', 'run-2')
const title = rarely('far too long a title', undefined, null, 'Title')
const metadata = rarely({ big: 'x'.repeat(70) }, undefined, { k: 1 }, { k: null }, { k: { n: 1 } })
const createdAt = fc.constantFrom(undefined, '2020-01-01T00:00:00.000Z', '2031-01-01T00:00:00.000Z')

const message = fc.record({
  id: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 3, arbitrary: fc.constantFrom(...messageIds) },
    { weight: 1, arbitrary: fc.constantFrom('issued' as const, 'next' as const, '') },
  ),
  role: fc.constantFrom('user' as const, 'assistant' as const),
  tool: fc.boolean(),
  size: rarely(400, 0),
  author: fc.constantFrom(undefined, undefined, 0, 1),
  createdAt,
})

const join = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ to: 'new' as const }) },
  { weight: 8, arbitrary: fc.record({ to: fc.constant('turn' as const), back }) },
  { weight: 1, arbitrary: fc.record({ to: fc.constant('opened' as const), back: fc.nat(1) }) },
)

/** How a message of the thread is named: one of ours, or a caller's. */
const target = fc.oneof(
  { weight: 4, arbitrary: fc.record({ issued: back }) },
  { weight: 1, arbitrary: fc.record({ chosen: fc.constantFrom(...messageIds) }) },
)
const status = fc.constantFrom('complete', 'aborted', 'failed', 'interrupted', 'suspended')

const kind = <Kind extends string, Fields extends object>(
  name: Kind,
  fields: { [K in keyof Fields]: fc.Arbitrary<Fields[K]> },
) => fc.record<{ kind: Kind } & Fields>({ kind: fc.constant(name), ...fields } as never)

/** Facts by how far back they are; rarely more than may be linked. */
const backs = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 4, arbitrary: fc.array(back, { minLength: 1, maxLength: 2 }) },
  { weight: 1, arbitrary: fc.array(fc.nat(6), { minLength: 4, maxLength: 5 }) },
)

const runStatus = fc.constantFrom(
  ...(['running', 'suspended', 'suspended', 'complete', 'aborted', 'failed', 'discarded', 'pending'] as const),
)

/** A plan and how often it is drawn. */
const drawn = <Plan>(weight: number, plan: fc.Arbitrary<Plan>) => ({ weight, arbitrary: plan })

// Of 20 changes, 6 are of threads, 4 of values, 4 of facts, 2 of runs, 2 of steps, 1 of workflows and 1 of proposals.
const [ofThread, ofValue, ofFact, ofRun, ofStep, ofWork, ofProposal, ofObservation] = [
  61, 57, 182, 111, 100, 50, 240, 10,
]

/** What makes changes that can be proposed. */
const proposable = {
  'block-write': drawn(
    3 * ofValue,
    kind('block-write', {
      name: blockName,
      inThread,
      format: fc.constantFrom('text', 'json', 'json'),
      value,
      convert: fc.constantFrom(undefined, undefined, true as const),
    }),
  ),
  'block-merge': drawn(4 * ofValue, kind('block-merge', { name: blockName, inThread, patch })),
  'entry-write': drawn(6 * ofValue, kind('entry-write', { key, value, ttlMs })),
  'entry-merge': drawn(4 * ofValue, kind('entry-merge', { key, patch, ttlMs })),
  'entry-append': drawn(3 * ofValue, kind('entry-append', { key, item: value, ttlMs })),
  'entry-increment': drawn(
    3 * ofValue,
    kind('entry-increment', { key, by: fc.constantFrom(1, -0.5, Number.MAX_VALUE), ttlMs }),
  ),
  'entry-delete': drawn(3 * ofValue, kind('entry-delete', { key })),
  'fact-assert': drawn(
    8 * ofFact,
    kind('fact-assert', {
      text: rarely('x'.repeat(50), ...words),
      /** A new version of the fact that many places back; none for a new fact. */
      of: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: back }),
      isWordless: fc.constantFrom(false, false, true),
      isNamedAgain: rarely(true, false),
      metadata: fc.constantFrom(undefined, undefined, {}, { k: 1 }),
      attributes: fc.constantFrom(undefined, undefined, { agentId: 'bot' }, { taskId: 'r', agentId: 'bot' }),
      sources: fc.constantFrom(undefined, undefined, ['m1'], ['m1', 'r'], []),
      isDerived: fc.constantFrom(false, false, true),
      supersedes: backs,
      conflictsWith: backs,
      queued: rarely(true as const, undefined),
      trust: fc.constantFrom(undefined, undefined, 'user' as const, 'agent' as const, 'tool' as const),
      validFrom: createdAt,
      pinned: fc.constantFrom(undefined, undefined, undefined, undefined, true, false),
      importance: fc.constantFrom(undefined, undefined, undefined, 0, 0.7),
      livesMs: fc.constantFrom(undefined, undefined, undefined, null, 1, 1_500, 30_000),
    }),
  ),
  'fact-retire': drawn(2 * ofFact, kind('fact-retire', { targets: fc.array(back, { minLength: 1, maxLength: 3 }) })),
}

/** What makes changes of each kind; a kind that is left out does not compile. */
const changePlans = {
  'thread-put': drawn(
    4 * ofThread,
    kind('thread-put', {
      title,
      metadata,
      createdAt,
      archived: fc.constantFrom(undefined, undefined, true, false),
    }),
  ),
  'thread-delete': drawn(1 * ofThread, kind('thread-delete', {})),
  'thread-clone': drawn(
    2 * ofThread,
    kind('thread-clone', {
      title,
      metadata,
      turns: fc.array(fc.array(message, { maxLength: 2 }), { maxLength: 3 }),
      blocks: fc.uniqueArray(blockName, { maxLength: 2 }),
      waits: sometimes(fc.record({ index: fc.nat(2), back: fc.nat(2) })),
    }),
  ),
  'turn-open': drawn(
    6 * ofThread,
    kind('turn-open', {
      leaseMs,
      runId,
      createThread: rarely(undefined, true),
      alone: sometimes(fc.constant(true)),
      replaces: fc.constantFrom(undefined, undefined, undefined, [0], [0, 1], [1], [2, 2]),
    }),
  ),
  'turn-close': drawn(5 * ofThread, kind('turn-close', { join, status })),
  'turn-resume': drawn(
    3 * ofThread,
    kind('turn-resume', { back, leaseMs, runId, alone: sometimes(fc.constant(true)) }),
  ),
  'turn-discard': drawn(2 * ofThread, kind('turn-discard', { back })),
  'turn-restore': drawn(3 * ofThread, kind('turn-restore', { back })),
  'message-append': drawn(
    14 * ofThread,
    kind('message-append', {
      join,
      messages: fc.array(message, { minLength: 1, maxLength: 3 }),
      createThread: rarely(undefined, true),
    }),
  ),
  'message-extend': drawn(
    5 * ofThread,
    kind('message-extend', {
      target,
      parts: fc.boolean(),
      complete: fc.constantFrom(undefined, 'call-1', 'call-9'),
    }),
  ),
  'message-edit': drawn(4 * ofThread, kind('message-edit', { target, parts: fc.boolean(), metadata })),
  'message-delete': drawn(
    3 * ofThread,
    kind('message-delete', { targets: fc.array(target, { minLength: 1, maxLength: 3 }) }),
  ),
  ...proposable,
  'entry-expire': drawn(3 * ofValue, kind('entry-expire', { key })),
  'lease-take': drawn(
    3 * ofValue,
    kind('lease-take', {
      name: fc.constantFrom(...leaseNames),
      leaseMs: fc.constantFrom(1, 2_000, 60_000),
      steal: fc.constantFrom(undefined, true),
    }),
  ),
  'lease-release': drawn(2 * ofValue, kind('lease-release', { name: fc.constantFrom(...leaseNames), back })),
  configure: drawn(
    1 * ofValue,
    kind('configure', {
      settings: fc.constantFrom(
        { entriesPerSpace: 2 },
        { entriesPerSpace: 4, logDays: 1 },
        { entryTtlMs: null },
        { entryTtlMs: 900 },
        {},
      ),
    }),
  ),
  'fact-expire': drawn(1 * ofFact, kind('fact-expire', { back })),
  'run-put': drawn(
    8 * ofRun,
    kind('run-put', {
      /** The run that many places back; none for a new one. */
      of: fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 3, arbitrary: back }),
      isNamedAgain: rarely(true, false),
      name: rarely('eve', 'bot'),
      runKind: rarely('workflow' as const, undefined),
      lease: leasePlan,
      status: fc.oneof(fc.constant(undefined), runStatus),
      inThread,
      join,
      isCalled: rarely(true, false),
      details: fc.constantFrom(
        undefined,
        undefined,
        { a: 1 },
        { a: { b: 1 } },
        { a: null, c: [1] },
        { d: 'x'.repeat(60) },
      ),
      continuation: fc.constantFrom(undefined, undefined, undefined, null, 'next', { step: 'y'.repeat(50) }),
    }),
  ),
  'run-expire': drawn(1 * ofRun, kind('run-expire', { back })),
  'run-interrupt': drawn(2 * ofRun, kind('run-interrupt', { back })),
  ...stepPlans(ofStep, back),
  ...workPlans(ofWork, back),
  ...proposalPlans(ofProposal, fc.oneof(...Object.values(proposable)), back),
  ...observationPlans(ofObservation, back),
  // Alone in its commit: the actions `erase` and `erase-part` draw it.
  erase: null,
} satisfies Readonly<Record<ChangeKind, { readonly weight: number; readonly arbitrary: unknown } | null>>

const { erase: _, ...plans } = changePlans
/** Changes of records, of every noun that there is; none where there is no noun. */
const ofRecords = recordPlans(300, { key, ttlMs, back })
const change = fc.oneof(...Object.values(plans), ...ofRecords)
export type ChangePlan = typeof change extends fc.Arbitrary<infer Plan> ? Plan : never

/** Which version an expectation states: the record's, or one that is off. */
const expectation = fc.record({
  of: fc.constantFrom('entry', 'block', 'thread-block', 'thread', 'settings', 'fact', 'run', 'facts', 'seq', 'lease'),
  pick: fc.nat(5),
  absent: fc.constantFrom(false, false, false, false, true),
  off: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1, -1),
})
export type ExpectationPlan = typeof expectation extends fc.Arbitrary<infer Plan> ? Plan : never

const commit = fc.record({
  space: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.nat(spaces.length - 1)),
  thread: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(threads.length - 1)),
  actor: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.nat(actors.length - 1)),
  changes: fc.oneof(
    { weight: 3, arbitrary: fc.array(change, { minLength: 1, maxLength: 1 }) },
    { weight: 2, arbitrary: fc.array(change, { minLength: 2, maxLength: 4 }) },
  ),
  expect: sometimes(fc.array(expectation, { maxLength: 2 })),
  /** Nobody will send it again. */
  isUnnamed: rarely(true, false),
  background: rarely(true, undefined),
  /** Takes the id of an earlier commit, with the same content or with this one's. */
  again: sometimes(fc.record({ back: fc.nat(8), isSame: fc.boolean(), isOther: fc.constantFrom(false, false, true) })),
})
export type CommitPlan = typeof commit extends fc.Arbitrary<infer Plan> ? Plan : never

const via = fc.nat(1)
const space = fc.nat(spaces.length - 1)
const limit = fc.integer({ min: 1, max: 3 })
const step = fc.constantFrom(1, 1, 700, 700, 2_500, 21_000, 100_000_000, -5_000)

const steps = stepPlans(1, back)
const stepAtWork = fc.oneof(steps['step-put'], { ...steps['step-patch'], weight: 10 })

const works = workPlans(1, back)
const workAtHand = fc.oneof(works['work-begin'], works['work-end'], works['work-wait'])

const proposals = proposalPlans(1, fc.oneof(...Object.values(proposable)), back)
const observing = observationPlans(1, back)
const observation = fc.oneof(...Object.values(observing))

const targets = fc.array(target, { maxLength: 3 })
const erasedKeys = fc.uniqueArray(key, { maxLength: 2 })
const erasedBlocks = fc.array(fc.record({ name: blockName, own: fc.boolean() }), { maxLength: 2 })
const erasedRuns = fc.array(back, { maxLength: 2 })

const action = fc.oneof(
  { weight: 90, arbitrary: kind('commit', { plan: commit, via }) },
  { weight: 12, arbitrary: kind('group', { plans: fc.array(commit, { minLength: 2, maxLength: 4 }), via }) },
  { weight: 12, arbitrary: kind('clock', { ms: step }) },
  { weight: 6, arbitrary: kind('compact', { space, back: fc.nat(8) }) },
  { weight: 1, arbitrary: kind('erase', { space, via }) },
  {
    weight: 8,
    arbitrary: kind('erase-part', {
      space,
      via,
      thread: sometimes(fc.nat(2)),
      targets,
      keys: erasedKeys,
      runs: erasedRuns,
      blocks: erasedBlocks,
    }),
  },
  { weight: 6, arbitrary: kind('work', { space: fc.nat(1), thread: fc.nat(1), via }) },
  { weight: 24, arbitrary: kind('step', { space: fc.nat(1), plan: stepAtWork, actor: sometimes(fc.nat(3)), via }) },
  { weight: 4, arbitrary: kind('workflow', { space: fc.nat(1), lease: leasePlan, status: sometimes(runStatus), via }) },
  {
    weight: 24,
    arbitrary: kind('work-step', { space: fc.nat(1), plan: workAtHand, actor: sometimes(fc.nat(3)), via }),
  },
  {
    weight: 30,
    arbitrary: kind('decide', {
      space: fc.nat(1),
      plan: proposals['proposal-decide'].arbitrary,
      actor: fc.constantFrom(0, 0, 0, 1, 2, 3),
      via,
    }),
  },
  {
    weight: 14,
    arbitrary: kind('observe', {
      space: fc.nat(1),
      thread: fc.nat(1),
      begin: sometimes(observing['observation-begin'].arbitrary),
      plan: observation,
      via,
    }),
  },
  { weight: 4, arbitrary: kind('copy', { space: fc.nat(1), from: fc.nat(1), to: fc.nat(2), actor: fc.nat(3), via }) },
  { weight: 3, arbitrary: kind('reopen', {}) },
  { weight: 4, arbitrary: kind('renew', { space: fc.nat(1), back, ms: fc.constantFrom(1, 5_000) }) },
  { weight: 4, arbitrary: kind('sweep', { via }) },
  { weight: 10, arbitrary: kind('page', { space: fc.nat(2), thread: fc.nat(2), pick: fc.nat(31), limit, via }) },
  { weight: 15, arbitrary: kind('go-on', { back, limit, via }) },
  { weight: 15, arbitrary: kind('check', { via }) },
)
export type Action = typeof action extends fc.Arbitrary<infer Plan> ? Plan : never
export type ActionOf<Kind extends Action['kind']> = Extract<Action, { kind: Kind }>

export const commits: fc.Arbitrary<CommitPlan> = commit
export const work: fc.Arbitrary<Action[]> = fc.array(action, { minLength: 1, maxLength: 80, size: 'max' })
