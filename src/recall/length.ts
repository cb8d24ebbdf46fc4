/** What the length of a message says: long messages say more, up to some length. */

/** A message of this many characters has the full score for its length. */
export const fullLength = 400

/** Lengths that are scored from a table: all longer ones have the full score. */
const scores = Float64Array.from({ length: fullLength }, (_, chars) =>
  Math.min(1, Math.log(1 + chars) / Math.log(fullLength)),
)

/** From 0 to 1. */
export function lengthScore(chars: number): number {
  return scores[chars] ?? 1
}
