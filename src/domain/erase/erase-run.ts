/** Removes statements of runs from log rows that stay. */

import type { Effect } from '../commit/effect.ts'
import { ownRecord, versionReplaced } from '../commit/effect-names.ts'
import type { RunId, Seq } from '../id.ts'
import { type EditableLog, replaceRow } from './erase-content.ts'
import { emptied, erasedEffect } from './erased-form.ts'

/** Which part of a run leaves the log: its continuation, all its statements, or those and its id. */
export type RunLoss = 'continuation' | 'content' | 'run'

/** A removal from a run, from its version at the time back to its beginning. */
export interface LostOfRun {
  readonly runId: RunId
  readonly version: Seq
  readonly loss: RunLoss
}

/** The run that an effect states or ends, with the version before; null for any other effect. */
export function touchedRun(effect: Effect): { readonly runId: RunId; readonly prev: Seq } | null {
  const own = ownRecord(effect)
  if (own?.noun !== 'run') return null
  const prev = versionReplaced(effect)
  return effect.kind === 'run-expire' && prev === 0 ? null : { runId: own.key as RunId, prev }
}

function withoutContinuation(effect: Effect): Effect {
  if (effect.kind === 'kept') {
    const holds = 'run' in effect && effect.run.continuation !== null
    return holds ? { ...effect, run: { ...effect.run, continuation: null } } : effect
  }
  if (effect.kind !== 'run-put' || (effect.stated.continuation ?? null) === null) return effect
  const { continuation: _, ...stated } = effect.stated
  return { ...effect, stated }
}

const leftAfter: Readonly<Record<RunLoss, (effect: Effect) => Effect>> = {
  continuation: withoutContinuation,
  content: emptied,
  run: (effect) => erasedEffect(effect),
}

/**
 * Erases the lost part of a run from its effects. The log has only the last continuation, so finding one ends the
 * search.
 */
export function eraseOfRun(log: EditableLog, { runId, version, loss }: LostOfRun): void {
  for (let seq = version; seq > 0; ) {
    let next = 0
    for (const row of log.rowsAt(seq)) {
      const hit = row.effects.find((effect) => touchedRun(effect)?.runId === runId)
      if (hit === undefined) continue
      const left = leftAfter[loss](hit)
      const isFound = loss === 'continuation' && left !== hit
      next = isFound ? 0 : (touchedRun(hit)?.prev ?? 0)
      if (left === hit) continue
      replaceRow(
        log,
        row,
        row.effects.map((effect) => (effect === hit ? left : effect)),
      )
    }
    seq = next
  }
}
