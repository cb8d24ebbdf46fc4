/** Compares the result of replaying a log with the readers of a storage. */

import type { Access } from '../domain/actor.ts'
import type { LogRow } from '../domain/commit/effect.ts'
import { recordName } from '../domain/commit/effect-names.ts'
import { labelsOf, recordNouns } from '../domain/commit/record-nouns.ts'
import { type SpaceId, unpackTurn } from '../domain/id.ts'
import { equalJson, type Json } from '../domain/json.ts'
import { type FactState, factStatuses, liveFact } from '../domain/records/fact.ts'
import { liveState } from '../domain/records/keyed-state.ts'
import type { RecordState } from '../domain/records/record.ts'
import { keepsContinuation, liveRun, type RunState, runStatuses } from '../domain/records/run.ts'
import { standing } from '../domain/records/standing.ts'
import { type TurnState, visibleMessages } from '../domain/records/turn.ts'
import type { SpaceRecords } from '../domain/replay/replay.ts'
import { type FoldSpace, foldTurn } from '../domain/replay/turn-fold.ts'
import { isoTime } from '../domain/time.ts'
import type { Clock } from '../ports/clock.ts'
import type { Listed, Storage } from '../ports/storage.ts'

/** Where the readers are asked. */
interface ReaderQuestion {
  readonly storage: Storage
  readonly access: Access
  readonly space: SpaceId
  readonly clock: Clock
}

const pageSize = 500

const excerptLength = 600

function excerpt(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > excerptLength ? `${text.slice(0, excerptLength)}…` : text
}

function differ(what: string, replayed: unknown, answered: unknown): string[] {
  if (equalJson(replayed as Json, answered as Json)) return []
  return [`${what}: replay gives ${excerpt(replayed)}, the reader ${excerpt(answered)}`]
}

/** Compares two sets of records by name: lists those that are on one side only, or differ. */
function compare(
  kind: string,
  replayed: ReadonlyMap<string, unknown>,
  answered: ReadonlyMap<string, unknown>,
): string[] {
  const names = new Set([...replayed.keys(), ...answered.keys()])
  return [...names].flatMap((name) => differ(`${kind} ${name}`, replayed.get(name) ?? null, answered.get(name) ?? null))
}

async function checkEntries({ storage, access, space, clock }: ReaderQuestion, records: SpaceRecords) {
  const before = isoTime(clock.now())
  const answered = new Map<string, unknown>()
  for (let after: string | null = null; ; ) {
    const page = await storage.entries.list(access, space, { prefix: '', after, limit: pageSize })
    for (const entry of page.items) answered.set(entry.key, entry)
    after = page.items.at(-1)?.key ?? null
    if (!page.more || after === null) break
  }
  const problems: string[] = []
  for (const key of answered.keys()) {
    const { record } = await storage.entries.get(access, space, key)
    if (record !== null) problems.push(...differ(`entry ${key} in the list`, answered.get(key), record))
  }
  const now = isoTime(clock.now())
  const live = [...records.entries.values()].filter((entry) => {
    if (entry.deleted) return false
    const isDue = entry.expiresAt !== null && entry.expiresAt <= now
    // One that expires meanwhile may be on either side.
    return !isDue || (answered.has(entry.key) && entry.expiresAt !== null && entry.expiresAt > before)
  })
  return [...problems, ...compare('entry', new Map(live.map((entry) => [entry.key, entry])), answered)]
}

async function checkFacts({ storage, access, space, clock }: ReaderQuestion, records: SpaceRecords) {
  const before = isoTime(clock.now())
  const answered = new Map<string, FactState>()
  for (let after: number | null = null; ; ) {
    const query = { attributes: {}, statuses: factStatuses, order: 'oldest', after, limit: pageSize } as const
    const page: Listed<FactState> = await storage.facts.list(access, space, query)
    for (const fact of page.items) answered.set(fact.id, fact)
    after = page.items.at(-1)?.order ?? null
    if (!page.more || after === null) break
  }
  const now = isoTime(clock.now())
  const problems: string[] = []
  for (const [id, fact] of answered) {
    const { record } = await storage.facts.get(access, space, id)
    if (record !== null) problems.push(...differ(`fact ${id} in the list`, fact, record))
    const [last] = await storage.facts.history(access, space, id, 1)
    if (record !== null)
      problems.push(...differ(`the last version of fact ${id}`, liveFact(last?.fact ?? null, now), record))
    const isOneSided = (other: string) => answered.get(other)?.conflictsWith.includes(fact.id) === false
    const [alone] = fact.conflictsWith.filter(isOneSided)
    if (alone !== undefined) problems.push(`fact ${id} is marked with ${alone}, which is not marked with it`)
  }
  // One that expires meanwhile may be on either side.
  const live = [...records.facts.values()].filter(
    (fact) => liveFact(fact, now) !== null || (answered.has(fact.id) && liveFact(fact, before) !== null),
  )
  const asRead = new Map(live.map((fact) => [fact.id as string, liveFact(fact, now) ?? fact]))
  return [...problems, ...compare('fact', asRead, answered)]
}

