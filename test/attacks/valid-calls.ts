// A call of every public method with everything that it may be given, for tests that put something else into one place.
import type { Memory } from 'aquifer'
import { Memory as Mem0Memory } from 'aquifer/mem0'
import { agentOf, type Scene } from './hostile-scene.ts'
import { builder, runOf, step, workflowOf } from './workflow-scene.ts'

/** What it is called on, and with what. */
export interface ValidCall {
  readonly method: string
  readonly on: (scene: Scene) => object
  readonly with: (scene: Scene) => readonly unknown[]
}

type Args = (scene: Scene) => readonly unknown[]

function calls(
  name: string,
  on: (scene: Scene) => object,
  rows: Readonly<Record<string, Args | readonly Args[]>>,
): ValidCall[] {
  return Object.entries(rows).flatMap(([method, given]) =>
    [given].flat().map((args) => ({ method: `${name}.${method}`, on, with: args as Args })),
  )
}

const range = { start: '2026-01-01T00:00:00Z', end: '2027-01-01T00:00:00Z' }
const message = {
  id: 'm1',
  role: 'user',
  parts: [{ type: 'text', text: 'hello' }],
  metadata: { a: 1 },
  author: { kind: 'user', id: 'ann', name: 'Ann' },
  createdAt: '2026-01-01T00:00:00Z',
}
const called = { type: 'tool-x', toolCallId: 'c', state: 'output-available', input: { a: 1 }, output: { b: 2 } }
const model = { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c', toolName: 'x', input: { a: 1 } }] }
const result = { type: 'tool-result', toolCallId: 'c', toolName: 'x', output: { type: 'json', value: { b: 2 } } }
const file = { type: 'file', mediaType: 'text/plain', data: 'aGVsbG8=', filename: 'x.txt' }

const memory = calls('Memory', ({ memory: m }) => m, {
  as: () => [{ kind: 'user', id: 'ann', name: 'Ann' }],
  space: (s) => [`resource/${s.resourceId}`],
  team: (s) => [s.name],
  listSpaces: () => [{ kind: 'resource', prefix: 'r', limit: 2 }],
  createThread: (s) => [{ ...s.where, threadId: `${s.threadId}-new`, title: 'x', metadata: { a: { b: 1 } } }],
  getThreadById: (s) => [s.where],
  getThreadsByResourceId: (s) => [{ resourceId: s.resourceId }],
  listThreads: (s) => {
    const orderBy = { field: 'createdAt', direction: 'asc' }
    return [{ resourceId: s.resourceId, filter: { metadata: { a: 1 } }, archived: 'any', page: 0, perPage: 5, orderBy }]
  },
  updateThread: (s) => [{ ...s.where, title: 'x', metadata: { a: 1 }, ifVersion: 1 }],
  archiveThread: (s) => [s.where],
  unarchiveThread: (s) => [s.where],
  deleteThread: (s) => [s.where],
  restoreTurn: (s) => [{ ...s.where, turnId: 'turn_none', commitId: `r-${s.name}` }],
  cloneThread: (s) => {
    const to = { resourceId: `${s.resourceId}-copy` }
    return [{ ...s.where, newThreadId: 'copy', title: 'x', metadata: { a: 1 }, last: 2, dateRange: range, to }]
  },
  saveMessages: [
    (s) => [{ ...s.where, messages: [message], commitId: `c-${s.name}` }],
    (s) => [{ ...s.where, messages: 'hello' }],
    (s) => [{ ...s.where, messages: [{ role: 'assistant', parts: [called, file] }] }],
    (s) => [{ ...s.where, messages: [model, { role: 'tool', content: [result] }] }],
  ],
  listMessages: (s) => [
    { ...s.where, last: 2, order: 'asc', dateRange: range, includeInternal: true, include: [{ id: 'm1' }] },
  ],
  updateMessages: (s) => [{ resourceId: s.resourceId, messages: [{ id: 'first', content: 'x', metadata: { a: 1 } }] }],
  deleteMessages: (s) => [[{ id: 'first' }], s.where],
  recall: (s) => {
    const searched = {
      topK: 3,
      tokenBudget: 100,
      messageRange: { before: 1, after: 1 },
      threshold: 0.1,
      mode: 'hybrid',
      from: new Date(0),
      to: '2100-01-01',
      now: 4_000_000_000_000,
      timeZone: 'Europe/Berlin',
    }
    return [
      { ...s.where, query: 'one', scope: 'thread', ...searched, filter: { a: { $gt: 1 } }, includeInternal: true },
    ]
  },
  explain: () => ['rcl_aaaaaaaaaaaa_x'],
  getRun: () => ['run_aaaaaaaaaaaa_x'],
  observe: (s) => [s.where],
  reflect: (s) => [s.where],
  summarizeThread: (s) => [{ ...s.where, maxTokens: 100 }],
  getObservations: (s) => [{ ...s.where, at: new Date(0) }],
  getObservationHistory: (s) => [s.where],
  listRuns: (s) => [{ ...s.where, agentId: 'a', status: ['complete'], limit: 2 }],
  getWorkingMemory: (s) => [{ ...s.where, scope: 'thread', name: 'main', version: 1 }],
  updateWorkingMemory: [
    (s) => [{ ...s.where, scope: 'thread', name: 'other', workingMemory: 'x', mode: 'replace', ifAbsent: true }],
    (s) => [{ ...s.where, name: 'json', workingMemory: { a: { b: 1 } }, mode: 'merge' }],
  ],
  getWorkingMemoryHistory: (s) => [{ ...s.where, scope: 'resource', name: 'main', limit: 2 }],
  restoreWorkingMemory: (s) => [{ ...s.where, version: 1, name: 'main' }],
  forget: [
    (s) => [{ resourceId: s.resourceId, threadId: s.threadId, messageIds: ['first'] }],
    (s) => [{ teamId: s.name, key: 'k' }],
    () => [{ factIds: ['fact_aaaaaaaaaaaa_x'] }],
    (s) => [{ userId: s.resourceId }],
  ],
  getReceipt: () => ['receipt_x'],
  exportOf: (s) => [{ resourceId: s.resourceId }],
  receipts: () => [{ state: 'pending', limit: 2 }],
  add: (s) => [[message], { userId: s.resourceId, agentId: 'a', metadata: { a: 1 }, infer: false }],
  search: (s) => ['x', { userId: s.resourceId, filters: { a: 1 }, topK: 2 }],
})

const team = calls('Team', (s) => s.team, {
  write: [() => ['k', { a: { b: 1 } }, { ttl: '1h', commitId: 'c', ifAbsent: true }], () => ['k', 1, { ifVersion: 1 }]],
  read: () => ['k'],
  get: () => ['k'],
  merge: () => ['o', { a: { b: 1 } }, { ttl: 1_000, commitId: 'c' }],
  append: () => ['l', { a: 1 }, { ttl: null, commitId: 'c' }],
  increment: () => ['n', 1, { ttl: '1h', commitId: 'c' }],
  update: () => ['k', () => 1, { ttl: '1h' }],
  delete: () => ['k', { ifVersion: 1 }],
  list: () => [{ prefix: 'k', limit: 2 }],
  history: () => ['k', { limit: 2 }],
  readAt: [() => ['k', { seq: 1 }], () => ['k', { at: new Date() }]],
  watch: () => [{ prefix: 'k', after: 0, signal: AbortSignal.abort() }],
})

const ids = (s: Scene) => ({ userId: s.resourceId, teamId: 't', agentId: 'a' })

const facts = calls('Facts', ({ memory: m }) => m.facts, {
  add: (s) => {
    const times = { validFrom: '2026-01-01T00:00:00Z', expiresAt: '2099-01-01T00:00:00Z' }
    return [['Ann likes tea.', message], { ...ids(s), metadata: { a: 1 }, infer: false, ...times, commitId: 'c' }]
  },
  search: (s) => {
    const searched = { filters: { a: { $in: [1] } }, topK: 2, threshold: 0.1, explain: true, asOf: new Date() }
    const times = { from: 0, to: '2100-01-01', now: new Date(), timeZone: 'Europe/Berlin' }
    return ['tea', { ...ids(s), ...searched, ...times, includeSuperseded: true, spaces: [`resource/${s.resourceId}`] }]
  },
  get: () => ['fact_aaaaaaaaaaaa_x', { includeSuperseded: true }],
  getAll: (s) => [{ ...ids(s), filters: { $or: [{ a: 1 }] }, limit: 2, asOf: 0, includeSuperseded: true }],
  update: () => ['fact_aaaaaaaaaaaa_x', { text: 'x', metadata: { a: 1 }, expiresAt: null }, { ifVersion: 1 }],
  delete: () => ['fact_aaaaaaaaaaaa_x'],
  deleteAll: (s) => [ids(s)],
  history: () => ['fact_aaaaaaaaaaaa_x', { limit: 2 }],
  conflicts: (s) => [{ ...ids(s), limit: 2 }],
})

const proposals = calls('Proposals', ({ memory: m }) => m.proposals, {
  list: (s) => {
    const target = { kind: 'working-memory', name: 'main', threadId: 't' }
    return [{ ...ids(s), status: null, target, limit: 2 }]
  },
  get: () => ['proposal_aaaaaaaaaaaa_000000001000000'],
  accept: () => ['proposal_aaaaaaaaaaaa_000000001000000', { reason: 'Fine.', commitId: 'c' }],
  reject: () => ['proposal_aaaaaaaaaaaa_000000001000000', { reason: 'No.', commitId: 'c' }],
})

const changes = [
  { kind: 'thread-put', threadId: 'new', title: 'x', metadata: { a: 1 } },
  { kind: 'entry-write', key: 'k', value: { a: 1 }, ttlMs: 1_000 },
  { kind: 'message-append', threadId: 'new', messages: [{ role: 'user', parts: [called], metadata: { a: 1 } }] },
  { kind: 'block-merge', name: 'main2', patch: { a: 1 } },
  { kind: 'fact-assert', unique: 'u', text: 'x', metadata: { a: 1 }, sources: ['m1'] },
  { kind: 'run-put', unique: 'u', name: 'n', details: { a: 1 }, continuation: { b: 1 } },
]

const spaces = calls('Space', (s) => s.memory.space(`resource/${s.resourceId}`), {
  commit: changes.map((change) => () => [[change], { id: 'c', expect: [{ seq: 1 }] }]),
  configure: () => [{ logDays: 1, entryTtlMs: null }, { ifVersion: 0 }],
  children: () => [{ limit: 2 }],
  changes: () => [{ after: 0, signal: AbortSignal.abort() }],
  recall: (s) => ['one', { threadId: s.threadId, topK: 2, filter: { a: 1 }, kinds: ['message'], spaces: ['team/x'] }],
})

const mem0 = calls('mem0', ({ memory: m }) => new Mem0Memory(m), {
  add: (s) => [
    [{ role: 'user', content: 'x', name: 'Ann' }],
    { user_id: s.resourceId, metadata: { a: 1 }, infer: false },
  ],
  search: (s) => ['x', { user_id: s.resourceId, filters: { AND: [{ a: 1 }, { b: { gt: 1 } }] }, top_k: 2 }],
  get: () => ['fact_aaaaaaaaaaaa_x'],
  getAll: (s) => [{ user_id: s.resourceId, filters: { a: '*' }, limit: 2 }],
  get_all: (s) => [{ user_id: s.resourceId }],
  update: () => [{ memory_id: 'fact_aaaaaaaaaaaa_x', data: 'x', metadata: { a: 1 } }],
  delete: () => [{ memory_id: 'fact_aaaaaaaaaaaa_x' }],
  deleteAll: (s) => [{ user_id: s.resourceId, run_id: 'r' }],
  delete_all: (s) => [{ user_id: s.resourceId }],
  history: () => ['fact_aaaaaaaaaaaa_x'],
  reset: () => [],
})

const agentArgs: readonly Args[] = [
  (s) => [
    'hello',
    { ...s.where, author: { kind: 'user', id: 'u' }, instructions: 'x', maxSteps: 2, savePerStep: true },
  ],
  (s) => [[message], { memory: { resource: s.resourceId, thread: { id: 't', title: 'x', metadata: { a: 1 } } } }],
  (s) => [[{ role: 'assistant', parts: [called] }, 'go on'], { ...s.where, trigger: 'submit-message', messageId: 'm' }],
  (s) => [[model, { role: 'tool', content: [result] }, message], { ...s.where, requestContext: undefined }],
  (s) => {
    const options = {
      lastMessages: 2,
      semanticRecall: { topK: 2 },
      workingMemory: { template: '# X' },
      facts: true,
      team: 't',
    }
    return ['hello', { memory: { resource: s.resourceId, thread: 't', options } }]
  },
]

const agents = calls('Agent', (s) => agentOf(s), {
  generate: agentArgs,
  stream: agentArgs,
  network: [
    ...agentArgs,
    () => ['hello', { routing: { additionalInstructions: 'Be quick.' }, onAbort: () => {}, maxSteps: 3 }],
  ],
  reconnectToStream: [(s) => [{ ...s.where, requestContext: undefined }]],
  ...Object.fromEntries(
    [
      ...['approveToolCall', 'approveToolCallGenerate', 'declineToolCall', 'declineToolCallGenerate'],
      ...['approveNetworkToolCall', 'declineNetworkToolCall'],
    ].map((method) => {
      const named: Args = (s) => ['call_1', { runId: 'run_none', reason: 'x', memory: { resource: s.resourceId } }]
      return [method, [named, () => [{ runId: 'run_none', toolCallId: 'call_1', maxSteps: 2 }]] as readonly Args[]]
    }),
  ),
  resumeStream: () => [{ a: 1 }, { runId: 'run_none', toolCallId: 'call_1' }],
  resumeNetwork: () => [1, { runId: 'run_none', routing: {}, requestContext: undefined }],
  resumeGenerate: () => [1, { runId: 'run_none', requestContext: undefined }],
  recover: () => [{ requestContext: undefined }],
  listSuspendedRuns: [
    (s) => [{ ...s.where, from: range.start, to: range.end, limit: 5, requestContext: undefined }],
    () => [{ limit: 5 }],
  ],
  cancelRun: [() => ['run_000000000000_none', { requestContext: undefined }]],
})

const yes = () => true

const workflows = [
  ...calls('Workflow', (s) => workflowOf(s.memory), {
    createRun: (s) => [{ ...s.where, runId: 'first' }],
    getRun: (s) => ['run_000000000000_none', { resourceId: s.resourceId }],
    listRuns: (s) => [{ resourceId: s.resourceId, status: 'suspended', limit: 2 }],
  }),
  ...calls('Workflow', builder, {
    // biome-ignore lint/suspicious/noThenProperty: the name of a method
    then: () => [step],
    parallel: () => [[step]],
    branch: () => [[[yes, step]]],
    map: [() => [yes], () => [{ a: { step, path: 'text' }, b: { value: 1 }, c: { requestContextPath: 'x' } }]],
    foreach: () => [step, { concurrency: 2 }],
    dountil: () => [step, yes],
    dowhile: () => [step, yes],
    sleep: () => [5],
    sleepUntil: () => [new Date(0)],
  }),
  ...calls('WorkflowRun', (s) => runOf(s.memory, s), {
    start: () => [{ inputData: { text: 'x' }, initialState: { a: { b: 1 } }, requestContext: undefined }],
    stream: () => [{ inputData: { text: 'x' }, initialState: { a: 1 }, abortSignal: undefined }],
    resume: [
      () => [{ step: 'ask', resumeData: { a: 1 }, author: { kind: 'user', id: 'ann', name: 'Ann' } }],
      () => [{ step: ['ask'], resumeData: 1, requestContext: undefined }],
    ],
    resumeStream: () => [{ step: '0', resumeData: [1], requestContext: undefined }],
    restart: () => [{ requestContext: undefined }],
    watch: () => [undefined],
  }),
]

export const validCalls: readonly ValidCall[] = [
  ...[...memory, ...team, ...facts, ...proposals, ...spaces, ...mem0, ...agents, ...workflows],
]

/** What the calls find. */
export async function prepareScene(scene: Scene): Promise<void> {
  const m: Memory = scene.memory
  await m.saveMessages({ ...scene.where, messages: [{ id: 'first', role: 'user', content: 'one' }, 'two'] })
  await m.updateWorkingMemory({ resourceId: scene.resourceId, workingMemory: 'x' })
}
