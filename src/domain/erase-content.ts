/** Removing content from log rows that stay: what an expired entry or a discarded turn leaves behind. */
import type { Effect, EffectOf, LogRow } from './effect.ts'
import { touchedFacts } from './fact-fold.ts'
import type { CommitRows } from './history.ts'
import type { FactId, Seq, ThreadId } from './id.ts'

/** The rows of a space's log, open to erasure. Drivers replace the row at (seq, turn). */
export interface EditableLog extends CommitRows {
  turnRows(threadId: ThreadId, turn: number): readonly LogRow[]
  replaceRow(row: LogRow): void
}

/** The empty effect that an erased one leaves. What it did to other entries stays readable to replay. */
function erasedEffect(effect: Effect): Effect {
  const of = effect.of === undefined ? {} : { of: effect.of }
  if (effect.kind === 'kept')
    return { kind: 'erased', was: 'kept', ...('entry' in effect ? { key: effect.entry.key } : {}) }
  if (!('expiresAt' in effect)) return { kind: 'erased', was: effect.kind, ...of }
  const { kind: was, key, prev, pruned, expired } = effect
  const others = { ...(pruned === undefined ? {} : { pruned }), ...(expired === undefined ? {} : { expired }) }
  return { kind: 'erased', was, key, prev, ...others, ...of }
}

/** Whether an effect holds a value of that entry. */
function holdsValue(effect: Effect, key: string): boolean {
  if (effect.kind === 'kept') return 'entry' in effect && effect.entry.key === key
  return 'expiresAt' in effect && effect.key === key
}

/** Erases one entry's values from its versions back to where its life began. */
export function eraseEntryLife(log: EditableLog, key: string, version: Seq): void {
  for (let seq = version; seq > 0; ) {
    let next = 0
    for (const row of log.rowsAt(seq)) {
      const hit = row.effects.find((effect) => holdsValue(effect, key))
      if (hit === undefined) continue
      next = hit.kind === 'kept' || !('expiresAt' in hit) || hit.absent ? 0 : hit.prev
      const effects = row.effects.map((effect) => (effect === hit ? erasedEffect(effect) : effect))
      log.replaceRow({ ...row, hash: null, effects })
    }
    seq = next
  }
}

/** What is left of an effect that stated a fact: which one, and what it did to other facts. */
function erasedFact(effect: EffectOf<'kept' | 'fact-assert'>, factId: FactId): Effect {
  if (effect.kind === 'kept') return { kind: 'erased', was: 'kept', factId }
  const { stated: _, known: _known, kind: was, ...rest } = effect
  return { kind: 'erased', was, ...rest }
}

/** Whether an effect holds what was stated of that fact. */
function statesFact(effect: Effect, factId: FactId): effect is EffectOf<'kept' | 'fact-assert'> {
  if (effect.kind === 'kept') return 'fact' in effect && effect.fact.id === factId
  return effect.kind === 'fact-assert' && effect.factId === factId
}

/** Erases all that was stated of one fact, from a version back to where its life began. Other facts stay as they are. */
export function eraseFactLife(log: EditableLog, factId: FactId, version: Seq): void {
  for (let seq = version; seq > 0; ) {
    let next = 0
    for (const row of log.rowsAt(seq)) {
      const touch = row.effects.flatMap(touchedFacts).find((touched) => touched.key === factId)
      next = Math.max(next, touch?.version ?? 0)
      if (!row.effects.some((effect) => statesFact(effect, factId))) continue
      const effects = row.effects.map((effect) => (statesFact(effect, factId) ? erasedFact(effect, factId) : effect))
      log.replaceRow({ ...row, hash: null, effects })
    }
    seq = next
  }
}

const contents = new Set<Effect['kind']>([
  'message-append',
  'message-copy',
  'message-extend',
  'message-edit',
  'message-delete',
])

/** An append of messages that were all there before: it saved nothing. */
function isEmptyAppend(effect: Effect): boolean {
  return effect.kind === 'message-append' && effect.messages.length === 0
}

/** Erases the messages of a turn from all of its rows; a thread it created stays created. */
export function eraseTurn(log: EditableLog, threadId: ThreadId, turn: number): void {
  for (const row of log.turnRows(threadId, turn)) {
    if (!row.effects.some((effect) => contents.has(effect.kind))) continue
    const effects = row.effects.map((effect) => {
      if (!contents.has(effect.kind) || isEmptyAppend(effect)) return effect
      return effect.kind === 'message-append' && effect.createdThread !== undefined
        ? { ...effect, messages: [], existing: [], erased: true as const }
        : erasedEffect(effect)
    })
    log.replaceRow({ ...row, hash: null, effects })
  }
}
