/**
 * Compares the log of a space with its state: it is dense and ordered, and replaying it gives the same records as the
 * readers.
 */

import type { Access } from '../../domain/actor.ts'
import type { LoggedCommit, LogRow } from '../../domain/commit/effect.ts'
import { MemoryError } from '../../domain/error.ts'
import type { SpaceId } from '../../domain/id.ts'
import { runStatuses } from '../../domain/records/run.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import { replayLog } from '../../domain/replay/compact.ts'
import type { SpaceRecords } from '../../domain/replay/replay.ts'
import { parseSpaceId, type SpaceState } from '../../domain/space.ts'
import type { Storage } from '../../ports/storage.ts'
import { allThreads } from './all-threads.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { checkIndex } from './check-index.ts'

/** All commits above the horizon, read in pages. */
async function readLog(storage: Storage, access: Access, state: SpaceState): Promise<readonly LoggedCommit[]> {
  const commits: LoggedCommit[] = []
  for (let after = state.horizon; ; ) {
    const page = await storage.log.read(access, state.id, { after, limit: 7 })
    commits.push(...page.items)
    if (!page.more) return commits
    after = page.items.at(-1)?.seq ?? Number.POSITIVE_INFINITY
  }
}

function checkOrder(commits: readonly LoggedCommit[], state: SpaceState): void {
  const seqs = commits.map((commit) => commit.seq)
  const dense = Array.from({ length: state.seq - state.horizon }, (_, index) => state.horizon + 1 + index)
  expectEqual(seqs, dense, 'the log is dense and ordered, from the horizon to the space’s seq')
  for (let index = 1; index < commits.length; index++) {
    const [before, at] = [commits[index - 1], commits[index]].map((one) => one?.rows[0]?.logAt ?? one?.at ?? '')
    expectTrue((before ?? '') <= (at ?? ''), 'time never goes back in a log')
  }
}

async function checkRecords(storage: Storage, access: Access, space: SpaceId, records: SpaceRecords): Promise<void> {
  const threads = await storage.threads.list(access, space, allThreads)
  const liveThreads = [...records.threads.values()].filter((thread) => !thread.deleted)
  const byId = (items: readonly ThreadState[]) =>
    items.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ order: _, ...thread }) => thread)
  expectEqual(byId(threads.items), byId(liveThreads), 'replaying the log gives the threads')
  const listed = await storage.threads.list(access, space, { ...allThreads, orderBy: 'lastMessageAt' })
  const order = liveThreads.toSorted((a, b) => a.order - b.order).map((thread) => thread.id)
  expectEqual(
    listed.items.map((thread) => thread.id),
    order,
    'replaying the log gives the order of threads',
  )
  for (const entry of records.entries.values()) {
    const { record } = await storage.entries.get(access, space, entry.key)
    if (record !== null) expectEqual(entry, record, 'replaying the log gives the entry')
    else expectTrue(entry.deleted || entry.expiresAt !== null, `entry ${entry.key} is there after replay, but not read`)
  }
  for (const fact of records.facts.values()) {
    const { record } = await storage.facts.get(access, space, fact.id)
    // A fact that was stated with an end is read as superseded once that has come.
    const asRead = record === null || fact.validTo === null ? fact : { ...fact, status: record.status }
    if (record !== null) expectEqual(asRead, record, 'replaying the log gives the fact')
    else expectTrue(fact.deleted || fact.expiresAt !== null, `fact ${fact.id} is there after replay, but not read`)
  }
  const all = { threadId: null, name: null, statuses: runStatuses, order: 'oldest', after: null, limit: 1_000 } as const
  for (const { id } of (await storage.runs.list(access, space, all)).items) {
    expectTrue(records.runs.has(id), `run ${id} is read, but not there after replay`)
  }
  for (const record of records.records.values()) {
    const { record: read } = await storage.records.get(access, space, record.noun, record.key)
    if (read !== null) expectEqual(record, read, 'replaying the log gives the record')
    else expectTrue(record.deleted || record.expiresAt !== null, `${record.noun} ${record.key} is not read`)
  }
  for (const run of records.runs.values()) {
    const { record } = await storage.runs.get(access, space, run.id)
    if (record !== null) expectEqual(run, record, 'replaying the log gives the run')
    else expectTrue(run.deleted || run.expiresAt !== null, `run ${run.id} is there after replay, but not read`)
  }
  for (const block of records.blocks.values()) {
    const { record } = await storage.blocks.get(access, space, block.threadId, block.name)
    expectEqual(block.deleted ? null : block, record, 'replaying the log gives the block')
  }
  for (const thread of liveThreads) {
    const open = await storage.messages.openTurns(access, space, thread.id)
    const tokens = (leases: readonly { readonly name: string; readonly token: number }[]) =>
      leases.map(({ name, token }) => `${name} ${token}`).toSorted()
    const replayed = [...records.leases.values()].filter((lease) => lease.threadId === thread.id)
    expectEqual(tokens(replayed), tokens(open.map((turn) => turn.lease)), 'replaying the log gives the open turns')
  }
}

/** Replays all rows that are left of a space's log, and compares the records with the readers. */
export async function checkReplay(
  storage: Storage,
  access: Access,
  state: SpaceState,
  rows: readonly LogRow[],
): Promise<void> {
  const empty = { ...state, seq: state.floor, threads: 0, archivedThreads: 0, entries: 0, settingsVersion: 0 }
  const fold = { key: state.key, address: parseSpaceId(state.id).address }
  const records = replayLog(rows, empty, fold)
  expectEqual(records.space, state, 'replaying the log gives the space’s own row')
  await checkRecords(storage, access, state.id, records)
}

/** Checks a space; one that was compacted keeps rows that the port does not read, so there only the order is checked. */
export async function checkSpace(storage: Storage, access: Access, space: SpaceId): Promise<void> {
  const state = await storage.spaces.get(access, space).catch((error: unknown) => {
    if (error instanceof MemoryError && error.code === 'closed') return null
    throw error
  })
  if (state === null) return
  await checkIndex(storage, access, space)
  const commits = await readLog(storage, access, state)
  checkOrder(commits, state)
  if (state.horizon !== state.floor) return
  const rows = commits.flatMap((commit) => commit.rows)
  await checkReplay(storage, access, state, rows)
}
