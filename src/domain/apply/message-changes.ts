/** Decides changes of messages: saving, extending, editing and deleting. */

import { loggedAuthor, sameActor } from '../actor.ts'
import type { ChangeOf, ResultOf, SavedMessage } from '../commit/commit.ts'
import type { EffectOf } from '../commit/effect.ts'
import { invalidInput, MemoryError, notFound, shown } from '../error.ts'
import { checkId, type MessageId, messageIdOf, packTurn, turnIdOf } from '../id.ts'
import { parseIssuedId, reservedMessageId } from '../issued-id.ts'
import { type JsonObject, mergeJson } from '../json.ts'
import { checkBytes, checkLimit } from '../limits.ts'
import type { LoggedMessage, Message, MessageInput, MessagePart } from '../records/message.ts'
import { withMessages } from '../records/thread.ts'
import { type CompletedCall, completedCalls, extendedParts, stands, type TurnState } from '../records/turn.ts'
import { toIso } from '../time.ts'
import { bury } from './bury.ts'
import type { Draft } from './draft.ts'
import { dropStepsOfMessage } from './drop-steps.ts'
import { findMessage } from './find-message.ts'
import { changeTurn } from './standing-changes.ts'
import { renewByStep, requireOpenTurn } from './turn-changes.ts'

function fieldsOf(input: MessageInput, isCopy: boolean): LoggedMessage {
  const { id, author: _, createdAt, ...fields } = input
  return {
    ...(id === undefined || isCopy ? {} : { id }),
    ...fields,
    ...(createdAt === undefined ? {} : { createdAt: toIso(createdAt, 'messages.createdAt') }),
  }
}

/** The message in the form of the log, with its author resolved against the actor. Copies get new ids. */
export function toLogged(draft: Draft, input: MessageInput): LoggedMessage {
  checkMessageSize(draft, input.parts, input.metadata)
  const isCopy = draft.change.kind === 'thread-clone'
  // The application copies messages of others unchanged; for anybody else they are claims.
  const keeps = isCopy && draft.actor.kind === 'system' && input.author !== undefined
  const author = keeps ? input.author : loggedAuthor(input.author, input.role, draft.actor, draft.address)
  if (!isCopy && author === undefined && input.createdAt === undefined) return input as LoggedMessage
  const fields = fieldsOf(input, isCopy)
  return author === undefined ? fields : { ...fields, author }
}

interface Sorted {
  readonly stored: LoggedMessage[]
  readonly saved: SavedMessage[]
  readonly existing: [number, string][]
  /** Turn of the first message that was there before. */
  known: number | null
}

/**
 * Refuses to store a message under an id of the issued form: it would be taken for the message that has, had or will
 * have that id. Only a message that replaces another one keeps its id.
 */
function refuseReserved(draft: Draft, id: string): void {
  if (parseIssuedId(id) === null || draft.isReleased(id)) return
  throw reservedMessageId('messages.id', id, draft.space.key)
}

/** Whether an open turn is one that replaces the turn at that place. */
function replaces(draft: Draft, open: TurnState | null, turn: number): boolean {
  return open?.replaces?.includes(turnIdOf(draft.space.key, turn)) === true
}

/** The turn that holds a message with that id, which is not stored again; null if it is to be stored. */
function holderOf(draft: Draft, turn: number, open: TurnState | null, id: string): number | null {
  const isOwn = ({ id: own, turn: of }: { readonly id: string; readonly turn: number }) => own === id && of === turn
  if (draft.callerIds.some(isOwn) || open?.messages.some((message) => message?.id === id) === true) return turn
  const known = findMessage(draft, draft.thread.id, id)
  if (known === null) refuseReserved(draft, id)
  // The messages of replaced turns are stored again under their own ids.
  return known === null || replaces(draft, open, known.turn) ? null : known.turn
}

