// Answers in a shape that the caller asks for.
import { tool } from 'ai'
import { Agent, type CallOptions, type StandardSchema } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { at, attempt, storedIn, ways } from './aftermath.ts'

const schema = z.object({ city: z.string(), days: z.number() })
const trip = { city: 'Rome', days: 3 }

const look = tool({ description: 'Looks.', inputSchema: z.object({}), execute: async () => 'Rome' })

async function ask(agent: Agent, way: (typeof ways)[number], options: CallOptions): Promise<unknown> {
  if (way === 'generate') return (await agent.generate('Where to?', options)).object
  return (await agent.stream('Where to?', options)).object
}

describe.each(ways)('%s', (way) => {
  it.each([true, false])(
    'answers an object, and remembers it as it was said (with a thread: %s)',
    async (isRemembered) => {
      const memory = openMemory()
      const model = scriptedModel({ script: [callTool('look'), trip, 'next'] })
      const agent = new Agent({ name: 'Support', model, memory, tools: { look } })
      const options = { structuredOutput: { schema }, ...(isRemembered ? at : {}) }
      expect(await ask(agent, way, options)).toEqual(trip)
      expect(model.calls[1]?.responseFormat).toMatchObject({ type: 'json', schema: { required: ['city', 'days'] } })
      if (!isRemembered) return
      const said = `complete assistant [output-available "Rome"] "${JSON.stringify(trip)}"`
      // An object is there before its stream is stored.
      await expect.poll(() => storedIn(memory)).toEqual(['complete user "Where to?"', said])
      await agent.generate('And then?', at)
      expect(model.calls[2]?.said).toContain(JSON.stringify(trip))
      expect(model.calls[2]?.responseFormat?.type).not.toBe('json')
    },
  )

  it.each([
    ['is no JSON', 'Rome, I think'],
    ['does not fit', { city: 'Rome' }],
  ])('fails where what the model says %s, and keeps what it said', async (_, said) => {
    const { error, stored } = await attempt({ way, script: [said], call: { structuredOutput: { schema } } })
    // The text of a stream is there all the same; its object is not.
    if (way === 'generate') expect(error).toMatchObject({ name: 'AI_NoObjectGeneratedError' })
    expect(stored[0]).toMatch(/ user "hello"$/)
    const model = scriptedModel({ script: [said] })
    const agent = new Agent({ name: 'Support', model, memory: openMemory() })
    await expect(ask(agent, way, { ...at, structuredOutput: { schema } })).rejects.toThrow(/No object generated/)
  })
})

it('streams the object as it grows', async () => {
  const model = scriptedModel({ script: [trip] })
  const agent = new Agent({ name: 'Support', model, memory: openMemory() })
  const result = await agent.stream('Where to?', { ...at, structuredOutput: { schema } })
  const seen: unknown[] = []
  for await (const part of result.objectStream) seen.push(part)
  expect(seen.length).toBeGreaterThan(1)
  expect(seen.at(-1)).toEqual(trip)
  expect(await result.object).toEqual(trip)
})

it('takes a schema of another library', async () => {
  const json = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
  const other = {
    '~standard': {
      version: 1,
      vendor: 'other',
      validate: (value: unknown) => ({ value }),
      jsonSchema: { input: () => json, output: () => json },
    },
  } as unknown as StandardSchema
  const model = scriptedModel({ script: [{ city: 'Rome' }] })
  const agent = new Agent({ name: 'Support', model })
  expect((await agent.generate('Where to?', { structuredOutput: { schema: other } })).object).toEqual({ city: 'Rome' })
  expect(model.calls[0]?.responseFormat).toMatchObject({ schema: json })
})
