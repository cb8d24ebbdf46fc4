/** Rows that save messages: one writer, sixteen callers, one large call. */
import { createRandom, messagesFrom, threadAt, turnAt } from '../corpus.ts'
import { filledThreads } from '../fill.ts'
import { type Durability, floorMessages, openFloor } from '../floor.ts'
import { type Memory, openOurs } from '../ours.ts'
import type { ComparedRow, Place, Setup } from '../row.ts'

const turnsPerConversation = 20
const callers = 16
const turnsPerCaller = 5

/** Which thread the n-th turn belongs to. */
type Route = (turn: number) => number

/** A new thread after every twenty turns. */
const conversations = (): Route => (turn) => 10_000_000 + Math.floor(turn / turnsPerConversation)

/** Any of the threads that the database already holds. */
const randomThreads = (place: Place): Route => {
  const random = createRandom(11)
  const threads = filledThreads(place.messages)
  return () => Math.floor(random() * threads)
}

const floorTurns =
  (route: (place: Place) => Route): Setup =>
  (place) => {
    const floor = openFloor(place.file)
    const { save } = floorMessages(floor)
    const threadOf = route(place)
    let turn = 0
    return { run: () => save(threadOf(turn), turnAt(turn++).rows), close: floor.close }
  }

const ourTurns =
  (route: (place: Place) => Route): Setup =>
  async (place) => {
    const memory = await openOurs(place.file)
    const threadOf = route(place)
    let turn = 0
    return {
      run: async () => {
        await memory.saveMessages({ ...threadAt(threadOf(turn)), messages: [...turnAt(turn++).messages] })
      },
      close: () => memory.close(),
    }
  }

/** The thread of a caller's n-th turn: conversations of its own. */
const callerThread = (caller: number, turn: number) =>
  10_000_000 + caller * 100_000 + Math.floor(turn / turnsPerConversation)

const floorGroups =
  (durability: Durability): Setup =>
  (place) => {
    const floor = openFloor(place.file, { durability })
    const { saveGroup } = floorMessages(floor)
    let turn = 0
    const run = () => {
      for (let group = 0; group < turnsPerCaller; group++, turn++) {
        saveGroup(
          Array.from({ length: callers }, (_, caller) => ({
            thread: callerThread(caller, turn),
            rows: turnAt(turn * callers + caller).rows,
          })),
        )
      }
    }
    return { run, close: floor.close }
  }

/** Sixteen callers, each waiting for its own answer before its next turn. */
const ourCallers =
  (durability: Durability): Setup =>
  async (place) => {
    const memory = await openOurs(place.file, durability)
    let turn = 0
    const call = async (caller: number, first: number) => {
      for (let at = first; at < first + turnsPerCaller; at++) {
        const messages = [...turnAt(at * callers + caller).messages]
        await memory.saveMessages({ ...threadAt(callerThread(caller, at)), messages })
      }
    }
    const run = async () => {
      await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller, turn)))
      turn += turnsPerCaller
    }
    return { run, close: () => memory.close() }
  }

const batchSize = 50

const floorBatch: Setup = (place) => {
  const floor = openFloor(place.file)
  const { save } = floorMessages(floor)
  const batches = Array.from({ length: 20 }, (_, at) =>
    Array.from({ length: batchSize / 2 }, (_, turn) => turnAt(at * 25 + turn).rows).flat(),
  )
  let batch = 0
  return {
    run: () => save(20_000_000 + Math.floor(batch / 10), batches[batch++ % batches.length] ?? []),
    close: floor.close,
  }
}

const ourBatch: Setup = async (place) => {
  const memory: Memory = await openOurs(place.file)
  const batches = Array.from({ length: 20 }, (_, at) => [...messagesFrom(at * 25, batchSize)])
  let batch = 0
  const run = async () => {
    const thread = threadAt(20_000_000 + Math.floor(batch / 10))
    await memory.saveMessages({ ...thread, messages: batches[batch++ % batches.length] ?? [] })
  }
  return { run, close: () => memory.close() }
}

export const saveRows: readonly ComparedRow[] = [
  {
    kind: 'compared',
    name: 'save a 2-message turn, one writer, in conversations',
    unit: 'turns',
    target: { ratio: 0.45, p99OverMedian: 3 },
    unitsPerRun: 1,
    runs: 2_500,
    floor: floorTurns(conversations),
    ours: ourTurns(conversations),
  },
  {
    kind: 'compared',
    name: 'save a 2-message turn, one writer, over random threads',
    unit: 'turns',
    target: { ratio: 0.4, p99OverMedian: 3 },
    unitsPerRun: 1,
    runs: 2_500,
    floor: floorTurns(randomThreads),
    ours: ourTurns(randomThreads),
  },
  {
    kind: 'compared',
    name: 'save a 2-message turn, 16 callers, durability process',
    unit: 'turns',
    target: { ratio: 0.4 },
    unitsPerRun: callers * turnsPerCaller,
    runs: 60,
    floor: floorGroups('process'),
    ours: ourCallers('process'),
  },
  {
    kind: 'compared',
    name: 'save a 2-message turn, 16 callers, durability power',
    unit: 'turns',
    target: { ratio: 0.6 },
    unitsPerRun: callers * turnsPerCaller,
    runs: 8,
    floor: floorGroups('power'),
    ours: ourCallers('power'),
  },
  {
    kind: 'compared',
    name: 'save 50 messages in one call',
    unit: 'messages',
    target: { ratio: 0.5 },
    unitsPerRun: batchSize,
    runs: 120,
    floor: floorBatch,
    ours: ourBatch,
  },
]
