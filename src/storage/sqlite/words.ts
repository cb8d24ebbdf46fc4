/** The index of words in SQLite: packed segments of a space, folded by the commit that completes one, and the tail behind them. */

import { defaultAuthor } from '../../domain/actor.ts'
import { declarationOf } from '../../domain/commit/effect-marks.ts'
import { replacedBy } from '../../domain/commit/effect-names.ts'
import type { Draft } from '../../domain/draft.ts'
import type { Effect, LogRow } from '../../domain/effect.ts'
import { type Seq, type ThreadId, unpackTurn } from '../../domain/id.ts'
import {
  contentSeqs,
  factRef,
  type IndexableMessage,
  indexedFact,
  indexedMessage,
  indexedTurn,
} from '../../domain/indexed.ts'
import type { Language } from '../../domain/language.ts'
import type { LoggedMessage } from '../../domain/message.ts'
import { parseSpaceId } from '../../domain/space.ts'
import type { ThreadState } from '../../domain/thread.ts'
import type { VectorSegment } from '../../domain/vector-segment.ts'
import {
  type IndexedRecord,
  messageRef,
  packWords,
  recordAt,
  recordKinds,
  segmentVersion,
  shareOut,
  unpackWords,
  type WordSegment,
} from '../../domain/word-segment.ts'
import { analyserVersion } from '../../domain/words.ts'
import { factOf } from '../rows/fact-rows.ts'
import { storedWords } from '../stored-segments.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import type { WordsColumns } from './statements-index.ts'
import { markWork, removeEntryVectors, removeVectors } from './vectors.ts'
import { rowsBetween, type SqliteView } from './view.ts'

/** What this process knows of a space's words behind its last segment. */
export interface WordTail {
  /** Records written up to this seq are in segments. */
  folded: Seq
  /**
   * Those written since, by seq; null while not known, then they are read from the log. Each is analysed by its own
   * commit: left to the one that folds them, that would take ten times as long as the others.
   */
  pending: IndexedRecord[] | null
  /** Bytes that `pending` will take in a segment, about. */
  bytes: number
  /** All of `pending` as one segment, made when recall asks for it; null once something is added or changed. */
  segment: WordSegment | null
}

export function unknownTail(folded: Seq): WordTail {
  return { folded, pending: null, bytes: 0, segment: null }
}

export function emptyTail(folded: Seq): WordTail {
  return { folded, pending: [], bytes: 0, segment: null }
}

const factKind = recordKinds.indexOf('fact')

/** Bytes of a record in a segment beside its terms, about. */
const recordOverhead = 20

function sizeOf({ terms }: IndexedRecord): number {
  return recordOverhead + 4 * terms.length
}

/** Says that the tail is another now: it is read from the log when it is needed. */
function forgetTail(tail: WordTail): void {
  tail.pending = null
  tail.segment = null
}

function remember(tail: WordTail, record: IndexedRecord | null): void {
  if (record === null) return
  tail.segment = null
  tail.pending?.push(record)
  tail.bytes += sizeOf(record)
}

/** The records of the tail. */
export function tailRecords(database: SqliteDatabase, space: CachedSpace): readonly IndexedRecord[] {
  const tail = space.words
  if (tail.pending === null) {
    tail.pending = readTail(database, space, space.state.settings.language)
    tail.bytes = tail.pending.reduce((sum, record) => sum + sizeOf(record), 0)
  }
  return tail.pending
}

/** A segment of words by its number; null if it is gone. */
export function wordSegment(database: SqliteDatabase, number: number): WordSegment | null {
  return database.wordSegments.get(number, (k) => {
    const data = database.statements.wordsByNumber.get(k)?.[0]
    return data === undefined ? null : { segment: storedWords(data), bytes: data.length }
  })
}

/** The tail as a segment; null where it is empty. */
export function tailSegment(database: SqliteDatabase, space: CachedSpace): WordSegment | null {
  if (space.words.segment !== null) return space.words.segment
  const records = tailRecords(database, space)
  if (records.length === 0) return null
  space.words.segment = unpackWords(packWords(records, analyserVersion))
  return space.words.segment
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
  return records.sort((left, right) => left.seq - right.seq)
}

/** Writes full segments of the tail; with `all`, whatever there is. Runs inside a transaction. */
export function foldWords(database: SqliteDatabase, space: CachedSpace, all = false): void {
  const records = tailRecords(database, space)
  const shares = shareOut(records, database.segmentBytes)
  const last = shares.at(-1)
  const beforeLast = shares.at(-2)?.at(-1)?.seq
  // The last one is seldom full: it stays in the tail if a commit's border lies before it.
  const staysOpen = !all && last !== undefined && beforeLast !== undefined && beforeLast < (last[0]?.seq ?? 0)
  for (const share of staysOpen ? shares.slice(0, -1) : shares) insertSegment(database, space, share)
  const folded = staysOpen ? beforeLast : space.state.seq
  database.statements.setFolded.run(folded, space.n)
  const pending = staysOpen ? [...last] : []
  space.words = { folded, pending, bytes: pending.reduce((sum, record) => sum + sizeOf(record), 0), segment: null }
}

