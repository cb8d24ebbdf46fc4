// What agents offer, as a table: schemas that convert, real answers that fit them, and nothing that the table lacks.
import { tool } from 'ai'
import { Agent, Aquifer, createTool } from 'aquifer'
import { callTool, callTools, scriptedModel } from 'aquifer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { type AgentOperation, agentOperations } from '../../src/agent/operations.ts'
import { operations } from '../../src/operations/table.ts'
import { publicMethods } from '../attacks/public-methods.ts'
import { openMemory, refused } from '../memory/opened.ts'

function container() {
  const memory = openMemory()
  const model = scriptedModel({ script: ['One.', 'Two.', 'Three.'] })
  const agents = { support: new Agent({ name: 'Support Bot', description: 'Solves problems.', model, memory }) }
  const app = new Aquifer({ agents })
  onTestFinished(() => app.close())
  return { app, memory }
}

function operationOf(name: (typeof agentOperations)[number]['name']): AgentOperation {
  return agentOperations.find((one) => one.name === name) as unknown as AgentOperation
}

const at = { agent: 'support', resourceId: 'ann', threadId: 't' }

describe.each(agentOperations)('$name', ({ name, title, description, input, output }) => {
  it('has words, and schemas that convert to JSON Schema', () => {
    expect([title, description].every((words) => words.length > 5)).toBe(true)
    for (const io of ['input', 'output'] as const) {
      expect(z.toJSONSchema(input, { io })).toMatchObject({ type: 'object' })
      expect(z.toJSONSchema(output, { io })).toHaveProperty('type')
    }
    expect(operations.map((one) => one.name)).not.toContain(name)
  })
})

it('lists agents by what they are registered as', async () => {
  const { run, output } = operationOf('agents.list')
  const answer = await run(container().app, {}, {})
  expect(output.parse(answer)).toEqual([
    { registeredAs: 'support', id: 'support-bot', name: 'Support Bot', description: 'Solves problems.' },
  ])
})

it('answers a call, and stores it where it says', async () => {
  const { app, memory } = container()
  const { run, input, output, space } = operationOf('agents.generate')
  const parsed = input.parse({ ...at, messages: 'Hello' })
  const answer = output.parse(await run(app, parsed, {}))
  expect(answer).toMatchObject({ text: 'One.', finishReason: 'stop', warnings: [] })
  const { messages } = await memory.listMessages({ resourceId: 'ann', threadId: 't' })
  expect(messages.at(-1)?.id).toBe((answer as { messageId: string }).messageId)
  expect(space(parsed)).toEqual(['resource/ann'])
  const again = input.parse({ ...at, messages: [messages[0]], trigger: 'regenerate-message' })
  expect(await run(app, again, {})).toMatchObject({ text: 'Two.' })
  const bare = input.parse({ agent: 'support-bot', messages: [{ role: 'user', content: 'Hi' }] })
  expect(output.parse(await run(app, bare, {}))).toMatchObject({ text: 'Three.', runId: null })
  expect(space(bare)).toEqual([])
})

it('streams the chunks of an answer', async () => {
  const { app } = container()
  const { run, input, output, streams } = operationOf('agents.stream')
  const chunks: unknown[] = []
  const parsed = input.parse({ ...at, messages: 'Hello' })
  for await (const chunk of run(app, parsed, {}) as AsyncIterable<unknown>) chunks.push(output.parse(chunk))
  expect(streams).toBe(true)
  const text = chunks.map((chunk) => (chunk as { delta?: string }).delta ?? '').join('')
  expect(text).toBe('One.')
  expect(chunks.at(-1)).toMatchObject({ type: 'finish' })
})

it('follows an answer that is being given, and answers nothing where none is', async () => {
  const memory = openMemory()
  const gate = Promise.withResolvers<string>()
  const slow = tool({ inputSchema: z.object({}), execute: () => gate.promise })
  const model = scriptedModel({ script: [callTool('slow', {}), 'Done.'] })
  const support = new Agent({ name: 'Support Bot', model, memory, tools: { slow } })
  const { run, input, output, space, streams } = operationOf('agents.reconnect')
  const parsed = input.parse(at)
  const source = { getAgent: () => support, listAgents: () => ({ support }) }
  const chunksNow = async () => {
    const chunks: { type: string }[] = []
    for await (const chunk of run(source, parsed, {}) as AsyncIterable<unknown>)
      chunks.push(output.parse(chunk) as never)
    return chunks.map(({ type }) => type)
  }
  expect(await chunksNow()).toEqual([])
  const answer = await support.stream('Hello', { resourceId: 'ann', threadId: 't' })
  const following = chunksNow()
  gate.resolve('ok')
  expect((await following).at(-1)).toBe('finish')
  await answer.finished
  expect([streams, space(parsed)]).toEqual([true, ['resource/ann']])
})

