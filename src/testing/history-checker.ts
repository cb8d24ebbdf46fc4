/** Checks a space's log: by itself, against the readers, and against what clients saw. For tests. */
import type { Access } from '../domain/actor.ts'
import type { LoggedCommit, LogRow } from '../domain/commit/effect.ts'
import type { Seq, SpaceId } from '../domain/id.ts'
import { equalJson, type Json } from '../domain/json.ts'
import { replayLog } from '../domain/replay/compact.ts'
import { parseSpaceId, type SpaceState } from '../domain/space.ts'
import { type Clock, systemClock } from '../ports/clock.ts'
import type { Storage } from '../ports/storage.ts'
import { checkChains } from './history-chains.ts'
import { checkObservations } from './history-observations.ts'
import { checkReaders } from './history-readers.ts'

/** What a client saw of one commit it sent. Times are of one clock for all clients, in milliseconds. */
export interface CommitObservation {
  /** The id that it was sent with. */
  readonly commitId: string
  /** When it was sent. */
  readonly startedMs: number
  /** When the answer came. */
  readonly endedMs: number
  /** The seq it was acknowledged with; null if its outcome is not known. */
  readonly seq: Seq | null
  /** Increments it made, by key. Only observed commits may touch such a key, and only by increments. */
  readonly increments?: Readonly<Record<string, number>>
  /** Items it appended, by key, each one unique. Only observed commits may touch such a key, and only by appends. */
  readonly appends?: Readonly<Record<string, Json>>
}

/** Options of `checkHistory`. */
export interface HistoryOptions {
  /** The storage's clock, which decides what counts as expired; default: the system's. */
  readonly clock?: Clock
  /**
   * Whether the log above the horizon is complete, so that replaying it gives the whole state. Default: true if the
   * horizon is 0. True for a space that was made again after an erasure and never compacted.
   */
  readonly isWhole?: boolean
  /** What clients saw of their commits. Default: none, only the log is checked. */
  readonly observations?: readonly CommitObservation[]
  /** Commits read at once. Default: 1,000. */
  readonly pageSize?: number
}

async function readLog(storage: Storage, access: Access, state: SpaceState, pageSize: number) {
  const commits: LoggedCommit[] = []
  for (let after = state.horizon; ; ) {
    const page = await storage.log.read(access, state.id, { after, limit: pageSize })
    commits.push(...page.items)
    const last = page.items.at(-1)
    if (!page.more || last === undefined) return { commits, asOf: page.asOf }
    after = last.seq
  }
}

/** Seqs dense and in order from the horizon to `asOf`, times never going back, commit ids once, rows well-formed. */
function checkOrder(commits: readonly LoggedCommit[], horizon: Seq, asOf: Seq): string[] {
  const problems: string[] = []
  const ids = new Map<string, Seq>()
  let seq = horizon
  let at = ''
  for (const commit of commits) {
    if (commit.seq !== seq + 1) problems.push(`seq ${commit.seq} follows seq ${seq}`)
    const time = commit.rows[0]?.logAt ?? commit.at
    if (time < at) problems.push(`seq ${commit.seq}: its time ${time} is before ${at}`)
    if (commit.at > time) problems.push(`seq ${commit.seq}: its clock was at ${commit.at}, after ${time}`)
    const { commitId, rows } = commit
    if (commitId !== null && ids.has(commitId))
      problems.push(`seq ${commit.seq}: commit id ${commitId} was seq ${ids.get(commitId)}`)
    else if (commitId !== null) ids.set(commitId, commit.seq)
    if (rows.length === 0) problems.push(`seq ${commit.seq}: has no rows`)
    if (rows.some((row) => row.seq !== commit.seq || row.at !== commit.at)) {
      problems.push(`seq ${commit.seq}: a row of it has another seq or time`)
    }
    if (new Set(rows.map((row) => row.turn)).size < rows.length) problems.push(`seq ${commit.seq}: a turn has two rows`)
    seq = commit.seq
    at = time
  }
  if (seq !== asOf) problems.push(`the log ends at seq ${seq}; the readers answer as of ${asOf}`)
  return problems
}

