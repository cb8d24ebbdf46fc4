/** Messages of a thread: saves, changes and deletes them. */

import { savedAuthor } from '../../domain/actor.ts'
import type { Change, ResultOf } from '../../domain/commit/commit.ts'
import { invalidInput, MemoryError, notFound, shown } from '../../domain/error.ts'
import { checkId, parseMessageId, type ThreadId, turnIdOf } from '../../domain/id.ts'
import { foreignId, parseIssuedId, withoutId } from '../../domain/issued-id.ts'
import { toPatch } from '../../domain/json.ts'
import type { MessageInput, MessagePart } from '../../domain/records/message.ts'
import { type ReadMessage, readMessages, readPlainMessages } from '../../domain/records/message-input.ts'
import { withAnswer } from '../../domain/records/message-parts.ts'
import { parseSpaceId } from '../../domain/space.ts'
import type { PlacedMessage } from '../../ports/storage.ts'
import { type MessageRecord, recordPlace, toStoredMessage } from '../answers/records.ts'
import type { StoredPart } from '../answers/stored-part.ts'
import { type CommitIdOption, named, namedPart } from '../arguments/commit-ids.ts'
import { unexpectedConflict } from '../arguments/refusal.ts'
import { type Applied, appliedOf } from '../door/applied.ts'
import type { Core } from '../door/core.ts'
import { Door, resourceSpace } from '../door/door.ts'
import { type NamedId, refuseForeignMessages } from '../door/foreign-ids.ts'
import { traced } from '../tracing.ts'
import { saveAnswer, saveEvent } from './trace-saves.ts'

/** Options of `memory.saveMessages`. */
export interface SaveMessagesRequest extends CommitIdOption {
  /** One message or several. They are stored together or not at all. */
  readonly messages?: unknown
  /** The thread. Required here or on the messages. Created if it does not exist, unless `turnId` is given. */
  readonly threadId?: string
  /** The user or entity whose thread it is. Required here or on the messages. */
  readonly resourceId?: string
  /** Adds to this open turn of the actor, and renews its lease. Default: the messages are a turn of their own. */
  readonly turnId?: string
}

/** The answer of `memory.saveMessages`. */
export interface SavedMessagesRecord<Time = string> {
  /** In the given order. For ids that were already in the thread, the stored message. */
  readonly messages: MessageRecord<Time>[]
  /** The turn that holds the messages. */
  readonly turnId: string
  /** Seq of the commit. */
  readonly seq: number
}

/** The one value that the options and all messages agree on. */
function agreed(name: 'threadId' | 'resourceId', stated: string | undefined, messages: readonly ReadMessage[]): string {
  let value = stated
  for (const message of messages) {
    const own = message[name]
    if (own === undefined || own === value) continue
    if (value !== undefined) {
      const rule = `must be the same for all messages of a call (${shown(value)} and ${shown(own)})`
      throw invalidInput(
        name,
        rule,
        own,
        `Save the messages of each ${name === 'threadId' ? 'thread' : 'resource'} with a call of its own.`,
      )
    }
    value = own
  }
  return checkId(value, name)
}

/** Refuses a message that names another space than `resourceId`: it would be saved in the wrong one. */
function refuseOtherSpaces(messages: readonly ReadMessage[]): void {
  for (const [index, { space }] of messages.entries()) {
    if (space === undefined) continue
    const { kind, path } = parseSpaceId(space).address
    if (kind === 'resource' && path.length === 1) continue
    const fix =
      'Leave the space out to save the message in the resource itself, or write to its space with space.commit.'
    throw invalidInput(`messages[${index}].space`, 'must be the space of a resource', space, fix)
  }
}

function storedNow(
  space: Door,
  threadId: string,
  input: MessageInput,
  saved: Applied<'message-append'>,
  index: number,
  isOpen: boolean,
): MessageRecord {
  const { actor } = space.core.access
  const { address } = parseSpaceId(space.id)
  const { id } = saved.result.messages[index] as { id: string }
  const author = savedAuthor(input.author, input.role, actor, address)
  return {
    id,
    role: input.role,
    parts: input.parts as StoredPart[],
    ...(input.metadata === undefined ? {} : { metadata: input.metadata }),
    threadId,
    ...recordPlace(space.id),
    author,
    turnId: saved.result.turnId,
    turnStatus: isOpen ? 'open' : 'complete',
    createdAt: input.createdAt ?? saved.at,
    seq: saved.seq,
  }
}

