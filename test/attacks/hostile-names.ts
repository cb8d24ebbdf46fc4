// Every argument that names something: ids, keys, cursors, times, modes.
import type { Change } from 'aquifer'
import { Memory as Mem0Memory } from 'aquifer/mem0'
import { agentOf, type Entry, type Scene } from './hostile-scene.ts'
import { builder, runOf, step, workflowOf } from './workflow-scene.ts'

type Call = (scene: Scene, text: string) => unknown

function entry(method: string, argument: string, call: Call): Entry {
  return { method, argument, call }
}

/** A row for each option that may hold a text. */
function options(method: string, names: readonly string[], call: (scene: Scene, given: never) => unknown): Entry[] {
  return names.map((name) => entry(method, name, (scene, text) => call(scene, { [name]: text } as never)))
}

const memory: readonly Entry[] = [
  ...['id', 'name', 'kind'].map((field) =>
    entry('Memory.as', field, (s, text) => s.memory.as({ kind: 'agent', id: 'a', [field]: text })),
  ),
  entry('Memory.space', 'id', (s, text) => s.memory.space(text)),
  entry('Memory.space', 'the id in it', (s, text) => s.memory.space(`resource/${text}`)),
  entry('Memory.team', 'teamId', (s, text) => s.memory.team(text)),
  ...options('Memory.listSpaces', ['prefix', 'cursor', 'kind'], (s, given: object) =>
    s.memory.listSpaces({ kind: 'resource', ...given }),
  ),
  ...options('Memory.createThread', ['resourceId', 'threadId', 'title'], (s, given: object) =>
    s.memory.createThread({ ...s.where, ...given }),
  ),
  ...options('Memory.getThreadById', ['resourceId', 'threadId'], (s, given: object) =>
    s.memory.getThreadById({ ...s.where, ...given }),
  ),
  ...options('Memory.getThreadsByResourceId', ['resourceId'], (s, given: { resourceId: string }) =>
    s.memory.getThreadsByResourceId(given),
  ),
  ...options('Memory.listThreads', ['resourceId', 'cursor', 'archived'], (s, given: object) =>
    s.memory.listThreads({ resourceId: s.resourceId, ...given }),
  ),
  ...options('Memory.updateThread', ['resourceId', 'threadId', 'title'], (s, given: object) =>
    s.memory.updateThread({ ...s.where, ...given }),
  ),
  ...(['archiveThread', 'unarchiveThread', 'deleteThread'] as const).flatMap((method) =>
    options(`Memory.${method}`, ['resourceId', 'threadId'], (s, given: object) =>
      s.memory[method]({ ...s.where, ...given }),
    ),
  ),
  ...options('Memory.restoreTurn', ['resourceId', 'threadId', 'turnId', 'commitId'], (s, given: object) =>
    s.memory.restoreTurn({ ...s.where, turnId: 'turn_none', ...given }),
  ),
  ...options('Memory.cloneThread', ['resourceId', 'threadId', 'newThreadId', 'title'], (s, given: object) =>
    s.memory.cloneThread({ ...s.where, ...given }),
  ),
  entry('Memory.cloneThread', 'dateRange', (s, text) =>
    s.memory.cloneThread({ ...s.where, dateRange: { start: text } }),
  ),
  entry('Memory.cloneThread', 'to', (s, text) => s.memory.cloneThread({ ...s.where, to: { resourceId: text } })),
]

