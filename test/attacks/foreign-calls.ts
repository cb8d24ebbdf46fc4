// Every public method that takes an id, called with somebody else's.
import { Agent, type Memory } from 'aquifer'
import { Memory as Mem0Memory } from 'aquifer/mem0'
import { scriptedModel } from 'aquifer/testing'
import { type Ids, mallory, malloryTeam } from './foreign-world.ts'
import { workflowOf } from './workflow-scene.ts'

/** One call by the attacker. */
export interface ForeignCall {
  readonly method: string
  readonly what: string
  /**
   * Whether the call names a space of the attacker's own: then it must be harmless with all grants too, as applications
   * have them. Where only the id says which space is meant, grants decide.
   */
  readonly namesOwnSpace: boolean
  readonly call: (memory: Memory, ids: Ids) => unknown
}

export const own = (method: string, what: string, call: ForeignCall['call']): ForeignCall => {
  return { method, what, namesOwnSpace: true, call }
}
export const bare = (method: string, what: string, call: ForeignCall['call']): ForeignCall => {
  return { method, what, namesOwnSpace: false, call }
}

const mine = { resourceId: mallory.resourceId }
const said = (id: string) => ({ id, role: 'user', content: 'mine' }) as const

const threads: readonly ForeignCall[] = [
  own('Memory.createThread', 'a thread', (m, { threadId }) => m.createThread({ ...mine, threadId })),
  bare('Memory.createThread', 'a resource', (m, { resourceId }) => m.createThread({ resourceId, threadId: 'new' })),
  own('Memory.getThreadById', 'a thread', (m, { threadId }) => m.getThreadById({ ...mine, threadId })),
  bare('Memory.getThreadById', 'a thread alone', (m, { threadId }) => m.getThreadById({ threadId })),
  bare('Memory.getThreadById', 'a resource', (m, ids) => m.getThreadById(namedBy(ids))),
  bare('Memory.getThreadsByResourceId', 'a resource', (m, { resourceId }) => m.getThreadsByResourceId({ resourceId })),
  bare('Memory.listThreads', 'a resource', (m, { resourceId }) => m.listThreads({ resourceId })),
  own('Memory.listThreads', 'a cursor', (m, { cursors }) => m.listThreads({ ...mine, cursor: cursors.threads })),
  own('Memory.updateThread', 'a thread', (m, { threadId }) => m.updateThread({ ...mine, threadId, title: 'x' })),
  bare('Memory.updateThread', 'a resource', (m, ids) => m.updateThread({ ...namedBy(ids), title: 'x' })),
  own('Memory.archiveThread', 'a thread', (m, { threadId }) => m.archiveThread({ ...mine, threadId })),
  bare('Memory.archiveThread', 'a resource', (m, ids) => m.archiveThread(namedBy(ids))),
  own('Memory.unarchiveThread', 'a thread', (m, { threadId }) => m.unarchiveThread({ ...mine, threadId })),
  bare('Memory.unarchiveThread', 'a resource', (m, ids) => m.unarchiveThread(namedBy(ids))),
  own('Memory.deleteThread', 'a thread', (m, { threadId }) => m.deleteThread({ ...mine, threadId })),
  bare('Memory.deleteThread', 'a resource', (m, ids) => m.deleteThread(namedBy(ids))),
  own('Memory.restoreTurn', 'a thread', (m, { threadId, turnId }) => m.restoreTurn({ ...mine, threadId, turnId })),
  own('Memory.restoreTurn', 'a turn', (m, { turnId }) => m.restoreTurn({ ...mallory, turnId })),
  bare('Memory.restoreTurn', 'a resource', (m, ids) => m.restoreTurn({ ...namedBy(ids), turnId: ids.turnId })),
  own('Memory.cloneThread', 'a thread', (m, { threadId }) => m.cloneThread({ ...mine, threadId })),
  bare('Memory.cloneThread', 'a resource', (m, ids) => m.cloneThread({ ...namedBy(ids), to: mine })),
  bare('Memory.cloneThread', 'a resource to copy to', (m, { resourceId }) => {
    return m.cloneThread({ ...mallory, newThreadId: 'copy', to: { resourceId } })
  }),
]

