/** The parts of a space in SQLite that recall scans and reads. */

import { packTurn, unpackTurn } from '../../domain/id.ts'
import { parseMessageRef, type RecordRef, type WordSegment } from '../../domain/index/word-segment.ts'
import { liveFact } from '../../domain/records/fact.ts'
import { liveState } from '../../domain/records/keyed-state.ts'
import { isNoteFound, noteIdOf, observationNoun } from '../../domain/records/observation.ts'
import { type TurnState, visibleMessages } from '../../domain/records/turn.ts'
import { type FoldSpace, foldTurn } from '../../domain/replay/turn-fold.ts'
import { parseSpaceId } from '../../domain/space.ts'
import { isoTime } from '../../domain/time.ts'
import type { FoundRecord, IndexReader } from '../../ports/storage.ts'
import { entryOf } from '../rows/entry-rows.ts'
import { factOf } from '../rows/fact-rows.ts'
import { turnRowOf } from '../rows/log-rows.ts'
import { recordOf } from '../rows/record-rows.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import { entryWords } from './entry-words.ts'
import { vectorsOf } from './vectors.ts'
import { tailSegment, wordSegment } from './words.ts'

function wordsOf(database: SqliteDatabase, space: CachedSpace): WordSegment[] {
  const segments: WordSegment[] = []
  for (const k of database.numbersOf(space, 'words', () => database.statements.wordNumbers.all(space.n))) {
    const segment = wordSegment(database, k)
    if (segment !== null) segments.push(segment)
  }
  const tail = tailSegment(database, space)
  if (tail !== null) segments.push(tail)
  return segments
}

/** The rows of the turn at a place, by seq, and its thread's id; null if none began there. */
function rowsAt(database: SqliteDatabase, space: CachedSpace, turn: number) {
  const { rowsOfTurn, threadOfPart } = database.statements
  const { turnSeq } = unpackTurn(turn)
  const columns = rowsOfTurn.all(space.n, turnSeq, turn)
  const threadId = columns[0]?.[9]
  if (threadId !== undefined) return { threadId, rows: columns.map((row) => turnRowOf(row, threadId)) }
  const n = threadOfPart.get(space.n, turnSeq, turn)?.[0]
  const partThread = n == null ? null : database.threadIdOf(n)
  if (n == null || partThread === null) return null
  return { threadId: partThread, rows: database.turnRows(n, turn, partThread) }
}

/** The turn at a place, if it is in a thread that is there. */
function turnAt(database: SqliteDatabase, space: CachedSpace, turn: number, fold: FoldSpace): TurnState | null {
  const found = rowsAt(database, space, turn)
  const thread = found === null ? null : database.thread(space, found.threadId)
  if (found === null || thread === null || thread.state.deleted) return null
  if (turn < packTurn({ turnSeq: thread.state.createdSeq, turnIndex: 0 })) return null
  return foldTurn(found.rows, fold)
}

function readEntry(database: SqliteDatabase, space: CachedSpace, key: string): FoundRecord | null {
  const columns = database.entryRow(space, key)
  const entry = columns === undefined ? null : liveState(entryOf(columns), isoTime(database.clock.now()))
  return entry === null ? null : { kind: 'entry', entry }
}

function readFact(database: SqliteDatabase, space: CachedSpace, ref: string): FoundRecord | null {
  const columns = database.statements.fact.get(space.n, ref)
  const stored = columns === undefined ? null : factOf(columns, space.state.key)
  const fact = liveFact(stored, isoTime(database.clock.now()))
  return fact === null ? null : { kind: 'fact', fact }
}

function readNote(database: SqliteDatabase, space: CachedSpace, key: string): FoundRecord | null {
  const columns = database.statements.record.get(space.n, observationNoun, key)
  const note = columns === undefined ? null : recordOf(columns)
  if (note === null || !isNoteFound(note)) return null
  return { kind: 'observation', id: noteIdOf(space.state.key, key), note }
}

function readRecords(
  database: SqliteDatabase,
  space: CachedSpace,
  refs: readonly RecordRef[],
): readonly (FoundRecord | null)[] {
  const turns = new Map<number, TurnState | null>()
  const fold = { key: space.state.key, address: parseSpaceId(space.state.id).address }
  return refs.map(({ kind, ref }) => {
    if (kind === 'entry') return readEntry(database, space, ref)
    if (kind === 'fact') return readFact(database, space, ref)
    if (kind === 'observation') return readNote(database, space, ref)
    if (kind !== 'message') return null
    const { turn, index } = parseMessageRef(ref)
    const state = turns.has(turn) ? (turns.get(turn) ?? null) : turnAt(database, space, turn, fold)
    turns.set(turn, state)
    const message = state?.messages[index]
    const isVisible = state !== null && message != null && visibleMessages(state).includes(message)
    return isVisible ? { kind: 'message', message } : null
  })
}

export function indexReader(database: SqliteDatabase): IndexReader {
  return {
    scan: (_, id, fingerprint) =>
      database.read(() => {
        const space = database.space(id)
        if (space === null) return { asOf: 0, key: null, language: 'english', words: [], vectors: [] }
        const { seq, key, settings } = space.state
        const vectors = fingerprint === null ? [] : vectorsOf(database, space, fingerprint)
        return { asOf: seq, key, language: settings.language, words: wordsOf(database, space), vectors }
      }),
    entryWords: (_, id) => entryWords(database, id),
    read: (_, id, refs) =>
      database.read(() => {
        const space = database.space(id)
        return space === null ? refs.map(() => null) : readRecords(database, space, refs)
      }),
  }
}
