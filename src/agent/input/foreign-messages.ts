/** How a call treats messages whose ids memory issued for something else, or never issued. */
import { shown } from '../../domain/error.ts'
import type { ReadMessage } from '../../domain/records/message-input.ts'
import type { Sent } from './resent.ts'
import type { Standing } from './stored-thread.ts'

interface Sorted {
  readonly sent: readonly Sent[]
  readonly warnings: readonly string[]
}

/** The message without its id: it gets one of its own. */
export function unnamed({ input, ...rest }: ReadMessage): ReadMessage {
  const { id: _, ...others } = input
  return { ...rest, input: others }
}

/** The message under its id in the thread, which differs if it was sent again. */
function asNamed(message: ReadMessage, standing: Standing | undefined): ReadMessage {
  if (typeof standing !== 'object' || standing === null || standing.message.id === message.input.id) return message
  return { ...message, input: { ...message.input, id: standing.message.id } }
}

/**
 * The sent messages, each with what is known of its id. History under foreign ids is dropped: as new messages it would
 * bring words of another space, or forged ones, into this thread. The user's current message counts, under a new id.
 */
export function withoutForeign(messages: readonly ReadMessage[], standings: ReadonlyMap<string, Standing>): Sorted {
  const warnings: string[] = []
  const sent = messages.flatMap((message, index): Sent[] => {
    const { id, role } = message.input
    const standing = id === undefined ? undefined : standings.get(id)
    if (standing !== 'foreign') return [{ message: asNamed(message, standing), standing }]
    const isSaidNow = index === messages.length - 1 && role === 'user'
    const done = isSaidNow ? 'the message is stored under a new one' : 'the message was left out'
    warnings.push(`The id ${shown(id)} is not one that memory issued for this thread; ${done}.`)
    return isSaidNow ? [{ message: unnamed(message), standing: undefined }] : []
  })
  return { sent, warnings }
}