function namedBy({ resourceId, threadId }: Ids) {
  return { resourceId, threadId }
}

const messages: readonly ForeignCall[] = [
  own('Memory.saveMessages', 'a thread', (m, { threadId }) => m.saveMessages({ ...mine, threadId, messages: 'x' })),
  own('Memory.saveMessages', 'a message', (m, { messageId }) =>
    m.saveMessages({ ...mallory, messages: [said(messageId)] }),
  ),
  own('Memory.saveMessages', "a client's message", (m, { ownMessageId }) => {
    return m.saveMessages({ ...mallory, messages: [said(ownMessageId)] })
  }),
  own('Memory.saveMessages', 'a turn', (m, { turnId }) => m.saveMessages({ ...mallory, turnId, messages: 'x' })),
  own('Memory.saveMessages', 'a commit', (m, { commitId }) => m.saveMessages({ ...mallory, commitId, messages: 'x' })),
  bare('Memory.saveMessages', 'a resource', (m, ids) => m.saveMessages({ ...namedBy(ids), messages: 'x' })),
  own('Memory.saveMessages', 'a resource in a message', (m, ids) => {
    return m.saveMessages({ ...mallory, messages: [{ ...said('new'), ...namedBy(ids) }] })
  }),
  own('Memory.listMessages', 'a thread', (m, { threadId }) => m.listMessages({ ...mine, threadId })),
  bare('Memory.listMessages', 'a resource', (m, ids) => m.listMessages(namedBy(ids))),
  own('Memory.listMessages', 'a cursor', (m, { cursors }) => m.listMessages({ ...mallory, cursor: cursors.messages })),
  own('Memory.listMessages', 'messages to include', (m, { messageId, ownMessageId }) => {
    const around = { withPreviousMessages: 5, withNextMessages: 5 }
    return m.listMessages({ ...mallory, include: [messageId, ownMessageId].map((id) => ({ id, ...around })) })
  }),
  own('Memory.updateMessages', 'a message', (m, { messageId }) => {
    return m.updateMessages({ ...mine, messages: [{ id: messageId, content: 'x' }] })
  }),
  bare('Memory.updateMessages', 'a message alone', (m, { messageId }) => {
    return m.updateMessages({ messages: [{ id: messageId, content: 'x' }] })
  }),
  own('Memory.updateMessages', "a client's message", (m, { ownMessageId }) => {
    return m.updateMessages({ ...mine, messages: [{ id: ownMessageId, content: 'x' }] })
  }),
  own('Memory.deleteMessages', 'a message', (m, { messageId }) => m.deleteMessages([messageId], mine)),
  own('Memory.deleteMessages', 'a message of a thread', (m, { messageId }) => m.deleteMessages([messageId], mallory)),
  bare('Memory.deleteMessages', 'a message alone', (m, { messageId }) => m.deleteMessages(messageId)),
  own('Memory.deleteMessages', "a client's message", (m, { ownMessageId }) => m.deleteMessages([ownMessageId], mine)),
]

