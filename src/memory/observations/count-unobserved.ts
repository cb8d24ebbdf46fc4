/**
 * How many tokens a thread has that no note replaces yet. The count is kept in the process and goes on from where it stopped, so that a
 * turn reads only what is new. It may be off after messages are edited or deleted: who acts on it counts again.
 */
import { comparePlaces, type HeadFields, type Place } from '../../domain/records/observation.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import type { Door } from '../door/door.ts'
import { KeptByThread } from './kept-by-thread.ts'
import { messagesBehind, placeOfMessage, sumOf } from './unobserved.ts'

interface Count {
  readonly cursor: Place | null
  /** The last message that was counted. */
  readonly end: Place | null
  readonly tokens: number
}

const counts = new KeptByThread<Count>()

/** The tokens of the messages that a prompt shows as they were said, without those of open turns. */
export async function countUnobserved(door: Door, thread: ThreadState, head: HeadFields | null): Promise<number> {
  const cursor = head?.cursor ?? null
  const before = counts.get(door, thread)
  const isSame = before !== undefined && comparePlaces(before.cursor, cursor) === 0
  const from: Count = isSame ? before : { cursor, end: cursor, tokens: 0 }
  const { messages } = await messagesBehind(door, thread.id, from.end)
  // A turn that waits for somebody may still say more in the message that it has.
  const waiting = messages.findIndex(({ message }) => message.turnStatus === 'suspended')
  const whole = waiting < 0 ? messages : messages.slice(0, waiting)
  const last = whole.at(-1)
  const end = last === undefined ? from.end : placeOfMessage(last)
  counts.set(door, thread, { cursor, end, tokens: from.tokens + sumOf(whole) })
  return from.tokens + sumOf(messages) + sumOf(head?.buffered ?? [])
}
