/** A stream on its way to whoever reads it: recorded as it passes, and not at its end before all of it is stored. */
import type { TextStreamPart, ToolSet } from 'ai'
import type { AnswerEnd } from './answer.ts'
import type { Call } from './call.ts'
import { Feed } from './feed.ts'
import type { OwnTurn } from './own-turn.ts'
import { afterwards, runFacts } from './run-model.ts'

type StreamPart = TextStreamPart<ToolSet>

export class Recording {
  readonly #call: Call
  readonly #turn: OwnTurn
  readonly #feed = new Feed()
  readonly #recorded: Promise<void>
  #ending: Promise<AnswerEnd> | null = null
  /** What the stream itself told of a failure. */
  #told: unknown = null

  constructor(call: Call, turn: OwnTurn, tools: ToolSet) {
    this.#call = call
    this.#turn = turn
    this.#recorded = turn.answer.record(this.#feed.stream, tools)
  }

  /**
   * The last transformation of the AI SDK's stream. The end is held back until the turn is closed, so that whoever has read
   * it all, or waited for `text`, finds it in memory.
   */
  transformation(): TransformStream<StreamPart, StreamPart> {
    const held: StreamPart[] = []
    return new TransformStream<StreamPart, StreamPart>({
      transform: (part, controller) => {
        this.#feed.write([part])
        if (part.type === 'error') this.#told = part.error
        if (part.type === 'finish') held.push(part)
        else controller.enqueue(part)
      },
      flush: async (controller) => {
        const failure = await this.end(null).then(
          ({ error }) => error,
          (error: unknown) => error,
        )
        if (failure !== null && failure !== this.#told) controller.enqueue({ type: 'error', error: failure })
        for (const part of held) controller.enqueue(part)
      },
    })
  }

  /**
   * Closes the turn with all that was recorded. Safe to call again: the first call counts.
   *
   * @param failure What broke the stream, if anything did.
   */
  end(failure: unknown): Promise<AnswerEnd> {
    this.#ending ??= this.#end(failure)
    return this.#ending
  }

  async #end(failure: unknown): Promise<AnswerEnd> {
    this.#feed.end()
    await this.#recorded
    const end = await this.#turn.end(failure, runFacts(this.#call, this.#turn.answer))
    if (end.status === 'complete') afterwards(this.#call, this.#turn, end)
    return end
  }
}
