/** Feeds: async iterables over a space's log. They resume from a seq, miss nothing and repeat nothing. */

import type { LoggedCommit } from '../../domain/commit/effect.ts'
import { whenAborted } from '../../domain/detached.ts'
import { MemoryError } from '../../domain/error.ts'
import type { Seq, SpaceKey } from '../../domain/id.ts'
import type { SpaceState } from '../../domain/space.ts'
import type { Storage } from '../../ports/storage.ts'
import type { Door } from './door.ts'
import { readShared } from './shared-reads.ts'

const pageSize = 200

function erased(after: Seq): MemoryError {
  return new MemoryError('cursor-expired', {
    message: `The space was erased; nothing follows seq ${after}.`,
    fix: 'Read the current state, then follow from its asOf.',
    details: { after },
  })
}

/** Where a feed begins in an existing space. */
function startOf(state: SpaceState, after: number | undefined): Seq {
  if (after === undefined) return state.seq
  // A space that was never compacted begins at its floor.
  return after === 0 && state.horizon === state.floor ? state.floor : after
}

/** Resolves when woken, or when any signal aborts. */
class Alarm {
  #ring: (() => void) | null = null
  #isRung = false
  #failure: { readonly error: unknown } | null = null

  /** Rejects the caller that waits. */
  fail = (error: unknown): void => {
    this.#failure = { error }
    this.wake()
  }

  wake = (): void => {
    this.#isRung = true
    this.#ring?.()
  }

  async wait(): Promise<void> {
    if (!this.#isRung) {
      await new Promise<void>((resolve) => {
        this.#ring = resolve
      })
    }
    this.#isRung = false
    this.#ring = null
    if (this.#failure !== null) throw this.#failure.error
  }
}

/**
 * Follows a space's log until the signal stops it or the memory closes; see `Space.changes`. Its commits are shared with other
 * followers: they must not be changed, and a user gets copies.
 *
 * @param after The seq to continue from; absent: from now on.
 */
export async function* followLog(
  space: Door,
  after: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<LoggedCommit> {
  const { storage } = space.core
  const opened = await storage.get()
  const alarm = new Alarm()
  const signals = [storage.closing, ...(signal === undefined ? [] : [signal])]
  const isOver = () => signals.some((one) => one.aborted)
  const unsubscribe = storage.tails.follow(opened, space.id, alarm.wake)
  const stopListening = whenAborted(signals, alarm.wake, alarm.fail)
  try {
    yield* commitsFrom(space, opened, after, alarm, isOver)
  } catch (error) {
    // A read refused by the closing storage is the requested end.
    if (!isOver()) throw error
  } finally {
    unsubscribe()
    stopListening()
  }
}

async function* commitsFrom(
  space: Door,
  opened: Storage,
  after: number | undefined,
  alarm: Alarm,
  isOver: () => boolean,
): AsyncGenerator<LoggedCommit> {
  const { access } = space.core
  const stateNow = (storage: Storage) => storage.spaces.get(access, space.id)
  let state = await stateNow(opened)
  let isWoken = false
  if (state === null && after !== undefined && after > 0) throw erased(after)
  let cursor: Seq | null = state === null ? null : startOf(state, after)
  let key: SpaceKey | null = state?.key ?? null
  while (!isOver()) {
    if (cursor === null && state !== null) {
      // The space was created while waiting: all of it is new.
      cursor = state.floor
      key = state.key
    }
    if (cursor !== null) {
      if (state?.key !== key) throw erased(cursor)
      const query = { after: cursor, limit: pageSize }
      const read = (storage: Storage) => storage.log.read(access, space.id, query)
      // One that begins must see what was there before: the others may have read earlier.
      const page = await (isWoken ? readShared(space, opened, `log ${cursor}`, read) : read(opened))
      for (const commit of page.items) {
        if (isOver()) return
        yield commit
        cursor = commit.seq
      }
      if (page.more) continue
    }
    if (isOver()) return
    await alarm.wait()
    if (isOver()) return
    isWoken = true
    state = await readShared(space, opened, 'space', stateNow)
  }
}
