/** The text of a message that is observed, and how many tokens it takes in a prompt. */
import { estimateTokenCount } from 'tokenx'
import { spokenText } from '../../domain/index/indexed.ts'
import { type MessagePart, withoutInternal } from '../../domain/records/message.ts'
import { withoutRecalled } from './fence.ts'

/** Tokens of the name and the time of a message, estimated. */
const frameTokens = 4

/** What was said in a message, without what memory added to it. */
export function observedText(parts: readonly MessagePart[]): string {
  return withoutRecalled(spokenText(withoutInternal(parts)))
}

/**
 * The tokens of a message with such a text, estimated.
 *
 * @param estimate Estimates a text. Default: tokenx.
 */
export function observedTokens(text: string, estimate: (text: string) => number = estimateTokenCount): number {
  return estimate(text) + frameTokens
}
