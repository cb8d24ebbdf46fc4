/** The reference driver: the storage port in memory over `domain/apply/apply.ts`. The oracle for tests, slow and plain. */

import type { Access } from '../../domain/actor.ts'
import type { Submission } from '../../domain/apply/apply.ts'
import type { Commit, CommitResult, ResultOf } from '../../domain/commit/commit.ts'
import type { ErasedCounts } from '../../domain/commit/effect.ts'
import { noCounts, nothingErased } from '../../domain/commit/erased-counts.ts'
import { eraseFactLife, eraseLife, eraseTurn } from '../../domain/erase/erase-content.ts'
import { eraseOfRun } from '../../domain/erase/erase-run.ts'
import {
  completedReceipt,
  newReceipt,
  type ReceiptNote,
  type StoredReceipt,
  withErased,
} from '../../domain/erase/receipt.ts'
import type { Seq, SpaceId } from '../../domain/id.ts'
import type { Limits } from '../../domain/limits.ts'
import { emptyView } from '../../domain/reads/empty-view.ts'
import { leasedRun } from '../../domain/records/lease.ts'
import { proposalNoun } from '../../domain/records/proposal.ts'
import { type CommonStep, stepNoun } from '../../domain/records/step.ts'
import { tombstoneNoun } from '../../domain/records/tombstone.ts'
import { isoTime } from '../../domain/time.ts'
import type { CacheUse } from '../../ports/cache-use.ts'
import { type Clock, checkedClock } from '../../ports/clock.ts'
import type { DueWork } from '../../ports/due-work.ts'
import type { ReceiptReader, Storage } from '../../ports/storage.ts'
import { admitted } from '../admit.ts'
import { closedError } from '../closed-error.ts'
import { type Decision, decide, spaceErased } from '../decide.ts'
import { dueHorizon, dueTurn, lastTooOld } from '../due-work.ts'
import { eraseResult } from '../erase-result.ts'
import { commitHash } from '../hash.ts'
import { newSpaceKey, settingsFrom } from '../new-space.ts'
import { factReader } from './reference-facts.ts'
import {
  blockReader,
  entryReader,
  indexReader,
  logReader,
  messageReader,
  type ReferenceDatabase,
  spaceReader,
  threadReader,
} from './reference-readers.ts'
import { recordReader } from './reference-records.ts'
import { runReader } from './reference-runs.ts'
import { ReferenceSpace } from './reference-space.ts'
import { lastSeqAt } from './reference-times.ts'
import { ReferenceVectors } from './reference-vectors.ts'

