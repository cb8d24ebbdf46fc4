/** The changes of a commit to the index of its space: records to add and to remove. */

import { impliedAuthor } from '../actor.ts'
import type { Draft } from '../apply/draft.ts'
import type { Effect, LogRow } from '../commit/effect.ts'
import { declarationOf } from '../commit/effect-marks.ts'
import { replacedBy } from '../commit/effect-names.ts'
import { type Seq, type ThreadId, unpackTurn } from '../id.ts'
import type { Language } from '../language.ts'
import type { LoggedMessage } from '../records/message.ts'
import { isFoundKey, observationNoun } from '../records/observation.ts'
import type { ThreadState } from '../records/thread.ts'
import {
  contentSeqs,
  factRef,
  type IndexableMessage,
  indexedFact,
  indexedMessage,
  indexedNote,
  isFactIndexed,
  type KnownWords,
} from './indexed.ts'
import { entryRemoval, factRemoval, messageRemoval, noteRemoval, type Removal, turnRemoval } from './removal.ts'
import type { IndexedRecord } from './word-segment.ts'

/** An earlier turn whose messages changed. */
export interface ChangedTurn {
  readonly threadId: ThreadId
  readonly turn: number
}

/** Messages of such a turn whose content changed or was removed; rows with a lower seq than `before` had it. */
interface ChangedMessages extends ChangedTurn {
  readonly indexes: readonly number[]
  readonly before: Seq
}

export interface IndexChanges {
  /** Content was added or changed that words find. */
  readonly adds: boolean
  readonly removals: readonly Removal[]
  readonly messages: readonly ChangedMessages[]
  readonly turns: readonly ChangedTurn[]
  /** A thread that was deleted with all of its messages. */
  readonly deleted: ThreadState | null
  /** What is known of the tail is no longer true, and has to be read from the log. */
  readonly forgetsTail: boolean
  /** Messages of turns that the commit began. */
  readonly fresh: readonly IndexableMessage[]
}

interface Changes {
  adds: boolean
  readonly removals: Removal[]
  readonly messages: ChangedMessages[]
  readonly turns: ChangedTurn[]
  deleted: ThreadState | null
  forgetsTail: boolean
  readonly fresh: IndexableMessage[]
}

/** Whether an effect changes the content of messages that were there before, and which of the row's turn: null for all. */
function changedMessages(effect: Effect): readonly number[] | null | undefined {
  const { changes } = declarationOf(effect)
  if (changes === 'turn') return null
  if (changes !== 'index') return undefined
  return 'indexes' in effect ? effect.indexes : 'index' in effect ? [effect.index] : []
}

/** Adds the messages that a turn began with. */
function addFresh(
  changes: Changes,
  draft: Draft,
  turn: number,
  messages: readonly (LoggedMessage | null)[],
  start: number,
): void {
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i]
    if (message == null) continue
    changes.fresh.push({
      parts: message.parts,
      author: message.author ?? impliedAuthor(message.role, draft.actor, draft.address),
      createdAt: message.createdAt ?? draft.at,
      turn,
      index: start + i,
      seq: draft.seq,
      thread: draft.thread.createdSeq,
    })
  }
}

/** Removes the vectors of entries whose value changed or is gone. */
function removeEntries(changes: Changes, effect: Effect): void {
  if (effect.kind === 'erased') return
  for (const { noun, key, version } of replacedBy(effect)) {
    if (noun === 'entry') changes.removals.push(entryRemoval(key, version))
  }
}

