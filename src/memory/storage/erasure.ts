/** Completes erasures: continues interrupted ones, and reclaims their bytes from the files. */
import { setTimeout as delay } from 'node:timers/promises'
import { type Access, applicationActor } from '../../domain/actor.ts'
import type { Commit } from '../../domain/commit/commit.ts'
import { after, type Timer } from '../../domain/detached.ts'
import type { ReceiptNote, StoredReceipt } from '../../domain/erase/receipt.ts'
import { MemoryError } from '../../domain/error.ts'
import type { SpaceId } from '../../domain/id.ts'
import { type IssuedKind, parseIssuedId } from '../../domain/issued-id.ts'
import { defaultLimits, type Limits } from '../../domain/limits.ts'
import type { Storage } from '../../ports/storage.ts'

/** Erasures within this time are reclaimed together, milliseconds. */
const gatherMs = 20
/** Longest pause between attempts while others hold the files, milliseconds. */
const longestPauseMs = 30_000
const receiptsPerRound = 1_000

const eraserAccess: Access = { actor: { ...applicationActor, id: 'eraser' }, grants: 'all' }

/** A commit that erases, sent once. A second time it would also erase newer records, but never too little. */
export function erasing(
  space: SpaceId,
  change: Omit<Extract<Commit['changes'][number], { kind: 'erase' }>, 'kind'>,
): Commit {
  return { id: null, space, changes: [{ kind: 'erase', ...change }] }
}

/** Issued ids as an erasure takes them, by kind. */
function partsOf(ids: readonly string[]): Omit<Extract<Commit['changes'][number], { kind: 'erase' }>, 'kind'> {
  const of = (kind: IssuedKind) => ids.filter((id) => parseIssuedId(id)?.kind === kind)
  const [messageIds, factIds, runIds] = [of('message'), of('fact'), of('run')]
  return {
    ...(messageIds.length > 0 ? { messageIds } : {}),
    ...(factIds.length > 0 ? { factIds } : {}),
    ...(runIds.length > 0 ? { runIds } : {}),
  }
}

/**
 * Erases messages, facts and runs by issued ids, one commit per space. The receipt lists the rest after each commit.
 */
export async function eraseIssued(
  storage: Storage,
  access: Access,
  limits: Limits,
  ids: readonly string[],
  note: ReceiptNote,
): Promise<StoredReceipt> {
  const keyOf = (id: string) => parseIssuedId(id)?.spaceKey
  const bySpace = Map.groupBy(ids, keyOf)
  const left = new Set(ids)
  let receipt: StoredReceipt | null = null
  for (const [key, own] of bySpace) {
    for (const id of own) left.delete(id)
    const space = key === undefined ? null : await storage.spaces.byKey(access, key)
    const commit = space === null ? null : erasing(space, partsOf(own))
    receipt = await storage.erase(access, commit, limits, { ...note, left: [...left] })
  }
  return receipt ?? storage.erase(access, null, limits, { ...note, left: [] })
}

/** One attempt to complete all receipts. Answers whether none is pending any more. */
async function completeReceipts(storage: Storage): Promise<boolean> {
  const pending = await storage.receipts.list(eraserAccess, { state: 'pending', limit: receiptsPerRound })
  if (pending.length === 0) return true
  for (const { id, target, outOfReach, left } of pending) {
    const note: ReceiptNote = { id, target, asked: '', outOfReach, left }
    if (left.length > 0) await eraseIssued(storage, eraserAccess, defaultLimits, left, note)
  }
  await storage.reclaim(eraserAccess)
  return (await storage.receipts.list(eraserAccess, { state: 'pending', limit: 1 })).length === 0
}

/** One attempt to complete a receipt; the receipt as it is then. */
export async function attempted(storage: Storage, receipt: StoredReceipt): Promise<StoredReceipt> {
  await completeReceipts(storage)
  return (await storage.receipts.get(eraserAccess, receipt.id)) ?? receipt
}

/**
 * Waits until no forgotten content is left in any file of the database.
 *
 * @throws MemoryError `unavailable` if other users of the files were in the way for `limits.busyTimeoutMs`.
 */
export async function settleErasure(storage: Storage, { busyTimeoutMs }: Limits): Promise<void> {
  const deadline = performance.now() + busyTimeoutMs
  for (let pauseMs = gatherMs; !(await completeReceipts(storage)); pauseMs *= 2) {
    if (performance.now() > deadline) {
      throw new MemoryError('unavailable', {
        message: 'Other users of the database kept its files open, so erased bytes are still in them.',
        fix: 'Try again. Meanwhile nothing can read the erased content, and its receipts stay pending.',
      })
    }
    await delay(Math.min(pauseMs, 1_000))
  }
}

/** Completes receipts in the background while its memory is open. */
export class Eraser {
  readonly #storage: Storage
  #timer: Timer | null = null
  #isRunning = false
  #isAsked = false
  #isStopped = false
  #pauseMs = gatherMs
  /** The last failure, if completing fails: the next attempt comes later. */
  failure: unknown = null

  constructor(storage: Storage) {
    this.#storage = storage
    this.wake()
  }

  /** Something was forgotten. */
  wake(): void {
    this.#isAsked = true
    this.#pauseMs = gatherMs
    if (!this.#isRunning) this.#plan()
  }

  #plan(): void {
    if (this.#isStopped || this.#timer !== null) return
    const failed = (error: unknown) => {
      this.failure = error
    }
    this.#timer = after(this.#pauseMs, () => this.#attempt(), failed).unref()
  }

  async #attempt(): Promise<void> {
    this.#timer = null
    this.#isRunning = true
    this.#isAsked = false
    let isDone = false
    try {
      isDone = await completeReceipts(this.#storage)
      this.failure = null
    } catch (error) {
      this.failure = error
    }
    this.#isRunning = false
    this.#pauseMs = isDone ? gatherMs : Math.min(this.#pauseMs * 2, longestPauseMs)
    if (!isDone || this.#isAsked) this.#plan()
  }

  /** Makes no further attempt; one under way ends with the storage. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.stop()
  }
}
