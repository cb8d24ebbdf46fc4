/** Rows that read the end of a thread. */
import { threadAt, turnAt } from '../corpus.ts'
import { floorMessages, openFloor } from '../floor.ts'
import { inParallel, openOurs } from '../ours.ts'
import type { ComparedRow, Setup } from '../row.ts'

const last = 20

/** Numbers of the threads that are read, in turn. */
const threadsOf = (messages: number) =>
  Array.from({ length: messages > 1_000 ? 1 : 20 }, (_, index) => 30_000_000 + messages * 100 + index)

/** Threads written turn by turn, as conversations are. */
const floorLast =
  (messages: number): Setup =>
  (place) => {
    const floor = openFloor(place.file)
    const statements = floorMessages(floor)
    const threads = threadsOf(messages)
    for (const thread of threads) {
      for (let turn = 0; turn < messages / 2; turn++) statements.save(thread, turnAt(turn).rows)
    }
    let read = 0
    return { run: () => assertCount(statements.last(threads[read++ % threads.length] ?? 0, last)), close: floor.close }
  }

const ourLast =
  (messages: number): Setup =>
  async (place) => {
    const memory = await openOurs(place.file)
    const threads = threadsOf(messages).map((thread) => threadAt(thread))
    for (const thread of threads) {
      await inParallel(messages / 2, 16, (turn) =>
        memory.saveMessages({ ...thread, messages: [...turnAt(turn).messages] }),
      )
    }
    let read = 0
    const run = async () => {
      const thread = threads[read++ % threads.length]
      if (thread !== undefined) assertCount((await memory.listMessages({ ...thread, last })).messages)
    }
    return { run, close: () => memory.close() }
  }

function assertCount(messages: readonly unknown[]): void {
  if (messages.length !== last) throw new Error(`read ${messages.length} messages instead of ${last}`)
}

export const readMessagesRows: readonly ComparedRow[] = [100, 10_000].map((messages) => ({
  kind: 'compared',
  name: `last 20 messages of a ${messages.toLocaleString('en')}-message thread`,
  unit: 'reads',
  target: { ratio: 0.55 },
  unitsPerRun: 1,
  runs: 1_000,
  floor: floorLast(messages),
  ours: ourLast(messages),
}))