/** Saves a batch whole or not at all, in one thread. */
export async function saveMessages(core: Core, parsed: SaveMessagesRequest): Promise<SavedMessagesRecord> {
  const { turnId, commitId } = parsed
  const batch = readPlainMessages(parsed.messages)
  refuseOtherSpaces(batch)
  const threadId = agreed('threadId', parsed.threadId, batch)
  const space = resourceSpace(core, agreed('resourceId', parsed.resourceId, batch))
  const ids = batch.map(({ input: { id = '' } }, index) => ({ id, field: `messages[${index}].id` }))
  await refuseForeignMessages(space, threadId, ids, withoutId)
  const request = { threadId, turnId, given: batch.length }
  return traced(
    () => saveEvent(space, request),
    () => saveBatch(space, threadId, batch, { turnId, commitId }),
    saveAnswer,
  )
}

interface Joined {
  readonly turnId: string | undefined
  readonly commitId: string | undefined
}

async function saveBatch(
  space: Door,
  threadId: string,
  batch: readonly ReadMessage[],
  { turnId, commitId }: Joined,
): Promise<SavedMessagesRecord> {
  const answers = batch.some(({ isAnswer }) => isAnswer) ? await answersIn(space, threadId, batch, turnId) : noAnswers
  const messages = batch.filter((message) => !answers.placed.has(message)).map(({ input }) => input)
  const join = turnId === undefined ? { createThread: true } : { turnId }
  const append: Change[] = messages.length === 0 ? [] : [{ kind: 'message-append', threadId, messages, ...join }]
  const result = await space.submit([...append, ...answers.changes], named(commitId))
  const found = answers.messageIds.map((id) => storedIn(space, id, threadId))
  const changed = found.length === 0 ? [] : await Promise.all(found)
  if (messages.length === 0) {
    const { seq } = appliedOf(result, answers.changes[0]?.kind ?? 'message-edit')
    return { messages: changed, turnId: changed[0]?.turnId ?? '', seq }
  }
  const saved = appliedOf(result, 'message-append')
  const isOpen = turnId !== undefined
  const stored = saved.result.messages.every((place) => place.stored)
    ? messages.map((input, index) => storedNow(space, threadId, input, saved, index, isOpen))
    : await Promise.all(
        saved.result.messages.map((place, index) =>
          place.stored
            ? storedNow(space, threadId, messages[index] as MessageInput, saved, index, isOpen)
            : storedIn(space, place.id, threadId),
        ),
      )
  return {
    messages: changed.length === 0 ? stored : [...changed, ...stored],
    turnId: saved.result.turnId,
    seq: saved.seq,
  }
}

async function storedIn(space: Door, messageId: string, threadId: string): Promise<MessageRecord> {
  const { message } = await placeIn(space, messageId, threadId)
  return toStoredMessage(message, recordPlace(space.id))
}

/** Answers to calls that were saved earlier: the changes that add them, and the messages they belong to. */
interface Answers {
  readonly placed: ReadonlySet<ReadMessage>
  readonly changes: readonly Change[]
  readonly messageIds: readonly string[]
}

const noAnswers: Answers = { placed: new Set(), changes: [], messageIds: [] }

/** How many messages back a tool call is searched. */
const callsWithin = 50

async function answersIn(
  space: Door,
  threadId: string,
  batch: readonly ReadMessage[],
  turnId: string | undefined,
): Promise<Answers> {
  const query = { threadId, direction: 'desc', after: null, asOf: null, offset: 0, from: null, to: null } as const
  const recent = (await space.messages.list({ ...query, limit: callsWithin })).items.map(({ message }) => message)
  const placed = new Set<ReadMessage>()
  const partsById = new Map<string, readonly MessagePart[]>()
  for (const answers of batch) {
    if (answers.isAnswer !== true) continue
    const isPlaced = answers.input.parts.every((answer) => {
      const call = recent.find(({ id, parts }) => withAnswer(partsById.get(id) ?? parts, answer) !== null)
      if (call === undefined) return false
      const parts = withAnswer(partsById.get(call.id) ?? call.parts, answer)
      if (parts !== null) partsById.set(call.id, parts)
      return true
    })
    if (isPlaced) placed.add(answers)
  }
  const changes = [...partsById].map(([messageId, parts]): Change => {
    const isOwn = recent.some((message) => message.id === messageId && message.turnId === turnId)
    const before = recent.find((message) => message.id === messageId)?.parts ?? []
    const [changed, ...others] = parts.filter((part, index) => part !== before[index])
    if (isOwn && changed !== undefined && others.length === 0 && typeof changed.toolCallId === 'string') {
      const complete = { toolCallId: changed.toolCallId, part: changed }
      return { kind: 'message-extend', threadId, messageId, complete }
    }
    return { kind: 'message-edit', threadId, messageId, parts: [...parts] }
  })
  return { placed, changes, messageIds: [...partsById.keys()] }
}

