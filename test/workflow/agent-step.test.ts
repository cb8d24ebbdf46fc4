// Agents as steps: what they are asked, where the exchange is stored, and that it is stored once.
import { Agent, type AgentSuspension, createStep, createTool, type Memory, RequestContext } from 'aquifer'
import { callTool, callTools, failWith, type ScriptedModel, scriptedModel } from 'aquifer/testing'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { type Attempt, attempt } from './attempts.ts'

const place = { resourceId: 'ann', threadId: 't' }

interface Scene {
  readonly memory: Memory
  readonly model: ScriptedModel
  readonly agent: Agent
  readonly ran: unknown[]
  stored(): Promise<readonly string[]>
}

function openScene(script: NonNullable<Parameters<typeof scriptedModel>[0]['script']>): Scene {
  const memory = openMemory()
  const ran: unknown[] = []
  const pay = createTool({
    id: 'pay',
    description: 'Pays.',
    inputSchema: z.object({ to: z.string() }),
    requireApproval: true,
    execute: async ({ to }) => {
      ran.push(to)
      return { paid: to }
    },
  })
  const ask = createTool({
    id: 'ask',
    description: 'Asks for a number.',
    inputSchema: z.object({ about: z.string() }),
    resumeSchema: z.number(),
    execute: async ({ about }, { resumeData, suspend }) => {
      if (resumeData === undefined) return suspend({ about })
      ran.push(resumeData)
      return { answered: resumeData }
    },
  })
  const model = scriptedModel({ script: [...script] })
  const agent = new Agent({ name: 'Clerk', model, memory, tools: { pay, ask }, defaultOptions: { maxRetries: 0 } })
  const stored = async () => {
    const { messages } = await memory.listMessages({ ...place, perPage: false })
    return messages.map(({ role, turnStatus, parts }) => {
      const texts = parts.flatMap(({ type, text }) => (type === 'text' ? [text] : []))
      return `${turnStatus} ${role} ${texts.join(' ')}`
    })
  }
  return { memory, model, agent, ran, stored }
}

const prompt = { prompt: 'Pay Ann.' }
const payAnn = callTool('pay', { to: 'Ann' }, { toolCallId: 'c1' })

describe('the step of an agent', () => {
  it('takes a prompt and gives a text', async () => {
    const { agent, memory, model, stored } = openScene(['hello'])
    const step = createStep(agent)
    expectTypeOf(step.types).toExtend<{ gives: { text: string } } | undefined>()
    expect(step).toMatchObject({ id: 'clerk', retries: null, interrupted: 'rerun' })
    expect(await attempt(step, { prompt: 'hi', other: 1 }, { memory, place })).toEqual({ output: { text: 'hello' } })
    expect(model.calls[0]?.prompt).toContain('hi')
    expect(await stored()).toEqual(['complete user hi', 'complete assistant hello'])
    const { messages } = await memory.listMessages(place)
    expect(messages[0]?.author).toMatchObject({ kind: 'agent', id: 'flow' })
    await expect(attempt(step, { prompt: 5 }, { memory })).rejects.toThrow('prompt: must be a text')
  })

  it('stores nothing without a thread, and for an agent without a memory', async () => {
    const { agent, memory, stored } = openScene(['one', 'two'])
    expect(await attempt(createStep(agent), prompt, { memory })).toEqual({ output: { text: 'one' } })
    const bare = new Agent({ name: 'Bare', model: scriptedModel({ script: ['two'] }) })
    expect(await attempt(createStep(bare), prompt, { memory, place })).toEqual({ output: { text: 'two' } })
    expect(await stored()).toEqual([])
  })

  it('passes on the context of the request and the signal', async () => {
    const { memory } = openScene([])
    const model = scriptedModel({ answer: () => 'x' })
    const agent = new Agent({
      name: 'Tiered',
      model,
      instructions: ({ requestContext }) => `Tier ${String(requestContext.get('tier'))}.`,
    })
    const requestContext = new RequestContext({ tier: 'pro' })
    const controller = new AbortController()
    await attempt(createStep(agent), prompt, { memory, requestContext, signal: controller.signal })
    expect(model.calls[0]?.instructions).toBe('Tier pro.')
    controller.abort(new Error('canceled'))
    const late = attempt(createStep(agent), prompt, { memory, place, requestContext, signal: controller.signal })
    await expect(late).rejects.toThrow('canceled')
  })

  it('gives the object that its schema describes, also from the thread', async () => {
    const { agent, memory, model } = openScene([{ city: ' Rome ' }])
    const schema = z.object({ city: z.string().transform((text) => text.trim().length) })
    const step = createStep(agent, { id: 'extract', structuredOutput: { schema } })
    expectTypeOf(step.id).toEqualTypeOf<'extract'>()
    expectTypeOf(step.types).toExtend<{ gives: { city: number } } | undefined>()
    expect(await attempt(step, prompt, { memory, place })).toEqual({ output: { city: 4 } })
    expect(await attempt(step, prompt, { memory, place })).toEqual({ output: { city: 4 } })
    expect(model.calls).toHaveLength(1)
  })

  it('names wrong options', () => {
    const { agent } = openScene([])
    const wrong = [
      [{ id: 'a/b' }, '"id" must not hold /'],
      [{ structuredOutput: {} }, '"structuredOutput" must have a schema'],
      [{ retries: 1000 }, '"retries" must be a whole number'],
      [{ prompt: 'x' }, 'unknown option "prompt"'],
    ] as const
    for (const [options, message] of wrong) expect(() => createStep(agent, options as never)).toThrow(message)
  })
})

