/** The index of words in SQLite: packed segments of a space, and the tail behind them, read from the log. */
import { type ThreadId, unpackTurn } from '../../domain/id.ts'
import { foldTail } from '../../domain/index/fold-words.ts'
import { indexedFact, indexedNote, indexedTurn } from '../../domain/index/indexed.ts'
import type { IndexPlan, PackedWords } from '../../domain/index/plan.ts'
import { isInWords, type Removal } from '../../domain/index/removal.ts'
import { type ReadWords, removeFromWords } from '../../domain/index/remove-records.ts'
import { type IndexedRecord, segmentVersion, type WordSegment } from '../../domain/index/word-segment.ts'
import { knownTail, segmentMemory, segmentOf, setRecords, unknownTail } from '../../domain/index/word-tail.ts'
import { analyserVersion } from '../../domain/index/words.ts'
import type { Language } from '../../domain/language.ts'
import { parseSpaceId } from '../../domain/space.ts'
import { factOf } from '../rows/fact-rows.ts'
import { recordOf } from '../rows/record-rows.ts'
import { storedWords } from '../stored-segments.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import type { WordsColumns } from './statements-index.ts'
import { rowsBetween } from './view.ts'

/** The records of the tail. */
export function tailRecords(database: SqliteDatabase, space: CachedSpace): readonly IndexedRecord[] {
  const tail = space.words
  if (tail.pending !== null) return tail.pending
  const records = readTail(database, space, space.state.settings.language)
  setRecords(tail, records)
  database.weighWords(space)
  return records
}

function knownSegment(segment: WordSegment) {
  return { segment, bytes: segmentMemory(segment) }
}

/** A segment of words by its number; null if it is gone. */
export function wordSegment(database: SqliteDatabase, number: number): WordSegment | null {
  return database.wordSegments.get(number, (k) => {
    const data = database.statements.wordsByNumber.get(k)?.[0]
    return data === undefined ? null : knownSegment(storedWords(data))
  })
}

/** The tail as a segment; null where it is empty. */
export function tailSegment(database: SqliteDatabase, space: CachedSpace): WordSegment | null {
  const segment = segmentOf(space.words, tailRecords(database, space))
  database.weighWords(space)
  return segment
}

/** Reads the tail from the log: every turn that was written to since the last segment. */
function readTail(database: SqliteDatabase, space: CachedSpace, language: Language): IndexedRecord[] {
  const { seq, key, id } = space.state
  const { folded } = space.words
  const fold = { key, address: parseSpaceId(id).address }
  const turns = new Map<string, { readonly threadId: ThreadId; readonly turn: number }>()
  for (const { threadId, turn } of rowsBetween(database, space.n, folded, seq)) {
    if (threadId !== null && turn !== 0) turns.set(`${turn} ${threadId}`, { threadId, turn })
  }
  const records: IndexedRecord[] = []
  for (const { threadId, turn } of turns.values()) {
    const thread = database.thread(space, threadId)
    if (thread === null || unpackTurn(turn).turnSeq < thread.state.createdSeq) continue
    const rows = database.turnRows(thread.n, turn, threadId)
    records.push(...indexedTurn(rows, fold, thread.state, folded, language))
  }
  for (const columns of database.statements.factsSince.all(space.n, folded)) {
    const record = indexedFact(factOf(columns, key), language)
    if (record !== null) records.push(record)
  }
  for (const columns of database.statements.notesSince.all(space.n, folded)) {
    const record = indexedNote(recordOf(columns), language)
    if (record !== null) records.push(record)
  }
  return records.sort((left, right) => left.seq - right.seq)
}

function write({ statements }: SqliteDatabase, space: CachedSpace, plan: IndexPlan<PackedWords>): void {
  for (const number of plan.delete) statements.deleteWords.run(number)
  for (const { first, last, data } of plan.insert) statements.insertWords.run(space.n, first, last, data)
}

/** Writes full segments of the tail; with `all`, whatever there is. Runs inside a transaction. */
export function foldWords(database: SqliteDatabase, space: CachedSpace, all = false): void {
  const { segmentBytes, statements } = database
  const plan = foldTail(tailRecords(database, space), { seq: space.state.seq, segmentBytes, all })
  write(database, space, plan)
  statements.setFolded.run(plan.folded, space.n)
  space.words = knownTail(plan.folded, plan.pending)
}

/** Makes all segments of a space from its log. */
export function refoldWords(database: SqliteDatabase, space: CachedSpace): void {
  database.statements.deleteAllWords.run(space.n)
  space.words = unknownTail(0)
  foldWords(database, space, true)
}

/** Whether the segments were made by the analyser of this version. */
export function hasCurrentTerms({ statements }: SqliteDatabase): boolean {
  return statements.meta.get('analyser')?.[0] === analyserVersion
}

/**
 * Drops segments of another analyser. Their records are then in the tail, and the next commit to their space folds
 * them.
 */
export function dropOldTerms(database: SqliteDatabase): void {
  if (hasCurrentTerms(database)) return
  const { dropWords, unfold, setMeta } = database.statements
  dropWords.run()
  unfold.run()
  setMeta.run('analyser', analyserVersion)
  database.forget()
}

/** Read one at a time, since there may be many. */
function* readEach(segments: readonly WordsColumns[]): Generator<ReadWords> {
  for (const [number, first, last, data] of segments) {
    yield { number, first, last, version: segmentVersion(data), segment: storedWords(data) }
  }
}

/** Removes records from their segments. */
export function removeWords(database: SqliteDatabase, space: CachedSpace, removal: Removal): void {
  if (!isInWords(removal, space.words.folded)) return
  const { wordsAt, wordsFrom } = database.statements
  const { at, from } = removal
  if (at !== undefined && removeFrom(database, space, wordsAt.all(space.n, at, at), removal)) return
  if (!removal.isExact) removeFrom(database, space, wordsFrom.all(space.n, from), removal)
}

/** Whether any of the segments held one of the records. */
function removeFrom(
  database: SqliteDatabase,
  space: CachedSpace,
  segments: readonly WordsColumns[],
  removal: Removal,
): boolean {
  const plan = removeFromWords(readEach(segments), removal)
  write(database, space, plan)
  return plan.delete.length > 0
}
