/** Threads of a resource: creates, finds, lists, changes and deletes conversations. */
import type { Change, Expectation } from '../../domain/commit/commit.ts'
import { invalidInput, MemoryError, notFound, shown } from '../../domain/error.ts'
import { checkFilter } from '../../domain/filter.ts'
import { checkId, type ThreadId } from '../../domain/id.ts'
import { type Json, toPatch } from '../../domain/json.ts'
import { mainBlock } from '../../domain/records/block-key.ts'
import { parseSpaceId } from '../../domain/space.ts'
import type { ThreadOrder, ThreadPosition } from '../../ports/storage.ts'
import { type ThreadRecord, toThread } from '../answers/records.ts'
import { type CommitIdOption, named, uniquePartOf } from '../arguments/commit-ids.ts'
import { decodeCursor, encodeCursor, numberAt } from '../arguments/cursor.ts'
import { pageTooFar, unexpectedConflict } from '../arguments/refusal.ts'
import { appliedOf, failsExpectation } from '../door/applied.ts'
import type { Core } from '../door/core.ts'
import { type Door, resourceSpace, type SubmitOptions } from '../door/door.ts'
import { startingValue } from '../working-memory/form.ts'

/** A thread of a resource. */
export interface NamedThread {
  readonly resourceId: string
  readonly threadId: string
}

