/** Which of some records segments hold: by the seqs they were written at, since most of what is compared is of other commits. */
import type { Seq } from '../id.ts'
import { placeIn } from '../sorted.ts'
import { type RecordKind, type RecordRef, recordKinds } from './word-segment.ts'

interface VersionedRecord extends RecordRef {
  /** Seq of the commit that wrote its content. */
  readonly seq: Seq
}

/** One name for a record's kind, reference and version. */
export function nameOf({ kind, ref, seq }: VersionedRecord): string {
  return `${kind} ${seq} ${ref}`
}

export interface AskedRecords {
  readonly seqs: ReadonlySet<Seq>
  readonly sorted: Float64Array
}

export function askedOf(records: readonly VersionedRecord[]): AskedRecords {
  const seqs = new Set(records.map(({ seq }) => seq))
  return { seqs, sorted: Float64Array.from(seqs).sort() }
}

/** The lowest and the highest seq asked for; null where none is. */
export function rangeOf({ sorted }: AskedRecords): { readonly least: Seq; readonly most: Seq } | null {
  const [least, most] = [sorted[0], sorted.at(-1)]
  return least === undefined || most === undefined ? null : { least, most }
}

/** Whether a segment of records from `first` to `last` may hold any of a seq that is asked for. */
export function mayHold({ sorted }: AskedRecords, first: Seq, last: Seq): boolean {
  // Found by halving: seqs may be many and far apart.
  const next = sorted[placeIn(sorted, first)]
  return next !== undefined && next <= last
}

/** The columns of a segment that say which record a row is. */
interface RecordColumns {
  readonly count: number
  readonly seqs: Float64Array
  readonly kinds: Uint8Array
}

/** Adds the names of a segment's records that may be among those asked for. */
export function addNames(
  names: Set<string>,
  { seqs: asked }: AskedRecords,
  { count, seqs, kinds }: RecordColumns,
  refOf: (i: number) => string,
): void {
  for (let i = 0; i < count; i++) {
    const seq = seqs[i] as number
    if (!asked.has(seq)) continue
    names.add(nameOf({ kind: recordKinds[kinds[i] as number] as RecordKind, ref: refOf(i), seq }))
  }
}
