// Random work for a space, as plain data: picks by small numbers, so that collisions are frequent and shrinking is easy.
import fc from 'fast-check'
import type { Actor } from '../../src/domain/actor.ts'
import { defaultLimits, type Limits } from '../../src/domain/limits.ts'

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

const threadChange = fc.oneof(
  {
    weight: 4,
    arbitrary: kind('thread-put', {
      title,
      metadata,
      createdAt,
      archived: fc.constantFrom(undefined, undefined, true, false),
    }),
  },
  { weight: 1, arbitrary: kind('thread-delete', {}) },
  {
    weight: 2,
    arbitrary: kind('thread-clone', {
      title,
      metadata,
      turns: fc.array(fc.array(message, { maxLength: 2 }), { maxLength: 3 }),
      blocks: fc.uniqueArray(blockName, { maxLength: 2 }),
    }),
  },
  {
    weight: 6,
    arbitrary: kind('turn-open', {
      leaseMs,
      runId,
      createThread: rarely(undefined, true),
      alone: sometimes(fc.constant(true)),
      replaces: fc.constantFrom(undefined, undefined, undefined, [0], [0, 1], [1], [2, 2]),
    }),
  },
  { weight: 5, arbitrary: kind('turn-close', { join, status }) },
  { weight: 3, arbitrary: kind('turn-resume', { back, leaseMs, runId, alone: sometimes(fc.constant(true)) }) },
  { weight: 2, arbitrary: kind('turn-discard', { back }) },
  {
    weight: 14,
    arbitrary: kind('message-append', {
      join,
      messages: fc.array(message, { minLength: 1, maxLength: 3 }),
      createThread: rarely(undefined, true),
    }),
  },
  {
    weight: 5,
    arbitrary: kind('message-extend', {
      target,
      parts: fc.boolean(),
      complete: fc.constantFrom(undefined, 'call-1', 'call-9'),
    }),
  },
  { weight: 4, arbitrary: kind('message-edit', { target, parts: fc.boolean(), metadata }) },
  { weight: 3, arbitrary: kind('message-delete', { targets: fc.array(target, { minLength: 1, maxLength: 3 }) }) },
)

/** Facts by how far back they are; rarely more than may be linked. */
const backs = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 4, arbitrary: fc.array(back, { minLength: 1, maxLength: 2 }) },
  { weight: 1, arbitrary: fc.array(fc.nat(6), { minLength: 4, maxLength: 5 }) },
)

const factChange = fc.oneof(
  {
    weight: 8,
    arbitrary: kind('fact-assert', {
      text: rarely('x'.repeat(50), ...words),
      /** A new version of the fact that many places back; none for a new fact. */
      of: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: back }),
      isWordless: fc.constantFrom(false, false, true),
      isNamedAgain: rarely(true, false),
      metadata: fc.constantFrom(undefined, undefined, {}, { k: 1 }),
      attributes: fc.constantFrom(undefined, undefined, { agentId: 'bot' }, { runId: 'r', agentId: 'bot' }),
      sources: fc.constantFrom(undefined, undefined, ['m1'], ['m1', 'r'], []),
      isDerived: fc.constantFrom(false, false, true),
      supersedes: backs,
      conflictsWith: backs,
      queued: rarely(true as const, undefined),
      trust: fc.constantFrom(undefined, undefined, 'user' as const, 'agent' as const, 'tool' as const),
      validFrom: createdAt,
      livesMs: fc.constantFrom(undefined, undefined, undefined, null, 1, 1_500, 30_000),
    }),
  },
  { weight: 2, arbitrary: kind('fact-retire', { targets: fc.array(back, { minLength: 1, maxLength: 3 }) }) },
  { weight: 1, arbitrary: kind('fact-expire', { back }) },
)

const runStatus = fc.constantFrom('running', 'suspended', 'suspended', 'complete', 'aborted', 'failed', 'discarded')

const runChange = fc.oneof(
  {
    weight: 8,
    arbitrary: kind('run-put', {
      /** The run that many places back; none for a new one. */
      of: fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 3, arbitrary: back }),
      isNamedAgain: rarely(true, false),
      name: rarely('eve', 'bot'),
      runKind: rarely('workflow' as const, undefined),
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
  },
  { weight: 1, arbitrary: kind('run-expire', { back }) },
)

const recordChange = fc.oneof(
  {
    weight: 3,
    arbitrary: kind('block-write', {
      name: blockName,
      inThread,
      format: fc.constantFrom('text', 'json', 'json'),
      value,
    }),
  },
  { weight: 4, arbitrary: kind('block-merge', { name: blockName, inThread, patch }) },
  { weight: 6, arbitrary: kind('entry-write', { key, value, ttlMs }) },
  { weight: 4, arbitrary: kind('entry-merge', { key, patch, ttlMs }) },
  { weight: 3, arbitrary: kind('entry-append', { key, item: value, ttlMs }) },
  { weight: 3, arbitrary: kind('entry-increment', { key, by: fc.constantFrom(1, -0.5, Number.MAX_VALUE), ttlMs }) },
  { weight: 3, arbitrary: kind('entry-delete', { key }) },
  { weight: 3, arbitrary: kind('entry-expire', { key }) },
  {
    weight: 3,
    arbitrary: kind('lease-take', {
      name: fc.constantFrom(...leaseNames),
      leaseMs: fc.constantFrom(1, 2_000, 60_000),
      steal: fc.constantFrom(undefined, true),
    }),
  },
  { weight: 2, arbitrary: kind('lease-release', { name: fc.constantFrom(...leaseNames), back }) },
  {
    weight: 1,
    arbitrary: kind('configure', {
      settings: fc.constantFrom(
        { entriesPerSpace: 2 },
        { entriesPerSpace: 4, logDays: 1 },
        { entryTtlMs: null },
        { entryTtlMs: 900 },
        {},
      ),
    }),
  },
)

const change = fc.oneof(
  { weight: 3, arbitrary: threadChange },
  { weight: 2, arbitrary: recordChange },
  { weight: 2, arbitrary: factChange },
  { weight: 1, arbitrary: runChange },
)
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

const targets = fc.array(target, { maxLength: 3 })
const erasedKeys = fc.uniqueArray(key, { maxLength: 2 })

const action = fc.oneof(
  { weight: 90, arbitrary: kind('commit', { plan: commit, via }) },
  { weight: 12, arbitrary: kind('group', { plans: fc.array(commit, { minLength: 2, maxLength: 4 }), via }) },
  { weight: 12, arbitrary: kind('clock', { ms: step }) },
  { weight: 6, arbitrary: kind('compact', { space, back: fc.nat(8) }) },
  { weight: 1, arbitrary: kind('erase', { space, via }) },
  { weight: 8, arbitrary: kind('erase-part', { space, via, thread: sometimes(fc.nat(2)), targets, keys: erasedKeys }) },
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