describe('an attempt that is made again', () => {
  it('answers once: the answer is that of the thread', async () => {
    const { agent, memory, model, stored } = openScene([callTool('unknown'), 'hello', 'again'])
    const step = createStep(agent)
    const how = { memory, place }
    expect(await attempt(step, prompt, how)).toEqual({ output: { text: 'hello' } })
    expect(await attempt(step, prompt, how)).toEqual({ output: { text: 'hello' } })
    expect(model.calls).toHaveLength(2)
    expect(await stored()).toHaveLength(2)
    expect(await attempt(step, prompt, { ...how, callId: 'run_1/1' })).toEqual({ output: { text: 'again' } })
    expect(await stored()).toHaveLength(4)
  })

  it('asks again where there was no answer, in its place', async () => {
    const { agent, memory, stored } = openScene([failWith(new Error('overloaded')), 'hello'])
    const step = createStep(agent)
    await expect(attempt(step, prompt, { memory, place })).rejects.toThrow('overloaded')
    expect(await attempt(step, prompt, { memory, place })).toEqual({ output: { text: 'hello' } })
    expect(await stored()).toEqual(['complete user Pay Ann.', 'complete assistant hello'])
  })

  it('asks again where the thread has gone on without an answer, once', async () => {
    const { agent, memory, stored } = openScene([failWith(new Error('overloaded')), 'else', 'hello'])
    const step = createStep(agent)
    await expect(attempt(step, prompt, { memory, place })).rejects.toThrow('overloaded')
    await agent.generate('Something else.', place)
    for (const _ of [1, 2])
      expect(await attempt(step, prompt, { memory, place })).toEqual({ output: { text: 'hello' } })
    const after = ['complete user Something else.', 'complete assistant else']
    expect((await stored()).slice(-4)).toEqual([...after, 'complete user Pay Ann.', 'complete assistant hello'])
  })

  it('waits for the attempt that is at work', async () => {
    const { agent, memory, model } = openScene(['hello'])
    const step = createStep(agent)
    const both = [attempt(step, prompt, { memory, place }), attempt(step, prompt, { memory, place })]
    expect(await Promise.all(both)).toEqual([{ output: { text: 'hello' } }, { output: { text: 'hello' } }])
    expect(model.calls).toHaveLength(1)
  })

  it('has an id that fits, however deep the step is', async () => {
    const { agent, memory, stored } = openScene(['hello'])
    const how = { memory, place, callId: `run_1/${'2/sub'.repeat(60)}` }
    for (const _ of [1, 2]) expect(await attempt(createStep(agent), prompt, how)).toEqual({ output: { text: 'hello' } })
    expect(await stored()).toHaveLength(2)
  })
})

/** The payload of an attempt that waits. */
async function suspended(step: Parameters<typeof attempt>[0], how: Attempt): Promise<AgentSuspension> {
  const outcome = await attempt(step, prompt, how)
  if (!('suspended' in outcome)) throw new Error('it does not wait')
  return outcome.suspended as AgentSuspension
}

