/** Records a stream on its way to its reader, and ends it only when all of it is stored. */
import type { TextStreamPart, ToolSet } from 'ai'
import type { AnswerEnd } from '../answer/answer.ts'
import { Feed } from '../answer/feed.ts'
import { StructuredEnd } from '../answer/structured-end.ts'
import type { Call } from '../call.ts'
import { isEmptyResult } from '../suspension/without-suspended.ts'
import type { OwnTurn } from '../turn/own-turn.ts'
import { afterwards, isEnded, runFacts } from './run-model.ts'

type StreamPart = TextStreamPart<ToolSet>

/** Parts after which the AI SDK makes no further attempt. */
const last: ReadonlySet<StreamPart['type']> = new Set(['finish', 'error', 'abort'] as const)

export class Recording {
  readonly #call: Call
  readonly #turn: OwnTurn
  readonly #feed = new Feed()
  readonly #recorded: Promise<void>
  #ending: Promise<AnswerEnd> | null = null
  #hasLast = false
  /** null for a call that asked for no object. */
  readonly #structured: StructuredEnd | null
  /** Failures that the stream told its reader. */
  readonly #told = new Set<unknown>()

  constructor(call: Call, turn: OwnTurn, tools: ToolSet) {
    this.#call = call
    this.#turn = turn
    const { structuredOutput } = call.options
    this.#structured = structuredOutput === undefined ? null : new StructuredEnd(structuredOutput.schema)
    this.#recorded = turn.answer.record(this.#feed.stream, tools)
  }

  /**
   * The last transformation of the AI SDK's stream. It delays the end of the stream until the turn is stored, so that a
   * caller who has read the stream, or awaited `text`, finds the answer in memory.
   */
  transformation(): TransformStream<StreamPart, StreamPart> {
    const held: StreamPart[] = []
    return new TransformStream<StreamPart, StreamPart>({
      transform: (part, controller) => {
        if (isEmptyResult(part, this.#turn.suspensions)) return
        // A step without the model is no step of the answer.
        const isStep = part.type === 'start-step' || part.type === 'finish-step'
        if (!isStep || !this.#turn.isSilent) this.#feed.write([part])
        this.#turn.metadata.read(part)
        this.#structured?.read(part)
        if (part.type === 'error') this.#told.add(part.error)
        if (last.has(part.type)) this.#hasLast = true
        if (part.type === 'finish') held.push(part)
        else controller.enqueue(part)
      },
      flush: async (controller) => {
        // With `streamRetries` the AI SDK makes a transformation for each attempt: the turn continues with the next
        // one.
        if (this.#call.options.streamRetries !== undefined && !this.#hasLast) return
        const failure = await this.end((await this.#structured?.failure()) ?? null).then(
          ({ error }) => error,
          (error: unknown) => error,
        )
        if (failure !== null && !this.#told.has(failure)) {
          this.#told.add(failure)
          controller.enqueue({ type: 'error', error: failure })
        }
        for (const part of held) controller.enqueue(part)
      },
    })
  }

  /**
   * Closes the turn with everything that was recorded. May be called again: only the first call counts.
   *
   * @param failure What broke the stream, if anything did.
   */
  end(failure: unknown): Promise<AnswerEnd> {
    this.#ending ??= this.#end(failure)
    return this.#ending
  }

  /** Whether the stream told its readers of this failure. */
  hasTold(failure: unknown): boolean {
    return this.#told.has(failure)
  }

  async #end(failure: unknown): Promise<AnswerEnd> {
    // A stream that its reader left, or that a transformation cut, may not say that it was aborted.
    if (!this.#hasLast && isEnded(this.#call, failure)) this.#feed.write([{ type: 'abort' }])
    this.#feed.end()
    await this.#recorded
    const end = await this.#turn.end(failure, () => runFacts(this.#call, this.#turn.answer))
    if (end.status === 'complete') afterwards(this.#call, this.#turn, end)
    return end
  }
}
