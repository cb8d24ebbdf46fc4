/** What message changes do: saving, extending, editing and deleting utterances. */
import { sameActor, statedAuthor } from './actor.ts'
import type { ChangeOf, ResultOf, SavedMessage } from './commit.ts'
import type { Draft } from './draft.ts'
import type { EffectOf } from './effect.ts'
import { MemoryError, notFound, shown } from './error.ts'
import { checkId, type MessageId, messageIdOf, packTurn, turnIdOf } from './id.ts'
import { assertJson, type JsonObject, mergeJson } from './json.ts'
import { checkBytes, checkLimit } from './limits.ts'
import { assertMessageJson, type LoggedMessage, type Message, type MessageInput, type MessagePart } from './message.ts'
import { withMessages } from './thread.ts'
import { toIso } from './time.ts'
import type { TurnState } from './turn.ts'
import { requireOpenTurn } from './turn-changes.ts'

function fieldsOf(input: MessageInput): LoggedMessage {
  const { author: _, createdAt, ...fields } = input
  return createdAt === undefined ? fields : { ...fields, createdAt: toIso(createdAt, 'messages.createdAt') }
}

/** The message as the log keeps it, its author resolved against the actor. Clones by the application keep theirs. */
export function toLogged(draft: Draft, input: MessageInput): LoggedMessage {
  assertMessageJson(input, 'messages')
  if (input.author === undefined) return input.createdAt === undefined ? (input as LoggedMessage) : fieldsOf(input)
  const isCopy = draft.change.kind === 'thread-clone' && draft.actor.kind === 'system'
  return { ...fieldsOf(input), author: isCopy ? input.author : statedAuthor(input.author, draft.actor) }
}

interface Sorted {
  readonly stored: LoggedMessage[]
  readonly saved: SavedMessage[]
  readonly existing: [number, string][]
}

/** Tells the messages that are new from those whose id is in the thread already, or twice in the batch. */
function sortMessages(draft: Draft, change: ChangeOf<'message-append'>, turn: number, start: number): Sorted {
  const sorted: Sorted = { stored: [], saved: [], existing: [] }
  let batch: Set<string> | null = null
  for (let position = 0; position < change.messages.length; position++) {
    const input = change.messages[position] as MessageInput
    checkBytes(draft.limits, 'messageBytes', input.parts, 'The message')
    checkBytes(draft.limits, 'metadataBytes', input.metadata ?? null, 'The metadata of the message')
    const index = start + sorted.stored.length
    const issued = messageIdOf(draft.space.key, turn, index)
    const id = input.id === undefined ? issued : checkId(input.id, 'messages.id')
    if (id !== issued) {
      batch ??= new Set()
      if (batch.has(id) || draft.findMessage(change.threadId, id) !== null) {
        sorted.existing.push([position, id])
        sorted.saved.push({ id: id as MessageId, stored: false })
        continue
      }
      batch.add(id)
      draft.callerIds.push({ id, threadId: draft.thread.id, turn, index })
    }
    const logged = toLogged(draft, input)
    if (id === issued && logged.id !== undefined) {
      const { id: _, ...unnamed } = logged
      sorted.stored.push(unnamed)
    } else sorted.stored.push(logged)
    sorted.saved.push({ id: id as MessageId, stored: true })
  }
  return sorted
}

export function applyMessageAppend(draft: Draft, change: ChangeOf<'message-append'>): ResultOf<'message-append'> {
  const joins = change.turnId !== undefined || change.opened !== undefined
  const createdThread = draft.ensureThread(change.threadId, change.createThread === true && !joins)
  checkLimit(draft.limits, 'messagesPerCall', change.messages.length, 'The call')
  const open = joins ? requireOpenTurn(draft, change) : null
  const turn = open?.turn ?? packTurn({ turnSeq: draft.seq, turnIndex: draft.turnsOpened++ })
  const { stored, saved, existing } = sortMessages(draft, change, turn, open?.messages.length ?? 0)
  const turnId = turnIdOf(draft.space.key, turn)
  const effect: EffectOf<'message-append'> = {
    kind: 'message-append',
    messages: stored,
    ...(existing.length === 0 ? {} : { existing }),
    ...(createdThread === null ? {} : { createdThread }),
  }
  if (stored.length === 0 && open === null) draft.add(effect)
  else draft.addToTurn(turn, open?.status ?? 'complete', effect)
  if (stored.length > 0) draft.setThread(withMessages(draft.thread, stored.length, draft))
  return { kind: 'message-append', turnId, messages: saved, createdThread: createdThread !== null }
}

