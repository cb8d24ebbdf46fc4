/** The draft of a commit: the decisions so far, over a view of the space. Nothing outside it changes. */

import type { Actor } from '../actor.ts'
import type { Change, Commit } from '../commit/commit.ts'
import type { Effect, LogRow } from '../commit/effect.ts'
import type { Named } from '../commit/effect-names.ts'
import type { LostOfRun, RunLoss } from '../erase/erase-run.ts'
import type { Erasure } from '../erase/erasure.ts'
import { invalidInput, invariant, notFound } from '../error.ts'
import { checkId, type FactId, type RunId, type Seq, type ThreadId, unpackTurn } from '../id.ts'
import { refuseIssuedForm } from '../issued-id.ts'
import type { Limits } from '../limits.ts'
import type { BlockState } from '../records/block.ts'
import type { EntryState } from '../records/entry.ts'
import type { FactState } from '../records/fact.ts'
import type { LeaseState } from '../records/lease.ts'
import type { RecordState } from '../records/record.ts'
import type { RunState } from '../records/run.ts'
import { newThread, type ThreadState } from '../records/thread.ts'
import type { CallerMessageId, TurnState, TurnStatus } from '../records/turn.ts'
import type { SpaceView } from '../replay/space-view.ts'
import { foldTurn } from '../replay/turn-fold.ts'
import type { SpaceAddress, SpaceSettings, SpaceState } from '../space.ts'
import { type Claim, Claims } from './claims.ts'
import { DraftRows } from './draft-rows.ts'
import { DraftWork } from './draft-work.ts'

/** The context of a commit: its seq, its times, the actor and the limits. */
export interface CommitContext {
  readonly space: SpaceState
  readonly address: SpaceAddress
  readonly seq: Seq
  /** ISO time of the clock: every deadline is made from it and compared with it. */
  readonly at: string
  /** ISO time that never falls, by which the log is ordered. */
  readonly logAt: string
  readonly actor: Actor
  readonly limits: Limits
}

/** The times that the rows of a commit carry. */
function commitTimes({ at, logAt }: Pick<CommitContext, 'at' | 'logAt'>) {
  return logAt === at ? { at } : { at, logAt }
}

/** Collects rows and new record states while the changes of one commit are decided in order. */
export class Draft {
  readonly view: SpaceView
  readonly commit: Commit
  readonly space: SpaceState
  readonly address: SpaceAddress
  readonly seq: Seq
  readonly at: string
  readonly logAt: string
  readonly actor: Actor
  readonly limits: Limits
  readonly counts: { threads: number; archivedThreads: number; entries: number }
  readonly entries = new Map<string, EntryState>()
  readonly blocks = new Map<string, BlockState>()
  /** Facts and runs that this commit changes: as they were before it, and as they are after it. */
  readonly facts = new Map<FactId, { readonly before: FactState | null; readonly after: FactState }>()
  readonly runs = new Map<RunId, { readonly before: RunState | null; readonly after: RunState }>()
  /** Records that this commit changes, by name. */
  readonly records = new Map<string, RecordState>()
  readonly leases = new Map<string, LeaseState | null>()
  readonly work = new DraftWork()
  readonly callerIds: CallerMessageId[] = []
  /** Messages with a caller's id, perhaps, that this commit deletes or discards. */
  readonly releasedIds: CallerMessageId[] = []
  /** Entries and records, and facts, whose expired content leaves the log with this commit. */
  readonly swept: (Named & { readonly version: Seq })[] = []
  readonly sweptFacts: { readonly factId: FactId; readonly version: Seq }[] = []
  /** Parts of runs that leave the log with this commit. */
  readonly lostOfRuns: LostOfRun[] = []
  /** Turns whose content leaves the log with this commit. */
  readonly discarded: number[] = []
  /** Everything that leaves the log and the tables with this commit; null unless it is an erasure. */
  erasure: Erasure | null = null
  /** Places of the turns this commit opens, in order. */
  readonly openedTurns: number[] = []
  /** Turns that begin in this commit, opened or complete at once. */
  turnsOpened = 0
  settings: SpaceSettings
  change: Change
  /** The place of that change in the commit. */
  index = 0
  readonly drafted = new DraftRows()
  /** Of turns of the one thread that the commit touches. */
  readonly #turnRows = new Map<number, readonly LogRow[]>()
  #claims: Claims | null = null
  #thread: ThreadState | null = null
  /** The thread that a run refers to, which need not exist. */
  #referred: string | null = null

