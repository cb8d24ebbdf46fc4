/** The open turn of a call and its answer: how it is recorded, and the one way in which it ends. */

import type { Change } from '../../domain/commit/commit.ts'
import { MemoryError } from '../../domain/error.ts'
import type { Json, JsonObject } from '../../domain/json.ts'
import { isInternal, type MessagePart } from '../../domain/records/message.ts'
import type { AgentTurn } from '../../ports/agent-memory.ts'
import { Answer, type AnswerEnd } from '../answer/answer.ts'
import { changesTo, type StoredAnswer } from '../answer/answer-changes.ts'
import { AnswerMetadata } from '../answer/answer-metadata.ts'
import { endedParts } from '../answer/answer-parts.ts'
import { SavedAnswer } from '../answer/saved-answer.ts'
import { type Call, processedAnswer, processesAnswers } from '../call.ts'
import { callOptionTable } from '../call-options.ts'
import { ProcessorAbort } from '../processors/processor.ts'
import type { BegunCalls } from '../steps/begun-calls.ts'
import type { CallSteps, StartingCall } from '../steps/call-steps.ts'
import { SuspendedChunks } from '../suspension/suspended-chunks.ts'
import type { Suspensions } from '../suspension/suspensions.ts'
import { earlierCalls, waitingCalls } from '../suspension/waiting-step.ts'
import type { DataParts } from '../tools/data-parts.ts'
import type { ModelOutputs } from '../tools/model-outputs.ts'
import { closeAnyhow, isOvertaken } from './close-turn.ts'
import { continuationOf } from './continuation.ts'
import { endingRun, goingOnRun, type RunFacts } from './run-record.ts'

interface Beginning {
  readonly turn: AgentTurn
  readonly runId: string
  readonly messageId: string
  /** The part of the answer that is already stored, if the turn was resumed. */
  readonly stored: readonly MessagePart[]
  /** What models are shown of the results of the call's tools. */
  readonly modelOutputs: ModelOutputs
  readonly dataParts: DataParts
  readonly suspensions: Suspensions
  /** The records of its calls. */
  readonly steps: CallSteps
  readonly calls: BegunCalls
  /** Open calls of the stored part that run now. */
  readonly runs: ReadonlyMap<string, unknown>
}

export class OwnTurn {
  readonly turn: AgentTurn
  readonly runId: string
  readonly messageId: string
  readonly answer: Answer
  readonly metadata: AnswerMetadata
  /** The part of the answer that was stored when the call began. */
  readonly stored: readonly MessagePart[]
  /** Calls of the stored part that still wait: the model is not asked before they have their answers. */
  readonly waiting: ReadonlySet<string>
  readonly suspensions: Suspensions
  /** Open calls of the stored part that run now, before the model is asked. */
  readonly earlier: ReadonlySet<string>
  readonly #saved: SavedAnswer
  readonly #savePerStep: boolean
  readonly #steps: CallSteps
  readonly #calls: BegunCalls
  /** What the model saw, by id. */
  #seen: JsonObject = {}
  readonly #call: Call
  #hasEnded: boolean
  /** Aborts the model when its turn was replaced or deleted, or another one took its place first. */
  readonly #refused = new AbortController()

