/** The door of the SQLite driver: commits queued in one tick are flushed as one transaction, in order of arrival. */
import type { Access } from '../../domain/actor.ts'
import type { Commit, CommitResult } from '../../domain/commit/commit.ts'
import { afterThis, detach, nextTurn } from '../../domain/detached.ts'
import type { ReceiptNote } from '../../domain/erase/receipt.ts'
import { MemoryError } from '../../domain/error.ts'
import type { SpaceId } from '../../domain/id.ts'
import type { Limits } from '../../domain/limits.ts'
import { admitted } from '../admit.ts'
import { closedError } from '../closed-error.ts'
import { type Decision, decide, spaceErased } from '../decide.ts'
import { commitHash } from '../hash.ts'
import { newSpaceKey, settingsFrom } from '../new-space.ts'
import { jitter } from './connection.ts'
import type { SqliteDatabase } from './database.ts'
import { eraseSpaces, seqFloor } from './erase.ts'
import type { LookedAhead } from './look-ahead.ts'
import { persistDraft } from './persist.ts'
import { hasManyMessages, PreparedMessages } from './prepared-messages.ts'
import { markUnclean, putReceipt } from './receipts.ts'
import { isBusy, isDiskFailure, isFull, sqliteCode, toMemoryError } from './sqlite-error.ts'
import { SqliteView } from './view.ts'

/** Longest time one transaction takes before the event loop gets its turn, milliseconds. */
const flushMs = 8

interface Member {
  readonly access: Access
  readonly commit: Commit
  readonly limits: Limits
  readonly hash: string | null
  /** What the receipt notes about an erasure, in the same transaction. */
  readonly note: ReceiptNote | null
  /** Where the texts of an erasure are in a long log. */
  readonly ahead: LookedAhead | null
  /** Its messages, if there are many: they are prepared before its transaction. */
  readonly messages: PreparedMessages | null
  readonly deadline: number
  readonly resolve: (result: CommitResult) => void
  readonly reject: (error: unknown) => void
  answer: CommitResult | null
  error: unknown
}

/** The error of a whole group, not of one member. */
class GroupFailure {
  readonly cause: unknown
  constructor(cause: unknown) {
    this.cause = cause
  }
}

export class CommitQueue {
  readonly #database: SqliteDatabase
  readonly #onCommit: (spaces: ReadonlySet<SpaceId>) => void
  #queue: Member[] = []
  #isFlushing = false
  #idle: (() => void)[] = []
  /** Spaces erased by the group, children included, whose followers are to be woken. */
  #erased: SpaceId[] = []

  constructor(database: SqliteDatabase, onCommit: (spaces: ReadonlySet<SpaceId>) => void) {
    this.#database = database
    this.#onCommit = onCommit
  }

