// The check whether a task is complete, the budget of a run, and calls that only repeat: each ends a run in a way that has a name.
import {
  type CompletionCheck,
  type CompletionScorer,
  type CompletionScorerInput,
  createTool,
  type DelegationOptions,
  type TaskCompletion,
} from 'aquifer'
import { callTool, callTools, failWith, type Step } from 'aquifer/testing'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { asks, at, handedOn, subagent, supervisor } from './scene.ts'

beforeEach(() => {
  const log = vi.spyOn(console, 'warn').mockImplementation(() => {})
  return () => log.mockRestore()
})

type Options = NonNullable<Parameters<ReturnType<typeof supervisor>['agent']['generate']>[1]>

/** A supervisor with a subagent. */
function team(
  script: readonly Step[],
  options: Options,
  research: readonly Step[] = ['Rain.', 'Snow.', 'Hail.', 'Fog.'],
) {
  const memory = openMemory()
  const below = subagent('research', research)
  const lead = supervisor(script, memory, { agents: { research: below.agent }, defaultOptions: options })
  return { memory, ...lead, below: below.model }
}

/** A scorer that wants a word. */
const wants = (word: string, id = word): CompletionScorer => ({
  id,
  run: ({ output }) => (output.includes(word) ? { score: 1 } : { score: 0, reason: `"${word}" is missing` }),
})

const drafts: readonly Step[] = ['One.', 'One, two.', 'One, two, three.']

describe('a check', () => {
  it('that passes ends the run, and is asked once', async () => {
    const run = vi.fn((_: CompletionScorerInput) => ({ score: 1, reason: 'Good.' }))
    const checks: CompletionCheck[] = []
    const scorers = [{ id: 'good', name: 'Good', run }]
    const { agent } = team([asks('research', 'Oslo?'), 'It rains.'], {
      isTaskComplete: { scorers, onComplete: (check) => checks.push(check) },
    })
    const { completionReason, iterations, runId } = await agent.generate('How is Oslo?', at)
    expect(completionReason).toBe('validated')
    expect(run.mock.calls).toMatchObject([
      [
        {
          task: 'How is Oslo?',
          output: 'It rains.',
          iteration: 2,
          runId,
          threadId: 't',
          resourceId: 'ann',
          isFinal: true,
        },
      ],
    ])
    const results = [{ scorerId: 'good', scorerName: 'Good', score: 1, passed: true, reason: 'Good.' }]
    expect(checks).toMatchObject([
      { iteration: 2, passed: true, results, reason: 'Good: Good.', timedOut: false, maxIterationReached: false },
    ])
    expect(iterations[1]?.check).toMatchObject({ passed: true, results: [{ scorerId: 'good', score: 1 }] })
  })

  it('that does not pass tells the model why, and the run goes on', async () => {
    const { agent, model, memory } = team(drafts, { isTaskComplete: { scorers: [wants('two'), wants('three')] } })
    const { text, completionReason, runId } = await agent.generate('Count', at)
    expect([text, completionReason]).toEqual(['One, two, three.', 'validated'])
    expect(model.calls[1]?.prompt).toContain('- two: "two" is missing\n- three: "three" is missing')
    expect(model.calls[2]?.prompt).not.toContain('- two:')
    const { details } = (await memory.getRun(runId as string)) ?? {}
    expect(JSON.stringify(details)).not.toContain('is missing')
    expect(JSON.stringify((await memory.listMessages({ ...at, perPage: false })).messages)).not.toContain('is missing')
  })

  it('ends with the steps, and says so', async () => {
    const checks: CompletionCheck[] = []
    const { agent, model } = team(drafts, {
      isTaskComplete: { scorers: [wants('four')], onComplete: (check) => checks.push(check) },
      maxSteps: 2,
    })
    const { completionReason, text } = await agent.generate('Count', at)
    expect([completionReason, text, model.calls.length]).toEqual(['max-steps', 'One, two.', 2])
    expect(checks.map(({ maxIterationReached }) => maxIterationReached)).toEqual([false, true])
  })

  it.each<[string, Partial<TaskCompletion>, number]>([
    ['all', {}, 3],
    ['any', { strategy: 'any' }, 2],
    ['one after the other', { parallel: false }, 3],
  ])('asks for %s', async (_, options, steps) => {
    const { agent, model } = team(drafts, {
      isTaskComplete: { scorers: [wants('two'), wants('three')], ...options },
    })
    await agent.generate('Count', at)
    expect(model.calls).toHaveLength(steps)
  })

  it('keeps its reasons from the model if it is told to', async () => {
    const { agent, model } = team(drafts, { isTaskComplete: { scorers: [wants('two')], suppressFeedback: true } })
    await agent.generate('Count', at)
    expect(model.calls[1]?.prompt).toContain('not complete')
    expect(model.calls[1]?.prompt).not.toContain('missing')
  })

  it('does not wait for ever', async () => {
    const checks: CompletionCheck[] = []
    const never: CompletionScorer = { id: 'never', run: () => new Promise(() => {}) }
    const { agent } = team(drafts, {
      isTaskComplete: { scorers: [never, wants('One')], timeout: 1, onComplete: (check) => checks.push(check) },
      maxSteps: 1,
    })
    expect((await agent.generate('Count', at)).completionReason).toBe('max-steps')
    expect(checks).toMatchObject([{ timedOut: true, passed: false, results: [{ score: 0 }, { scorerId: 'One' }] }])
  })

  it('is not asked about a step with calls, and goes with the agent, too', async () => {
    const run = vi.fn(() => ({ score: 1 }))
    const { agent: research } = subagent('research', ['Rain.'])
    const { agent } = supervisor([asks('research', 'Oslo?'), 'It rains.'], openMemory(), {
      agents: { research },
      delegation: { isTaskComplete: { scorers: [{ id: 'good', run }] } },
    })
    const stream = await agent.stream('How is Oslo?', at)
    expect([await stream.completionReason, run.mock.calls.length]).toEqual(['validated', 1])
  })
})

