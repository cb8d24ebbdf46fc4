// How turns end that something comes between: answers for several of them, a memory that closes, a thread that is gone.
import { tool } from 'ai'
import { Agent, type AgentOptions, type CallOptions, type Memory, type Processor, type StoredMessage } from 'aquifer'
import { callTool, callTools, type ScriptedModel, scriptedModel, stall, threadProblems } from 'aquifer/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openMemory, refused, temporaryUrl } from '../memory/opened.ts'
import { ways } from './aftermath.ts'

const at = { resourceId: 'alice', threadId: 't' }
const pay = tool({
  description: 'Pays.',
  inputSchema: z.object({}),
  needsApproval: true,
  execute: async () => 'paid',
})

function scripted(...script: Parameters<typeof scriptedModel>[0]['script'] & object): ScriptedModel {
  return scriptedModel({ script })
}

function agentOn(memory: Memory, model: ScriptedModel, more: Partial<AgentOptions> = {}): Agent {
  return new Agent({ name: 'Sales', model, memory, tools: { pay }, ...more })
}

async function listed(memory: Memory): Promise<readonly StoredMessage[]> {
  const { messages } = await memory.listMessages(at)
  expect(threadProblems(messages)).toEqual([])
  return messages
}

/** State of each turn, with those of its calls. */
async function ends(memory: Memory) {
  const messages = (await listed(memory)).filter(({ role }) => role === 'assistant')
  return messages.map(({ turnStatus, parts }) => [
    turnStatus,
    ...parts.flatMap(({ state, toolCallId }) => (toolCallId ? [state] : [])),
  ])
}

/** The thread as a chat sends it once its user answered what was asked. */
async function answered(memory: Memory, approved: boolean) {
  const { messages } = await memory.listMessages(at)
  const sent = JSON.parse(JSON.stringify(messages)) as { parts: Record<string, unknown>[] }[]
  for (const part of sent.flatMap(({ parts }) => parts)) {
    if (part.state !== 'approval-requested') continue
    Object.assign(part, { state: 'approval-responded', approval: { ...(part.approval as object), approved } })
  }
  return sent as never[]
}

const more = { role: 'user', parts: [{ type: 'text', text: 'And another thing.' }] } as never

test.each([
  [true, 'output-error'],
  [false, 'output-denied'],
])('a word on a call beside a new question ends the turn of the call: approved %s', async (approved, state) => {
  const memory = openMemory()
  const agent = agentOn(memory, scripted(callTool('pay'), 'Of course.'))
  const { runId } = await agent.generate('Pay.', at)
  const result = await agent.generate([...(await answered(memory, approved)), more], at)
  expect(result.text).toBe('Of course.')
  expect(await ends(memory)).toEqual([['complete', state], ['complete']])
  expect((await memory.getRun(String(runId)))?.status).toBe('complete')
})

test('words on the calls of two turns go to both, and the later one goes on', async () => {
  const memory = openMemory()
  const both = callTools([
    { toolName: 'pay', input: {} },
    { toolName: 'pay', input: {} },
  ])
  const agent = agentOn(memory, scripted(callTool('pay'), both, 'Paid twice.', 'still here'))
  await agent.generate('Pay.', at)
  const asked = await agent.generate('Pay again.', at)
  const done = await agent.generate(await answered(memory, true), at)
  expect([done.text, done.messageId]).toEqual(['Paid twice.', asked.messageId])
  expect(await ends(memory)).toEqual([
    ['complete', 'output-error'],
    ['complete', 'output-available', 'output-available'],
  ])
  expect((await agent.generate('And now?', at)).text).toBe('still here')
})

test('a word on the call of another agent waits for that agent', async () => {
  const memory = openMemory()
  const sales = agentOn(memory, scripted(callTool('pay'), 'Paid.'))
  const support = agentOn(memory, scripted('At your service.'), { name: 'Support' })
  await sales.generate('Pay.', at)
  const sent = await answered(memory, true)
  await refused('conflict', () => support.generate(sent, at))
  const result = await support.generate([...sent, more], at)
  expect(JSON.stringify(result.warnings)).toContain('A call of agent \\"sales\\" was answered')
  expect((await ends(memory))[0]).toEqual(['suspended', 'approval-requested'])
  expect((await sales.generate(sent, at)).text).toBe('Paid.')
  expect(await ends(memory)).toEqual([['complete', 'output-available'], ['complete']])
})

test.each(['aborted', 'failed'] as const)('a turn taken up again whose model never begins is %s', async (status) => {
  const memory = openMemory()
  const stop = new AbortController()
  let isBroken = false
  const processor: Processor = {
    processContext: () => {
      if (!isBroken) return undefined
      if (status === 'aborted') stop.abort(new Error('not any more'))
      throw new Error('broken')
    },
  }
  const agent = agentOn(memory, scripted(callTool('pay')), { inputProcessors: [processor] })
  await agent.generate('Pay.', at)
  isBroken = true
  const sent = await answered(memory, true)
  await expect(agent.generate(sent, { ...at, abortSignal: stop.signal })).rejects.toThrow('broken')
  expect(await ends(memory)).toEqual([[status, 'output-error']])
})