describe('an agent whose calls wait', () => {
  it('suspends the step, which goes on with the decision', async () => {
    const { agent, memory, ran, stored } = openScene([payAnn, 'Paid.'])
    const step = createStep(agent)
    const payload = await suspended(step, { memory, place })
    const call = { toolCallId: 'c1', toolName: 'pay', args: { to: 'Ann' }, kind: 'approval' }
    expect(payload).toEqual({ agentId: 'clerk', runId: expect.stringMatching(/^run_/), calls: [call] })
    // A process that ended before it had stored the suspension.
    expect(await suspended(step, { memory, place })).toEqual(payload)
    const resumed = { payload, data: { approved: true } }
    expect(await attempt(step, prompt, { memory, place, resumed })).toEqual({ output: { text: 'Paid.' } })
    expect(ran).toEqual(['Ann'])
    expect(await stored()).toEqual(['complete user Pay Ann.', 'complete assistant Paid.'])
    // A process that ended before it had stored the result.
    expect(await attempt(step, prompt, { memory, place, resumed })).toEqual({ output: { text: 'Paid.' } })
    expect(ran).toEqual(['Ann'])
  })

  it('is told why a call was declined', async () => {
    const { agent, memory, ran, model } = openScene([payAnn, 'Not paid.'])
    const step = createStep(agent)
    const payload = await suspended(step, { memory, place })
    const resumed = { payload, data: { approved: false, reason: 'Too much.' } }
    expect(await attempt(step, prompt, { memory, place, resumed })).toEqual({ output: { text: 'Not paid.' } })
    expect([ran, model.calls[1]?.transcript]).toEqual([[], expect.stringContaining('Too much.')])
  })

  it('goes on with data, and says why data is refused', async () => {
    const { agent, memory, ran } = openScene([callTool('ask', { about: 'seats' }), 'Seven.'])
    const step = createStep(agent)
    const payload = await suspended(step, { memory, place })
    expect(payload.calls[0]).toMatchObject({ kind: 'suspension', suspendPayload: { about: 'seats' } })
    const wrong = attempt(step, prompt, { memory, place, resumed: { payload, data: { approved: true } } })
    await expect(wrong).rejects.toThrow('approved: is not what the call waits for: pass data')
    const again = await suspended(step, { memory, place, resumed: { payload, data: { data: 'many' } } })
    expect(again).toEqual({ ...payload, refused: expect.stringContaining('What the tool "ask" waits for is refused') })
    const resumed = { payload: again, data: { data: 7 } }
    expect(await attempt(step, prompt, { memory, place, resumed })).toEqual({ output: { text: 'Seven.' } })
    expect(ran).toEqual([7])
  })

  it('takes decisions about several calls, at once or one by one', async () => {
    const both = callTools(['Ann', 'Bob'].map((to) => ({ toolName: 'pay', input: { to }, toolCallId: to })))
    const { agent, memory, ran } = openScene([both, 'Done.', both, 'Done again.'])
    const step = createStep(agent)
    const payload = await suspended(step, { memory, place })
    const data = [
      { toolCallId: 'Ann', approved: true },
      { toolCallId: 'Bob', approved: false },
    ]
    expect(await attempt(step, prompt, { memory, place, resumed: { payload, data } })).toEqual({
      output: { text: 'Done.' },
    })
    expect(ran).toEqual(['Ann'])
    const how = { memory, place: { ...place, threadId: 'other' }, callId: 'run_1/1' }
    const first = await suspended(step, how)
    const left = await suspended(step, { ...how, resumed: { payload: first, data: data[1] } })
    expect(left.calls.map(({ toolCallId }) => toolCallId)).toEqual(['Ann'])
    const last = { ...how, resumed: { payload: left, data: { approved: true } } }
    expect(await attempt(step, prompt, last)).toEqual({ output: { text: 'Done again.' } })
    expect(ran).toEqual(['Ann', 'Ann'])
  })

  it('never gives the decision about one call to another', async () => {
    const payBob = callTool('pay', { to: 'Bob' }, { toolCallId: 'c2' })
    const { agent, memory, ran } = openScene([payAnn, payBob, 'Paid.'])
    const step = createStep(agent)
    const payload = await suspended(step, { memory, place })
    const resumed = { payload, data: { approved: true } }
    const second = await suspended(step, { memory, place, resumed })
    expect([ran, second.calls[0]?.toolCallId]).toEqual([['Ann'], 'c2'])
    // The same resumption again: its process ended before the second suspension was stored.
    expect(await suspended(step, { memory, place, resumed })).toEqual(second)
    expect(ran).toEqual(['Ann'])
  })

  it('counts what was decided elsewhere', async () => {
    const { agent, memory, ran } = openScene([payAnn, 'Paid.'])
    const step = createStep(agent)
    const payload = await suspended(step, { memory, place })
    await agent.approveToolCallGenerate('c1', { runId: payload.runId })
    for (const data of [[], { approved: false }]) {
      const resumed = { payload, data }
      expect(await attempt(step, prompt, { memory, place, resumed })).toEqual({ output: { text: 'Paid.' } })
    }
    expect(ran).toEqual(['Ann'])
  })

  it('refuses data that decides nothing', async () => {
    const both = callTools(['Ann', 'Bob'].map((to) => ({ toolName: 'pay', input: { to }, toolCallId: to })))
    const { agent, memory } = openScene([both])
    const step = createStep(agent)
    const payload = await suspended(step, { memory, place })
    const refusals = [
      [{ approved: true }, 'toolCallId: must be the id of a call that waits: "Ann" of "pay", "Bob" of "pay"'],
      [{ toolCallId: 'Cid', approved: true }, 'toolCallId: must be the id of a call that waits'],
      [{ toolCallId: 'Ann' }, 'approved: must be true or false'],
      [{ toolCallId: 'Ann', approved: 'yes' }, 'approved: must be true or false'],
      [{ toolCallId: 'Ann', data: 5 }, 'data: is not what the call waits for'],
      [{ toolCallId: 'Ann', data: 5, approved: true }, 'approved: must not be given together with data'],
      [{ toolCallId: 'Ann', approved: true, reason: 5 }, 'reason: must be a text'],
      [true, 'must be { approved } or { data }'],
      [[{ toolCallId: 'Ann', approved: true }, null], 'must be { approved } or { data }'],
    ] as const
    for (const [data, message] of refusals) {
      const late = attempt(step, prompt, { memory, place, resumed: { payload, data } })
      await expect(late, JSON.stringify(data)).rejects.toThrow(message)
    }
  })

  it('cannot wait without a thread', async () => {
    const { agent, memory } = openScene([payAnn])
    await expect(attempt(createStep(agent), prompt, { memory })).rejects.toThrow('has no thread in which it could wait')
  })
})
