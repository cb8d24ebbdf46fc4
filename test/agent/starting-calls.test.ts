// The start of a call is stored under the turn's lease before its tool runs, however the answer itself is stored.
import { tool } from 'ai'
import { Agent, type AgentOptions, Memory } from 'aquifer'
import { callTool, callTools, type ScriptedModelOptions, scriptedModel } from 'aquifer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { hour, ManualClock, openMemory } from '../memory/opened.ts'
import { dyingStorage } from './dying-storage.ts'

const at = { resourceId: 'ann', threadId: 't' }

interface Mode {
  readonly agent?: Partial<AgentOptions>
  readonly call?: { readonly savePerStep?: boolean }
}

const modes: readonly (readonly [string, Mode])[] = [
  ['stored step by step', {}],
  ['seen by a processor part by part', { agent: { outputProcessors: [{ processOutputStream: ({ part }) => part }] } }],
  [
    'seen by a processor as a whole',
    { agent: { outputProcessors: [{ processOutputResult: ({ messages }) => messages }] } },
  ],
  ['stored at its end', { call: { savePerStep: false } }],
]

type Way = 'generate' | 'stream'
const cases = (['generate', 'stream'] as const).flatMap((way) =>
  modes.map(([name, mode]) => [way, name, mode] as const),
)

function agentWith(memory: Memory, script: ScriptedModelOptions['script'], run: (a: number) => unknown, mode: Mode) {
  const add = tool({ inputSchema: z.object({ a: z.number() }), execute: async ({ a }) => run(a) })
  const model = scriptedModel({ script })
  return { model, agent: new Agent({ name: 'Clerk', memory, model, tools: { add }, ...mode.agent }) }
}

/** Asks an agent; answers how the call ended. */
async function ended(agent: Agent, way: Way, { call }: Mode): Promise<string> {
  if (way === 'stream') return (await (await agent.stream('Go', { ...at, ...call })).finished).status
  const outcome = agent.generate('Go', { ...at, ...call })
  return outcome.then(
    ({ status }) => status,
    () => 'refused',
  )
}

const others = {
  'a deleted thread': async (memory: Memory) => void (await memory.deleteThread(at)),
  'a turn that was replaced': async (memory: Memory) => {
    const { messages } = await memory.listMessages(at)
    const { id, turnId } = messages[0] ?? {}
    const { agent } = agentWith(memory, ['Instead.'], () => 0, {})
    const place = { resource: at.resourceId, thread: at.threadId, options: { turns: 'parallel' } } as const
    await agent.generate([{ id, role: 'user', parts: [{ type: 'text', text: 'Other' }] }] as never, { memory: place })
    expect((await memory.listMessages(at)).messages.map((message) => message.turnId)).not.toContain(turnId)
  },
  'a turn that was closed': async (memory: Memory) => {
    const { messages } = await memory.listMessages(at)
    const turnId = messages[0]?.turnId as string
    const change = { kind: 'turn-close', threadId: at.threadId, turnId, status: 'aborted' } as const
    await memory.as({ kind: 'agent', id: 'clerk' }).space('resource/ann').commit([change])
  },
}

describe.each(Object.entries(others))('for %s no tool runs, and the model is not asked again', (_, act) => {
  it.each(cases)('%s, an answer %s', async (way, _name, mode) => {
    const memory = openMemory()
    const ran: number[] = []
    const meanwhile = async () => {
      await act(memory)
      return callTool('add', { a: 1 })
    }
    const { agent, model } = agentWith(
      memory,
      [meanwhile, callTool('add', { a: 2 }), 'Done.'],
      (a) => ran.push(a),
      mode,
    )
    expect(['refused', 'failed', 'aborted']).toContain(await ended(agent, way, mode))
    expect([ran, model.calls.length]).toEqual([[], 1])
  })
})

describe('a process that dies inside a tool', () => {
  it.each(cases)('does not make it run twice: %s, an answer %s', async (way, name, mode) => {
    const clock = new ManualClock()
    const storage = await SqliteStorage.open({
      ...{ id: 'starting', path: ':memory:', durability: 'process', clock, busyTimeoutMs: 5_000 },
    })
    onTestFinished(() => storage.close())
    const life = dyingStorage(storage)
    const options = { clock, background: false, embedder: false } as const
    const dead = new Memory({ ...options, storage: life.storage })
    const left = Promise.withResolvers<void>()
    const running = Promise.withResolvers<void>()
    const first = agentWith(
      dead,
      [callTool('add', { a: 1 })],
      () => {
        life.die()
        running.resolve()
        return left.promise
      },
      mode,
    )
    const dying = ended(first.agent, way, mode)
    await running.promise
    clock.pass(hour)
    await sweep(storage)
    const alive = new Memory({ ...options, storage })
    const ran: number[] = []
    const second = agentWith(
      alive,
      [({ transcript }) => (transcript.includes('may have had') ? 'I see.' : callTool('add', { a: 1 })), 'Done.'],
      (a) => ran.push(a),
      mode,
    )
    const [recovered] = await second.agent.recover()
    const isShown = name === 'stored step by step'
    expect([recovered?.status, ran]).toEqual([isShown ? 'complete' : 'failed', []])
    const run = await alive.getRun(recovered?.runId as string)
    expect([run?.status, run?.details?.error]).toEqual(isShown ? ['complete', undefined] : ['failed', 'call-lost'])
    expect(await second.agent.recover()).toEqual([])
    left.resolve()
    await dying
  })
})

it('an aborted call starts no tool whose start was being stored', async () => {
  const memory = openMemory()
  const abort = new AbortController()
  const ran: number[] = []
  const { agent } = agentWith(memory, [callTool('add', { a: 1 }), 'Done.'], (a) => ran.push(a), {})
  const onToolExecutionStart = () => abort.abort()
  const result = await agent.stream('Go', { ...at, abortSignal: abort.signal, onToolExecutionStart })
  expect([(await result.finished).status, ran]).toEqual(['aborted', []])
})

it.each(modes.slice(1))(
  'an answer %s is not stored before that, while one of its tools still runs',
  async (_, mode) => {
    const memory = openMemory()
    const gate = Promise.withResolvers<void>()
    const stored = Promise.withResolvers<unknown>()
    const run = async (a: number) => {
      if (a === 1) return 'secret'
      // The other tool has answered, and whatever would be saved of it is saved.
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
      stored.resolve((await memory.listMessages(at)).messages.filter(({ role }) => role === 'assistant'))
      return gate.promise
    }
    const calls = [1, 2].map((a) => ({ toolName: 'add', input: { a } }))
    const { agent } = agentWith(memory, [callTools(calls), 'Done.'], run, mode)
    const ending = ended(agent, 'stream', mode)
    const during = await stored.promise
    gate.resolve()
    expect([during, await ending]).toEqual([[], 'complete'])
  },
)
