/** A call that streams its answer: the AI SDK's `streamText`, run to its end and stored in memory. */
import type { StreamTextResult, TextStreamPart, ToolSet, UIMessage, UIMessageChunk, UIMessageStreamOptions } from 'ai'
import type { MetadataOf } from '../answer/answer-metadata.ts'
import { Replay } from '../answer/replay.ts'
import { storedAnswerSettings } from '../answer/stored-answer-model.ts'
import type { Call } from '../call.ts'
import { feedbackId } from '../call-iterations.ts'
import { type Processor, ProcessorAbort, runProcessors } from '../processors/processor.ts'
import { loadSdk } from '../sdk.ts'
import { type PendingCall, pendingCallsOf, pendingParts } from '../suspension/pending-calls.ts'
import { withSuspendedChunks } from '../suspension/suspended-chunks.ts'
import { withoutEmpty, withoutSuspended } from '../suspension/without-suspended.ts'
import { type DataPart, DataParts } from '../tools/data-parts.ts'
import { isInternalTool } from '../tools/memory-scope.ts'
import type { AnswerOfTurn } from '../turn/answering-turn.ts'
import { isOvertaken } from '../turn/close-turn.ts'
import { beginExchange, type Exchange } from '../turn/exchange.ts'
import { OwnTurn } from '../turn/own-turn.ts'
import { withDelegationParts } from './delegation-parts.ts'
import { Recording } from './recording.ts'
import {
  type AgentStream,
  type AgentStreamPart,
  allWarnings,
  completionReasonOf,
  storedBy,
  withProperties,
} from './result.ts'
import { endOf, isEnded, sdkSettings } from './run-model.ts'
import { untilAborted } from './until-aborted.ts'

type Result = StreamTextResult<ToolSet, Record<string, unknown>, never>
type StreamPart = TextStreamPart<ToolSet>
type UiOptions = UIMessageStreamOptions<UIMessage>

/** Parts that the AI SDK needs in order to finish: a processor cannot drop them. */
const frame: ReadonlySet<StreamPart['type']> = new Set([
  'start',
  'start-step',
  'finish-step',
  'finish',
  'error',
  'abort',
] as const)

/** Output processors as a transformation of the AI SDK's stream, before anybody sees it. */
function processed(call: Call, processors: readonly Processor[]): TransformStream<StreamPart, StreamPart> {
  const { requestContext } = call
  return new TransformStream<StreamPart, StreamPart>({
    transform: async (part, controller) => {
      const passed = await runProcessors(processors, 'processOutputStream', 'part', part, requestContext)
      if (passed !== null || frame.has(part.type)) controller.enqueue(passed ?? part)
    },
  })
}

/** Hides what the model is told between two steps: it is no part of the conversation. */
function withoutFeedback(): TransformStream<StreamPart, StreamPart> {
  return new TransformStream<StreamPart, StreamPart>({
    transform: (part, controller) => {
      const isOwn = part.type === 'steering-message' && part.id.startsWith(feedbackId)
      if (!isOwn) controller.enqueue(part)
    },
  })
}

/** The transformations of the stream, in order: the call's own, the agent's processors, the recording. */
function transformations(call: Call, recording: Recording | null): object {
  const { experimental_transform: given } = call.options
  const processors = call.outputProcessors.filter(({ processOutputStream }) => processOutputStream !== undefined)
  const all = [
    ...(call.iterations?.mayTell === true ? [withoutFeedback] : []),
    ...(given === undefined ? [] : [given].flat()),
    ...(processors.length === 0 ? [] : [() => processed(call, processors)]),
    ...(recording === null ? [] : [() => recording.transformation()]),
  ]
  return all.length === 0 ? {} : { experimental_transform: all }
}

/** How a stream ended, and the calls that wait. */
interface Finished {
  readonly status: string
  readonly pendingCalls: readonly PendingCall[]
}

/** A stream of the AI SDK, and the signal that ends it. */
interface Running {
  readonly result: Result
  readonly end: AbortSignal | undefined
}

async function runModel(call: Call, exchange: Exchange, recording: Recording | null): Promise<Running> {
  const { streamText } = await loadSdk()
  const settings = await sdkSettings(call, exchange)
  const own = { ...settings, ...transformations(call, recording) }
  const suspensions = exchange.turn?.suspensions ?? null
  const result = streamText(withoutSuspended(own, call.model, suspensions)) as unknown as Result
  return { result, end: endOf(call, settings.abortSignal) }
}

/**
 * Reports an error that the stream itself told nobody: a stream that breaks, for example by a lost connection, tells
 * only its reader.
 */
async function tell(call: Call, what: string, error: unknown): Promise<void> {
  if (error instanceof ProcessorAbort) return
  const { onError } = call.options
  if (onError === undefined) return call.agent.log('error', what, error)
  try {
    await onError({ error })
  } catch (failure) {
    call.agent.log('error', 'The onError of a call failed.', failure)
  }
}

/** Reads a stream to its end, and returns how it ended, as far as the stream tells. */
async function readAll(result: Result): Promise<string> {
  let status = 'complete'
  for await (const part of result.stream) {
    if (part.type === 'abort') status = 'aborted'
    else if (part.type === 'error') status = 'failed'
  }
  return status
}

