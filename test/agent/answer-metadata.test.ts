// What an answer carries besides its parts: its author, and the metadata that the application gives it in its stream.
import { readUIMessageStream, type TextStreamPart, type ToolSet, tool, type UIMessage } from 'ai'
import { Agent, type AgentStream, type Memory } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'
import { expect, it, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { at, ways } from './aftermath.ts'
import { openChat } from './chat-scene.ts'

const author = { kind: 'agent', id: 'support', name: 'Support' }
const look = tool({ description: 'Looks.', inputSchema: z.object({}), execute: async () => 1 })
type Part = TextStreamPart<ToolSet>

function agentOf(memory: Memory, script: readonly unknown[] = ['Hello.']): Agent {
  return new Agent({ name: 'Support', memory, model: scriptedModel({ script: script as never }), tools: { look } })
}

async function answersIn(memory: Memory) {
  const { messages } = await memory.listMessages({ ...at, perPage: false })
  return messages.filter(({ role }) => role === 'assistant')
}

type Options = NonNullable<Parameters<AgentStream['toUIMessageStream']>[0]>

/** The message that a client has in the end. */
async function clientOf(result: AgentStream, options: Options = {}): Promise<UIMessage | undefined> {
  let message: UIMessage | undefined
  for await (message of readUIMessageStream({ stream: result.toUIMessageStream(options) }));
  return message
}

const usage = ({ part }: { part: Part }) => {
  if (part.type === 'start') return { asked: true }
  if (part.type === 'finish-step') return { steps: { [part.finishReason]: 1 } }
  return part.type === 'finish' ? { tokens: { total: part.totalUsage.totalTokens } } : undefined
}

test.each([
  ['of one step', ['Hello.'], { stop: 1 }],
  ['of two steps', [callTool('look'), 'Hello.'], { 'tool-calls': 1, stop: 1 }],
])('an answer %s has the metadata that its client has, and is not edited', async (_, script, steps) => {
  const memory = openMemory()
  const result = await agentOf(memory, script).stream('Hi', at)
  const client = await clientOf(result, { messageMetadata: usage as never })
  const wanted = { author, asked: true, steps, tokens: { total: expect.any(Number) } }
  expect(client?.metadata).toEqual(wanted)
  const [answer] = await answersIn(memory)
  expect(answer?.metadata).toEqual(client?.metadata)
  expect(answer).not.toHaveProperty('editedAt')
})

test.each(ways)('an answer by %s has its author where a stream has it', async (way) => {
  const memory = openMemory()
  const agent = agentOf(memory, [callTool('look'), 'Hello.'])
  if (way === 'generate') await agent.generate('Hi', at)
  else expect((await clientOf(await agent.stream('Hi', at)))?.metadata).toEqual({ author })
  const [answer] = await answersIn(memory)
  expect(answer?.metadata).toEqual({ author })
  expect(answer?.author).toEqual(author)
})

it('asks the application once for each part, and stores what no client reads', async () => {
  const memory = openMemory()
  const asked: string[] = []
  const messageMetadata = ({ part }: { part: Part }) => {
    asked.push(part.type)
    return part.type === 'finish' ? { at: new Date(0), n: asked.length } : undefined
  }
  const result = await agentOf(memory).stream('Hi', at)
  const left = result.toUIMessageStream({ messageMetadata: messageMetadata as never })
  await result.finished
  expect((await answersIn(memory))[0]?.metadata).toEqual({
    author,
    at: '1970-01-01T00:00:00.000Z',
    n: expect.any(Number),
  })
  await left.cancel()
  expect(asked.filter((type) => type === 'finish')).toHaveLength(1)
})

it('stores metadata of a stream that is read when its turn is closed', async () => {
  const memory = openMemory()
  const result = await agentOf(memory).stream('Hi', at)
  await result.finished
  const client = await clientOf(result, { messageMetadata: usage as never })
  expect((await answersIn(memory))[0]?.metadata).toEqual(client?.metadata)
})

it('asks about the parts that came before it was asked to, whether or not a client reads', async () => {
  const memory = openMemory()
  const [began, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const slow = tool({
    description: 'Waits.',
    inputSchema: z.object({}),
    execute: async () => {
      began.resolve()
      await gate.promise
      return 1
    },
  })
  const text = 'Let me look at this for as long as it takes.'
  const model = scriptedModel({ script: [callTool('slow', {}, { text }), 'Hello.'] })
  const result = await new Agent({ name: 'Support', memory, model, tools: { slow } }).stream('Hi', at)
  await began.promise
  const messageMetadata = ({ part }: { part: Part }) => {
    if (part.type === 'tool-call') return { called: part.toolName }
    return part.type === 'finish-step' ? { steps: { [part.finishReason]: 1 } } : undefined
  }
  await result.toUIMessageStream({ messageMetadata: messageMetadata as never }).cancel()
  gate.resolve()
  await result.finished
  expect((await answersIn(memory))[0]?.metadata).toMatchObject({ called: 'slow', steps: { stop: 1 } })
})

it('gives an application its own start', async () => {
  const memory = openMemory()
  const result = await agentOf(memory).stream('Hi', at)
  const own = { author: 'The helper' }
  expect((await clientOf(result, { messageMetadata: (() => own) as never }))?.metadata).toEqual(own)
  expect((await answersIn(memory))[0]?.metadata).toEqual(own)
})

test.each<[string, () => unknown]>([
  ['is no object', () => 'a text'],
  ['is too large', () => ({ text: 'x'.repeat(70_000) })],
])('metadata that %s is lost with a word to the log, and the answer is stored', async (_, value) => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
  onTestFinished(() => warned.mockRestore())
  const memory = openMemory()
  const result = await agentOf(memory).stream('Hi', at)
  await clientOf(result, {
    messageMetadata: (({ part }: { part: Part }) => (part.type === 'finish' ? value() : undefined)) as never,
  }).catch(() => {})
  expect(await result.finished).toEqual({ status: 'complete' })
  expect((await answersIn(memory))[0]?.metadata).toEqual({ author })
  expect(warned).toHaveBeenCalledTimes(1)
})

it('keeps the turn where the application fails', async () => {
  const memory = openMemory()
  const result = await agentOf(memory).stream('Hi', at)
  const messageMetadata = () => {
    throw new Error('mine')
  }
  await clientOf(result, { messageMetadata, onError: () => 'Sorry.' }).catch(() => {})
  expect(await result.finished).toEqual({ status: 'complete' })
  expect((await answersIn(memory))[0]?.metadata).toEqual({ author })
})

it('is there in a chat after a reload, and sent again is no change', async () => {
  const memory = openMemory()
  const respond = (result: AgentStream) => result.toUIMessageStreamResponse({ messageMetadata: usage as never })
  const scene = openChat({ script: ['Hello.', 'Again.'], memory, respond })
  await scene.chat.sendMessage({ text: 'Hi', metadata: { device: 'phone' } })
  await scene.chat.sendMessage({ text: 'And now?' })
  await scene.expectSame()
  const { messages } = await memory.listMessages({ ...at, perPage: false })
  expect(messages.map(({ metadata }) => metadata)).toEqual(scene.chat.messages.map(({ metadata }) => metadata))
  expect(messages[0]?.metadata).toEqual({ device: 'phone' })
})

it('of a turn that goes on is added to what is there', async () => {
  const memory = openMemory()
  const pay = tool({ inputSchema: z.object({}), needsApproval: true, execute: async () => 'paid' })
  const model = scriptedModel({ script: [callTool('pay'), 'Done.'] })
  const agent = new Agent({ name: 'Support', memory, model, tools: { pay } })
  await clientOf(await agent.stream('Pay', at), { messageMetadata: (() => ({ first: 1 })) as never })
  const [answer] = await answersIn(memory)
  const parts = answer?.parts.map((part) => {
    if (part.state !== 'approval-requested') return part
    return { ...part, state: 'approval-responded', approval: { ...(part.approval as object), approved: true } }
  })
  const result = await agent.stream([{ ...answer, parts }] as never, at)
  await result.toUIMessageStream({ messageMetadata: (() => ({ second: 2 })) as never }).cancel()
  await result.finished
  expect((await answersIn(memory)).map(({ metadata }) => metadata)).toEqual([{ author, first: 1, second: 2 }])
})