const recalls: readonly ForeignCall[] = [
  own('Memory.recall', 'a thread', (m, { threadId }) =>
    m.recall({ ...mine, threadId, query: 'secret', scope: 'thread' }),
  ),
  bare('Memory.recall', 'a resource', (m, { resourceId }) => m.recall({ resourceId, query: 'secret' })),
  bare('Memory.explain', 'a recollection', (m, { recallId }) => m.explain(recallId)),
  bare('Memory.getRun', 'a run', (m, { runId }) => m.getRun(runId)),
  own('Memory.observe', 'a thread', (m, { threadId }) => m.observe({ ...mine, threadId })),
  bare('Memory.observe', 'a resource', (m, ids) => m.observe(namedBy(ids))),
  own('Memory.reflect', 'a thread', (m, { threadId }) => m.reflect({ ...mine, threadId })),
  bare('Memory.reflect', 'a resource', (m, ids) => m.reflect(namedBy(ids))),
  own('Memory.summarizeThread', 'a thread', (m, { threadId }) => m.summarizeThread({ ...mine, threadId })),
  bare('Memory.summarizeThread', 'a resource', (m, ids) => m.summarizeThread(namedBy(ids))),
  own('Memory.getObservations', 'a thread', (m, { threadId }) => m.getObservations({ ...mine, threadId })),
  bare('Memory.getObservations', 'a resource', (m, { resourceId }) => m.getObservations({ resourceId })),
  own('Memory.getObservationHistory', 'a thread', (m, { threadId }) => m.getObservationHistory({ ...mine, threadId })),
  bare('Memory.getObservationHistory', 'a resource', (m, ids) => m.getObservationHistory(namedBy(ids))),
  bare('Memory.listRuns', 'a resource', (m, { resourceId }) => m.listRuns({ resourceId })),
  bare('Memory.listRuns', 'an agent', (m, { agentId }) => m.listRuns({ agentId })),
  own('Memory.listRuns', 'a thread', (m, { threadId }) => m.listRuns({ ...mine, threadId })),
  own('Memory.listRuns', 'a cursor', (m, { cursors }) => m.listRuns({ ...mine, cursor: cursors.runs })),
]

const blocks: readonly ForeignCall[] = [
  own('Memory.getWorkingMemory', 'a thread', (m, { threadId }) => {
    return m.getWorkingMemory({ ...mine, threadId, scope: 'thread' })
  }),
  bare('Memory.getWorkingMemory', 'a resource', (m, { resourceId }) => m.getWorkingMemory({ resourceId })),
  own('Memory.updateWorkingMemory', 'a thread', (m, { threadId }) => {
    return m.updateWorkingMemory({ ...mine, threadId, scope: 'thread', workingMemory: 'x' })
  }),
  bare('Memory.updateWorkingMemory', 'a resource', (m, { resourceId }) => {
    return m.updateWorkingMemory({ resourceId, workingMemory: 'x', mode: 'replace' })
  }),
  own('Memory.getWorkingMemoryHistory', 'a thread', (m, { threadId }) => {
    return m.getWorkingMemoryHistory({ ...mine, threadId, scope: 'thread' })
  }),
  bare('Memory.getWorkingMemoryHistory', 'a resource', (m, { resourceId }) =>
    m.getWorkingMemoryHistory({ resourceId }),
  ),
  own('Memory.restoreWorkingMemory', 'a thread', (m, { threadId }) => {
    return m.restoreWorkingMemory({ ...mine, threadId, scope: 'thread', version: 1 })
  }),
  bare('Memory.restoreWorkingMemory', 'a resource', (m, { resourceId }) => {
    return m.restoreWorkingMemory({ resourceId, version: 9 })
  }),
]

const forgetting: readonly ForeignCall[] = [
  own('Memory.forget', 'a thread', (m, { threadId }) => m.forget({ ...mine, threadId })),
  bare('Memory.forget', 'a thread alone', (m, { threadId }) => m.forget({ threadId })),
  own('Memory.forget', 'a message', (m, { messageId }) => m.forget({ ...mine, messageIds: [messageId] })),
  own('Memory.forget', 'a message of a thread', (m, { messageId }) =>
    m.forget({ ...mallory, messageIds: [messageId] }),
  ),
  bare('Memory.forget', 'a message alone', (m, { messageId }) => m.forget({ messageIds: [messageId] })),
  own('Memory.forget', "a client's message", (m, { ownMessageId }) =>
    m.forget({ ...mine, messageIds: [ownMessageId] }),
  ),
  bare('Memory.forget', 'a fact', (m, { factId }) => m.forget({ factIds: [factId] })),
  bare('Memory.forget', 'a run', (m, { runId }) => m.forget({ run: runId })),
  own('Memory.forget', 'a key', (m, { key }) => m.forget({ teamId: malloryTeam, key })),
  bare('Memory.forget', 'a key of a team', (m, { teamId, key }) => m.forget({ teamId, key })),
  bare('Memory.forget', 'a resource', (m, { resourceId }) => m.forget({ resourceId })),
  bare('Memory.exportOf', 'a resource', (m, { resourceId }) => m.exportOf({ resourceId })),
  bare('Memory.forget', 'a user', (m, { resourceId }) => m.forget({ userId: resourceId })),
  bare('Memory.forget', 'a team', (m, { teamId }) => m.forget({ teamId })),
  bare('Memory.forget', 'an agent', (m, { agentId }) => m.forget({ agentId })),
]