  constructor(call: Call, beginning: Beginning) {
    const { turn, runId, messageId, stored, modelOutputs, dataParts, suspensions, steps, calls, runs } = beginning
    this.turn = turn
    this.runId = runId
    this.messageId = messageId
    this.stored = stored
    this.waiting = waitingCalls(stored, runs)
    this.earlier = earlierCalls(stored, runs)
    this.suspensions = suspensions
    this.#steps = steps
    this.#calls = calls
    this.#call = call
    this.#hasEnded = false
    this.metadata = metadataOf(call, stored)
    const { metadata } = this
    this.#saved = new SavedAnswer({
      turn,
      messageId,
      stored,
      metadata,
      steps,
      onRefused: (error) => this.#refused.abort(error),
    })
    // If processors check the whole answer, it is not stored step by step.
    this.#savePerStep = (call.options.savePerStep ?? callOptionTable.savePerStep.default) && !processesAnswers(call)
    this.answer = new Answer({
      turn,
      messageId,
      saved: this.#saved,
      modelOutputs,
      dataParts,
      suspended: new SuspendedChunks(suspensions),
      savesEarly: showsAll(call),
      savePerStep: this.#savePerStep,
      process: (parts) => processedAnswer(call, parts),
    })
  }

  /** Whether the call only carries out what was decided: the model is not asked. Known when its first step begins. */
  get isSilent(): boolean {
    return this.waiting.size > 0 || this.suspensions.isSilent
  }

  /** Aborted when the turn is replaced, or its thread deleted, while the model works. */
  get refused(): AbortSignal {
    return this.#refused.signal
  }

  /** Notes what the model is shown, by id. */
  sees(seen: JsonObject): void {
    this.#seen = seen
  }

  /** Stores the start of a call, before its tool runs. Never throws: the tool does not run then. */
  begin(call: StartingCall): Promise<void> {
    return this.#calls.begin(call, this.#steps.isRecorded(call.toolName) ? () => this.answer.begin(call) : null)
  }

  /** Stores the answer so far, what the run tells of itself, and what it goes on with if this process ends. Never throws. */
  keep(): Promise<void> {
    const { log, iterations } = this.#call
    const facts = { ...log.facts, ...iterations?.facts }
    const run = goingOnRun(this.turn, facts, continuationOf(this.#call, this.answer.steps))
    return this.#saved.save(this.#savePerStep ? this.answer.parts : this.#saved.parts, [], [run])
  }

  /**
   * Closes the turn with the rest of the answer, and its run.
   *
   * @param failure The model's error, if the stream did not tell it.
   * @param facts Read at the end. A model that throws when asked for its name must not keep the turn open.
   * @throws MemoryError if the memory refuses the answer. The turn is then closed as failed, if possible; as aborted if
   *   another turn took its place first.
   */
  async end(failure: unknown, facts: () => RunFacts): Promise<AnswerEnd> {
    let isOver = true
    try {
      const end = await this.answer.end(failure, (end) => [this.#endingRun(end, facts())])
      isOver = end.status !== 'suspended'
      return end
    } catch (error) {
      await this.#closeAnyway(error)
      throw error
    } finally {
      if (isOver) this.#endWork()
      this.#hasEnded = true
    }
  }

  /** Ends what was handed on and waits: the turn is over. What is left then, `recover` ends. */
  #endWork(): void {
    const { agent, log, remembered } = this.#call
    const failed = (error: unknown) => agent.log('warn', 'Work that was handed on could not be ended.', error)
    remembered?.space.hold(log.end().catch(failed))
  }

  #endingRun({ status, parts, error }: AnswerEnd, facts: RunFacts): Change {
    const { steps } = this.answer
    // A later list of what it saw replaces this one.
    const earlier = status === 'suspended' ? { seenEarlier: { [tokenOf(this.turn)]: this.#seen } } : {}
    const completionReason = status === 'complete' ? (this.#call.iterations?.completionReason ?? undefined) : undefined
    const all = {
      ...facts,
      ...this.#call.log.facts,
      ...this.#call.noteProgress.facts,
      ...this.#call.iterations?.facts,
      completionReason,
      seen: this.#seen,
      ...earlier,
      steps,
      memoryCalls: memoryCalls(parts),
      error: errorOf(error),
    }
    return endingRun(this.turn, status, all, status === 'suspended' ? continuationOf(this.#call, steps) : undefined)
  }

  /**
   * Stores metadata that came after the turn was closed: an application may begin to read a stream late. Never throws.
   */
  async keepMetadata(): Promise<void> {
    const metadata = this.metadata.unsaved
    const { remembered, agent } = this.#call
    if (!this.#hasEnded || metadata === null || remembered === null) return
    const { threadId } = this.turn
    this.metadata.save(metadata)
    try {
      const change = { kind: 'message-edit', threadId, messageId: this.messageId, metadata } as const
      await remembered.space.commitAs('metadata', [change], [])
    } catch (error) {
      agent.log('warn', 'The metadata of an answer could not be stored.', error)
    }
  }

  /** If an answer cannot be stored, for example because it is too large, the turn must still end. */
  async #closeAnyway(error: unknown): Promise<void> {
    const status = isOvertaken(error) ? 'aborted' : 'failed'
    const run = endingRun(this.turn, status, { seen: this.#seen, error: errorOf(error) })
    await closeAnyhow(this.turn, status, run, () => this.#saved.cut())
  }
}

/** The number of the lease with which the turn was opened or resumed. No two have the same. */
function tokenOf({ results }: AgentTurn): number {
  return Math.max(0, ...results.flatMap((result) => ('leaseToken' in result ? [result.leaseToken] : [])))
}

/** Whether what the model says reaches the recording at once, and as it is. */
function showsAll({ options, outputProcessors }: Call): boolean {
  const changes = outputProcessors.some(({ processOutputStream }) => processOutputStream !== undefined)
  return options.experimental_transform === undefined && !changes
}

/** The metadata of a call's answer. Of a turn that goes on, the author stands in it already. */
function metadataOf({ agent, remembered }: Call, stored: readonly MessagePart[]): AnswerMetadata {
  const author = { kind: 'agent', id: agent.id, name: agent.name } as const
  const limitBytes = remembered?.space.limits.metadataBytes ?? 0
  const lost = (reason: string) => {
    agent.log(
      'warn',
      'The metadata of an answer could not be stored.',
      new Error(`messageMetadata is lost: ${reason}.`),
    )
  }
  const metadata = new AnswerMetadata(author, limitBytes, lost)
  if (stored.length > 0) metadata.save(metadata.value)
  return metadata
}

/** The calls of memory's own tools, which the thread does not show. */
function memoryCalls(parts: readonly MessagePart[]): Json | undefined {
  const calls = parts.filter(isInternal).map(({ type, toolCallId, state }) => {
    return { tool: type.replace(/^tool-/, ''), toolCallId: toolCallId ?? null, state: state ?? null }
  })
  return calls.length === 0 ? undefined : calls
}

/** The kind of an error, never its text, which may quote content. */
function errorOf(error: unknown): Json | undefined {
  if (error === null || error === undefined) return undefined
  if (error instanceof MemoryError) return error.code
  return error instanceof Error ? error.name : 'Error'
}

/**
 * Ends a turn whose model never began. Never throws: the caller gets the error of the call itself.
 *
 * @param resumed The answer that the turn was to continue.
 */
export async function giveUp(
  turn: AgentTurn,
  error: unknown,
  signal: AbortSignal | undefined,
  resumed: StoredAnswer | null,
): Promise<void> {
  const details = { error: errorOf(error) }
  const status = signal?.aborted === true ? 'aborted' : 'failed'
  if (error instanceof ProcessorAbort) {
    try {
      return await turn.discard([endingRun(turn, 'discarded', details)])
    } catch {
      // Replaced or deleted, or the storage is gone: its lease ends it then.
      return turn.letGo()
    }
  }
  const changes = async () => (resumed === null ? [] : changesTo(turn, resumed, endedParts(resumed.parts, false)))
  await closeAnyhow(turn, status, endingRun(turn, status, details), changes)
}
