/** The leg of recent records: used when a question has no words to search and no meaning to compare. */
import type { Corpus } from '../records/corpus.ts'

/** 1 for the newest row in scope, 0 for the oldest, by their times. */
export function recentScores(corpus: Corpus): Float64Array {
  const { minutes } = corpus.columns
  let earliest = Number.POSITIVE_INFINITY
  let latest = Number.NEGATIVE_INFINITY
  for (let row = 0; row < corpus.count; row++) {
    if (corpus.inScope[row] === 0) continue
    earliest = Math.min(earliest, minutes[row] as number)
    latest = Math.max(latest, minutes[row] as number)
  }
  const span = Math.max(1, latest - earliest)
  return Float64Array.from(minutes, (minute, row) => (corpus.inScope[row] === 0 ? 0 : (minute - earliest) / span))
}