const atHome = { userId: mallory.resourceId } as const
const home = { ...atHome, infer: false } as const
const spacesOf = ({ resourceId, teamId }: Ids) => [`resource/${resourceId}`, `team/${teamId}`]

const facts: readonly ForeignCall[] = [
  own('Facts.add', 'a fact to replace', (m, { factId }) => m.facts.add('x', { ...home, supersedes: factId })),
  own('Facts.add', 'a fact to contradict', (m, { factId }) => m.facts.add('x', { ...home, contradicts: [factId] })),
  own('Facts.add', 'a commit', (m, { commitId }) => m.facts.add('x', { ...home, commitId })),
  own('Facts.add', 'a message as its source', (m, { messageId, threadId }) => {
    return m.facts.add([{ ...said(messageId), threadId }], home)
  }),
  bare('Facts.add', 'a user', (m, { resourceId }) => m.facts.add('x', { userId: resourceId, infer: false })),
  bare('Memory.add', 'a team', (m, { teamId }) => m.add('x', { teamId, infer: false })),
  bare('Facts.search', 'a user', (m, { resourceId }) => m.facts.search('secret', { userId: resourceId })),
  bare('Facts.search', 'spaces', (m, ids) => m.facts.search('secret', { ...atHome, spaces: spacesOf(ids) })),
  bare('Memory.search', 'a team', (m, { teamId }) => m.search('secret', { teamId })),
  bare('Facts.get', 'a fact', (m, { factId }) => m.facts.get(factId, { includeSuperseded: true })),
  bare('Facts.getAll', 'a user', (m, { resourceId }) => m.facts.getAll({ userId: resourceId })),
  own('Facts.getAll', 'a cursor', (m, { cursors }) => m.facts.getAll({ ...atHome, cursor: cursors.facts })),
  bare('Facts.update', 'a fact', (m, { factId }) => m.facts.update(factId, 'x')),
  bare('Facts.delete', 'a fact', (m, { factId }) => m.facts.delete(factId)),
  bare('Facts.deleteAll', 'a user', (m, { resourceId }) => m.facts.deleteAll({ userId: resourceId })),
  bare('Facts.history', 'a fact', (m, { factId }) => m.facts.history(factId)),
  bare('Facts.conflicts', 'a user', (m, { resourceId }) => m.facts.conflicts({ userId: resourceId })),
  own('Facts.conflicts', 'a cursor', (m, { cursors }) => m.facts.conflicts({ ...atHome, cursor: cursors.conflicts })),
  bare('Proposals.list', 'a user', (m, { resourceId }) => m.proposals.list({ userId: resourceId, status: null })),
  own('Proposals.list', 'a cursor', (m, { cursors }) => m.proposals.list({ ...atHome, cursor: cursors.proposals })),
  own('Proposals.list', 'a fact', (m, { factId }) => {
    return m.proposals.list({ ...atHome, target: { kind: 'fact', id: factId } })
  }),
  bare('Proposals.get', 'a proposal', (m, { proposalId }) => m.proposals.get(proposalId)),
  bare('Proposals.accept', 'a proposal', (m, { proposalId }) => m.proposals.accept(proposalId)),
  bare('Proposals.reject', 'a proposal', (m, { proposalId }) => m.proposals.reject(proposalId)),
]

