// The steps of a run: each is told, checked and limited once, and what the model is told in between is in no thread.
import { createTool, type IterationComplete } from 'aquifer'
import { callTool, callTools, type Step } from 'aquifer/testing'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { asks, at, saidIn, subagent, supervisor } from './scene.ts'

beforeEach(() => {
  const log = vi.spyOn(console, 'warn').mockImplementation(() => {})
  return () => log.mockRestore()
})

const look = createTool({
  id: 'look',
  description: 'Looks.',
  inputSchema: z.object({}),
  execute: async (_, { suspend, resumeData }) => resumeData ?? suspend('What?'),
})

type Options = Parameters<ReturnType<typeof supervisor>['agent']['generate']>[1]

/** A supervisor with a subagent and a tool that waits; its model says a script. */
function team(script: readonly Step[], options: Options = {}) {
  const memory = openMemory()
  const { agent: research } = subagent('research', ['Rain.', 'Snow.', 'Hail.', 'Fog.'])
  const { agent, model } = supervisor(script, memory, {
    agents: { research },
    tools: { look },
    defaultOptions: options,
  })
  return { memory, agent, model }
}

const ways = ['generate', 'stream'] as const

/** One call, in either way. */
async function called(agent: ReturnType<typeof team>['agent'], way: (typeof ways)[number], options: Options = {}) {
  if (way === 'generate') return agent.generate('How is Oslo?', { ...at, ...options })
  const stream = await agent.stream('How is Oslo?', { ...at, ...options })
  const parts: string[] = []
  for await (const { type } of stream.fullStream) parts.push(type)
  expect(parts).not.toContain('steering-message')
  const [text, completionReason, iterations] = await Promise.all([
    stream.text,
    stream.completionReason,
    stream.iterations,
  ])
  return { text, completionReason, iterations, runId: stream.runId }
}

describe.each(ways)('onIterationComplete of %s', (way) => {
  it('is told of each step, once, and a supervisor needs no other option for that', async () => {
    const told: IterationComplete[] = []
    const { agent, memory } = team([asks('research', 'Oslo?'), 'It rains.'])
    const { runId, completionReason, iterations } = await called(agent, way, {
      onIterationComplete: (iteration) => void told.push(iteration),
    })
    const about = { runId, threadId: 't', resourceId: 'ann', agentId: 'lead', agentName: 'Lead', maxIterations: 20 }
    expect(told).toMatchObject([
      {
        ...{ ...about, iteration: 1, isFinal: false, finishReason: 'tool-calls', text: '' },
        toolCalls: [{ id: 'call_1_1', name: 'agent-research', args: { prompt: 'Oslo?' } }],
        toolResults: [{ id: 'call_1_1', name: 'agent-research', result: 'Rain.' }],
      },
      {
        ...about,
        iteration: 2,
        isFinal: true,
        finishReason: 'stop',
        text: 'It rains.',
        toolCalls: [],
        toolResults: [],
      },
    ])
    expect(told[0]?.messages.map(({ role }) => role)).toEqual(['user', 'assistant'])
    expect(completionReason).toBe('answered')
    expect(iterations).toMatchObject([
      { iteration: 1, status: 'complete', calls: [{ toolCallId: 'call_1_1', tool: 'agent-research' }] },
      { iteration: 2, status: 'complete', calls: [], prompt: { messages: 3 } },
    ])
    const { details } = (await memory.getRun(runId as string)) ?? {}
    expect([details?.iterations, details?.completionReason]).toEqual([iterations, 'answered'])
  })

  it('may end the run', async () => {
    const { agent, model } = team([asks('research', 'Oslo?'), 'too late'])
    const { completionReason } = await called(agent, way, { onIterationComplete: () => ({ continue: false }) })
    expect([model.calls.length, completionReason]).toEqual([1, 'ended-by-hook'])
  })

  it('may tell the model something, which makes a final step go on and is in no thread', async () => {
    const { agent, model, memory } = team([asks('research', 'Oslo?'), 'It rains.', 'It rains, and it is cold.'])
    const { text, iterations } = await called(agent, way, {
      onIterationComplete: ({ iteration }) => (iteration < 3 ? { feedback: `Remark ${iteration}` } : undefined),
    })
    expect(text).toBe('It rains, and it is cold.')
    expect(model.calls.map(({ transcript }) => [1, 2].filter((n) => transcript.includes(`Remark ${n}`)))).toEqual([
      [],
      [1],
      [1, 2],
    ])
    expect(iterations.map(({ feedback }) => feedback)).toEqual([['hook'], ['hook'], undefined])
    expect(await saidIn(memory, 'resource/ann')).toEqual([
      ['user ann: How is Oslo?', 'assistant lead: It rains.It rains, and it is cold.'],
    ])
  })
})

it('a step that waits is told when it is over, once, and the number goes on', async () => {
  const told: unknown[] = []
  const onIterationComplete = ({ iteration, toolResults }: IterationComplete) => {
    told.push([iteration, toolResults.map(({ result }) => result)])
    return iteration === 1 ? { feedback: 'Look again.' } : undefined
  }
  const { agent, model, memory } = team([callTools([{ toolName: 'look', input: {} }]), 'A fjord.'], {
    onIterationComplete,
  })
  const { runId, iterations, completionReason } = await agent.generate('How is Oslo?', at)
  expect([told, iterations.map(({ status }) => status), completionReason]).toEqual([[], ['waiting'], null])
  const resumed = await agent.resumeGenerate('a fjord', { runId })
  expect(told).toEqual([
    [1, ['a fjord']],
    [2, []],
  ])
  expect(model.calls[1]?.transcript).toContain('Look again.')
  expect(resumed.iterations.map(({ iteration, status }) => [iteration, status])).toEqual([
    [1, 'complete'],
    [2, 'complete'],
  ])
  expect((await memory.getRun(runId as string))?.details.iterations).toEqual(resumed.iterations)
})

it('a hook that ends a run after a step that waited asks no model', async () => {
  const { agent, model } = team([callTool('look'), 'too late'], {
    onIterationComplete: () => ({ continue: false }),
  })
  const { runId } = await agent.generate('How is Oslo?', at)
  const { status, completionReason } = await agent.resumeGenerate('a fjord', { runId })
  expect([model.calls.length, status, completionReason]).toEqual([1, 'complete', 'ended-by-hook'])
})

it('work that bails after it waited asks no model', async () => {
  const { agent: research } = subagent('research', [callTool('look'), 'Rain.'], { tools: { look } })
  const { agent, model } = supervisor([asks('research', 'Oslo?'), 'too late'], openMemory(), {
    agents: { research },
    delegation: { onDelegationComplete: ({ bail }) => bail() },
  })
  const { runId } = await agent.generate('How is Oslo?', at)
  const { status, completionReason } = await agent.resumeGenerate('a fjord', { runId })
  expect([model.calls.length, status, completionReason]).toEqual([1, 'complete', 'ended-by-hook'])
})
