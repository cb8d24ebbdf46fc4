/** A processor that limits the tokens of a prompt. */
import type { ModelMessage } from 'ai'
import { invalidInput } from '../../domain/error.ts'
import { tokensOfMessages } from '../context/model-messages.ts'
import type { Processor } from './processor.ts'

/** Messages that are kept or dropped together: a call and its results, or one message. */
function units(messages: readonly ModelMessage[]): readonly (readonly ModelMessage[])[] {
  const grouped: ModelMessage[][] = []
  for (const message of messages) {
    if (message.role === 'tool' && grouped.length > 0) grouped.at(-1)?.push(message)
    else grouped.push([message])
  }
  return grouped
}

/**
 * Drops the oldest messages until the rest fits. The user's last message, and everything after it, always stays. A tool
 * call stays with its result. Instructions and memory blocks are not counted.
 */
export class TokenLimiter implements Processor {
  /** Its name in errors. */
  readonly id = 'token-limiter'
  /** The most tokens of all messages together, estimated. */
  readonly limit: number

  /**
   * Sets the limit.
   *
   * @param limit The most tokens of all messages together, from 1; or `{ limit }`.
   * @throws MemoryError `invalid-input` unless it is a whole number from 1.
   */
  constructor(limit: number | { readonly limit: number }) {
    const tokens = typeof limit === 'number' ? limit : limit?.limit
    if (!Number.isInteger(tokens) || tokens < 1) {
      throw invalidInput('limit', 'must be a whole number from 1', tokens, 'Pass new TokenLimiter(4_000), for example.')
    }
    this.limit = tokens
  }

  /** Returns the messages that fit, oldest first. Called by agents before each call of the model. */
  processContext({ messages }: { readonly messages: readonly ModelMessage[] }): readonly ModelMessage[] {
    const last = messages.findLastIndex(({ role }) => role === 'user')
    const kept = messages.slice(Math.max(0, last))
    let left = this.limit - tokensOfMessages(kept)
    for (const unit of units(messages.slice(0, Math.max(0, last))).toReversed()) {
      left -= tokensOfMessages(unit)
      if (left < 0) break
      kept.unshift(...unit)
    }
    return kept
  }
}