  constructor(view: SpaceView, commit: Commit, context: CommitContext) {
    this.view = view
    this.commit = commit
    this.space = context.space
    this.address = context.address
    this.seq = context.seq
    this.at = context.at
    this.logAt = context.logAt
    this.actor = context.actor
    this.limits = context.limits
    this.settings = context.space.settings
    const { threads, archivedThreads, entries } = context.space
    this.counts = { threads, archivedThreads, entries }
    const [first] = commit.changes
    invariant(first !== undefined, 'a commit has a change')
    this.change = first
  }

  /** Moves on to the change at that index. */
  begin(index: number): void {
    this.change = this.commit.changes[index] as Change
    this.index = index
  }

  /** Claims a record for this change: a commit changes a record at most once. */
  claim(record: Claim): void {
    if (this.commit.changes.length === 1 && !('message' in record || 'block' in record)) return
    this.#claims ??= new Claims()
    this.#claims.take(record)
  }

  /** The lease of that name in this draft; its deadline may have passed. */
  lease(name: string): LeaseState | null {
    return this.leases.has(name) ? (this.leases.get(name) ?? null) : this.view.lease(name)
  }

  isLeased(name: string): boolean {
    return (this.lease(name)?.until ?? '') > this.at
  }

  /** Refuses to create anything for background work: deleted records stay deleted. */
  mayCreate(what: string, id: string): void {
    if (this.commit.background === true) {
      throw notFound(what, id, 'Background work never creates one; it was deleted meanwhile.')
    }
  }

  /** The thread with that id in this draft, deleted or not. A commit touches at most one thread. */
  findThread(threadId: string): ThreadState | null {
    this.#requireSame(threadId)
    this.#thread ??= this.view.thread(threadId)
    return this.#thread
  }

