// Tools as steps: what they get, what they are asked before, and what they wait for.

import { jsonSchema, tool } from 'ai'
import { createStep, createTool, RequestContext, type ToolCall } from 'aquifer'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { attempt } from './attempts.ts'

const place = { resourceId: 'ann', threadId: 't' }
const inputSchema = z.object({ to: z.string().default('Ann') })

function payTool(options: object = {}) {
  const calls: ToolCall[] = []
  const pay = createTool({
    id: 'pay',
    description: 'Pays.',
    inputSchema,
    outputSchema: z.object({ paid: z.string().transform((to) => to.length) }),
    execute: async ({ to }, call) => {
      calls.push(call)
      return { paid: to } as never
    },
    ...options,
  })
  return { pay, calls }
}

describe('the step of a tool', () => {
  it('takes the input of the tool and gives its result, each parsed once', async () => {
    const { pay, calls } = payTool()
    const memory = openMemory()
    const step = createStep(pay)
    expectTypeOf(step.types).toExtend<{ gives: { paid: number } } | undefined>()
    expect(step).toMatchObject({ id: 'pay', description: 'Pays.', interrupted: 'fail' })
    const requestContext = new RequestContext({ tier: 'pro' })
    const written: unknown[] = []
    const outcome = await attempt(step, {}, { memory, place, requestContext, written, callId: 'run_1/2/pay' })
    expect(outcome).toEqual({ output: { paid: 3 } })
    expect(calls[0]).toMatchObject({ ...place, space: 'resource/ann', runId: 'run_1', callId: 'run_1/2/pay' })
    expect([calls[0]?.memory, calls[0]?.requestContext]).toEqual([memory, requestContext])
    calls[0]?.write?.({ type: 'data-x', data: 1 })
    expect(written).toEqual([{ type: 'data-x', data: 1 }])
    await expect(attempt(step, { to: 5 }, { memory })).rejects.toThrow('to: ')
  })

  it('fails with the words of the tool where its result is refused', async () => {
    const { pay } = payTool({ execute: async () => ({ paid: 5 }) })
    await expect(attempt(createStep(pay), {}, { memory: openMemory() })).rejects.toThrow('outputSchema refuses')
  })

  it('runs again after an interruption only if that is safe', () => {
    expect(createStep(payTool({ readOnly: true }).pay).interrupted).toBe('rerun')
    expect(createStep(payTool({ retry: 'safe' }).pay).interrupted).toBe('rerun')
    expect(createStep(payTool().pay, { interrupted: 'rerun' }).interrupted).toBe('rerun')
  })

  it('may be one of the AI SDK, under an id', async () => {
    const memory = openMemory()
    const schema = jsonSchema<{ n: number }>({ type: 'object', properties: { n: { type: 'number' } }, required: ['n'] })
    const double = tool({ inputSchema: schema, execute: async ({ n }) => n * 2 })
    const step = createStep(double, { id: 'double', description: 'Doubles.' })
    expectTypeOf(step.id).toEqualTypeOf<'double'>()
    expect(await attempt(step, { n: 2 }, { memory })).toEqual({ output: 4 })
    await expect(attempt(step, { n: 'x' }, { memory })).rejects.toThrow('The schema refuses the input')
    expect(() => createStep(double)).toThrow('"id" must be a string')
    const counted = tool({
      inputSchema,
      outputSchema: z.number().max(2),
      execute: async function* () {
        yield* [1, 3, 2]
      },
    })
    expect(await attempt(createStep(counted, { id: 'last' }), {}, { memory })).toEqual({ output: 2 })
  })

  it('needs a tool that runs here', () => {
    const ask = createTool({ id: 'ask', description: 'Asks the user.', inputSchema })
    expect(() => createStep(ask)).toThrow('nobody else could carry it out in a workflow')
    expect(() => createStep(payTool().pay, { strict: true } as never)).toThrow('unknown option "strict"')
  })
})