it('lists the runs that wait, and cancels one', async () => {
  const memory = openMemory()
  const pay = tool({ inputSchema: z.object({}), needsApproval: true, execute: () => 'paid' })
  const support = new Agent({
    name: 'Support Bot',
    model: scriptedModel({ script: [callTool('pay', {})] }),
    memory,
    tools: { pay },
  })
  const source = { getAgent: () => support, listAgents: () => ({ support }) }
  const { runId } = await support.generate('Pay.', { resourceId: 'ann', threadId: 't' })
  const listing = operationOf('agents.suspendedRuns')
  const parsed = listing.input.parse({ agent: 'support', resourceId: 'ann', limit: 5 })
  const { runs } = listing.output.parse(await listing.run(source, parsed, {})) as { runs: readonly object[] }
  expect(runs).toMatchObject([{ runId, toolCalls: [{ toolName: 'pay', args: {}, requiresApproval: true }] }])
  expect(listing.space(parsed)).toEqual(['resource/ann'])
  expect(listing.space(listing.input.parse({ agent: 'support' }))).toBe('all')
  const cancelling = operationOf('agents.cancelRun')
  const named = cancelling.input.parse({ agent: 'support', runId })
  expect(cancelling.output.parse(await cancelling.run(source, named, {}))).toEqual({ runId })
  expect(cancelling.space(named)).toEqual({ issuedIds: [runId] })
  expect(listing.output.parse(await listing.run(source, parsed, {}))).toEqual({ runs: [] })
})

it('stops with its signal, and names agents that are not there', async () => {
  const { app } = container()
  const { run, input } = operationOf('agents.generate')
  const parsed = input.parse({ ...at, messages: 'Hello' })
  await expect(run(app, parsed, { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped')
  const nobody = async () => run(app, input.parse({ ...at, agent: 'nobody', messages: 'Hello' }), {})
  await expect(nobody()).rejects.toMatchObject({ code: 'not-found' })
})

it('decides about calls that wait, in the resource of their run alone', async () => {
  const memory = openMemory()
  const ran: unknown[] = []
  const pay = createTool({
    id: 'pay',
    description: 'Pays.',
    inputSchema: z.object({}),
    requireApproval: true,
    execute: async () => ran.push('paid'),
  })
  const ask = createTool({
    id: 'ask',
    description: 'Asks.',
    inputSchema: z.object({}),
    execute: async (_, { resumeData, suspend }) => (resumeData === undefined ? suspend(null) : ran.push(resumeData)),
  })
  const script = [callTools(['pay', 'pay', 'ask'].map((toolName) => ({ toolName, input: {} }))), 'Done.']
  const model = scriptedModel({ script })
  const support = new Agent({ name: 'Support Bot', model, memory, tools: { pay, ask } })
  const source = { getAgent: () => support, listAgents: () => ({ support }) }
  const { runId, pendingCalls } = await support.generate('Go', { resourceId: 'ann', threadId: 't' })
  const ids = pendingCalls.map(({ toolCallId }) => toolCallId)
  const chunksOf = async (name: 'agents.approve' | 'agents.decline' | 'agents.resume', given: object) => {
    const { run, input, output, space } = operationOf(name)
    const parsed = input.parse({ agent: 'support', resourceId: 'ann', runId, ...given })
    const chunks: { type: string }[] = []
    for await (const chunk of run(source, parsed, {}) as AsyncIterable<unknown>)
      chunks.push(output.parse(chunk) as never)
    return [space(parsed), chunks.map(({ type }) => type)] as const
  }
  await refused('not-found', () => chunksOf('agents.approve', { resourceId: 'bob', toolCallId: ids[0] }))
  expect(ran).toEqual([])
  const [spaces, approved] = await chunksOf('agents.approve', { toolCallId: ids[0], threadId: 't' })
  expect([spaces, approved]).toEqual([['resource/ann'], expect.arrayContaining(['tool-output-available'])])
  const [, declined] = await chunksOf('agents.decline', { toolCallId: ids[1], reason: 'no' })
  expect(declined).toContain('tool-output-denied')
  const [, resumed] = await chunksOf('agents.resume', { data: 0 })
  expect([ran, resumed.at(-1)]).toEqual([['paid', 0], 'finish'])
})

it('has every method of an agent, but for what no wire carries', () => {
  // The whole answers of decisions, and the application's own work.
  const left = ['attach', 'approveToolCallGenerate', 'declineToolCallGenerate', 'resumeGenerate', 'recover']
  // The views of networks have no operations in this version: their runs are those of the agent.
  const views = ['network', 'approveNetworkToolCall', 'declineNetworkToolCall', 'resumeNetwork']
  const methods = publicMethods.filter((method) => method.startsWith('Agent.')).map((name) => name.slice(6))
  expect(methods.filter((name) => ![...left, ...views].includes(name)).sort()).toEqual([
    'approveToolCall',
    'cancelRun',
    'declineToolCall',
    'generate',
    'listSuspendedRuns',
    'reconnectToStream',
    'resumeStream',
    'stream',
  ])
  expect(agentOperations.map(({ name }) => name)).toEqual([
    'agents.list',
    'agents.generate',
    'agents.stream',
    'agents.reconnect',
    'agents.approve',
    'agents.decline',
    'agents.resume',
    'agents.suspendedRuns',
    'agents.cancelRun',
  ])
})
