/** Tells user interfaces, and the recording of an answer, which calls wait for data. */
import type { UIMessageChunk } from 'ai'
import type { ChunksWithMore } from '../answer/answer.ts'
import { suspendedPart } from '../tools/data-parts.ts'
import type { Suspensions } from './suspensions.ts'

type Chunk = UIMessageChunk & { readonly toolCallId?: string; readonly preliminary?: boolean }

/** The chunks of one stream, with a part of data for each call that is suspended, at the end. */
export class SuspendedChunks implements ChunksWithMore {
  readonly #suspensions: Suspensions
  /** The inputs of calls in this stream. */
  readonly #inputs = new Map<string, UIMessageChunk>()
  /** Calls that have shown a preliminary result. */
  readonly #shown = new Set<string>()
  #isTold = false
  #isBroken = false

  constructor(suspensions: Suspensions) {
    this.#suspensions = suspensions
  }

  *next(chunk: UIMessageChunk): Generator<UIMessageChunk> {
    this.#see(chunk)
    if (chunk.type === 'finish-step') yield* this.#waiting()
    if (chunk.type === 'finish') yield* this.end()
    yield chunk
  }

  #see(chunk: Chunk): void {
    const { type, toolCallId, preliminary } = chunk
    if (type === 'abort' || type === 'error') this.#isBroken = true
    if (toolCallId === undefined) return
    if (type === 'tool-input-available') this.#inputs.set(toolCallId, chunk)
    if (type === 'tool-output-available' && preliminary === true) this.#shown.add(toolCallId)
  }

  /** A preliminary result of a suspended call was no result: the call is shown as one that waits. */
  *#waiting(): Generator<UIMessageChunk> {
    for (const toolCallId of this.#shown) yield* this.#input(toolCallId)
  }

  *#input(toolCallId: string): Generator<UIMessageChunk> {
    const suspension = this.#suspensions.suspended.get(toolCallId)
    if (suspension === undefined) return
    this.#shown.delete(toolCallId)
    const { toolName, input, isDynamic } = suspension
    const called = { toolCallId, toolName, input, ...(isDynamic ? { dynamic: true } : {}) }
    yield this.#inputs.get(toolCallId) ?? { type: 'tool-input-available', ...called }
  }

  /** The calls that are suspended. Those of an answer that broke off wait for nothing. */
  *end(): Generator<UIMessageChunk> {
    yield* this.#waiting()
    if (this.#isBroken || this.#isTold) return
    this.#isTold = true
    const { suspended, runId } = this.#suspensions
    for (const [toolCallId, { toolName, isDelegated, payload, resumeSchema }] of suspended) {
      // It was decided about, and waits again.
      if (!this.#inputs.has(toolCallId)) yield* this.#input(toolCallId)
      const said = {
        ...(payload === undefined ? {} : { [isDelegated ? 'delegation' : 'suspendPayload']: payload }),
        ...(resumeSchema === undefined ? {} : { resumeSchema }),
      }
      yield { type: suspendedPart, id: toolCallId, data: { toolCallId, toolName, runId, ...said } }
    }
  }
}

/** The same for a stream. */
export function withSuspendedChunks(suspensions: Suspensions): TransformStream<UIMessageChunk, UIMessageChunk> {
  const chunks = new SuspendedChunks(suspensions)
  return new TransformStream<UIMessageChunk, UIMessageChunk>({
    transform: (chunk, controller) => {
      for (const one of chunks.next(chunk)) controller.enqueue(one)
    },
    flush: (controller) => {
      for (const one of chunks.end()) controller.enqueue(one)
    },
  })
}
