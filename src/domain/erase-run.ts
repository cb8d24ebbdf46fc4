/** Removing what runs stated from log rows that stay. */
import type { Effect } from './effect.ts'
import { type EditableLog, erasedEffect, replaceRow } from './erase-content.ts'
import type { RunId, Seq } from './id.ts'

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
  if (effect.kind === 'run-put') return effect
  if (effect.kind === 'run-expire') return effect.prev === 0 ? null : effect
  if (effect.kind === 'kept') return 'run' in effect ? { runId: effect.run.id, prev: 0 } : null
  if (effect.kind !== 'erased' || effect.runId === undefined) return null
  return { runId: effect.runId, prev: effect.prev ?? 0 }
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

function withoutContent(effect: Effect): Effect {
  const touched = touchedRun(effect)
  return touched === null ? effect : ({ ...erasedEffect(effect), ...touchedFields(touched) } as Effect)
}

function touchedFields({ runId, prev }: { readonly runId: RunId; readonly prev: Seq }) {
  return prev === 0 ? { runId } : { runId, prev }
}

const leftAfter: Readonly<Record<RunLoss, (effect: Effect) => Effect>> = {
  continuation: withoutContinuation,
  content: withoutContent,
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
