// Results of tools that are large: whole as far as a message holds them, an error that the model sees beyond that.
import { type Tool, tool } from 'ai'
import { Agent, type Memory } from 'aquifer'
import { callTool, callTools, scriptedModel } from 'aquifer/testing'
import { describe, expect, it, test } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { at, attempt, storedIn, ways } from './aftermath.ts'

const page = tool({
  description: 'Answers that many characters.',
  inputSchema: z.object({ size: z.number() }),
  execute: async ({ size }) => 'x'.repeat(size),
})
const limits = { messageBytes: 16_000 }

async function partsOf(memory: Memory) {
  const { messages } = await memory.listMessages({ ...at, perPage: false })
  return messages.flatMap(({ parts }) => parts).filter(({ type }) => type.startsWith('tool-'))
}

const ask = (size: number) => callTool('page', { size })
const two = (size: number) => callTools([size, size].map((one) => ({ toolName: 'page', input: { size: one } })))

describe.each(ways)('%s with a result of a tool', (way) => {
  test.each([
    ['that just fits', [ask(14_990)], ['output-available']],
    ['that is too large', [ask(15_000)], ['output-error']],
    ['that is larger than any message', [ask(20_000)], ['output-error']],
    ['that fits after another that did not', [ask(20_000), ask(14_000)], ['output-error', 'output-available']],
    ['next to another', [two(7_000)], ['output-available', 'output-available']],
    ['that does not fit next to another', [two(8_000)], ['output-available', 'output-error']],
    ['after another', [ask(7_000), ask(7_000)], ['output-available', 'output-available']],
    [
      'that does not fit after another',
      [ask(9_000), ask(9_000), ask(1_000)],
      ['output-available', 'output-error', 'output-available'],
    ],
  ])('%s goes on', async (_, script, states) => {
    const memory = openMemory({ limits })
    const model = scriptedModel({ script: [...script, 'Done.'] })
    const { error, text } = await attempt({ way, memory, agent: { model, tools: { page } } })
    expect([error, text]).toEqual([null, 'Done.'])
    const parts = await partsOf(memory)
    expect(parts.map(({ state }) => state)).toEqual(states)
    for (const { state, errorText, output, input } of parts) {
      if (state === 'output-available') expect(output).toHaveLength((input as { size: number }).size)
      else expect(errorText).toMatch(/result of the tool "page" is [\d,]+ bytes and was not kept/)
    }
    // The model that ran the tool saw the same.
    expect(model.calls.at(-1)?.transcript.includes('was not kept')).toBe(states.includes('output-error'))
    expect(await storedIn(memory)).toHaveLength(4)
  })
})

test.each(ways)('%s counts what a tool shows of its result, and shows why nothing is shown', async (way) => {
  const memory = openMemory({ limits })
  const shot = (size: number): Tool =>
    tool({
      inputSchema: z.object({}),
      execute: async () => ({ taken: size }),
      toModelOutput: () => ({ type: 'text', value: 'x'.repeat(size) }),
    })
  const tools = {
    small: shot(9_000),
    large: shot(9_000),
    odd: { ...shot(1), toModelOutput: () => ({ type: 'json', value: 1n }) } as unknown as Tool,
  }
  const model = scriptedModel({ script: [callTool('small'), callTool('large'), callTool('odd'), 'Done.'] })
  const { error, text } = await attempt({ way, memory, agent: { model, tools } })
  expect([error, text]).toEqual([null, 'Done.'])
  expect(await partsOf(memory)).toMatchObject([
    { output: { taken: 9_000 }, modelOutput: { type: 'text' } },
    {
      output: { taken: 9_000 },
      modelOutput: { type: 'error-text', value: expect.stringMatching(/shows of its result is 9,\d+ bytes/) },
    },
    { output: { taken: 1 }, modelOutput: { type: 'error-text', value: expect.stringContaining('no JSON') } },
  ])
  expect(model.calls.at(-1)?.transcript).toContain('was not kept')
})

it('takes a picture of 3.2 MB as it is, next to what models see of it', async () => {
  const memory = openMemory()
  const data = Buffer.alloc(3_200_000, 7).toString('base64')
  const shot = tool({
    inputSchema: z.object({}),
    execute: async () => ({ data }),
    toModelOutput: () => ({
      type: 'content',
      value: [{ type: 'file', mediaType: 'image/png', data: { type: 'data', data } }],
    }),
  })
  const agent = new Agent({
    name: 'A',
    memory,
    model: scriptedModel({ script: [callTool('shot'), 'Seen.'] }),
    tools: { shot },
  })
  await agent.generate('Look', at)
  expect(await partsOf(memory)).toMatchObject([{ output: { data }, modelOutput: { value: [{ data: { data } }] } }])
})

it('counts what the turn has stored before it goes on', async () => {
  const memory = openMemory({ limits })
  const approved = { ...page, needsApproval: true } as Tool
  const model = scriptedModel({
    script: [
      callTools([
        { toolName: 'page', input: { size: 9_000 } },
        { toolName: 'approved', input: { size: 9_000 } },
      ]),
      'Done.',
    ],
  })
  const agent = new Agent({ name: 'A', memory, model, tools: { page, approved } })
  await agent.generate('Go', at)
  const { messages } = await memory.listMessages(at)
  const answer = messages.at(-1)
  const parts = answer?.parts.map((part) => {
    if (part.state !== 'approval-requested') return part
    return { ...part, state: 'approval-responded', approval: { ...(part.approval as object), approved: true } }
  })
  const { text } = await agent.generate([{ ...answer, parts }] as never, at)
  expect(text).toBe('Done.')
  expect((await partsOf(memory)).map(({ state }) => state)).toEqual(['output-available', 'output-error'])
})

it('is checked without memory as well', async () => {
  const odd = tool({ inputSchema: z.object({}), execute: async () => 10n })
  const model = scriptedModel({ script: [callTool('odd'), 'Done.'] })
  expect((await new Agent({ name: 'A', model, tools: { odd } }).generate('Go')).text).toBe('Done.')
  expect(model.calls.at(-1)?.transcript).toContain('BigInt')
})
