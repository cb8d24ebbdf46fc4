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
import { addressText, parseAddress, type RecordAddress } from '../../domain/records/address.ts'
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

type ErasedParts = Omit<Extract<Commit['changes'][number], { kind: 'erase' }>, 'kind'>

/** Names without an empty list: a list of nothing would name nothing. */
function named(parts: { readonly [Field in keyof ErasedParts]: readonly unknown[] }): ErasedParts {
  return Object.fromEntries(Object.entries(parts).filter(([, list]) => list.length > 0)) as ErasedParts
}

/** Issued ids as an erasure takes them, by kind. */
function partsOf(ids: readonly string[]): ErasedParts {
  const of = (kind: IssuedKind) => ids.filter((id) => parseIssuedId(id)?.kind === kind)
  return named({ messageIds: of('message'), factIds: of('fact'), runIds: of('run') })
}

/** Records of one space as erasures take them: messages with ids of callers need one for each thread. */
function partsAt(addresses: readonly RecordAddress[]): readonly ErasedParts[] {
  const isChosen = (address: RecordAddress) => address.kind === 'message' && parseIssuedId(address.id) === null
  const chosen = addresses.filter((address) => address.kind === 'message').filter(isChosen)
  const rest = addresses.filter((address) => !isChosen(address))
  const parts = named({
    messageIds: rest.flatMap((address) => (address.kind === 'message' ? [address.id] : [])),
    factIds: rest.flatMap((address) => (address.kind === 'fact' ? [address.id] : [])),
    keys: rest.flatMap((address) => (address.kind === 'entry' ? [address.key] : [])),
    blocks: rest.flatMap((address) => {
      if (address.kind !== 'working-memory') return []
      const { name, threadId } = address
      return [threadId === undefined ? { name } : { name, threadId }]
    }),
  })
  const inThreads = [...Map.groupBy(chosen, ({ threadId }) => threadId)].map(([inThread, own]): ErasedParts => {
    return { messageIds: own.map(({ id }) => id), inThread }
  })
  return Object.keys(parts).length === 0 ? inThreads : [parts, ...inThreads]
}

/**
 * Erases records that a receipt lists: issued ids of messages, facts and runs, and addresses as texts; see `addressText`.
 * Each commit is of one space. The receipt lists the rest after each.
 *
 * @param note Its `left` is erased later, by another call.
 */
export async function eraseListed(
  storage: Storage,
  access: Access,
  limits: Limits,
  listed: readonly string[],
  note: ReceiptNote,
): Promise<StoredReceipt> {
  const left = new Set([...listed, ...note.left])
  let receipt: StoredReceipt | null = null
  const addresses = listed.flatMap((text) => parseAddress(text) ?? [])
  const ids = listed.filter((text) => parseAddress(text) === null)
  for (const [key, own] of Map.groupBy(ids, (id) => parseIssuedId(id)?.spaceKey)) {
    for (const id of own) left.delete(id)
    const space = key === undefined ? null : await storage.spaces.byKey(access, key)
    const commit = space === null ? null : erasing(space, partsOf(own))
    receipt = await storage.erase(access, commit, limits, { ...note, left: [...left] })
  }
  for (const [space, own] of Map.groupBy(addresses, (address) => address.space)) {
    const commits = partsAt(own).map((parts) => erasing(space, parts))
    for (const [index, commit] of commits.entries()) {
      // The last commit of a space ends its part of the list: a repeated erasure does no harm.
      if (index === commits.length - 1) for (const address of own) left.delete(addressText(address))
      receipt = await storage.erase(access, commit, limits, { ...note, left: [...left] })
    }
  }
  return receipt ?? storage.erase(access, null, limits, { ...note, left: [...note.left] })
}

/** One attempt to complete all receipts. Answers whether none is pending any more. */
async function completeReceipts(storage: Storage): Promise<boolean> {
  const pending = await storage.receipts.list(eraserAccess, { state: 'pending', limit: receiptsPerRound })
  if (pending.length === 0) return true
  for (const { id, target, outOfReach, left } of pending) {
    const note: ReceiptNote = { id, target, asked: '', outOfReach, left }
    if (left.length > 0) await eraseListed(storage, eraserAccess, defaultLimits, left, { ...note, left: [] })
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