/** Makes all segments of a space anew from its log. */
function refoldWords(database: SqliteDatabase, space: CachedSpace): void {
  database.statements.deleteAllWords.run(space.n)
  space.words = unknownTail(0)
  foldWords(database, space, true)
}

/** Whether the segments were made by the analyser of this version. */
export function hasCurrentTerms({ statements }: SqliteDatabase): boolean {
  return statements.meta.get('analyser')?.[0] === analyserVersion
}

/** Drops segments of another analyser: their records are in the tail then, and folded by the next commit to their space. */
export function dropOldTerms(database: SqliteDatabase): void {
  if (hasCurrentTerms(database)) return
  const { dropWords, unfold, setMeta } = database.statements
  dropWords.run()
  unfold.run()
  setMeta.run('analyser', analyserVersion)
  database.forget()
}

function insertSegment(database: SqliteDatabase, space: CachedSpace, records: readonly IndexedRecord[]): void {
  const first = records[0]?.seq
  const last = records.at(-1)?.seq
  if (first === undefined || last === undefined) return
  database.statements.insertWords.run(space.n, first, last, packWords(records, analyserVersion))
}

/** Records that a change of content takes out of the segments: all of a thread or a turn, or one message of it. */
interface Removal {
  readonly from: Seq
  /** Where the record was folded, if known: then that segment is looked at first. */
  readonly at?: Seq
  matches(segment: WordSegment, row: number): boolean
}

/** Takes records out of their segments. */
export function removeWords(database: SqliteDatabase, space: CachedSpace, removal: Removal): void {
  const { wordsAt, wordsFrom } = database.statements
  const { at, from } = removal
  if (at !== undefined && removeFrom(database, space, wordsAt.all(space.n, at, at), removal)) return
  removeFrom(database, space, wordsFrom.all(space.n, from), removal)
}

function removeFrom(
  database: SqliteDatabase,
  space: CachedSpace,
  segments: readonly WordsColumns[],
  removal: Removal,
): boolean {
  let hasRemoved = false
  for (const [k, first, last, data] of segments) {
    const segment = storedWords(data)
    const kept: IndexedRecord[] = []
    for (let row = 0; row < segment.count; row++) {
      if (!removal.matches(segment, row)) kept.push(recordAt(segment, row))
    }
    if (kept.length === segment.count) continue
    hasRemoved = true
    database.statements.deleteWords.run(k)
    if (kept.length > 0) {
      database.statements.insertWords.run(space.n, first, last, packWords(kept, segmentVersion(data)))
    }
  }
  return hasRemoved
}

function removeTurn(database: SqliteDatabase, space: CachedSpace, turn: number): void {
  const from = unpackTurn(turn).turnSeq
  const matches = (segment: WordSegment | VectorSegment, row: number) => segment.turns[row] === turn
  if (from <= space.words.folded) removeWords(database, space, { from, matches })
  removeVectors(database, space, { from, matches })
}

/** Takes messages of a turn out, whose content is another now or gone. */
function removeMessages(
  database: SqliteDatabase,
  view: SqliteView,
  space: CachedSpace,
  row: LogRow,
  indexes: readonly number[],
): void {
  if (row.threadId === null) return
  const seqs = contentSeqs(view.turnRows(row.threadId, row.turn).filter(({ seq }) => seq < row.seq))
  for (const index of indexes) {
    const at = seqs[index]
    if (at !== undefined) removeMessage(database, space, row.turn, index, at)
  }
}

/** Takes one message out; `at` is the seq of its content, if known. */
function removeMessage(database: SqliteDatabase, space: CachedSpace, turn: number, index: number, at?: Seq): void {
  const matches = (segment: WordSegment | VectorSegment, i: number) =>
    segment.turns[i] === turn && segment.indexes[i] === index
  const removal = { from: unpackTurn(turn).turnSeq, ...(at === undefined ? {} : { at }), matches }
  if (at === undefined || at <= space.words.folded) removeWords(database, space, removal)
  removeVectors(database, space, removal)
}

/** Takes all messages of a thread out, whose rows must still say that they are its own. */
export function removeThread(database: SqliteDatabase, space: CachedSpace, thread: ThreadState): void {
  const { id, createdSeq: from } = thread
  forgetTail(space.words)
  removeWords(database, space, { from, matches: (segment, i) => segment.threads[i] === from })
  const number = database.thread(space, id)?.n ?? 0
  const turns = new Set(database.statements.turnsOfThread.all(number).map(([turn]) => turn))
  removeVectors(database, space, { from, matches: (segment, i) => turns.has(segment.turns[i] as number) })
}

/** Takes one message out, wherever it was folded. */
export function removeMessageAt(database: SqliteDatabase, space: CachedSpace, turn: number, index: number): void {
  forgetTail(space.words)
  removeMessage(database, space, turn, index)
}