/**
 * Closes the turn of a stream that is over. Returns how it ended, and the error that kept the answer from memory if
 * nobody was told.
 */
async function closed(recording: Recording, failure: unknown): Promise<Finished & { readonly untold?: unknown }> {
  try {
    const { status, parts } = await recording.end(failure)
    return { status, pendingCalls: status === 'suspended' ? pendingCallsOf(parts) : [] }
  } catch (error) {
    const status = isOvertaken(error) ? 'aborted' : 'failed'
    return { status, pendingCalls: [], ...(recording.hasTold(error) ? {} : { untold: error }) }
  }
}

/**
 * Runs a stream to its end, with or without a reader, and closes its turn in any case. Never throws: there may be no
 * caller waiting.
 */
async function driven(call: Call, { result, end }: Running, recording: Recording | null): Promise<Finished> {
  let status: string
  let pendingCalls: Finished['pendingCalls'] = []
  let broken: { readonly error: unknown } | null = null
  try {
    // A transformation or a tool that ignores the signal must not block the turn, and the thread, for others.
    status = await untilAborted(readAll(result), end)
  } catch (error) {
    // The error may be undefined.
    broken = { error: error ?? new Error('The stream broke and did not say why.') }
    status = isEnded(call, error) ? 'aborted' : 'failed'
  }
  if (recording !== null) {
    const closing = await closed(recording, broken?.error ?? null)
    status = closing.status
    pendingCalls = closing.pendingCalls
    if ('untold' in closing) await tell(call, 'An answer could not be stored.', closing.untold)
  }
  const isAbort = end?.aborted === true && broken?.error === end.reason
  if (broken !== null && !isAbort) await tell(call, 'The stream of an answer broke.', broken.error)
  return { status, pendingCalls }
}

/** Hides the calls of memory's own tools from user interfaces. */
function withoutInternal(names: ReadonlySet<string>): TransformStream<UIMessageChunk, UIMessageChunk> {
  const hidden = new Set<string>()
  return new TransformStream({
    transform: (chunk, controller) => {
      const { toolCallId, toolName } = chunk as { readonly toolCallId?: string; readonly toolName?: string }
      if (toolCallId !== undefined && toolName !== undefined && names.has(toolName)) hidden.add(toolCallId)
      if (toolCallId === undefined || !hidden.has(toolCallId)) controller.enqueue(chunk)
    },
  })
}

/** Hides the step in which no model was asked. Whether one was, is known when the step begins. */
function withoutSilentStep(turn: OwnTurn): TransformStream<UIMessageChunk, UIMessageChunk> {
  return new TransformStream({
    transform: (chunk, controller) => {
      const isStep = chunk.type === 'start-step' || chunk.type === 'finish-step'
      if (!isStep || !turn.isSilent) controller.enqueue(chunk)
    },
  })
}

/** Begins a stream with what is stored of its answer: a client that sent a message since begins with an empty one. */
function withStored({ messageId: id, stored: parts }: OwnTurn): TransformStream<UIMessageChunk, UIMessageChunk> {
  return new TransformStream({
    transform: (chunk, controller) => {
      controller.enqueue(chunk)
      if (chunk.type !== 'start') return
      for (const shown of new Replay().next({ id, parts })) if (shown.type !== 'start') controller.enqueue(shown)
    },
  })
}

/** Adds the parts of data to a stream: those so far after its first chunk, the others as they come. */
function withDataParts(dataParts: DataParts): TransformStream<UIMessageChunk, UIMessageChunk> {
  let stop: (() => void) | null = null
  return new TransformStream<UIMessageChunk, UIMessageChunk>({
    transform: (chunk, controller) => {
      controller.enqueue(chunk)
      stop ??= dataParts.follow((part) => {
        try {
          controller.enqueue(part)
        } catch {
          // Its reader left.
          stop?.()
        }
      })
    },
    flush: () => stop?.(),
  })
}

/** Adds the calls that wait, when the turn is closed. The last part comes only then, so nothing is held up by this. */
function withPending(
  turn: Streaming['turn'],
  finished: Streaming['finished'],
): TransformStream<StreamPart, AgentStreamPart> {
  return new TransformStream<StreamPart, AgentStreamPart>({
    transform: async (part, controller) => {
      if (part.type === 'finish' && turn instanceof OwnTurn) {
        const { pendingCalls } = await finished
        for (const own of pendingParts(turn.runId, pendingCalls)) controller.enqueue(own)
      }
      controller.enqueue(part)
    },
  })
}

/** Ends a stream only when some work is done. */
function atEnd(work: () => Promise<void>): TransformStream<UIMessageChunk, UIMessageChunk> {
  return new TransformStream({ flush: work })
}

/** Names of memory's own tools. */
function internalTools(tools: ToolSet): ReadonlySet<string> {
  const own = Object.entries(tools).filter(([, tool]) => isInternalTool(tool))
  return new Set(own.map(([name]) => name))
}