  async commit(
    access: Access,
    submitted: Commit,
    limits: Limits,
    { note = null, ahead = null }: { note?: ReceiptNote | null; ahead?: LookedAhead | null } = {},
  ): Promise<CommitResult> {
    if (this.#database.isClosed) throw closedError('The storage')
    const commit = admitted(submitted)
    const hash = commitHash(commit)
    const messages = preparing(this.#database, commit)
    const deadline = performance.now() + limits.busyTimeoutMs
    return new Promise((resolve, reject) => {
      this.#queue.push({
        access,
        commit,
        limits,
        hash,
        note,
        ahead,
        messages,
        deadline,
        resolve,
        reject,
        answer: null,
        error: null,
      })
      if (this.#isFlushing) return
      this.#isFlushing = true
      // After all microtasks: other commits of the same event join the group.
      afterThis(this.#flush, this.#breakOff)
    })
  }

  /** Resolves when nothing is queued. */
  async idle(): Promise<void> {
    if (this.#isFlushing) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  // A separate function, like the one below: every commit passes both on.
  readonly #flush = (): void => {
    const first = this.#queue[0]?.messages
    if (first?.isDone === false) {
      // Those behind it keep their place.
      first.work(performance.now() + flushMs)
      nextTurn(this.#flush, this.#breakOff)
      return
    }
    try {
      this.#database.connection.begin()
    } catch (error) {
      this.#waitForLock(error)
      return
    }
    const group = this.#queue
    const done = this.#runGroup(group)
    this.#queue = group.slice(done.length)
    this.#settle(done)
    this.#continue()
  }

  #continue(): void {
    if (this.#queue.length === 0) this.#rest()
    else nextTurn(this.#flush, this.#breakOff)
  }

  #rest(): void {
    this.#isFlushing = false
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /**
   * An error that no member caused, such as a failed rollback: all waiting commits fail, and later ones start again.
   */
  readonly #breakOff = (error: unknown): void => {
    for (const member of this.#queue.splice(0)) member.reject(this.#failure(error))
    this.#rest()
  }

  #waitForLock(error: unknown): void {
    const now = performance.now()
    const isOver = (member: Member) => !isBusy(error) || now > member.deadline
    for (const member of this.#queue.filter(isOver)) member.reject(this.#failure(error))
    this.#queue = this.#queue.filter((member) => !isOver(member))
    if (this.#queue.length === 0) this.#continue()
    else detach(() => jitter().then(this.#flush), this.#breakOff)
  }

  /** Applies members until the time is up, commits, and answers the applied ones. */
  #runGroup(group: readonly Member[]): readonly Member[] {
    const { connection } = this.#database
    const done: Member[] = []
    const until = performance.now() + flushMs
    try {
      this.#database.refresh()
      for (const member of group) {
        if (member.messages?.isDone === false) break
        done.push(member)
        this.#apply(member)
        if (performance.now() > until) break
      }
    } catch (error) {
      this.#undo()
      return this.#afterFailure(done, error)
    }
    try {
      connection.commit()
    } catch (error) {
      const isKnown = connection.isTransaction || isFull(error)
      this.#undo()
      this.#failAll(done, isKnown ? this.#failure(error) : unknownOutcome(error))
    }
    return done
  }

  #undo(): void {
    this.#database.forget()
    this.#database.connection.rollback()
  }

  /** A failure while storing undid the group: run the members again one at a time, unless the disk is at fault. */
  #afterFailure(done: readonly Member[], error: unknown): readonly Member[] {
    const cause = error instanceof GroupFailure ? error.cause : error
    if (done.length === 1 || error instanceof GroupFailure) {
      this.#failAll(done, this.#failure(cause))
      return done
    }
    return done.flatMap((member) => {
      member.answer = null
      member.error = null
      try {
        this.#database.connection.begin()
      } catch (busy) {
        this.#failAll([member], this.#failure(busy))
        return [member]
      }
      return this.#runGroup([member])
    })
  }

  #failAll(members: readonly Member[], error: unknown): void {
    for (const member of members) {
      member.answer = null
      member.error = error
    }
  }

  #failure(error: unknown): MemoryError {
    return toMemoryError(error, this.#database.connection.path)
  }

  /** Applies one member; of an erasure there is a receipt, or a mark that it has none. */
  #apply(member: Member): void {
    this.#decide(member)
    const { answer, note } = member
    if (answer?.status !== 'committed' || answer.replayed || answer.results[0]?.kind !== 'erase') return
    if (note === null) markUnclean(this.#database)
    else putReceipt(this.#database, note, answer.results[0])
  }

  #decide(member: Member): void {
    const { commit, access, limits, hash, ahead, messages } = member
    const view = new SqliteView(this.#database, commit.space, ahead, messages)
    const nowMs = this.#database.clock.now()
    const newSpace = () => ({
      key: newSpaceKey(),
      floor: seqFloor(this.#database),
      settings: settingsFrom(limits, this.#database.language),
    })
    let outcome: Decision
    try {
      outcome = decide(view, { commit, actor: access.actor, hash, nowMs, limits, newSpace })
    } catch (error) {
      // After an error of SQLite's the transaction may be over, so the others of the group must not go on in it.
      if (!(error instanceof MemoryError) || sqliteCode(error) !== null) throw error
      member.error = error
      return
    }
    if (outcome.kind === 'answer') {
      member.answer = outcome.result
      return
    }
    if (outcome.kind === 'erase-space') {
      const { spaces, counts } = eraseSpaces(this.#database, commit.space)
      this.#erased.push(...spaces)
      member.answer = spaceErased(outcome, spaces.length, counts)
      return
    }
    try {
      persistDraft(this.#database, view, outcome.draft, outcome.rows)
    } catch (error) {
      const isDisk = !this.#database.connection.isTransaction || isDiskFailure(error)
      throw isDisk ? new GroupFailure(error) : error
    }
    member.answer = outcome.result
  }

  #settle(members: readonly Member[]): void {
    const changed = new Set<SpaceId>(this.#erased.splice(0))
    for (const member of members) {
      if (member.answer === null) member.reject(member.error)
      else {
        if (member.answer.status === 'committed' && !member.answer.replayed) changed.add(member.commit.space)
        member.resolve(member.answer)
      }
    }
    if (changed.size > 0) this.#onCommit(changed)
  }
}

/** Null for a commit that is prepared in its transaction. */
function preparing(database: SqliteDatabase, commit: Commit): PreparedMessages | null {
  if (!hasManyMessages(commit)) return null
  try {
    const language = database.space(commit.space)?.state.settings.language ?? database.language
    return new PreparedMessages(commit, database.clock.now(), language)
  } catch (error) {
    // The transaction waits for the file.
    if (isBusy(error)) return null
    throw toMemoryError(error, database.connection.path)
  }
}

function unknownOutcome(cause: unknown): MemoryError {
  return new MemoryError('unknown-outcome', {
    message: 'The commit may or may not have been stored.',
    fix: 'Send it again with the same commit id, which never applies twice; without an id, read first.',
    retryable: true,
    cause,
  })
}
