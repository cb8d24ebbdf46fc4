// Memory operations as OpenTelemetry spans, through the real API and SDK, beside those of the AI SDK.
// Own process: it sets the tracer of the process.
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { OpenTelemetry } from '@ai-sdk/otel'
import { context, diag, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { generateText, isStepCount, tool } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import type { Embedder, Memory } from 'aquifer'
import { type TraceMemoryOptions, traceMemory } from 'aquifer/otel'
import { scriptedEmbedder } from 'aquifer/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import { openMemory, refused, temporaryFolder } from '../memory/opened.ts'
import { runNode } from '../processes.ts'
import { channel } from './listening.ts'

const exporter = new InMemorySpanExporter()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
const tracer = trace.getTracer('test')
const resourceId = 'alice'
const where = { resourceId, threadId: 't' }
const said = ['The refund is late', 'We met in Vienna']

beforeAll(() => {
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})

afterAll(() => {
  trace.disable()
  context.disable()
})

beforeEach(() => {
  exporter.reset()
  expect(channel.hasSubscribers, 'the test before left nobody listening').toBe(false)
})

/** Traces memory until the test ends. */
async function startTracing(options?: TraceMemoryOptions): Promise<() => void> {
  const stop = await traceMemory(options)
  onTestFinished(stop)
  return stop
}

const spans = (): readonly ReadableSpan[] => exporter.getFinishedSpans()

function spanOf(name: string): ReadableSpan {
  const [span, other] = spans().filter((one) => one.name === name)
  if (span === undefined || other !== undefined)
    throw new Error(`Expected one "${name}": ${spans().map((one) => one.name)}`)
  return span
}

const parentOf = (name: string) =>
  spans().find((span) => span.spanContext().spanId === spanOf(name).parentSpanContext?.spanId)

async function openWithMessages(embedder: Embedder | false = false): Promise<Memory> {
  const memory = openMemory({ embedder })
  await memory.saveMessages({ ...where, messages: said })
  await memory.settled()
  return memory
}

describe('attributes', () => {
  it('of a recall', async () => {
    const memory = await openWithMessages()
    await startTracing()
    const found = await memory.as({ kind: 'agent', id: 'sales' }).recall({ ...where, scope: 'thread', query: 'refund' })
    const span = spanOf('search_memory')
    expect(span.kind).toBe(SpanKind.INTERNAL)
    expect(span.status).toEqual({ code: SpanStatusCode.UNSET })
    expect(span.instrumentationScope.name).toBe('aquifer')
    expect(span.attributes).toEqual({
      'gen_ai.operation.name': 'search_memory',
      'gen_ai.memory.store.id': 'resource/alice',
      'gen_ai.memory.record.count': found.items.length,
      'gen_ai.conversation.id': 't',
      'gen_ai.agent.id': 'sales',
      'aquifer.operation': 'memory.recall',
      'aquifer.status': 'done',
      'aquifer.actor.kind': 'agent',
      'aquifer.recall.id': found.recallId,
      'aquifer.recall.mode': 'hybrid',
      'aquifer.recall.kinds': ['message'],
      'aquifer.recall.top_k': 20,
      'aquifer.recall.threshold': 0,
      'aquifer.recall.item.ids': found.items.map(({ id }) => id),
      'aquifer.recall.item.scores': found.items.map(({ score }) => score),
      'aquifer.recall.neighbours': 0,
      'aquifer.recall.in_scope': 2,
      'aquifer.recall.candidates': found.trace.candidates,
      'aquifer.recall.legs': ['keyword'],
      'aquifer.recall.degraded': ['no-embedder'],
      'aquifer.recall.pending': 0,
      'aquifer.tokens': found.tokens,
    })
  })

  it('of a recall in several spaces', async () => {
    const memory = await openWithMessages()
    await startTracing()
    await memory.space('team/acme').recall('refund', { spaces: ['team/acme', 'resource/alice'] })
    const { attributes } = spanOf('search_memory')
    expect(attributes['aquifer.recall.spaces']).toEqual(['team/acme', 'resource/alice'])
    expect(attributes).not.toHaveProperty(['gen_ai.memory.store.id'])
  })

  it('of a save', async () => {
    const memory = openMemory()
    await startTracing()
    const saved = await memory.saveMessages({ ...where, messages: said })
    expect(spanOf('upsert_memory').attributes).toEqual({
      'gen_ai.operation.name': 'upsert_memory',
      'gen_ai.memory.store.id': 'resource/alice',
      'gen_ai.memory.record.count': 2,
      'gen_ai.conversation.id': 't',
      'aquifer.operation': 'memory.save',
      'aquifer.status': 'done',
      'aquifer.actor.kind': 'system',
      'aquifer.actor.id': 'app',
      'aquifer.turn.id': saved.turnId,
      'aquifer.save.message.ids': saved.messages.map(({ id }) => id),
      'aquifer.seq': 1,
      'aquifer.tokens': expect.any(Number),
    })
  })

  it('of a restored turn', async () => {
    const memory = openMemory()
    const { turnId } = await memory.saveMessages({ ...where, messages: 'first' })
    const open = { kind: 'turn-open' as const, threadId: 't', replaces: [turnId] }
    const close = { kind: 'turn-close' as const, threadId: 't', opened: 0, status: 'complete' as const }
    await memory.space('resource/alice').commit([open, close])
    await startTracing()
    const { replaced } = await memory.restoreTurn({ ...where, turnId })
    expect(spanOf('update_memory').attributes).toEqual({
      'gen_ai.operation.name': 'update_memory',
      'gen_ai.memory.store.id': 'resource/alice',
      'gen_ai.memory.record.count': 1,
      'gen_ai.conversation.id': 't',
      'aquifer.operation': 'memory.restore',
      'aquifer.status': 'done',
      'aquifer.actor.kind': 'system',
      'aquifer.actor.id': 'app',
      'aquifer.turn.id': turnId,
      'aquifer.restore.turn.ids': [turnId],
      'aquifer.restore.replaced.ids': [...replaced],
      'aquifer.restore.replaced': 1,
      'aquifer.seq': 3,
    })
  })

  it('of working memory', async () => {
    const memory = openMemory()
    await startTracing()
    await memory.getWorkingMemory({ resourceId })
    await memory.updateWorkingMemory({ resourceId, workingMemory: 'a' })
    await memory.updateWorkingMemory({ resourceId, workingMemory: 'b' })
    await memory.updateWorkingMemory({ resourceId, workingMemory: 'c', ifVersion: 1 })
    await memory.restoreWorkingMemory({ resourceId, version: 1 })
    await memory.getWorkingMemory({ resourceId })
    const common = { 'gen_ai.memory.store.id': 'resource/alice', 'gen_ai.memory.record.id': 'main' }
    const shown = spans().map(({ name, status, attributes }) => {
      expect(attributes).toMatchObject({
        ...common,
        'aquifer.operation': 'memory.working',
        'gen_ai.operation.name': name,
      })
      const keys = ['aquifer.status', 'aquifer.block.action', 'aquifer.block.version', 'aquifer.block.replaced']
      return [name, status.code, attributes['gen_ai.memory.record.count'], ...keys.map((key) => attributes[key])]
    })
    const unset = SpanStatusCode.UNSET
    expect(shown).toEqual([
      ['get_memory', unset, 0, 'done', 'get', undefined, undefined],
      ['upsert_memory', unset, 1, 'done', 'update', 1, undefined],
      ['upsert_memory', unset, 1, 'done', 'update', 2, 1],
      ['upsert_memory', unset, 1, 'conflict', 'update', 2, undefined],
      ['update_memory', unset, 1, 'done', 'restore', 3, 2],
      ['get_memory', unset, 1, 'done', 'get', 3, undefined],
    ])
  })

  it('of a failure: the code, and neither message nor exception', async () => {
    const memory = openMemory()
    await startTracing()
    await memory.close()
    await refused('closed', () => memory.recall({ resourceId, query: 'refund' }))
    const { attributes, status, events } = spanOf('search_memory')
    expect(attributes).toMatchObject({ 'error.type': 'closed', 'aquifer.status': 'failed' })
    expect(status).toEqual({ code: SpanStatusCode.ERROR })
    expect(events).toEqual([])
  })

  it('without ids', async () => {
    const memory = openMemory().as({ kind: 'agent', id: 'sales' })
    await startTracing({ captureIds: false })
    await memory.saveMessages({ ...where, messages: said })
    await memory.recall({ ...where, scope: 'thread', query: 'refund' })
    await memory.space('team/acme').recall('refund', { spaces: ['team/acme', 'resource/alice'] })
    await memory.updateWorkingMemory({ resourceId, name: 'persona', workingMemory: 'a' })
    expect(spans()).toHaveLength(4)
    const written = JSON.stringify(spans().map(({ name, attributes }) => ({ name, attributes })))
    for (const id of ['alice', 'acme', 'sales', 'persona', 'msg_', 'turn_', 'rcl_', '"t"'])
      expect(written).not.toContain(id)
    expect(spans()[1]?.attributes).toMatchObject({ 'gen_ai.memory.record.count': 2, 'aquifer.actor.kind': 'agent' })
  })

  it('never hold content', async () => {
    const secret = 'XYZZY'
    const memory = openMemory({ embedder: scriptedEmbedder() }).as({ kind: 'agent', id: 'a', name: secret })
    await startTracing()
    await memory.saveMessages({ ...where, messages: { role: 'user', content: secret, metadata: { [secret]: secret } } })
    await memory.updateWorkingMemory({ resourceId, workingMemory: secret })
    await memory.getWorkingMemory({ resourceId })
    await memory.settled()
    await memory.recall({ resourceId, query: secret, filter: { [secret]: secret } })
    await refused('invalid-input', () => memory.updateWorkingMemory({ resourceId, workingMemory: { [secret]: 1 } }))
    expect(spans()).toHaveLength(5)
    const written = spans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status }))
    expect(JSON.stringify(written)).not.toContain(secret)
  })
})

