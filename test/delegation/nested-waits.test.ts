// Calls of subagents that wait: they are shown at the top, decided by either id, and carried on from the root, at any depth.
import { type Agent, type AgentOptions, createTool, type Memory } from 'aquifer'
import { callTool, callTools, type scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory, refused } from '../memory/opened.ts'
import { asks, at, childOf, handedOn, saidIn, statusesIn, subagent, supervisor } from './scene.ts'

/** A tool that pays, once a person has approved it, and notes what it paid. */
function paying() {
  const paid: string[] = []
  const pay = createTool({
    id: 'pay',
    description: 'Pays.',
    inputSchema: z.object({ to: z.string() }),
    requireApproval: true,
    execute: ({ to }) => {
      paid.push(to)
      return `paid ${to}`
    },
  })
  return { pay, paid }
}

const pays = (to: string, toolCallId?: string) => {
  return callTool('pay', { to }, toolCallId === undefined ? {} : { toolCallId })
}

/** A supervisor whose subagent, at that depth, pays. */
function payingTeam(memory: Memory, depth: number, options: Partial<AgentOptions> = {}) {
  const { pay, paid } = paying()
  let { agent } = subagent(`level${depth}`, [pays('Bob', 'inner'), 'Paid Bob.'], { tools: { pay }, ...options })
  const models = []
  for (let level = depth - 1; level >= 0; level--) {
    const key = `level${level + 1}`
    const script = [asks(key, `Level ${level}`), `Done at ${level}.`]
    const next: { agent: Agent; model: ReturnType<typeof scriptedModel> } =
      level === 0
        ? supervisor(script, memory, { agents: { [key]: agent } })
        : subagent(`level${level}`, script, { agents: { [key]: agent } })
    models.push(next.model)
    agent = next.agent
  }
  return { lead: agent, paid, models }
}

describe.each([1, 2, 3])('a call that waits %i levels below', (depth) => {
  const keys = Array.from({ length: depth }, (_, index) => `level${index + 1}`)

  it('is shown with the chain of agents, in the result, the stream and the inbox', async () => {
    const memory = openMemory()
    const { lead } = payingTeam(memory, depth)
    const stream = await lead.stream('Pay Bob', at)
    const parts: { type: string; payload?: unknown }[] = []
    for await (const part of stream.fullStream) if (part.type === 'tool-call-approval') parts.push(part)
    const [call, ...others] = await stream.pendingCalls
    expect(others).toEqual([])
    expect(call).toMatchObject({ toolCallId: 'inner', toolName: 'pay', args: { to: 'Bob' }, kind: 'approval' })
    expect(call?.chain?.map(({ agentId }) => agentId)).toEqual(keys.map((key) => `${key}-id`))
    expect(call?.chain?.[0]?.toolCallId).toBe('call_1_1')
    const { kind: _, ...shown } = call ?? { kind: null }
    expect(parts).toEqual([{ type: 'tool-call-approval', runId: stream.runId, payload: shown }])
    const { runs } = await lead.listSuspendedRuns({ resourceId: 'ann' })
    expect(runs).toMatchObject([
      { runId: stream.runId, toolCalls: [{ ...shown, requiresApproval: true, status: 'asked' }] },
    ])
    expect((await stream.finished).status).toBe('suspended')
    for (let level = 0; level <= depth; level++) {
      expect(await statusesIn(memory, childOf(...keys.slice(0, level)))).toEqual(['suspended'])
    }
  })

  it.each(['inner', 'outer', 'none', 'whole'] as const)('is approved by the %s id', async (which) => {
    const memory = openMemory()
    const { lead, paid, models } = payingTeam(memory, depth)
    const { runId, status, pendingCalls } = await lead.generate('Pay Bob', at)
    expect(status).toBe('suspended')
    const outer = pendingCalls[0]?.chain?.map(({ toolCallId }) => toolCallId) ?? []
    const id = { inner: 'inner', outer: outer[0], none: undefined, whole: [...outer, 'inner'].join('/') }[which]
    const named = id === undefined ? {} : { toolCallId: id }
    const result = await lead.approveToolCallGenerate({ runId, ...named })
    expect(result.text).toBe('Done at 0.')
    expect(paid).toEqual(['Bob'])
    // Each model was asked twice: to call, and with the answer.
    expect(models.map(({ calls }) => calls.length)).toEqual(models.map(() => 2))
    for (let level = 0; level <= depth; level++) {
      expect(await statusesIn(memory, childOf(...keys.slice(0, level)))).toEqual(['complete'])
    }
    expect(await handedOn(memory, runId)).toMatchObject([{ key: 'level1', status: 'complete' }])
    expect((await lead.listSuspendedRuns({ resourceId: 'ann' })).runs).toEqual([])
  })

  it('is declined, and the subagent is told why', async () => {
    const memory = openMemory()
    const { lead, paid } = payingTeam(memory, depth)
    const { runId } = await lead.generate('Pay Bob', at)
    const stream = await lead.declineToolCall('inner', { runId, reason: 'too much' })
    expect(await stream.text).toBe('Done at 0.')
    expect(paid).toEqual([])
    const said =
      JSON.stringify(await memory.space(childOf(...keys)).messages.find('x')) +
      JSON.stringify(await saidIn(memory, childOf(...keys)))
    expect(said).toContain('Paid Bob.')
  })
})

