// Calls of every operation, with answers of every form that it has.
import { alice, inThread, type Scene } from './scene.ts'

type Inputs = (scene: Scene) => readonly object[]

/** What a write is tried with: the call, and the same call with other content. */
interface WriteExample {
  readonly input: object
  /** Absent where another content is another commit: see `test/operations/commit-ids.test.ts`. */
  readonly other?: object
}

const user = { userId: 'alice' }
const entry = { teamId: 'acme', key: 'k' }

/** Inputs of the operations that only read, and of erasing. Streams answer their first item. */
export const reads: Readonly<Record<string, Inputs>> = {
  'threads.get': () => [inThread, { threadId: 't' }, { ...alice, threadId: 'none' }],
  'threads.list': () => [alice, { ...alice, archived: 'any', perPage: 1, filter: { metadata: {} } }],
  'messages.list': () => [
    inThread,
    { ...inThread, last: 1 },
    { ...inThread, include: [{ id: 'm1' }] },
    { ...alice, threadId: 'r', include: 'replaced' },
  ],
  'messages.recall': () => [
    { ...alice, query: 'tea' },
    { ...inThread, scope: 'thread', query: 'tea', messageRange: 1 },
    {
      ...alice,
      query: 'tea',
      from: '2020-01-01',
      to: '2100-01-01T00:00:00Z',
      now: '2030-01-01',
      timeZone: 'Asia/Tokyo',
    },
  ],
  'spaces.recall': () => [
    { space: 'resource/alice', query: 'Bergen tea', filter: { topic: { $exists: true } } },
    { space: 'resource/alice', query: 'Bergen a', spaces: ['resource/alice', 'team/acme'] },
  ],
  'recall.explain': ({ recallId }) => [{ recallId }],
  'workingMemory.get': ({ versions: [first = 0] }) => [alice, { ...alice, version: first }, { ...alice, name: 'none' }],
  'workingMemory.history': () => [alice],
  'team.get': () => [entry, { ...entry, key: 'none' }],
  'team.list': () => [{ teamId: 'acme' }, { teamId: 'acme', prefix: 'k', limit: 1 }],
  'team.history': () => [entry, { ...entry, key: 'gone' }],
  'team.readAt': () => [
    { ...entry, seq: 1 },
    { ...entry, at: '2999-01-01T00:00:00Z' },
    { ...entry, key: 'none', seq: 1 },
  ],
  'team.watch': () => [{ teamId: 'acme', after: 0 }],
  'facts.search': () => [
    {
      ...user,
      query: 'Bergen',
      explain: true,
      weights: { importance: 0.3, decay: { halfLife: '90d', by: 'updatedAt' } },
    },
    { ...user, query: 'Oslo', includeSuperseded: true, asOf: '2999-01-01T00:00:00Z' },
    { ...user, query: 'Oslo', from: '2020-01-01', to: '2999-01-01', now: '2025-05-14', timeZone: 'Europe/Oslo' },
  ],
  'facts.get': ({ factId, oldFactId }) => [
    { factId },
    { factId: oldFactId, includeSuperseded: true },
    { factId: oldFactId },
  ],
  'facts.list': () => [user, { ...user, includeSuperseded: true, limit: 1, filters: { topic: { $exists: false } } }],
  'facts.history': ({ oldFactId }) => [{ factId: oldFactId }],
  'facts.conflicts': () => [user],
  'proposals.list': ({ proposalId }) => [
    { userId: 'erin' },
    { userId: 'erin', status: null, limit: 1 },
    { userId: 'erin', status: 'open', target: { kind: 'fact', id: proposalId } },
  ],
  'proposals.get': ({ proposalId }) => [
    { proposalId },
    { proposalId: proposalId.replace(/_[^_]+$/, '_000000001000000') },
  ],
  'runs.get': ({ runId }) => [{ runId }, { runId: runId.replace('_r', '_none') }],
  'observations.observe': () => [{ ...alice, threadId: 't' }],
  'observations.reflect': () => [{ ...alice, threadId: 't' }],
  'observations.summarize': () => [{ ...alice, threadId: 't', maxTokens: 50 }],
  'observations.list': () => [alice, { ...alice, threadId: 't', at: '2020-01-01T00:00:00.000Z' }],
  'observations.history': () => [{ ...alice, threadId: 't' }],
  'runs.list': () => [alice, { ...alice, status: ['complete'], limit: 1 }],
  'spaces.children': () => [{ space: 'resource/ann' }, { space: 'team/acme', limit: 1 }],
  'spaces.list': () => [{ kind: 'resource' }, { kind: 'team', prefix: 'a', limit: 1 }],
  'spaces.get': () => [{ space: 'resource/alice' }, { space: 'resource/none' }],
  'spaces.changes': () => [{ space: 'resource/alice', after: 0 }],
  'memory.forget': ({ factId }) => [{ ...alice, threadId: 't' }, { factIds: [factId] }, { teamId: 'acme' }],
  'memory.export': () => [alice, { resourceId: 'nobody' }],
  'receipts.get': ({ receiptId }) => [{ receiptId }, { receiptId: 'receipt_none' }],
  'receipts.list': () => [{}, { state: 'complete' }],
}