/** Every acknowledged commit at its seq, and real-time order: acknowledged before another started means a lower seq. */
function checkObserved(commits: readonly LoggedCommit[], observed: readonly CommitObservation[], horizon: Seq) {
  const problems: string[] = []
  const seqs = new Map(commits.map((commit) => [commit.commitId as string, commit.seq]))
  for (const { commitId, seq } of observed) {
    if (seq === null || seq <= horizon) continue
    const logged = seqs.get(commitId)
    if (logged === undefined) problems.push(`commit ${commitId} was acknowledged with seq ${seq} and is lost`)
    else if (logged !== seq) problems.push(`commit ${commitId} was acknowledged with seq ${seq} and lies at ${logged}`)
  }
  const acknowledged = observed.filter((observation) => observation.seq !== null)
  const byStart = acknowledged.toSorted((left, right) => left.startedMs - right.startedMs)
  const byEnd = acknowledged.toSorted((left, right) => left.endedMs - right.endedMs)
  let highest: CommitObservation | null = null
  let ended = 0
  for (const later of byStart) {
    for (let next = byEnd[ended]; next !== undefined && next.endedMs < later.startedMs; next = byEnd[++ended]) {
      if (highest === null || (next.seq ?? 0) > (highest.seq ?? 0)) highest = next
    }
    if (highest === null || (highest.seq ?? 0) < (later.seq ?? 0)) continue
    const order = `seq ${later.seq} was started after seq ${highest.seq} was acknowledged`
    problems.push(`commits ${highest.commitId} and ${later.commitId}: ${order}`)
  }
  return problems
}

/** Increments and appends of commits that are in the log are all in the final value, once. */
async function checkSums(
  storage: Storage,
  access: Access,
  space: SpaceId,
  commits: readonly LoggedCommit[],
  observed: readonly CommitObservation[],
  horizon: Seq,
): Promise<string[]> {
  const logged = new Set(commits.map((commit) => commit.commitId as string))
  const landed = observed.filter(({ commitId, seq }) => logged.has(commitId) || (seq !== null && seq <= horizon))
  const sums = new Map<string, number>()
  const items = new Map<string, Json[]>()
  for (const { increments = {}, appends = {} } of landed) {
    for (const [key, by] of Object.entries(increments)) sums.set(key, (sums.get(key) ?? 0) + by)
    for (const [key, item] of Object.entries(appends)) items.set(key, [...(items.get(key) ?? []), item])
  }
  const problems: string[] = []
  for (const [key, sum] of sums) {
    const value = (await storage.entries.get(access, space, key)).record?.value
    if (value !== sum) problems.push(`entry ${key} is ${JSON.stringify(value)}; its increments add up to ${sum}`)
  }
  for (const [key, wanted] of items) {
    const value = (await storage.entries.get(access, space, key)).record?.value
    const has = Array.isArray(value) ? value.map((item) => JSON.stringify(item)) : []
    const missing = wanted.filter((item) => has.filter((text) => text === JSON.stringify(item)).length !== 1)
    if (missing.length > 0 || has.length !== wanted.length) {
      const lost = `${missing.length} of ${wanted.length} appended items are not in it once`
      problems.push(`entry ${key} holds ${has.length} items; ${lost}`)
    }
  }
  return problems
}

/**
 * Reads the whole log of a space above its horizon and checks it: seqs dense and ordered, times never going back,
 * commit ids once, nothing observed lost or doubled, each effect's `prev` the version that really came before, replay equal to what every reader answers
 * (lease deadlines apart), and, given observations, that nothing acknowledged is lost, doubled or out of real-time
 * order. Nobody may write to the space meanwhile.
 *
 * @returns Problems in words; empty if all is well.
 */
export async function checkHistory(
  storage: Storage,
  access: Access,
  space: SpaceId,
  options: HistoryOptions = {},
): Promise<readonly string[]> {
  const { clock = systemClock, observations = [], pageSize = 1_000 } = options
  const state = await storage.spaces.get(access, space)
  if (state === null) {
    const lost = observations.filter((observation) => observation.seq !== null)
    return lost.map(({ commitId, seq }) => `commit ${commitId} was acknowledged with seq ${seq}; there is no space`)
  }
  const { commits, asOf } = await readLog(storage, access, state, pageSize)
  const isWhole = options.isWhole ?? state.horizon === 0
  const problems = [
    ...checkOrder(commits, state.horizon, state.seq),
    ...(asOf === state.seq ? [] : [`the log is as of ${asOf}, the space as of ${state.seq}`]),
    ...checkChains(commits, state.horizon, isWhole),
    ...checkObservations(commits),
    ...checkObserved(commits, observations, state.horizon),
    ...(await checkSums(storage, access, space, commits, observations, state.horizon)),
  ]
  if (!isWhole) return problems
  const rows: LogRow[] = commits.flatMap((commit) => commit.rows)
  const start = { ...state, settings: state.settings, settingsVersion: 0 }
  const fold = { key: state.key, address: parseSpaceId(state.id).address }
  const records = replayLog(rows, start, fold)
  const replayed = { ...records.space, settingsVersion: records.space.settingsVersion }
  for (const field of ['seq', 'at', 'settingsVersion', 'settings', 'threads', 'archivedThreads', 'entries'] as const) {
    if (equalJson(replayed[field] as Json, state[field] as Json)) continue
    const texts = [replayed[field], state[field]].map((value) => JSON.stringify(value))
    problems.push(`space ${field}: replay gives ${texts[0]}, the reader ${texts[1]}`)
  }
  return [...problems, ...(await checkReaders({ storage, access, space, clock }, records, rows, fold))]
}