const two = callTools(['a', 'b'].map((key) => ({ toolName: `agent-${key}`, input: { prompt: `Pay ${key}` } })))

/** A supervisor that hands two payments on in one step. */
function twoPayers(memory: Memory, ids: readonly [string, string] = ['inner-a', 'inner-b']) {
  const { pay, paid } = paying()
  const { agent: a } = subagent('a', [pays('A', ids[0]), 'Paid A.'], { tools: { pay } })
  const { agent: b } = subagent('b', [pays('B', ids[1]), 'Paid B.'], { tools: { pay } })
  return { ...supervisor([two, 'All paid.'], memory, { agents: { a, b } }), paid }
}

describe('two calls that wait below', () => {
  it('are decided one after the other; in between the run waits on', async () => {
    const { agent: lead, paid } = twoPayers(openMemory())
    const { runId, pendingCalls } = await lead.generate('Pay both', at)
    expect(pendingCalls.map(({ toolCallId }) => toolCallId)).toEqual(['inner-a', 'inner-b'])
    const between = await lead.approveToolCallGenerate('inner-a', { runId })
    expect(between.status).toBe('suspended')
    expect(between.pendingCalls.map(({ toolCallId }) => toolCallId)).toEqual(['inner-b'])
    expect(paid).toEqual(['A'])
    expect((await lead.approveToolCallGenerate('inner-b', { runId })).text).toBe('All paid.')
    expect(paid).toEqual(['A', 'B'])
  })

  it('are both heard when they are decided at the same time', async () => {
    const { agent: lead, paid, model } = twoPayers(openMemory())
    const { runId } = await lead.generate('Pay both', at)
    const results = await Promise.all([
      lead.approveToolCallGenerate('inner-a', { runId }),
      lead.approveToolCallGenerate('inner-b', { runId }),
    ])
    expect(results.map(({ text }) => text)).toContain('All paid.')
    expect(paid.toSorted()).toEqual(['A', 'B'])
    expect(model.calls).toHaveLength(2)
  })

  it('are refused together under one id, and told apart by the way to them', async () => {
    const { agent: lead, paid } = twoPayers(openMemory(), ['same', 'same'])
    const { runId } = await lead.generate('Pay both', at)
    const error = await refused('invalid-input', () => lead.approveToolCallGenerate('same', { runId }))
    expect(error.message).toContain('"call_1_1/same" of "pay", "call_1_2/same" of "pay"')
    const unnamed = await refused('invalid-input', () => lead.approveToolCallGenerate({ runId }))
    expect(unnamed.message).toContain('is required where several calls wait')
    await lead.approveToolCallGenerate('call_1_2/same', { runId })
    await lead.approveToolCallGenerate('call_1_1', { runId })
    expect(paid).toEqual(['B', 'A'])
  })
})

