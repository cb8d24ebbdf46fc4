/** Copies the run of a turn that waits, with its steps, for the copy of the turn. */
import { lastTurnIndex, messageIdOf, runIdOf, type ThreadId, turnIdOf } from '../id.ts'
import { liveRun, type StatedRun } from '../records/run.ts'
import { type StepFields, stepKey, stepNoun, stepPrefix } from '../records/step.ts'
import { type TurnState, visibleMessages } from '../records/turn.ts'
import { foldRun } from '../replay/run-fold.ts'
import type { Draft } from './draft.ts'
import { newRunId } from './run-changes.ts'
import { askedUntil, writeStep } from './step-changes.ts'

/** A copied call is decided for itself, so that one consent never carries out two calls. */
function copiedStep(draft: Draft, step: StepFields): StepFields {
  if (step.status !== 'asked' && step.status !== 'decided') return step
  const { decision: _, ...asked } = step
  return { ...asked, status: 'asked', askedAt: draft.at, ...askedUntil(draft) }
}

/**
 * Gives a copied turn a run and steps of its own, which wait as those of the turn do and are decided apart.
 *
 * @param place The packed place of the copy.
 * @returns The last part of the id of the copy's run; null if the turn has none.
 */
export function copyRun(draft: Draft, turn: TurnState, place: number, unique: string): string | null {
  const { key } = draft.space
  const source = turn.runId === undefined ? null : liveRun(draft.view.run(runIdOf(key, turn.runId)), draft.at)
  // Only calls wait in messages, and are copied with them.
  if (source === null || source.kind !== 'agent') return null
  const runId = newRunId(draft, unique)
  draft.claim({ run: runId })
  const threadId: ThreadId = draft.thread.id
  const stated: StatedRun = {
    name: source.name,
    status: 'suspended',
    actor: source.actor,
    threadId,
    turnId: turnIdOf(key, place),
    ...(source.parentRunId === undefined ? {} : { parentRunId: source.parentRunId }),
    ...(source.continuation === null ? {} : { continuation: source.continuation }),
    expiresAt: null,
  }
  // Runs of one change have numbers from the end, where no change of a commit is.
  const number = lastTurnIndex - draft.runs.size
  const effect = draft.add({ kind: 'run-put' as const, runId, prev: 0, stated, place: number, implied: true })
  draft.setRun(null, foldRun(null, effect, draft))
  const messages = new Map(
    visibleMessages(turn).map((message, index) => [message.id as string, messageIdOf(key, place, index)]),
  )
  for (const { value } of draft.view.recordsUnder(stepNoun, stepPrefix(source.id))) {
    const step = value as unknown as StepFields
    const messageId = messages.get(step.messageId)
    if (messageId === undefined) continue
    const copy = { ...copiedStep(draft, step), runId, threadId, messageId }
    writeStep(draft, null, stepKey(runId, step.path), copy, { implied: true })
  }
  return unique
}
