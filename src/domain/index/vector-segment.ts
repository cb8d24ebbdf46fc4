/** Segments of vectors: what some hundred records of one space mean, as bytes with one scale a vector. */

import { invariant } from '../error.ts'
import { packTurn, type Seq, unpackTurn } from '../id.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { messageRef, parseMessageRef, type RecordKind, type RecordRef, recordKinds } from './word-segment.ts'

/** A vector of unit length: `values[i] * scale` is about its `i`-th number. */
interface QuantisedVector {
  readonly scale: number
  readonly values: Int8Array
}

/** The vectors of one record: one for each piece of its text. */
export interface VectorRecord extends RecordRef {
  /** Seq of the commit that wrote the content these vectors were made of. */
  readonly seq: Seq
  readonly vectors: readonly QuantisedVector[]
}

/** A segment read into columns; row `i` of each is record `i`, in the order of {@link packVectors}. */
export interface VectorSegment {
  readonly count: number
  readonly dimensions: number
  /** Bytes from one vector to the next: `dimensions` rounded up to a multiple of 16; the rest is zeros. */
  readonly stride: number
  readonly seqs: Float64Array
  /** Index into {@link recordKinds}. */
  readonly kinds: Uint8Array
  /** Packed turn of a message; 0 for other kinds. */
  readonly turns: Float64Array
  /** Index in the turn; 0 for other kinds. */
  readonly indexes: Uint32Array
  /** References of records that are no messages; null for messages. */
  readonly refs: readonly (string | null)[]
  /** Record `i` has the vectors from `starts[i]` up to `starts[i + 1]`. */
  readonly starts: Uint32Array
  readonly scales: Float32Array
  /** Vector `j` is at `j * stride`. Lies in the bytes that were read; not a copy. */
  readonly values: Int8Array
}

/** Vectors in one segment: large enough that reading it costs less than scanning it, small enough to rewrite. */
export const segmentVectors = 100

const layoutVersion = 1
const strideUnit = 16
const largestStep = 127

function strideOf(dimensions: number): number {
  return Math.ceil(dimensions / strideUnit) * strideUnit
}

/** Brings a vector to unit length and its numbers to whole steps from -127 to 127. It must be finite and not all zero. */
export function quantise(vector: readonly number[] | Float32Array): QuantisedVector {
  // A loop by index, since it runs for each vector and `for of` takes three times as long.
  let squares = 0
  let largest = 0
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i] as number
    squares += value * value
    largest = Math.max(largest, Math.abs(value))
  }
  invariant(squares > 0 && Number.isFinite(squares), 'a vector has a length')
  const values = new Int8Array(vector.length)
  for (let i = 0; i < vector.length; i++) values[i] = Math.round(((vector[i] as number) / largest) * largestStep)
  return { scale: largest / Math.sqrt(squares) / largestStep, values }
}

/** The numbers that a quantised vector stands for. */
export function dequantise({ scale, values }: QuantisedVector): Float32Array {
  return Float32Array.from(values, (value) => value * scale)
}

interface PlacedRecord {
  readonly record: VectorRecord
  readonly kind: number
  readonly turn: number
  readonly index: number
}

function place(record: VectorRecord): PlacedRecord {
  const { turn, index } = record.kind === 'message' ? parseMessageRef(record.ref) : { turn: 0, index: 0 }
  return { record, kind: recordKinds.indexOf(record.kind), turn, index }
}

/** By seq, kind, place in the conversation, and reference: one order for all segments, so that they can be merged. */
function comparePlaced(a: PlacedRecord, b: PlacedRecord): number {
  const byNumbers = a.record.seq - b.record.seq || a.kind - b.kind || a.turn - b.turn || a.index - b.index
  if (byNumbers !== 0 || a.record.ref === b.record.ref) return byNumbers
  return a.record.ref < b.record.ref ? -1 : 1
}

function inOrder(records: readonly VectorRecord[]): readonly PlacedRecord[] {
  return records.map(place).sort(comparePlaced)
}