describe('a decision about a call below', () => {
  it('is made once: the second one is told of the first', async () => {
    const { lead, paid } = payingTeam(openMemory(), 2)
    const { runId } = await lead.generate('Pay Bob', at)
    const decide = (reason: string) => lead.approveToolCallGenerate('inner', { runId, reason })
    const [first, second] = await Promise.allSettled([decide('one'), decide('two')])
    expect([first?.status, second?.status].toSorted()).toEqual(['fulfilled', 'rejected'])
    const lost = (first?.status === 'rejected' ? first : second) as PromiseRejectedResult
    expect(lost.reason).toMatchObject({ code: 'conflict', details: { decided: { approved: true } } })
    const error = await refused('conflict', () => lead.declineToolCallGenerate('inner', { runId }))
    expect(error.details).toMatchObject({ decided: { approved: true } })
    expect(paid).toEqual(['Bob'])
  })

  it('is refused for an unknown id, with the calls that wait', async () => {
    const { lead } = payingTeam(openMemory(), 1)
    const { runId } = await lead.generate('Pay Bob', at)
    const error = await refused('not-found', () => lead.approveToolCallGenerate('nothing', { runId }))
    expect(error.message).toContain('"call_1_1/inner" of "pay"')
  })

  it('is left to those who may decide', async () => {
    const memory = openMemory()
    const { lead, paid } = payingTeam(memory, 1)
    const { runId } = await lead.generate('Pay Bob', at)
    const author = { kind: 'agent', id: 'level1-id' } as const
    await refused('denied', () => lead.approveToolCallGenerate('inner', { runId, author }))
    expect(paid).toEqual([])
  })

  it('gives a suspended tool its data, as its schema takes it', async () => {
    const memory = openMemory()
    const ask = createTool({
      id: 'ask',
      description: 'Asks.',
      inputSchema: z.object({}),
      resumeSchema: z.object({ city: z.string() }),
      execute: async (_, { suspend, resumeData }) => resumeData?.city ?? suspend({ question: 'Which city?' }),
    })
    const { agent: a, model } = subagent('a', [callTool('ask', {}, { toolCallId: 'q' }), 'Oslo it is.'], {
      tools: { ask },
    })
    const { agent: lead } = supervisor([asks('a', 'Ask'), 'Done.'], memory, { agents: { a } })
    const { runId, pendingCalls } = await lead.generate('Ask', at)
    expect(pendingCalls).toMatchObject([{ kind: 'suspension', suspendPayload: { question: 'Which city?' } }])
    expect(pendingCalls[0]?.resumeSchema).toMatchObject({ properties: { city: { type: 'string' } } })
    await refused('invalid-input', () => lead.resumeGenerate({ city: 7 }, { runId }))
    expect((await lead.resumeGenerate({ city: 'Oslo' }, { runId, toolCallId: 'call_1_1' })).text).toBe('Done.')
    expect(model.calls[1]?.transcript).toContain('Oslo')
  })
})

describe('the supervisor recovers', () => {
  it('a run whose call was decided at the subagent itself', async () => {
    const memory = openMemory()
    const { pay, paid } = paying()
    const { agent: payer } = subagent('a', [pays('Bob'), 'Paid Bob.'], { tools: { pay }, memory })
    const { agent: lead, model } = supervisor([asks('a', 'Pay'), 'Done.'], memory, { agents: { a: payer } })
    const { runId, pendingCalls } = await lead.generate('Pay', at)
    expect(await lead.recover()).toEqual([])
    const own = pendingCalls[0]?.chain?.[0]?.runId as string
    await payer.approveToolCallGenerate({ runId: own })
    expect(await payer.recover()).toEqual([])
    expect(await lead.recover()).toEqual([{ runId, status: 'complete' }])
    expect(paid).toEqual(['Bob'])
    expect(model.calls[1]?.transcript).toContain('Paid Bob.')
    expect(await lead.recover()).toEqual([])
  })
})

it('a delegation that needs an approval itself waits, runs and may wait again', async () => {
  const memory = openMemory()
  const { lead, paid } = payingTeam(memory, 1)
  const { runId, pendingCalls } = await lead.generate('Pay Bob', { ...at, requireToolApproval: true })
  expect(pendingCalls).toMatchObject([{ toolCallId: 'call_1_1', toolName: 'agent-level1', kind: 'approval' }])
  const between = await lead.approveToolCallGenerate({ runId })
  expect(between.pendingCalls).toMatchObject([{ toolCallId: 'inner', chain: [{ toolCallId: 'call_1_1' }] }])
  expect((await lead.approveToolCallGenerate({ runId })).text).toBe('Done at 0.')
  expect(paid).toEqual(['Bob'])
})