function changesOfRow(changes: Changes, draft: Draft, row: LogRow): void {
  const { threadId, turn } = row
  const isFresh = turn !== 0 && unpackTurn(turn).turnSeq === draft.seq
  let start = 0
  let isChanged = false
  let isWaiting = false
  for (const effect of row.effects) {
    // Whether its messages are found is known only from all of its rows.
    if (effect.kind === 'turn-open' && effect.waits === true) isWaiting = true
    if (effect.kind === 'turn-answered' || effect.kind === 'turn-restored') isChanged = true
    if (effect.kind === 'message-append' || effect.kind === 'message-copy') {
      if (effect.messages.length === 0) continue
      changes.adds = true
      if (isFresh && !isWaiting) addFresh(changes, draft, turn, effect.messages, start)
      else isChanged = true
      start += effect.messages.length
      continue
    }
    removeEntries(changes, effect)
    const indexes = changedMessages(effect)
    if (indexes !== undefined) {
      isChanged = true
      if (indexes === null) changes.removals.push(turnRemoval(turn))
      else if (threadId !== null) changes.messages.push({ threadId, turn, indexes, before: row.seq })
    } else if (effect.kind === 'thread-delete' && effect.prev > 0) {
      changes.deleted = draft.thread
      changes.forgetsTail = true
    }
  }
  if (!isChanged) return
  changes.adds = true
  if (threadId !== null && turn !== 0) changes.turns.push({ threadId, turn })
}

/** Facts whose earlier version is removed, and whether any has a present version. */
function changesOfFacts(changes: Changes, draft: Draft, folded: Seq): void {
  for (const { before, after } of draft.facts.values()) {
    if (before !== null && isFactIndexed(before)) {
      changes.removals.push(factRemoval(factRef(before.id), before.version))
      if (before.version > folded) changes.forgetsTail = true
    }
    if (isFactIndexed(after)) changes.adds = true
  }
}

/** Notes that the commit dropped, and whether it made any. */
function changesOfNotes(changes: Changes, rows: readonly LogRow[], folded: Seq): void {
  for (const effect of rows.flatMap(({ effects }) => effects)) {
    if (!('noun' in effect) || effect.noun !== observationNoun || !isFoundKey(effect.key)) continue
    if (effect.kind === 'record-put') changes.adds = true
    if (effect.kind !== 'record-remove') continue
    changes.removals.push(noteRemoval(effect.key, effect.prev))
    if (effect.prev > folded) changes.forgetsTail = true
  }
}

/** @param folded Records written up to this seq are in segments. */
export function indexChanges(draft: Draft, rows: readonly LogRow[], folded: Seq): IndexChanges {
  const lists = { removals: [], messages: [], turns: [], fresh: [] }
  const changes: Changes = { adds: false, deleted: null, forgetsTail: false, ...lists }
  for (const row of rows) changesOfRow(changes, draft, row)
  if (draft.facts.size > 0) changesOfFacts(changes, draft, folded)
  if (draft.records.size > 0) changesOfNotes(changes, rows, folded)
  return changes
}

/** Where the earlier content of changed messages is taken out. `rows` are those of the turn, by seq. */
export function removalsOf({ turn, indexes, before }: ChangedMessages, rows: readonly LogRow[]): readonly Removal[] {
  const seqs = contentSeqs(rows.filter(({ seq }) => seq < before))
  return indexes.flatMap((index) => {
    const at = seqs[index]
    return at === undefined ? [] : messageRemoval(turn, index, at)
  })
}

/** Records of the messages of turns that the commit began. `known` are words that were found before. */
export function freshRecords(
  { fresh }: IndexChanges,
  language: Language,
  known: KnownWords | null = null,
): readonly IndexedRecord[] {
  const records: IndexedRecord[] = []
  for (const message of fresh) {
    const record = indexedMessage(message, language, known)
    if (record !== null) records.push(record)
  }
  return records
}

/** Records of the notes that the commit wrote. */
export function noteRecords({ records }: Draft, language: Language): readonly IndexedRecord[] {
  return [...records.values()].flatMap((record) => indexedNote(record, language) ?? [])
}

/** Records of the facts that the commit wrote. */
export function factRecords({ facts }: Draft, language: Language): readonly IndexedRecord[] {
  return [...facts.values()].flatMap(({ after }) => indexedFact(after, language) ?? [])
}
