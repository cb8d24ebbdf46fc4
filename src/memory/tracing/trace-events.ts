/** Events of memory operations: made of what was asked, and completed from the answer. Only numbers are taken of content. */
import type { Change, ChangeResult } from '../../domain/commit/commit.ts'
import type { Seq } from '../../domain/id.ts'
import { messageText } from '../../domain/index/indexed.ts'
import type { Json } from '../../domain/json.ts'
import type { MessagePart } from '../../domain/records/message.ts'
import type { SavedMessages } from '../conversation/messages.ts'
import type { Core } from '../door/core.ts'
import type { Door } from '../door/door.ts'
import type { RecallQuery } from '../recall/recall.ts'
import type { Recollection } from '../recall/recollection.ts'
import type { Block, WorkingMemory, WorkingMemoryWrite } from '../working-memory/working-memory.ts'
import type { RecallEvent, SaveEvent, TokenCount, WorkingMemoryEvent } from './tracing.ts'

/** Without the name, which says more than who it is. */
function actorOf({ access }: Core): RecallEvent['actor'] {
  const { kind, id } = access.actor
  return { kind, id }
}

export function recallEvent(core: Core, query: RecallQuery): RecallEvent {
  const { spaces, threadId, mode, kinds, topK, threshold } = query
  const inThread = threadId === undefined ? {} : { threadId }
  return { operation: 'memory.recall', actor: actorOf(core), spaces, ...inThread, mode, kinds, topK, threshold }
}

export function recallAnswer({ items, trace, ...found }: Recollection): Partial<RecallEvent> {
  const { recallId, tokens, degraded, pending, asOf } = found
  const { inScope, candidates, legs } = trace
  const own = items.filter(({ isNeighbour }) => isNeighbour !== true)
  return {
    recallId,
    items: own.map(({ kind, id, space, score, tokens }) => ({ kind, id, space, score, tokens })),
    neighbours: items.length - own.length,
    ...{ tokens, inScope, candidates, legs, degraded, pending, asOf },
  }
}

export interface SaveRequest {
  readonly threadId: string
  /** The open turn that the messages go to. */
  readonly turnId?: string | undefined
  /** How many messages are given. */
  readonly given: number
}

export function saveEvent({ core, id: space }: Door, { threadId, turnId, given }: SaveRequest): SaveEvent {
  const inTurn = turnId === undefined ? {} : { turnId }
  return { operation: 'memory.save', actor: actorOf(core), space, threadId, ...inTurn, given }
}

export function saveAnswer({ messages, turnId, seq }: SavedMessages, tokensOf: TokenCount): Partial<SaveEvent> {
  const tokens = messages.reduce((sum, { parts }) => sum + tokensOf(messageText(parts)), 0)
  return { turnId, seq, messageIds: messages.map(({ id }) => id), tokens }
}

/** Whether a change brings words into a thread. */
export function savesWords({ kind }: Change): boolean {
  return kind === 'message-append' || kind === 'message-extend' || kind === 'message-edit'
}

function wordsOf(change: Change): readonly (readonly MessagePart[])[] {
  if (change.kind === 'message-append') return change.messages.map(({ parts }) => parts)
  if (change.kind === 'message-edit') return [change.parts ?? []]
  if (change.kind !== 'message-extend') return []
  return [[...(change.parts ?? []), ...(change.complete === undefined ? [] : [change.complete.part])]]
}

/** How many messages the changes of a turn save or add to. */
export function messagesIn(changes: readonly Change[]): number {
  return changes.reduce((sum, change) => sum + wordsOf(change).length, 0)
}

/** What a commit to a turn answered, with the tokens that it added. */
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

export function workingMemoryEvent(action: WorkingMemoryEvent['action'], block: Block): WorkingMemoryEvent {
  const { space, threadId, name } = block
  const inThread = threadId === null ? {} : { threadId }
  return { operation: 'memory.working', actor: actorOf(space.core), action, space: space.id, ...inThread, name }
}

function shownText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export function readAnswer(block: WorkingMemory | null, tokensOf: TokenCount): Partial<WorkingMemoryEvent> {
  if (block === null) return { version: null, tokens: 0 }
  return { version: block.version, format: block.format, tokens: tokensOf(shownText(block.value)) }
}

export function writeAnswer(write: WorkingMemoryWrite, tokensOf: TokenCount): Partial<WorkingMemoryEvent> {
  if (write.status === 'conflict') return { status: 'conflict', version: write.current?.version ?? null }
  const { version, value, replaced } = write
  return { version, replaced: replaced?.version ?? null, tokens: tokensOf(shownText(value)) }
}