export class ReferenceStorage implements Storage, ReferenceDatabase {
  readonly id: string
  readonly clock: Clock
  readonly bySpace = new Map<SpaceId, ReferenceSpace>()
  readonly listeners = new Map<SpaceId, Set<() => void>>()
  readonly spaces = spaceReader(this)
  readonly threads = threadReader(this)
  readonly messages = messageReader(this)
  readonly blocks = blockReader(this)
  readonly entries = entryReader(this)
  readonly facts = factReader(this)
  readonly runs = runReader(this)
  readonly records = recordReader(this)
  readonly log = logReader(this)
  readonly index = indexReader(this)
  readonly vectors = new ReferenceVectors(this, this.index)
  readonly receipts: ReceiptReader = {
    get: async (_, id) => this.#receipts.get(id) ?? null,
    list: async (_, { state, limit }) =>
      [...this.#receipts.values()]
        .filter((receipt) => state === null || receipt.state === state)
        .reverse()
        .slice(0, limit),
    asked: async (_, question) => {
      const pending = [...this.#receipts.values()].filter((receipt) => receipt.state === 'pending')
      return pending.find((receipt) => this.#questions.get(receipt.id) === question) ?? null
    },
  }
  readonly #receipts = new Map<string, StoredReceipt>()
  readonly #questions = new Map<string, string>()
  #seqFloor: Seq = 0
  #isClosed = false

  constructor(options: { readonly id?: string; readonly clock: Clock }) {
    this.id = options.id ?? 'reference'
    this.clock = checkedClock(options.clock)
  }

  at(space: SpaceId): ReferenceSpace | null {
    if (this.#isClosed) throw closedError('The storage')
    return this.bySpace.get(space) ?? null
  }

  all(): ReferenceSpace[] {
    if (this.#isClosed) throw closedError('The storage')
    return [...this.bySpace.values()]
  }

  async commit(access: Access, submitted: Commit, limits: Limits): Promise<CommitResult> {
    const commit = admitted(submitted)
    const space = this.at(commit.space)
    return this.write(commit.space, decide(space ?? emptyView, this.submission(access, commit, limits)))
  }

  /** A commit with everything that its decision needs. */
  submission({ actor }: Access, commit: Commit, limits: Limits): Submission {
    const newSpace = () => ({
      key: newSpaceKey(),
      floor: this.#seqFloor,
      settings: settingsFrom(limits, 'english'),
    })
    return { commit, actor, hash: commitHash(commit), nowMs: this.clock.now(), limits, newSpace }
  }

  /** Carries out a decision on the current space. */
  write(id: SpaceId, outcome: Decision): CommitResult {
    if (outcome.kind === 'answer') return outcome.result
    if (outcome.kind === 'erase-space') return this.#eraseSpace(id, outcome)
    const { draft } = outcome
    const space = this.at(id)
    const target = space ?? new ReferenceSpace(draft.space)
    this.bySpace.set(id, target)
    if (draft.erasure !== null) target.erase(structuredClone(draft.erasure))
    target.append(structuredClone(outcome.rows))
    // Deadlines are not in the log.
    for (const [name, lease] of draft.leases) if (lease !== null) target.records.leases.set(name, lease)
    for (const gone of draft.swept) eraseLife(target, gone, gone.version)
    for (const { factId, version } of draft.sweptFacts) eraseFactLife(target, factId, version)
    for (const lost of draft.lostOfRuns) eraseOfRun(target, lost)
    for (const turn of draft.discarded) eraseTurn(target, draft.thread.id, turn)
    for (const wake of this.listeners.get(id) ?? []) wake()
    return structuredClone(outcome.result)
  }

  async erase(access: Access, commit: Commit | null, limits: Limits, note: ReceiptNote): Promise<StoredReceipt> {
    return this.noted(commit === null ? nothingErased : eraseResult(await this.commit(access, commit, limits)), note)
  }

  /** Notes an erasure in its receipt. */
  async noted(erased: ResultOf<'erase'>, note: ReceiptNote): Promise<StoredReceipt> {
    const before = this.#receipts.get(note.id) ?? newReceipt(note, isoTime(this.clock.now()))
    if (!this.#questions.has(note.id)) this.#questions.set(note.id, note.asked)
    this.#receipts.set(note.id, withErased(before, erased, note))
    await this.reclaim()
    return this.#receipts.get(note.id) as StoredReceipt
  }

  cacheUse(): CacheUse {
    return { bytes: 0, limitBytes: 0, parts: { spaces: 0, words: 0, vectors: 0, entries: 0 } }
  }

  /** Memory has no files: a receipt is complete as soon as nothing is left to erase. */
  async reclaim(): Promise<boolean> {
    for (const [id, receipt] of this.#receipts) {
      if (receipt.left.length > 0 || receipt.state === 'complete') continue
      this.#receipts.set(id, completedReceipt(receipt, isoTime(this.clock.now())))
    }
    return true
  }

  #eraseSpace(id: SpaceId, decided: Extract<Decision, { kind: 'erase-space' }>): CommitResult {
    const isGone = (other: ReferenceSpace) => other.id === id || other.id.startsWith(`${id}/`)
    const gone = [...this.bySpace.values()].filter(isGone)
    const counts = { ...noCounts } as { -readonly [Count in keyof ErasedCounts]: number }
    for (const other of gone) {
      const threads = [...other.records.threads.values()].filter((thread) => !thread.deleted)
      counts.commits += other.space.seq - other.space.horizon
      counts.threads += threads.length
      counts.messages += threads.reduce((sum, thread) => sum + thread.messageCount, 0)
      counts.entries += other.space.entries
      counts.blocks += [...other.records.blocks.values()].filter((block) => !block.deleted).length
      counts.facts += other.allFacts().length
      counts.runs += other.allRuns().length
      const records = [...other.records.records.values()].filter(({ noun }) => noun !== tombstoneNoun)
      counts.records += records.filter((record) => !record.deleted).length
      this.#seqFloor = Math.max(this.#seqFloor, other.space.seq + 1)
      this.bySpace.delete(other.id)
      for (const wake of this.listeners.get(other.id) ?? []) wake()
    }
    return spaceErased(decided, gone.length, counts)
  }

  async renewLease(_: Access, id: SpaceId, { name, token, leaseMs }: { name: string; token: Seq; leaseMs: number }) {
    const space = this.at(id)
    const lease = space?.lease(name)
    if (space === null || lease === null || lease === undefined || lease.token !== token) return false
    space.records.leases.set(name, { ...lease, until: isoTime(this.clock.now() + leaseMs) })
    return true
  }

  async due(_: Access, limit: number): Promise<DueWork> {
    const now = isoTime(this.clock.now())
    const all = this.all()
    const entries = all.flatMap((space) =>
      space.expiredEntries(now).map(({ key, version }) => ({ space: space.id, key, version })),
    )
    const facts = all.flatMap((space) =>
      space.expiredFacts(now).map(({ id, version }) => ({ space: space.id, factId: id, version })),
    )
    const runs = all.flatMap((space) =>
      space.expiredRuns(now).map(({ id, version }) => ({ space: space.id, runId: id, version })),
    )
    const records = all.flatMap((space) =>
      space.expiredRecords(now).map(({ noun, key, version }) => ({ space: space.id, noun, key, version })),
    )
    const steps = all.flatMap((space) =>
      space.wakingRecords(stepNoun, now).map(({ value, version }) => {
        const { runId, path } = value as unknown as CommonStep
        return { space: space.id, runId, path, version }
      }),
    )
    const proposals = all.flatMap((space) =>
      space.wakingRecords(proposalNoun, now).map(({ key, version }) => ({ space: space.id, proposalId: key, version })),
    )
    const leases = all.flatMap((space) =>
      [...space.records.leases.values()].flatMap(({ name, token, until }) => {
        const runId = leasedRun(name)
        const isDue = runId !== null && until <= now && space.run(runId)?.status === 'running'
        return isDue ? [{ space: space.id, runId, token }] : []
      }),
    )
    const turns = all.flatMap((space) =>
      [...space.records.leases.values()].flatMap((lease) => {
        return lease.until > now ? [] : (dueTurn(space.id, lease) ?? [])
      }),
    )
    const logs = all.flatMap((space) => {
      const { logDays } = space.space.settings
      if (logDays === 0) return []
      const tooOld = isoTime(lastTooOld(this.clock.now(), logDays))
      const below = dueHorizon(space.space, lastSeqAt(space.rows, space.space.horizon, tooOld, now))
      return below === null ? [] : [{ space: space.id, below }]
    })
    return {
      entries: entries.slice(0, limit),
      facts: facts.slice(0, limit),
      runs: runs.slice(0, limit),
      records: records.slice(0, limit),
      steps: steps.slice(0, limit),
      proposals: proposals.slice(0, limit),
      leases: leases.slice(0, limit),
      turns: turns.slice(0, limit),
      logs: logs.slice(0, limit),
    }
  }

  async compact(_: Access, id: SpaceId, horizon: Seq): Promise<{ readonly rowsRemoved: number }> {
    const space = this.at(id)
    if (space === null || horizon <= space.space.horizon) return { rowsRemoved: 0 }
    return { rowsRemoved: space.compact(Math.min(horizon, space.space.seq - 1)) }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.listeners.clear()
  }
}
