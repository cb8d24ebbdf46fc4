/** Follows an open turn of a thread, whichever process runs it: what is stored of it, again after each of its commits. */
import { whenAborted } from '../../domain/detached.ts'
import { parseTurnId, type TurnId } from '../../domain/id.ts'
import type { Message } from '../../domain/records/message.ts'
import type { TurnProgress, WatchedTurn } from '../../ports/agent-memory.ts'
import type { Storage } from '../../ports/storage.ts'
import type { Door } from '../door/door.ts'
import { changed, turnsAtWork } from './turn-queue.ts'

/** More messages than one turn of an agent has. */
const mostMessages = 1_000

async function messagesOf(space: Door, storage: Storage, threadId: string, turnId: TurnId): Promise<Message[]> {
  const turn = parseTurnId(turnId)?.turn ?? 0
  const { items } = await storage.messages.list(space.core.access, space.id, {
    threadId,
    direction: 'desc',
    after: { turn, index: Number.MAX_SAFE_INTEGER },
    asOf: null,
    limit: mostMessages,
    offset: 0,
    from: null,
    to: null,
    // It may have no answer yet with which it replaces other turns.
    turns: 'all',
  })
  return items.flatMap(({ message }) => (message.turnId === turnId ? [message] : [])).toReversed()
}

/** The newest open turn of an agent in a thread; null if none is open. Turns whose owner is gone are closed first. */
async function newestOpen(space: Door, storage: Storage, threadId: string): Promise<TurnId | null> {
  const { access } = space.core
  const open = await turnsAtWork(space, storage, threadId)
  const newestFirst = open.toSorted((one, other) => {
    return (parseTurnId(other.turnId)?.turn ?? 0) - (parseTurnId(one.turnId)?.turn ?? 0)
  })
  for (const { turnId } of newestFirst) {
    const turn = await storage.messages.turn(access, space.id, turnId)
    if (turn?.status === 'open' && turn.actor.kind === 'agent' && turn.replacedBy === null) return turnId
  }
  return null
}

/**
 * The newest open turn of an agent in a thread, to follow until it is closed; null if none is open.
 *
 * @param signal Ends the following. The turn goes on.
 */
export async function watchTurn(space: Door, threadId: string, signal: AbortSignal): Promise<WatchedTurn | null> {
  const storage = await space.core.storage.get()
  const turnId = await newestOpen(space, storage, threadId)
  return turnId === null ? null : { turnId, states: statesOf(space, threadId, turnId, signal) }
}

async function* statesOf(
  space: Door,
  threadId: string,
  turnId: TurnId,
  signal: AbortSignal,
): AsyncGenerator<TurnProgress> {
  const { access, storage: memoryStorage } = space.core
  const opened = await memoryStorage.get()
  let woken = Promise.withResolvers<void>()
  /** The seq of the space as of the last state; undefined before the first. */
  let seen: number | null | undefined
  const wake = () => woken.resolve()
  const unsubscribe = opened.log.subscribe(space.id, wake)
  const stopListening = whenAborted([memoryStorage.closing, signal], wake, wake)
  try {
    while (!signal.aborted) {
      // Before the reads: a commit that comes between them and the wait is not missed. Refuses once the memory is closing.
      woken = Promise.withResolvers<void>()
      const storage = await memoryStorage.get()
      const atWork = await turnsAtWork(space, storage, threadId)
      const own = atWork.filter((one) => one.turnId === turnId)
      const now = (await storage.spaces.get(access, space.id))?.seq ?? null
      if (now === seen) {
        await changed(own, memoryStorage.clock.now(), Number.POSITIVE_INFINITY, woken.promise)
        continue
      }
      seen = now
      // The status first: what is read after a turn was closed is all of it.
      const turn = await storage.messages.turn(access, space.id, turnId)
      const status = turn === null || turn.replacedBy !== null ? 'gone' : turn.status
      yield { status, messages: status === 'gone' ? [] : await messagesOf(space, storage, threadId, turnId) }
      if (status !== 'open' || signal.aborted) return
    }
  } finally {
    unsubscribe()
    stopListening()
  }
}
