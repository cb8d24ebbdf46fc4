/** Finds a note by its id, or by its words as a prompt shows them: a model copies words, and seldom an id. */
import { type HeadFields, noteIdOf, noteOf } from '../../domain/records/observation.ts'
import type { RecordState } from '../../domain/records/record.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import type { NotePlace } from '../../ports/agent-notes.ts'
import type { Door } from '../door/door.ts'
import { currentNotes, headsIn, notesAfter, readHead } from './read-notes.ts'

/** Fewer letters name no note: they are in many. */
const fewestLetters = 4

function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim().toLowerCase()
}

/** How well a note fits words: 2 if they are the same, 1 if one holds the other, 0 if not. */
function likeness(note: string, words: string): number {
  if (note === words) return 2
  const isLong = note.length >= fewestLetters && words.length >= fewestLetters
  return isLong && (note.includes(words) || words.includes(note)) ? 1 : 0
}

/** The notes that a prompt may show or recall may find, those of the chunks last. */
async function notesIn(door: Door, head: HeadFields): Promise<readonly RecordState[]> {
  const [current, chunks] = await Promise.all([currentNotes(door, head), notesAfter(door, head, 0)])
  return [...current, ...chunks]
}

async function headsOf(door: Door, threadId: string | null): Promise<readonly HeadFields[]> {
  if (threadId === null) return headsIn(door)
  const { record } = await door.threads.get(threadId)
  const head = record === null ? null : await readHead(door, record)
  return head === null ? [] : [head]
}

/** The note of that id or with these words. */
export async function findNote(
  door: Door,
  ...[idOrWords, threadId]: Parameters<AgentSpace['note']>
): Promise<NotePlace | null> {
  const state = await door.state()
  if (state === null) return null
  const words = plain(idOrWords)
  const heads = await headsOf(door, threadId)
  const notes = (await Promise.all(heads.map((head) => notesIn(door, head)))).flat()
  let best: RecordState | null = null
  let bestLikeness = 0
  for (const note of notes) {
    const own = noteIdOf(state.key, note.key) === idOrWords.trim() ? 3 : likeness(plain(noteOf(note.value).text), words)
    if (own > 0 && own >= bestLikeness) [best, bestLikeness] = [note, own]
  }
  if (best === null) return null
  const { threadId: of, text, from, until } = noteOf(best.value)
  return { id: noteIdOf(state.key, best.key), threadId: of, text, from, until }
}