async function checkRuns({ storage, access, space, clock }: ReaderQuestion, records: SpaceRecords) {
  const before = isoTime(clock.now())
  const answered = new Map<string, RunState>()
  for (let after: number | null = null; ; ) {
    const all = { threadId: null, name: null, statuses: runStatuses, order: 'oldest' } as const
    const page: Listed<RunState> = await storage.runs.list(access, space, { ...all, after, limit: pageSize })
    for (const run of page.items) answered.set(run.id, run)
    after = page.items.at(-1)?.order ?? null
    if (!page.more || after === null) break
  }
  const problems: string[] = []
  for (const [id, run] of answered) {
    const { record } = await storage.runs.get(access, space, id)
    if (record !== null) problems.push(...differ(`run ${id} in the list`, run, record))
    if (!keepsContinuation(run.kind, run.status) && run.continuation !== null)
      problems.push(`run ${id} has ended and could go on`)
  }
  const now = isoTime(clock.now())
  // One that expires meanwhile may be on either side.
  const live = [...records.runs.values()].filter(
    (run) => liveRun(run, now) !== null || (answered.has(run.id) && liveRun(run, before) !== null),
  )
  return [...problems, ...compare('run', new Map(live.map((run) => [run.id as string, run])), answered)]
}

/** Whether records are found by all the labels that they have, and by no other. */
async function checkLabels({ storage, access, space, clock }: ReaderQuestion, records: SpaceRecords) {
  const problems: string[] = []
  const all = [...records.records.values()]
  const byLabel = Map.groupBy(
    all.flatMap((record) => labelsOf(record).map((label) => ({ record, label }))),
    ({ record, label }) => `${record.noun} ${label}`,
  )
  for (const group of byLabel.values()) {
    const [{ record, label }] = group as [(typeof group)[number]]
    const query = { labels: [label], after: null, limit: group.length + 1 }
    const { items } = await storage.records.labelled(access, space, record.noun, query)
    const now = isoTime(clock.now())
    const live = group.filter((one) => liveState(one.record, now) !== null).map((one) => one.record.key)
    const found = items.map(({ key }) => key)
    problems.push(...differ(`${record.noun} labelled ${label}`, live.toSorted(), found.toSorted()))
  }
  return problems
}

async function checkRecords({ storage, access, space, clock }: ReaderQuestion, records: SpaceRecords) {
  const problems: string[] = []
  for (const record of records.records.values()) {
    const { noun, key } = record
    const { record: read } = await storage.records.get(access, space, noun, key)
    const isThere = liveState(record, isoTime(clock.now())) !== null
    if (read !== null) problems.push(...differ(`${noun} ${key}`, record, read))
    else if (isThere) problems.push(`${noun} ${key} is there after replay and is not read`)
  }
  problems.push(...(await checkLabels({ storage, access, space, clock }, records)))
  for (const noun of Object.keys(recordNouns)) {
    for (let after: string | null = null; ; ) {
      const page: Listed<RecordState> = await storage.records.list(access, space, noun, {
        prefix: '',
        after,
        limit: pageSize,
      })
      for (const { key } of page.items) {
        if (!records.records.has(recordName(noun, key))) problems.push(`${noun} ${key} is read and not replayed`)
      }
      after = page.items.at(-1)?.key ?? null
      if (!page.more || after === null) break
    }
  }
  return problems
}

async function checkBlocks({ storage, access, space }: ReaderQuestion, records: SpaceRecords) {
  const live = [...records.blocks.values()].filter((block) => !block.deleted)
  const problems: string[] = []
  for (const threadId of [null, ...records.threads.keys()]) {
    const replayed = live.filter((block) => block.threadId === threadId)
    const { items } = await storage.blocks.list(access, space, threadId)
    const byName = (blocks: readonly { readonly name: string }[]) => new Map(blocks.map((block) => [block.name, block]))
    const kind = threadId === null ? 'block' : `block of thread ${threadId}`
    problems.push(...compare(kind, byName(replayed), byName(items)))
  }
  return problems
}

