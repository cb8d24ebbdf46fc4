// A process that sleeps inside a tool, or before it, and wakes up after another one has carried its run on.
import { tool } from 'ai'
import { Agent, createTool, Memory, type Storage } from 'aquifer'
import { callTool, promptProblems, type ScriptedModelOptions, scriptedModel, threadProblems } from 'aquifer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { hour, ManualClock } from '../memory/opened.ts'

const at = { resourceId: 'ann', threadId: 't' }

function open(storage: Storage, clock: ManualClock, script: ScriptedModelOptions['script'], run: () => unknown) {
  const memory = new Memory({ storage, clock, background: false, embedder: false })
  const model = scriptedModel({ script })
  const add = tool({ inputSchema: z.object({ a: z.number() }), execute: async () => run() })
  return { memory, model, agent: new Agent({ name: 'Clerk', memory, model, tools: { add } }) }
}

it('a run that only read, and ended between two steps, is carried on', async () => {
  const clock = new ManualClock()
  const storage = await SqliteStorage.open({
    ...{ id: 'drivers', path: ':memory:', durability: 'process', clock, busyTimeoutMs: 5_000 },
  })
  onTestFinished(() => storage.close())
  let reads = 0
  const look = createTool({
    id: 'look',
    description: 'Looks.',
    inputSchema: z.object({}),
    readOnly: true,
    execute: async () => ++reads,
  })
  const agentOn = (script: ScriptedModelOptions['script']) => {
    const memory = new Memory({ storage, clock, background: false, embedder: false })
    return new Agent({ name: 'Clerk', memory, model: scriptedModel({ script }), tools: { look } })
  }
  const asleep = Promise.withResolvers<void>()
  const never = async () => {
    asleep.resolve()
    return new Promise<never>(() => {})
  }
  const stop = new AbortController()
  const slept = agentOn([callTool('look', {}), never]).generate('Go', { ...at, abortSignal: stop.signal })
  await asleep.promise
  clock.pass(hour)
  await sweep(storage)
  expect((await agentOn(['Carried on.']).recover()).map(({ status }) => status)).toEqual(['complete'])
  expect(reads).toBe(1)
  stop.abort()
  await expect(slept).rejects.toThrow()
})

describe.each(['inside a tool', 'before a model answers'])('a process that sleeps %s', (where) => {
  it.each(['generate', 'stream'])('changes nothing when it wakes up: %s', async (way) => {
    const clock = new ManualClock()
    const storage = await SqliteStorage.open({
      ...{ id: 'drivers', path: ':memory:', durability: 'process', clock, busyTimeoutMs: 5_000 },
    })
    onTestFinished(() => storage.close())
    const asleep = Promise.withResolvers<void>()
    const awake = Promise.withResolvers<void>()
    const sleep = () => {
      asleep.resolve()
      return awake.promise
    }
    let effects = 0
    const inTool = where === 'inside a tool'
    const first = open(
      storage,
      clock,
      [
        callTool('add', { a: 1 }),
        async () => {
          await sleep()
          return callTool('add', { a: 2 })
        },
        'Late.',
      ],
      async () => {
        effects += 1
        if (inTool) await sleep()
        return 'added'
      },
    )
    const slow =
      way === 'generate'
        ? first.agent.generate('Go', at).then(
            ({ status }) => status,
            () => 'refused',
          )
        : first.agent.stream('Go', at).then(async ({ finished }) => (await finished).status)
    await asleep.promise
    // A stream asks for the next step while the last one is being stored.
    const stored = async () => JSON.stringify((await first.memory.listMessages(at)).messages)
    if (!inTool) await expect.poll(stored).toContain('output-available')
    clock.pass(hour)
    await sweep(storage)
    const second = open(storage, clock, ['Carried on.'], () => {
      effects += 1
    })
    expect((await second.agent.recover()).map(({ status }) => status)).toEqual(['complete'])
    const whole = await second.memory.listMessages({ ...at, perPage: false })
    awake.resolve()
    expect(['refused', 'failed', 'aborted']).toContain(await slow)
    expect(effects).toBe(1)
    expect((await second.memory.listMessages({ ...at, perPage: false })).messages).toEqual(whole.messages)
    expect(threadProblems(whole.messages)).toEqual([])
    expect(second.model.calls.flatMap(({ messages }) => promptProblems(messages))).toEqual([])
    expect(second.model.calls[0]?.transcript.includes('may have had its effect')).toBe(inTool)
  })
})
