// An edited question, or an answer given again: the old turns stand until there is something in their place.
import { Agent, type AgentInput, type AgentOptions, type CallOptions, type Memory } from 'aquifer'
import { callTool, failWith, type ScriptedModel, scriptedModel, stall } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { openMemory, refused } from '../memory/opened.ts'
import { at } from './aftermath.ts'

const asked = (text: string, id: string) => ({ id, role: 'user' as const, parts: [{ type: 'text' as const, text }] })

async function texts(memory: Memory, more: object = {}): Promise<string[]> {
  const { messages } = await memory.listMessages({ ...at, ...more })
  return messages.map(({ parts }) => parts.map(({ text = '' }) => String(text)).join(''))
}

const whole = ['q1', 'a1', 'q2', 'a2', 'q3', 'a3']

interface Scene {
  readonly memory: Memory
  /** An agent whose model follows a script. */
  agent(script: Parameters<typeof scriptedModel>[0]['script'] & object, more?: Partial<AgentOptions>): Answering
}

interface Answering {
  readonly agent: Agent
  readonly model: ScriptedModel
}

/** Three questions, each with its answer. */
async function openScene(): Promise<Scene> {
  const memory = openMemory()
  const agent: Scene['agent'] = (script, more = {}) => {
    const model = scriptedModel({ script })
    return { model, agent: new Agent({ name: 'Helper', model, memory, ...more }) }
  }
  const { agent: first } = agent(['a1', 'a2', 'a3'])
  for (const question of ['q1', 'q2', 'q3']) await first.generate([asked(question, question)], at)
  expect(await texts(memory)).toEqual(whole)
  return { memory, agent }
}

/** What replaces turns: the messages of a call, and its options. */
const calls: Readonly<Record<string, readonly [AgentInput, Partial<CallOptions>]>> = {
  'an edit of the first question': [[asked('q1 edited', 'q1')], {}],
  'another answer to the last one': [[asked('q3', 'q3')], { trigger: 'regenerate-message' }],
}

const no = ({ abort }: { abort: (reason: string) => never }) => abort('no')

/** What ends a call before it has kept anything of an answer: its script and its processors. */
const ends: Readonly<Record<string, readonly [Parameters<Scene['agent']>[0], Partial<AgentOptions>]>> = {
  'a guardrail of the input': [['bad'], { inputProcessors: [{ id: 'g', processInput: no }] }],
  'a guardrail of the context': [['bad'], { inputProcessors: [{ id: 'g', processContext: no }] }],
  'a guardrail of the answer': [['bad'], { outputProcessors: [{ id: 'g', processOutputResult: no }] }],
  'a guardrail of the stream': [['bad'], { outputProcessors: [{ id: 'g', processOutputStream: no }] }],
  'a model that fails': [[failWith(new Error('503 overloaded'))], {}],
}

describe.each(Object.keys(calls))('%s', (name) => {
  const [input, options] = calls[name] as (typeof calls)[string]

  it.each(Object.keys(ends))('leaves the thread as it was if it meets %s', async (end) => {
    // A whole answer is no stream to look at.
    for (const way of end === 'a guardrail of the stream' ? (['stream'] as const) : (['generate', 'stream'] as const)) {
      const scene = await openScene()
      const [script, more] = ends[end] as (typeof ends)[string]
      const { agent } = scene.agent(script, more)
      const how = { ...at, ...options, maxRetries: 0, onError() {} }
      const call = async () => {
        if (way === 'generate') await agent.generate(input, how)
        else await (await agent.stream(input, how)).finished
      }
      await call().catch(() => {})
      expect(await texts(scene.memory, { includeInternal: true })).toEqual(whole)
      expect((await scene.memory.getThreadById(at))?.messageCount).toBe(6)
      for (const word of ['a2', 'a3']) {
        const { messages } = await scene.memory.recall({ ...at, query: word })
        expect(messages.map(({ parts }) => parts.at(-1)?.text)).toContain(word)
      }
    }
  })

  it('leaves the thread as it was if it is stopped before the answer begins', async () => {
    const scene = await openScene()
    const { agent, model } = scene.agent([stall()])
    const stop = new AbortController()
    const { finished } = await agent.stream(input, { ...at, ...options, abortSignal: stop.signal })
    await expect.poll(() => model.calls.length).toBe(1)
    const shown = (await scene.memory.listMessages(at)).messages
    expect(shown.map(({ turnStatus }) => turnStatus)).toEqual([...whole.map(() => 'complete'), 'replacing'])
    stop.abort()
    expect((await finished).status).toBe('aborted')
    expect(await texts(scene.memory)).toEqual(whole)
  })

  it('replaces what it names once it has an answer', async () => {
    const scene = await openScene()
    const { agent } = scene.agent(['better'])
    await agent.generate(input, { ...at, ...options })
    const kept = name.startsWith('an edit') ? ['q1 edited'] : [...whole.slice(0, 5)]
    expect(await texts(scene.memory)).toEqual([...kept, 'better'])
  })
})

it('keeps the old turns in the prompts of others while there is no answer, and out of its own', async () => {
  const scene = await openScene()
  const recalling = { defaultOptions: { memory: { options: { semanticRecall: { topK: 5 } } } } }
  const slow = scene.agent([stall()], recalling)
  const stop = new AbortController()
  const how = { ...at, abortSignal: stop.signal }
  const { finished } = await slow.agent.stream([asked('q2 edited, about a3', 'q2')], how)
  await expect.poll(() => slow.model.calls.length).toBe(1)
  expect(slow.model.calls[0]?.said).toEqual(['q1', 'a1', 'q2 edited, about a3'])
  const other = scene.agent(['hello'])
  await other.agent.generate('q4', { ...at, memory: { options: { turns: 'parallel' } } })
  expect(other.model.calls[0]?.said).toEqual([...whole, 'q4'])
  stop.abort()
  await finished
})

it('tells the slower of two tabs that the other has answered, and ends its turn', async () => {
  const scene = await openScene()
  const ready = Promise.withResolvers<void>()
  const model = scriptedModel({
    answer: async () => {
      await ready.promise
      return 'slow'
    },
  })
  const slow = new Agent({ name: 'Slow', model, memory: scene.memory })
  const fast = scene.agent(['fast'])
  const parallel = { ...at, memory: { options: { turns: 'parallel' } } } as const
  const late = slow.generate([asked('q1 edited', 'q1')], parallel)
  await expect.poll(() => model.calls.length).toBe(1)
  const { turnId } = await fast.agent.generate([asked('q3', 'q3')], { ...parallel, trigger: 'regenerate-message' })
  ready.resolve()
  const error = await refused('conflict', () => late)
  expect(error.details.overtakenBy).toBe(turnId)
  expect(await texts(scene.memory)).toEqual([...whole.slice(0, 5), 'fast'])
  const { runs } = await scene.memory.listRuns({ resourceId: at.resourceId, threadId: at.threadId })
  expect(runs.map(({ status }) => status).toSorted()).toEqual(['aborted', ...Array(4).fill('complete')])
})

it('keeps what memory’s own tools did out of the answer that counts', async () => {
  const scene = await openScene()
  const failing = scene.agent([
    callTool('updateWorkingMemory', { text: 'Likes tea.', version: null }),
    failWith(new Error('503 overloaded')),
  ])
  const options = {
    ...at,
    maxRetries: 0,
    trigger: 'regenerate-message',
    memory: { options: { workingMemory: { template: 'Likes:' } } },
  } as const
  await expect(failing.agent.generate([asked('q3', 'q3')], options)).rejects.toThrow('503')
  expect(await texts(scene.memory)).toEqual(whole)
})
