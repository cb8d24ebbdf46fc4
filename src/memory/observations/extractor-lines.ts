/** The lines that extractors read: messages, or notes with the messages that they stand for. */
import { comparePlaces, type NoteInput } from '../../domain/records/observation.ts'
import type { Door } from '../door/door.ts'
import { trustOfAuthor } from './extract-notes.ts'
import type { ExtractedLine } from './run-extractors.ts'
import { messagesBehind, type ObservableMessage, placeOfMessage } from './unobserved.ts'

/** Messages as lines; those without words are left out. */
export function linesOfMessages(messages: readonly ObservableMessage[]): readonly ExtractedLine[] {
  return messages.flatMap(({ text, message: { id, author, createdAt } }) => {
    if (text.trim() === '') return []
    const by = `${author.kind} ${author.name ?? author.id}`
    return [{ by, at: createdAt, text, messageIds: [id], trust: trustOfAuthor(author) }]
  })
}

/** Notes as lines, each with the messages from the first to the last that it condenses. */
export async function linesOfNotes(
  door: Door,
  threadId: string,
  notes: readonly NoteInput[],
): Promise<readonly ExtractedLine[]> {
  const { messages } = await messagesBehind(door, threadId, null)
  const placed = messages.map((message) => ({ id: message.message.id, place: placeOfMessage(message) }))
  return notes.map(({ text, author, saidAt, trust = 'tool', from, until }) => {
    const own = placed.filter(({ place }) => comparePlaces(place, from) >= 0 && comparePlaces(place, until) <= 0)
    const by = author === undefined ? 'several' : `${author.kind} ${author.name ?? author.id}`
    return { by, at: saidAt, text, messageIds: own.map(({ id }) => id), trust }
  })
}
