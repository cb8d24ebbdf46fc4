// What agents do, as events and as spans: each step, each check and each delegation, with sizes, tokens and times, and no content.
// Own process: it listens to all agents of the process.
import { tracingChannel } from 'node:diagnostics_channel'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { Agent, type AgentEvent, agentChannel, createTool, type MemoryEvent } from 'aquifer'
import { traceMemory } from 'aquifer/otel'
import { callTool, failWith, scriptedModel } from 'aquifer/testing'
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import { asks, at, handedOn, subagent, supervisor } from '../delegation/scene.ts'
import { openMemory } from '../memory/opened.ts'

beforeEach(() => {
  const log = vi.spyOn(console, 'warn').mockImplementation(() => {})
  return () => log.mockRestore()
})

/** The events of agents that are over, in order, until the test ends. */
function listen(): readonly AgentEvent[] {
  const events: AgentEvent[] = []
  const { asyncEnd } = tracingChannel<unknown, AgentEvent | MemoryEvent>(agentChannel)
  const end = (event: unknown) => void events.push(structuredClone(event) as AgentEvent)
  asyncEnd.subscribe(end)
  onTestFinished(() => void asyncEnd.unsubscribe(end))
  return events
}

const secret = 'Oslofjord'

const look = createTool({
  id: 'look',
  description: 'Looks.',
  inputSchema: z.object({}),
  execute: async (_, { suspend, resumeData }) => resumeData ?? suspend('What?'),
})

function team(script: Parameters<typeof subagent>[1] = ['Rain.']) {
  const memory = openMemory()
  const { agent: research } = subagent('research', script, { tools: { look }, defaultOptions: { maxRetries: 0 } })
  const { agent } = supervisor([asks('research', secret), `${secret}: rain.`, 'Rain.'], memory, {
    agents: { research },
  })
  const score = ({ output }: { readonly output: string }) => ({ score: output === 'Rain.' ? 1 : 0, reason: secret })
  return { memory, agent, isTaskComplete: { scorers: [{ id: 'short', run: score }] } }
}

it('is published with who, sizes, tokens and times', async () => {
  const events = listen()
  const { agent, memory, isTaskComplete } = team()
  const { runId } = await agent.generate(secret, { ...at, isTaskComplete })
  const place = { runId, threadId: 't', resourceId: 'ann', agentId: 'lead' }
  const numbers = { inputTokens: expect.any(Number), outputTokens: expect.any(Number), durationMs: expect.any(Number) }
  const iteration = (number: number, tools: readonly string[]) => {
    return {
      ...place,
      operation: 'agent.iteration',
      iteration: number,
      tools,
      model: 'scripted/language/1',
      ...numbers,
    }
  }
  const check = { ...place, operation: 'agent.check', scorers: ['short'], status: 'done' }
  expect(events).toMatchObject([
    {
      ...{
        ...place,
        operation: 'agent.delegation',
        primitiveType: 'agent',
        primitiveId: 'research-id',
        status: 'done',
      },
      ...{ toolCallId: 'call_1_1', promptCharacters: secret.length, childRunId: expect.any(String), ...numbers },
    },
    iteration(1, ['agent-research']),
    iteration(2, []),
    { ...check, iteration: 2, passed: false, scores: [0] },
    iteration(3, []),
    { ...check, iteration: 3, passed: true, scores: [1] },
  ])
  expect(JSON.stringify(events)).not.toContain(secret)
  expect(await handedOn(memory, runId)).toMatchObject([
    { promptCharacters: secret.length, inputTokens: expect.any(Number), outputTokens: expect.any(Number) },
  ])
})

it('says what waits and what failed', async () => {
  const events = listen()
  const { agent } = team([callTool('look'), 'Rain.'])
  const { runId } = await agent.generate('Go', at)
  expect(events.map(({ operation, status }) => `${operation} ${status}`)).toEqual([
    'agent.delegation suspended',
    'agent.iteration suspended',
  ])
  await agent.resumeGenerate('a fjord', { runId })
  expect(events.slice(2).map(({ operation, status }) => `${operation} ${status}`)).toEqual([
    'agent.delegation done',
    'agent.iteration done',
  ])
  const failing = listen()
  await team([failWith(new Error('down'))]).agent.generate('Go', at)
  expect(failing[0]).toMatchObject({ operation: 'agent.delegation', status: 'failed' })
})

