/** The tail of a space's words: records that a commit wrote and that are in no segment yet, as a process remembers them. */
import type { Seq } from '../id.ts'
import { type IndexedRecord, messageRef, packWords, unpackWords, type WordSegment } from './word-segment.ts'
import { analyserVersion } from './words.ts'

/** What a process knows of a space's words after its last segment. */
export interface WordTail {
  /** Records written up to this seq are in segments. */
  readonly folded: Seq
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

/** Bytes of a record in a segment without its terms, about. */
const recordOverhead = 20

function sizeOf({ terms }: IndexedRecord): number {
  return recordOverhead + 4 * terms.length
}

export function unknownTail(folded: Seq): WordTail {
  return { folded, pending: null, bytes: 0, segment: null }
}

/** @param records In order of seq, all written after `folded`. */
export function knownTail(folded: Seq, records: readonly IndexedRecord[]): WordTail {
  const tail = unknownTail(folded)
  setRecords(tail, [...records])
  return tail
}

/** Notes which records there are. */
export function setRecords(tail: WordTail, records: IndexedRecord[]): void {
  tail.pending = records
  tail.bytes = records.reduce((sum, record) => sum + sizeOf(record), 0)
  tail.segment = null
}

/** Forgets the records: they are read from the log when they are needed. */
export function forgetRecords(tail: WordTail): void {
  tail.pending = null
  tail.segment = null
}

/** What a segment takes in memory, about, bytes: its columns, and what recall makes of it. */
export function segmentMemory({ count, terms }: WordSegment): number {
  return 1_200 + count * 110 + terms.length * 10
}

/** What a tail takes in memory, about, bytes: a record has some 250 of its own, and 16 for each of its terms. */
export function tailMemory({ pending, bytes, segment }: WordTail): number {
  const records = pending === null ? 0 : pending.length * 170 + bytes * 4
  return records + (segment === null ? 0 : segmentMemory(segment))
}

/** Adds a record of the newest commit, if the others are known: else it is read from the log with them. */
export function addRecord(tail: WordTail, record: IndexedRecord): void {
  if (tail.pending === null) return
  tail.pending.push(record)
  tail.bytes += sizeOf(record)
  tail.segment = null
}

/** Replaces the known records of a turn with the present ones, if the others are known. */
export function replaceTurn(tail: WordTail, turn: number, present: readonly IndexedRecord[]): void {
  if (tail.pending === null) return
  const own = messageRef(turn, 0).slice(0, -1)
  const others = tail.pending.filter(({ kind, ref }) => kind !== 'message' || !ref.startsWith(own))
  setRecords(
    tail,
    [...others, ...present].sort((left, right) => left.seq - right.seq),
  )
}

/** Known records as a segment; null where there are none. */
export function segmentOf(tail: WordTail, records: readonly IndexedRecord[]): WordSegment | null {
  if (tail.segment === null && records.length > 0) tail.segment = unpackWords(packWords(records, analyserVersion))
  return tail.segment
}