describe('nesting', () => {
  it('is under the span that is active, across awaits and side by side', async () => {
    const memory = await openWithMessages()
    await startTracing()
    const recallUnder = (name: string) =>
      tracer.startActiveSpan(name, async (span) => {
        await new Promise((resolve) => setImmediate(resolve))
        const found = await memory.recall({ resourceId, query: 'refund' })
        span.end()
        return found.recallId
      })
    const [one, two] = await Promise.all([recallUnder('one'), recallUnder('two')])
    for (const [name, recallId] of [
      ['one', one],
      ['two', two],
    ] as const) {
      const recall = spans().find(({ attributes }) => attributes['aquifer.recall.id'] === recallId)
      expect(recall?.parentSpanContext?.spanId).toBe(spanOf(name).spanContext().spanId)
      expect(recall?.spanContext().traceId).toBe(spanOf(name).spanContext().traceId)
    }
  })

  it('is a root where no span is active', async () => {
    const memory = await openWithMessages()
    await startTracing()
    await memory.recall({ resourceId, query: 'refund' })
    expect(spanOf('search_memory').parentSpanContext).toBeUndefined()
  })

  it('takes in what memory itself calls, and nothing of what comes after', async () => {
    const inner = scriptedEmbedder()
    const embedder: Embedder = {
      ...inner,
      embed: (texts, options) => {
        if (options?.purpose === 'query') tracer.startSpan('embed question').end()
        return inner.embed(texts, options)
      },
    }
    const memory = await openWithMessages(embedder)
    await startTracing()
    await memory.recall({ resourceId, query: 'refund' })
    tracer.startSpan('afterwards').end()
    expect(parentOf('embed question')).toBe(spanOf('search_memory'))
    expect(spanOf('afterwards').parentSpanContext).toBeUndefined()
  })

  it('is under the tool call of the AI SDK from which memory is called', async () => {
    const memory = await openWithMessages()
    await startTracing()
    const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } } as never
    const call = { type: 'tool-call', toolCallId: 'c1', toolName: 'look_up', input: '{"about":"refund"}' } as const
    const model = new MockLanguageModelV4({
      doGenerate: [
        { content: [call], finishReason: { unified: 'tool-calls', raw: undefined }, usage, warnings: [] },
        {
          content: [{ type: 'text', text: 'It is late.' }],
          finishReason: { unified: 'stop', raw: undefined },
          usage,
          warnings: [],
        },
      ],
    })
    const lookUp = tool({
      description: 'Looks into memory',
      inputSchema: z.object({ about: z.string() }),
      execute: async ({ about }) => (await memory.recall({ resourceId, query: about })).items.map(({ text }) => text),
    })
    const { text } = await generateText({
      model,
      prompt: 'Where is my refund?',
      tools: { look_up: lookUp },
      stopWhen: isStepCount(2),
      telemetry: { integrations: [new OpenTelemetry()] },
    })
    expect(text).toBe('It is late.')
    expect(parentOf('search_memory')?.name).toBe('execute_tool look_up')
    const root = spans().find(({ parentSpanContext }) => parentSpanContext === undefined)
    expect(root?.attributes['gen_ai.operation.name']).toBe('invoke_agent')
    expect(spanOf('search_memory').spanContext().traceId).toBe(root?.spanContext().traceId)
  })
})

