// Workflows as tools of an agent: each call has one run, whose waiting steps are calls that wait, and whose events are told.
import { Agent, createStep, createWorkflow, type Memory } from 'aquifer'
import { callTool } from 'aquifer/testing'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { openMemory, refused } from '../memory/opened.ts'
import { asks, at, handedOn, subagent, supervisor } from './scene.ts'

const city = z.object({ city: z.string() })

/** A workflow that asks for the season, unless it is told to fail, and how often its steps ran. */
function weather(options: { readonly waits?: boolean; readonly fails?: boolean; readonly memory?: Memory } = {}) {
  const ran: string[] = []
  const look = createStep({
    id: 'look',
    inputSchema: city,
    outputSchema: city,
    resumeSchema: z.object({ season: z.string() }),
    execute: async ({ inputData, suspend, resumeData }) => {
      ran.push('look')
      if (options.fails === true) throw new Error('secret')
      if (options.waits === true && resumeData === undefined) return suspend({ question: 'Which season?' })
      return { city: `${inputData.city} ${resumeData?.season ?? 'now'}` }
    },
  })
  const tell = createStep({
    id: 'tell',
    inputSchema: city,
    outputSchema: z.object({ report: z.string() }),
    execute: async ({ inputData }) => {
      ran.push('tell')
      return { report: `Rain in ${inputData.city}` }
    },
  })
  const flow = createWorkflow({
    id: 'weather-flow',
    description: 'Tells the weather.',
    inputSchema: city,
    outputSchema: z.object({ report: z.string() }),
    ...(options.memory === undefined ? {} : { memory: options.memory }),
  })
  return { flow: flow.then(look).then(tell).commit(), ran }
}

const calls = callTool('workflow-weather', { city: 'Oslo' })

describe('a workflow as a tool', () => {
  it('is run once, and gives its result to the model', async () => {
    const memory = openMemory()
    const { flow, ran } = weather()
    const { agent: lead, model } = supervisor([calls, 'It rains.'], memory, { workflows: { weather: flow } })
    const { text, runId, steps } = await lead.generate('Oslo?', at)
    expect(text).toBe('It rains.')
    expect(model.calls[0]?.tools).toMatchObject([
      { name: 'workflow-weather', description: 'Tells the weather.', inputSchema: { properties: { city: {} } } },
    ])
    expect(steps[0]?.toolResults[0]?.output).toEqual({ report: 'Rain in Oslo now' })
    expect(ran).toEqual(['look', 'tell'])
    const [record] = await handedOn(memory, runId)
    expect(record).toMatchObject({ workflowId: 'weather-flow', key: 'weather', status: 'complete' })
    const run = await memory.getRun(record?.runId as string)
    expect(run).toMatchObject({ kind: 'workflow', agentId: 'weather-flow', status: 'complete', threadId: 't' })
  })

  it('keeps its own memory', async () => {
    const [memory, own] = [openMemory(), openMemory()]
    const { flow } = weather({ memory: own })
    const { agent: lead } = supervisor([calls, 'ok'], memory, { workflows: { weather: flow } })
    const { runId } = await lead.generate('Oslo?', at)
    const [record] = await handedOn(memory, runId)
    expect(await own.getRun(record?.runId as string)).toMatchObject({ status: 'complete' })
  })

  it('runs without memory', async () => {
    const { flow } = weather()
    const { agent: lead, model } = supervisor([calls, 'ok'], null, { workflows: { weather: flow } })
    await lead.generate('Oslo?')
    expect(model.calls[1]?.transcript).toContain('Rain in Oslo now')
  })

  it('tells its events in the stream of the agent', async () => {
    const { flow } = weather()
    const { agent: lead } = supervisor([calls, 'ok'], openMemory(), { workflows: { weather: flow } })
    const stream = await lead.stream('Oslo?', at)
    const types: string[] = []
    for await (const part of stream.fullStream) if (part.type === 'tool-output') types.push(part.output.type)
    expect(types).toEqual([
      'workflow-start',
      ...['look', 'tell'].flatMap(() => ['workflow-step-start', 'workflow-step-result']),
      'workflow-finish',
    ])
  })

  it('is canceled with the call of the agent', async () => {
    const memory = openMemory()
    const controller = new AbortController()
    const step = createStep({
      id: 'stop',
      inputSchema: city,
      outputSchema: city,
      execute: async ({ inputData, abortSignal }) => {
        controller.abort(new Error('enough'))
        await expect.poll(() => abortSignal.aborted).toBe(true)
        return inputData
      },
    })
    const made = createWorkflow({ id: 'w', description: 'W.', inputSchema: city, outputSchema: city, memory })
    const flow = made.then(step).commit()
    const { agent: lead } = supervisor([calls], memory, { workflows: { weather: flow } })
    await expect(lead.generate('Oslo?', { ...at, abortSignal: controller.signal })).rejects.toThrow('enough')
    const status = async () => (await flow.listRuns({ resourceId: 'ann' })).runs.map((run) => run.status)
    await expect.poll(status).toEqual(['canceled'])
  })

  it('that fails tells the model no more than that', async () => {
    const log = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const memory = openMemory()
    const { flow } = weather({ fails: true })
    const { agent: lead, model } = supervisor([calls, 'no'], memory, { workflows: { weather: flow } })
    const { runId } = await lead.generate('Oslo?', at)
    expect(model.calls[1]?.transcript).toContain('The workflow "weather" could not carry out the task.')
    expect(model.calls[1]?.transcript).not.toContain('secret')
    expect(await handedOn(memory, runId)).toMatchObject([{ status: 'failed', error: 'Error' }])
    log.mockRestore()
  })
})