export interface ThreadFields {
  /** null: none. */
  readonly title?: string | null
  /** Deep-merged into what is there; null deletes a field. */
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** Options of `memory.createThread`. */
export interface CreateThreadOptions extends ThreadFields, CommitIdOption {
  /** The user or entity whose conversation it is. */
  readonly resourceId: string
  /** An id of your own, unique in the resource. Default: a new id. */
  readonly threadId?: string
}

/** Creates a thread; its metadata may seed working memory. */
export async function createThread(core: Core, options: CreateThreadOptions): Promise<ThreadRecord> {
  const { title, metadata, commitId } = options
  const space = resourceSpace(core, options.resourceId)
  const unique = options.threadId ?? `thread_${await uniquePartOf(core.createId, commitId)}`
  const threadId = checkId(unique, 'threadId')
  const { workingMemory, ...rest } = metadata ?? {}
  const put: Change = {
    kind: 'thread-put',
    threadId,
    ...(title === undefined ? {} : { title }),
    ...(metadata === undefined ? {} : { metadata: toPatch(rest, 'metadata') }),
  }
  const isSeeded = workingMemory !== undefined && workingMemory !== null
  const seed = isSeeded ? await seedOf(space, threadId, workingMemory as Json, commitId !== undefined) : null
  await createWith(space, threadId, put, seed, named(commitId))
  return requireThread(space, threadId)
}

interface Seed {
  readonly change: Change
  readonly expect: Expectation
}

/**
 * The first working memory of a new thread; in resource scope only if there is none yet. A retry asks first whether it
 * was stored with it, since by then there is one.
 */
async function seedOf(space: Door, threadId: string, workingMemory: Json, mayBeRetry: boolean): Promise<Seed | null> {
  const isThread = space.core.behaviour.workingMemory?.scope === 'thread'
  const where = isThread ? { name: mainBlock, threadId } : { name: mainBlock }
  if (!isThread && !mayBeRetry && (await space.blocks.get(null, mainBlock)).record !== null) return null
  const value = await startingValue(space.core, workingMemory)
  const { name, ...rest } = where
  const change: Change = { kind: 'block-write', ...where, ...value }
  return { change, expect: { absent: { block: name, ...rest } } }
}

async function createWith(
  space: Door,
  threadId: string,
  put: Change,
  seed: Seed | null,
  id: { readonly id?: string },
): Promise<void> {
  const absent: Expectation = { absent: { thread: threadId } }
  const changes = seed === null ? [put] : [put, seed.change]
  const expect = seed === null ? [absent] : [absent, seed.expect]
  const result = await space.submit(changes, { expect, ...id })
  if (result.status === 'committed') return
  const exists = result.failed.some(({ expectation }) => 'absent' in expectation && 'thread' in expectation.absent)
  // Only a block was written in between: it stays, and the thread is created without the seed. So it may have been
  // before a retry.
  if (!exists && seed !== null) return createWith(space, threadId, put, null, id)
  if (!exists) appliedOf(result, 'thread-put')
  throw unexpectedConflict(
    `The resource has a thread ${shown(threadId)} already.`,
    'Use getThreadById to read it, or updateThread to change it.',
    { threadId },
  )
}

export async function requireThread(space: Door, threadId: string): Promise<ThreadRecord> {
  const { record } = await space.threads.get(threadId)
  if (record === null) throw noThread(threadId)
  return toThread(record, space.id)
}

function noThread(threadId: string): MemoryError {
  return notFound('thread', threadId, 'Create it with createThread, or check the id and the resourceId.')
}

/** Options of `memory.getThreadById`. */
export interface GetThreadOptions {
  readonly threadId: string
  /** The resource of the thread. Without it, all resources that the actor may read are searched. */
  readonly resourceId?: string
}

/** The thread of that id, or null. Without `resourceId` looks through all resources that the actor may read. */
export async function getThread(core: Core, { threadId, resourceId }: GetThreadOptions): Promise<ThreadRecord | null> {
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
export interface ListThreadsOptions {
  readonly resourceId: string
  /** Only threads whose metadata match. The operators are those of `recall`. */
  readonly filter?: {
    /** What the metadata must be; the operators are those of `recall`. */
    readonly metadata?: Readonly<Record<string, unknown>>
  }
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
    /** Default: `lastMessageAt`. */
    readonly field?: 'lastMessageAt' | 'createdAt'
    /** Default: `DESC`, the newest first. */
    readonly direction?: 'ASC' | 'DESC' | 'asc' | 'desc'
  }
}

/** A page of threads, in the order that was asked for. */
export interface ThreadPageRecord<Time = string> {
  /** The threads of this page. */
  readonly threads: ThreadRecord<Time>[]
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

/** A page of a resource's threads, newest first unless asked otherwise. Archived ones only on request. */
export async function listThreads(core: Core, parsed: ListThreadsOptions): Promise<ThreadPageRecord> {
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
  if (page > 0 && listed.more && listed.items.length < limit) throw pageTooFar(core.limits)
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

/** Options of `memory.updateThread`. Fields that you leave out stay as they are. */
export interface UpdateThreadOptions extends NamedThread, ThreadFields, CommitIdOption {
  /** Change the thread only if this is its `version`. Otherwise the answer is a conflict. */
  readonly ifVersion?: number
}

/** The changed thread, or the current one if `ifVersion` did not hold. */
export type ThreadUpdateRecord<Time = string> =
  | ({ readonly status: 'updated' } & ThreadRecord<Time>)
  | {
      /** Nothing was written: an expectation did not hold. */
      readonly status: 'conflict'
      /** The current thread; null if there is none. */
      readonly current: ThreadRecord<Time> | null
    }

/** Puts a thread that is there: an update never creates one. */
async function putThread(
  space: Door,
  put: Change & { kind: 'thread-put' },
  { ifVersion, commitId }: Pick<UpdateThreadOptions, 'ifVersion' | 'commitId'>,
): Promise<ThreadUpdateRecord> {
  const { threadId } = put
  checkId(threadId, 'threadId')
  const existing: SubmitOptions =
    ifVersion === undefined
      ? // Background work never creates a thread.
        { background: true }
      : { expect: [{ version: ifVersion, of: { thread: threadId } }] }
  const result = await submitExisting(space, put, { ...existing, ...named(commitId) })
  if (ifVersion !== undefined && failsExpectation(result)) {
    const { record: current } = await space.threads.get(threadId)
    return { status: 'conflict', current: current === null ? null : toThread(current, space.id) }
  }
  appliedOf(result, 'thread-put')
  return { status: 'updated', ...(await requireThread(space, threadId)) }
}

async function submitExisting(space: Door, put: Change & { kind: 'thread-put' }, options: SubmitOptions) {
  try {
    return await space.submit([put], options)
  } catch (error) {
    throw error instanceof MemoryError && error.code === 'not-found' ? noThread(put.threadId) : error
  }
}

/** Changes title and metadata; metadata is deep-merged, null deletes. */
export async function updateThread(core: Core, options: UpdateThreadOptions): Promise<ThreadUpdateRecord> {
  const { resourceId, threadId, title, metadata } = options
  const put = {
    kind: 'thread-put',
    threadId,
    ...(title === undefined ? {} : { title }),
    ...(metadata === undefined ? {} : { metadata: toPatch(metadata, 'metadata') }),
  } as const
  return putThread(resourceSpace(core, resourceId), put, options)
}

/** Archives a thread, or removes it from the archive. */
export async function archiveThread(
  core: Core,
  { threadId, resourceId, commitId }: NamedThread & CommitIdOption,
  archived: boolean,
): Promise<ThreadRecord> {
  const space = resourceSpace(core, resourceId)
  await putThread(space, { kind: 'thread-put', threadId, archived }, commitId === undefined ? {} : { commitId })
  return requireThread(space, threadId)
}

/** Deletes a thread with its messages and blocks; history keeps them until the horizon. */
export async function deleteThread(
  core: Core,
  { threadId, resourceId, commitId }: NamedThread & CommitIdOption,
): Promise<{ readonly deleted: boolean }> {
  const space = resourceSpace(core, resourceId)
  checkId(threadId, 'threadId')
  // What is not there needs no commit; a retry must find its own.
  if (commitId === undefined && (await space.threads.get(threadId)).record === null) return { deleted: false }
  const result = await space.submit([{ kind: 'thread-delete', threadId }], named(commitId))
  return { deleted: appliedOf(result, 'thread-delete').result.deleted }
}