async function placeIn(space: Door, messageId: string, threadId: string | undefined): Promise<PlacedMessage> {
  const places = (await space.messages.find(messageId)).filter(
    ({ message }) => threadId === undefined || message.threadId === threadId,
  )
  const [place, other] = places
  if (place === undefined) throw notFound('message', messageId, 'Check the id, its thread and its resource.')
  if (other === undefined) return place
  throw unexpectedConflict(
    `Several threads of the resource have a message ${shown(messageId)}.`,
    'Pass the threadId of the one you mean.',
    { messageId },
  )
}

interface Located {
  readonly space: Door
  readonly threadId: ThreadId
  readonly messageId: string
}

/** The space that issued a message id, as the key in the id says. */
async function issuingSpace(core: Core, { id, field }: NamedId): Promise<Door> {
  const issued = parseIssuedId(id)
  if (issued === null) {
    const rule = 'is required: a message id of your own is unique only in its resource'
    throw invalidInput('resourceId', rule, undefined, 'Pass the resourceId of the messages.')
  }
  if (issued.kind !== 'message') throw foreignId(field, id, 'message', 'Pass the id of a message.')
  const space = await (await core.storage.get()).spaces.byKey(core.access, issued.spaceKey)
  if (space === null) throw notFound('message', id, 'Check the id; it may have been forgotten.')
  return new Door(core, space)
}

/** Finds each message's space and thread; an issued id alone is enough. */
async function locate(
  core: Core,
  ids: readonly NamedId[],
  resourceId?: string,
  threadId?: string,
): Promise<readonly Located[]> {
  for (const { id } of ids) checkId(id, 'messageId')
  const named = resourceId === undefined ? null : resourceSpace(core, resourceId)
  if (named !== null) await refuseForeignMessages(named, threadId, ids)
  return Promise.all(
    ids.map(async (one) => {
      const space = named ?? (await issuingSpace(core, one))
      const { message } = await placeIn(space, one.id, threadId)
      return { space, threadId: message.threadId, messageId: one.id }
    }),
  )
}

/**
 * The same for a deletion, which may be a retry: then its messages are gone. Their thread is the one that is named, or that of
 * the turn that an id of ours names. Null if there is no such thread or message.
 */
async function locateDeleted(
  core: Core,
  one: NamedId,
  resourceId?: string,
  threadId?: string,
): Promise<Located | null> {
  return unlessAbsent(() => locateOrRetry(core, one, resourceId, threadId))
}

/** Null for what is not there, or not the caller's. */
async function unlessAbsent<Value>(read: () => Promise<Value>): Promise<Value | null> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof MemoryError && error.code === 'not-found') return null
    throw error
  }
}

async function locateOrRetry(core: Core, one: NamedId, resourceId?: string, threadId?: string): Promise<Located> {
  try {
    const [place] = await locate(core, [one], resourceId, threadId)
    return place as Located
  } catch (error) {
    if (!(error instanceof MemoryError) || error.code !== 'not-found') throw error
    const issued = parseMessageId(one.id)
    const space = resourceId === undefined ? await issuingSpace(core, one) : resourceSpace(core, resourceId)
    const turn = issued === null ? null : await space.messages.turn(turnIdOf(issued.spaceKey, issued.turn))
    const thread = (threadId as ThreadId | undefined) ?? turn?.threadId
    if (thread === undefined) throw error
    return { space, threadId: thread, messageId: one.id }
  }
}

/** One commit per thread, in the order of their first message. */
async function commitByThread<Kind extends Change['kind']>(
  located: readonly Located[],
  commitId: string | undefined,
  changesOf: (ids: readonly string[], threadId: ThreadId) => readonly (Change & { readonly kind: Kind })[],
): Promise<readonly ResultOf<Kind>[]> {
  const groups = Map.groupBy(located, ({ space, threadId }) => `${space.id} ${threadId}`)
  const done: ResultOf<Kind>[] = []
  for (const group of groups.values()) {
    const { space, threadId } = group[0] as Located
    const changes = changesOf(
      group.map(({ messageId }) => messageId),
      threadId,
    )
    const result = await space.submit(changes, await namedPart(commitId, space.id, threadId))
    // Looks at the first, and refuses a conflict.
    if (changes[0] !== undefined) appliedOf(result, changes[0].kind)
    if (result.status === 'committed') done.push(...(result.results as readonly ResultOf<Kind>[]))
  }
  return done
}