const fails = () => {
  throw new Error('secret of the hook')
}
const rejects = { id: 'broken', run: fails }

describe('a hook that fails', () => {
  it.each<[string, Options, string]>([
    ['onIterationComplete', { onIterationComplete: fails }, 'onIterationComplete'],
    ['a scorer', { isTaskComplete: { scorers: [rejects] } }, 'scorer'],
    ['a scorer without a score', { isTaskComplete: { scorers: [{ id: 'odd', run: () => ({ score: 2 }) }] } }, 'scorer'],
    ['onComplete', { isTaskComplete: { scorers: [wants('One')], onComplete: fails } }, 'onComplete'],
  ])('is noted in the run: %s', async (_, options, hook) => {
    const { agent, memory } = team(drafts, { ...options, maxSteps: 1 })
    const { runId, iterations } = await agent.generate('Count', at)
    expect(iterations[0]?.hookErrors).toEqual([hook])
    expect(JSON.stringify((await memory.getRun(runId as string))?.details)).not.toContain('secret')
  })

  it.each(['generate', 'stream'] as const)('fails %s with "throw"', async (way) => {
    const { agent, memory } = team(drafts, { onIterationComplete: fails, delegation: { hookErrorStrategy: 'throw' } })
    if (way === 'generate') await expect(agent.generate('Count', at)).rejects.toMatchObject({ code: 'aborted' })
    else expect((await (await agent.stream('Count', { ...at, onError: () => {} })).finished).status).toBe('failed')
    const { messages } = await memory.listMessages({ ...at, perPage: false })
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant'])
  })

  it('of a scorer does not pass: nothing is taken for complete that nobody has judged', async () => {
    const { agent } = team(drafts, { isTaskComplete: { scorers: [rejects], strategy: 'any' }, maxSteps: 2 })
    expect((await agent.generate('Count', at)).completionReason).toBe('max-steps')
  })
})

describe('a budget', () => {
  const again = (count: number) => Array.from({ length: count }, (_, index) => asks('research', `City ${index}`))

  it('ends the run after the step that spends it, with what is handed on', async () => {
    let below = 0
    const onDelegationComplete: DelegationOptions['onDelegationComplete'] = ({ result: { usage } }) => {
      below += (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0)
    }
    const budget = { tokens: 300 }
    const { agent, memory } = team(again(9), { budget, delegation: { onDelegationComplete } }, Array(9).fill('Rain.'))
    const { completionReason, iterations, runId } = await agent.generate('Cities', at)
    const own = iterations.map(({ inputTokens, outputTokens }) => (inputTokens ?? 0) + (outputTokens ?? 0))
    const { spent, completionReason: stored } = (await memory.getRun(runId as string))?.details ?? {}
    const total = own.reduce((sum, tokens) => sum + tokens, below)
    expect([completionReason, stored, spent]).toEqual(['budget', 'budget', { tokens: total }])
    expect(total).toBeGreaterThanOrEqual(300)
    expect(below).toBeGreaterThan(0)
  })

  it('counts dollars by a price', async () => {
    const models: string[] = []
    const price = ({ totalTokens }: { totalTokens: number | undefined }, model: string) => {
      models.push(`${model}, ${typeof totalTokens}`)
      return 0.15
    }
    const isTaskComplete = { scorers: [wants('Four')] }
    const { agent, memory } = team(drafts, { budget: { usd: 0.2, price }, isTaskComplete })
    const { completionReason, runId } = await agent.generate('Count', at)
    expect([completionReason, models]).toEqual(['budget', Array(2).fill('scripted/language/1, number')])
    expect((await memory.getRun(runId as string))?.details.spent).toMatchObject({ usd: 0.3 })
  })

  it('that is spent with the answer does not keep the answer back', async () => {
    const { agent } = team(['Hi.'], { budget: { tokens: 1 } })
    expect((await agent.generate('Hi', at)).completionReason).toBe('answered')
  })

  it('holds at every depth, and for agents that tools call', async () => {
    const deep = subagent('deep', Array(9).fill('Rain.'))
    const ask = createTool({
      ...{ id: 'ask', description: 'Asks.', inputSchema: z.object({ n: z.number() }) },
      execute: async ({ n }) => (await deep.agent.generate(`City ${n}`)).text,
    })
    const steps = Array.from({ length: 9 }, (_, n) => callTool('ask', { n }))
    const middle = subagent('middle', steps, { tools: { ask } })
    const { agent } = supervisor([asks('middle', 'Cities'), 'Done.'], openMemory(), {
      agents: { middle: middle.agent },
      defaultOptions: { budget: { tokens: 150 } },
    })
    expect((await agent.generate('Cities', at)).completionReason).toBe('budget')
    expect(deep.model.calls.length).toBeLessThan(9)
  })

  it.each([
    ['is no number', () => Number.NaN],
    ['throws', fails],
  ])('whose price %s fails the call', async (_, price) => {
    const { agent } = team(['Hi.'], { budget: { usd: 1, price } })
    await expect(agent.generate('Hi', at)).rejects.toThrow(/must return dollars|secret of the hook/)
  })
})

