/** Threads of a resource: creates, finds, lists, changes and deletes conversations. */

import type { Change, Expectation } from '../../domain/commit/commit.ts'
import { invalidInput, MemoryError, notFound, shown } from '../../domain/error.ts'
import { checkFilter } from '../../domain/filter.ts'
import { checkId, type ThreadId } from '../../domain/id.ts'
import { type Json, toPatch } from '../../domain/json.ts'
import { limitExceeded } from '../../domain/limits.ts'
import { mainBlock } from '../../domain/records/block-key.ts'
import { parseSpaceId } from '../../domain/space.ts'
import type { ThreadOrder, ThreadPosition } from '../../ports/storage.ts'
import { type Thread, toThread } from '../answers/records.ts'
import { decodeCursor, encodeCursor, numberAt } from '../arguments/cursor.ts'
import { type InputOf, parse, unexpectedConflict } from '../arguments/parse.ts'
import { appliedOf } from '../door/applied.ts'
import type { Core } from '../door/core.ts'
import { type Door, resourceSpace } from '../door/door.ts'
import { startingValue } from '../working-memory/blocks.ts'

/** Options of `memory.createThread`. */
export interface CreateThreadOptions extends InputOf<'createThread'> {
  /** The user or entity whose conversation it is. */
  readonly resourceId: string
  /** An id of your own, unique in the resource. Default: a new id. */
  readonly threadId?: string
  /** Shown in lists. Default: null. */
  readonly title?: string | null
  /** A plain JSON object. `workingMemory` in it becomes the first working memory of the thread. */
  readonly metadata?: Record<string, unknown>
}

/** Creates a thread; its metadata may seed working memory. */
export async function createThread(core: Core, options: CreateThreadOptions): Promise<Thread> {
  const parsed = await parse('createThread', options)
  const space = resourceSpace(core, parsed.resourceId)
  const threadId = checkId(parsed.threadId ?? `thread_${core.createId()}`, 'threadId')
  const { workingMemory, ...rest } = parsed.metadata ?? {}
  const put: Change = {
    kind: 'thread-put',
    threadId,
    ...(parsed.title === undefined ? {} : { title: parsed.title }),
    ...(parsed.metadata === undefined ? {} : { metadata: toPatch(rest, 'metadata') }),
  }
  const seed =
    workingMemory === undefined || workingMemory === null ? null : await seedOf(space, threadId, workingMemory as Json)
  await createWith(space, threadId, put, seed)
  return requireThread(space, threadId)
}

interface Seed {
  readonly change: Change
  readonly expect: Expectation
}

/** The first working memory of a new thread; in resource scope only if there is none yet. */
async function seedOf(space: Door, threadId: string, workingMemory: Json): Promise<Seed | null> {
  const isThread = space.core.behaviour.workingMemory?.scope === 'thread'
  const where = isThread ? { name: mainBlock, threadId } : { name: mainBlock }
  if (!isThread && (await space.blocks.get(null, mainBlock)).record !== null) return null
  const value = await startingValue(space.core, workingMemory)
  const { name, ...rest } = where
  const change: Change = { kind: 'block-write', ...where, ...value }
  return { change, expect: { absent: { block: name, ...rest } } }
}

async function createWith(space: Door, threadId: string, put: Change, seed: Seed | null): Promise<void> {
  const absent: Expectation = { absent: { thread: threadId } }
  const changes = seed === null ? [put] : [put, seed.change]
  const expect = seed === null ? [absent] : [absent, seed.expect]
  const result = await space.submit(changes, { expect })
  if (result.status === 'committed') return
  const exists = result.failed.some(({ expectation }) => 'absent' in expectation && 'thread' in expectation.absent)
  // Only a block was written in between: it stays, and the thread is created without the seed.
  if (!exists) return createWith(space, threadId, put, null)
  throw unexpectedConflict(
    `The resource has a thread ${shown(threadId)} already.`,
    'Use getThreadById to read it, or updateThread to change it.',
    { threadId },
  )
}

export async function requireThread(space: Door, threadId: string): Promise<Thread> {
  const { record } = await space.threads.get(threadId)
  if (record === null)
    throw notFound('thread', threadId, 'Create it with createThread, or check the id and the resourceId.')
  return toThread(record, space.id)
}

/** Options of `memory.getThreadById`. */
export interface GetThreadOptions extends InputOf<'getThreadById'> {
  readonly threadId: string
  /** The resource of the thread. Without it, all resources that the actor may read are searched. */
  readonly resourceId?: string
}

