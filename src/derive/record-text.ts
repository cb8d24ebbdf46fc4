/** The text that a record's vectors are made of, cut into pieces that an embedder accepts whole. */
import { entryText, messageText, noteText } from '../domain/index/indexed.ts'
import { noteOf } from '../domain/records/observation.ts'
import type { Embedder } from '../ports/embedder.ts'
import type { FoundRecord } from '../ports/storage.ts'
import { chunk } from './chunk.ts'

/** The text of a record, for its vectors and for prompts. */
export function textOfRecord(record: FoundRecord): string {
  if (record.kind === 'message') return messageText(record.message.parts)
  if (record.kind === 'observation') return noteText(noteOf(record.note.value))
  return record.kind === 'fact' ? record.fact.text : entryText(record.entry)
}

export function recordPieces(record: FoundRecord, embedder: Embedder): readonly string[] {
  return chunk(textOfRecord(record), { maxWords: embedder.maxWords })
}