async function checkThreads({ storage, access, space }: ReaderQuestion, records: SpaceRecords) {
  const live = [...records.threads.values()].filter((thread) => !thread.deleted)
  const answered = new Map<string, unknown>()
  const problems: string[] = []
  for (let after = null; ; ) {
    const query = {
      orderBy: 'createdAt',
      direction: 'asc',
      archived: 'any',
      metadata: null,
      scanLimit: 1_000,
      offset: 0,
    } as const
    const page = await storage.threads.list(access, space, { ...query, after, limit: pageSize })
    for (const thread of page.items) answered.set(thread.id, thread)
    problems.push(...differ('total of threads', live.length, page.total))
    after = page.next as never
    if (after === null) break
  }
  for (const { id } of live) {
    const { record } = await storage.threads.get(access, space, id)
    problems.push(...differ(`thread ${id} in the list`, answered.get(id) ?? null, record))
  }
  return [...problems, ...compare('thread', new Map(live.map((thread) => [thread.id as string, thread])), answered)]
}

/** The turns that the log says are replaced are those that follow from all turns of the thread. */
function checkStanding(threadId: string, turns: readonly TurnState[]): string[] {
  // Without what the log says, apart from turns that were set aside.
  const plain = turns.map((turn): TurnState => {
    const { replacedBy: _, ...own } = turn
    return turn.asideAt === undefined ? own : turn
  })
  const replacedBy = standing(plain)
  return turns.flatMap((turn) =>
    differ(
      `what replaced turn ${turn.id} of thread ${threadId}`,
      turn.replacedBy ?? null,
      replacedBy.get(turn.id) ?? null,
    ),
  )
}

async function checkMessages(
  { storage, access, space }: ReaderQuestion,
  records: SpaceRecords,
  rows: readonly LogRow[],
  fold: FoldSpace,
) {
  const problems: string[] = []
  const byThread = Map.groupBy(
    rows.filter((row) => row.turn !== 0),
    (row) => row.threadId,
  )
  for (const thread of records.threads.values()) {
    if (thread.deleted) continue
    const turns = Map.groupBy(byThread.get(thread.id) ?? [], (row) => row.turn)
    const places = [...turns.keys()].filter((turn) => unpackTurn(turn).turnSeq >= thread.createdSeq)
    const folded = places.sort((left, right) => left - right).map((turn) => foldTurn(turns.get(turn) ?? [], fold))
    problems.push(
      ...checkStanding(
        thread.id,
        folded.flatMap((turn) => turn ?? []),
      ),
    )
    const replayed = folded.flatMap((turn) => (turn === null ? [] : visibleMessages(turn)))
    const answered = []
    for (let after = null; ; ) {
      const query = { threadId: thread.id, direction: 'asc', asOf: null, offset: 0, from: null, to: null } as const
      const page = await storage.messages.list(access, space, { ...query, after, limit: pageSize })
      answered.push(...page.items.map((item) => item.message))
      const last = page.items.at(-1)
      if (!page.more || last === undefined) break
      after = { turn: last.turn, index: last.index } as never
    }
    const ids = answered.map((message) => message.id)
    if (new Set(ids).size < ids.length) problems.push(`thread ${thread.id}: a message id stands in it twice: ${ids}`)
    problems.push(...differ(`messages of thread ${thread.id}`, replayed, answered))
    problems.push(...differ(`message count of thread ${thread.id}`, answered.length, thread.messageCount))
  }
  return problems
}

async function checkLeases({ storage, access, space }: ReaderQuestion, records: SpaceRecords) {
  const problems: string[] = []
  for (const thread of records.threads.values()) {
    const ofThread = [...records.leases.values()].filter((lease) => lease.threadId === thread.id)
    const turns = await storage.messages.openTurns(access, space, thread.id)
    const named = (leases: readonly { readonly name: string }[]) =>
      new Map(leases.map((lease) => [lease.name, { ...lease, until: null }]))
    problems.push(...compare('lease', named(ofThread), named(turns.map((turn) => turn.lease))))
    if (thread.deleted && ofThread.length > 0) problems.push(`thread ${thread.id} is deleted and has open turns`)
  }
  return problems
}

/** Problems where the readers differ from replay. */
export async function checkReaders(
  question: ReaderQuestion,
  records: SpaceRecords,
  rows: readonly LogRow[],
  fold: FoldSpace,
): Promise<readonly string[]> {
  return [
    ...(await checkEntries(question, records)),
    ...(await checkFacts(question, records)),
    ...(await checkRuns(question, records)),
    ...(await checkRecords(question, records)),
    ...(await checkBlocks(question, records)),
    ...(await checkThreads(question, records)),
    ...(await checkMessages(question, records, rows, fold)),
    ...(await checkLeases(question, records)),
  ]
}
