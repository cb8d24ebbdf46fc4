/** The analyser: a text becomes the hashes of its words, on both sides of a search. */

export const languages = ['english', 'none'] as const

/** `english`: Porter stems without stop words. `none`: words as they are, for text in other languages. */
export type Language = (typeof languages)[number]

/** Changes whenever the same text would give other terms; kept in every segment. */
export const analyserVersion = 1

/** The words of a text that count. */
export interface Analysis {
  /** How many there are, repeats included. */
  readonly length: number
  /** Unsigned 32-bit hash of each; a word's repeats beyond eight are left out. */
  readonly terms: readonly number[]
}

const repeats = 8

function hashOf(word: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

export function analyse(text: string, _language: Language): Analysis {
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  const seen = new Map<number, number>()
  const terms: number[] = []
  for (const word of words) {
    const term = hashOf(word)
    const count = (seen.get(term) ?? 0) + 1
    seen.set(term, count)
    if (count <= repeats) terms.push(term)
  }
  return { length: words.length, terms }
}