const messages: readonly Entry[] = [
  ...options('Memory.saveMessages', ['resourceId', 'threadId', 'turnId', 'commitId'], (s, given: object) =>
    s.memory.saveMessages({ ...s.where, messages: 'x', ...given }),
  ),
  ...options('Memory.saveMessages', ['id', 'role', 'createdAt', 'threadId'], (s, given: object) =>
    s.memory.saveMessages({ ...s.where, messages: [{ role: 'user', content: 'x', ...given }] }),
  ),
  entry('Memory.saveMessages', 'author', (s, text) => {
    return s.memory.saveMessages({
      ...s.where,
      messages: { role: 'user', content: 'x', author: { kind: 'user', id: text } },
    })
  }),
  ...options('Memory.listMessages', ['resourceId', 'threadId', 'cursor', 'order'], (s, given: object) =>
    s.memory.listMessages({ ...s.where, ...given }),
  ),
  entry('Memory.listMessages', 'dateRange', (s, text) =>
    s.memory.listMessages({ ...s.where, dateRange: { end: text } }),
  ),
  entry('Memory.listMessages', 'include', (s, text) => s.memory.listMessages({ ...s.where, include: [{ id: text }] })),
  entry('Memory.updateMessages', 'id', (s, text) => {
    return s.memory.updateMessages({ resourceId: s.resourceId, messages: [{ id: text, content: 'x' }] })
  }),
  entry('Memory.deleteMessages', 'id', (s, text) => s.memory.deleteMessages([text], s.where)),
  entry('Memory.deleteMessages', 'id alone', (s, text) => s.memory.deleteMessages(text)),
]

const others: readonly Entry[] = [
  ...options('Memory.recall', ['resourceId', 'threadId', 'scope', 'mode', 'timeZone', 'from'], (s, given: object) =>
    s.memory.recall({ ...s.where, query: 'x', ...given }),
  ),
  entry('Memory.explain', 'recallId', (s, text) => s.memory.explain(text)),
  entry('Memory.getRun', 'runId', (s, text) => s.memory.getRun(text)),
  ...(['observe', 'reflect', 'summarizeThread', 'getObservations', 'getObservationHistory'] as const).flatMap(
    (method) =>
      options(`Memory.${method}`, ['resourceId', 'threadId'], (s, given: object) =>
        s.memory[method]({ ...s.where, ...given }),
      ),
  ),
  ...options('Memory.listRuns', ['resourceId', 'threadId', 'agentId', 'cursor', 'status'], (s, given: object) =>
    s.memory.listRuns({ ...s.where, ...given }),
  ),
  ...(['getWorkingMemory', 'getWorkingMemoryHistory'] as const).flatMap((method) =>
    options(`Memory.${method}`, ['resourceId', 'threadId', 'name', 'scope'], (s, given: object) =>
      s.memory[method]({ ...s.where, ...given }),
    ),
  ),
  ...options('Memory.restoreWorkingMemory', ['resourceId', 'threadId', 'name'], (s, given: object) =>
    s.memory.restoreWorkingMemory({ ...s.where, version: 1, ...given }),
  ),
  ...options('Memory.updateWorkingMemory', ['resourceId', 'threadId', 'name', 'mode'], (s, given: object) =>
    s.memory.updateWorkingMemory({ ...s.where, workingMemory: 'x', ...given }),
  ),
  ...options(
    'Memory.forget',
    ['resourceId', 'userId', 'teamId', 'agentId', 'taskId', 'threadId', 'run'],
    (s, given: object) => s.memory.forget(given),
  ),
  ...options('Memory.exportOf', ['resourceId'], (s, given: object) => s.memory.exportOf(given as never)),
  entry('Memory.forget', 'key', (s, text) => s.memory.forget({ teamId: s.name, key: text })),
  entry('Memory.forget', 'messageIds', (s, text) => s.memory.forget({ messageIds: [text], resourceId: s.resourceId })),
  entry('Memory.forget', 'factIds', (s, text) => s.memory.forget({ factIds: [text] })),
  entry('Memory.getReceipt', 'receiptId', (s, text) => s.memory.getReceipt(text)),
  entry('Memory.receipts', 'state', (s, text) => s.memory.receipts({ state: text as never })),
]

