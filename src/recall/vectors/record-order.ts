/** Segments of vectors in one line, so that the records of words find theirs by walking along. */
import { numberOfSegment, type VectorSegment } from '../../domain/index/vector-segment.ts'

/** The columns that say which record a row is, in a segment of words or of vectors. */
interface RecordRows {
  readonly count: number
  readonly seqs: Float64Array
  readonly kinds: Uint8Array
  readonly turns: Float64Array
  readonly indexes: Uint32Array
  readonly refs: readonly (string | null)[]
}

/** Segments whose keys (seq, kind, turn, index, reference) rise from the first row of the first to the last of the last. */
export interface Line {
  readonly segments: readonly VectorSegment[]
  /** How many rows lie before each segment. */
  readonly offsets: readonly number[]
}

/** A place in a line: a segment and a row of it. */
interface Cursor {
  segment: number
  row: number
}

/** Is told that the `n` rows of a segment from `i` on are the records from row `p` of a line on. */
type Meet = (i: number, p: number, n: number) => void

function compareRows(a: RecordRows, i: number, b: RecordRows, j: number): number {
  const byNumbers =
    (a.seqs[i] as number) - (b.seqs[j] as number) ||
    (a.kinds[i] as number) - (b.kinds[j] as number) ||
    (a.turns[i] as number) - (b.turns[j] as number) ||
    (a.indexes[i] as number) - (b.indexes[j] as number)
  if (byNumbers !== 0) return byNumbers
  const ref = a.refs[i] ?? ''
  const other = b.refs[j] ?? ''
  return ref === other ? 0 : ref < other ? -1 : 1
}

/**
 * Puts segments into as few lines as their keys allow: one, if they do not overlap. A segment of records whose vectors
 * came late, between the keys of another segment, begins a second line.
 */
function linesOf(segments: readonly VectorSegment[]): readonly Line[] {
  const sorted = segments.filter(({ count }) => count > 0).sort((a, b) => compareRows(a, 0, b, 0))
  const lines: { segments: VectorSegment[]; offsets: number[] }[] = []
  for (const segment of sorted) {
    const line = lines.find((one) => {
      const last = one.segments.at(-1) as VectorSegment
      return compareRows(last, last.count - 1, segment, 0) < 0
    })
    const before = line?.segments.at(-1)
    if (line === undefined || before === undefined) lines.push({ segments: [segment], offsets: [0] })
    else {
      line.offsets.push((line.offsets.at(-1) as number) + before.count)
      line.segments.push(segment)
    }
  }
  return lines
}

/** Segments of one space in their lines, each with its number. */
interface LinedUp {
  readonly segments: readonly VectorSegment[]
  readonly lines: readonly Line[]
  readonly byNumber: ReadonlyMap<number, VectorSegment>
}

/** By the first of the segments: they live no longer than it. */
const known = new WeakMap<VectorSegment, LinedUp>()

/** The lines of some segments, kept as long as these stay the same. */
export function linedUp(segments: readonly VectorSegment[]): Pick<LinedUp, 'lines' | 'byNumber'> {
  const [first] = segments
  if (first === undefined) return { lines: [], byNumber: new Map() }
  const found = known.get(first)
  if (found?.segments.length === segments.length && found.segments.every((one, i) => one === segments[i])) return found
  const byNumber = new Map(segments.map((segment) => [numberOfSegment(segment), segment]))
  const all = { segments, lines: linesOf(segments), byNumber }
  known.set(first, all)
  return all
}

/** First number from `low` up to `high` that is not below; all those that are come first. */
function bisect(low: number, high: number, isBelow: (at: number) => boolean): number {
  let from = low
  let to = high
  while (from < to) {
    const middle = (from + to) >>> 1
    if (isBelow(middle)) from = middle + 1
    else to = middle
  }
  return from
}

/** Moves to the first row whose key is not below that of row `i`; past the end of a segment if that is where it would be. */
function seek({ segments }: Line, cursor: Cursor, rows: RecordRows, i: number): void {
  const begins = (at: number) => compareRows(segments[at] as VectorSegment, 0, rows, i) <= 0
  const here = cursor.segment
  const isHere = begins(here) && (here + 1 >= segments.length || !begins(here + 1))
  if (!isHere) {
    cursor.segment = Math.max(0, bisect(0, segments.length, begins) - 1)
    cursor.row = 0
  }
  const segment = segments[cursor.segment] as VectorSegment
  const isBelow = (row: number) => compareRows(segment, row, rows, i) < 0
  const { row } = cursor
  // Where only some records have vectors, the row at hand is the first above, and stays.
  if (row < segment.count && isBelow(row)) cursor.row = bisect(row + 1, segment.count, isBelow)
  else if (row > 0 && !isBelow(row - 1)) cursor.row = bisect(0, row - 1, isBelow)
}

/** How many rows from two places on are the same messages, pair by pair: columns held, for this is the busy loop. */
function countSame(a: RecordRows, i: number, b: RecordRows, j: number): number {
  const { seqs, turns, indexes } = a
  const { seqs: otherSeqs, turns: otherTurns, indexes: otherIndexes } = b
  const most = Math.min(a.count - i, b.count - j)
  let n = 0
  while (
    n < most &&
    seqs[i + n] === otherSeqs[j + n] &&
    indexes[i + n] === otherIndexes[j + n] &&
    turns[i + n] === otherTurns[j + n] &&
    // Only messages have a turn.
    turns[i + n] !== 0
  )
    n++
  return n
}

/** Whether no row of a segment can be in a line, by their first and last seqs. */
function isApart({ segments }: Line, rows: RecordRows): boolean {
  const first = segments[0]?.seqs[0] as number
  const last = segments.at(-1)?.seqs.at(-1) as number
  return rows.count === 0 || (rows.seqs[rows.count - 1] as number) < first || (rows.seqs[0] as number) > last
}

/** Calls `meet` for the records that a segment, in order of seq, shares with a line. `cursor` is where to begin to look. */
export function meetRecords(line: Line, cursor: Cursor, rows: RecordRows, meet: Meet): void {
  if (isApart(line, rows)) return
  const { segments, offsets } = line
  for (let i = 0; i < rows.count; ) {
    let segment = segments[cursor.segment] as VectorSegment
    if (cursor.row >= segment.count && cursor.segment + 1 < segments.length) {
      segment = segments[++cursor.segment] as VectorSegment
      cursor.row = 0
    }
    // Nearly always the next rows are the ones.
    let n = countSame(segment, cursor.row, rows, i)
    if (n === 0) {
      seek(line, cursor, rows, i)
      segment = segments[cursor.segment] as VectorSegment
      n = countSame(segment, cursor.row, rows, i)
      // Of other kinds the references are compared, one by one.
      if (n === 0 && cursor.row < segment.count && compareRows(segment, cursor.row, rows, i) === 0) n = 1
    }
    if (n > 0) meet(i, (offsets[cursor.segment] as number) + cursor.row, n)
    cursor.row += n
    i += Math.max(n, 1)
  }
}