/** The methods of a result that make UI messages: the answer has the id that it has in its thread. */
async function uiMethods(call: Call, result: Result, { turn, tools, dataParts }: Omit<Streaming, 'finished'>) {
  const { createUIMessageStreamResponse, pipeUIMessageStreamToResponse } = await loadSdk()
  const hidden = internalTools(tools)
  const toUIMessageStream = (options: UiOptions = {}) => {
    const { messageId } = storedBy(turn)
    // Not an id of the application: the client must send back the id that the thread has.
    const named = messageId === null ? options : { ...options, generateMessageId: () => messageId }
    const shown = (chunks: ReturnType<Result['toUIMessageStream']>) => {
      const visible = chunks.pipeThrough(withoutInternal(hidden)).pipeThrough(withDataParts(dataParts))
      if (!(turn instanceof OwnTurn)) return visible
      const all = visible.pipeThrough(withSuspendedChunks(turn.suspensions)).pipeThrough(withoutSilentStep(turn))
      return call.isAutoResumed ? all.pipeThrough(withStored(turn)) : all
    }
    if (!(turn instanceof OwnTurn)) return shown(result.toUIMessageStream(named))
    const messageMetadata = turn.metadata.source(options.messageMetadata as MetadataOf | undefined)
    const chunks = shown(result.toUIMessageStream({ ...named, messageMetadata } as UiOptions))
    return chunks.pipeThrough(atEnd(() => turn.keepMetadata()))
  }
  type Init = NonNullable<Parameters<Result['toUIMessageStreamResponse']>[0]>
  return {
    toUIMessageStream,
    toUIMessageStreamResponse: (options: Init = {}) => {
      return createUIMessageStreamResponse({ ...options, stream: toUIMessageStream(options as UiOptions) })
    },
    pipeUIMessageStreamToResponse: (
      response: Parameters<Result['pipeUIMessageStreamToResponse']>[0],
      options: Init = {},
    ) => pipeUIMessageStreamToResponse({ ...options, response, stream: toUIMessageStream(options as UiOptions) }),
  }
}

/** Calls the agent's model and returns its stream as soon as the turn is open. */
export function stream(call: Call): Promise<AgentStream> {
  call.relay.keep()
  const beginning = begun(call)
  call.remembered?.space.hold(beginning.catch(() => {}))
  return beginning
}

async function begun(call: Call): Promise<AgentStream> {
  const exchange = await beginExchange(call)
  if ('said' in exchange) return answeredByOther(call, exchange)
  const { turn, tools, dataParts } = exchange
  const recording = turn === null ? null : new Recording(call, turn, tools)
  let running: Running
  try {
    running = await runModel(call, exchange, recording)
  } catch (error) {
    // The call fails with the error that kept the model from its work, even if the memory fails too.
    await recording?.end(error).catch(() => {})
    throw error
  }
  const { result } = running
  const finished = driven(call, running, recording).finally(() => dataParts.end())
  call.remembered?.space.hold(finished)
  return agentStream(call, result, {
    turn,
    tools,
    dataParts,
    finished,
  })
}

/** The parts of data of an answer that is over. */
function over(): DataParts {
  const dataParts = new DataParts(null)
  dataParts.end()
  return dataParts
}

/** The stream of a call that another call of the same request has answered. */
async function answeredByOther(call: Call, other: AnswerOfTurn): Promise<AgentStream> {
  const { streamText } = await loadSdk()
  const result = streamText(await storedAnswerSettings(call, other.said)) as unknown as Result
  const finished = driven(call, { result, end: undefined }, null)
  return agentStream(call, result, { turn: other, tools: {}, dataParts: over(), finished })
}

/** What a stream has in addition to that of the AI SDK. */
interface Streaming {
  readonly turn: OwnTurn | AnswerOfTurn | null
  readonly tools: ToolSet
  readonly dataParts: DataParts
  readonly finished: Promise<Finished>
}

async function agentStream(call: Call, result: Result, streaming: Streaming): Promise<AgentStream> {
  const { turn, finished, dataParts } = streaming
  return withProperties(result, {
    ...storedBy(turn),
    ...(await uiMethods(call, result, streaming)),
    write: (part: DataPart) => dataParts.write(part),
    finished: finished.then(({ status }) => ({ status })),
    completionReason: finished.then(({ status }) => completionReasonOf(call, status)),
    iterations: finished.then(() => call.iterations?.records ?? []),
    pendingCalls: finished.then(({ pendingCalls }) => pendingCalls),
    get warnings() {
      return Promise.resolve(result.warnings).then((warnings) => allWarnings(call, warnings))
    },
    get object(): PromiseLike<unknown> {
      return call.options.structuredOutput === undefined ? Promise.resolve(undefined) : result.output
    },
    get responseMessages() {
      return Promise.resolve(result.responseMessages).then(withoutEmpty)
    },
    get fullStream() {
      return result.fullStream.pipeThrough(withPending(turn, finished)).pipeThrough(withDelegationParts(call.relay))
    },
    get objectStream(): AsyncIterable<unknown> {
      return result.partialOutputStream
    },
  }) as unknown as AgentStream
}
