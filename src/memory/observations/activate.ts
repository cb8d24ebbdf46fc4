/** Shows notes that were made ahead: one commit, and no model. */
import type { HeadFields } from '../../domain/records/observation.ts'
import { type Cycle, commitAlone } from './cycle.ts'
import { notesOf } from './read-notes.ts'

/** What an activation needs of a cycle. */
type Activating = Pick<Cycle, 'door' | 'thread' | 'report'>

/**
 * Makes buffered chunks active, the oldest first, until they replace so many tokens of messages.
 *
 * @throws LostCycle if the chunks were changed meanwhile.
 */
export async function activateChunks({ door, thread, report }: Activating, head: HeadFields, tokens: number) {
  const { buffered = [] } = head
  let replaced = 0
  let count = 0
  while (count < buffered.length && replaced < tokens) {
    replaced += buffered[count]?.tokens ?? 0
    count += 1
  }
  const last = buffered[count - 1]
  if (last === undefined) return
  await commitAlone(door, { kind: 'observation-activate', threadId: thread.id, chunk: last.chunk })
  const what = { type: 'activation', threadId: thread.id, operation: 'observation' } as const
  report({ ...what, chunks: count, tokens: replaced })
}

/** Makes the reflection current that was made ahead. Answers its generation; null if there is none. */
export async function activateReflection(
  { door, thread, report }: Activating,
  head: HeadFields,
  tokens: number,
): Promise<{ readonly generation: number; readonly notes: number } | null> {
  const { ahead } = head
  if (ahead === undefined) return null
  await commitAlone(door, { kind: 'observation-activate', threadId: thread.id, generation: ahead.generation })
  report({ type: 'activation', threadId: thread.id, operation: 'reflection', chunks: 1, tokens })
  const notes = await notesOf(door, head, ahead.generation)
  return { generation: ahead.generation, notes: notes.length }
}
