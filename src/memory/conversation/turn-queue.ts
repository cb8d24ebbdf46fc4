/**
 * Waits for the earlier turns of a thread: calls of this process in order of arrival, those of other processes by the
 * leases of turns.
 */
import { after, detach, whenAborted } from '../../domain/detached.ts'
import { MemoryError } from '../../domain/error.ts'
import type { TurnId } from '../../domain/id.ts'
import { msOf } from '../../domain/time.ts'
import type { OpenTurn } from '../../ports/due-work.ts'
import type { Storage } from '../../ports/storage.ts'
import type { Door } from '../door/door.ts'
import type { MemoryStorage } from '../storage/memory-storage.ts'
import { commitIfDue, interruption } from '../storage/sweeper.ts'

/** The last call in line for each thread of a storage. */
const lines = new WeakMap<MemoryStorage, Map<string, Promise<void>>>()

/** An expired lease is noticed this much later, so that it has expired for the transaction too. */
const graceMs = 5

/** The longest pause between two looks at a thread. */
const lookEveryMs = 1_000

/** Runs the work when those before it in the line are done, or have waited too long. */
async function inLine<Result>(space: Door, threadId: string, ended: Promise<void>, act: () => Promise<Result>) {
  const { storage } = space.core
  const line = lines.get(storage) ?? new Map<string, Promise<void>>()
  lines.set(storage, line)
  const name = `${space.id} ${threadId}`
  const before = line.get(name)
  const own = Promise.withResolvers<void>()
  line.set(name, own.promise)
  try {
    await Promise.race([before, ended])
    return await act()
  } finally {
    // Later ones continue only when earlier ones are done too, even if this one gave up its place.
    detach(async () => {
      await before
      own.resolve()
      if (line.get(name) === own.promise) line.delete(name)
    }, own.reject)
  }
}

/** Open turns of the thread with a valid lease. Those with an expired lease are closed as interrupted. */
export async function turnsAtWork(space: Door, storage: Storage, threadId: string): Promise<readonly OpenTurn[]> {
  const open = await storage.messages.openTurns(space.core.access, space.id, threadId)
  const now = space.core.storage.clock.now()
  const over = open.filter(({ lease }) => msOf(lease.until) <= now)
  await Promise.all(over.map((turn) => commitIfDue(storage, interruption(space.id, turn))))
  return open.filter((turn) => !over.includes(turn))
}

/** Resolves when the thread may have changed, the first lease has expired, or it is time to look again. */
export async function changed(
  open: readonly OpenTurn[],
  now: number,
  leftMs: number,
  woken: Promise<void>,
): Promise<void> {
  const untilOver = Math.min(...open.map(({ lease }) => msOf(lease.until) - now + graceMs))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = after(Math.max(1, Math.min(untilOver, leftMs, lookEveryMs)), resolve, reject)
  await Promise.race([woken, promise])
  timer.stop()
}

function stillOpen(error: unknown): boolean {
  return error instanceof MemoryError && error.code === 'conflict' && Array.isArray(error.details.openTurns)
}

/** Watches the turns of a thread, for one that waits. */
class ThreadWatch {
  readonly #space: Door
  readonly #storage: Storage
  readonly #threadId: string
  readonly #signal: AbortSignal | undefined
  #woken = Promise.withResolvers<void>()
  readonly #ended = Promise.withResolvers<void>()
  readonly #stop: readonly (() => void)[]

  constructor(space: Door, storage: Storage, threadId: string, signal: AbortSignal | undefined) {
    this.#space = space
    this.#storage = storage
    this.#threadId = threadId
    this.#signal = signal
    const end = () => {
      this.#woken.resolve()
      this.#ended.resolve()
    }
    const signals = [space.core.storage.closing, ...(signal === undefined ? [] : [signal])]
    const stopListening = whenAborted(signals, end, this.#ended.reject)
    // A signal that was aborted earlier fires no event.
    if (signals.some(({ aborted }) => aborted)) end()
    this.#stop = [storage.log.subscribe(space.id, () => this.#woken.resolve()), stopListening]
  }

  /** Resolves when the waiting is to end: by the signal, or because the memory closes. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  /**
   * The turns that are at work now. {@link ThreadWatch.changed} waits for changes after this.
   *
   * @throws The reason of the signal; MemoryError `closed` once the memory is closing.
   */
  async atWork(): Promise<readonly OpenTurn[]> {
    this.#signal?.throwIfAborted()
    await this.#space.core.storage.get()
    this.#woken = Promise.withResolvers<void>()
    return turnsAtWork(this.#space, this.#storage, this.#threadId)
  }

  /** Resolves when the thread may have changed, or it is time to look again. */
  changed(open: readonly OpenTurn[], leftMs: number): Promise<void> {
    return changed(open, this.#space.core.storage.clock.now(), leftMs, this.#woken.promise)
  }

  close(): void {
    for (const stop of this.#stop) stop()
  }
}

/**
 * Opens a turn when the earlier open turns of its thread are closed, or `limits.turnWaitMs` have passed.
 *
 * @param look Called for turns that must be waited for. Its answer, unless it is null, is the result: nothing is opened.
 * @param open Opens it, `alone` or in parallel with others; called again if somebody was faster.
 * @throws The reason of the signal; MemoryError `closed` if the memory closes meanwhile.
 */
export async function waitForTurns<Result>(
  space: Door,
  threadId: string,
  signal: AbortSignal | undefined,
  look: (atWork: readonly TurnId[]) => Promise<Result | null>,
  open: (alone: boolean) => Promise<Result>,
): Promise<Result> {
  const { storage, limits } = space.core
  const deadline = performance.now() + limits.turnWaitMs
  const watch = new ThreadWatch(space, await storage.get(), threadId, signal)
  const looked = new Set<TurnId>()
  try {
    return await inLine(space, threadId, watch.ended, async () => {
      for (;;) {
        const atWork = await watch.atWork()
        const leftMs = deadline - performance.now()
        if (leftMs <= 0) return open(false)
        const fresh = atWork.flatMap(({ turnId }) => (looked.has(turnId) ? [] : [turnId]))
        for (const turnId of fresh) looked.add(turnId)
        const found = fresh.length === 0 ? null : await look(fresh)
        if (found !== null) return found
        if (atWork.length > 0) {
          await watch.changed(atWork, leftMs)
          continue
        }
        try {
          return await open(true)
        } catch (error) {
          if (!stillOpen(error)) throw error
        }
      }
    })
  } finally {
    watch.close()
  }
}

/**
 * Waits until a turn is closed, by its owner or because its lease has expired.
 *
 * @throws The reason of the signal; MemoryError `closed` if the memory closes meanwhile.
 */
export async function turnEnded(
  space: Door,
  threadId: string,
  turnId: TurnId,
  signal: AbortSignal | undefined,
): Promise<void> {
  const watch = new ThreadWatch(space, await space.core.storage.get(), threadId, signal)
  try {
    for (;;) {
      const own = (await watch.atWork()).filter((turn) => turn.turnId === turnId)
      if (own.length === 0) return
      await watch.changed(own, lookEveryMs)
    }
  } finally {
    watch.close()
  }
}
