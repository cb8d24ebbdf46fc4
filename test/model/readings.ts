// Every answer that a driver's readers give, as one plain value: two drivers with the same history must give the same.

import type { Access } from '../../src/domain/actor.ts'
import { recordNouns } from '../../src/domain/commit/record-nouns.ts'
import { MemoryError } from '../../src/domain/error.ts'
import type { SpaceId } from '../../src/domain/id.ts'
import { factStatuses } from '../../src/domain/records/fact.ts'
import { runStatuses } from '../../src/domain/records/run.ts'
import { tombstoneNoun } from '../../src/domain/records/tombstone.ts'
import type { MessageQuery, Storage, ThreadQuery } from '../../src/ports/storage.ts'
import { blockNames, keys, messageIds, spaces, threads, words } from './plans.ts'

export const access: Access = { actor: { kind: 'system', id: 'reader' }, grants: 'all' }
const everything = 1_000

/** The answer, or the error in its place. */
export async function answerOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof MemoryError) || error.code === 'bug') throw error
    return { error: error.code, message: error.message, details: error.details }
  }
}

function sorted(items: readonly unknown[]): unknown[] {
  return items
    .map((item) => ({ item, text: JSON.stringify(item) }))
    .sort((left, right) => (left.text < right.text ? -1 : 1))
    .map(({ item }) => item)
}

export function threadQuery(pick: number, limit: number): ThreadQuery {
  return {
    orderBy: (pick & 1) === 0 ? 'lastMessageAt' : 'createdAt',
    direction: (pick & 2) === 0 ? 'desc' : 'asc',
    archived: (['any', false, true, false] as const)[(pick >> 2) & 3] ?? 'any',
    metadata: (pick & 16) === 0 ? null : (pick & 1) === 0 ? { k: 1 } : { $or: [{ k: { $gte: 1 } }, { k: null }] },
    scanLimit: (pick & 8) === 0 ? everything : 2,
    limit,
    offset: 0,
    after: null,
  }
}

export function messageQuery(pick: number, threadId: string, limit: number): MessageQuery {
  const direction = (pick & 1) === 0 ? 'asc' : 'desc'
  const from = (pick & 6) === 2 ? '2021-01-01T00:00:00.000Z' : null
  const to = (pick & 6) === 4 ? '2030-01-01T00:00:00.000Z' : null
  const turns = (['standing', 'standing', 'shown', 'all'] as const)[(pick >> 3) & 3] ?? 'standing'
  return { threadId, direction, after: null, asOf: null, limit, offset: 0, from, to, turns }
}

async function readThreads(storage: Storage, space: SpaceId): Promise<unknown> {
  const lists = []
  for (let pick = 0; pick < 32; pick++) {
    const query = threadQuery(pick, (pick % 3) + 1)
    lists.push(await storage.threads.list(access, space, { ...query, offset: pick % 2 }))
  }
  const single = []
  for (const id of threads) {
    const messages = []
    for (let pick = 0; pick < 6; pick++) {
      const query = messageQuery(pick, id, pick < 2 ? everything : 2)
      messages.push(await storage.messages.list(access, space, { ...query, offset: pick % 3 }))
    }
    const others = []
    for (const turns of ['shown', 'all'] as const) {
      others.push(await storage.messages.list(access, space, { ...messageQuery(0, id, everything), turns }))
      others.push(await storage.messages.list(access, space, { ...messageQuery(1, id, 2), turns }))
    }
    const openTurns = sorted(await storage.messages.openTurns(access, space, id))
    single.push({ thread: await storage.threads.get(access, space, id), messages, others, openTurns })
  }
  return { lists, single }
}

async function readBlocks(storage: Storage, space: SpaceId, seqs: readonly number[]): Promise<unknown> {
  const blocks = []
  for (const threadId of [null, ...threads]) {
    const list = await storage.blocks.list(access, space, threadId)
    blocks.push({ ...list, items: sorted(list.items) })
    for (const name of blockNames) {
      blocks.push(await storage.blocks.get(access, space, threadId, name))
      for (const limit of [2, everything])
        blocks.push(await storage.blocks.history(access, space, threadId, name, limit))
      for (const seq of seqs) blocks.push(await answerOf(() => storage.blocks.at(access, space, threadId, name, seq)))
    }
  }
  return blocks
}