test.each(ways)('a turn whose message is deleted while %s goes on with it is closed all the same', async (way) => {
  const memory = openMemory()
  const erase = async () => {
    const { messages } = await memory.listMessages(at)
    await memory.deleteMessages(messages.flatMap(({ id, role }) => (role === 'assistant' ? [id] : [])))
    return 'paid'
  }
  const tools = { pay: tool({ description: 'Pays.', inputSchema: z.object({}), needsApproval: true, execute: erase }) }
  const agent = agentOn(memory, scripted(callTool('pay'), 'Paid.', 'still here'), { tools })
  await agent.generate('Pay.', at)
  const sent = await answered(memory, true)
  if (way === 'generate') await refused('not-found', () => agent.generate(sent, at))
  else expect(await (await agent.stream(sent, { ...at, onError() {} })).finished).toEqual({ status: 'failed' })
  expect((await listed(memory)).map(({ turnStatus }) => turnStatus)).toEqual(['failed'])
  const next = await agent.generate('And now?', at)
  expect([next.text, next.warnings]).toEqual(['still here', []])
})

test('what a call failed with is told, also where its turn cannot be ended any more', async () => {
  const memory = openMemory()
  const processor: Processor = {
    processContext: async ({ abort }) => {
      await memory.deleteThread(at)
      return abort('refused')
    },
  }
  const agent = agentOn(memory, scripted(), { inputProcessors: [processor] })
  expect((await refused('aborted', () => agent.generate('Pay.', at))).details.reason).toBe('refused')
})

test('closing the memory ends a call that would never end, and keeps what it said', async () => {
  const storage = temporaryUrl()
  const memory = openMemory({ storage, limits: { closeWaitMs: 1 } })
  const started = Promise.withResolvers<void>()
  const wait = tool({ description: 'Waits.', inputSchema: z.object({}), execute: async () => started.resolve() })
  const agent = agentOn(memory, scripted(callTool('wait', {}, { text: 'So far' }), stall()), { tools: { wait } })
  const ended = expect(agent.generate('Go.', at)).rejects.toMatchObject({ code: 'closed' })
  await started.promise
  await memory.close()
  await ended
  const messages = await listed(openMemory({ storage }))
  expect(messages.map(({ turnStatus }) => turnStatus)).toEqual(['aborted', 'aborted'])
  expect(JSON.stringify(messages)).toContain('So far')
})

test('an answer that a processor takes away whole leaves no empty message', async () => {
  const memory = openMemory()
  const look = tool({ description: 'Looks.', inputSchema: z.object({}), execute: async () => 'seen' })
  const processor: Processor = { processOutputResult: () => [] }
  const agent = agentOn(memory, scripted(callTool('look'), 'secret'), {
    tools: { look },
    outputProcessors: [processor],
  })
  await agent.generate('Look.', at)
  expect((await listed(memory)).map(({ role, turnStatus }) => [role, turnStatus])).toEqual([['user', 'complete']])
})

test.each<[string, (signal: AbortSignal) => CallOptions]>([
  ['its signal', (abortSignal) => ({ abortSignal })],
  ['its time limit', () => ({ timeout: 50 })],
  ['its time limit, named', () => ({ timeout: { totalMs: 50 } })],
])('a call whose tool pays no heed to %s ends all the same, and the next one need not wait', async (_, options) => {
  const memory = openMemory()
  const stop = new AbortController()
  const execute = () => {
    stop.abort()
    return new Promise(() => {})
  }
  const deaf = tool({ description: 'Never ends.', inputSchema: z.object({}), execute })
  // By what was said: on a busy machine the time may be up before the model was asked.
  const model = scriptedModel({ answer: ({ said }) => (said.at(-1) === 'Go.' ? callTool('deaf', {}) : 'Here.') })
  const agent = agentOn(memory, model, { tools: { deaf } })
  await expect(agent.generate('Go.', { ...at, ...options(stop.signal) })).rejects.toThrow(/aborted/)
  const next = await agent.generate('Still there?', at)
  expect([next.text, next.warnings]).toEqual(['Here.', []])
  const stored = await listed(memory)
  expect(stored.map(({ turnStatus }) => turnStatus)).toEqual(['aborted', 'aborted', 'complete', 'complete'])
  // The call was stored before its tool ran, which may have had its effect.
  expect(stored[1]?.parts.at(-1)).toMatchObject({ type: 'tool-deaf', state: 'output-error' })
})