describe('starting and stopping', () => {
  it('takes a tracer of the caller’s, and makes nothing once it is stopped', async () => {
    const memory = await openWithMessages()
    const own = new InMemorySpanExporter()
    const ownTracer = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(own)] }).getTracer('mine')
    const stop = await startTracing({ tracer: ownTracer })
    await memory.recall({ resourceId, query: 'refund' })
    expect(own.getFinishedSpans().map(({ instrumentationScope }) => instrumentationScope.name)).toEqual(['mine'])
    stop()
    stop()
    await memory.recall({ resourceId, query: 'refund' })
    expect(own.getFinishedSpans()).toHaveLength(1)
    expect(spans()).toEqual([])
  })

  it('ends the spans of what had begun when it was stopped, and begins none late', async () => {
    const gate = Promise.withResolvers<void>()
    const inner = scriptedEmbedder()
    let waiting = 0
    const embedder: Embedder = {
      ...inner,
      embed: async (texts, options) => {
        if (options?.purpose === 'query') {
          waiting += 1
          await gate.promise
        }
        return inner.embed(texts, options)
      },
    }
    const memory = await openWithMessages(embedder)
    const before = memory.recall({ resourceId, query: 'refund' })
    await expect.poll(() => waiting).toBe(1)
    const stop = await startTracing()
    const begun = memory.recall({ resourceId, query: 'Vienna' })
    await expect.poll(() => waiting).toBe(2)
    stop()
    expect(spans()).toEqual([])
    gate.resolve()
    await before
    const { recallId } = await begun
    expect(spans().map(({ ended, attributes }) => [ended, attributes['aquifer.recall.id']])).toEqual([[true, recallId]])
    expect(channel.hasSubscribers).toBe(false)
  })

  it('leaves the outcome alone if the tracer fails, and tells OpenTelemetry', async () => {
    const memory = await openWithMessages()
    const errors = vi.fn()
    const silent = () => {}
    diag.setLogger({ error: errors, warn: silent, info: silent, debug: silent, verbose: silent })
    onTestFinished(() => diag.disable())
    const failing = () => {
      throw new Error('tracer down')
    }
    const stop = await startTracing({ tracer: { startSpan: failing } })
    expect((await memory.recall({ resourceId, query: 'refund' })).items).toHaveLength(2)
    stop()
    expect(errors).toHaveBeenCalledTimes(1)
    const broken = { setAttributes: failing, spanContext: () => ({ traceId: '', spanId: '', traceFlags: 0 }) }
    await startTracing({ tracer: { startSpan: () => broken } })
    expect((await memory.recall({ resourceId, query: 'refund' })).items).toHaveLength(2)
    expect(errors).toHaveBeenCalledTimes(2)
  })

  it.each([
    ['an option that is none', { exporter: 'x' }],
    ['a tracer that is none', { tracer: 'gen_ai' }],
    ['a tracer that is null', { tracer: null }],
    ['ids that are neither on nor off', { captureIds: 'yes' }],
    ['options that are none', 'all'],
  ])('refuses %s', async (_, options) => {
    await refused('invalid-input', () => traceMemory(options as never))
  })

  it('says what to install where the API is not', async () => {
    const root = resolve(import.meta.dirname, '../..')
    const folder = temporaryFolder()
    cpSync(join(root, 'src'), join(folder, 'src'), { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    mkdirSync(join(folder, 'node_modules'))
    for (const name of readdirSync(join(root, 'node_modules'))) {
      if (name !== '@opentelemetry') symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
    }
    const entry = pathToFileURL(join(folder, 'src/adapters/otel/index.ts')).href
    const program = `const { traceMemory } = await import('${entry}'); await traceMemory().catch((e) => console.log(e.code, e.fix))`
    const { stdout } = await runNode(['--input-type=module', '--eval', program])
    expect(stdout).toBe('unsupported Install it with: npm install @opentelemetry/api\n')
  })
})