/** Changes of many kinds, for the forms of their results. */
const everyChange = [
  { kind: 'thread-put', threadId: 'x', title: 'x' },
  { kind: 'turn-open', threadId: 'x' },
  {
    kind: 'message-append',
    threadId: 'x',
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'x' }] }],
    opened: 0,
  },
  { kind: 'block-write', name: 'x', format: 'text', value: 'x' },
  { kind: 'block-merge', name: 'y', patch: { a: 1 } },
  { kind: 'entry-write', key: 'x', value: 1, ttlMs: 1_000 },
  { kind: 'entry-delete', key: 'y' },
  { kind: 'fact-assert', unique: 'x', text: 'Likes x' },
  { kind: 'run-put', unique: 'x', name: 'bot' },
  { kind: 'lease-take', name: 'x', leaseMs: 1_000 },
  { kind: 'configure', settings: { logDays: 1 } },
]

/** Writes, each with other content for the same commit id. */
export const writes: Readonly<Record<string, (scene: Scene) => readonly WriteExample[]>> = {
  'threads.create': () => [
    { input: { ...alice, threadId: 'new', title: 'x', metadata: { a: 1 } }, other: { ...alice, threadId: 'new2' } },
    { input: { ...alice, title: 'no id', metadata: { workingMemory: 'Likes rain' } } },
    { input: { resourceId: 'carol', metadata: { workingMemory: { a: 1 } } } },
  ],
  'threads.update': () => [
    { input: { ...inThread, title: 'x', metadata: { a: 1 } }, other: { ...inThread, title: 'y' } },
    { input: { ...inThread, title: 'x', ifVersion: 1 }, other: { ...inThread, title: 'y', ifVersion: 1 } },
    { input: { ...inThread, title: 'x', ifVersion: 999 } },
  ],
  'threads.archive': () => [{ input: inThread, other: { ...alice, threadId: 'u' } }],
  'threads.unarchive': () => [{ input: { ...alice, threadId: 'archive' }, other: inThread }],
  'threads.delete': () => [
    { input: inThread, other: { ...alice, threadId: 'u' } },
    { input: { ...alice, threadId: 'none' }, other: inThread },
  ],
  'threads.clone': () => [
    { input: { ...inThread, newThreadId: 'copy', last: 1 }, other: { ...inThread, newThreadId: 'copy2' } },
    { input: inThread },
    { input: { ...inThread, upTo: 'm1' } },
    { input: { ...inThread, to: { resourceId: 'dora' }, title: 'x' } },
  ],
  'messages.save': () => [
    {
      input: { ...inThread, messages: ['hello', { id: 'm3', role: 'assistant', content: 'hi' }] },
      other: { ...inThread, messages: 'other' },
    },
  ],
  'messages.update': () => [
    {
      input: { ...alice, messages: [{ id: 'm1', content: 'changed', metadata: { a: 1 } }] },
      other: { ...alice, messages: [{ id: 'm1', content: 'otherwise' }] },
    },
  ],
  'turns.restore': ({ replacedTurnId, turnId }) => [
    {
      input: { ...alice, threadId: 'r', turnId: replacedTurnId },
      other: { ...alice, threadId: 'r', turnId },
    },
  ],
  'messages.delete': () => [{ input: { ...inThread, messageIds: ['m1'] }, other: { ...inThread, messageIds: ['m2'] } }],
  'workingMemory.update': ({ versions: [first = 0] }) => [
    {
      input: { ...alice, workingMemory: 'Likes tea\nLikes milk\nLikes rain' },
      other: { ...alice, workingMemory: 'Likes snow' },
    },
    {
      input: { ...alice, workingMemory: 'Loves tea', ifVersion: first },
      other: { ...alice, workingMemory: 'x', ifVersion: first },
    },
    {
      input: { ...alice, workingMemory: 'x', mode: 'replace' },
      other: { ...alice, workingMemory: 'y', mode: 'replace' },
    },
    { input: { ...alice, workingMemory: 'x', mode: 'replace', ifVersion: first } },
    { input: { ...alice, name: 'new', workingMemory: 'x' }, other: { ...alice, name: 'new', workingMemory: 'y' } },
    {
      input: { ...alice, name: 'json', workingMemory: { a: 1 } },
      other: { ...alice, name: 'json', workingMemory: { a: 2 } },
    },
  ],
  'workingMemory.restore': ({ versions: [first = 0, second = 0] }) => [
    { input: { ...alice, version: first }, other: { ...alice, version: second } },
  ],
  'team.write': () => [
    { input: { ...entry, value: { b: [1] }, ttl: '1h' }, other: { ...entry, value: 1 } },
    { input: { ...entry, value: 1, ifAbsent: true } },
    {
      input: { ...entry, key: 'new', value: 1, ifAbsent: true },
      other: { ...entry, key: 'new', value: 2, ifAbsent: true },
    },
  ],
  'team.merge': () => [{ input: { ...entry, patch: { b: 1 } }, other: { ...entry, patch: { b: 2 } } }],
  'team.append': () => [{ input: { ...entry, key: 'l', item: 1 }, other: { ...entry, key: 'l', item: 2 } }],
  'team.increment': () => [{ input: { ...entry, key: 'n' }, other: { ...entry, key: 'n', by: 2 } }],
  'team.delete': () => [
    { input: entry, other: { ...entry, key: 'gone' } },
    { input: { ...entry, key: 'none' }, other: entry },
    { input: { ...entry, ifVersion: 1 } },
  ],
  'facts.add': () => [
    {
      input: { messages: 'Plays chess', ...user, infer: false },
      other: { messages: 'Plays go', ...user, infer: false },
    },
  ],
  'facts.update': ({ factId }) => [
    { input: { factId, text: 'Lives in Bodø', metadata: { a: 1 } }, other: { factId, text: 'Lives in Molde' } },
    { input: { factId, text: 'x', ifVersion: 1 } },
  ],
  'facts.delete': ({ factId, otherFactId }) => [{ input: { factId }, other: { factId: otherFactId } }],
  'facts.deleteAll': () => [{ input: user }],
  'proposals.accept': ({ proposalId, otherProposalId, decidedProposalId }) => [
    { input: { proposalId: decidedProposalId } },
    { input: { proposalId, reason: 'So it is.' }, other: { proposalId: otherProposalId } },
  ],
  'proposals.reject': ({ proposalId, otherProposalId, decidedProposalId }) => [
    { input: { proposalId: decidedProposalId } },
    { input: { proposalId }, other: { proposalId: otherProposalId } },
  ],
  'spaces.commit': () => [
    {
      input: { space: 'team/acme', changes: [{ kind: 'entry-write', key: 'k', value: 1 }] },
      other: { space: 'team/acme', changes: [{ kind: 'entry-write', key: 'k', value: 2 }] },
    },
    { input: { space: 'resource/alice', changes: everyChange } },
    { input: { space: 'team/acme', changes: [{ kind: 'entry-delete', key: 'k' }], expect: [{ seq: 999 }] } },
  ],
  'spaces.configure': () => [
    {
      input: { space: 'team/acme', settings: { logDays: 1 } },
      other: { space: 'team/acme', settings: { logDays: 2 } },
    },
    { input: { space: 'team/acme', settings: { logDays: 1 }, ifVersion: 999 } },
  ],
}
