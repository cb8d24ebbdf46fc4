/** Folding the tail of a space's words into segments. */
import type { Seq } from '../id.ts'
import type { IndexPlan, PackedWords } from './plan.ts'
import { type IndexedRecord, packWords, shareToSegments } from './word-segment.ts'
import { analyserVersion } from './words.ts'

interface WordFold extends IndexPlan<PackedWords> {
  /** Records written up to this seq are in segments once this is carried out. */
  readonly folded: Seq
  /** The records that stay in the tail. */
  readonly pending: readonly IndexedRecord[]
}

interface WordFoldOptions {
  /** The seq of the last commit of the space. */
  readonly seq: Seq
  /** Size that segments are folded to. */
  readonly segmentBytes: number
  /** Folds whatever there is, not only full segments. */
  readonly all: boolean
}

function packShare(records: readonly IndexedRecord[]): PackedWords[] {
  const [first, last] = [records[0]?.seq, records.at(-1)?.seq]
  if (first === undefined || last === undefined) return []
  return [{ first, last, data: packWords(records, analyserVersion) }]
}

/** @param records All of the tail, in order of seq. */
export function foldTail(records: readonly IndexedRecord[], { seq, segmentBytes, all }: WordFoldOptions): WordFold {
  const shares = shareToSegments(records, segmentBytes)
  const last = shares.at(-1)
  const beforeLast = shares.at(-2)?.at(-1)?.seq
  // The last one is seldom full: it stays in the tail if a commit's border lies before it.
  const staysOpen = !all && last !== undefined && beforeLast !== undefined && beforeLast < (last[0]?.seq ?? 0)
  const insert = (staysOpen ? shares.slice(0, -1) : shares).flatMap(packShare)
  return { delete: [], insert, folded: staysOpen ? beforeLast : seq, pending: staysOpen ? last : [] }
}
