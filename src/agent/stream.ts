/** A call that answers while it is at work: the AI SDK's `streamText`, driven to its end and brought into memory. */
import type { StreamTextResult, TextStreamPart, ToolSet, UIMessage, UIMessageChunk, UIMessageStreamOptions } from 'ai'
import type { Call } from './call.ts'
import { beginExchange, type Exchange } from './exchange.ts'
import type { OwnTurn } from './own-turn.ts'
import { runProcessors } from './processor.ts'
import { type AgentStream, allWarnings, storedBy, withProperties } from './result.ts'
import { afterwards, sdkSettings, stepFacts } from './run-model.ts'

type Result = StreamTextResult<ToolSet, Record<string, unknown>, never>
type StreamPart = TextStreamPart<ToolSet>
type UiOptions = UIMessageStreamOptions<UIMessage>

/** Parts that the AI SDK needs to see in order to come to an end: a processor cannot leave them out. */
const frame: ReadonlySet<StreamPart['type']> = new Set([
  'start',
  'start-step',
  'finish-step',
  'finish',
  'error',
  'abort',
] as const)

/** Output processors as a transformation of the AI SDK's stream, before anybody sees it; none without any. */
function transformation(call: Call): object {
  const processors = call.outputProcessors.filter(({ processOutputStream }) => processOutputStream !== undefined)
  if (processors.length === 0) return {}
  const { experimental_transform: given } = call.options
  const own = () =>
    new TransformStream<StreamPart, StreamPart>({
      transform: async (part, controller) => {
        const { requestContext } = call
        const passed = await runProcessors(processors, 'processOutputStream', 'part', part, requestContext)
        if (passed !== null || frame.has(part.type)) controller.enqueue(passed ?? part)
      },
    })
  return { experimental_transform: [...(given === undefined ? [] : [given].flat()), own] }
}

async function runModel(call: Call, exchange: Exchange): Promise<Result> {
  const { streamText } = await import('ai')
  const settings = await sdkSettings(call, exchange)
  return streamText({ ...settings, ...transformation(call) }) as unknown as Result
}

/** Follows the answer to its end and closes its turn. */
async function follow(call: Call, result: Result, turn: OwnTurn, tools: ToolSet): Promise<{ status: string }> {
  await turn.answer.record(result.stream, tools)
  const steps = await Promise.resolve(result.steps).catch(() => [])
  const end = await turn.end(null, stepFacts(call, steps))
  if (end.status === 'complete') afterwards(call, turn, end)
  return { status: end.status }
}

/** Leaves the calls of memory's own tools out of what a user interface sees. */
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

/** Names of the tools of memory itself. */
function internalTools(tools: ToolSet): ReadonlySet<string> {
  const own = Object.entries(tools).filter(([, { metadata }]) => isInternalMetadata(metadata))
  return new Set(own.map(([name]) => name))
}

function isInternalMetadata(metadata: unknown): boolean {
  return (metadata as { aquifer?: { internal?: unknown } } | undefined)?.aquifer?.internal === true
}

/** The methods of a result that make UI messages: the answer goes by the id that it has in its thread. */
async function uiMethods(result: Result, turn: OwnTurn | null, tools: ToolSet) {
  const { createUIMessageStreamResponse, pipeUIMessageStreamToResponse } = await import('ai')
  const hidden = internalTools(tools)
  const toUIMessageStream = (options: UiOptions = {}) => {
    // Not an id of the application's: the client is to send back the one that the thread has.
    const named = turn === null ? options : { ...options, generateMessageId: () => turn.messageId }
    return result.toUIMessageStream(named).pipeThrough(withoutInternal(hidden))
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

/** Calls the agent's model and answers its stream as soon as the call has its place in the thread. */
export function stream(call: Call): Promise<AgentStream> {
  const beginning = begun(call)
  call.remembered?.core.storage.hold(beginning.catch(() => {}))
  return beginning
}

async function begun(call: Call): Promise<AgentStream> {
  const exchange = await beginExchange(call)
  const { turn, tools } = exchange
  let result: Result
  try {
    result = await runModel(call, exchange)
  } catch (error) {
    await turn?.end(error, {})
    throw error
  }
  const finished = turn === null ? driven(result) : follow(call, result, turn, tools)
  finished.catch((error: unknown) => call.agent.log('error', 'An answer could not be stored.', error))
  call.remembered?.core.storage.hold(finished.catch(() => {}))
  return withProperties(result, {
    ...storedBy(turn),
    ...(await uiMethods(result, turn, tools)),
    finished,
    get warnings() {
      return Promise.resolve(result.warnings).then((warnings) => allWarnings(call, warnings))
    },
    get object(): PromiseLike<unknown> {
      return result.output
    },
    get objectStream(): AsyncIterable<unknown> {
      return result.partialOutputStream
    },
  }) as unknown as AgentStream
}

async function driven(result: Result): Promise<{ status: string }> {
  let status = 'complete'
  for await (const part of result.stream) {
    if (part.type === 'abort') status = 'aborted'
    else if (part.type === 'error') status = 'failed'
  }
  return { status }
}