/** A change to a stored message: new content, or metadata that is deep-merged (null deletes), or both. */
export interface MessageEdit {
  /** The message to change. */
  readonly id: string
  /** Its thread. Required for an id of your own, which several threads may use. */
  readonly threadId?: string
  /** New content: a text, or parts of an AI SDK `ModelMessage`. Not together with `parts`. */
  readonly content?: unknown
  /** New parts, as an AI SDK `UIMessage` has them. */
  readonly parts?: readonly unknown[]
  /** Deep-merged into the metadata: null deletes. */
  readonly metadata?: Readonly<Record<string, unknown>>
}

function editChange(edit: MessageEdit, threadId: ThreadId): Change & { readonly kind: 'message-edit' } {
  const { content, parts, metadata } = edit
  const hasContent = content !== undefined || parts !== undefined
  const [read] = hasContent ? readMessages([{ role: 'user', ...(parts === undefined ? { content } : { parts }) }]) : []
  return {
    kind: 'message-edit',
    threadId,
    messageId: edit.id,
    ...(read === undefined ? {} : { parts: [...read.input.parts] }),
    ...(metadata === undefined ? {} : { metadata: toPatch(metadata, 'metadata') }),
  }
}

/** Options of `updateMessages`. */
export interface UpdateMessagesOptions extends CommitIdOption {
  /** What to change, each message once. */
  readonly messages: readonly MessageEdit[]
  /** Required unless memory issued every id. */
  readonly resourceId?: string
}

/** Changes messages in place: one commit per thread. */
export async function updateMessages(
  core: Core,
  { messages: edits, resourceId, commitId }: UpdateMessagesOptions,
): Promise<MessageRecord[]> {
  const located = (
    await Promise.all(
      edits.map(({ id, threadId }, index) => {
        return locate(core, [{ id, field: `messages[${index}].id` }], resourceId, threadId)
      }),
    )
  ).flat()
  // An id of a caller's own means another message in each thread.
  const placeOf = (id: string, threadId: ThreadId) => `${threadId}\n${id}`
  const byPlace = new Map(located.map(({ messageId, threadId }, at) => [placeOf(messageId, threadId), edits[at]]))
  if (byPlace.size < edits.length) {
    const fix = 'Put all changes of a message into one.'
    throw invalidInput('messages', 'must change each message once', edits.length, fix)
  }
  const changesOf = (ids: readonly string[], threadId: ThreadId) =>
    ids.map((id) => editChange(byPlace.get(placeOf(id, threadId)) as MessageEdit, threadId))
  await commitByThread<'message-edit'>(located, commitId, changesOf)
  return Promise.all(located.map(({ space, threadId, messageId }) => storedIn(space, messageId, threadId)))
}

/** Options of `memory.deleteMessages`. */
export interface DeleteMessagesOptions extends CommitIdOption {
  /** Required unless memory issued every id. With it, ids that another resource issued are refused. */
  readonly resourceId?: string
  /** The thread of the messages. Required if an id of your own is used in several threads. */
  readonly threadId?: string
}

/** Deletes messages by id: one commit per thread. What is gone already is left out of the answer. History keeps them until the horizon. */
export async function deleteMessages(
  core: Core,
  { messageIds, resourceId, threadId, commitId }: DeleteMessagesOptions & { readonly messageIds: readonly string[] },
): Promise<{ readonly deleted: readonly string[] }> {
  const ids = [...new Set(messageIds)].map((id) => ({ id: checkId(id, 'messageIds'), field: 'messageIds' }))
  const found = await Promise.all(
    ids.map((one) => {
      // Without an id of the commit, what is gone needs none.
      if (commitId !== undefined) return locateDeleted(core, one, resourceId, threadId)
      return unlessAbsent(async () => (await locate(core, [one], resourceId, threadId))[0] ?? null)
    }),
  )
  const located = found.filter((place) => place !== null)
  const deleted: string[] = []
  for (const group of Map.groupBy(located, ({ space, threadId: id }) => `${space.id} ${id}`).values()) {
    const commit = () =>
      commitByThread<'message-delete'>(group, commitId, (own, thread) => [
        { kind: 'message-delete', threadId: thread, messageIds: [...own] },
      ])
    // The whole thread may be gone by now.
    const results = (await unlessAbsent(commit)) ?? []
    deleted.push(...results.flatMap((result) => result.deleted))
  }
  return { deleted }
}
