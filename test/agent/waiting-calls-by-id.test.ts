// What people report of suspended calls and of decisions by ids, in other frameworks, each as a test of its own.
import { Agent, createTool, type Memory } from 'aquifer'
import { callTools, promptProblems, type ScriptedModelOptions, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory, refused, temporaryUrl } from '../memory/opened.ts'
import { at } from './waiting-scene.ts'

const call = (toolName: string, to: string, toolCallId: string) => ({ toolName, input: { to }, toolCallId })
const inputSchema = z.object({ to: z.string() })

/** An agent whose tools note what they got: `order` asks for data, `pay` for a yes and then for data, `ask` is the client's. */
function openScene(script: NonNullable<ScriptedModelOptions['script']>, memory: Memory = openMemory()) {
  const got: unknown[] = []
  const model = scriptedModel({ script })
  const order = createTool({
    id: 'order',
    description: 'Orders.',
    inputSchema,
    execute: async ({ to }, { resumeData, suspendData, suspend }) => {
      if (resumeData === undefined) return suspend({ for: to })
      got.push([to, resumeData, suspendData])
      return `ordered for ${to}`
    },
  })
  const pay = createTool({
    id: 'pay',
    description: 'Pays.',
    inputSchema,
    requireApproval: true,
    suspendSchema: z.object({ question: z.string() }),
    resumeSchema: z.object({ account: z.number() }),
    execute: async ({ to }, { resumeData, suspend }) => {
      if (resumeData === undefined) return suspend({ question: `Which account for ${to}?` })
      got.push([to, resumeData])
      return `paid ${to}`
    },
  })
  const ask = createTool({ id: 'ask', description: 'Asks the user.', inputSchema })
  const agentOn = (own: Memory) => new Agent({ name: 'Clerk', memory: own, model, tools: { order, pay, ask } })
  const agent = agentOn(memory)
  const begin = async (place = at) => String((await agent.generate('Go.', place)).runId)
  const states = async (place = at) => {
    const { messages } = await memory.listMessages({ ...place, perPage: false })
    const answer = messages.findLast(({ role }) => role === 'assistant')
    return [
      answer?.turnStatus,
      ...(answer?.parts ?? []).flatMap(({ toolCallId, state }) => (toolCallId ? [state] : [])),
    ]
  }
  return { memory, agent, agentOn, model, got, begin, states }
}

it.each([false, 0, '', null, [], {}])('%j is data for a suspended call', async (data) => {
  const { agent, got, begin } = openScene([callTools([call('order', 'Ann', 'a')]), 'Done.'])
  const runId = await begin()
  expect((await agent.resumeGenerate(data, { runId })).text).toBe('Done.')
  expect(got).toEqual([['Ann', data, { for: 'Ann' }]])
})

it.each([
  ['the first one first', ['a', 'b']],
  ['the second one first', ['b', 'a']],
])('the data of one suspended call never reaches another of its tool: %s', async (_, order) => {
  const { agent, model, got, begin, states } = openScene([
    callTools([call('order', 'Ann', 'a'), call('order', 'Bob', 'b')]),
    'Both are ordered.',
  ])
  const runId = await begin()
  await refused('invalid-input', () => agent.resumeGenerate('for whom?', { runId }))
  const [first = '', second = ''] = order
  expect((await agent.resumeGenerate(`of ${first}`, { runId, toolCallId: first })).text).toBe('')
  expect((await states()).filter((state) => state === 'output-available')).toHaveLength(1)
  expect((await agent.resumeGenerate(`of ${second}`, { runId, toolCallId: second })).text).toBe('Both are ordered.')
  expect(got.toSorted()).toEqual([
    ['Ann', 'of a', { for: 'Ann' }],
    ['Bob', 'of b', { for: 'Bob' }],
  ])
  expect(model.calls).toHaveLength(2)
  expect(promptProblems(model.calls[1]?.messages ?? [])).toEqual([])
})

it('one tool asks for a yes and then for data, each by its own id and schema', async () => {
  const { agent, model, got, begin, states } = openScene([callTools([call('pay', 'Ann', 'a')]), 'Paid.'])
  const runId = await begin()
  await refused('invalid-input', () => agent.resumeGenerate({ account: 1 }, { runId }))
  const approved = await agent.approveToolCallGenerate('a', { runId })
  expect([approved.status, approved.pendingCalls[0]?.kind]).toEqual(['suspended', 'suspension'])
  expect(approved.pendingCalls[0]?.suspendPayload).toEqual({ question: 'Which account for Ann?' })
  await refused('invalid-input', () => agent.approveToolCallGenerate('a', { runId }))
  const refusal = await refused('invalid-input', () => agent.resumeGenerate({ account: 'mine' }, { runId }))
  expect(refusal.message).toContain('resumeData.account')
  expect(got).toEqual([])
  expect((await agent.resumeGenerate({ account: 7 }, { runId, toolCallId: 'a' })).text).toBe('Paid.')
  expect(got).toEqual([['Ann', { account: 7 }]])
  expect(await states()).toEqual(['complete', 'output-available'])
  expect(model.calls).toHaveLength(2)
})