describe('a tool that needs an approval', () => {
  const request = { kind: 'approval', tool: 'pay', input: { to: 'Bob' } }

  it.each([
    ['always', true],
    ['if its function says so', ({ to }: { to: string }, call: ToolCall) => to === 'Bob' && call.runId === 'run_1'],
    ['if its function fails', () => Promise.reject(new Error('no rules'))],
  ])('asks first: %s', async (_, requireApproval) => {
    const { pay, calls } = payTool({ requireApproval, approvers: [{ kind: 'agent', id: 'boss' }] })
    const step = createStep(pay)
    expect(step.approvers).toEqual([{ kind: 'agent', id: 'boss' }])
    const how = { memory: openMemory(), place }
    expect(await attempt(step, { to: 'Bob' }, how)).toEqual({ suspended: request })
    const resumed = { payload: request, data: { approved: true } }
    expect(await attempt(step, { to: 'Bob' }, { ...how, resumed })).toEqual({ output: { paid: 3 } })
    expect([calls.length, calls[0]?.resumeData]).toEqual([1, undefined])
  })

  it('fails the step if it is declined, and runs at once if nobody need be asked', async () => {
    const { pay, calls } = payTool({ requireApproval: ({ to }: { to: string }) => to === 'Bob' })
    const step = createStep(pay)
    const memory = openMemory()
    const declined = { payload: request, data: { approved: false, reason: 'Too much.' } }
    const late = attempt(step, { to: 'Bob' }, { memory, resumed: declined })
    await expect(late).rejects.toMatchObject({ code: 'denied', details: { tool: 'pay', reason: 'Too much.' } })
    expect(calls).toEqual([])
    expect(await attempt(step, {}, { memory })).toEqual({ output: { paid: 3 } })
    for (const data of [true, { approved: 'yes' }, { approved: true, reason: 5 }]) {
      const wrong = attempt(step, { to: 'Bob' }, { memory, resumed: { payload: request, data } })
      await expect(wrong).rejects.toThrow('The schema refuses the resume data')
    }
  })
})

describe('a tool that suspends', () => {
  function askTool(requireApproval: boolean) {
    return createTool({
      id: 'ask',
      description: 'Asks.',
      inputSchema,
      suspendSchema: z.object({ about: z.string() }),
      resumeSchema: z.boolean().transform((said) => (said ? 'yes' : 'no')),
      requireApproval,
      execute: async ({ to }, { suspend, resumeData, suspendData }) => {
        if (resumeData === undefined) return suspend({ about: to })
        return { resumeData, suspendData }
      },
    })
  }

  it('suspends the step, and is resumed with its data, false too', async () => {
    const step = createStep(askTool(false))
    const memory = openMemory()
    const payload = { about: 'Ann' }
    expect(await attempt(step, {}, { memory })).toEqual({ suspended: payload })
    const outcome = await attempt(step, {}, { memory, resumed: { payload, data: false } })
    expect(outcome).toEqual({ output: { resumeData: 'no', suspendData: payload } })
    const wrong = attempt(step, {}, { memory, resumed: { payload, data: { approved: true } } })
    await expect(wrong).rejects.toThrow('The schema refuses the resume data')
  })

  it('is approved first, then asks for its data', async () => {
    const step = createStep(askTool(true))
    const memory = openMemory()
    const request = { kind: 'approval', tool: 'ask', input: { to: 'Ann' } }
    expect(await attempt(step, {}, { memory })).toEqual({ suspended: request })
    const approved = { payload: request, data: { approved: true } }
    expect(await attempt(step, {}, { memory, resumed: approved })).toEqual({ suspended: { about: 'Ann' } })
    const outcome = await attempt(step, {}, { memory, resumed: { payload: { about: 'Ann' }, data: true } })
    expect(outcome).toEqual({ output: { resumeData: 'yes', suspendData: { about: 'Ann' } } })
  })

  it.each([
    ['answers at once', () => 5],
    ['fails', () => Promise.reject(new Error('late'))],
  ])('counts as suspended if it %s without waiting for it', async (_, end) => {
    const hasty = createTool({
      id: 'hasty',
      description: 'Waits.',
      inputSchema,
      execute: async (_input, { suspend }) => {
        suspend({ about: 'x' })
        return end()
      },
    })
    expect(await attempt(createStep(hasty), {}, { memory: openMemory() })).toEqual({ suspended: { about: 'x' } })
  })

  it('may say nothing, and is refused a payload that is not its own', async () => {
    const wait = createTool({
      id: 'wait',
      description: 'Waits.',
      inputSchema,
      execute: async (_, { suspend, resumeData }) => resumeData ?? suspend(),
    })
    const memory = openMemory()
    expect(await attempt(createStep(wait), {}, { memory })).toEqual({ suspended: undefined })
    const resumed = { payload: undefined, data: 0 }
    expect(await attempt(createStep(wait), {}, { memory, resumed })).toEqual({ output: 0 })
    const strict = createTool({
      id: 'strict',
      description: 'Waits.',
      inputSchema,
      suspendSchema: z.object({ about: z.string() }),
      execute: async (_, { suspend }) => suspend({ about: 5 } as never),
    })
    await expect(attempt(createStep(strict), {}, { memory })).rejects.toThrow('with which the tool "strict" suspends')
  })
})
