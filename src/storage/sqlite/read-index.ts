/** The parts of a space in SQLite that recall scans and reads. */

import { setImmediate as oneTurn } from 'node:timers/promises'
import { packTurn, type SpaceId, unpackTurn } from '../../domain/id.ts'
import type { VectorSegment } from '../../domain/index/vector-segment.ts'
import { parseMessageRef, type RecordRef, type WordSegment } from '../../domain/index/word-segment.ts'
import { liveFact } from '../../domain/records/fact.ts'
import { liveState } from '../../domain/records/keyed-state.ts'
import { isNoteFound, noteIdOf, observationNoun } from '../../domain/records/observation.ts'
import { type TurnState, visibleMessages } from '../../domain/records/turn.ts'
import { type FoldSpace, foldTurn } from '../../domain/replay/turn-fold.ts'
import { parseSpaceId } from '../../domain/space.ts'
import { isoTime } from '../../domain/time.ts'
import type { FoundRecord, IndexReader, SpaceScan } from '../../ports/storage.ts'
import { CollectedSegments, sliceMs } from '../collected-segments.ts'
import { entryOf } from '../rows/entry-rows.ts'
import { factOf } from '../rows/fact-rows.ts'
import { turnRowOf } from '../rows/log-rows.ts'
import { recordOf } from '../rows/record-rows.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import { entryWords } from './entry-words.ts'
import { vectorSegment, vectorsOf } from './vectors.ts'
import { tailSegment, wordSegment } from './words.ts'

/** What the slices of a scan have read. */
interface Scanned {
  readonly words: CollectedSegments<WordSegment>
  readonly vectors: CollectedSegments<VectorSegment>
}

function wordsOf(database: SqliteDatabase, space: CachedSpace, scanned: Scanned, until: number): WordSegment[] | null {
  const numbers = database.numbersOf(space, 'words', () => database.statements.wordNumbers.all(space.n))
  const segments = scanned.words.collect(numbers, until, (k) => wordSegment(database, k))
  const tail = segments === null ? null : tailSegment(database, space)
  if (tail !== null) segments?.push(tail)
  return segments
}

/** One slice of a scan; null if there is more to read. Runs in a snapshot: the last slice sees all at one time. */
function scanSlice(
  database: SqliteDatabase,
  id: SpaceId,
  fingerprint: string | null,
  scanned: Scanned,
): SpaceScan | null {
  const space = database.space(id)
  if (space === null) return { asOf: 0, key: null, language: 'english', words: [], vectors: [] }
  const until = performance.now() + sliceMs
  const words = wordsOf(database, space, scanned, until)
  if (words === null) return null
  const collect = (numbers: readonly number[]) =>
    scanned.vectors.collect(numbers, until, (k) => vectorSegment(database, k))
  const vectors = fingerprint === null ? [] : vectorsOf(database, space, fingerprint, collect)
  const { seq, key, settings } = space.state
  return vectors === null ? null : { asOf: seq, key, language: settings.language, words, vectors }
}

async function scan(database: SqliteDatabase, id: SpaceId, fingerprint: string | null): Promise<SpaceScan> {
  const scanned: Scanned = { words: new CollectedSegments(), vectors: new CollectedSegments() }
  for (;;) {
    const found = await database.read(() => scanSlice(database, id, fingerprint, scanned))
    if (found !== null) return found
    await oneTurn()
  }
}

/** The rows of turns that are the first of their commits, by turn, in the order of their seqs: one statement for all. */
function rowsByTurn(database: SqliteDatabase, space: CachedSpace, turns: readonly number[]) {
  if (turns.length === 0) return new Map<number, never>()
  const wanted = JSON.stringify(turns.map((turn) => [unpackTurn(turn).turnSeq, turn]))
  return Map.groupBy(database.statements.rowsOfTurns.all(space.n, wanted), (columns) => columns[2])
}

type FoundRows = ReturnType<typeof rowsByTurn>

/** The rows of the turn at a place, by seq, and its thread's id; null if none began there. */
function rowsAt(database: SqliteDatabase, space: CachedSpace, turn: number, known: FoundRows) {
  const { threadOfPart } = database.statements
  const { turnSeq } = unpackTurn(turn)
  const columns = known.get(turn) ?? []
  const threadId = columns[0]?.[9]
  if (threadId !== undefined) return { threadId, rows: columns.map((row) => turnRowOf(row, threadId)) }
  const n = threadOfPart.get(space.n, turnSeq, turn)?.[0]
  const partThread = n == null ? null : database.threadIdOf(n)
  if (n == null || partThread === null) return null
  return { threadId: partThread, rows: database.turnRows(n, turn, partThread) }
}

/** The turn at a place, if it is in a thread that is there. */
function turnAt(
  database: SqliteDatabase,
  space: CachedSpace,
  turn: number,
  fold: FoldSpace,
  known: FoundRows,
): TurnState | null {
  const found = rowsAt(database, space, turn, known)
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
  const wanted = new Set(refs.flatMap(({ kind, ref }) => (kind === 'message' ? [parseMessageRef(ref).turn] : [])))
  const known = rowsByTurn(database, space, [...wanted])
  const fold = { key: space.state.key, address: parseSpaceId(space.state.id).address }
  return refs.map(({ kind, ref }) => {
    if (kind === 'entry') return readEntry(database, space, ref)
    if (kind === 'fact') return readFact(database, space, ref)
    if (kind === 'observation') return readNote(database, space, ref)
    if (kind !== 'message') return null
    const { turn, index } = parseMessageRef(ref)
    const state = turns.has(turn) ? (turns.get(turn) ?? null) : turnAt(database, space, turn, fold, known)
    turns.set(turn, state)
    const message = state?.messages[index]
    const isVisible = state !== null && message != null && visibleMessages(state).includes(message)
    return isVisible ? { kind: 'message', message } : null
  })
}

export function indexReader(database: SqliteDatabase): IndexReader {
  return {
    scan: (_, id, fingerprint) => scan(database, id, fingerprint),
    entryWords: (_, id) => entryWords(database, id),
    read: (_, id, refs) =>
      database.read(() => {
        const space = database.space(id)
        return space === null ? refs.map(() => null) : readRecords(database, space, refs)
      }),
  }
}
