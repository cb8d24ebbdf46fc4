// Providers that give an id to more than one call: no call and no result is lost, or goes to another one.

import { tool } from 'ai'
import { Agent, type Memory } from 'aquifer'
import { callTools, promptProblems, type ScriptedModel, say, scriptedModel, threadProblems } from 'aquifer/testing'
import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import { z } from 'zod'
import type { LanguageModelObject } from '../../src/derive/provider-model.ts'
import { openMemory } from '../memory/opened.ts'
import { runRandom } from '../random-runs.ts'
import { at, type Way, ways } from './aftermath.ts'

const weather = tool({
  description: 'Tells the weather.',
  inputSchema: z.object({ city: z.number() }),
  execute: async ({ city }) => `weather of ${city}`,
})

/** Ids of calls: for each turn its steps, for each step its calls. */
type Ids = readonly (readonly (readonly string[])[])[]

/** A model that makes these calls, each for another city, and ends each turn with a text. */
function modelFor(turns: Ids): ScriptedModel {
  let city = 0
  const script = turns.flatMap((steps) => [
    ...steps.map((ids) =>
      callTools(ids.map((toolCallId) => ({ toolName: 'weather', input: { city: city++ }, toolCallId }))),
    ),
    say('Done.'),
  ])
  return scriptedModel({ script: [...script, 'Last.'] })
}

async function run(way: Way, turns: Ids): Promise<{ readonly memory: Memory; readonly model: ScriptedModel }> {
  const memory = openMemory({ options: { lastMessages: 100 } })
  const model = modelFor(turns)
  const agent = new Agent({ name: 'Support', model, memory, tools: { weather } })
  for (const _ of [...turns, []]) {
    if (way === 'generate') await agent.generate('How is it?', at)
    else await (await agent.stream('How is it?', at)).finished
  }
  return { memory, model }
}

async function expectAllKept(way: Way, turns: Ids): Promise<void> {
  const { memory, model } = await run(way, turns)
  const count = turns.flat(2).length
  const { messages } = await memory.listMessages({ ...at, perPage: false })
  const calls = messages.flatMap(({ parts }) => parts).filter(({ type }) => type === 'tool-weather')
  expect(threadProblems(messages)).toEqual([])
  expect(new Set(calls.map(({ toolCallId }) => toolCallId)).size).toBe(count)
  expect(calls.map(({ input, output }) => [input, output])).toEqual(
    Array.from({ length: count }, (_, city) => [{ city }, `weather of ${city}`]),
  )
  expect(model.calls.flatMap((call) => promptProblems(call.messages))).toEqual([])
  const last = model.calls.at(-1)?.transcript ?? ''
  for (let city = 0; city < count; city++) expect(last).toContain(`weather of ${city}`)
}

test.each(
  ways.flatMap((way) => [
    [way, 'in each turn', [[['call_0']], [['call_0']], [['call_0']]]] as const,
    [way, 'in each step', [[['call_0'], ['call_0'], ['call_0']]]] as const,
    [way, 'twice in a step', [[['call_0', 'call_0', 'call_0']]]] as const,
    [way, 'after one that looks like a new one', [[['call_0', 'call_0_2'], ['call_0']]]] as const,
    [way, 'never', [[['a', 'b'], ['c']], [['d']]]] as const,
  ]),
)('%s keeps calls of an id that is used again %s', async (way, _, turns) => {
  await expectAllKept(way, turns)
})

it('keeps all calls, whatever their ids', async () => {
  const id = fc.constantFrom('call_0', 'call_1', 'call_0_2', 'x')
  const turns = fc.array(fc.array(fc.array(id, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  })
  await runRandom(fc.asyncProperty(fc.constantFrom(...ways), turns, expectAllKept), 15)
})

it('leaves ids alone that occur once', async () => {
  const { memory } = await run('stream', [[['a', 'b'], ['c']]])
  const { messages } = await memory.listMessages({ ...at, perPage: false })
  const ids = messages.flatMap(({ parts }) => parts).flatMap(({ toolCallId }) => toolCallId ?? [])
  expect(ids).toEqual(['a', 'b', 'c'])
})

test.each(ways)('%s gives an id to calls without one, and leaves those that the provider runs', async (way) => {
  const own = { type: 'tool-call', toolName: 'weather', input: '{"city":1}' }
  const provided = { ...own, toolCallId: 'srv_1', providerExecuted: true, dynamic: true, toolName: 'search' }
  const result = { type: 'tool-result', toolCallId: 'srv_1', toolName: 'search', result: { found: 1 }, dynamic: true }
  const done = { type: 'text', text: 'Done.' }
  const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } }
  const steps = [
    [provided, result, { ...own, toolCallId: '' }, { ...own, toolCallId: '' }],
    [provided, result, done],
  ]
  const finish = { finishReason: { unified: 'stop', raw: undefined }, usage }
  const streamed = (content: readonly object[]) =>
    content.flatMap((part) =>
      part === done
        ? [
            { type: 'text-start', id: '1' },
            { type: 'text-delta', id: '1', delta: 'Done.' },
            { type: 'text-end', id: '1' },
          ]
        : [part],
    )
  let step = 0
  const model = {
    specificationVersion: 'v4',
    provider: 'p',
    modelId: 'm',
    supportedUrls: {},
    doGenerate: async () => ({ content: steps[step++], warnings: [], ...finish }),
    doStream: async () => ({
      stream: ReadableStream.from([
        { type: 'stream-start', warnings: [] },
        ...streamed(steps[step++] ?? []),
        { type: 'finish', ...finish },
      ]),
    }),
  } as unknown as LanguageModelObject
  const memory = openMemory()
  const agent = new Agent({ name: 'Support', model: Object.freeze(model), memory, tools: { weather } })
  if (way === 'generate') await agent.generate('How is it?', at)
  else await (await agent.stream('How is it?', at)).finished
  const { messages } = await memory.listMessages({ ...at, perPage: false })
  const ids = messages.flatMap(({ parts }) => parts).flatMap(({ toolCallId }) => toolCallId ?? [])
  expect(ids).toEqual(['srv_1', 'call_2', 'call_3', 'srv_1'])
})
