/** Copies a thread, or whole turns of it, with its blocks, in one commit of the target space. */
import type { Change, ChangeOf } from '../../domain/commit/commit.ts'
import { MemoryError, notFound } from '../../domain/error.ts'
import { checkId } from '../../domain/id.ts'
import { type JsonObject, mergeJson, toPatch } from '../../domain/json.ts'
import type { Message, MessageInput } from '../../domain/records/message.ts'
import { dateRangeEnds, toRange } from '../../domain/time.ts'
import type { MessagePosition, PlacedMessage } from '../../ports/storage.ts'
import type { ThreadRecord } from '../answers/records.ts'
import { type CommitIdOption, named, uniquePartOf } from '../arguments/commit-ids.ts'
import { appliedOf } from '../door/applied.ts'
import type { Core } from '../door/core.ts'
import { type Door, resourceSpace } from '../door/door.ts'
import { refuseForeignMessages } from '../door/foreign-ids.ts'
import { type NamedThread, requireThread, type ThreadFields } from './threads.ts'

/** Options of `memory.cloneThread`. */
export interface CloneThreadRequest<Time = string> extends NamedThread, ThreadFields, CommitIdOption {
  /** The id of the copy. Default: a new id. */
  readonly newThreadId?: string
  /**
   * Copies only the newest messages, at least this many: turns are copied whole. Default: all, up to
   * `limits.cloneMessages`.
   */
  readonly last?: number
  /** Copies only up to the turn of this message, that turn included. Default: to the end. */
  readonly upTo?: string
  /** Copies only messages created in this range, both ends included. */
  readonly dateRange?: { readonly start?: Time; readonly end?: Time }
  /** The resource that gets the copy. Default: the resource of the source. */
  readonly to?: { readonly resourceId: string }
}

/** The answer of `memory.cloneThread`. */
export interface ClonedThreadRecord {
  /** The copy. */
  readonly thread: ThreadRecord
  /** The new id of each message, by the id it has in the source. */
  readonly messageIds: readonly { readonly from: string; readonly to: string }[]
}

/** Messages read at once to complete the oldest turn. */
const restOfTurn = 20

interface Copied {
  readonly places: readonly PlacedMessage[]
  readonly asOf: number
}

/** A place behind every message of a turn. */
const turnEnd = Number.MAX_SAFE_INTEGER

/** The place behind the turn of a message; null without one. */
async function endOf(source: Door, { threadId, upTo }: CloneThreadRequest): Promise<MessagePosition | null> {
  if (upTo === undefined) return null
  await refuseForeignMessages(source, threadId, [{ id: upTo, field: 'upTo' }])
  const places = await source.messages.find(checkId(upTo, 'upTo'))
  const place = places.find(({ message }) => message.threadId === threadId)
  if (place === undefined) throw notFound('message', upTo, 'Pass the id of a message that listMessages returns.')
  return { turn: place.turn, index: turnEnd }
}

function tooMany(most: number): MemoryError {
  return new MemoryError('limit-exceeded', {
    message: `The thread has more than ${most} messages to copy.`,
    fix: 'Copy the newest ones with last, or a dateRange.',
    details: { limit: 'cloneMessages', allowed: most },
  })
}

/** The messages to copy, in thread order, in whole turns; refused if there are more than one commit may hold. */
async function messagesOf(source: Door, parsed: CloneThreadRequest, asOf: number | null): Promise<Copied> {
  const { threadId, last, dateRange } = parsed
  const most = source.core.limits.cloneMessages
  const list = (after: MessagePosition | null, limit: number, as: number | null) =>
    source.messages.list({
      threadId,
      direction: 'desc',
      after,
      asOf: as,
      limit,
      offset: 0,
      ...toRange(dateRange?.start, dateRange?.end, dateRangeEnds),
    })
  const listed = await list(await endOf(source, parsed), last === undefined ? most : Math.min(last, most), asOf)
  const places = [...listed.items]
  if (listed.more && (last === undefined || last > most)) throw tooMany(most)
  for (let more = listed.more; more; ) {
    const oldest = places.at(-1)
    if (oldest === undefined) break
    const page = await list(oldest, restOfTurn, listed.asOf)
    const rest = page.items.filter(({ turn }) => turn === oldest.turn)
    places.push(...rest)
    more = page.more && rest.length === page.items.length
  }
  return { places: places.toReversed(), asOf: listed.asOf }
}

function copyOf(message: Message): MessageInput {
  const { role, parts, metadata, author, createdAt } = message
  return { role, parts, author, createdAt, ...(metadata === undefined ? {} : { metadata }) }
}

/**
 * The seq as of which the source is copied. A retry copies what it copied then, which the copy names: the clone itself has
 * moved the seq since. Else null: as it stands.
 */
async function sourceSeq(source: Door, target: Door, threadId: string, newThreadId: string): Promise<number | null> {
  const { record } = await target.threads.get(newThreadId)
  const from = record?.source
  return from?.space === source.id && from.threadId === threadId ? from.asOf : null
}

/** The turns that wait for answers, so that they can be answered in the copy, each with a run of its own. */
async function waitingTurns(
  core: Core,
  turns: readonly (readonly PlacedMessage[])[],
  commitId: string | undefined,
): Promise<Pick<ChangeOf<'thread-clone'>, 'waiting'>> {
  const waiting = turns.flatMap(([first], index) => {
    return first?.message.turnStatus === 'suspended' ? [{ index, turnId: first.message.turnId }] : []
  })
  if (waiting.length === 0) return {}
  const named = waiting.map(async (turn) => {
    return { ...turn, unique: await uniquePartOf(core.createId, commitId, turn.turnId) }
  })
  return { waiting: await Promise.all(named) }
}

/**
 * Copies a thread. A turn that waits for answers waits in the copy too, if the copy is of the same resource; the copy of any
 * other turn has ended.
 */
export async function cloneThread(core: Core, parsed: CloneThreadRequest): Promise<ClonedThreadRecord> {
  const { commitId } = parsed
  const source = resourceSpace(core, parsed.resourceId)
  const target = parsed.to === undefined ? source : resourceSpace(core, parsed.to.resourceId)
  const unique = parsed.newThreadId ?? `thread_${await uniquePartOf(core.createId, commitId)}`
  const newThreadId = checkId(unique, 'newThreadId')
  const thread = await requireThread(source, checkId(parsed.threadId, 'threadId'))
  const then = commitId === undefined ? null : await sourceSeq(source, target, thread.id, newThreadId)
  const { places, asOf } = await messagesOf(source, parsed, then)
  const turns = [...Map.groupBy(places, ({ turn }) => turn).values()]
  const blocks = (await source.blocks.list(thread.id)).items
  const metadata = mergeJson(thread.metadata, toPatch(parsed.metadata ?? {}, 'metadata')) as JsonObject
  const change: Change = {
    kind: 'thread-clone',
    threadId: newThreadId,
    title: parsed.title === undefined ? thread.title : parsed.title,
    metadata,
    source: { space: source.id, threadId: thread.id, asOf: then ?? asOf },
    turns: turns.map((turn) => turn.map(({ message }) => copyOf(message))),
    ...(source.id === target.id ? await waitingTurns(core, turns, commitId) : {}),
    blocks: blocks.map(({ name, format, value }) => ({ name, format, value })),
  }
  const { result } = appliedOf(await target.submit([change], named(commitId)), 'thread-clone')
  const messageIds = turns.flatMap((turn, turnIndex) =>
    turn.map(({ message }, index) => ({ from: message.id, to: result.messageIds[turnIndex]?.[index] as string })),
  )
  return { thread: await requireThread(target, newThreadId), messageIds }
}