describe('a step of a workflow that waits', () => {
  it.each([
    ['its path', '0'],
    ['the id of the call', 'call_1_1'],
    ['no id', undefined],
  ])('is a call that waits, and is resumed by %s', async (_, toolCallId) => {
    const memory = openMemory()
    const { flow, ran } = weather({ waits: true })
    const { agent: lead } = supervisor([calls, 'It rains.'], memory, { workflows: { weather: flow } })
    const { runId, pendingCalls, status } = await lead.generate('Oslo?', at)
    expect(status).toBe('suspended')
    expect(pendingCalls).toMatchObject([
      {
        ...{ toolCallId: '0', toolName: 'look', kind: 'suspension', suspendPayload: { question: 'Which season?' } },
        chain: [{ agentId: 'weather-flow', toolCallId: 'call_1_1' }],
      },
    ])
    const { runs } = await lead.listSuspendedRuns({ resourceId: 'ann' })
    expect(runs).toMatchObject([{ toolCalls: [{ toolCallId: '0', requiresApproval: false }] }])
    const named = toolCallId === undefined ? {} : { toolCallId }
    await refused('invalid-input', () => lead.resumeGenerate({ season: 7 }, { runId, ...named }))
    await refused('invalid-input', () => lead.approveToolCallGenerate({ runId, ...named }))
    const result = await lead.resumeGenerate({ season: 'in May' }, { runId, ...named })
    expect(result.text).toBe('It rains.')
    expect(ran).toEqual(['look', 'look', 'tell'])
    const late = await refused('conflict', () => lead.resumeGenerate({ season: 'in June' }, { runId, toolCallId: '0' }))
    expect(late.message).toContain('ended')
  })

  it('is found below a subagent, too', async () => {
    const memory = openMemory()
    const { flow } = weather({ waits: true })
    const { agent: middle } = subagent('middle', [calls, 'Rain.'], { workflows: { weather: flow } })
    const { agent: lead } = supervisor([asks('middle', 'Oslo?'), 'It rains.'], memory, { agents: { middle } })
    const { runId, pendingCalls } = await lead.generate('Oslo?', at)
    expect(pendingCalls[0]?.chain?.map(({ agentId }) => agentId)).toEqual(['middle-id', 'weather-flow'])
    expect((await lead.resumeGenerate({ season: 'in May' }, { runId })).text).toBe('It rains.')
  })

  it('is declined: the run is canceled, and the model is told that it failed', async () => {
    const log = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { flow } = weather({ waits: true })
    const { agent: lead, model } = supervisor([calls, 'no'], openMemory(), { workflows: { weather: flow } })
    const { runId } = await lead.generate('Oslo?', at)
    expect((await lead.declineToolCallGenerate({ runId })).text).toBe('no')
    expect(model.calls[1]?.transcript).toContain('could not carry out the task')
    log.mockRestore()
  })

  it('that was resumed at the workflow itself is taken up by recover', async () => {
    const memory = openMemory()
    const { flow } = weather({ waits: true, memory })
    const { agent: lead } = supervisor([calls, 'It rains.'], memory, { workflows: { weather: flow } })
    const { runId, pendingCalls } = await lead.generate('Oslo?', at)
    expect(await lead.recover()).toEqual([])
    const run = await flow.getRun(pendingCalls[0]?.chain?.[0]?.runId as string)
    await run?.resume({ resumeData: { season: 'in May' } })
    expect(await lead.recover()).toEqual([{ runId, status: 'complete' }])
  })

  it('cannot wait without memory', async () => {
    const log = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { flow } = weather({ waits: true })
    const { agent: lead, model } = supervisor([calls, 'no'], null, { workflows: { weather: flow } })
    await lead.generate('Oslo?')
    expect(model.calls[1]?.transcript).toContain('could not carry out the task')
    log.mockRestore()
  })
})

describe('an agent with workflows', () => {
  it.each([
    [
      'without a description',
      { w: createWorkflow({ id: 'w', inputSchema: city, outputSchema: city }) },
      '"w" has no description',
    ],
    ['that are none', { w: { id: 'w', description: 'W.' } }, '"workflows.w" must be a workflow'],
    ['in a list', [], '"workflows" must be an object of workflows by key'],
  ])('%s is refused', (_, workflows, message) => {
    expect(() => new Agent({ name: 'Lead', workflows: workflows as never })).toThrow(message)
  })
})
