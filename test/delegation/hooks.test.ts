// The hooks of a delegation: each is called once, whatever the work waits for, and may refuse, change and end it.
import { createTool, type DelegationOptions } from 'aquifer'
import { callTool, callTools, failWith } from 'aquifer/testing'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { asks, at, childOf, handedOn, saidIn, statusesIn, subagent, supervisor } from './scene.ts'

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

/** A supervisor with hooks, and a subagent that looks, which waits for data, and answers. */
function team(delegation: DelegationOptions, script: readonly unknown[] = [callTool('look'), 'Rain.']) {
  const memory = openMemory()
  const { agent: research, model } = subagent('research', script as never, { tools: { look } })
  const steps = [asks('research', 'Oslo?'), 'It rains.']
  const { agent: lead, model: leading } = supervisor(steps, memory, { agents: { research }, delegation })
  return { memory, lead, model, leading }
}

describe('the hooks', () => {
  it('get what they need, once each, also across a suspension', async () => {
    const onDelegationStart = vi.fn()
    const onDelegationComplete = vi.fn()
    const { lead } = team({ onDelegationStart, onDelegationComplete })
    const { runId } = await lead.generate('How is Oslo?', at)
    expect(onDelegationComplete).not.toHaveBeenCalled()
    await lead.resumeGenerate('a fjord', { runId })
    const about = {
      ...{ primitiveId: 'research-id', primitiveType: 'agent', prompt: 'Oslo?', iteration: 1, runId },
      ...{ threadId: 't', resourceId: 'ann', subAgentResourceId: 'ann-research' },
      ...{ parentAgentId: 'lead', parentAgentName: 'Lead', toolCallId: 'call_1_1' },
      subAgentThreadId: expect.stringMatching(/^delegation-/),
      messages: [
        {
          id: expect.any(String),
          role: 'user',
          parts: [{ type: 'text', text: 'How is Oslo?' }],
          author: { kind: 'user', id: 'ann' },
        },
      ],
    }
    const requestContext = expect.objectContaining({ size: 0 })
    expect(onDelegationStart.mock.calls).toEqual([[{ ...about, params: { prompt: 'Oslo?' }, requestContext }]])
    expect(onDelegationComplete.mock.calls).toEqual([
      [
        {
          ...about,
          result: {
            text: 'Rain.',
            finishReason: 'stop',
            subAgentThreadId: about.subAgentThreadId,
            subAgentResourceId: 'ann-research',
            subAgentToolResults: [{ toolCallId: 'call_1_1', toolName: 'look', result: 'a fjord' }],
            usage: { inputTokens: expect.any(Number), outputTokens: expect.any(Number) },
          },
          duration: expect.any(Number),
          success: true,
          bail: expect.any(Function),
        },
      ],
    ])
  })

  it('of a call replace those of the agent, each alone', async () => {
    const [own, call, start] = [vi.fn(), vi.fn(), vi.fn()]
    const { lead } = team({ onDelegationStart: start, onDelegationComplete: own }, ['Rain.'])
    await lead.generate('Oslo?', { ...at, delegation: { onDelegationComplete: call } })
    expect([own, call, start].map(({ mock }) => mock.calls.length)).toEqual([0, 1, 1])
  })
})

describe('onDelegationStart', () => {
  it('may refuse the work: the subagent is not asked, and the model is told why', async () => {
    const refuse = () => ({ proceed: false, rejectionReason: 'Not on Sundays.' })
    const { lead, memory, leading } = team({ onDelegationStart: refuse }, [])
    const { runId } = await lead.generate('How is Oslo?', at)
    expect(leading.calls[1]?.transcript).toContain('Not on Sundays.')
    expect(await handedOn(memory, runId)).toMatchObject([{ key: 'research', status: 'rejected' }])
    expect(await memory.space(childOf('research')).state()).toBeNull()
  })

  it('may change the task, the instructions and the steps, which hold when the work goes on', async () => {
    const change = () => ({ modifiedPrompt: 'Bergen?', modifiedInstructions: 'Be brief.', modifiedMaxSteps: 2 })
    const steps = [callTool('look'), callTool('look'), 'too late']
    const { lead, memory, model } = team({ onDelegationStart: change }, steps)
    const { runId } = await lead.generate('How is Oslo?', at)
    await lead.resumeGenerate('a fjord', { runId })
    expect(model.calls.map(({ instructions }) => instructions)).toEqual(
      ['Be brief.', 'Be brief.'].map((text) => expect.stringContaining(text)),
    )
    expect((await saidIn(memory, childOf('research')))[0]?.[0]).toBe('user lead: Bergen?')
    expect(model.calls).toHaveLength(2)
  })
})

