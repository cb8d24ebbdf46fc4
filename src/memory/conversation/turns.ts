/** Turns, for their owners: a place in the thread, kept open during the work, closed in a named state. */

import { setTimeout as delay } from 'node:timers/promises'
import type { Change, ChangeResult, CommitResult, Expectation } from '../../domain/commit/commit.ts'
import { every, type Timer } from '../../domain/detached.ts'
import { invariant, MemoryError, notFound, shown } from '../../domain/error.ts'
import { messageIdOf, parseTurnId, type SpaceKey, type TurnId } from '../../domain/id.ts'
import type { JsonObject } from '../../domain/json.ts'
import { turnLease } from '../../domain/records/lease.ts'
import type { AgentTurnRequest, TurnEnd } from '../../ports/agent-memory.ts'
import { appliedOf } from '../door/applied.ts'
import type { Holding } from '../door/core.ts'
import type { Door } from '../door/door.ts'
import { randomId } from '../options/random-id.ts'
import { noting, RunNotes } from '../storage/run-notes.ts'
import { traced } from '../tracing.ts'
import { messagesIn, saveEvent, savesWords, turnAnswer } from './trace-saves.ts'
import { waitForTurns } from './turn-queue.ts'

/** How a turn begins, and in which space. Resuming a turn needs the run that it has. */
export interface TurnRequest extends AgentTurnRequest {
  readonly space: Door
}

type ReadTurn = Awaited<ReturnType<Door['messages']['turn']>>

/** Changes that say nothing of a turn's messages. */
const recordsOfTurns: ReadonlySet<Change['kind']> = new Set(['run-put', 'step-put', 'step-patch'] as const)

/** Milliseconds until the next attempt after a temporary failure. */
const retryMs = [20, 100, 500]

/** An open turn of this process: its lease is renewed, and its memory stays open, until it is closed. */
export class Turn {
  readonly space: Door
  readonly threadId: string
  readonly id: TurnId
  readonly runId: string
  /** Turns that it replaces, or is to replace once it has an answer. */
  readonly replaces: readonly string[]
  /** The answer to opening or resuming it, change by change. */
  readonly results: readonly ChangeResult[]
  readonly #notes = new RunNotes()
  #token: number
  #commits = 0
  #isClosed = false
  readonly #heartbeat: Timer
  /** The error of the last renewal of its lease. The next commit resumes the turn if the lease has expired. */
  renewalFailure: unknown = null
  readonly #ended = Promise.withResolvers<void>()

