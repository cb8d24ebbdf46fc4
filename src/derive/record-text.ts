/** The text of a record that its vectors are made of, cut into pieces that an embedder takes whole. */
import { entryText, messageText } from '../domain/index/indexed.ts'
import type { Embedder } from '../ports/embedder.ts'
import type { FoundRecord } from '../ports/storage.ts'
import { chunk } from './chunk.ts'

/** What a record says, as its vectors and its place in a prompt show it. */
export function textOfRecord(record: FoundRecord): string {
  if (record.kind === 'message') return messageText(record.message.parts)
  return record.kind === 'fact' ? record.fact.text : entryText(record.entry)
}

export function recordPieces(record: FoundRecord, embedder: Embedder): readonly string[] {
  return chunk(textOfRecord(record), { maxWords: embedder.maxWords })
}