  #requireSame(threadId: string): void {
    const touched = this.#thread?.id ?? this.#referred
    if (touched === null || touched === threadId) return
    const fix = 'Use one commit for each thread.'
    throw invalidInput('changes', 'must touch at most one thread', [touched, threadId].join(', '), fix)
  }

  /** Sets the thread that the commit touches, whether it exists or not. */
  refer(threadId: string): void {
    this.#requireSame(threadId)
    this.#referred = threadId
  }

  /** The thread with that id, which must exist. */
  liveThread(threadId: string): ThreadState {
    const thread = this.findThread(checkId(threadId, 'threadId'))
    if (thread !== null && !thread.deleted) return thread
    throw notFound('thread', threadId, 'Create it with createThread, or check the id and the resourceId.')
  }

  /**
   * Creates the thread if it does not exist. Returns its former version (0 if none) if it was created, otherwise null.
   */
  ensureThread(threadId: string, create: boolean): Seq | null {
    const thread = this.findThread(checkId(threadId, 'threadId'))
    if (thread !== null && !thread.deleted) return null
    if (!create) this.liveThread(threadId)
    this.mayCreate('thread', threadId)
    refuseIssuedForm(threadId, 'threadId')
    this.claim({ thread: threadId })
    const created = newThread(threadId as ThreadId, this)
    this.count(null, created)
    this.#thread = created
    return thread?.version ?? 0
  }

  get thread(): ThreadState {
    invariant(this.#thread !== null, 'the commit touches a thread')
    return this.#thread
  }

  get touchedThread(): ThreadState | null {
    return this.#thread
  }

  setThread(thread: ThreadState): void {
    this.#thread = thread
  }

  /** Keeps the space's counters of threads: `before` and `after` are null if there is no thread. */
  count(before: ThreadState | null, after: ThreadState | null): void {
    for (const [thread, step] of [
      [before, -1],
      [after, 1],
    ] as const) {
      if (thread === null) continue
      if (thread.archivedAt === null) this.counts.threads += step
      else this.counts.archivedThreads += step
    }
  }

  /** The turn in this draft; null if it is not in the touched thread. */
  turn(turn: number): TurnState | null {
    const thread = this.thread
    if (unpackTurn(turn).turnSeq < thread.createdSeq) return null
    const stored = this.#storedRows(thread.id, turn)
    const drafted = this.drafted.of(turn, this.#head)
    const rows = drafted === null ? stored : [...stored, drafted]
    return foldTurn(rows, { key: this.space.key, address: this.address })
  }

  /** The rows that a turn has before this commit, read once: a change of a message looks at its turn several times. */
  #storedRows(threadId: ThreadId, turn: number): readonly LogRow[] {
    const known = this.#turnRows.get(turn)
    if (known !== undefined) return known
    const rows = unpackTurn(turn).turnSeq === this.seq ? [] : this.view.turnRows(threadId, turn)
    this.#turnRows.set(turn, rows)
    return rows
  }

  /** Whether this commit deletes the message with that id. */
  isReleased(messageId: string): boolean {
    return this.releasedIds.some(({ id }) => id === messageId)
  }

  /** Releases the id of a deleted or discarded message for a later message of the thread. */
  releaseId(released: CallerMessageId): void {
    const saved = this.callerIds.findIndex(({ turn, index }) => turn === released.turn && index === released.index)
    if (saved >= 0) this.callerIds.splice(saved, 1)
    this.releasedIds.push(released)
  }

  /** The fact with that id in this draft, deleted or not. */
  fact(factId: string): FactState | null {
    return this.facts.get(factId as FactId)?.after ?? this.view.fact(factId)
  }

  setFact(after: FactState): void {
    const known = this.facts.get(after.id)
    this.facts.set(after.id, { before: known === undefined ? this.view.fact(after.id) : known.before, after })
  }

  /** The version of a fact before this commit; 0 if it did not exist. */
  factBefore(factId: FactId): Seq {
    const known = this.facts.get(factId)
    return (known === undefined ? this.view.fact(factId) : known.before)?.version ?? 0
  }

  /** The run with that id in this draft, deleted or not. */
  run(runId: string): RunState | null {
    return this.runs.get(runId as RunId)?.after ?? this.view.run(runId)
  }

  setRun(before: RunState | null, after: RunState): void {
    this.runs.set(after.id, { before, after })
  }

  loseOfRun({ id: runId, version }: RunState, loss: RunLoss): void {
    this.lostOfRuns.push({ runId, version, loss })
  }

  sweep(record: Named, version: Seq): void {
    this.swept.push({ ...record, version })
  }

  /** Records an effect that belongs to no turn; returns it with the number of its change. */
  add<Kind extends Effect>(effect: Kind): Kind {
    return this.addToTurn(0, null, effect)
  }

  /** Records an effect in a turn's row, and the turn's status after it. */
  addToTurn<Kind extends Effect>(turn: number, status: TurnStatus | null, effect: Kind): Kind {
    const numbered = this.index === 0 ? effect : { ...effect, of: this.index }
    this.drafted.add(turn, status, numbered)
    return numbered
  }

  get #head() {
    return { ...commitTimes(this), seq: this.seq, actor: this.actor, threadId: this.#thread?.id ?? null }
  }

  /** The rows to append: one for the commit, or one for each turn if it touches several. */
  rows(hash: string | null): readonly LogRow[] {
    return this.drafted.all(this.#head, this.commit.id, hash)
  }
}