const entries: readonly Entry[] = [
  entry('Team.write', 'key', ({ team }, text) => team.write(text, 1)),
  entry('Team.write', 'ttl', ({ team }, text) => team.write('k', 1, { ttl: text as never })),
  entry('Team.write', 'commitId', ({ team }, text) => team.write('k', 1, { commitId: text })),
  entry('Team.read', 'key', ({ team }, text) => team.read(text)),
  entry('Team.get', 'key', ({ team }, text) => team.get(text)),
  entry('Team.merge', 'key', ({ team }, text) => team.merge(text, { a: 1 })),
  entry('Team.merge', 'ttl', ({ team }, text) => team.merge('k', { a: 1 }, { ttl: text as never })),
  entry('Team.append', 'key', ({ team }, text) => team.append(text, 1)),
  entry('Team.increment', 'key', ({ team }, text) => team.increment(text)),
  entry('Team.increment', 'by', ({ team }, text) => team.increment('k', text as never)),
  entry('Team.update', 'key', ({ team }, text) => team.update(text, () => 1)),
  entry('Team.delete', 'key', ({ team }, text) => team.delete(text)),
  entry('Team.list', 'prefix', ({ team }, text) => team.list({ prefix: text })),
  entry('Team.list', 'cursor', ({ team }, text) => team.list({ cursor: text })),
  entry('Team.history', 'key', ({ team }, text) => team.history(text)),
  entry('Team.readAt', 'key', ({ team }, text) => team.readAt(text, { seq: 1 })),
  entry('Team.readAt', 'at', ({ team }, text) => team.readAt('k', { at: text })),
  entry('Team.watch', 'prefix', ({ team }, text) =>
    ended(() => team.watch({ prefix: text, signal: AbortSignal.abort() })),
  ),
]

async function ended(watch: () => AsyncIterableIterator<unknown>): Promise<unknown> {
  return watch().next()
}

const factIds = ['userId', 'resourceId', 'teamId', 'agentId', 'taskId']

const facts: readonly Entry[] = [
  ...options('Facts.add', [...factIds, 'commitId', 'validFrom', 'expiresAt', 'supersedes', 'contradicts'], (s, given) =>
    s.memory.facts.add('x', { userId: s.resourceId, infer: false, ...(given as object) }),
  ),
  ...options('Memory.add', factIds, (s, given: object) => s.memory.add('x', { infer: false, ...given })),
  ...options('Facts.search', [...factIds, 'asOf', 'mode', 'from', 'timeZone'], (s, given: object) =>
    s.memory.facts.search('x', { userId: s.resourceId, ...given }),
  ),
  entry('Facts.search', 'spaces', (s, text) => s.memory.facts.search('x', { userId: s.resourceId, spaces: [text] })),
  ...options('Memory.search', factIds, (s, given: object) => s.memory.search('x', given)),
  entry('Facts.get', 'factId', (s, text) => s.memory.facts.get(text)),
  ...options('Facts.getAll', [...factIds, 'cursor', 'asOf'], (s, given: object) =>
    s.memory.facts.getAll({ userId: s.resourceId, ...given }),
  ),
  entry('Facts.update', 'factId', (s, text) => s.memory.facts.update(text, 'x')),
  entry('Facts.delete', 'factId', (s, text) => s.memory.facts.delete(text)),
  ...options('Facts.deleteAll', factIds, (s, given: object) => s.memory.facts.deleteAll(given)),
  entry('Facts.history', 'factId', (s, text) => s.memory.facts.history(text)),
  ...options('Facts.conflicts', [...factIds, 'cursor'], (s, given: object) =>
    s.memory.facts.conflicts({ userId: s.resourceId, ...given }),
  ),
]

const aProposal = 'proposal_aaaaaaaaaaaa_000000001000000'

const proposals: readonly Entry[] = [
  ...options('Proposals.list', [...factIds, 'cursor', 'status'], (s, given: object) =>
    s.memory.proposals.list({ userId: s.resourceId, ...given }),
  ),
  ...(['key', 'id', 'name', 'threadId'] as const).map((field) => {
    const kind = ({ key: 'entry', id: 'fact' } as const)[field as 'key'] ?? 'working-memory'
    return entry('Proposals.list', `target.${field}`, (s, text) => {
      const target = { kind, ...(field === 'threadId' ? { name: 'main' } : {}), [field]: text }
      return s.memory.proposals.list({ userId: s.resourceId, target: target as never })
    })
  }),
  entry('Proposals.get', 'proposalId', (s, text) => s.memory.proposals.get(text)),
  ...(['accept', 'reject'] as const).flatMap((way) => [
    entry(`Proposals.${way}`, 'proposalId', (s, text) => s.memory.proposals[way](text)),
    entry(`Proposals.${way}`, 'reason', (s, reason) => s.memory.proposals[way](aProposal, { reason })),
    entry(`Proposals.${way}`, 'commitId', (s, commitId) => s.memory.proposals[way](aProposal, { commitId })),
  ]),
]

