/** The newest of the messages of a call, for calls that store nothing else. Pure. */
import type { ReadMessage } from '../../domain/records/message-input.ts'

/** The messages that count, and warnings about those that would have had an effect. */
interface Newest {
  readonly messages: readonly ReadMessage[]
  readonly warnings: readonly string[]
}

/**
 * The last message that is not the system's. Several answers to tool calls in a row are one message, in the form of a
 * model's messages.
 */
export function newestOf(messages: readonly ReadMessage[]): Newest {
  const said = messages.filter(({ input }) => input.role !== 'system')
  const behind = said.findLastIndex(({ isAnswer }) => isAnswer !== true) + 1
  const count = messages.length - said.length
  const what = count === 1 ? '1 system message was' : `${count} system messages were`
  const fix = 'pass instructions, which no client can send'
  return {
    messages: said.slice(behind === said.length ? -1 : behind),
    warnings: count === 0 ? [] : [`${what} left out, because memory.history is 'new-only'. Instead, ${fix}.`],
  }
}