it('goes on whatever a subscriber does to an event', async () => {
  const warnings: string[] = []
  const onWarning = ({ name }: Error) => void warnings.push(name)
  process.on('warning', onWarning)
  const { start } = tracingChannel<unknown, AgentEvent>(agentChannel)
  const freeze = (event: unknown) => void Object.freeze(event)
  start.subscribe(freeze)
  onTestFinished(() => {
    start.unsubscribe(freeze)
    process.off('warning', onWarning)
  })
  expect((await team().agent.generate('Go', at)).text).toBe(`${secret}: rain.`)
  await new Promise(setImmediate)
  expect(warnings).toContain('AquiferWarning')
})

it('is made spans of', async () => {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const stop = await traceMemory({ tracer: provider.getTracer('test') })
  onTestFinished(stop)
  const { agent, isTaskComplete } = team()
  const { runId } = await agent.generate(secret, { ...at, isTaskComplete })
  const spans = exporter
    .getFinishedSpans()
    .filter(({ attributes }) => /^agent\./.test(`${attributes['aquifer.operation']}`))
  expect(spans.map(({ name }) => name)).toEqual([
    ...[
      'invoke_agent',
      'aquifer.iteration',
      'aquifer.iteration',
      'aquifer.check',
      'aquifer.iteration',
      'aquifer.check',
    ],
  ])
  expect(spans[0]?.attributes).toMatchObject({
    ...{ 'gen_ai.agent.id': 'research-id', 'aquifer.supervisor.id': 'lead', 'aquifer.run.id': runId },
    ...{ 'aquifer.prompt.characters': secret.length, 'gen_ai.usage.input_tokens': expect.any(Number) },
  })
  expect(spans[3]?.attributes).toMatchObject({ 'aquifer.check.passed': false, 'aquifer.check.scores': [0] })
  expect(JSON.stringify(spans.map(({ name, attributes, events }) => [name, attributes, events]))).not.toContain(secret)
  exporter.reset()
  stop()
  const again = await traceMemory({ tracer: provider.getTracer('test'), captureIds: false })
  onTestFinished(again)
  await team().agent.generate(secret, at)
  const text = JSON.stringify(exporter.getFinishedSpans().map(({ attributes }) => attributes))
  for (const id of ['research-id', '"ann"', '"lead"', 'call_1_1']) expect(text).not.toContain(id)
})

it('names the notes in the prompt of a step, and leaves their ids out of spans if it is told to', async () => {
  const memory = openMemory()
  await memory.saveMessages({ ...at, messages: ['Ada visited Porto on Monday with 2 dogs.'] })
  await memory.observe(at)
  const ids = (await memory.getObservations(at)).observations.map(({ id }) => id)
  expect(ids).toHaveLength(1)
  const spansOf = async (captureIds: boolean) => {
    const exporter = new InMemorySpanExporter()
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
    const stop = await traceMemory({ tracer: provider.getTracer('test'), captureIds })
    const options = { semanticRecall: false, observationalMemory: { model: false } } as const
    const model = scriptedModel({ answer: () => 'Noted.' })
    const agent = new Agent({ name: 'Guide', model, memory, defaultOptions: { memory: { options } } })
    await agent.generate('Who had dogs?', { ...at, onIterationComplete: () => ({}) })
    stop()
    return exporter.getFinishedSpans().filter(({ name }) => name === 'aquifer.iteration')
  }
  const [whole] = await spansOf(true)
  expect(whole?.attributes).toMatchObject({ 'aquifer.prompt.notes': 1, 'aquifer.prompt.note.ids': ids })
  const [bare] = await spansOf(false)
  expect(bare?.attributes).toMatchObject({ 'aquifer.prompt.notes': 1 })
  expect(bare?.attributes).not.toHaveProperty(['aquifer.prompt.note.ids'])
})