it('a declined call never runs, whatever comes later', async () => {
  const { agent, got, begin } = openScene([callTools([call('order', 'Ann', 'a')]), 'As you wish.'])
  const runId = await begin()
  expect((await agent.declineToolCallGenerate('a', { runId, reason: 'Ann has one.' })).text).toBe('As you wish.')
  const late = await refused('conflict', () => agent.resumeGenerate('yes', { runId, toolCallId: 'a' }))
  expect(late.details.decided).toMatchObject({ approved: false })
  await agent.recover()
  expect(got).toEqual([])
})

it('a stale id never decides about a call of a later run, whose provider gives the same ids again', async () => {
  const { agent, got, begin, states } = openScene([
    callTools([call('order', 'Ann', 'same')]),
    'Done.',
    callTools([call('order', 'Bob', 'same')]),
  ])
  const first = await begin()
  await agent.resumeGenerate(1, { runId: first, toolCallId: 'same' })
  const second = await begin()
  await refused('conflict', () => agent.resumeGenerate(2, { runId: first, toolCallId: 'same' }))
  await refused('conflict', () => agent.resumeGenerate(2, { runId: first }))
  expect(second).not.toBe(first)
  expect(got).toHaveLength(1)
  expect(await states()).toEqual(['suspended', 'input-available'])
})

it('a call for the client survives that another call of its step is resumed', async () => {
  const { agent, model, begin, states } = openScene([
    callTools([call('order', 'Ann', 'a'), call('ask', 'Bob', 'b')]),
    'All done.',
  ])
  const runId = await begin()
  await agent.resumeGenerate('yes', { runId, toolCallId: 'a' })
  expect(await states()).toEqual(['suspended', 'output-available', 'input-available'])
  expect((await agent.resumeGenerate('Bob agrees.', { runId, toolCallId: 'b' })).text).toBe('All done.')
  expect(model.calls[1]?.tools).toEqual(model.calls[0]?.tools)
})

it('a call with much data goes on in a thread with much in it', async () => {
  const scene = openScene([callTools([call('order', 'Ann', 'a')]), 'Done.'])
  const text = 'x'.repeat(20_000)
  const messages = Array.from({ length: 100 }, (_, index) => ({ role: 'user' as const, content: `${index} ${text}` }))
  await scene.memory.saveMessages({ ...at, messages })
  const runId = await scene.begin()
  const data = { list: Array.from({ length: 5_000 }, (_, index) => `line ${index}`) }
  expect((await scene.agent.resumeGenerate(data, { runId })).text).toBe('Done.')
  expect(scene.got).toEqual([['Ann', data, { for: 'Ann' }]])
  expect(JSON.stringify(await scene.memory.getRun(runId)).length).toBeLessThan(64 * 1_024)
})

describe('two processes', () => {
  it('that decide at once about one call hear who won, and it runs once', async () => {
    const url = temporaryUrl()
    const scene = openScene([callTools([call('order', 'Ann', 'a')]), 'Done.', 'Never.'], openMemory({ storage: url }))
    const runId = await scene.begin()
    const agents = [scene.agent, scene.agentOn(openMemory({ storage: url }))]
    const told = await Promise.allSettled(agents.map((agent, index) => agent.resumeGenerate(index, { runId })))
    const losers = told.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    expect(losers).toMatchObject([{ code: 'conflict', details: { decided: { by: { kind: 'user' } } } }])
    expect(scene.got).toHaveLength(1)
    expect(scene.model.calls).toHaveLength(2)
  })

  it('that decide at once about two calls are both heard, and the model is asked once', async () => {
    const url = temporaryUrl()
    const calls = [call('order', 'Ann', 'a'), call('order', 'Bob', 'b')]
    const scene = openScene([callTools(calls), 'Done.', 'Never.'], openMemory({ storage: url }))
    const runId = await scene.begin()
    const agents = [scene.agent, scene.agentOn(openMemory({ storage: url }))]
    await Promise.all(
      agents.map((agent, index) => agent.resumeGenerate(index, { runId, toolCallId: index === 0 ? 'a' : 'b' })),
    )
    expect(scene.got).toHaveLength(2)
    expect(await scene.states()).toEqual(['complete', 'output-available', 'output-available'])
    expect(scene.model.calls).toHaveLength(2)
  })
})

it("a decision in a cloned thread decides the clone's call only", async () => {
  const scene = openScene([callTools([call('order', 'Ann', 'a')]), 'Done in the copy.', 'Done.'])
  const runId = await scene.begin()
  const copy = { ...at, threadId: 'copy' }
  await scene.memory.cloneThread({ ...at, newThreadId: 'copy' })
  const { runs } = await scene.agent.listSuspendedRuns({ resourceId: at.resourceId, threadId: 'copy' })
  const [copied] = runs
  expect(copied?.runId).not.toBe(runId)
  expect((await scene.agent.resumeGenerate('in the copy', { runId: String(copied?.runId) })).text).toBe(
    'Done in the copy.',
  )
  expect([await scene.states(copy), await scene.states()]).toEqual([
    ['complete', 'output-available'],
    ['suspended', 'input-available'],
  ])
  expect((await scene.agent.resumeGenerate('here', { runId })).text).toBe('Done.')
  expect(scene.got).toEqual([
    ['Ann', 'in the copy', { for: 'Ann' }],
    ['Ann', 'here', { for: 'Ann' }],
  ])
})
