/** When two statements are the same: their texts as compared, and a key to find them by. */

import { equalJson, type Json } from '../json.ts'
import type { FactState } from './fact.ts'

/** A text as it is compared: compatible forms made equal, in lower case, single spaces, no dots at the end. */
export function comparedText(text: string): string {
  const folded = text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ')
  // A run is looked at from its beginning alone: from each of its characters would take time in its length squared.
  return folded.replace(/(?<![\s.])[\s.]+$/, '').trimStart()
}

/** Two rounds of multiplying and shifting, each over all 16-bit units, with factors of its own. */
function round(text: string, start: number, factor: number): number {
  let hash = start
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), factor)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash ^ (hash >>> 13), 0x5bd1e995)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A whole number of 53 bits for a text as compared. Texts that differ may share one: compare them too. */
export function textKey(text: string): number {
  const compared = comparedText(text)
  return (round(compared, 0x2545f491, 0x01000193) & 0x1fffff) * 2 ** 32 + round(compared, 0x811c9dc5, 0x85ebca6b)
}

/** Whether two facts state the same: equal texts as compared, equal attributes and metadata. */
export function statesSame(
  left: Pick<FactState, 'text' | 'attributes' | 'metadata'>,
  right: Pick<FactState, 'text' | 'attributes' | 'metadata'>,
): boolean {
  return (
    comparedText(left.text) === comparedText(right.text) &&
    equalJson(left.attributes as Json, right.attributes as Json) &&
    equalJson(left.metadata, right.metadata)
  )
}
