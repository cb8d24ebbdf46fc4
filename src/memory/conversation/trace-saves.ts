/** Events of saves: made from the request, and completed from the answer. They have only numbers about content. */

import type { Change, ChangeResult } from '../../domain/commit/commit.ts'
import type { Seq } from '../../domain/id.ts'
import { messageText } from '../../domain/index/indexed.ts'
import type { MessagePart } from '../../domain/records/message.ts'
import { completedCalls } from '../../domain/records/turn.ts'
import type { Door } from '../door/door.ts'
import type { SaveEvent, TokenCount } from '../tracing.ts'
import { tracedActor } from '../tracing.ts'
import type { SavedMessagesRecord } from './messages.ts'

interface SaveRequest {
  readonly threadId: string
  /** The open turn that the messages go to. */
  readonly turnId?: string | undefined
  /** How many messages are passed. */
  readonly given: number
}

export function saveEvent({ core, id: space }: Door, { threadId, turnId, given }: SaveRequest): SaveEvent {
  const inTurn = turnId === undefined ? {} : { turnId }
  return { operation: 'memory.save', actor: tracedActor(core), space, threadId, ...inTurn, given }
}

export function saveAnswer({ messages, turnId, seq }: SavedMessagesRecord, tokensOf: TokenCount): Partial<SaveEvent> {
  const tokens = messages.reduce((sum, { parts }) => sum + tokensOf(messageText(parts)), 0)
  return { turnId, seq, messageIds: messages.map(({ id }) => id), tokens }
}

/** Whether a change adds text to a thread. */
export function savesWords({ kind }: Change): boolean {
  return kind === 'message-append' || kind === 'message-extend' || kind === 'message-edit'
}

function wordsOf(change: Change): readonly (readonly MessagePart[])[] {
  if (change.kind === 'message-append') return change.messages.map(({ parts }) => parts)
  if (change.kind === 'message-edit') return [change.parts ?? []]
  if (change.kind !== 'message-extend') return []
  return [[...(change.parts ?? []), ...completedCalls(change).map(({ part }) => part)]]
}

/** How many messages the changes of a turn save or add to. */
export function messagesIn(changes: readonly Change[]): number {
  return changes.reduce((sum, change) => sum + wordsOf(change).length, 0)
}

/** The answer of a commit to a turn, with the tokens that it added. */
export function turnAnswer(
  changes: readonly Change[],
  { seq, results }: { readonly seq: Seq; readonly results: readonly ChangeResult[] },
  tokensOf: TokenCount,
): Partial<SaveEvent> {
  const messageIds = results.flatMap((result) => {
    if (result.kind === 'message-append') return result.messages.map(({ id }) => id)
    return result.kind === 'message-extend' || result.kind === 'message-edit' ? [result.messageId] : []
  })
  const turnId = results.flatMap((result) => (result.kind === 'message-append' ? [result.turnId] : []))[0]
  const tokens = changes.flatMap(wordsOf).reduce((sum, parts) => sum + tokensOf(messageText(parts)), 0)
  return { seq, messageIds, tokens, ...(turnId === undefined ? {} : { turnId }) }
}