const mem0: readonly ForeignCall[] = (
  [
    ['mem0.get', (m, { factId }) => m.get(factId)],
    ['mem0.update', (m, { factId }) => m.update(factId, 'x')],
    ['mem0.delete', (m, { factId }) => m.delete(factId)],
    ['mem0.history', (m, { factId }) => m.history(factId)],
    ['mem0.add', (m, { resourceId }) => m.add('x', { user_id: resourceId, infer: false })],
    ['mem0.search', (m, { resourceId }) => m.search('secret', { user_id: resourceId })],
    ['mem0.getAll', (m, { resourceId }) => m.getAll({ user_id: resourceId })],
    ['mem0.get_all', (m, { teamId }) => m.get_all({ team_id: teamId })],
    ['mem0.deleteAll', (m, { resourceId }) => m.deleteAll({ user_id: resourceId })],
    ['mem0.delete_all', (m, { teamId }) => m.delete_all({ team_id: teamId })],
  ] as readonly (readonly [string, (m: Mem0Memory, ids: Ids) => unknown])[]
).map(([method, call]) => bare(method, 'an id', (memory, ids) => call(new Mem0Memory(memory), ids)))

const agentOf = (memory: Memory) => new Agent({ name: 'Mine', model: scriptedModel({ answer: () => 'ok' }), memory })

const agents: readonly ForeignCall[] = (['generate', 'stream'] as const).flatMap((way) => {
  const run = async (memory: Memory, input: unknown, options: object) => {
    const result = await agentOf(memory)[way](input as string, { ...mallory, ...options } as never)
    await ('finished' in result ? result.finished : null)
    return { text: await result.text, warnings: await result.warnings }
  }
  const method = `Agent.${way}`
  return [
    own(method, 'a thread', (m, { threadId }) => run(m, 'hello', { threadId })),
    bare(method, 'a resource', (m, ids) => run(m, 'hello', namedBy(ids))),
    own(method, 'a message', (m, { messageId }) => run(m, [said(messageId)], {})),
    own(method, 'an answer in a history', (m, { messageId }) => {
      return run(m, [{ id: messageId, role: 'assistant', content: 'ok' }, said('new')], {})
    }),
    own(method, 'a message said again', (m, { messageId }) => run(m, [said(messageId)], { messageId })),
    own(method, 'an answer given anew', (m, { messageId: id }) => {
      return run(m, [said('new')], { trigger: 'regenerate-message', messageId: id })
    }),
    own(method, "a client's message", (m, { ownMessageId: id }) => run(m, [said(id)], { messageId: id })),
  ]
})

/** A network, read to its end. */
async function networkOf(memory: Memory, input: unknown, options: object) {
  const stream = await agentOf(memory).network(input as string, { ...mallory, ...options } as never)
  return stream.result
}

const following: readonly ForeignCall[] = [
  own('Agent.network', 'a thread', (m, { threadId }) => networkOf(m, 'hello', { threadId })),
  bare('Agent.network', 'a resource', (m, ids) => networkOf(m, 'hello', namedBy(ids))),
  own('Agent.network', 'a message', (m, { messageId }) => networkOf(m, [said(messageId)], {})),
  own('Agent.reconnectToStream', 'a thread', (m, { threadId }) => agentOf(m).reconnectToStream({ ...mine, threadId })),
  bare('Agent.reconnectToStream', 'a resource', (m, ids) => agentOf(m).reconnectToStream(namedBy(ids))),
  own('Agent.listSuspendedRuns', 'a thread', (m, { threadId }) => agentOf(m).listSuspendedRuns({ ...mine, threadId })),
  bare('Agent.listSuspendedRuns', 'a resource', (m, ids) => agentOf(m).listSuspendedRuns(namedBy(ids))),
  bare('Agent.listSuspendedRuns', 'a thread alone', (m, { threadId }) => agentOf(m).listSuspendedRuns({ threadId })),
  bare('Agent.cancelRun', 'a run', (m, { runId }) => agentOf(m).cancelRun(runId)),
]

type OwnRun = Awaited<ReturnType<ReturnType<typeof workflowOf>['createRun']>>

