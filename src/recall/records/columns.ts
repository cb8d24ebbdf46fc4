/** Records as columns: one number of a record in each column, no object per record. */
import type { WordSegment } from '../../domain/index/word-segment.ts'

/** Row `i` of each column is record `i`. */
export interface Columns {
  /** Index into `recordKinds`. */
  readonly kinds: Uint8Array
  /** Bits as in a segment. */
  readonly flags: Uint8Array
  /** Index into the list of authors that comes with the columns. */
  readonly authors: Uint32Array
  readonly minutes: Int32Array
  readonly chars: Uint32Array
  readonly lengths: Uint32Array
  /** How a message was said, as `marksOf` packs it. */
  readonly marks: Uint8Array
  /** Words of a message, and of these how many speak of its author and how many to somebody; 0 for what is not said. */
  readonly words: Uint16Array
  readonly firstPersons: Uint16Array
  readonly secondPersons: Uint16Array
  readonly threads: Float64Array
  readonly turns: Float64Array
  readonly indexes: Uint32Array
  /** Row of the message before it in its thread; -1 if none. */
  readonly previous: Int32Array
  /** Row of the message behind it in its thread; -1 if none. */
  readonly next: Int32Array
  /** Number of its session: messages of one thread without a long gap between them. -1 for what is no message. */
  readonly sessions: Int32Array
}

export function newColumns(count: number): Columns {
  return {
    kinds: new Uint8Array(count),
    flags: new Uint8Array(count),
    authors: new Uint32Array(count),
    minutes: new Int32Array(count),
    chars: new Uint32Array(count),
    lengths: new Uint32Array(count),
    marks: new Uint8Array(count),
    words: new Uint16Array(count),
    firstPersons: new Uint16Array(count),
    secondPersons: new Uint16Array(count),
    threads: new Float64Array(count),
    turns: new Float64Array(count),
    indexes: new Uint32Array(count),
    previous: new Int32Array(count).fill(-1),
    next: new Int32Array(count).fill(-1),
    sessions: new Int32Array(count).fill(-1),
  }
}

/** Columns that a segment has too, with the same numbers in them. */
type AlikeColumns = Pick<
  Columns,
  | 'kinds'
  | 'flags'
  | 'minutes'
  | 'chars'
  | 'lengths'
  | 'marks'
  | 'words'
  | 'firstPersons'
  | 'secondPersons'
  | 'threads'
  | 'turns'
  | 'indexes'
>

function copyAlike(
  target: AlikeColumns,
  offset: number,
  source: Readonly<Record<keyof AlikeColumns, ArrayLike<number>>>,
): void {
  target.kinds.set(source.kinds, offset)
  target.flags.set(source.flags, offset)
  target.minutes.set(source.minutes, offset)
  target.chars.set(source.chars, offset)
  target.lengths.set(source.lengths, offset)
  target.marks.set(source.marks, offset)
  target.words.set(source.words, offset)
  target.firstPersons.set(source.firstPersons, offset)
  target.secondPersons.set(source.secondPersons, offset)
  target.threads.set(source.threads, offset)
  target.turns.set(source.turns, offset)
  target.indexes.set(source.indexes, offset)
}

/** Copies the records of a segment to the rows from `offset` on. Their places in threads come later. */
export function copySegment(target: Columns, offset: number, segment: WordSegment, authors: readonly number[]): void {
  copyAlike(target, offset, segment)
  for (let i = 0; i < segment.count; i++) target.authors[offset + i] = authors[segment.authors[i] as number] as number
}

/** Copies all rows of `source` to the rows from `offset` on, and adjusts the rows that they refer to. */
export function copyColumns(target: Columns, offset: number, source: Columns, authors: number, sessions: number): void {
  copyAlike(target, offset, source)
  copyMoved(target.authors, source.authors, offset, authors)
  copyMoved(target.previous, source.previous, offset, offset)
  copyMoved(target.next, source.next, offset, offset)
  copyMoved(target.sessions, source.sessions, offset, sessions)
}

/** Copies numbers to a place and adds `by` to each that is none of -1. */
function copyMoved<T extends Int32Array | Uint32Array>(target: T, source: T, offset: number, by: number): void {
  target.set(source, offset)
  if (by === 0) return
  for (let i = offset; i < offset + source.length; i++)
    if ((target[i] as number) >= 0) target[i] = (target[i] as number) + by
}
