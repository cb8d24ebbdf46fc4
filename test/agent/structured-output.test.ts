// Answers in a shape that the caller asks for.
import { tool } from 'ai'
import { Agent, type CallOptions, type StandardSchema } from 'aquifer'
import { callTool, failWith, type Step, say, scriptedModel, stall } from 'aquifer/testing'
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
    ['is cut off', say('{"city":"Ro', { finishReason: 'length' })],
    ['does not fit', { city: 'Rome' }],
    ['is filtered', say('{"city":', { finishReason: 'content-filter' })],
  ])('fails where what the model says %s, and keeps what it said', async (_, said) => {
    const { error, stored } = await attempt({ way, script: [said], call: { structuredOutput: { schema } } })
    expect(error).toMatchObject({ name: 'AI_NoObjectGeneratedError' })
    expect(stored).toEqual(['failed user "hello"', expect.stringMatching(/^failed assistant "/)])
    const model = scriptedModel({ script: [said] })
    const agent = new Agent({ name: 'Support', model, memory: openMemory() })
    await expect(ask(agent, way, { ...at, structuredOutput: { schema } })).rejects.toThrow(/No object generated/)
  })
})

/** How a turn ended: the states of its messages and of its run. */
async function ended(way: (typeof ways)[number], { script, ...options }: Case) {
  const memory = openMemory()
  const stop = new AbortController()
  const model = scriptedModel({ script: script(stop) })
  const agent = new Agent({ name: 'Support', model, memory, tools: { look, wait: { ...look, needsApproval: true } } })
  const call = { ...at, maxRetries: 0, abortSignal: stop.signal, onError: () => {}, ...options }
  let status = 'threw'
  if (way === 'stream') status = (await (await agent.stream('Where to?', call)).finished).status
  else await agent.generate('Where to?', call).catch(() => {})
  const { messages } = await memory.listMessages(at)
  const { runs } = await memory.listRuns({ resourceId: at.resourceId })
  const [run] = runs
  if (way === 'stream') expect(status).toBe(run?.status)
  // Only a thrown abort has a name that the run can record; the status says it in any case.
  const { error } = run?.status === 'aborted' ? {} : (run?.details ?? {})
  return { messages: messages.map(({ role, turnStatus }) => [role, turnStatus]), run: run?.status, error }
}

interface Case extends CallOptions {
  readonly script: (stop: AbortController) => readonly Step[]
}

const structuredOutput = { schema }
const stopped = (stop: AbortController) => () => {
  stop.abort()
  return stall()
}

it.each<[string, string, Case]>([
  ['an object', 'complete', { script: () => [trip], structuredOutput }],
  ['an object after calls', 'complete', { script: () => [callTool('look'), trip], structuredOutput }],
  [
    'words and a call, then an object',
    'complete',
    { script: () => [callTool('look', {}, { text: 'Let me see.' }), trip], structuredOutput },
  ],
  ['no object', 'failed', { script: () => ['Rome'], structuredOutput }],
  ['no object after calls', 'failed', { script: () => [callTool('look'), 'Rome'], structuredOutput }],
  ['nothing', 'failed', { script: () => [''], structuredOutput }],
  ['nothing before a limit', 'complete', { script: () => [say('', { finishReason: 'length' })], structuredOutput }],
  [
    'calls until its steps are used up',
    'complete',
    { script: () => [callTool('look')], structuredOutput, maxSteps: 1 },
  ],
  ['a call that waits', 'suspended', { script: () => [callTool('wait')], structuredOutput }],
  [
    'an object before a limit',
    'complete',
    { script: () => [say(JSON.stringify(trip), { finishReason: 'length' })], structuredOutput },
  ],
  ['a text', 'complete', { script: () => ['Rome'] }],
  ['a text that is cut off', 'complete', { script: () => [say('Ro', { finishReason: 'length' })] }],
  ['a text that is filtered', 'complete', { script: () => [say('', { finishReason: 'content-filter' })] }],
  ['nothing at all', 'complete', { script: () => [''] }],
  ['an error', 'failed', { script: () => [failWith(new Error('no'))] }],
  ['an error after calls', 'failed', { script: () => [callTool('look'), failWith(new Error('no'))] }],
  ['an abort', 'aborted', { script: (stop) => [stopped(stop)] }],
  ['an abort after calls', 'aborted', { script: (stop) => [callTool('look'), stopped(stop)], structuredOutput }],
  ['a time limit', 'aborted', { script: () => [stall()], timeout: 20 }],
])('a turn ends alike by generate and by stream: %s', async (_, status, reason) => {
  const [generated, streamed] = [await ended('generate', reason), await ended('stream', reason)]
  expect(generated.run).toBe(status)
  expect(streamed).toEqual(generated)
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
