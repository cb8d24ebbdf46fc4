/**
 * Waits for the earlier turns of a thread: calls of this process in order of arrival, those of other processes by the
 * leases of turns.
 */
import { after, detach, whenAborted } from '../../domain/detached.ts'
import { MemoryError } from '../../domain/error.ts'
import { msOf } from '../../domain/time.ts'
import type { OpenTurn, Storage } from '../../ports/storage.ts'
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

/**
 * Opens a turn when the earlier open turns of its thread are closed, or `limits.turnWaitMs` have passed.
 *
 * @param open Opens it, `alone` or in parallel with others; called again if somebody was faster.
 * @throws The reason of the signal; MemoryError `closed` if the memory closes meanwhile.
 */
export async function waitForTurns<Result>(
  space: Door,
  threadId: string,
  signal: AbortSignal | undefined,
  open: (alone: boolean) => Promise<Result>,
): Promise<Result> {
  const { storage: memoryStorage, limits } = space.core
  const storage = await memoryStorage.get()
  const deadline = performance.now() + limits.turnWaitMs
  let woken = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  const end = () => {
    woken.resolve()
    ended.resolve()
  }
  const signals = [memoryStorage.closing, ...(signal === undefined ? [] : [signal])]
  const stopListening = whenAborted(signals, end, ended.reject)
  // A signal that was aborted earlier fires no event.
  if (signals.some(({ aborted }) => aborted)) end()
  const unsubscribe = storage.log.subscribe(space.id, () => woken.resolve())
  try {
    return await inLine(space, threadId, ended.promise, async () => {
      for (;;) {
        signal?.throwIfAborted()
        // Refuses once the memory is closing.
        await memoryStorage.get()
        const leftMs = deadline - performance.now()
        if (leftMs <= 0) return open(false)
        woken = Promise.withResolvers<void>()
        const atWork = await turnsAtWork(space, storage, threadId)
        if (atWork.length > 0) {
          await changed(atWork, memoryStorage.clock.now(), leftMs, woken.promise)
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
    unsubscribe()
    stopListening()
  }
}
