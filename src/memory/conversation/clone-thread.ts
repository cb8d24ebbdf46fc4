/** Copies a thread: its newest messages or a range of dates, with its blocks, in one commit of the target space. */
import type { Change } from '../../domain/commit/commit.ts'
import { MemoryError } from '../../domain/error.ts'
import { checkId } from '../../domain/id.ts'
import { type JsonObject, mergeJson, toPatch } from '../../domain/json.ts'
import type { Message, MessageInput } from '../../domain/records/message.ts'
import { toIso } from '../../domain/time.ts'
import type { PlacedMessage } from '../../ports/storage.ts'
import type { Thread } from '../answers/records.ts'
import { type InputOf, type OutputOf, parse } from '../arguments/parse.ts'
import { appliedOf } from '../door/applied.ts'
import type { Core } from '../door/core.ts'
import { type Door, resourceSpace } from '../door/door.ts'
import { requireThread } from './threads.ts'

/** Options of `memory.cloneThread`. */
export interface CloneThreadOptions extends InputOf<'cloneThread'> {
  /** The thread to copy. */
  readonly threadId: string
  /** The resource of the thread to copy. */
  readonly resourceId: string
  /** The id of the copy. Default: a new id. */
  readonly newThreadId?: string
  /** The title of the copy. Default: the title of the source. */
  readonly title?: string | null
  /** Deep-merged into the metadata of the source. */
  readonly metadata?: Record<string, unknown>
  /** Copies only this many of the newest messages. Default: all, up to `limits.cloneMessages`. */
  readonly last?: number
  /** Copies only messages created in this range, both ends included. */
  readonly dateRange?: { readonly start?: Date | string | number; readonly end?: Date | string | number }
  /** The resource that gets the copy. Default: the resource of the source. */
  readonly to?: { readonly resourceId: string }
}

/** The answer of `memory.cloneThread`. */
export interface ClonedThread {
  /** The copy. */
  readonly thread: Thread
  /** The new id of each message, by the id it has in the source. */
  readonly messageIds: ReadonlyMap<string, string>
}

type Parsed = OutputOf<'cloneThread'>

/** The messages to copy, in thread order; refused if there are more than one commit may hold. */
async function messagesOf(source: Door, parsed: Parsed): Promise<{ places: readonly PlacedMessage[]; asOf: number }> {
  const most = source.core.limits.cloneMessages
  const limit = parsed.last === undefined ? most : Math.min(parsed.last, most)
  const listed = await source.messages.list({
    threadId: parsed.threadId,
    direction: 'desc',
    after: null,
    asOf: null,
    limit,
    offset: 0,
    from: parsed.dateRange?.start === undefined ? null : toIso(parsed.dateRange.start, 'dateRange.start'),
    to: parsed.dateRange?.end === undefined ? null : toIso(parsed.dateRange.end, 'dateRange.end'),
  })
  if (listed.more && (parsed.last === undefined || parsed.last > most)) {
    throw new MemoryError('limit-exceeded', {
      message: `The thread has more than ${most} messages to copy.`,
      fix: 'Copy the newest ones with last, or a dateRange.',
      details: { limit: 'cloneMessages', allowed: most },
    })
  }
  return { places: listed.items.toReversed(), asOf: listed.asOf }
}

function copyOf(message: Message): MessageInput {
  const { role, parts, metadata, author, createdAt } = message
  return { role, parts, author, createdAt, ...(metadata === undefined ? {} : { metadata }) }
}

/** Copies a thread. Open or suspended turns are copied in their current state. */
export async function cloneThread(core: Core, options: CloneThreadOptions): Promise<ClonedThread> {
  const parsed = await parse('cloneThread', options)
  const source = resourceSpace(core, parsed.resourceId)
  const target = parsed.to === undefined ? source : resourceSpace(core, parsed.to.resourceId)
  const newThreadId = checkId(parsed.newThreadId ?? `thread_${core.createId()}`, 'newThreadId')
  const thread = await requireThread(source, checkId(parsed.threadId, 'threadId'))
  const { places, asOf } = await messagesOf(source, parsed)
  const turns = [...Map.groupBy(places, ({ turn }) => turn).values()]
  const blocks = (await source.blocks.list(thread.id)).items
  const metadata = mergeJson(thread.metadata, toPatch(parsed.metadata ?? {}, 'metadata')) as JsonObject
  const change: Change = {
    kind: 'thread-clone',
    threadId: newThreadId,
    title: parsed.title === undefined ? thread.title : parsed.title,
    metadata,
    source: { space: source.id, threadId: thread.id, asOf },
    turns: turns.map((turn) => turn.map(({ message }) => copyOf(message))),
    blocks: blocks.map(({ name, format, value }) => ({ name, format, value })),
  }
  const { result } = appliedOf(await target.submit([change]), 'thread-clone')
  const messageIds = new Map<string, string>()
  turns.forEach((turn, turnIndex) => {
    turn.forEach(({ message }, index) => {
      messageIds.set(message.id, result.messageIds[turnIndex]?.[index] as string)
    })
  })
  return { thread: await requireThread(target, newThreadId), messageIds }
}