/** Shares out records, in order, to segments of at most {@link segmentVectors}; a record of more has its own. */
export function shareOutVectors(records: readonly VectorRecord[]): readonly (readonly VectorRecord[])[] {
  const shares: VectorRecord[][] = []
  let count = 0
  for (const { record } of inOrder(records)) {
    const last = shares.at(-1)
    if (last === undefined || count + record.vectors.length > segmentVectors) {
      shares.push([record])
      count = 0
    } else last.push(record)
    count += record.vectors.length
  }
  return shares
}

/** Packs records into one segment, ordered by seq, kind, turn, index and reference. */
export function packVectors(records: readonly VectorRecord[], dimensions: number): Uint8Array {
  const writer = new ByteWriter()
  const placed = inOrder(records)
  writer.number(layoutVersion)
  writer.number(placed.length)
  writer.number(dimensions)
  let before = 0
  for (const { record, kind, turn, index } of placed) {
    writer.number(kind)
    writer.number(record.seq - before)
    before = record.seq
    if (record.kind === 'message') {
      const { turnSeq, turnIndex } = unpackTurn(turn)
      writer.number(record.seq - turnSeq)
      writer.number(turnIndex)
      writer.number(index)
    } else writer.text(record.ref)
    writer.number(record.vectors.length)
  }
  const vectors = placed.flatMap(({ record }) => record.vectors)
  writer.align(4)
  for (const { scale } of vectors) writer.float(scale)
  for (const { values } of vectors) {
    invariant(values.length === dimensions, 'the vectors of a segment have its dimensions')
    writer.align(strideUnit)
    writer.bytes(new Uint8Array(values.buffer, values.byteOffset, values.length))
  }
  writer.align(strideUnit)
  return writer.done()
}

/** Reads a segment back into columns. Its vectors stay where they are, so the bytes must not change afterwards. */
export function unpackVectors(bytes: Uint8Array): VectorSegment {
  const reader = new ByteReader(bytes)
  invariant(reader.number() === layoutVersion, 'a segment of vectors has a layout that is known')
  const count = reader.count()
  const dimensions = reader.number()
  const stride = strideOf(dimensions)
  const seqs = new Float64Array(count)
  const kinds = new Uint8Array(count)
  const turns = new Float64Array(count)
  const indexes = new Uint32Array(count)
  const starts = new Uint32Array(count + 1)
  const refs: (string | null)[] = []
  let seq = 0
  let start = 0
  for (let i = 0; i < count; i++) {
    const kind = reader.number()
    kinds[i] = kind
    seq += reader.number()
    seqs[i] = seq
    if (kind === 0) {
      const turnSeq = seq - reader.number()
      turns[i] = packTurn({ turnSeq, turnIndex: reader.number() })
      indexes[i] = reader.number()
      refs.push(null)
    } else refs.push(reader.text())
    start += reader.number()
    starts[i + 1] = start
  }
  const scales = reader.floats(start)
  reader.align(strideUnit)
  const block = reader.bytes(start * stride)
  const values = new Int8Array(block.buffer, block.byteOffset, block.length)
  return { count, dimensions, stride, seqs, kinds, turns, indexes, refs, starts, scales, values }
}

const segmentNumbers = new WeakMap<VectorSegment, number>()
let lastSegmentNumber = 0

/** A number of its own for each segment in memory: remembering it, unlike the segment, keeps no vectors alive. */
export function numberOfSegment(segment: VectorSegment): number {
  const known = segmentNumbers.get(segment)
  if (known !== undefined) return known
  lastSegmentNumber += 1
  segmentNumbers.set(segment, lastSegmentNumber)
  return lastSegmentNumber
}

/** The reference of record `i` of a segment of vectors. */
export function vectorRefAt(segment: VectorSegment, i: number): string {
  return segment.refs[i] ?? messageRef(segment.turns[i] as number, segment.indexes[i] as number)
}

/** Record `i` of a segment of vectors, as it was packed. */
export function vectorRecordAt(segment: VectorSegment, i: number): VectorRecord {
  const { stride, dimensions, starts, scales, values } = segment
  const vectors: QuantisedVector[] = []
  for (let j = starts[i] as number; j < (starts[i + 1] as number); j++) {
    vectors.push({ scale: scales[j] as number, values: values.slice(j * stride, j * stride + dimensions) })
  }
  const kind = recordKinds[segment.kinds[i] as number] as RecordKind
  return { kind, ref: vectorRefAt(segment, i), seq: segment.seqs[i] as number, vectors }
}
