/** Makes OpenTelemetry spans of memory's events. Exports nothing itself: the tracer's provider does. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import type { Context, Span, Tracer } from '@opentelemetry/api'
import { type AgentEvent, agentChannel } from '../../agent/tracing.ts'
import { detach, warnOf } from '../../domain/detached.ts'
import { invalidInput, MemoryError } from '../../domain/error.ts'
import { isJsonObject } from '../../domain/json.ts'
import { type MemoryEvent, memoryChannel } from '../../memory/tracing.ts'
import { agentSpanAttributes, agentSpanName } from './agent-attributes.ts'
import { spanAttributes, spanName } from './attributes.ts'

type TracedEvent = MemoryEvent | AgentEvent

function isOfAgent(event: TracedEvent): event is AgentEvent {
  return event.operation.startsWith('agent.')
}

function nameOf(event: TracedEvent): string {
  return isOfAgent(event) ? agentSpanName(event) : spanName(event)
}

function attributesOf(event: TracedEvent, captureIds: boolean) {
  return isOfAgent(event) ? agentSpanAttributes(event, captureIds) : spanAttributes(event, captureIds)
}

/** A tracer of `@opentelemetry/api`, described by its form, so that these types do not load those of the package. */
export interface TracerLike {
  /** Starts a span, as `Tracer.startSpan` of `@opentelemetry/api` does. */
  startSpan(name: string, options?: never, context?: never): unknown
}

/** Options of `traceMemory`. */
export interface TraceMemoryOptions {
  /** The tracer to use. Default: the tracer `aquifer` of the registered provider, now or later. */
  readonly tracer?: TracerLike
  /**
   * Whether spans have the ids of spaces, threads, records, actors and recalls. Default: true. They never have content.
   */
  readonly captureIds?: boolean
}

type Api = typeof import('@opentelemetry/api')

async function loadApi(): Promise<Api> {
  try {
    return await import('@opentelemetry/api')
  } catch (cause) {
    throw new MemoryError('unsupported', {
      message: 'The package @opentelemetry/api could not be loaded.',
      fix: 'Install it with: npm install @opentelemetry/api',
      details: { package: '@opentelemetry/api' },
      cause,
    })
  }
}

interface Settings {
  readonly tracer: Tracer | null
  readonly captureIds: boolean
}

function parseOptions(options: unknown): Settings {
  const fix = 'The options are tracer and captureIds.'
  if (!isJsonObject(options)) throw invalidInput('traceMemory', 'must be an object', options, fix)
  const { tracer, captureIds, ...unknown } = options as Record<string, unknown>
  const [extra] = Object.keys(unknown)
  if (extra !== undefined) throw invalidInput(`traceMemory.${extra}`, 'is not an option', extra, fix)
  const isTracer = tracer === undefined || typeof (tracer as Partial<TracerLike> | null)?.startSpan === 'function'
  if (!isTracer)
    throw invalidInput('tracer', 'must be a tracer', tracer, `Pass trace.getTracer('my-app'), for example.`)
  if (captureIds !== undefined && typeof captureIds !== 'boolean') {
    throw invalidInput('captureIds', 'must be true or false', captureIds, 'Leave it out for true.')
  }
  return { tracer: (tracer as Tracer | undefined) ?? null, captureIds: captureIds ?? true }
}

/** A span for each operation that began and is not done. */
interface OpenSpans {
  /** Opens the span of an event, as a child of the active span, and returns the context with it. */
  begin(event: TracedEvent): Context
  end(event: TracedEvent): void
  readonly count: number
}

function openSpans(api: Api, { tracer, captureIds }: Settings): OpenSpans {
  const own = tracer ?? api.trace.getTracer('aquifer')
  const spans = new Map<TracedEvent, Span>()
  // Errors of a tracer or a processor are theirs to report, and must not reach the program that uses memory.
  const failed = (error: unknown) => detach(() => api.diag.error('aquifer: a span could not be made', error), warnOf)
  return {
    begin(event) {
      const parent = api.context.active()
      try {
        // Some work is told of when it is over.
        const startTime = event.durationMs === undefined ? {} : { startTime: Date.now() - event.durationMs }
        const options = { kind: api.SpanKind.INTERNAL, attributes: attributesOf(event, captureIds), ...startTime }
        const span = own.startSpan(nameOf(event), options, parent)
        spans.set(event, span)
        return api.trace.setSpan(parent, span)
      } catch (error) {
        failed(error)
        return parent
      }
    },
    end(event) {
      const span = spans.get(event)
      spans.delete(event)
      try {
        span?.setAttributes(attributesOf(event, captureIds))
        // Without a message and without the exception: both may quote content.
        if (event.status === 'failed') span?.setStatus({ code: api.SpanStatusCode.ERROR })
        span?.end()
      } catch (error) {
        failed(error)
      }
    },
    get count() {
      return spans.size
    },
  }
}

/**
 * Makes a span of each memory operation of this process from now on, and of each step, check and delegation of its agents: a child of the span that is active where memory is
 * called, such as a tool call of the AI SDK, and the parent of calls that memory makes itself, such as to an embedding
 * model.
 *
 * @returns A function that stops it. Operations that have begun still end their spans.
 * @throws MemoryError `unsupported` if `@opentelemetry/api` is not installed; `invalid-input` for a wrong option.
 */
export async function traceMemory(options: TraceMemoryOptions = {}): Promise<() => void> {
  const settings = parseOptions(options)
  const api = await loadApi()
  const spans = openSpans(api, settings)
  const channels = [memoryChannel, agentChannel].map((name) => tracingChannel<Context, TracedEvent>(name))
  // A channel runs an operation inside the stores that are bound to it. This one makes OpenTelemetry's own context active.
  const active = new AsyncLocalStorage<Context>()
  active.run = (context: Context, work: (...args: never[]) => unknown, ...args: never[]) =>
    api.context.with(context, work, undefined, ...args) as never
  let isStopped = false
  const end = (message: unknown) => {
    spans.end(message as TracedEvent)
    leave()
  }
  const leave = () => {
    if (!isStopped || spans.count > 0) return
    for (const { asyncEnd } of channels) asyncEnd.unsubscribe(end)
  }
  for (const { start, asyncEnd } of channels) {
    start.bindStore(active, (event) => spans.begin(event))
    asyncEnd.subscribe(end)
  }
  return () => {
    isStopped = true
    for (const { start } of channels) start.unbindStore(active)
    leave()
  }
}