/** The thread of that id, or null. Without `resourceId` looks through all resources that the actor may read. */
export async function getThreadById(core: Core, options: GetThreadOptions): Promise<Thread | null> {
  const { threadId, resourceId } = await parse('getThreadById', options)
  checkId(threadId, 'threadId')
  if (resourceId !== undefined) {
    const space = resourceSpace(core, resourceId)
    const { record } = await space.threads.get(threadId)
    return record === null ? null : toThread(record, space.id)
  }
  const storage = await core.storage.get()
  const all = await storage.threads.find(core.access, threadId, core.limits.pageSize)
  const found = all.filter(({ space }) => {
    const { kind, path } = parseSpaceId(space).address
    return kind === 'resource' && path.length === 1
  })
  if (found.length > 1) {
    throw unexpectedConflict(
      `Several resources have a thread ${shown(threadId)}.`,
      'Pass the resourceId of the one you mean.',
      { threadId, resources: found.length },
    )
  }
  const [only] = found
  return only === undefined ? null : toThread(only.thread, only.space)
}

/** Options of `memory.listThreads`. */
export interface ListThreadsOptions extends InputOf<'listThreads'> {
  readonly resourceId: string
  /** Only threads whose metadata match. The operators are those of `recall`. */
  readonly filter?: { readonly metadata?: Record<string, unknown> }
  /** `true`: only archived threads. `'any'`: archived or not. Default: `false`, only threads that are not archived. */
  readonly archived?: boolean | 'any'
  /** Number of the page, from 0. Default: 0. Not together with `cursor`. */
  readonly page?: number
  /** Threads on one page; `false` for all, up to `limits.pageSize`. Default: 100. */
  readonly perPage?: number | false
  /** `nextCursor` of the page before this one. Pass the same other options with it. */
  readonly cursor?: string
  /** The order. Default: `lastMessageAt`, newest first. */
  readonly orderBy?: {
    readonly field?: 'lastMessageAt' | 'createdAt'
    readonly direction?: 'ASC' | 'DESC' | 'asc' | 'desc'
  }
}

/** A page of threads, in the order that was asked for. */
export interface ThreadPage {
  /** The threads of this page. */
  readonly threads: Thread[]
  /** Threads that match, in all pages; null with a filter, if there are more threads than `limits.filterScan`. */
  readonly total: number | null
  /** Number of this page, from 0. */
  readonly page: number
  /** Threads per page, or `false` if all were asked for. */
  readonly perPage: number | false
  /** Whether there are later pages. */
  readonly hasMore: boolean
  /**
   * Where the next page begins; absent on the last one. Faster and more stable than `page`. With a filter, a short or
   * empty page may still have one: a page ends after `limits.filterScan` threads were searched.
   */
  readonly nextCursor?: string
  /** Seq of the space as listed. */
  readonly asOf: number
}

function cursorKind(order: ThreadOrder, direction: string): string {
  return `threads-${order}-${direction}`
}

/** The error for a numbered page whose place is unknown: the filter would have to search too many threads before it. */
function tooFar({ limits: { filterScan } }: Core): MemoryError {
  const { code, message, details } = limitExceeded('The way to this page', filterScan + 1, 'filterScan', filterScan)
  return new MemoryError(code, { message, fix: 'Follow nextCursor instead of counting pages.', details })
}

/** A page of a resource's threads, newest first unless asked otherwise. Archived ones only on request. */
export async function listThreads(core: Core, options: ListThreadsOptions): Promise<ThreadPage> {
  const parsed = await parse('listThreads', options)
  const { resourceId, page = 0, perPage = 100, cursor, archived = false } = parsed
  const limit = perPage === false ? core.limits.pageSize : Math.min(perPage, core.limits.pageSize)
  const orderBy = parsed.orderBy?.field ?? 'lastMessageAt'
  const direction = (parsed.orderBy?.direction ?? 'desc').toLowerCase() as 'asc' | 'desc'
  const space = resourceSpace(core, resourceId)
  if (cursor !== undefined && page > 0) {
    throw invalidInput('page', 'must not go with a cursor', page, 'Pass one of the two.')
  }
  const filter = parsed.filter?.metadata
  const listed = await (await core.storage.get()).threads.list(core.access, space.id, {
    orderBy,
    direction,
    archived,
    metadata: filter === undefined ? null : checkFilter(filter, 'filter.metadata', core.limits),
    scanLimit: core.limits.filterScan,
    limit,
    offset: page * limit,
    after: cursor === undefined ? null : await positionOf(space, cursor, cursorKind(orderBy, direction)),
  })
  if (page > 0 && listed.more && listed.items.length < limit) throw tooFar(core)
  const { key } = listed
  const next =
    listed.next === null || key === null
      ? {}
      : { nextCursor: encodeCursor(cursorKind(orderBy, direction), key, Object.values(positionFields(listed.next))) }
  const threads = listed.items.map((thread) => toThread(thread, space.id))
  return {
    threads,
    total: listed.total,
    page,
    perPage: perPage === false ? false : limit,
    hasMore: listed.more,
    ...next,
    asOf: listed.asOf,
  }
}

