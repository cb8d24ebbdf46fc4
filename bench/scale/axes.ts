/** What grows in the benchmark of scale: each axis fills a database from point to point, and names what is measured there. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Memory } from 'aquifer'
import { createRandom } from '../corpus.ts'
import { inParallel } from '../ours.ts'
import { questionAt, saidAt } from '../recall-corpus.ts'
import { openRecall, type RecallBase, vectorRecords, vectorWriter } from '../recall-fill.ts'

/** An open database, and where it stands. */
export interface Scene extends RecallBase {
  readonly file: string
}

/** One measured operation on a database that has grown to a size; its number is new at each call. */
export type Operation = (scene: Scene, size: number, call: number) => Promise<unknown>

export interface Axis {
  readonly name: string
  readonly unit: string
  readonly points: readonly number[]
  readonly operations: Readonly<Record<string, Operation>>
  /** Grows the database, or what stands around it, from one point to the next; nothing of it is measured. */
  grow(scene: Scene, from: number, to: number): Promise<void>
  /** Ends what `grow` began and the database does not hold. */
  stop?(): Promise<void>
}

const random = createRandom(20_261_201)
/** A whole number below another, from a seeded row. */
const below = (count: number) => Math.floor(random() * count)
const messagesPerThread = 1_000
const messagesPerCall = 50
const vectorsAtOnce = 400

/** Messages of conversations, from the n-th on. */
function said(first: number, count: number) {
  return Array.from({ length: count / 2 }, (_, turn) => saidAt(first / 2 + turn)).flat()
}

/** Fills a resource with messages in threads of a thousand, by calls of fifty. */
async function fillResource({ memory }: Scene, resourceId: string, from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += messagesPerCall) {
    const threadId = `${resourceId}-${Math.floor(first / messagesPerThread)}`
    await memory.saveMessages({ resourceId, threadId, messages: said(first, Math.min(messagesPerCall, to - first)) })
  }
}

/** Gives the newest records of a resource their vectors. */
async function addVectors({ storage }: Scene, resourceId: string, count: number): Promise<void> {
  const put = await vectorWriter(storage, resourceId)
  const records = (await vectorRecords(storage, resourceId)).slice(-count)
  for (let start = 0; start < records.length; start += vectorsAtOnce)
    await put(...records.slice(start, start + vectorsAtOnce))
}

const saveTurn = (memory: Memory, resourceId: string, threadId: string, call: number) =>
  memory.saveMessages({ resourceId, threadId, messages: [...saidAt(1_000_000 + call)] })

const resources = 100
const threadsOf = (size: number) => Math.max(1, Math.ceil(size / resources / messagesPerThread))
/** A thread that is there, of any resource. */
function anyThread(size: number) {
  const resourceId = `r${below(resources)}`
  return { resourceId, threadId: `${resourceId}-${below(threadsOf(size))}` }
}

const messages: Axis = {
  name: 'messages',
  unit: 'messages in 100 resources',
  points: [10_000, 30_000, 100_000, 300_000, 1_000_000],
  async grow(scene, from, to) {
    await inParallel(resources, 4, async (n) => {
      await fillResource(scene, `r${n}`, from / resources, to / resources)
      await addVectors(scene, `r${n}`, (to - from) / resources)
    })
  },
  operations: {
    'save a turn': ({ memory }, size, call) => {
      const { resourceId, threadId } = anyThread(size)
      return saveTurn(memory, resourceId, threadId, call)
    },
    'list the last 20': ({ memory }, size) => memory.listMessages({ ...anyThread(size), perPage: 20 }),
    recall: ({ memory }, _, call) => memory.recall({ resourceId: `r${below(resources)}`, query: questionAt(call) }),
  },
}

const messagesPerSpace = 20
const spaces: Axis = {
  name: 'spaces',
  unit: `resources of ${messagesPerSpace} messages`,
  points: [10, 100, 1_000, 10_000, 30_000],
  async grow(scene, from, to) {
    await inParallel(to - from, 16, async (n) => {
      const resourceId = `r${from + n}`
      await fillResource(scene, resourceId, 0, messagesPerSpace)
      await addVectors(scene, resourceId, messagesPerSpace)
    })
  },
  operations: {
    'save a turn': ({ memory }, size, call) => {
      const resourceId = `r${below(size)}`
      return saveTurn(memory, resourceId, `${resourceId}-0`, call)
    },
    'list the last 20': ({ memory }, size) => {
      const resourceId = `r${below(size)}`
      return memory.listMessages({ resourceId, threadId: `${resourceId}-0`, perPage: 20 })
    },
    recall: ({ memory }, size, call) => memory.recall({ resourceId: `r${below(size)}`, query: questionAt(call) }),
  },
}

