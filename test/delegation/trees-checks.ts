// The record of a supervisor's call, and that of the subagent's run: neither contradicts the other.
import type { Message, MessagePart } from '../../src/domain/records/message.ts'
import { lastWordsOf } from './trees-team.ts'

/** The part of that call. */
export function partOf(toolCallId: string, messages: readonly Message[]): MessagePart | undefined {
  return messages.flatMap(({ parts }) => parts).find((part) => part.toolCallId === toolCallId)
}

/**
 * What the two records say of one delegation that cannot both be.
 *
 * @param way Of the subagent.
 * @param isDisturbed Whether somebody died or ended work early: then a call may know less than the run.
 */
export function contradictions(
  way: string,
  call: MessagePart | undefined,
  runs: readonly { readonly status: string }[],
  isDisturbed: boolean,
): string[] {
  const isDone = runs.some(({ status }) => status === 'complete')
  if (call === undefined) return runs.length > 0 && !isDisturbed ? [`${way} worked, and no call asked it to`] : []
  const hasAnswer = call.state === 'output-available'
  if (hasAnswer && (!isDone || call.output !== lastWordsOf(way))) {
    return [`${way} is said to have answered ${JSON.stringify(call.output)}, and its run did not`]
  }
  if (call.state !== 'output-error' || !isDone || isDisturbed) return []
  return [`${way} answered, and is said to have failed`]
}
