/** Removes steps with what they belong to: their run, their turn, their thread, or the message that holds their call. */
import type { EffectOf } from '../commit/effect.ts'
import { recordName } from '../commit/effect-names.ts'
import { parseMessageId, runIdOf, type ThreadId } from '../id.ts'
import type { MessagePart } from '../records/message.ts'
import { recordTombstone } from '../records/record.ts'
import { isCall, stepNoun, stepPrefix } from '../records/step.ts'
import type { TurnState } from '../records/turn.ts'
import type { AnyStep } from '../records/work-step.ts'
import type { Draft } from './draft.ts'

/**
 * Removes the steps of a run for which `isGone` holds, with everything they say, from the log too.
 *
 * @param turn The turn whose row says so, if the commit touches it anyway.
 */
export function dropSteps(
  draft: Draft,
  runId: string,
  isGone: (step: AnyStep) => boolean,
  turn: TurnState | null = null,
): void {
  for (const before of draft.view.recordsUnder(stepNoun, stepPrefix(runId))) {
    if (!isGone(before.value as unknown as AnyStep)) continue
    const { key, version: prev } = before
    const name = recordName(stepNoun, key)
    draft.claim({ record: name })
    draft.sweep({ noun: 'record', key: name }, prev)
    draft.records.set(name, recordTombstone(before, draft))
    const effect: EffectOf<'record-remove' | 'record-expire'> = {
      kind: 'record-remove',
      noun: stepNoun,
      key,
      prev,
      implied: true,
    }
    if (turn === null) draft.add(effect)
    else draft.addToTurn(turn.turn, turn.status, effect)
  }
}

function dropOfTurn(draft: Draft, turn: TurnState, isGone: (step: AnyStep) => boolean): void {
  if (turn.runId === undefined) return
  dropSteps(draft, runIdOf(draft.space.key, turn.runId), isGone, turn)
}

/** The steps whose calls stand in a turn. */
export function dropStepsOfTurn(draft: Draft, turn: TurnState): void {
  dropOfTurn(draft, turn, (step) => isCall(step) && parseMessageId(step.messageId)?.turn === turn.turn)
}

/** The steps whose calls stood in a message and do not stand in the parts that it has now. */
export function dropStepsOfMessage(
  draft: Draft,
  turn: TurnState,
  messageId: string,
  parts: readonly MessagePart[],
): void {
  const left = new Set(parts.map(({ toolCallId }) => toolCallId))
  dropOfTurn(draft, turn, (step) => isCall(step) && step.messageId === messageId && !left.has(step.path))
}

/** The steps of a thread. */
export function dropStepsOfThread(draft: Draft, threadId: ThreadId): void {
  // Most threads have had many runs: without a record in the space none of them has steps.
  if (!draft.view.hasRecords()) return
  for (const run of draft.view.threadRuns(threadId)) dropSteps(draft, run.id, () => true)
}
