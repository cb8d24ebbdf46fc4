/** Removing content from log rows that stay: what erasure, an expired entry or a discarded turn leaves behind. */
import type { Displaced, Effect, EffectOf, LogRow } from './effect.ts'
import { touchedFacts } from './fact-fold.ts'
import type { CommitRows } from './history.ts'
import type { FactId, Seq, ThreadId } from './id.ts'

/** The rows of a space's log, open to erasure. Drivers replace the row at (seq, turn). */
export interface EditableLog extends CommitRows {
  turnRows(threadId: ThreadId, turn: number): readonly LogRow[]
  replaceRow(row: LogRow): void
}

/** Replaces a row, and with it the payload hash of its commit, which covered what is gone and lies in the first row. */
export function replaceRow(log: EditableLog, row: LogRow, effects: readonly Effect[]): void {
  log.replaceRow({ ...row, hash: null, effects })
  const [first] = log.rowsAt(row.seq)
  if (first !== undefined && first.hash !== null) log.replaceRow({ ...first, hash: null })
}

function numberOf(effect: Effect): { readonly of?: number } {
  return effect.of === undefined ? {} : { of: effect.of }
}

/** What an effect did to other entries, which stays readable to replay. */
function othersOf(effect: Effect, key: string | null): Pick<EffectOf<'erased'>, 'pruned' | 'expired'> {
  if (effect.kind !== 'erased' && !('expiresAt' in effect)) return {}
  const without = (gone: readonly Displaced[] | undefined) => gone?.filter((other) => other.key !== key) ?? []
  const [pruned, expired] = [without(effect.pruned), without(effect.expired)]
  return { ...(pruned.length === 0 ? {} : { pruned }), ...(expired.length === 0 ? {} : { expired }) }
}

/** The empty effect that one leaves whose content expired or was discarded: an entry's versions stay a chain. */
function emptied(effect: Effect): Effect {
  if (effect.kind === 'kept') {
    return { kind: 'erased', was: 'kept', ...('entry' in effect ? { key: effect.entry.key } : {}) }
  }
  if (!('expiresAt' in effect)) return { kind: 'erased', was: effect.kind, ...numberOf(effect) }
  const { kind: was, key, prev } = effect
  return { kind: 'erased', was, key, prev, ...othersOf(effect, null), ...numberOf(effect) }
}

/** The empty effect that an erased one leaves: only that something happened. */
export function erasedEffect(effect: Effect, key: string | null = null): Effect {
  const was = effect.kind === 'erased' ? effect.was : effect.kind
  return { kind: 'erased', was, ...othersOf(effect, key), ...numberOf(effect) }
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
      const effects = row.effects.map((effect) => (effect === hit ? emptied(effect) : effect))
      replaceRow(log, row, effects)
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

/** The fact of which an effect holds what was stated; null for any other effect. */
export function statedFact(effect: Effect): FactId | null {
  if (effect.kind === 'kept') return 'fact' in effect ? effect.fact.id : null
  return effect.kind === 'fact-assert' ? effect.factId : null
}

/** Whether an effect holds what was stated of that fact. */
function statesFact(effect: Effect, factId: FactId): effect is EffectOf<'kept' | 'fact-assert'> {
  return statedFact(effect) === factId
}

/** What is left of a statement once some of its sources are gone. */
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

/** Whether anything that was stated of a fact is left in the log, from a version back to where its life began. */
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

/** Erases all that was stated of one fact, from a version back to where its life began. Other facts stay as they are. */
export function eraseFactLife(log: EditableLog, factId: FactId, version: Seq): void {
  for (let seq = version; seq > 0; ) {
    let next = 0
    for (const row of log.rowsAt(seq)) {
      const touch = row.effects.flatMap(touchedFacts).find((touched) => touched.key === factId)
      next = Math.max(next, touch?.version ?? 0)
      if (!row.effects.some((effect) => statesFact(effect, factId))) continue
      const effects = row.effects.map((effect) => (statesFact(effect, factId) ? erasedFact(effect, factId) : effect))
      replaceRow(log, row, effects)
    }
    seq = next
  }
}

/** The effect without that entry: its value, its key, and that others displaced it. The same effect if it names it nowhere. */
export function withoutEntry(effect: Effect, key: string): Effect {
  if (effect.kind === 'kept') {
    return 'entry' in effect && effect.entry.key === key ? { kind: 'erased', was: 'kept' } : effect
  }
  if ('key' in effect && effect.key === key) return erasedEffect(effect, key)
  if (effect.kind !== 'erased' && !('expiresAt' in effect)) return effect
  const isNamed = [effect.pruned, effect.expired].some((gone) => gone?.some((other) => other.key === key))
  if (!isNamed) return effect
  const { pruned: _, expired: __, ...rest } = effect
  return { ...rest, ...othersOf(effect, key) }
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

type KeptTurn = Effect & { readonly kind: 'kept' } & { readonly turnKept: unknown }

/** Whether an effect is a turn as compaction kept it. */
export function isKeptTurn(effect: Effect): effect is KeptTurn & EffectOf<'kept'> {
  return effect.kind === 'kept' && 'turnKept' in effect
}

/** A kept turn without the messages that are named, and how many of those its kept thread had counted. */
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
  const isCounted = turnKept.replacedBy === undefined && row.status !== 'discarded'
  return { effect: { ...effect, turnKept: { ...turnKept, messages } }, counted: isCounted ? gone : 0 }
}

/** The effects with the kept thread counting so many messages less. */
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
  if (!contents.has(effect.kind) || isEmptyAppend(effect)) return effect
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
