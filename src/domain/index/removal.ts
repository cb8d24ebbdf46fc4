/** Records that a change removes from the index, as data: which they are, and which segments may have them. */
import { type Seq, unpackTurn } from '../id.ts'
import { recordKinds } from './word-segment.ts'

/** The records to remove: all of a turn, one message, all of a thread, or one record with a reference. */
type Removed =
  | { readonly kind: 'turn'; readonly turn: number }
  | { readonly kind: 'message'; readonly turn: number; readonly index: number }
  | { readonly kind: 'thread'; readonly createdSeq: Seq; readonly turns: ReadonlySet<number> }
  | { readonly kind: 'fact' | 'entry' | 'observation'; readonly ref: string }

export interface Removal {
  readonly removed: Removed
  /** Segments whose last seq is lower hold none of the records. */
  readonly from: Seq
  /** The seq of the content, if it is known: segments that hold it are looked at first, all others only in vain. */
  readonly at?: Seq
  /** Only segments that hold `at` are looked at. */
  readonly isExact?: true
}

export function turnRemoval(turn: number): Removal {
  return { removed: { kind: 'turn', turn }, from: unpackTurn(turn).turnSeq }
}

/** @param at The seq of the message's content, if it is known. */
export function messageRemoval(turn: number, index: number, at?: Seq): Removal {
  const { turnSeq: from } = unpackTurn(turn)
  return { removed: { kind: 'message', turn, index }, from, ...(at === undefined ? {} : { at }) }
}

/** @param turns The thread's packed turns: vectors know no threads. */
export function threadRemoval(createdSeq: Seq, turns: ReadonlySet<number>): Removal {
  return { removed: { kind: 'thread', createdSeq, turns }, from: createdSeq }
}

export function factRemoval(ref: string, version: Seq): Removal {
  return { removed: { kind: 'fact', ref }, from: version, at: version }
}

/** A note, which has one version. */
export function noteRemoval(ref: string, version: Seq): Removal {
  return { removed: { kind: 'observation', ref }, from: version, at: version, isExact: true }
}

/** One version of an entry; without a version all of them. */
export function entryRemoval(key: string, version?: Seq): Removal {
  const removed = { kind: 'entry', ref: key } as const
  return version === undefined ? { removed, from: 0 } : { removed, from: version, at: version, isExact: true }
}

/** Whether segments of words may hold the records, of which those written up to `folded` are in any. Entries never are. */
export function isInWords({ removed, from, at = from }: Removal, folded: Seq): boolean {
  return removed.kind !== 'entry' && at <= folded
}

/** The columns of a segment that say which record a row is. Segments of vectors have no column of threads. */
interface RecordColumns {
  readonly turns: Float64Array
  readonly indexes: Uint32Array
  readonly kinds: Uint8Array
  readonly refs: readonly (string | null)[]
  readonly threads?: Float64Array
}

/** Whether row `i` of a segment is among the records. */
export function isRemoved({ removed }: Removal, columns: RecordColumns, i: number): boolean {
  if (removed.kind === 'turn') return columns.turns[i] === removed.turn
  if (removed.kind === 'message') return columns.turns[i] === removed.turn && columns.indexes[i] === removed.index
  if (removed.kind === 'thread') {
    if (columns.threads !== undefined) return columns.threads[i] === removed.createdSeq
    return removed.turns.has(columns.turns[i] as number)
  }
  return columns.refs[i] === removed.ref && columns.kinds[i] === recordKinds.indexOf(removed.kind)
}
