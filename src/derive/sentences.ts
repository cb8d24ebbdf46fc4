/** Sentences of messages that have vectors of their own, next to those of whole records and under another fingerprint. */
import type { Embedder } from '../ports/embedder.ts'
import type { FoundRecord } from '../ports/storage.ts'
import { chunk } from './chunk.ts'
import { textOfRecord } from './record-text.ts'

/** What a vector stands for: a piece of a record's text as long as the embedder takes, or a sentence. */
export type VectorUnit = 'text' | 'sentence'

const suffix = '/sentences'
/** Sentences of a message that get vectors; of more the first ones do. */
const mostSentences = 32

/** What the vectors of sentences are stored under, next to those of an embedder. */
export function sentencesFingerprint(fingerprint: string): string {
  return fingerprint + suffix
}

export function isOfSentences({ fingerprint }: { readonly fingerprint: string }): boolean {
  return fingerprint.endsWith(suffix)
}

/** The sentences of a text that have a letter; the whole text if none has. */
export function sentencesOf(text: string): readonly string[] {
  const found = text.split(/(?<=[.!?])\s+/).filter((sentence) => /\p{L}/u.test(sentence))
  return found.length === 0 ? [text] : found
}

/** The sentences of a message to embed. None of one with a single sentence, whose vector is that of the message. */
export function sentencePieces(record: FoundRecord, { maxWords }: Embedder): readonly string[] {
  const sentences = sentencesOf(textOfRecord(record))
  return sentences.length < 2 ? [] : sentences.flatMap((one) => chunk(one, { maxWords })).slice(0, mostSentences)
}
