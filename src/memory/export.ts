/** What a memory holds on one person, whole: for a request of that person, or to move it elsewhere. */
import type { Effect, LoggedCommit } from '../domain/commit/effect.ts'
import type { Seq } from '../domain/id.ts'
import { factStatuses } from '../domain/records/fact.ts'
import { runStatuses } from '../domain/records/run.ts'
import { stepNoun } from '../domain/records/step.ts'
import type { ThreadState } from '../domain/records/thread.ts'
import { encodePart, type SpaceState, spaceId } from '../domain/space.ts'
import { isoTime } from '../domain/time.ts'
import type { Listed, ThreadPosition } from '../ports/storage.ts'
import type { ExportedResource, ExportedSpace, ExportedThread } from './answers/exported.ts'
import { findCopies } from './copies/find-copies.ts'
import { forgottenSpace } from './copies/forgotten.ts'
import type { Core } from './door/core.ts'
import { Door } from './door/door.ts'
import { exportMarkdown } from './export-markdown.ts'

/** An export, also as a text for people. */
export interface ResourceExport extends ExportedResource {
  /** The present content in Markdown: conversations, working memory, facts, entries, and what agents did. */
  readonly markdown: string
}

/** Options of `memory.exportOf`. */
export interface ExportOptions {
  /** The person, or the entity. */
  readonly resourceId: string
}

const mostCopies = 1_000
const pageSize = 500

/** All records of a listing, page by page. */
async function allOf<Item, Place>(
  read: (after: Place | null) => Promise<Pick<Listed<Item>, 'items' | 'more'>>,
  placeOf: (last: Item) => Place,
): Promise<Item[]> {
  const found: Item[] = []
  for (let after: Place | null = null; ; ) {
    const { items, more } = await read(after)
    found.push(...items)
    const last = items.at(-1)
    if (!more || last === undefined) return found
    after = placeOf(last)
  }
}

async function threadsOf(door: Door): Promise<readonly ThreadState[]> {
  const found: ThreadState[] = []
  for (let after: ThreadPosition | null = null; ; ) {
    const { items, next } = await door.threads.list({
      orderBy: 'createdAt',
      direction: 'asc',
      archived: 'any',
      metadata: null,
      scanLimit: pageSize,
      limit: pageSize,
      offset: 0,
      after,
    })
    found.push(...items)
    if (next === null) return found
    after = next
  }
}

async function exportThread(door: Door, thread: ThreadState): Promise<ExportedThread> {
  const placed = await allOf(
    (after: { turn: number; index: number } | null) =>
      door.messages.list({
        threadId: thread.id,
        direction: 'asc',
        after,
        asOf: null,
        limit: pageSize,
        offset: 0,
        from: null,
        to: null,
        turns: 'all',
      }),
    ({ turn, index }) => ({ turn, index }),
  )
  const { items: workingMemory } = await door.blocks.list(thread.id)
  return { ...thread, messages: placed.map(({ message }) => message), workingMemory }
}

async function exportSpace(door: Door, space: SpaceState): Promise<ExportedSpace> {
  const { core, id } = door
  const { records } = await core.storage.get()
  const log = await allOf(
    (after: Seq | null) => door.log.read({ after: after ?? space.horizon, limit: pageSize }),
    ({ seq }) => seq,
  )
  const runs = await allOf(
    (after: number | null) =>
      door.runs.list({ threadId: null, name: null, statuses: runStatuses, order: 'oldest', after, limit: pageSize }),
    ({ order }) => order,
  )
  const threads: ExportedThread[] = []
  for (const thread of await threadsOf(door)) threads.push(await exportThread(door, thread))
  return {
    space,
    threads,
    workingMemory: (await door.blocks.list(null)).items,
    facts: await allOf(
      (after: number | null) =>
        door.facts.list({ attributes: {}, statuses: factStatuses, order: 'oldest', after, limit: pageSize }),
      ({ order }) => order,
    ),
    entries: await allOf(
      (after: string | null) => door.entries.list({ prefix: '', after, limit: pageSize }),
      ({ key }) => key,
    ),
    runs: runs.map((run) => ({ ...run, continuation: null })),
    steps: await allOf(
      (after: string | null) => records.list(core.access, id, stepNoun, { prefix: '', after, limit: pageSize }),
      ({ key }) => key,
    ),
    log: log.map(withoutContinuations),
  }
}

/** A commit without the continuations of runs: they hold values of the application, such as a session's token. */
function withoutContinuations(commit: LoggedCommit): LoggedCommit {
  const rows = commit.rows.map((row) => ({ ...row, effects: row.effects.map(withoutContinuation) }))
  return { ...commit, rows }
}

function withoutContinuation(effect: Effect): Effect {
  if (effect.kind === 'kept' && 'run' in effect) return { ...effect, run: { ...effect.run, continuation: null } }
  if (effect.kind !== 'run-put' || effect.stated.continuation === undefined) return effect
  return { ...effect, stated: { ...effect.stated, continuation: null } }
}

/** Reads everything that is held on a resource: its space, and the spaces inside of it. */
export async function exportOf(core: Core, { resourceId }: ExportOptions): Promise<ResourceExport> {
  const home = spaceId('resource', resourceId)
  const storage = await core.storage.get()
  const own = await storage.spaces.get(core.access, home)
  const inside: SpaceState[] = own === null ? [] : [own]
  for (let after = null as SpaceState['id'] | null; ; ) {
    const prefix = `${encodePart(resourceId)}/`
    const found = await storage.spaces.list(core.access, { kind: 'resource', prefix, after, limit: pageSize })
    inside.push(...found)
    after = found.at(-1)?.id ?? null
    if (found.length < pageSize) break
  }
  const spaces: ExportedSpace[] = []
  for (const space of inside) spaces.push(await exportSpace(new Door(core, space.id), space))
  const insideIds = inside.map(({ id }) => id).filter((id) => id !== home)
  const copies = await storage.threads.copies(core.access, { space: home }, mostCopies)
  const exported = {
    resourceId,
    exportedAt: isoTime(core.storage.clock.now()),
    spaces,
    copies: [
      ...copies
        .filter(({ space }) => space !== home && !space.startsWith(`${home}/`))
        .map((copy) => ({ kind: 'thread', ...copy }) as const),
      ...(await findCopies(core, storage, forgottenSpace(storage, core.access, home, insideIds), false)).copies,
    ],
  }
  return { ...exported, markdown: exportMarkdown(exported) }
}
