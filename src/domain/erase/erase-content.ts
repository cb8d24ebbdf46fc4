/** Removes content from log rows that stay, for erasure, expired entries and discarded turns. */

import type { Effect, EffectOf, LogRow } from '../commit/effect.ts'
import { declarationOf } from '../commit/effect-marks.ts'
import { holdsContent, isOf, type Named, versionReplaced } from '../commit/effect-names.ts'
import type { FactId, Seq, ThreadId } from '../id.ts'
import { stands } from '../records/turn.ts'
import { touchedFacts } from '../replay/fact-fold.ts'
import type { CommitRows } from '../replay/history.ts'
import { emptied } from './erased-form.ts'

/** The rows of a space's log, for erasure. Drivers replace the row at (seq, turn). */
export interface EditableLog extends CommitRows {
  turnRows(threadId: ThreadId, turn: number): readonly LogRow[]
  replaceRow(row: LogRow): void
}

/**
 * Replaces a row, and removes the payload hash of its commit, which covered the erased content and is in the first row.
 */
export function replaceRow(log: EditableLog, row: LogRow, effects: readonly Effect[]): void {
  log.replaceRow({ ...row, hash: null, effects })
  const [first] = log.rowsAt(row.seq)
  if (first !== undefined && first.hash !== null) log.replaceRow({ ...first, hash: null })
}

/** Erases the values of a record's versions, from one back to its creation. */
export function eraseLife(log: EditableLog, record: Named, version: Seq): void {
  for (let seq = version; seq > 0; ) {
    let next = 0
    for (const row of log.rowsAt(seq)) {
      // Not the effect that ended an earlier record with this key, which has no value.
      const hit = row.effects.find((effect) => holdsContent(effect) && isOf(effect, record))
      if (hit === undefined) continue
      next = 'absent' in hit && hit.absent === true ? 0 : versionReplaced(hit)
      const effects = row.effects.map((effect) => (effect === hit ? emptied(effect) : effect))
      replaceRow(log, row, effects)
    }
    seq = next
  }
}

/** The fact whose statement is in an effect; null for any other effect. */
export function statedFact(effect: Effect): FactId | null {
  if (effect.kind === 'kept') return 'fact' in effect ? effect.fact.id : null
  return effect.kind === 'fact-assert' ? effect.factId : null
}

/** Whether an effect has a statement of that fact. */
function statesFact(effect: Effect, factId: FactId): effect is EffectOf<'kept' | 'fact-assert'> {
  return statedFact(effect) === factId
}

/** The rest of a statement after some of its sources were removed. */
interface LessSourced {
  readonly effect: Effect
  /** How many sources are left. */
  readonly left: number
  /** It was of words that wait for extraction. */
  readonly isQueued: boolean
}

/** A statement without those sources; null for one that names none of them, and for any other effect. */
export function withoutSources(effect: Effect, gone: ReadonlySet<string>): LessSourced | null {
  const isKept = effect.kind === 'kept' && 'fact' in effect
  if (!isKept && effect.kind !== 'fact-assert') return null
  const { sources = [] } = isKept ? effect.fact : effect.stated
  const left = sources.filter((id) => !gone.has(id))
  if (left.length === sources.length) return null
  if (isKept) {
    const isQueued = effect.fact.status === 'queued'
    return { effect: { ...effect, fact: { ...effect.fact, sources: left } }, left: left.length, isQueued }
  }
  const stated = { ...effect.stated, sources: left }
  return { effect: { ...effect, stated }, left: left.length, isQueued: stated.queued === true }
}

/** Whether any statement of a fact is left in the log, from a version back to its creation. */
export function hasFactLife(log: CommitRows, factId: FactId, version: Seq): boolean {
  for (let seq = version; seq > 0; ) {
    let next = 0
    for (const row of log.rowsAt(seq)) {
      if (row.effects.some((effect) => statesFact(effect, factId))) return true
      const touch = row.effects.flatMap(touchedFacts).find((touched) => touched.key === factId)
      next = Math.max(next, touch?.version ?? 0)
    }
    seq = next
  }
  return false
}

/** Erases every statement of one fact, from a version back to its creation. Other facts stay. */
export function eraseFactLife(log: EditableLog, factId: FactId, version: Seq): void {
  for (let seq = version; seq > 0; ) {
    let next = 0
    for (const row of log.rowsAt(seq)) {
      const touch = row.effects.flatMap(touchedFacts).find((touched) => touched.key === factId)
      next = Math.max(next, touch?.version ?? 0)
      if (!row.effects.some((effect) => statesFact(effect, factId))) continue
      const effects = row.effects.map((effect) => (statesFact(effect, factId) ? emptied(effect) : effect))
      replaceRow(log, row, effects)
    }
    seq = next
  }
}

/** An append of messages that were all stored before: it saved nothing. */
function isEmptyAppend(effect: Effect): boolean {
  return effect.kind === 'message-append' && effect.messages.length === 0
}

/** Whether an effect saved, changed or deleted messages. */
function isOfMessages(effect: Effect): boolean {
  if (effect.kind === 'kept' || effect.kind === 'erased') return false
  const { marks } = declarationOf(effect)
  return marks.messages !== undefined || Object.values(marks).includes('index')
}

/** A kept turn without the named messages, and how many of them its kept thread had counted. */
export function withoutKept(
  effect: Effect,
  row: LogRow,
  isGone: (index: number) => boolean,
): { readonly effect: Effect; readonly counted: number } {
  if (effect.kind !== 'kept' || !('turnKept' in effect)) return { effect, counted: 0 }
  const { turnKept } = effect
  const gone = turnKept.messages.filter((message, index) => message !== null && isGone(index)).length
  if (gone === 0) return { effect, counted: 0 }
  const messages = turnKept.messages.map((message, index) => (isGone(index) ? null : message))
  const isCounted = row.status !== null && stands({ ...turnKept, status: row.status })
  return { effect: { ...effect, turnKept: { ...turnKept, messages } }, counted: isCounted ? gone : 0 }
}

/** The effects, with the message count of the kept thread lowered. */
export function withKeptCount(effects: readonly Effect[], less: number): readonly Effect[] {
  return effects.map((effect) => {
    if (effect.kind !== 'kept' || !('thread' in effect)) return effect
    const { thread } = effect
    return { ...effect, thread: { ...thread, messageCount: thread.messageCount - less } }
  })
}

/** Whether the row holds a thread as compaction kept it. */
export function keepsThread(row: LogRow): boolean {
  return row.effects.some((effect) => effect.kind === 'kept' && 'thread' in effect)
}

function emptiedInTurn(effect: Effect): Effect {
  if (!isOfMessages(effect) || isEmptyAppend(effect)) return effect
  return effect.kind === 'message-append' && effect.createdThread !== undefined
    ? { ...effect, messages: [], existing: [], erased: true as const }
    : emptied(effect)
}

/** Erases the messages of a turn from all of its rows; a thread it created stays created. */
export function eraseTurn(log: EditableLog, threadId: ThreadId, turn: number): void {
  let uncounted = 0
  for (const row of log.turnRows(threadId, turn)) {
    const effects = row.effects.map((effect) => {
      const kept = withoutKept(effect, row, () => true)
      uncounted += kept.counted
      return emptiedInTurn(kept.effect)
    })
    if (effects.some((effect, index) => effect !== row.effects[index])) replaceRow(log, row, effects)
  }
  const row = uncounted === 0 ? undefined : log.turnRows(threadId, 0).find(keepsThread)
  if (row !== undefined) log.replaceRow({ ...row, effects: withKeptCount(row.effects, uncounted) })
}