/** The methods of a run that the attacker made under an id of somebody else. */
const runMethods: readonly (readonly [string, (run: OwnRun) => unknown])[] = [
  ['start', (run) => run.start({ inputData: { text: 'hi' } })],
  ['stream', (run) => run.stream({ inputData: { text: 'hi' } }).result],
  ['resume', (run) => run.resume({ step: 'ask', resumeData: 1 })],
  ['resumeStream', (run) => run.resumeStream({ step: 'ask', resumeData: 1 }).result],
  ['cancel', (run) => run.cancel()],
  ['restart', (run) => run.restart()],
  ['state', (run) => run.state()],
  ['watch', (run) => run.watch()[Symbol.asyncIterator]().next()],
]

async function begun(memory: Memory, place: { resourceId: string; threadId?: string; runId?: string }) {
  const run = await workflowOf(memory).createRun(place)
  return run.start({ inputData: { text: 'hi' } })
}

const ownResource = { memory: { resource: mallory.resourceId } }

const decisions: readonly ForeignCall[] = [
  ...(['approveToolCall', 'approveToolCallGenerate', 'declineToolCall', 'declineToolCallGenerate'] as const).flatMap(
    (method) => [
      own(`Agent.${method}`, 'a run', (m, { runId }) => agentOf(m)[method]({ runId, ...ownResource })),
      bare(`Agent.${method}`, 'a run alone', (m, { runId }) => agentOf(m)[method]('call_1', { runId })),
    ],
  ),
  ...(['resumeStream', 'resumeGenerate', 'resumeNetwork'] as const).flatMap((method) => [
    own(`Agent.${method}`, 'a run', (m, { runId }) => agentOf(m)[method]('x', { runId, ...ownResource })),
    bare(`Agent.${method}`, 'a run alone', (m, { runId }) => agentOf(m)[method]('x', { runId })),
  ]),
  ...(['approveNetworkToolCall', 'declineNetworkToolCall'] as const).flatMap((method) => [
    own(`Agent.${method}`, 'a run', (m, { runId }) => agentOf(m)[method]({ runId, ...ownResource })),
    bare(`Agent.${method}`, 'a run alone', (m, { runId }) => agentOf(m)[method]('call_1', { runId })),
  ]),
  bare('Agent.recover', 'no id', (m) => agentOf(m).recover()),
]

const workflows: readonly ForeignCall[] = [
  own('Workflow.createRun', 'a thread', (m, { threadId }) => begun(m, { ...mine, threadId })),
  bare('Workflow.createRun', 'a resource', (m, { resourceId }) => begun(m, { resourceId })),
  own('Workflow.createRun', 'a run', (m, { workflowRunId: runId }) => begun(m, { ...mine, runId })),
  bare('Workflow.getRun', 'a run', async (m, { workflowRunId }) => {
    return (await workflowOf(m).getRun(workflowRunId))?.state()
  }),
  bare('Workflow.getRun', 'a run of an agent', async (m, { runId }) => (await workflowOf(m).getRun(runId))?.state()),
  bare('Workflow.getRun', 'a resource', async (m, { resourceId }) => {
    return (await workflowOf(m).getRun('first', { resourceId }))?.state()
  }),
  bare('Workflow.listRuns', 'a resource', (m, { resourceId }) => workflowOf(m).listRuns({ resourceId })),
  own('Workflow.listRuns', 'a cursor', (m, { cursors }) => {
    return workflowOf(m).listRuns({ ...mine, cursor: cursors.workflowRuns })
  }),
  bare('Workflow.recover', 'no id', (m) => workflowOf(m).recover()),
  bare('Memory.forget', 'a run of a workflow', (m, { workflowRunId }) => m.forget({ run: workflowRunId })),
  bare('Memory.getRun', 'a run of a workflow', (m, { workflowRunId }) => m.getRun(workflowRunId)),
  ...runMethods.map(([method, call]) => {
    return own(`WorkflowRun.${method}`, 'a run', async (m, { workflowRunId: runId }) => {
      return call(await workflowOf(m).createRun({ ...mine, runId }))
    })
  }),
]

/** By what they are about. Those of one group may follow each other in one database. */
export const foreignCalls: Readonly<Record<string, readonly ForeignCall[]>> = {
  ...{ threads, messages, recalls, blocks, forgetting, facts, mem0, agents, following, decisions, workflows },
}
