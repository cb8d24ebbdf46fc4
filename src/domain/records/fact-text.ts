/** Tells when two statements are the same: the compared form of a text, and a key to look it up. */

import { equalJson, type Json, type JsonObject } from '../json.ts'
import type { FactState } from './fact.ts'

/** The compared form of a text: compatible characters made equal, lower case, single spaces, no dots at the end. */
export function comparedText(text: string): string {
  const folded = text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ')
  // Only the beginning of a run is tried: trying each of its characters would take quadratic time.
  return folded.replace(/(?<![\s.])[\s.]+$/, '').trimStart()
}

/** Two rounds of multiplying and shifting over all 16-bit units, each with its own factors. */
function round(text: string, start: number, factor: number): number {
  let hash = start
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), factor)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash ^ (hash >>> 13), 0x5bd1e995)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A whole number of 53 bits for a compared text. Different texts may have the same number, so compare them too. */
export function textKey(text: string): number {
  const compared = comparedText(text)
  return (round(compared, 0x2545f491, 0x01000193) & 0x1fffff) * 2 ** 32 + round(compared, 0x811c9dc5, 0x85ebca6b)
}

/** The metadata of a caller: forgetting one of several sources of a fact adds a mark, which does not count. */
function ownMetadata({ needsReview: _, ...own }: JsonObject): JsonObject {
  return own
}

/** Whether two facts state the same: equal compared texts, attributes and metadata. */
export function statesSame(
  left: Pick<FactState, 'text' | 'attributes' | 'metadata'>,
  right: Pick<FactState, 'text' | 'attributes' | 'metadata'>,
): boolean {
  return (
    comparedText(left.text) === comparedText(right.text) &&
    equalJson(left.attributes as Json, right.attributes as Json) &&
    equalJson(ownMetadata(left.metadata), ownMetadata(right.metadata))
  )
}