/** Adds the messages that a turn began with to what is known of the tail. */
function appendFresh(
  space: CachedSpace,
  draft: Draft,
  row: LogRow,
  messages: readonly (LoggedMessage | null)[],
  start: number,
): void {
  const { address } = draft
  // What is not known is read from the log, these messages with it.
  if (space.words.pending === null) return
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i]
    if (message == null) continue
    const indexable: IndexableMessage = {
      parts: message.parts,
      author: message.author ?? defaultAuthor(message.role, draft.actor, address),
      createdAt: message.createdAt ?? draft.at,
      turn: row.turn,
      index: start + i,
      seq: draft.seq,
      thread: draft.thread.createdSeq,
    }
    remember(space.words, indexedMessage(indexable, space.state.settings.language))
  }
}

/** Takes what is known of a turn's messages in the tail anew, once a later commit added to them or changed them. */
function refreshTurn(database: SqliteDatabase, space: CachedSpace, draft: Draft, { threadId, turn }: LogRow): void {
  const { words, state } = space
  // What is not known is read from the log, this turn with it.
  if (words.pending === null || threadId === null || turn === 0) return
  const thread = database.thread(space, threadId)
  const rows = thread === null ? [] : database.turnRows(thread.n, turn, threadId)
  const fold = { key: state.key, address: draft.address }
  const present = indexedTurn(rows, fold, thread?.state ?? null, words.folded, state.settings.language)
  const own = messageRef(turn, 0).slice(0, -1)
  const others = words.pending.filter(({ kind, ref }) => kind !== 'message' || !ref.startsWith(own))
  words.pending = [...others, ...present].sort((left, right) => left.seq - right.seq)
  words.bytes = words.pending.reduce((sum, record) => sum + sizeOf(record), 0)
  words.segment = null
}

/** Takes the vectors of entries out, whose value is another now or gone. */
function removeEntries(database: SqliteDatabase, space: CachedSpace, effect: Effect): void {
  if (effect.kind === 'erased') return
  for (const { noun, key, version } of replacedBy(effect)) {
    if (noun === 'entry') removeEntryVectors(database, space, key, version)
  }
}

/** Takes the earlier versions of facts out, and adds the present ones. True if there is any. */
function indexFacts(database: SqliteDatabase, space: CachedSpace, draft: Draft): boolean {
  const { language } = space.state.settings
  let adds = false
  for (const { before, after } of draft.facts.values()) {
    if (before !== null && indexedFact(before, language) !== null) {
      const at = before.version
      const ref = factRef(before.id)
      const matches = (segment: WordSegment | VectorSegment, i: number) =>
        segment.refs[i] === ref && segment.kinds[i] === factKind
      if (at <= space.words.folded) removeWords(database, space, { from: at, at, matches })
      else forgetTail(space.words)
      removeVectors(database, space, { from: at, at, matches })
    }
    const record = indexedFact(after, language)
    if (record === null) continue
    adds = true
    remember(space.words, record)
  }
  return adds
}

/** Whether an effect changes the content of messages that were there before, and which of the row's turn: null for all. */
function changedMessages(effect: Effect): readonly number[] | null | undefined {
  const { changes } = declarationOf(effect)
  if (changes === 'turn') return null
  if (changes !== 'index') return undefined
  return 'indexes' in effect ? effect.indexes : 'index' in effect ? [effect.index] : []
}

function indexRow(database: SqliteDatabase, view: SqliteView, space: CachedSpace, draft: Draft, row: LogRow): boolean {
  const isFresh = row.turn !== 0 && unpackTurn(row.turn).turnSeq === draft.seq
  let start = 0
  let adds = false
  let isChanged = false
  for (const effect of row.effects) {
    if (effect.kind === 'message-append' || effect.kind === 'message-copy') {
      if (effect.messages.length === 0) continue
      adds = true
      if (isFresh) appendFresh(space, draft, row, effect.messages, start)
      else isChanged = true
      start += effect.messages.length
      continue
    }
    removeEntries(database, space, effect)
    const changed = changedMessages(effect)
    if (changed !== undefined) {
      isChanged = true
      if (changed === null) removeTurn(database, space, row.turn)
      else removeMessages(database, view, space, row, changed)
    } else if (effect.kind === 'thread-delete' && effect.prev > 0) {
      forgetTail(space.words)
      removeThread(database, space, draft.thread)
    }
  }
  if (isChanged) refreshTurn(database, space, draft, row)
  return adds || isChanged
}

/** Keeps the index true to a commit whose rows are stored. */
export function indexCommit(
  database: SqliteDatabase,
  view: SqliteView,
  draft: Draft,
  rows: readonly LogRow[],
  space: CachedSpace,
): void {
  if (draft.settings.language !== draft.space.settings.language) {
    refoldWords(database, space)
    return
  }
  let adds = false
  for (const row of rows) if (indexRow(database, view, space, draft, row)) adds = true
  if (draft.facts.size > 0 && indexFacts(database, space, draft)) adds = true
  if (adds || space.words.pending === null || draft.entries.size > 0) markWork(database, space)
  if (!adds) return
  if (space.words.pending === null) tailRecords(database, space)
  if (space.words.bytes >= database.segmentBytes) foldWords(database, space)
}