  constructor(
    request: Pick<TurnRequest, 'space' | 'threadId' | 'runId' | 'replaces'>,
    opened: Committed,
    id: TurnId,
    token: number,
  ) {
    this.space = request.space
    this.threadId = request.threadId
    this.runId = request.runId
    this.replaces = request.replaces
    this.id = id
    this.results = opened.results
    this.#token = token
    // Three times within a lease: one renewal may fail, and a commit renews it too.
    const beatMs = this.space.core.limits.turnLeaseMs / 3
    const failed = (error: unknown) => {
      this.renewalFailure = error
    }
    this.#heartbeat = every(beatMs, () => this.#renew(), failed).unref()
    this.space.core.storage.hold(this.#ended.promise)
  }

  /** The id of the turn's next message without one: `index` messages are in it. */
  messageId(index: number): string {
    const issued = parseTurnId(this.id)
    invariant(issued !== null, 'a turn has an id of ours')
    return messageIdOf(issued.spaceKey, issued.turn, index)
  }

  /** What its tools read and wrote so far. */
  get notes(): JsonObject {
    return this.#notes.details
  }

  noting<Result>(act: () => Result): Result {
    return noting(this.#notes, act)
  }

  get spaceKey(): SpaceKey {
    const issued = parseTurnId(this.id)
    invariant(issued !== null, 'a turn has an id of ours')
    return issued.spaceKey
  }

  /** For writes of the turn's tools: expects that others have not ended it, nor forgotten its space. */
  get holding(): Holding {
    const lease = turnLease(this.id)
    return { spaceId: this.space.id, expectation: () => ({ lease, token: this.#token }) }
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  async #renew(): Promise<void> {
    const { core, id } = this.space
    const lease = { name: turnLease(this.id), token: this.#token, leaseMs: core.limits.turnLeaseMs }
    await (await core.storage.get()).renewLease(core.access, id, lease)
    this.renewalFailure = null
  }

  /**
   * Commits to the open turn. If others closed it as interrupted meanwhile (the machine slept), resumes it first.
   *
   * @throws MemoryError `conflict` if the turn was replaced or discarded, or another turn took its place first;
   *   `not-found` if its thread was deleted.
   */
  async commit(changes: readonly Change[]): Promise<Committed> {
    // The token is new each time the turn is resumed, so a later call never has the ids of an earlier one.
    const id = `${this.id}-${this.#token}-${++this.#commits}`
    const submit = (...expect: Expectation[]) => committed(this.space, changes, id, expect)
    return saving({ space: this.space, threadId: this.threadId, turnId: this.id }, changes, async () => {
      try {
        return await submit(this.holding.expectation())
      } catch (error) {
        if (!isUnheld(error)) throw error
        const turn = await this.space.messages.turn(this.id)
        if (this.#isInterrupted(turn)) {
          await this.#resume()
          return submit(this.holding.expectation())
        }
        // Nobody would see what a tool does now, and somebody else may go on in its place.
        if (changes.some(startsCall)) throw startsUnheld(this.id, turn)
        // It is replaced, discarded or deleted: memory says which, or takes what may still be said about it.
        return submit()
      }
    })
  }

  /**
   * Whether others closed the turn as interrupted, and nobody continues it.
   *
   * @throws MemoryError `conflict` if another process has continued it.
   */
  #isInterrupted(turn: ReadTurn): boolean {
    if (turn === null || turn.replacedBy !== null) return false
    const { status } = turn
    if (status === 'interrupted') return true
    if (status !== 'open' && status !== 'suspended' && status !== 'complete') return false
    throw new MemoryError('conflict', {
      message: `Another process has continued the turn ${shown(this.id)}.`,
      fix: 'Nothing was written. Read the thread again.',
      details: { turnId: this.id, status, replacedBy: null },
    })
  }

  async #resume(): Promise<void> {
    const { threadId, id: turnId, runId } = this
    const change: Change = { kind: 'turn-resume', threadId, turnId, runId }
    this.#token = appliedOf(await this.space.submit([change]), 'turn-resume').result.leaseToken
  }

  /** Commits the last changes and closes the turn with them. */
  async close(status: TurnEnd, changes: readonly Change[] = []): Promise<void> {
    const { threadId, id: turnId } = this
    await this.#end(changes, { kind: 'turn-close', threadId, turnId, status })
  }

  /** Discards the turn. None of its content stays readable. */
  async discard(changes: readonly Change[] = []): Promise<void> {
    const { threadId, id: turnId } = this
    await this.#end(changes, { kind: 'turn-discard', threadId, turnId })
  }

  /** The records of steps and of the run come last: readers of the turn leave them out. */
  async #end(changes: readonly Change[], end: Change): Promise<void> {
    this.#isClosed = true
    this.#heartbeat.stop()
    const records = changes.filter(({ kind }) => recordsOfTurns.has(kind))
    try {
      await this.commit([...changes.filter((change) => !records.includes(change)), end, ...records])
    } finally {
      this.#ended.resolve()
    }
  }

  /** Lets the lease of a turn that cannot be closed expire. */
  letGo(): void {
    this.#isClosed = true
    this.#heartbeat.stop()
    this.#ended.resolve()
  }
}

type Committed = CommitResult & { readonly status: 'committed' }

/** Commits, with retries if they may help: the id ensures that it is applied once. */
async function committed(
  space: Door,
  changes: readonly Change[],
  id: string,
  expect: readonly Expectation[] = [],
): Promise<Committed> {
  const result = await repeated(() => space.submit(changes, { id, expect }))
  if (result.status === 'committed') return result
  throw new MemoryError('conflict', {
    message: `The commit was refused: ${result.reason}.`,
    fix: 'Try again.',
    details: { reason: result.reason },
  })
}

/** Whether a commit was refused because its turn is not held any more. */
function isUnheld(error: unknown): boolean {
  return error instanceof MemoryError && error.code === 'conflict' && error.details.reason === 'expectation'
}

/** Whether a tool runs after this change. */
function startsCall(change: Change): boolean {
  return (change.kind === 'step-put' || change.kind === 'step-patch') && change.status === 'started'
}

function startsUnheld(turnId: TurnId, turn: ReadTurn): MemoryError {
  if (turn === null) return notFound('turn', turnId, 'It was deleted. No tool was run for it.')
  const { status, replacedBy } = turn
  return new MemoryError('conflict', {
    message: `The turn ${shown(turnId)} is ${replacedBy === null ? status : 'replaced'}, so none of its calls starts.`,
    fix: 'The tool was not run. Read the thread again.',
    details: { turnId, status, replacedBy },
  })
}

/** Publishes what a commit to a turn adds to its thread, while there are listeners. */
function saving(
  at: { readonly space: Door; readonly threadId: string; readonly turnId?: TurnId },
  changes: readonly Change[],
  commit: () => Promise<Committed>,
): Promise<Committed> {
  if (!changes.some(savesWords)) return commit()
  const { space, threadId, turnId } = at
  return traced(
    () => saveEvent(space, { threadId, turnId, given: messagesIn(changes) }),
    commit,
    (answer, tokensOf) => turnAnswer(changes, answer, tokensOf),
  )
}

/** Retries after temporary failures; the commit's id ensures that it is applied once. */
async function repeated<Result>(act: () => Promise<Result>): Promise<Result> {
  for (const ms of retryMs) {
    try {
      return await act()
    } catch (error) {
      const mayPass = error instanceof MemoryError && (error.code === 'unknown-outcome' || error.code === 'unavailable')
      if (!mayPass || !error.retryable) throw error
      await delay(ms)
    }
  }
  return act()
}

export interface TurnWait {
  /** `queue` waits until the earlier turns of the thread are closed; `parallel` does not. */
  readonly turns: 'queue' | 'parallel'
  readonly signal?: AbortSignal | undefined
}

/** The turn that began, and whether it runs in parallel with others because waiting took too long. */
interface BegunTurn {
  readonly turn: Turn
  readonly gaveUp: boolean
}

/**
 * Begins a turn when the earlier ones are closed.
 *
 * @param prepare Makes the request from the thread's state at that time. Turns that it begins itself must ask to be
 *   `alone` too.
 */
export async function beginTurn(
  space: Door,
  threadId: string,
  wait: TurnWait,
  prepare: (alone: boolean) => Promise<TurnRequest>,
): Promise<BegunTurn> {
  return (await beginOrJoin(space, threadId, wait, async () => null, prepare)) as BegunTurn
}

/**
 * The same for a call that may be answered by a turn that is open.
 *
 * @param join Says which of some open turns answers the call; null if none does. Then no turn begins.
 */
export async function beginOrJoin(
  space: Door,
  threadId: string,
  wait: TurnWait,
  join: (open: readonly TurnId[]) => Promise<TurnId | null>,
  prepare: (alone: boolean) => Promise<TurnRequest>,
): Promise<BegunTurn | { readonly joined: TurnId }> {
  const look = async (open: readonly TurnId[]) => {
    const joined = await join(open)
    return joined === null ? null : { joined }
  }
  if (wait.turns === 'parallel') return { turn: await begin(await prepare(false), false), gaveUp: false }
  return waitForTurns<BegunTurn | { readonly joined: TurnId }>(space, threadId, wait.signal, look, async (alone) => {
    return { turn: await begin(await prepare(alone), alone), gaveUp: !alone }
  })
}

function firstChange({ threadId, runId, resumes, replaces }: TurnRequest, alone: boolean): Change {
  const beside = alone ? { alone } : {}
  if (resumes !== null) return { kind: 'turn-resume', threadId, turnId: resumes, runId, ...beside }
  return {
    kind: 'turn-open',
    threadId,
    createThread: true,
    runId,
    ...(replaces.length === 0 ? {} : { replaces: [...replaces] }),
    ...beside,
  }
}

/**
 * Begins the turn at once, `alone` or in parallel with others. A closing memory waits for it, so that no turn stays
 * open without an owner.
 */
export function begin(request: TurnRequest, alone: boolean): Promise<Turn> {
  const begun = commitFirst(request, alone)
  request.space.core.storage.hold(begun)
  return begun
}

async function commitFirst(request: TurnRequest, alone: boolean): Promise<Turn> {
  const { space, before, changes, expect } = request
  const all = [...before, firstChange(request, alone), ...changes]
  const id = randomId()
  const opened = await saving({ space, threadId: request.threadId }, all, () => committed(space, all, id, expect))
  const begun = opened.results[before.length]
  invariant(begun?.kind === 'turn-open' || begun?.kind === 'turn-resume', 'beginning a turn answers a turn')
  return new Turn(request, opened, begun.turnId, begun.leaseToken)
}