/** Changes whose names are the text, one for each field that holds a name. */
const changes: readonly ((text: string) => object)[] = [
  (text) => ({ kind: text }),
  (threadId) => ({ kind: 'thread-put', threadId }),
  (title) => ({ kind: 'thread-put', threadId: 't', title }),
  (key) => ({ kind: 'entry-write', key, value: 1 }),
  (name) => ({ kind: 'block-write', name, format: 'text', value: 'x' }),
  (id) => ({ kind: 'message-append', threadId: 't', messages: [{ id, role: 'user', parts: [] }] }),
  (type) => ({ kind: 'message-append', threadId: 't', messages: [{ role: 'user', parts: [{ type }] }] }),
  (turnId) => ({ kind: 'turn-close', threadId: 't', turnId, status: 'complete' }),
  (factId) => ({ kind: 'fact-assert', factId, text: 'x' }),
  (unique) => ({ kind: 'fact-assert', unique, text: 'x' }),
  (source) => ({ kind: 'fact-assert', unique: 'u', text: 'x', sources: [source] }),
  (name) => ({ kind: 'lease-take', name, leaseMs: 1_000 }),
  (runId) => ({ kind: 'run-put', runId }),
  (name) => ({ kind: 'run-put', unique: 'u', name }),
  (language) => ({ kind: 'configure', settings: { language } }),
  (key) => ({ kind: 'proposal-put', change: { kind: 'entry-write', key, value: 1 } }),
  (name) => ({ kind: 'proposal-put', change: { kind: 'block-write', name, format: 'text', value: 'x' } }),
  (proposalId) => ({ kind: 'proposal-decide', proposalId, status: 'rejected' }),
  (key) => ({ kind: 'erase', keys: [key] }),
]

const spaceOf = ({ memory: m, resourceId }: Scene) => m.space(`resource/${resourceId}`)

const spaces: readonly Entry[] = [
  ...changes.map((make, index) =>
    entry('Space.commit', `a name of change ${index}`, (s, text) => spaceOf(s).commit([make(text) as Change])),
  ),
  entry('Space.commit', 'id', (s, id) => spaceOf(s).commit([{ kind: 'entry-write', key: 'k', value: 1 }], { id })),
  entry('Space.commit', 'expect', (s, text) => {
    const expect = [{ absent: { entry: text } }] as const
    return spaceOf(s).commit([{ kind: 'entry-write', key: 'k', value: 1 }], { expect })
  }),
  entry('Space.children', 'cursor', (s, cursor) => spaceOf(s).children({ cursor })),
  entry('Space.configure', 'language', (s, text) => spaceOf(s).configure({ language: text as never })),
  entry('Space.recall', 'threadId', (s, text) => spaceOf(s).recall('x', { threadId: text })),
  entry('Space.recall', 'spaces', (s, text) => spaceOf(s).recall('x', { spaces: [text] })),
  entry('Space.threads', 'get', (s, text) => spaceOf(s).threads.get(text)),
  entry('Space.messages', 'find', (s, text) => spaceOf(s).messages.find(text)),
  entry('Space.messages', 'turn', (s, text) => spaceOf(s).messages.turn(text)),
  entry('Space.messages', 'openTurns', (s, text) => spaceOf(s).messages.openTurns(text)),
  entry('Space.blocks', 'get', (s, text) => spaceOf(s).blocks.get(null, text)),
  entry('Space.blocks', 'history', (s, text) => spaceOf(s).blocks.history(text, 'main', 9)),
  entry('Space.entries', 'get', (s, text) => spaceOf(s).entries.get(text)),
  entry('Space.entries', 'list', (s, text) => spaceOf(s).entries.list({ prefix: text, after: text, limit: 9 })),
  entry('Space.facts', 'get', (s, text) => spaceOf(s).facts.get(text)),
  entry('Space.facts', 'byText', (s, text) => spaceOf(s).facts.byText(text)),
  entry('Space.runs', 'get', (s, text) => spaceOf(s).runs.get(text)),
  entry('Space.log', 'seqAt', (s, text) => spaceOf(s).log.seqAt(text)),
]

