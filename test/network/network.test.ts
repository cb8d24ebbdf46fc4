// Networks of real agents, whose models say what a test says: events in order, decisions inside the loop, views by themselves.
import { Agent, createStep, createTool, createWorkflow, type Memory } from 'aquifer'
import { callTool, failWith, type Step, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { asks, at, saidIn, subagent, supervisor } from '../delegation/scene.ts'
import { openMemory, refused } from '../memory/opened.ts'
import { eventsOf, knownLists, namesOf, outOfOrder, payloadsOf } from './scene.ts'

const weather = createTool({
  id: 'weather',
  description: 'Tells the weather of a city.',
  inputSchema: z.object({ city: z.string() }),
  execute: ({ city }) => `Rain in ${city}`,
})

/** A router with one agent and one tool, and what its model is to say. */
function network(script: readonly Step[], memory: Memory = openMemory()) {
  const research = subagent('research', ['Three ways.'])
  const { agent, model } = supervisor(script, memory, { agents: { research: research.agent }, tools: { weather } })
  return { agent, model, memory, research }
}

const byAgent: readonly Step[] = [asks('research', 'Find three ways'), 'Here they are.']
const byTool: readonly Step[] = [callTool('weather', { city: 'London' }), 'It rains.']

/** A router whose tool waits for a person. */
function waiting(where: 'agent' | 'tool', memory: Memory = openMemory()) {
  const ran: unknown[] = []
  const execute = (input: object) => {
    ran.push(input)
    return 'was paid'
  }
  const inputSchema = z.object({ sum: z.number() })
  const pay = createTool({ id: 'pay', description: 'Pays.', inputSchema, requireApproval: true, execute })
  const payer = subagent('payer', [callTool('pay', { sum: 5 }), 'It is paid.'], { tools: { pay } })
  const options = where === 'agent' ? { agents: { payer: payer.agent } } : { tools: { pay } }
  const first = where === 'agent' ? asks('payer', 'Pay 5') : callTool('pay', { sum: 5 })
  return { ...supervisor([first, 'Done.'], memory, options), ran, memory }
}

/** The final texts of a stream, as applications print them. */
async function printed(stream: AsyncIterable<Awaited<ReturnType<typeof eventsOf>>[number]>) {
  return payloadsOf(await eventsOf(stream), 'network-execution-event-step-finish').map(({ result }) => result)
}

describe('the events of a network', () => {
  it.each([
    ['agent', byAgent, 'Here they are.'],
    ['tool', byTool, 'It rains.'],
  ] as const)('are the known ones where an %s is needed, with the final text once', async (name, script, text) => {
    const { agent } = network(script)
    const stream = await agent.network('Help me', at)
    const events = await eventsOf(stream)
    expect(outOfOrder(namesOf(events), knownLists[name])).toEqual([])
    expect(payloadsOf(events, 'network-execution-event-step-finish')).toEqual([
      { task: 'Help me', result: text, isComplete: true, iteration: 1, runId: stream.runId },
    ])
    expect(events.every(({ runId, from }) => runId === stream.runId && from === 'NETWORK')).toBe(true)
  })

  it('name the agent by its id, and the thread', async () => {
    const events = await eventsOf(await network(byAgent).agent.network('Help me', at))
    expect(payloadsOf(events, 'agent-execution-start')).toMatchObject([
      { agentId: 'research-id', args: { prompt: 'Find three ways' } },
    ])
    expect(payloadsOf(events, 'routing-agent-end').map(({ primitiveId }) => primitiveId)).toEqual(['research-id', ''])
    expect(payloadsOf(events, 'network-execution-event-finish')).toMatchObject([
      { threadId: 't', threadResourceId: 'ann', isComplete: true, usage: { totalTokens: expect.any(Number) } },
    ])
  })

  it('can be read by nobody, by several, and again afterwards', async () => {
    const stream = await network(byAgent).agent.network('Help me', at)
    expect(await stream.result).toMatchObject({ status: 'success', result: 'Here they are.' })
    const [one, two] = await Promise.all([eventsOf(stream), eventsOf(stream)])
    expect(namesOf(one)).toEqual(namesOf(two))
    expect(outOfOrder(namesOf(one), knownLists.agent)).toEqual([])
    expect((await stream.result).steps).toMatchObject([
      { primitiveType: 'agent', primitiveId: 'research-id', result: 'Three ways.' },
    ])
    expect(await stream.usage).toMatchObject({ inputTokens: expect.any(Number), outputTokens: expect.any(Number) })
  })

  it('leave only the request and the answer in the thread', async () => {
    const { agent, memory } = network(byAgent)
    await (await agent.network('Help me', at)).result
    expect(await saidIn(memory, 'resource/ann')).toEqual([['user ann: Help me', 'assistant lead: Here they are.']])
  })

  it('end after the steps that are allowed, and say so', async () => {
    const again = Array.from({ length: 5 }, (_, index) => callTool('weather', { city: `City ${index}` }))
    const { agent, model } = network(again)
    const stream = await agent.network('Help me', { ...at, maxSteps: 2 })
    const [finish] = payloadsOf(await eventsOf(stream), 'network-execution-event-finish')
    expect(finish).toMatchObject({ completionReason: 'max-steps', isComplete: false })
    expect([await stream.status, (await stream.result).result, model.calls.length]).toEqual(['success', null, 2])
  })

  it('end after ten steps by default', async () => {
    const again = Array.from({ length: 15 }, (_, index) => callTool('weather', { city: `City ${index}` }))
    const { agent, model } = network(again)
    await (await agent.network('Help me', at)).result
    expect(model.calls).toHaveLength(10)
  })

  it('tell of a model that fails, and end', async () => {
    const { agent } = network([failWith(new Error('The provider is down.'))])
    const stream = await agent.network('Help me', { ...at, maxRetries: 0, onError: () => {} })
    expect(payloadsOf(await eventsOf(stream), 'error')).toMatchObject([{ error: { message: 'The provider is down.' } }])
    expect(await stream.result).toMatchObject({ status: 'failed', result: null })
  })
})

describe('a workflow', () => {
  const facts = createStep({
    id: 'facts',
    inputSchema: z.object({ city: z.string() }),
    outputSchema: z.object({ text: z.string() }),
    resumeSchema: z.object({ yes: z.boolean() }),
    execute: async ({ inputData: { city }, resumeData, suspend }) => {
      if (city === 'Paris' && resumeData === undefined) return suspend({ why: city })
      return { text: `${city} is old` }
    },
  })
  const city = createWorkflow({
    id: 'city-id',
    description: 'Gathers facts about a city.',
    inputSchema: z.object({ city: z.string() }),
    outputSchema: z.object({ text: z.string() }),
  })
    .then(facts)
    .commit()
  const routed = (name: string) => {
    const script = [callTool('workflow-city', { city: name }), 'It is old.']
    return supervisor(script, openMemory(), { workflows: { city } }).agent
  }

  it('has the known events, with its own inside', async () => {
    const stream = await routed('London').network('Tell me about London', at)
    const events = await eventsOf(stream)
    expect(outOfOrder(namesOf(events), knownLists.workflow)).toEqual([])
    expect(payloadsOf(events, 'workflow-execution-start')).toEqual([
      { workflowId: 'city-id', args: { city: 'London' }, runId: stream.runId },
    ])
    expect(payloadsOf(events, 'workflow-execution-end')).toMatchObject([
      { primitiveId: 'city-id', primitiveType: 'workflow', name: 'city-id', result: { text: 'London is old' } },
    ])
    expect(payloadsOf(events, 'network-execution-event-step-finish').map(({ result }) => result)).toEqual([
      'It is old.',
    ])
  })

  it('that waits is resumed with data', async () => {
    const agent = routed('Paris')
    const stream = await agent.network('Tell me about Paris', at)
    const events = await eventsOf(stream)
    const [waits] = payloadsOf(events, 'workflow-execution-suspended')
    expect([waits?.suspendPayload, await stream.status]).toEqual([{ why: 'Paris' }, 'suspended'])
    const next = await agent.resumeNetwork({ yes: true }, { runId: stream.runId })
    const later = await eventsOf(next)
    expect(namesOf(later)[0]).toBe('workflow-execution-start')
    expect(payloadsOf(later, 'network-execution-event-step-finish').map(({ result }) => result)).toEqual(['It is old.'])
  })
})

describe('an object', () => {
  const schema = z.object({ city: z.string(), rains: z.boolean() })
  const script = [callTool('weather', { city: 'London' }), '{"city":"London","rains":true}']
  const whole = { city: 'London', rains: true }

  it('is read alone, as it comes, without the events', async () => {
    const stream = await network(script).agent.network('Weather?', { ...at, structuredOutput: { schema } })
    const partials: unknown[] = []
    for await (const partial of stream.objectStream) partials.push(partial)
    expect([partials.at(-1), await stream.object]).toEqual([whole, whole])
  })

  it('is in the events, and its type is that of the schema', async () => {
    const stream = await network(script).agent.network('Weather?', { ...at, structuredOutput: { schema } })
    const events = await eventsOf(stream)
    expect(payloadsOf(events, 'network-object').at(-1)).toEqual({ object: whole })
    expect(payloadsOf(events, 'network-object-result')).toEqual([{ object: whole }])
    const { city, rains }: { city: string; rains: boolean } = await stream.object
    expect([city, rains]).toEqual(['London', true])
  })
})

describe('a check', () => {
  const wants = (word: string) => ({
    id: word,
    run: ({ output }: { readonly output: string }) => {
      return output.includes(word) ? { score: 1 } : { score: 0, reason: `"${word}" is missing` }
    },
  })
  const script = [asks('research', 'Find three ways'), 'Here they are.', 'Here they are, with sources.']

  it('is in the events, with what it really found, and the router goes on', async () => {
    const { agent, model } = network(script)
    const stream = await agent.network('Help me', { ...at, completion: { scorers: [wants('sources'), wants('Here')] } })
    const events = await eventsOf(stream)
    expect(payloadsOf(events, 'network-validation-start')).toEqual([
      { runId: stream.runId, iteration: 1, checksCount: 2 },
      { runId: stream.runId, iteration: 2, checksCount: 2 },
    ])
    expect(payloadsOf(events, 'network-validation-end')).toMatchObject([
      {
        ...{ iteration: 1, passed: false, reason: 'sources: "sources" is missing', timedOut: false },
        ...{ maxIterationReached: false, suppressFeedback: false, duration: expect.any(Number) },
        results: [
          { scorerId: 'sources', score: 0, passed: false, reason: '"sources" is missing' },
          { scorerId: 'Here', score: 1, passed: true },
        ],
      },
      { iteration: 2, passed: true },
    ])
    const known = ['routing-agent-end', 'network-validation-start', 'network-validation-end']
    const last = ['network-execution-event-step-finish', 'network-execution-event-finish']
    expect(outOfOrder(namesOf(events), [...knownLists.agent.slice(0, -1), ...known, ...known, ...last])).toEqual([])
    expect(payloadsOf(events, 'network-execution-event-finish')).toMatchObject([
      {
        completionReason: 'validated',
        validationPassed: true,
        isComplete: true,
        result: 'Here they are, with sources.',
      },
    ])
    expect(await stream.result).toMatchObject({ completionReason: 'validated', status: 'success' })
    expect(model.calls.at(-1)?.prompt).toContain('"sources" is missing')
    expect(payloadsOf(events, 'routing-agent-end')[0]?.conversationContext).toMatchObject([
      { role: 'user', parts: [{ type: 'text', text: 'Help me' }] },
    ])
  })

  it('that never passes ends with the steps', async () => {
    const { agent } = network(script)
    const completion = { scorers: [wants('pictures')], suppressFeedback: true }
    const stream = await agent.network('Help me', { ...at, completion, maxSteps: 3 })
    const events = await eventsOf(stream)
    expect(payloadsOf(events, 'network-validation-end').at(-1)).toMatchObject({
      ...{ passed: false, maxIterationReached: true, suppressFeedback: true },
    })
    expect(payloadsOf(events, 'network-execution-event-finish')).toMatchObject([
      { completionReason: 'max-steps', validationPassed: false, isComplete: false },
    ])
    expect(namesOf(events)).not.toContain('network-execution-event-step-finish')
  })

  it('stands around the object that it passed', async () => {
    const schema = z.object({ city: z.string() })
    const { agent } = network(['{"city":""}', '{"city":"London"}'])
    const options = { structuredOutput: { schema }, completion: { scorers: [wants('London')] } }
    const stream = await agent.network('Which?', { ...at, ...options })
    const names = namesOf(await eventsOf(stream)).filter((name) => /validation|object/.test(name))
    expect(names.filter((name) => name !== 'network-object')).toEqual([
      ...['network-validation-start', 'network-validation-end', 'network-validation-start'],
      ...['network-object-result', 'network-validation-end'],
    ])
    expect(names.lastIndexOf('network-object')).toBe(names.indexOf('network-object-result') - 1)
    expect(await stream.object).toEqual({ city: 'London' })
  })

  it('is not told of where nothing is checked', async () => {
    const events = await eventsOf(await network(byAgent).agent.network('Help me', at))
    expect(namesOf(events).filter((name) => name.includes('validation'))).toEqual([])
    expect(payloadsOf(events, 'network-execution-event-finish')[0]).not.toHaveProperty('validationPassed')
  })

  it('goes with a call that continues a network', async () => {
    const { agent, memory } = waiting('tool')
    const { runId, status } = await agent.network('Pay', at)
    await status
    const completion = { scorers: [wants('Done')] }
    const next = await agent.approveNetworkToolCall({ runId, completion })
    const events = await eventsOf(next)
    expect(payloadsOf(events, 'network-validation-end')).toMatchObject([{ iteration: 1, passed: true }])
    const { details } = (await memory.getRun(runId)) ?? {}
    expect(details?.iterations).toMatchObject([
      { iteration: 1, status: 'complete', calls: [{ tool: 'pay' }] },
      { iteration: 2, status: 'complete', check: { passed: true } },
    ])
  })

  it('has one name', async () => {
    const completion = { scorers: [wants('x')] }
    await refused('invalid-input', () =>
      network([]).agent.network('x', { ...at, completion, isTaskComplete: completion }),
    )
  })
})

it('a network that repeats itself is stopped, tools included', async () => {
  const again = Array<Step>(5).fill(callTool('weather', { city: 'London' }))
  const { agent, model } = network(again)
  const stream = await agent.network('Help me', at)
  const events = await eventsOf(stream)
  expect([model.calls.length, (await stream.result).completionReason]).toEqual([3, 'repeated-call'])
  const ends = payloadsOf(events, 'tool-execution-end')
  expect(ends.map(({ error }) => error?.includes('asked exactly this') ?? false)).toEqual([false, true, true])
  expect(payloadsOf(events, 'tool-execution-start')).toHaveLength(3)
})

it('a network has a budget', async () => {
  const again = Array.from({ length: 9 }, (_, n) => callTool('weather', { city: `City ${n}` }))
  const stream = await network(again).agent.network('Help me', { ...at, budget: { tokens: 1 } })
  const [finish] = payloadsOf(await eventsOf(stream), 'network-execution-event-finish')
  expect(finish).toMatchObject({ completionReason: 'budget', isComplete: false, iteration: 0 })
})

describe('a call that waits', () => {
  it.each(['agent', 'tool'] as const)('of an %s is approved inside the loop over the first stream', async (where) => {
    const { agent, ran } = waiting(where)
    const stream = await agent.network('Pay', at)
    const texts: string[] = []
    for await (const event of stream) {
      if (event.type !== 'agent-execution-approval' && event.type !== 'tool-execution-approval') continue
      expect([event.type, event.payload.toolName, event.payload.args]).toEqual([
        `${where}-execution-approval`,
        'pay',
        { sum: 5 },
      ])
      const memory = { resource: at.resourceId, thread: at.threadId }
      const next = await agent.approveNetworkToolCall(event.payload.toolCallId, { runId: stream.runId, memory })
      const events = await eventsOf(next)
      expect(namesOf(events)[0]).toBe(`${where}-execution-start`)
      expect(next.runId).toBe(stream.runId)
      texts.push(...payloadsOf(events, 'network-execution-event-step-finish').map(({ result }) => result))
    }
    expect([texts, ran, await stream.status]).toEqual([['Done.'], [{ sum: 5 }], 'suspended'])
  })

  it('is declined, in the form of one object', async () => {
    const { agent, ran, model } = waiting('tool')
    const { runId, status } = await agent.network('Pay', at)
    expect(await status).toBe('suspended')
    const next = await agent.declineNetworkToolCall({ runId, reason: 'Too much' })
    expect([await printed(next), ran]).toEqual([['Done.'], []])
    expect(model.calls.at(-1)?.transcript).toContain('Too much')
  })

  it('gets its data, and the router goes on as a router', async () => {
    const ask = createTool({
      ...{ id: 'ask', description: 'Asks.', inputSchema: z.object({}), resumeSchema: z.object({ yes: z.boolean() }) },
      execute: (_, { resumeData, suspend }) => (resumeData === undefined ? suspend({ why: 'old' }) : 'deleted'),
    })
    const { agent, model } = supervisor([callTool('ask', {}), 'Done.'], openMemory(), { tools: { ask } })
    const stream = await agent.network('Delete', at)
    const [waits] = payloadsOf(await eventsOf(stream), 'tool-execution-suspended')
    expect(waits).toMatchObject({ suspendPayload: { why: 'old' }, toolName: 'ask' })
    expect(JSON.parse(waits?.resumeSchema ?? '')).toMatchObject({ type: 'object', required: ['yes'] })
    await refused('invalid-input', () => agent.resumeNetwork({ yes: 'maybe' }, { runId: stream.runId }))
    expect(await printed(await agent.resumeNetwork({ yes: true }, { runId: stream.runId }))).toEqual(['Done.'])
    for (const { transcript } of model.calls) expect(transcript).toContain('You direct the work')
  })
})

describe('without ids', () => {
  it('a network has a thread of its own, and no other call sees it', async () => {
    const memory = openMemory()
    const one = await network(byTool, memory).agent.network('Secret of one')
    await one.result
    const { agent, model } = network(byTool, memory)
    const two = await agent.network('Question of two')
    await two.result
    expect(one.memory).toMatchObject({ resource: null, space: expect.stringMatching(/^task\//) })
    expect(one.memory.space).not.toBe(two.memory.space)
    for (const { transcript } of model.calls) {
      expect(transcript).not.toContain('Secret of one')
      expect(transcript).toContain('user\n  Question of two')
    }
    expect(await saidIn(memory, one.memory.space)).toMatchObject([
      [expect.stringMatching(/Secret of one$/), 'assistant lead: It rains.'],
    ])
  })

  it('it runs workflows, too', async () => {
    const step = createStep({
      ...{ id: 'say', inputSchema: z.object({}), outputSchema: z.string() },
      execute: async () => 'said',
    })
    const flow = createWorkflow({
      id: 'flow',
      description: 'Says.',
      inputSchema: z.object({}),
      outputSchema: z.string(),
    })
    const say = flow.then(step).commit()
    const script = [callTool('workflow-say', {}), 'Done.']
    const { agent } = supervisor(script, openMemory(), { workflows: { say } })
    const events = await eventsOf(await agent.network('Say it'))
    expect(payloadsOf(events, 'workflow-execution-end')).toMatchObject([{ result: 'said' }])
  })

  it('it goes on by its run alone', async () => {
    const { agent } = waiting('agent')
    const stream = await agent.network('Pay')
    const [waits] = payloadsOf(await eventsOf(stream), 'agent-execution-approval')
    expect(
      await printed(await agent.approveNetworkToolCall(String(waits?.toolCallId), { runId: stream.runId })),
    ).toEqual(['Done.'])
  })
})

describe('a network that is aborted', () => {
  const slow = (onAbort: (abort: object) => unknown) => {
    const controller = new AbortController()
    const stop = createTool({
      ...{ id: 'stop', description: 'Stops.', inputSchema: z.object({}) },
      execute: () => {
        controller.abort()
        return new Promise<string>(() => {})
      },
    })
    const { agent } = supervisor([callTool('stop', {}), 'never'], openMemory(), { tools: { stop } })
    return agent.network('Stop', { ...at, abortSignal: controller.signal, onAbort })
  }

  it('tells what was at work', async () => {
    const told: object[] = []
    const stream = await slow((abort) => told.push(abort))
    const abort = { primitiveType: 'tool', primitiveId: 'stop', iteration: 0 }
    expect(payloadsOf(await eventsOf(stream), 'tool-execution-abort')).toEqual([abort])
    expect([told, await stream.status]).toEqual([[abort], 'aborted'])
  })

  it('ends as failed where its onAbort throws, and says why', async () => {
    const stream = await slow(() => {
      throw new Error('No abort, please.')
    })
    expect(payloadsOf(await eventsOf(stream), 'error')).toMatchObject([{ error: { message: 'No abort, please.' } }])
    expect(await stream.status).toBe('failed')
  })
})

it('is refused to an agent without a memory, and wrong options of its own are', async () => {
  const alone = new Agent({ name: 'Alone', model: scriptedModel({ script: ['hi'] }) })
  await refused('invalid-input', () => alone.network('hi'))
  const { agent } = network([])
  const wrong = [{ routing: 'x' }, { routing: { more: 1 } }, { routing: { additionalInstructions: 1 } }, { onAbort: 1 }]
  for (const options of wrong) await refused('invalid-input', () => agent.network('hi', options as never))
  await refused('invalid-input', () => agent.network('hi', { ...at, threadId: undefined as never }))
})

it('shows the router what it may choose, the more particular first', async () => {
  const plan = createTool({
    id: 'plan',
    description: 'Plans  a\ntrip.',
    execute: () => 'ok',
    inputSchema: z.object({ city: z.string(), days: z.number() }),
  })
  const research = subagent('research', []).agent
  const { agent, model } = supervisor(['Hi.'], openMemory(), {
    agents: { research },
    tools: { weather, plan },
    instructions: 'You help.',
  })
  await (await agent.network('Hi', { ...at, routing: { additionalInstructions: 'Be quick.' } })).result
  expect(model.calls[0]?.transcript).toMatchInlineSnapshot(`
    "system
      You help.

      You direct the work that follows. You do not do yourself what one of these can do:

      - plan (tool): Plans a trip. Input: {"type":"object","properties":{"city":{"type":"string"},"days":{"type":"number"}},"required":["city","days"],"additionalProperties":false}
      - weather (tool): Tells the weather of a city. Input: {"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}
      - agent-research (agent): Does research.

      Choose by description and input. Where several fit, take the one that stands first in the list: it does the more particular thing.
      Before you choose, say in one sentence why. Give each a task that can be understood without this conversation.
      Do not ask the same one for the same thing twice. Its answer will not change.
      Once the request is fulfilled, answer it whole and in your own words. Choose nothing more then.

      Be quick.

    user
      Hi"
  `)
})
