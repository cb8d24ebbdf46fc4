/** Removing what runs stated from log rows that stay. */

import type { Effect } from '../commit/effect.ts'
import { ownRecord, versionReplaced } from '../commit/effect-names.ts'
import type { RunId, Seq } from '../id.ts'
import { type EditableLog, replaceRow } from './erase-content.ts'
import { emptied, erasedEffect } from './erased-form.ts'

/** What of a run leaves the log: what it needed to go on, all that it stated, or that and its id. */
export type RunLoss = 'continuation' | 'content' | 'run'

/** A loss of a run, from its version at the time back to where it began. */
export interface LostOfRun {
  readonly runId: RunId
  readonly version: Seq
  readonly loss: RunLoss
}

/** The run that an effect states something of or ends, with the version it had before; null for any other effect. */
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

/** Erases what a run loses from the effects that hold it. The log holds no continuation but the last, so one ends the search. */
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