const mem0Ids = ['user_id', 'userId', 'agent_id', 'run_id', 'team_id']
const mem0Of = (s: Scene) => new Mem0Memory(s.memory)

const mem0: readonly Entry[] = [
  ...options('mem0.add', [...mem0Ids, 'expiration_date'], (s, given: object) =>
    mem0Of(s).add('x', { infer: false, ...given }),
  ),
  ...options('mem0.search', mem0Ids, (s, given: object) => mem0Of(s).search('x', given)),
  entry('mem0.get', 'id', (s, text) => mem0Of(s).get(text)),
  ...options('mem0.getAll', [...mem0Ids, 'cursor'], (s, given: object) => mem0Of(s).getAll(given)),
  ...options('mem0.get_all', ['user_id'], (s, given: object) => mem0Of(s).get_all(given)),
  entry('mem0.update', 'id', (s, text) => mem0Of(s).update(text, 'x')),
  entry('mem0.delete', 'id', (s, text) => mem0Of(s).delete({ memory_id: text })),
  ...options('mem0.deleteAll', mem0Ids, (s, given: object) => mem0Of(s).deleteAll(given)),
  ...options('mem0.delete_all', ['user_id'], (s, given: object) => mem0Of(s).delete_all(given)),
  entry('mem0.history', 'id', (s, text) => mem0Of(s).history(text)),
  entry('mem0.search', 'an option of any name', (s, text) =>
    mem0Of(s).search('x', { user_id: 'u', [text]: 1 } as object),
  ),
]

const agents: readonly Entry[] = (['generate', 'stream'] as const).flatMap((way) => {
  const run = async (s: Scene, given: object, input: unknown = 'hello') => {
    const result = await agentOf(s)[way](input as string, { ...s.where, ...given })
    if ('finished' in result) await result.finished
    return result.text
  }
  const method = `Agent.${way}`
  return [
    ...options(method, ['resourceId', 'threadId', 'messageId', 'trigger'], (s, given: object) => run(s, given)),
    entry(method, 'memory.thread', (s, text) =>
      run({ ...s, where: {} as never }, { memory: { resource: 'r', thread: text } }),
    ),
    entry(method, 'author', (s, text) => run(s, { author: { kind: 'user', id: 'u', name: text } })),
    entry(method, 'id of a message', (s, text) => run(s, {}, [{ id: text, role: 'user', content: 'x' }])),
    entry(method, 'type of a part', (s, text) => run(s, {}, [{ role: 'user', parts: [{ type: text, text: 'x' }] }])),
    entry(method, 'an option of any name', (s, text) => run(s, { [text]: 1 })),
  ]
})

const decided: readonly Entry[] = [
  entry('Agent.network', 'an option of any name', (s, text) => agentOf(s).network('hi', { [text]: 1 } as object)),
  entry('Agent.network', 'an option of routing', (s, text) => agentOf(s).network('hi', { routing: { [text]: 1 } })),
  entry('Agent.network', 'resource', (s, text) => agentOf(s).network('hi', { resourceId: text, threadId: 't' })),
  entry('Agent.network', 'thread', (s, text) => agentOf(s).network('hi', { resourceId: 'r', threadId: text })),
  ...(['approveToolCall', 'approveToolCallGenerate', 'declineToolCall', 'declineToolCallGenerate'] as const).flatMap(
    (method) => {
      const run = (s: Scene, given: object) => agentOf(s)[method]({ runId: 'run_none', ...given })
      return options(`Agent.${method}`, ['runId', 'toolCallId', 'reason'], run)
    },
  ),
  ...(['resumeStream', 'resumeGenerate', 'resumeNetwork'] as const).flatMap((method) => [
    ...options(`Agent.${method}`, ['runId', 'toolCallId'], (s, given: object) => {
      return agentOf(s)[method](1, { runId: 'run_none', ...given })
    }),
    entry(`Agent.${method}`, 'data', (s, text) => agentOf(s)[method](text, { runId: 'run_none' })),
  ]),
  ...(['approveNetworkToolCall', 'declineNetworkToolCall'] as const).flatMap((method) => {
    const run = (s: Scene, given: object) => agentOf(s)[method]({ runId: 'run_none', ...given })
    return options(`Agent.${method}`, ['runId', 'toolCallId', 'reason'], run)
  }),
  entry('Agent.recover', 'an option of any name', (s, text) => agentOf(s).recover({ [text]: 1 } as object)),
]

