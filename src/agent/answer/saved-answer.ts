/** What is stored of an answer, and the commits that make it more. */
import type { Change } from '../../domain/commit/commit.ts'
import { MemoryError } from '../../domain/error.ts'
import type { MessagePart } from '../../domain/records/message.ts'
import type { AgentTurn, TurnEnd } from '../../ports/agent-memory.ts'
import type { CallSteps, StartingCall } from '../steps/call-steps.ts'
import type { StepChange } from '../steps/step-change.ts'
import { changesTo } from './answer-changes.ts'
import type { AnswerMetadata } from './answer-metadata.ts'
import { endedParts } from './answer-parts.ts'

interface SavedAnswerOptions {
  readonly turn: AgentTurn
  /** The id that the answer has, or will have once its first part is stored. */
  readonly messageId: string
  /** The parts that are already stored, if the turn was resumed. */
  readonly stored: readonly MessagePart[]
  readonly metadata: AnswerMetadata
  /** The records of its calls. */
  readonly steps: CallSteps
  /** Called when the memory refuses the turn, because it was replaced or deleted: nobody will see the answer. */
  readonly onRefused: (error: unknown) => void
}

/** Whether a memory refuses one call, and would take the rest of the answer. */
function isAboutCall(error: unknown): boolean {
  return error instanceof MemoryError && (error.details.toolCallId !== undefined || error.details.what === 'step')
}

export class SavedAnswer {
  readonly #options: SavedAnswerOptions
  #parts: readonly MessagePart[]
  #failure: unknown = null

  constructor(options: SavedAnswerOptions) {
    this.#options = options
    this.#parts = options.stored
  }

  /** The stored parts. */
  get parts(): readonly MessagePart[] {
    return this.#parts
  }

  /** Why nothing more is saved; null while all is well. */
  get failure(): unknown {
    return this.#failure
  }

  /**
   * Saves the answer as it is now, with what its parts say about calls. Never throws: see {@link SavedAnswer.failure}.
   *
   * @param starting Calls whose tools run after this. Default: none.
   * @param more Changes of the same commit. Default: none.
   */
  async save(
    parts: readonly MessagePart[],
    starting: readonly StartingCall[] = [],
    more: readonly Change[] = [],
  ): Promise<void> {
    if (this.#failure !== null) return
    try {
      const { metadata, steps } = this.#options
      const said = metadata.value
      const changes = await this.#changesTo(parts)
      await this.#commit([...changes, ...more], [...steps.following(parts), ...steps.starting(starting)])
      this.#parts = parts
      if (parts.length > 0) metadata.save(said)
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#options.onRefused(error)
  }

  /**
   * Stores only that a call starts.
   *
   * @throws MemoryError if the memory refuses it. Unless it refuses just this call, nothing more is saved then.
   */
  async start(call: StartingCall): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    try {
      await this.#commit([], this.#options.steps.starting([call]))
    } catch (error) {
      if (!isAboutCall(error)) this.#fail(error)
      throw error
    }
  }

  /** Closes the turn with the last parts. */
  async close(status: TurnEnd, parts: readonly MessagePart[], lastChanges: readonly Change[]): Promise<void> {
    const { turn, metadata, steps } = this.#options
    const said = metadata.value
    const followed = steps.ending(parts).map(({ change }) => change)
    await turn.close(status, [...(await this.#changesTo(parts)), ...followed, ...lastChanges])
    metadata.save(said)
  }

  /** The changes that end the stored part of the answer, for a turn that cannot take the rest. */
  async cut(): Promise<readonly Change[]> {
    const parts = endedParts(this.#parts, false)
    const followed = this.#options.steps.ending(parts).map(({ change }) => change)
    return [...(await this.#changesTo(parts)), ...followed]
  }

  async #commit(changes: readonly Change[], stepChanges: readonly StepChange[]): Promise<void> {
    const { turn, steps } = this.#options
    if (changes.length + stepChanges.length > 0) {
      await turn.commit([...changes, ...stepChanges.map(({ change }) => change)])
    }
    steps.note(stepChanges)
  }

  #changesTo(parts: readonly MessagePart[]): Promise<readonly Change[]> {
    const { turn, messageId, metadata } = this.#options
    return changesTo(turn, { messageId, parts: this.#parts }, parts, metadata.unsaved)
  }
}
