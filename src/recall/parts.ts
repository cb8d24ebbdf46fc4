/** The parts of a score: sums that a person understands, whatever rule made the score. */

/** Everything that adds to a row's score. */
export const parts = [
  'keyword',
  'coverage',
  'vector',
  'exact',
  'recent',
  'author',
  'date',
  'length',
  'question',
  'context',
  'session',
  'details',
  'kind',
] as const
export type Part = (typeof parts)[number]

/** What each part adds to a row's score; together they are the score, unless another row limits it. */
export type PartScores = Readonly<Record<Part, number>>

/** The place of each part in a row of them. */
export const partAt = Object.fromEntries(parts.map((part, at) => [part, at])) as Readonly<Record<Part, number>>

/** What each part added, by name and as shares of `best`. */
export function partScoresOf(added: Float64Array, best: number): PartScores {
  return Object.fromEntries(parts.map((part, at) => [part, (added[at] as number) / best])) as Record<Part, number>
}