/** Agents are made of texts too. */
const made: readonly Entry[] = [
  ...options('Agent.reconnectToStream', ['resourceId', 'threadId'], (s, given: object) =>
    agentOf(s).reconnectToStream({ ...s.where, ...given }),
  ),
  ...options('Agent.listSuspendedRuns', ['resourceId', 'threadId', 'from', 'to', 'cursor'], (s, given: object) =>
    agentOf(s).listSuspendedRuns({ ...s.where, ...given }),
  ),
  entry('Agent.cancelRun', 'runId', (s, text) => agentOf(s).cancelRun(text)),
  ...(['name', 'id'] as const).map((field) =>
    entry('Agent.generate', `${field} of the agent`, (s, text) =>
      agentOf(s, ['ok'], { [field]: text }).generate('x', s.where),
    ),
  ),
]

const yes = () => true

const workflows: readonly Entry[] = [
  ...options('Workflow.createRun', ['runId', 'resourceId', 'threadId'], async (s, given: object) => {
    const run = await workflowOf(s.memory).createRun({ ...s.where, ...given })
    return run.start({ inputData: { text: 'x' } })
  }),
  entry('Workflow.getRun', 'runId', (s, text) => workflowOf(s.memory).getRun(text)),
  entry('Workflow.getRun', 'resourceId', (s, text) => workflowOf(s.memory).getRun('first', { resourceId: text })),
  ...options('Workflow.listRuns', ['resourceId', 'status', 'cursor'], (s, given: object) =>
    workflowOf(s.memory).listRuns(given),
  ),
  ...(['then', 'foreach', 'map'] as const).map((method) =>
    entry(`Workflow.${method}`, 'what it adds', (_, text) => builder()[method](text as never)),
  ),
  entry('Workflow.parallel', 'a step', (_, text) => builder().parallel([step, text] as never)),
  entry('Workflow.branch', 'a step', (_, text) => builder().branch([[yes, text]] as never)),
  ...(['dountil', 'dowhile'] as const).map((method) =>
    entry(`Workflow.${method}`, 'a condition', (_, text) => builder()[method](...([step, text] as never[]))),
  ),
  entry('Workflow.map', 'a field', (_, text) => builder().map({ [text]: { value: 1 } } as never)),
  entry('Workflow.map', 'a path', (_, text) => builder().map({ a: { step, path: text } } as never)),
  ...(['start', 'stream'] as const).flatMap((method) => [
    entry(`WorkflowRun.${method}`, 'inputData', (s, text) => {
      return runOf(s.memory, s)[method]({ inputData: { text } } as never)
    }),
    entry(`WorkflowRun.${method}`, 'a field of the state', (s, text) => {
      return runOf(s.memory, s)[method]({ inputData: { text: 'x' }, initialState: { [text]: text } } as never)
    }),
  ]),
  ...(['resume', 'resumeStream'] as const).flatMap((method) => [
    ...options(`WorkflowRun.${method}`, ['step', 'label', 'resumeData'], (s, given: object) =>
      runOf(s.memory, s)[method](given as never),
    ),
    entry(`WorkflowRun.${method}`, 'author', (s, text) => {
      return runOf(s.memory, s)[method]({ resumeData: 1, author: { kind: 'user', id: text } } as never)
    }),
  ]),
  entry('WorkflowRun.restart', 'an option of any name', (s, text) =>
    runOf(s.memory, s).restart({ [text]: 1 } as never),
  ),
]

export const hostileNames: readonly Entry[] = [
  ...workflows,
  ...[
    ...memory,
    ...messages,
    ...others,
    ...entries,
    ...facts,
    ...proposals,
    ...spaces,
    ...mem0,
    ...agents,
    ...decided,
    ...made,
  ],
]
