/** The rows that every memory runs: the floor is that of the main benchmark, the rest goes through the adapters. */
import { blockPatch, blockValue, createRandom, messagesFrom, threadAt, threadMetadata, turnAt } from '../corpus.ts'
import { floorBlocks, openFloor } from '../floor.ts'
import { inParallel } from '../ours.ts'
import type { Setup, Subject } from '../row.ts'
import { rows as mainRows } from '../rows/all.ts'
import type { Peer, PeerMemory } from './peer.ts'

export interface PeerRow {
  readonly name: string
  readonly unit: string
  readonly unitsPerRun: number
  /** Calls of `run` in one slice, few enough for the slowest side. */
  readonly runs: number
  readonly floor: Setup
  readonly peer: (peer: Peer) => Setup
}

const turnsPerConversation = 20
const batchSize = 50

/** Opens a peer and prepares an operation on it; `prepare` may store what the operation will read. */
const through =
  (prepare: (memory: PeerMemory) => Promise<() => Promise<void>>) =>
  (peer: Peer): Setup =>
  async (place): Promise<Subject> => {
    const memory = await peer.open(place.file)
    return { run: await prepare(memory), close: () => memory.close() }
  }

async function saveTurn(memory: PeerMemory, conversation: number, turn: number): Promise<void> {
  const thread = threadAt(conversation, 'peer')
  if (turn % turnsPerConversation === 0) await memory.startThread(thread)
  await memory.saveMessages(thread, turnAt(turn).messages)
}

const saveTurns = through(async (memory) => {
  let turn = 0
  return () => saveTurn(memory, Math.floor(turn / turnsPerConversation), turn++)
})

const callers = 16
const turnsPerCaller = 5

const saveFromCallers = through(async (memory) => {
  let turn = 0
  const call = async (caller: number, first: number) => {
    for (let at = first; at < first + turnsPerCaller; at++) {
      await saveTurn(memory, (caller + 1) * 100_000 + Math.floor(at / turnsPerConversation), at)
    }
  }
  return async () => {
    await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller, turn)))
    turn += turnsPerCaller
  }
})

const saveBatches = through(async (memory) => {
  let batch = 0
  return async () => {
    const thread = threadAt(Math.floor(batch / 10), 'batch')
    if (batch % 10 === 0) await memory.startThread(thread)
    await memory.saveMessages(thread, messagesFrom((batch++ % 20) * 25, batchSize))
  }
})

const readLast = (messages: number) =>
  through(async (memory) => {
    const threads = Array.from({ length: messages > 1_000 ? 1 : 20 }, (_, index) => threadAt(messages + index, 'read'))
    for (const thread of threads) {
      await memory.startThread(thread)
      for (let turn = 0; turn < messages / 2; turn++) await memory.saveMessages(thread, turnAt(turn).messages)
    }
    let read = 0
    return async () => {
      const thread = threads[read++ % threads.length]
      const found = thread === undefined ? [] : await memory.lastMessages(thread, 20)
      if (found.length !== 20) throw new Error(`read ${found.length} messages instead of 20`)
    }
  })

const threads = 10_000
const resourceOf = (thread: number) => `owner-${thread % 2}`
const addressOf = (thread: number) => ({ threadId: `case-${thread}`, resourceId: resourceOf(thread) })
const createThreads = (memory: PeerMemory) =>
  inParallel(threads, 16, (thread) => memory.createThread(addressOf(thread), threadMetadata(thread)))

const readPages = through(async (memory) => {
  await createThreads(memory)
  let read = 0
  return async () => {
    const page = await memory.pageOfThreads(resourceOf(read++), 20)
    if (page.length !== 20) throw new Error(`read ${page.length} threads instead of 20`)
  }
})

const readThreads = through(async (memory) => {
  await createThreads(memory)
  const random = createRandom(5)
  return async () => {
    if (!(await memory.threadById(addressOf(Math.floor(random() * threads))))) throw new Error('a thread was not found')
  }
})

const resources = 100
const blocks = Array.from({ length: 64 }, (_, index) => blockValue(index))
const blockTexts = blocks.map((block) => JSON.stringify(block))

const replaceBlocks = through(async (memory) => {
  let count = 0
  return async () => {
    await memory.replaceWorkingMemory(`customer-${count % resources}`, blocks[count++ % blocks.length] ?? {})
  }
})

const floorReplace: Setup = (place) => {
  const floor = openFloor(place.file)
  const { write } = floorBlocks(floor)
  let count = 0
  return { run: () => write(count % resources, blockTexts[count++ % blocks.length] ?? '{}'), close: floor.close }
}

const mergeBlocks = through(async (memory) => {
  for (let resource = 0; resource < resources; resource++) {
    await memory.replaceWorkingMemory(`customer-${resource}`, blockValue(resource))
  }
  let count = 0
  return async () => {
    await memory.mergeWorkingMemory(`customer-${count % resources}`, blockPatch(count++))
  }
})

/** The row of the main benchmark whose name starts so: its name, unit and floor. */
function likeMain(start: string): Pick<PeerRow, 'name' | 'unit' | 'unitsPerRun' | 'floor'> {
  const row = mainRows.find(({ name }) => name.startsWith(start))
  if (row?.kind !== 'compared') throw new Error(`no row of the main benchmark starts with "${start}"`)
  return { name: row.name, unit: row.unit, unitsPerRun: row.unitsPerRun, floor: row.floor }
}

export const peerRows: readonly PeerRow[] = [
  { ...likeMain('save a 2-message turn, one writer, in'), runs: 2_000, peer: saveTurns },
  { ...likeMain('save a 2-message turn, 16 callers, durability process'), runs: 25, peer: saveFromCallers },
  { ...likeMain('save 50 messages'), runs: 80, peer: saveBatches },
  { ...likeMain('last 20 messages of a 100-'), runs: 300, peer: readLast(100) },
  { ...likeMain('last 20 messages of a 10,000-'), runs: 150, peer: readLast(10_000) },
  { ...likeMain('page of 20 threads'), runs: 80, peer: readPages },
  { ...likeMain('thread by id'), runs: 1_000, peer: readThreads },
  {
    name: 'working-memory replacement, 1 KB',
    unit: 'updates',
    unitsPerRun: 1,
    runs: 400,
    floor: floorReplace,
    peer: replaceBlocks,
  },
  { ...likeMain('working-memory merge'), runs: 300, peer: mergeBlocks },
]
