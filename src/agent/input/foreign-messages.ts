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
 * The sent messages, each with what is known of its id. History under foreign ids is dropped, and with it all that the
 * thread does not hold: as new messages it would bring words of another space, forgotten ones, or forged ones into this
 * thread. The user's current message counts, under a new id.
 */
export function withoutForeign(messages: readonly ReadMessage[], standings: ReadonlyMap<string, Standing>): Sorted {
  const warnings: string[] = []
  const standingAt = ({ input }: ReadMessage) => (input.id === undefined ? undefined : standings.get(input.id))
  const isFromElsewhere = messages.some((message) => standingAt(message) === 'foreign')
  // An answer may follow it, if the client answers a call of that one.
  const saidNow = messages.findLastIndex(({ input }) => input.role === 'user')
  let left = 0
  const sent = messages.flatMap((message, index): Sent[] => {
    const { id } = message.input
    const standing = standingAt(message)
    const isSaidNow = index === saidNow
    if (standing !== 'foreign') {
      const isUnknown = (standing === null || standing === undefined) && message.isAnswer !== true
      if (!isFromElsewhere || !isUnknown || isSaidNow) return [{ message: asNamed(message, standing), standing }]
      left += 1
      return []
    }
    const done = isSaidNow ? 'the message is stored under a new one' : 'the message was left out'
    warnings.push(`The id ${shown(id)} is not one that memory issued for this thread; ${done}.`)
    return isSaidNow ? [{ message: unnamed(message), standing: undefined }] : []
  })
  if (left > 0) {
    const what = left === 1 ? '1 other message of that history was' : `${left} other messages of that history were`
    warnings.push(`${what} left out.`)
  }
  return { sent, warnings }
}