async function readEntries(storage: Storage, space: SpaceId, seqs: readonly number[]): Promise<unknown> {
  const entries = []
  for (const prefix of ['', 'k/', 'a']) {
    const all = await storage.entries.list(access, space, { prefix, after: null, limit: everything })
    const first = await storage.entries.list(access, space, { prefix, after: null, limit: 2 })
    const after = first.items.at(-1)?.key ?? null
    entries.push(all, first, await storage.entries.list(access, space, { prefix, after, limit: 2 }))
  }
  for (const key of keys) {
    entries.push(await storage.entries.get(access, space, key))
    for (const limit of [1, everything]) entries.push(await storage.entries.history(access, space, key, limit))
    for (const seq of seqs) entries.push(await answerOf(() => storage.entries.at(access, space, key, seq)))
  }
  return entries
}

async function readFacts(storage: Storage, space: SpaceId, ids: readonly string[]): Promise<unknown> {
  const facts: unknown[] = []
  for (const order of ['oldest', 'newest'] as const) {
    for (const attributes of [{}, { agentId: 'bot' }, { agentId: 'bot', taskId: 'r' }]) {
      const query = { attributes, statuses: factStatuses, order, limit: everything } as const
      facts.push(await storage.facts.list(access, space, { ...query, after: null }))
      for (let after: number | null = null, pages = 0; pages < 2; pages++) {
        const page = await storage.facts.list(access, space, { ...query, statuses: ['current'], after, limit: 2 })
        facts.push(page)
        after = page.items.at(-1)?.order ?? null
      }
    }
  }
  for (const statuses of [['superseded'], ['queued', 'current']] as const) {
    const query = { attributes: {}, statuses, order: 'oldest', after: null, limit: 3 } as const
    facts.push(await storage.facts.list(access, space, query))
  }
  for (const sources of [['m1'], ['r', ...ids], []]) {
    facts.push(await storage.facts.derivedFrom(access, space, { sources, after: null, limit: 3 }))
  }
  for (const attributes of [{}, { agentId: 'bot' }]) {
    facts.push(await storage.facts.conflicts(access, space, { attributes, after: null, limit: 3 }))
  }
  for (const text of words.slice(1)) facts.push(await storage.facts.byText(access, space, text))
  for (const id of ids) {
    facts.push(await storage.facts.get(access, space, id))
    for (const limit of [1, everything]) facts.push(await storage.facts.history(access, space, id, limit))
  }
  return facts
}

function readPinned(storage: Storage, space: SpaceId): Promise<unknown> {
  const query = { attributes: {}, statuses: factStatuses, order: 'oldest', after: null, limit: everything } as const
  return storage.facts.list(access, space, { ...query, pinned: true })
}

async function readRuns(storage: Storage, space: SpaceId, ids: readonly string[]): Promise<unknown> {
  const runs: unknown[] = []
  for (const order of ['oldest', 'newest'] as const) {
    for (const [threadId, name] of [
      [null, null],
      ['t1', null],
      [null, 'eve'],
      ['t2', 'bot'],
    ] as const) {
      const query = { threadId, name, order } as const
      runs.push(
        await storage.runs.list(access, space, { ...query, statuses: runStatuses, after: null, limit: everything }),
      )
      for (let after: number | null = null, pages = 0; pages < 2; pages++) {
        const statuses = ['suspended', 'running', 'complete'] as const
        const page = await storage.runs.list(access, space, { ...query, statuses, after, limit: 2 })
        runs.push(page)
        after = page.items.at(-1)?.order ?? null
      }
    }
  }
  for (const id of ids) runs.push(await storage.runs.get(access, space, id))
  return runs
}

