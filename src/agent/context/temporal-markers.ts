/** Lines in front of messages that say how much time passed since the message before. Made of stored times only. Pure. */
import type { Message } from '../../domain/records/message.ts'
import { timePassedBefore } from '../../domain/time-passed.ts'

/** ISO time to the minute, as a model reads it easily. */
function said(iso: string): string {
  return `said on ${iso.slice(0, 10)} at ${iso.slice(11, 16)} UTC`
}

/** The markers of messages in thread order, by the id of the message; the first message has none. */
export function temporalMarkers(messages: readonly Pick<Message, 'id' | 'createdAt'>[]): ReadonlyMap<string, string> {
  const passed = timePassedBefore(messages)
  return new Map(
    messages.flatMap(({ id, createdAt }) => {
      const time = passed.get(id)
      return time === undefined ? [] : [[id, `[time passed: ${time}; ${said(createdAt)}]`]]
    }),
  )
}
