// The same request sent again while the first one is at work: both get the one answer.
import { tool } from 'ai'
import { Agent, type AgentInput, type CallOptions, type Memory } from 'aquifer'
import { callTool, failWith, type ScriptedModelOptions, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory, refused, temporaryUrl } from '../memory/opened.ts'
import { at, storedIn, ways } from './aftermath.ts'

const user = (text: string, id?: string) => ({
  ...(id === undefined ? {} : { id }),
  role: 'user' as const,
  content: text,
})

/** An agent whose model waits until it is let go on. */
function openScene(
  memory: Memory = openMemory(),
  script: NonNullable<ScriptedModelOptions['script']> = ['one', 'two'],
) {
  const gate = Promise.withResolvers<void>()
  const steps = [...(script as readonly unknown[])]
  const model = scriptedModel({
    answer: async ({ number }) => {
      await gate.promise
      return steps[number - 1] ?? 'more'
    },
  })
  const look = tool({ description: 'Looks.', inputSchema: z.object({}), execute: () => ({ sun: 1 }) })
  const agent = new Agent({ name: 'Support', model, memory, tools: { look } })
  const began = () => expect.poll(() => model.calls.length).toBe(1)
  return { memory, model, agent, gate, began }
}

type Scene = ReturnType<typeof openScene>

async function ask(
  { agent }: Pick<Scene, 'agent'>,
  way: 'generate' | 'stream',
  input: unknown,
  more: CallOptions = {},
) {
  const options = { ...at, maxRetries: 0, ...more }
  if (way === 'generate') {
    const { text, messageId, turnId, runId, warnings } = await agent.generate(input as AgentInput, options)
    return { text, messageId, turnId, runId, warnings }
  }
  const stream = await agent.stream(input as AgentInput, options)
  const [text, warnings] = [await stream.text, await stream.warnings]
  const { messageId, turnId, runId } = stream
  await stream.finished
  return { text, messageId, turnId, runId, warnings }
}

const requests: Readonly<Record<string, AgentInput>> = {
  'with an id': [user('hello', 'u1')] as AgentInput,
  'of two without ids': [user('well'), user('hello')] as AgentInput,
}

describe.each(ways)('%s', (way) => {
  it.each(Object.entries(requests))('a request %s, sent twice at once, is answered once', async (_, input) => {
    const scene = openScene()
    const both = [ask(scene, way, input), ask(scene, way, input)]
    await scene.began()
    scene.gate.resolve()
    const [first, second] = await Promise.all(both)
    expect(second?.warnings).toMatchObject([{ message: expect.stringContaining('The same request') }])
    expect({ ...second, warnings: [] }).toEqual({ ...first, warnings: [] })
    expect(first).toMatchObject({ text: 'one', messageId: expect.stringMatching(/^msg_/), runId: expect.any(String) })
    expect(scene.model.calls).toHaveLength(1)
    expect((await storedIn(scene.memory)).filter((line) => line.includes('hello'))).toHaveLength(1)
    await refused('conflict', () => ask(scene, way, input))
  })

  it('sent again in another process, it gets the answer as well', async () => {
    const url = temporaryUrl()
    const [here, there] = [openScene(openMemory({ storage: url })), openScene(openMemory({ storage: url }))]
    const first = ask(here, way, requests['with an id'])
    await here.began()
    const second = ask(there, way, requests['with an id'])
    here.gate.resolve()
    expect((await second).messageId).toBe((await first).messageId)
    expect(there.model.calls).toEqual([])
  })

  it('answers it itself, in the same place, where the first one fails', async () => {
    const scene = openScene(openMemory(), [failWith(new Error('overloaded')), 'two'])
    const [first, second] = [ask(scene, way, requests['with an id']), ask(scene, way, requests['with an id'])]
    const failed = first.catch((error: unknown) => error)
    await scene.began()
    scene.gate.resolve()
    await failed
    expect(await second).toMatchObject({ text: 'two', warnings: [] })
    expect(await storedIn(scene.memory)).toEqual(['complete user "hello"', 'complete assistant "two"'])
  })
})

it('brings along the calls of tools, and the object that was asked for', async () => {
  const script = [callTool('look', {}), '{"word":"sun"}']
  const scene = openScene(openMemory(), script as never)
  const structuredOutput = { schema: z.object({ word: z.string() }) }
  const input = requests['with an id'] as AgentInput
  const first = scene.agent.generate(input, { ...at, structuredOutput })
  await scene.began()
  const second = scene.agent.generate(input, { ...at, structuredOutput })
  const third = scene.agent.stream(input, at)
  scene.gate.resolve()
  expect((await first).object).toEqual({ word: 'sun' })
  expect((await second).object).toEqual({ word: 'sun' })
  expect(JSON.stringify((await second).content)).toContain('"sun":1')
  const chunks: { type: string; messageId?: string }[] = []
  for await (const chunk of (await third).toUIMessageStream()) chunks.push(chunk as never)
  expect(chunks[0]).toMatchObject({ type: 'start', messageId: (await first).messageId })
  expect(chunks.map(({ type }) => type)).toContain('tool-output-available')
  expect(scene.model.calls).toHaveLength(2)
})

it('does not take the answer of another agent for its own', async () => {
  const memory = openMemory()
  const scene = openScene(memory)
  const other = new Agent({ name: 'Other', model: scriptedModel({ script: ['other'] }), memory })
  const first = ask(scene, 'generate', requests['with an id'])
  await scene.began()
  const second = refused('conflict', () => ask({ agent: other }, 'generate', requests['with an id']))
  scene.gate.resolve()
  expect((await second).details).toMatchObject({ answeredBy: (await first).messageId })
})

it('a new message waits for its own turn', async () => {
  const scene = openScene()
  const first = ask(scene, 'generate', requests['with an id'])
  await scene.began()
  const second = ask(scene, 'generate', [user('hello', 'u2')])
  scene.gate.resolve()
  expect([(await first).text, (await second).text]).toEqual(['one', 'two'])
})

it('stops waiting when its signal says so, and leaves the first one alone', async () => {
  const scene = openScene()
  const first = ask(scene, 'generate', requests['with an id'])
  await scene.began()
  const stop = new AbortController()
  const second = ask(scene, 'generate', requests['with an id'], { abortSignal: stop.signal })
  stop.abort(new Error('enough'))
  await expect(second).rejects.toThrow('enough')
  scene.gate.resolve()
  expect((await first).text).toBe('one')
})