const threads: Axis = {
  name: 'threads',
  unit: 'threads of one resource, of 2 messages each',
  points: [10, 100, 1_000, 10_000, 50_000],
  async grow({ memory }, from, to) {
    await inParallel(to - from, 16, (n) => {
      const turn = saidAt(from + n)
      return memory.saveMessages({ resourceId: 'ann', threadId: `t${from + n}`, messages: [...turn] })
    })
  },
  operations: {
    'save a turn': ({ memory }, size, call) => saveTurn(memory, 'ann', `t${below(size)}`, call),
    'list a page of threads': ({ memory }) => memory.listThreads({ resourceId: 'ann', perPage: 20 }),
    'recall by words': ({ memory }, _, call) => memory.recall({ resourceId: 'ann', query: questionAt(call) }),
  },
}

const facts: Axis = {
  name: 'facts',
  unit: 'facts of one user',
  points: [100, 500, 2_000, 5_000, 20_000],
  async grow({ memory }, from, to) {
    for (let n = from; n < to; n++) await memory.add(saidAt(n)[0].content, { userId: 'ann', infer: false })
  },
  operations: {
    'add a fact': ({ memory }, _, call) =>
      memory.add(saidAt(100_000 + call)[0].content, { userId: 'ann', infer: false }),
    'search facts': ({ memory }, _, call) => memory.search(questionAt(call), { userId: 'ann' }),
  },
}

/** How many changes all watchers have seen, and who waits for the next. */
const watched = { seen: 0, wake: () => {}, stop: new AbortController(), ended: [] as Promise<void>[] }
const watchers: Axis = {
  name: 'watchers',
  unit: 'watchers of one space',
  points: [1, 10, 50, 100, 500],
  async grow({ memory }, from, to) {
    const team = memory.team('watched')
    if (from === 0) await team.write('k', 0)
    for (let n = from; n < to; n++) {
      const watch = async () => {
        for await (const _ of team.watch({ signal: watched.stop.signal })) {
          watched.seen += 1
          watched.wake()
        }
      }
      watched.ended.push(
        watch().catch((error: unknown) => (watched.stop.signal.aborted ? undefined : Promise.reject(error))),
      )
    }
    // A watcher begins where the log ends when it first looks.
    await new Promise((resolve) => setTimeout(resolve, 200))
  },
  async stop() {
    watched.stop.abort()
    await Promise.all(watched.ended)
  },
  operations: {
    'write an entry that all see': async ({ memory }, size, call) => {
      watched.seen = 0
      const all = new Promise<void>((resolve) => {
        watched.wake = () => {
          if (watched.seen >= size) resolve()
        }
      })
      await memory.team('watched').write('k', call)
      await all
    },
  },
}

const attachedBytes = 16_384
const attached = Array.from({ length: 64 }, () =>
  Buffer.from(Uint8Array.from({ length: (attachedBytes / 4) * 3 }, () => below(256))).toString('base64'),
)
const megabyte = 1_048_576
const messagesPerMegabyte = megabyte / attachedBytes
/** A resource whose messages carry much that is not words. */
function bulky(first: number, count: number) {
  return said(first, count).map((message, i) => ({ ...message, metadata: { attached: attached[(first + i) % 64] } }))
}

const bytes: Axis = {
  name: 'bytes',
  unit: 'MB of messages with 16 KB of metadata each',
  points: [10, 50, 100, 400, 1_000],
  async grow({ memory }, from, to) {
    for (let n = from; n < to; n++) {
      const messages = bulky(n * messagesPerMegabyte, messagesPerMegabyte)
      await memory.saveMessages({ resourceId: `r${n % 10}`, threadId: `r${n % 10}-${n}`, messages })
    }
  },
  operations: {
    'save a turn': ({ memory }, size, call) => {
      const n = below(size)
      return saveTurn(memory, `r${n % 10}`, `r${n % 10}-${n}`, call)
    },
    'list the last 20': ({ memory }, size) => {
      const n = below(size)
      return memory.listMessages({ resourceId: `r${n % 10}`, threadId: `r${n % 10}-${n}`, perPage: 20 })
    },
    'open the file and read': async ({ file }, size) => {
      const { Memory } = await import('aquifer')
      const n = below(size)
      // A clock of its own is a connection of its own.
      const memory = new Memory({
        storage: `file:${file}`,
        embedder: false,
        background: false,
        clock: { now: Date.now },
      })
      await memory.listMessages({ resourceId: `r${n % 10}`, threadId: `r${n % 10}-${n}`, perPage: 20 })
      await memory.close()
    },
    'forget 20 messages, to the last byte': async ({ memory }, _, call) => {
      const resourceId = `gone-${call}`
      await memory.saveMessages({ resourceId, threadId: resourceId, messages: bulky(call, 20) })
      await memory.forget({ resourceId })
      await memory.settled()
    },
  },
}

export const axes: readonly Axis[] = [messages, spaces, threads, facts, watchers, bytes]

/** Does something with a new database in a folder, and removes it afterwards. */
export async function onScene(folder: string, name: string, act: (scene: Scene) => Promise<void>): Promise<void> {
  const file = join(folder, `scale-${name}.db`)
  const base = await openRecall(file)
  try {
    await act({ ...base, file })
  } finally {
    await base.close()
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
  }
}