describe('the same again', () => {
  const same = (count: number) => Array(count).fill(asks('research', 'Oslo?')) as Step[]

  it('is refused once, with words for the model, and then ends the run', async () => {
    const { agent, model, below, memory } = team(same(5), {})
    const { completionReason, iterations, runId } = await agent.generate('How is Oslo?', at)
    expect([completionReason, model.calls.length, below.calls.length]).toEqual(['repeated-call', 3, 1])
    expect(model.calls[2]?.transcript).toContain('asked exactly this in the step before')
    expect(iterations.map(({ calls }) => calls[0]?.repeated)).toEqual([undefined, true, true])
    expect(await handedOn(memory, runId)).toHaveLength(1)
  })

  it('asks the check, if there is one', async () => {
    const run = vi.fn(() => ({ score: run.mock.calls.length > 1 ? 1 : 0, reason: 'Not yet.' }))
    const { agent, model, below } = team(same(5), { isTaskComplete: { scorers: [{ id: 'ready', run }] } })
    const { completionReason } = await agent.generate('How is Oslo?', at)
    expect([completionReason, model.calls.length, below.calls.length]).toEqual(['validated', 3, 1])
    expect(model.calls[2]?.prompt).toContain('Not yet.')
  })

  it('is not the same with another input, after a failure, or of a plain tool', async () => {
    const look = createTool({ id: 'look', description: 'Looks.', inputSchema: z.object({}), execute: () => 'rain' })
    const research = subagent('research', [failWith(new Error('down')), 'Rain.', 'Snow.'], {
      defaultOptions: { maxRetries: 0 },
    })
    const script = [...same(2), asks('research', 'Bergen?'), callTool('look'), callTool('look'), 'Done.']
    const { agent } = supervisor(script, openMemory(), { agents: { research: research.agent }, tools: { look } })
    const { text, iterations } = await agent.generate('How is Oslo?', at)
    expect([text, research.model.calls.length]).toEqual(['Done.', 3])
    expect(iterations.flatMap(({ calls }) => calls).some(({ repeated }) => repeated)).toBe(false)
  })

  it('in one step is asked twice', async () => {
    const both = callTools(Array(2).fill({ toolName: 'agent-research', input: { prompt: 'Oslo?' } }))
    const { agent, below } = team([both, 'Done.'], {})
    await agent.generate('How is Oslo?', at)
    expect(below.calls).toHaveLength(2)
  })
})

describe('wrong options', () => {
  const run = () => ({ score: 1 })
  it.each<[object, string]>([
    [{ onIterationComplete: true }, '"onIterationComplete" must be a function'],
    [{ isTaskComplete: [] }, '"isTaskComplete" must be an object'],
    [{ isTaskComplete: { scorers: [] } }, '"isTaskComplete.scorers" must be a list of scorers'],
    [{ isTaskComplete: { scorers: [{ id: 'a' }] } }, '"isTaskComplete.scorers[0]" must have an id'],
    [
      {
        isTaskComplete: {
          scorers: [
            { id: 'a', run },
            { id: 'a', run },
          ],
        },
      },
      'must not be given twice',
    ],
    [{ isTaskComplete: { scorers: [{ id: 'a', run }], strategy: 'most' } }, '"strategy" must be all or any'],
    [{ isTaskComplete: { scorers: [{ id: 'a', run }], timeout: 0 } }, '"timeout" must be a whole number from 1'],
    [{ isTaskComplete: { scorers: [{ id: 'a', run }], more: 1 } }, 'has an unknown option "more"'],
    [{ budget: {} }, '"budget" must have tokens, usd or both'],
    [{ budget: { tokens: 0.5 } }, '"tokens" must be a whole number from 1'],
    [{ budget: { usd: 1 } }, '"budget.price" is required with usd'],
    [{ delegation: { isTaskComplete: { scorers: 1 } } }, '"delegation.isTaskComplete.scorers" must be a list'],
    [{ delegation: { onIterationComplete: 1 } }, '"onIterationComplete" must be a function'],
  ])('%j are refused', async (options, message) => {
    await expect(team([], {}).agent.generate('Go', options as never)).rejects.toThrow(message)
  })
})