async function readRecords(storage: Storage, space: SpaceId): Promise<unknown> {
  const records = []
  for (const noun of Object.keys(recordNouns)) {
    const { list, get, labelled } = storage.records
    if (noun === tombstoneNoun) {
      // Its keys are hashes under a secret of the driver's own, so their order says nothing.
      const all = await list(access, space, noun, { prefix: '', after: null, limit: everything })
      records.push({ ...all, items: sorted(all.items.map((item) => ({ ...item, key: 'hash' }))) })
      continue
    }
    const first = await list(access, space, noun, { prefix: '', after: null, limit: 2 })
    const after = first.items.at(-1)?.key ?? null
    records.push(first, await list(access, space, noun, { prefix: '', after, limit: everything }))
    for (const key of keys) records.push(await get(access, space, noun, key))
    for (const labels of [['open'], ['author/agent/bot', 'entry/a'], ['author/system/app', 'block/main'], []]) {
      const page = await labelled(access, space, noun, { labels, after: null, limit: 2 })
      const last = page.items.at(-1)?.key ?? null
      records.push(page, await labelled(access, space, noun, { labels, after: last, limit: everything }))
    }
  }
  return records
}

async function readLog(storage: Storage, space: SpaceId, seqs: readonly number[]): Promise<unknown> {
  const log = []
  for (const after of [0, ...seqs]) {
    log.push(await answerOf(() => storage.log.read(access, space, { after, limit: everything })))
    log.push(await answerOf(() => storage.log.read(access, space, { after, limit: 2 })))
  }
  return log
}

/** Everything about one space. `moments` are times worth asking for, `ids` messages, turns, facts and runs worth finding. */
export async function readSpace(
  storage: Storage,
  space: SpaceId,
  moments: readonly string[],
  ids: {
    readonly messages: readonly string[]
    readonly turns: readonly string[]
    readonly facts: readonly string[]
    readonly runs: readonly string[]
  },
): Promise<unknown> {
  const state = await storage.spaces.get(access, space)
  const { seq, horizon } = state ?? { seq: 3, horizon: 1 }
  const seqs = [horizon - 1, horizon, Math.floor((horizon + seq) / 2), seq - 1, seq, seq + 1]
  const times = await Promise.all(moments.map((at) => storage.log.seqAt(access, space, at)))
  const found = []
  for (const id of ids.messages) found.push(sorted(await storage.messages.find(access, space, id)))
  const turns = []
  for (const id of ids.turns) turns.push(await storage.messages.turn(access, space, id))
  return {
    space,
    state,
    times,
    found,
    turns,
    byKey: state === null ? null : await storage.spaces.byKey(access, state.key),
    threads: await readThreads(storage, space),
    blocks: await readBlocks(storage, space, seqs),
    entries: await readEntries(storage, space, seqs),
    facts: await readFacts(storage, space, ids.facts),
    pinned: await readPinned(storage, space),
    runs: await readRuns(storage, space, ids.runs),
    records: await readRecords(storage, space),
    log: await readLog(storage, space, seqs),
  }
}

/** What is asked across spaces. */
export async function readAcross(storage: Storage): Promise<unknown> {
  const lists = []
  for (const kind of ['resource', 'team', 'agent'] as const) {
    for (const prefix of ['', 'r1', 't']) {
      for (const after of [null, spaces[0], spaces[1]]) {
        lists.push(await storage.spaces.list(access, { kind, prefix, after: after as SpaceId | null, limit: 2 }))
      }
    }
  }
  const found = []
  for (const id of [...threads, ...messageIds]) found.push(sorted(await storage.threads.find(access, id, everything)))
  const { entries, facts, runs, records, steps, proposals, turns, logs } = await storage.due(access, everything)
  const due = {
    entries: sorted(entries),
    facts: sorted(facts),
    runs: sorted(runs),
    records: sorted(records),
    steps: sorted(steps),
    proposals: sorted(proposals),
    turns: sorted(turns),
    logs: sorted(logs),
  }
  return { lists, found, due }
}