describe('onDelegationComplete', () => {
  it.each([
    [{ feedback: 'Ask about snow, too.' }, 'Rain.\n\nAsk about snow, too.'],
    [{ resultText: 'Hail.' }, 'Hail.'],
    [{ resultText: '' }, ''],
    [{ resultText: '', feedback: 'Nothing.' }, '\n\nNothing.'],
    [undefined, 'Rain.'],
  ])('that answers %j gives the model %j', async (answer, expected) => {
    const { lead } = team({ onDelegationComplete: () => answer }, ['Rain.'])
    const { steps } = await lead.generate('How is Oslo?', at)
    expect(steps[0]?.toolResults[0]?.output).toBe(expected)
  })

  it('may end the run of the supervisor after this step', async () => {
    const { lead, leading, memory } = team({ onDelegationComplete: ({ bail }) => bail() }, ['Rain.'])
    const { status } = await lead.generate('How is Oslo?', at)
    expect(status).toBe('complete')
    expect(leading.calls).toHaveLength(1)
    expect(await statusesIn(memory, 'resource/ann')).toEqual(['complete'])
  })

  it('is told of work that failed, and may say so in other words', async () => {
    const told: unknown[] = []
    const onDelegationComplete: DelegationOptions['onDelegationComplete'] = ({ success, error, result }) => {
      told.push([success, (error as Error).message, result.text])
      return { resultText: 'Try again tomorrow.' }
    }
    const { lead, leading, memory } = team({ onDelegationComplete }, [failWith(new Error('secret'))])
    const { runId } = await lead.generate('How is Oslo?', at)
    expect(told).toEqual([[false, 'secret', '']])
    expect(leading.calls[1]?.transcript).toContain('Try again tomorrow.')
    expect(leading.calls[1]?.transcript).not.toContain('secret')
    expect(await handedOn(memory, runId)).toMatchObject([{ status: 'failed' }])
  })
})

const fails = () => {
  throw new Error('hook broke')
}

describe.each(['onDelegationStart', 'onDelegationComplete', 'messageFilter'] as const)('%s that fails', (hook) => {
  it('is noted in the run, and the work goes on', async () => {
    const { lead, memory, leading } = team({ [hook]: fails }, ['Rain.'])
    const { runId } = await lead.generate('How is Oslo?', at)
    expect(leading.calls[1]?.transcript).toContain('Rain.')
    expect(await handedOn(memory, runId)).toMatchObject([{ status: 'complete', hookErrors: [hook] }])
  })

  it('fails the work with "throw"', async () => {
    const { lead, memory, leading } = team({ [hook]: fails, hookErrorStrategy: 'throw' }, ['Rain.'])
    const { runId } = await lead.generate('How is Oslo?', at)
    expect(leading.calls[1]?.transcript).toContain('could not carry out the task')
    expect(leading.calls[1]?.transcript).not.toContain('hook broke')
    expect(await handedOn(memory, runId)).toMatchObject([{ status: 'failed', error: 'aborted', hookErrors: [hook] }])
  })
})

describe('wrong options', () => {
  it.each([
    [{ onDelegationBegin: fails }, 'has an unknown option "onDelegationBegin"'],
    [{ onDelegationStart: true }, '"onDelegationStart" must be a function'],
    [{ forward: true }, '"delegation.forward" must be an object'],
    [{ forward: { systemPrompt: 1 } }, '"delegation.forward.systemPrompt" must be true or false'],
    [{ thread: 'new' }, '"thread" must be fresh or stable'],
    [{ hookErrorStrategy: 'ignore' }, '"hookErrorStrategy" must be warn or throw'],
    [null, 'must be an object'],
  ])('%j are refused by an agent and by a call', async (delegation, message) => {
    expect(() => supervisor([], null, { delegation: delegation as never })).toThrow(message)
    const { agent } = supervisor([], null, {})
    await expect(agent.generate('Go', { delegation: delegation as never })).rejects.toThrow(message)
  })
})

it('two delegations of one step are told apart by their hooks', async () => {
  const memory = openMemory()
  const { agent: a } = subagent('a', ['1'])
  const { agent: b } = subagent('b', ['2'])
  const both = callTools(['a', 'b'].map((key) => ({ toolName: `agent-${key}`, input: { prompt: key } })))
  const { agent: lead } = supervisor([both, 'ok'], memory, {
    agents: { a, b },
    delegation: { onDelegationComplete: ({ prompt }) => ({ resultText: `done ${prompt}` }) },
  })
  const { steps } = await lead.generate('Go', at)
  expect(steps[0]?.toolResults.map(({ output }) => output)).toEqual(['done a', 'done b'])
})
