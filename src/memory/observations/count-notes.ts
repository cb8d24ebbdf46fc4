/** How many tokens the notes of a thread have that its prompt shows. The count is kept in the process until the notes change. */
import { type HeadFields, noteOf } from '../../domain/records/observation.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import type { Door } from '../door/door.ts'
import { KeptByThread } from './kept-by-thread.ts'
import { tokensOfNotes } from './note-tokens.ts'
import { currentNotes } from './read-notes.ts'

const counts = new KeptByThread<{ readonly notes: string; readonly tokens: number }>()

/** Names the notes that a head makes current. What is put has a new number, and what goes is to be observed again. */
function nameOfNotes({ active, chunk, reflections, again }: HeadFields): string {
  return JSON.stringify([active, chunk, reflections.at(-1) ?? null, again])
}

/** The tokens of the current notes of a thread, estimated. */
export async function countNotes(door: Door, thread: ThreadState, head: HeadFields): Promise<number> {
  const notes = nameOfNotes(head)
  const before = counts.get(door, thread)
  if (before?.notes === notes) return before.tokens
  const tokens = tokensOfNotes((await currentNotes(door, head)).map(({ value }) => noteOf(value)))
  counts.set(door, thread, { notes, tokens })
  return tokens
}