function requireMessage(
  draft: Draft,
  threadId: string,
  messageId: string,
): { turn: TurnState; message: Message; index: number } {
  draft.liveThread(threadId)
  const place = draft.findMessage(threadId, checkId(messageId, 'messageId'))
  const turn = place === null ? null : draft.turn(place.turn)
  const message = place === null ? null : turn?.messages[place.index]
  if (place === null || turn === null || message === null || message === undefined) {
    throw notFound('message', messageId, 'Check the id and its thread; a deleted message stays deleted.')
  }
  return { turn, message, index: place.index }
}

function checkMessageSize(draft: Draft, parts: readonly MessagePart[], metadata: JsonObject | undefined): void {
  checkBytes(draft.limits, 'messageBytes', parts, 'The message')
  checkBytes(draft.limits, 'metadataBytes', metadata ?? null, 'The metadata of the message')
}

export function applyMessageExtend(draft: Draft, change: ChangeOf<'message-extend'>): ResultOf<'message-extend'> {
  const { turn, message, index } = requireMessage(draft, change.threadId, change.messageId)
  draft.claim({ message: message.id })
  requireOpenTurn(draft, { turnId: turn.id })
  const added = change.parts ?? []
  for (const part of added) assertJson(part, 'parts')
  if (change.complete !== undefined) {
    assertJson(change.complete.part, 'complete.part')
    const { toolCallId } = change.complete
    if (!message.parts.some((part) => part.toolCallId === toolCallId)) {
      throw notFound('tool call', toolCallId, 'Complete a tool part that the message holds.')
    }
  }
  checkMessageSize(draft, [...message.parts, ...added], message.metadata)
  draft.addToTurn(turn.turn, turn.status, {
    kind: 'message-extend',
    index,
    ...(change.parts === undefined ? {} : { parts: change.parts }),
    ...(change.complete === undefined ? {} : { complete: change.complete }),
  })
  return { kind: 'message-extend', messageId: message.id }
}

export function applyMessageEdit(draft: Draft, change: ChangeOf<'message-edit'>): ResultOf<'message-edit'> {
  const { turn, message, index } = requireMessage(draft, change.threadId, change.messageId)
  draft.claim({ message: message.id })
  if (turn.status === 'open' && !sameActor(turn.actor, draft.actor)) {
    throw new MemoryError('conflict', {
      message: `The message ${shown(message.id)} belongs to an open turn of ${turn.actor.kind} ${shown(turn.actor.id)}.`,
      fix: 'Edit it once that turn is closed.',
      details: { messageId: message.id, turnId: turn.id },
      retryable: true,
    })
  }
  for (const part of change.parts ?? []) assertJson(part, 'parts')
  if (change.metadata !== undefined) assertJson(change.metadata, 'metadata')
  const metadata = mergeJson(message.metadata ?? {}, change.metadata ?? {}) as JsonObject
  checkMessageSize(draft, change.parts ?? message.parts, metadata)
  draft.addToTurn(turn.turn, turn.status, {
    kind: 'message-edit',
    index,
    ...(change.parts === undefined ? {} : { parts: change.parts }),
    ...(change.metadata === undefined ? {} : { metadata: change.metadata }),
  })
  return { kind: 'message-edit', messageId: message.id }
}

export function applyMessageDelete(draft: Draft, change: ChangeOf<'message-delete'>): ResultOf<'message-delete'> {
  const thread = draft.liveThread(change.threadId)
  const byTurn = new Map<TurnState, number[]>()
  const deleted: MessageId[] = []
  let hidden = 0
  for (const messageId of new Set(change.messageIds)) {
    const place = draft.findMessage(thread.id, checkId(messageId, 'messageIds'))
    const turn = place === null ? null : draft.turn(place.turn)
    const message = place === null ? null : turn?.messages[place.index]
    if (place === null || turn === null || message === null || message === undefined) continue
    draft.claim({ message: message.id })
    const indexes = byTurn.get(turn) ?? []
    indexes.push(place.index)
    byTurn.set(turn, indexes)
    deleted.push(message.id)
    draft.releaseId(message.id, thread.id)
    if (turn.replacedBy === undefined) hidden += 1
  }
  for (const [turn, indexes] of byTurn) draft.addToTurn(turn.turn, turn.status, { kind: 'message-delete', indexes })
  if (byTurn.size === 0) draft.add({ kind: 'message-delete', indexes: [] })
  if (hidden > 0) draft.setThread(withMessages(thread, -hidden, draft))
  return { kind: 'message-delete', deleted }
}
