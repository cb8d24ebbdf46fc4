/**
 * Updates the index of a space after its commits: removed records leave it, new ones join the tail, a full tail is
 * folded.
 */

import type { Draft } from '../../domain/apply/draft.ts'
import type { LogRow } from '../../domain/commit/effect.ts'
import type { Seq } from '../../domain/id.ts'
import {
  type ChangedTurn,
  factRecords,
  freshRecords,
  type IndexChanges,
  indexChanges,
  noteRecords,
  removalsOf,
} from '../../domain/index/commit-changes.ts'
import { indexedTurn, type KnownWords } from '../../domain/index/indexed.ts'
import { messageRemoval, noteRemoval, type Removal, threadRemoval } from '../../domain/index/removal.ts'
import { addRecord, forgetRecords, replaceTurn } from '../../domain/index/word-tail.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import { markWork, removeVectors } from './vectors.ts'
import { foldWords, refoldWords, removeWords, tailRecords } from './words.ts'

function remove(database: SqliteDatabase, space: CachedSpace, removal: Removal): void {
  removeWords(database, space, removal)
  removeVectors(database, space, removal)
}

/** Removes all messages of a thread from the index. Its rows must still name the thread. */
export function removeThread(database: SqliteDatabase, space: CachedSpace, { id, createdSeq }: ThreadState): void {
  forgetRecords(space.words)
  const number = database.thread(space, id)?.n ?? 0
  const turns = new Set(database.statements.turnsOfThread.all(number).map(([turn]) => turn))
  remove(database, space, threadRemoval(createdSeq, turns))
}

/** Removes one message from the index, from any segment. */
export function removeMessageAt(database: SqliteDatabase, space: CachedSpace, turn: number, index: number): void {
  forgetRecords(space.words)
  remove(database, space, messageRemoval(turn, index))
}

/** Removes a note from the index. */
export function removeNote(database: SqliteDatabase, space: CachedSpace, key: string, version: Seq): void {
  forgetRecords(space.words)
  remove(database, space, noteRemoval(key, version))
}

type RowsOfTurn = (turn: ChangedTurn) => readonly LogRow[]

/** Reads the rows of turns, each turn once. */
function turnRowsOf(database: SqliteDatabase, space: CachedSpace): RowsOfTurn {
  const known = new Map<number, readonly LogRow[]>()
  return ({ threadId, turn }) => {
    const thread = known.has(turn) ? null : database.thread(space, threadId)
    if (thread !== null) known.set(turn, database.turnRows(thread.n, turn, threadId))
    return known.get(turn) ?? []
  }
}

/** Reads the records of a turn of the tail again, once a later commit added to its messages or changed them. */
function refreshTurn(
  database: SqliteDatabase,
  space: CachedSpace,
  draft: Draft,
  rowsOf: RowsOfTurn,
  changed: ChangedTurn,
): void {
  const { threadId, turn } = changed
  const { words, state } = space
  // What is not known is read from the log, this turn with it.
  if (words.pending === null) return
  const thread = database.thread(space, threadId)
  const rows = rowsOf(changed)
  const fold = { key: state.key, address: draft.address }
  replaceTurn(words, turn, indexedTurn(rows, fold, thread?.state ?? null, words.folded, state.settings.language))
}

/** Updates the known tail: messages before facts and notes, in the order in which they are read from the log. */
function updateTail(
  database: SqliteDatabase,
  space: CachedSpace,
  draft: Draft,
  rowsOf: RowsOfTurn,
  changes: IndexChanges,
  known: KnownWords | null,
): void {
  const { words, state } = space
  if (changes.forgetsTail) forgetRecords(words)
  // What is not known is read from the log, these records with it.
  if (words.pending === null) return
  const { language } = state.settings
  for (const record of freshRecords(changes, language, known)) addRecord(words, record)
  for (const turn of changes.turns) refreshTurn(database, space, draft, rowsOf, turn)
  for (const record of [...factRecords(draft, language), ...noteRecords(draft, language)]) addRecord(words, record)
}

/** Updates the index after a commit whose rows are stored. `known` are words of its messages that were found before. */
export function indexCommit(
  database: SqliteDatabase,
  draft: Draft,
  rows: readonly LogRow[],
  space: CachedSpace,
  known: KnownWords | null,
): void {
  if (draft.settings.language !== draft.space.settings.language) {
    refoldWords(database, space)
    return
  }
  const changes = indexChanges(draft, rows, space.words.folded)
  for (const removal of changes.removals) remove(database, space, removal)
  const rowsOf = turnRowsOf(database, space)
  for (const changed of changes.messages) {
    for (const removal of removalsOf(changed, rowsOf(changed))) remove(database, space, removal)
  }
  if (changes.deleted !== null) removeThread(database, space, changes.deleted)
  updateTail(database, space, draft, rowsOf, changes, known)
  if (changes.adds || space.words.pending === null || draft.entries.size > 0) markWork(database, space)
  if (!changes.adds) return
  if (space.words.pending === null) tailRecords(database, space)
  if (space.words.bytes >= database.segmentBytes) foldWords(database, space)
}
