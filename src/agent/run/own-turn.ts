/** The open turn of a call and its answer to be: how it is recorded, and the one way it ends. */
import type { Change } from '../../domain/commit/commit.ts'
import { MemoryError } from '../../domain/error.ts'
import type { Json, JsonObject } from '../../domain/json.ts'
import { isInternal, type MessagePart } from '../../domain/records/message.ts'
import type { Turn } from '../../memory/conversation/turns.ts'
import { Answer, type AnswerEnd } from '../answer/answer.ts'
import { changesTo, type StoredAnswer } from '../answer/answer-changes.ts'
import { endedParts } from '../answer/answer-parts.ts'
import { type Call, processedAnswer, processesAnswers } from '../call.ts'
import { ProcessorAbort } from '../processors/processor.ts'
import { closeAnyhow } from './close-turn.ts'

/** What is recorded of a run when it ends. */
export type RunFacts = Readonly<Record<string, Json | undefined>>

function defined(fields: RunFacts): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as JsonObject
}

interface Beginning {
  readonly turn: Turn
  readonly runId: string
  readonly messageId: string
  /** What is stored of the answer already, on a turn that was resumed. */
  readonly stored: readonly MessagePart[]
  /** What the model saw, by reference. */
  readonly seen: JsonObject
}

/** The record of a run as its turn ends. */
function runEnd(turn: Turn, runId: string, status: AnswerEnd['status'], details: RunFacts): Change {
  return { kind: 'run-put', runId, threadId: turn.threadId, status, details: defined(details) }
}

export class OwnTurn {
  readonly turn: Turn
  readonly runId: string
  readonly messageId: string
  readonly answer: Answer
  /** What was stored of the answer when the call began. */
  readonly stored: readonly MessagePart[]
  readonly #seen: JsonObject
  /** Ends the model's work once the memory no longer wants it. */
  readonly #refused = new AbortController()

  constructor(call: Call, { turn, runId, messageId, stored, seen }: Beginning) {
    this.turn = turn
    this.runId = runId
    this.messageId = messageId
    this.stored = stored
    this.#seen = seen
    this.answer = new Answer({
      turn,
      messageId,
      stored,
      // What a processor has yet to look at is not stored step by step.
      savePerStep: (call.options.savePerStep ?? true) && !processesAnswers(call),
      process: (parts) => processedAnswer(call, parts),
      onRefused: (error) => this.#refused.abort(error),
    })
  }

  /** Aborted when the turn was replaced, or its thread deleted, while the model was at work. */
  get refused(): AbortSignal {
    return this.#refused.signal
  }

  /**
   * Closes the turn with what is left of the answer, and its run.
   *
   * @param failure What the model failed with, if no stream told it.
   * @param facts Read at the end; a model that cannot tell its name must not keep the turn open.
   * @throws MemoryError if the memory refuses the answer; the turn is closed as failed then, where that is possible.
   */
  async end(failure: unknown, facts: () => RunFacts): Promise<AnswerEnd> {
    const { turn, runId } = this
    try {
      return await this.answer.end(failure, (end) => [
        runEnd(turn, runId, end.status, {
          ...facts(),
          seen: this.#seen,
          steps: this.answer.steps,
          memoryCalls: memoryCalls(end.parts),
          error: errorOf(end.error),
        }),
      ])
    } catch (error) {
      await this.#closeAnyway(error)
      throw error
    }
  }

  /** An answer that cannot be stored, as one that is too large, leaves a turn that must end all the same. */
  async #closeAnyway(error: unknown): Promise<void> {
    const run = runEnd(this.turn, this.runId, 'failed', { error: errorOf(error) })
    await closeAnyhow(this.turn, 'failed', run, () => this.answer.cut())
  }
}

/** The calls of memory's own tools, which the thread does not show. */
function memoryCalls(parts: readonly MessagePart[]): Json | undefined {
  const calls = parts.filter(isInternal).map(({ type, toolCallId, state }) => {
    return { tool: type.replace(/^tool-/, ''), toolCallId: toolCallId ?? null, state: state ?? null }
  })
  return calls.length === 0 ? undefined : calls
}

/** The kind of an error, never its text: that may repeat what was said. */
function errorOf(error: unknown): Json | undefined {
  if (error === null || error === undefined) return undefined
  if (error instanceof MemoryError) return error.code
  return error instanceof Error ? error.name : 'Error'
}

/**
 * Ends a turn whose model never began. Never throws: what the call failed with is what its caller is told.
 *
 * @param resumed The answer that the turn was to go on with.
 */
export async function giveUp(
  turn: Turn,
  runId: string,
  error: unknown,
  signal: AbortSignal | undefined,
  resumed: StoredAnswer | null,
): Promise<void> {
  const details = { error: errorOf(error) }
  const status = signal?.aborted === true ? 'aborted' : 'failed'
  if (error instanceof ProcessorAbort) {
    try {
      return await turn.discard([runEnd(turn, runId, 'discarded', details)])
    } catch {
      // Replaced or deleted, or the storage is gone: then its lease ends it.
      return turn.letGo()
    }
  }
  const changes = async () => (resumed === null ? [] : changesTo(turn, resumed, endedParts(resumed.parts, false)))
  await closeAnyhow(turn, status, runEnd(turn, runId, status, details), changes)
}