function positionFields({ asOf, order, threadId }: ThreadPosition) {
  return { asOf, order, threadId }
}

async function positionOf(space: Door, cursor: string, kind: string): Promise<ThreadPosition> {
  const fields = decodeCursor(cursor, kind, (await space.state())?.key ?? null)
  return { asOf: numberAt(fields, 0), order: numberAt(fields, 1), threadId: String(fields[2]) as ThreadId }
}

/** All threads of a resource, newest first. */
export async function getThreadsByResourceId(core: Core, options: { readonly resourceId: string }): Promise<Thread[]> {
  const { resourceId } = await parse('getThreadsByResourceId', options)
  const threads: Thread[] = []
  let cursor: string | undefined
  do {
    const next = cursor === undefined ? {} : { cursor }
    const page = await listThreads(core, { resourceId, perPage: false, archived: 'any', ...next })
    threads.push(...page.threads)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return threads
}

/** Options of `memory.updateThread`. Fields that you leave out stay as they are. */
export interface UpdateThreadOptions extends InputOf<'updateThread'> {
  readonly threadId: string
  readonly resourceId: string
  /** The new title; null removes it. */
  readonly title?: string | null
  /** Deep-merged into the metadata: objects recurse, arrays replace, null deletes. */
  readonly metadata?: Record<string, unknown>
  /** Change the thread only if this is its `version`. Otherwise the answer is a conflict. */
  readonly ifVersion?: number
}

/** The changed thread, or the current one if `ifVersion` did not hold. */
export type ThreadUpdate =
  | ({ readonly status: 'updated' } & Thread)
  | { readonly status: 'conflict'; readonly current: Thread | null }

async function putThread(space: Door, put: Change & { kind: 'thread-put' }, ifVersion?: number): Promise<ThreadUpdate> {
  const { threadId } = put
  checkId(threadId, 'threadId')
  // The thread must exist in any case: an update never creates one.
  for (;;) {
    const { record } = await space.threads.get(threadId)
    if (record === null && ifVersion === undefined) await requireThread(space, threadId)
    const version = ifVersion ?? record?.version ?? 0
    const result = await space.submit([put], { expect: [{ version, of: { thread: threadId } }] })
    if (result.status === 'committed') {
      return { status: 'updated', ...(await requireThread(space, threadId)) }
    }
    if (ifVersion === undefined) continue
    const { record: current } = await space.threads.get(threadId)
    return { status: 'conflict', current: current === null ? null : toThread(current, space.id) }
  }
}

/** Changes title and metadata; metadata is deep-merged, null deletes. */
export async function updateThread(core: Core, options: UpdateThreadOptions): Promise<ThreadUpdate> {
  const parsed = await parse('updateThread', options)
  const put = {
    kind: 'thread-put',
    threadId: parsed.threadId,
    ...(parsed.title === undefined ? {} : { title: parsed.title }),
    ...(parsed.metadata === undefined ? {} : { metadata: toPatch(parsed.metadata, 'metadata') }),
  } as const
  return putThread(resourceSpace(core, parsed.resourceId), put, parsed.ifVersion)
}

/** Names one thread of a resource. */
export interface NamedThread extends InputOf<'namedThread'> {
  readonly threadId: string
  readonly resourceId: string
}

/** Archives a thread, or removes it from the archive. */
export async function archiveThread(core: Core, options: NamedThread, archived: boolean): Promise<Thread> {
  const { threadId, resourceId } = await parse('namedThread', options, archived ? 'archiveThread' : 'unarchiveThread')
  const update = await putThread(resourceSpace(core, resourceId), { kind: 'thread-put', threadId, archived })
  if (update.status === 'updated') {
    const { status: _, ...thread } = update
    return thread
  }
  throw new MemoryError('bug', { message: 'An update without ifVersion met a conflict.', fix: 'Please report this.' })
}

/** Deletes a thread with its messages and blocks; history keeps them until the horizon. */
export async function deleteThread(core: Core, options: NamedThread): Promise<{ readonly deleted: boolean }> {
  const { threadId, resourceId } = await parse('namedThread', options, 'deleteThread')
  const space = resourceSpace(core, resourceId)
  checkId(threadId, 'threadId')
  if ((await space.threads.get(threadId)).record === null) return { deleted: false }
  const result = appliedOf(await space.submit([{ kind: 'thread-delete', threadId }]), 'thread-delete')
  return { deleted: result.result.deleted }
}
