/** Follows the answer that is being given in a thread, in whichever process: a stream for a page that was loaded again. */
import type { createUIMessageStreamResponse, pipeUIMessageStreamToResponse, UIMessageChunk } from 'ai'
import { MemoryError } from '../../domain/error.ts'
import { checkId, messageIdOf, parseTurnId } from '../../domain/id.ts'
import { fieldsOf } from '../../domain/option-checks.ts'
import type { WatchedTurn } from '../../ports/agent-memory.ts'
import { Replay } from '../answer/replay.ts'
import { type CalledAgent, memoryFor } from '../call.ts'
import { type RequestContext, requestContextOf } from '../request-context.ts'
import { loadSdk } from '../sdk.ts'

/** Options of `agent.reconnectToStream`. */
export interface ReconnectOptions {
  /** Whose memory it is. Check that the caller may use it: it comes from the session, never from the page. */
  readonly resourceId: string
  /** The conversation. */
  readonly threadId: string
  /** Handed to the agent's `memory`, if that is a function. */
  readonly requestContext?: RequestContext
}

type ResponseOptions = Omit<Parameters<typeof createUIMessageStreamResponse>[0], 'stream'>
type PipeOptions = Omit<Parameters<typeof pipeUIMessageStreamToResponse>[0], 'stream' | 'response'>
type PipeEnd = ReturnType<typeof pipeUIMessageStreamToResponse>
type ServerResponse = Parameters<typeof pipeUIMessageStreamToResponse>[0]['response']

/**
 * The chunks of an answer that is being given, from its start: what is stored so far, then each step as it is stored.
 * Cancelling it does not stop the turn.
 */
export interface ReconnectedStream extends ReadableStream<UIMessageChunk> {
  /** The turn that is followed. */
  readonly turnId: string
  /** The stream as the answer of a route. */
  toUIMessageStreamResponse(options?: ResponseOptions): Response
  /** The stream, written to a response of `node:http`. */
  pipeUIMessageStreamToResponse(response: ServerResponse, options?: PipeOptions): PipeEnd
}

/** The id that an answer has, or will have, as the next message of its turn. */
function nextId(turnId: string, messages: number): string | null {
  const turn = parseTurnId(turnId)
  return turn === null ? null : messageIdOf(turn.spaceKey, turn.turn, messages)
}

async function* chunksOf(agent: CalledAgent, { turnId, states }: WatchedTurn): AsyncGenerator<UIMessageChunk> {
  const replay = new Replay()
  try {
    for await (const { status, messages } of states) {
      // The answer comes after the input, which never ends with a message of an assistant.
      const last = messages.at(-1)
      if (last?.role === 'assistant') yield* replay.next(last)
      else if (status === 'open') yield* replay.next({ id: nextId(turnId, messages.length) ?? turnId, parts: [] })
      if (status !== 'open') yield* replay.end(status)
    }
  } catch (error) {
    // A stream that fails would end the process where nobody looks at it, as where it is piped.
    if (!(error instanceof MemoryError && error.code === 'closed'))
      agent.log('error', 'An answer could not be followed.', error)
    yield* replay.end('unread')
  }
}

function streamOf(chunks: AsyncGenerator<UIMessageChunk>, leaving: AbortController): ReadableStream<UIMessageChunk> {
  return new ReadableStream<UIMessageChunk>(
    {
      pull: async (controller) => {
        const { done, value } = await chunks.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      cancel: async () => {
        leaving.abort()
        await chunks.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

const fields = ['resourceId', 'threadId', 'requestContext'] as const

/** The stream of the answer that is being given in a thread; null if none is. */
export async function reconnect(agent: CalledAgent, options: ReconnectOptions): Promise<ReconnectedStream | null> {
  const given = fieldsOf(options, 'reconnectToStream', fields)
  const resourceId = checkId(given.resourceId, 'resourceId')
  const threadId = checkId(given.threadId, 'threadId')
  const requestContext = requestContextOf(given)
  const { usable, actor } = await memoryFor(agent, requestContext)
  const leaving = new AbortController()
  const watched = await usable.space(actor, resourceId).watchTurn(threadId, leaving.signal)
  if (watched === null) return null
  const sdk = await loadSdk()
  const stream = streamOf(chunksOf(agent, watched), leaving)
  return Object.assign(stream, {
    turnId: watched.turnId,
    toUIMessageStreamResponse: (more: ResponseOptions = {}) => sdk.createUIMessageStreamResponse({ ...more, stream }),
    pipeUIMessageStreamToResponse: (response: ServerResponse, more: PipeOptions = {}) =>
      sdk.pipeUIMessageStreamToResponse({ ...more, response, stream }),
  })
}