/** Separates new messages from those whose id is already in the thread, or twice in the batch. */
function sortMessages(draft: Draft, change: ChangeOf<'message-append'>, turn: number, open: TurnState | null): Sorted {
  const start = open?.messages.length ?? 0
  const sorted: Sorted = { stored: [], saved: [], existing: [], known: null }
  for (let position = 0; position < change.messages.length; position++) {
    const input = change.messages[position] as MessageInput
    const index = start + sorted.stored.length
    const issued = messageIdOf(draft.space.key, turn, index)
    const id = input.id === undefined ? issued : checkId(input.id, 'messages.id')
    // A stream gives its answer an id before it is stored. Outside an open turn nobody can know its place.
    if (id !== issued || (open === null && input.id !== undefined)) {
      const holder = holderOf(draft, turn, open, id)
      if (holder !== null) {
        sorted.existing.push([position, id])
        sorted.saved.push({ id: id as MessageId, stored: false })
        sorted.known ??= holder
        continue
      }
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
  if (!joins) draft.mayCreate('turn', change.threadId)
  const createdThread = draft.ensureThread(change.threadId, change.createThread === true && !joins)
  checkLimit(draft.limits, 'messagesPerCall', change.messages.length, 'The call')
  const open = joins ? requireOpenTurn(draft, change) : null
  if (open !== null) renewByStep(draft, open)
  const turn = open?.turn ?? packTurn({ turnSeq: draft.seq, turnIndex: draft.turnsOpened++ })
  const { stored, saved, existing, known } = sortMessages(draft, change, turn, open)
  const isKnown = stored.length === 0 && open === null
  const turnId = turnIdOf(draft.space.key, isKnown ? (known ?? turn) : turn)
  const effect: EffectOf<'message-append'> = {
    kind: 'message-append',
    messages: stored,
    ...(existing.length === 0 ? {} : { existing }),
    ...(isKnown && known !== null ? { known } : {}),
    ...(createdThread === null ? {} : { createdThread }),
  }
  if (isKnown) draft.add(effect)
  else if (open === null) draft.addToTurn(turn, 'complete', effect)
  else changeTurn(draft, open, open.status, effect)
  if (stored.length > 0) {
    const counted = open === null || stands(open) ? stored.length : 0
    draft.setThread(withMessages(draft.thread, counted, draft, true))
  }
  return { kind: 'message-append', turnId, messages: saved, createdThread: createdThread !== null }
}

function requireMessage(
  draft: Draft,
  threadId: string,
  messageId: string,
): { turn: TurnState; message: Message; index: number } {
  draft.liveThread(threadId)
  const place = findMessage(draft, threadId, checkId(messageId, 'messageId'))
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

/** Each completed call must be in the message, and is completed once. */
function checkCompleted({ parts }: Message, completed: readonly CompletedCall[]): void {
  const held = new Set(parts.map(({ toolCallId }) => toolCallId))
  for (const { toolCallId } of completed) {
    if (held.delete(toolCallId)) continue
    const isTwice = parts.some((part) => part.toolCallId === toolCallId)
    if (!isTwice) throw notFound('tool call', toolCallId, 'Complete a tool part that the message holds.')
    throw invalidInput('complete', 'must complete each call once', toolCallId, 'Leave out all but the last.')
  }
}

export function applyMessageExtend(draft: Draft, change: ChangeOf<'message-extend'>): ResultOf<'message-extend'> {
  const { turn, message, index } = requireMessage(draft, change.threadId, change.messageId)
  draft.claim({ message: message.id })
  renewByStep(draft, requireOpenTurn(draft, { turnId: turn.id }))
  checkCompleted(message, completedCalls(change))
  checkMessageSize(draft, extendedParts(message.parts, change), message.metadata)
  changeTurn(draft, turn, turn.status, {
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
  const metadata = mergeJson(message.metadata ?? {}, change.metadata ?? {}) as JsonObject
  checkMessageSize(draft, change.parts ?? message.parts, metadata)
  draft.addToTurn(turn.turn, turn.status, {
    kind: 'message-edit',
    index,
    ...(change.parts === undefined ? {} : { parts: change.parts }),
    ...(change.metadata === undefined ? {} : { metadata: change.metadata }),
  })
  if (change.parts !== undefined) dropStepsOfMessage(draft, turn, message.id, change.parts)
  return { kind: 'message-edit', messageId: message.id }
}

export function applyMessageDelete(draft: Draft, change: ChangeOf<'message-delete'>): ResultOf<'message-delete'> {
  const thread = draft.liveThread(change.threadId)
  const turns = new Map<number, TurnState | null>()
  const byTurn = new Map<TurnState, number[]>()
  const ids = new Map<string, MessageId>()
  let hidden = 0
  for (const messageId of new Set(change.messageIds)) {
    const place = findMessage(draft, thread.id, checkId(messageId, 'messageIds'))
    if (place === null) continue
    const turn = turns.get(place.turn) ?? draft.turn(place.turn)
    turns.set(place.turn, turn)
    const message = turn?.messages[place.index]
    if (turn === null || message === null || message === undefined) continue
    draft.claim({ message: message.id })
    const indexes = byTurn.get(turn) ?? []
    indexes.push(place.index)
    byTurn.set(turn, indexes)
    ids.set(`${place.turn}.${place.index}`, message.id)
    draft.releaseId({ id: message.id, ...place })
    if (stands(turn)) hidden += 1
  }
  const deleted: MessageId[] = []
  for (const [turn, indexes] of [...byTurn].sort(([left], [right]) => left.turn - right.turn)) {
    indexes.sort((left, right) => left - right)
    const gone = indexes.map((index) => ids.get(`${turn.turn}.${index}`) as MessageId)
    bury(draft, thread.id, gone, turn)
    draft.addToTurn(turn.turn, turn.status, { kind: 'message-delete', indexes })
    for (const id of gone) dropStepsOfMessage(draft, turn, id, [])
    deleted.push(...gone)
  }
  if (byTurn.size === 0) draft.add({ kind: 'message-delete', indexes: [] })
  if (hidden > 0) draft.setThread(withMessages(thread, -hidden, draft))
  return { kind: 'message-delete', deleted }
}
