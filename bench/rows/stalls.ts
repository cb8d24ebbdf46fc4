/** Rows of stalls: the longest block of the event loop during work that takes long. `npm run bench -- --only stalls`. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setImmediate as oneTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Memory } from 'aquifer'
import { saidAt } from '../recall-corpus.ts'
import { openRecall, type RecallBase, saveTurns } from '../recall-fill.ts'
import { judge, type Line, type RunSettings, type SelfMeasuredRow } from '../row.ts'
import { longestStall, middleStall, type Stall } from '../stalls.ts'

/** No block of the event loop is longer, milliseconds of processor time. */
const mostMs = 20
/** In a short run, which judges the small sizes of a busy machine. */
const mostQuickMs = 100
/** Starting a process takes the longer the more memory this one has: on a busy machine 5 to 120 ms. A `VACUUM` took 500 and more. */
const mostQuickForkMs = 400

const access = { actor: { kind: 'system', id: 'bench' }, grants: 'all' } as const
const resourceId = 'large'
const spaceId = `resource/${resourceId}` as const

/** A database of a row's own, and a name for what is measured in its n-th round. */
interface Scene extends RecallBase {
  readonly file: string
}

interface StallRow {
  /** What is done, with its size in it. */
  readonly does: (size: number) => string
  readonly size: number
  /** Fills the database, before anything is measured. */
  fill(scene: Scene, size: number, round: number): Promise<unknown>
  /** The work. It may measure the part of it that counts. */
  run(scene: Scene, size: number, round: number): Promise<unknown>
}

const rounds = 3
const said = (count: number, first = 0) =>
  Array.from({ length: Math.ceil(count / 2) }, (_, turn) => saidAt(first + turn)).flat()

/** Messages in threads of 1,000. */
async function fillThreads(memory: Memory, count: number, name: string): Promise<void> {
  for (let done = 0; done < count; done += 1_000) {
    const messages = said(Math.min(1_000, count - done), done)
    await memory.saveMessages({ resourceId: name, threadId: `t${done}`, messages })
  }
}

const rows: readonly StallRow[] = [
  {
    does: (size) => `saving ${size} messages in one call`,
    size: 10_000,
    fill: ({ memory }, _, round) => memory.saveMessages({ resourceId, threadId: `first-${round}`, messages: said(10) }),
    run: ({ memory }, size, round) => {
      return memory.saveMessages({ resourceId, threadId: `many-${round}`, messages: said(size) })
    },
  },
  {
    does: (size) => `listing the threads of a resource that has ${size}`,
    size: 20_000,
    async fill({ memory }, size, round) {
      if (round > 0) return
      const space = memory.space(spaceId)
      for (let n = 0; n < size; n += 100) {
        // A commit has one thread.
        await Promise.all(
          Array.from({ length: 100 }, (_, i) => space.commit([{ kind: 'thread-put', threadId: `t${n + i}` }])),
        )
      }
    },
    run: ({ memory }) => memory.getThreadsByResourceId({ resourceId }),
  },
  {
    does: (size) => `listing ${size} messages on one page`,
    size: 1_000,
    fill: ({ memory }, size, round) => (round > 0 ? Promise.resolve() : fillThreads(memory, size, resourceId)),
    run: ({ memory }, size) => memory.listMessages({ resourceId, threadId: 't0', perPage: size }),
  },
  {
    does: (size) => `forgetting a thread of ${size} messages`,
    size: 10_000,
    async fill({ memory }, size, round) {
      for (let done = 0; done < size; done += 50) {
        await memory.saveMessages({ resourceId, threadId: `gone-${round}`, messages: said(50, done) })
      }
    },
    async run({ memory }, _, round) {
      await memory.forget({ resourceId, threadId: `gone-${round}` })
      await memory.settled()
    },
  },
  {
    does: (size) => `forgetting a resource of ${size} messages`,
    size: 20_000,
    fill: ({ memory }, size, round) => fillThreads(memory, size, `gone-${round}`),
    async run({ memory }, _, round) {
      await memory.forget({ resourceId: `gone-${round}` })
      await memory.settled()
    },
  },
  {
    does: (size) => `compacting the log of ${size} messages`,
    size: 20_000,
    async fill({ memory }, size, round) {
      const name = `compact-${round}`
      await saveTurns(memory, name, { first: 0, count: size / 2 })
    },
    async run({ storage, memory }, _, round) {
      const space = memory.space(`resource/compact-${round}`)
      await storage.compact(access, space.id, (await space.state())?.seq ?? 0)
    },
  },
  {
    does: (size) => `following a space by ${size} watchers`,
    size: 500,
    fill: ({ memory }) => memory.team('watched').write('k', 0),
    async run({ memory }, size) {
      const team = memory.team('watched')
      const stop = new AbortController()
      const follow = async () => {
        for await (const _ of team.watch({ signal: stop.signal })) return
      }
      const seen: Promise<void>[] = []
      for (let n = 0; n < size; n++) {
        seen.push(follow())
        // Each comes with a request of its own.
        await oneTurn()
      }
      await new Promise((resolve) => setTimeout(resolve, 200))
      await team.write('k', 1)
      await Promise.all(seen)
      stop.abort()
    },
  },
  {
    does: (size) => `the first recall among ${size} entries`,
    size: 20_000,
    async fill({ memory }, size, round) {
      if (round > 0) return
      const space = memory.space('team/entries')
      const entry = (n: number) => ({ kind: 'entry-write', key: `k${n}`, value: saidAt(n)[0].content }) as const
      for (let n = 0; n < size; n += 500) await space.commit(Array.from({ length: 500 }, (_, i) => entry(n + i)))
    },
    run: ({ file }) => asked(file, (memory) => memory.space('team/entries').recall('what was said about it')),
  },
  {
    does: (size) => `the first recall among ${size} messages`,
    size: 50_000,
    fill: ({ memory }, size, round) => (round > 0 ? Promise.resolve() : fillThreads(memory, size, resourceId)),
    run: ({ file }) => asked(file, (memory) => memory.recall({ resourceId, query: 'what was said about it' })),
  },
]

/** Asks a memory that knows nothing of the space yet: another clock is another connection. Opening it does not count. */
async function asked(file: string, ask: (memory: Memory) => Promise<unknown>): Promise<Stall> {
  const { Memory } = await import('aquifer')
  const memory = new Memory({ storage: `file:${file}`, embedder: false, background: false, clock: { now: Date.now } })
  await memory.recall({ resourceId: 'nobody', query: 'nothing' })
  const stall = await longestStall(() => ask(memory))
  await memory.close()
  return stall
}

function isStall(value: unknown): value is Stall {
  return typeof value === 'object' && value !== null && 'processorMs' in value
}

/** A page full of the row's own work, so that what is measured is compiled and its modules are loaded. */
const warmSize = 100

function lineOf(name: string, stall: Stall | null, most: number): Line {
  return {
    row: name,
    unit: 'ms of processor time',
    floor: null,
    ours: stall?.processorMs ?? null,
    ratio: null,
    target: `≤ ${most} ms`,
    verdict: judge(stall?.processorMs ?? null, { atMost: most }),
    ...(stall === null ? {} : { note: `by the clock ${stall.wallMs.toFixed(1)} ms` }),
  }
}

async function measure(row: StallRow, { folder }: RunSettings, size: number, name: string): Promise<Stall> {
  const file = join(folder, `stalls-${name}.db`)
  const base = await openRecall(file, { messagesPerCall: 10_000, changesPerCommit: 10_000, entriesPerSpace: 100_000 })
  const scene = { ...base, file }
  try {
    return await middleStall(rounds, async (round) => {
      await row.fill(scene, size, round)
      let own: unknown = null
      const whole = await longestStall(async () => {
        own = await row.run(scene, size, round)
      })
      return isStall(own) ? own : whole
    })
  } finally {
    await base.close()
  }
}

function stallRow(row: StallRow, index: number): SelfMeasuredRow {
  const name = `stalls, ${row.does(row.size)}`
  return {
    kind: 'self-measured',
    name,
    async measure(settings) {
      if (settings.floorOnly) return []
      await measure(row, settings, warmSize, `${index}-warm`)
      const size = settings.quick ? row.size / 10 : row.size
      const stall = await measure(row, settings, size, `${index}`)
      return [lineOf(`stalls, ${row.does(size)}`, stall, settings.quick ? mostQuickMs : mostMs)]
    },
  }
}

/** What a process that saves next to a forget says of itself. */
export interface SaverReport {
  readonly saves: number
  readonly slowestMs: number
  readonly errors: number
  readonly stall: Stall
}

const besideRow: SelfMeasuredRow = {
  kind: 'self-measured',
  name: 'stalls, forgetting next to a process that saves',
  async measure({ folder, quick, floorOnly }) {
    if (floorOnly) return []
    const file = join(folder, 'stalls-beside.db')
    const { memory, close } = await openRecall(file)
    for (let n = 0; n < (quick ? 5 : 50); n++) await fillThreads(memory, 2_000, `r${n}`)
    // What is loaded and compiled only once is not measured.
    await memory.forget({ resourceId: 'r1' })
    await memory.settled()
    const saver = fork(fileURLToPath(new URL('../workers/saver.ts', import.meta.url)), [file])
    await once(saver, 'message')
    const started = performance.now()
    const own = await longestStall(async () => {
      await memory.forget({ resourceId: 'r3' })
      await memory.settled()
    })
    const seconds = (performance.now() - started) / 1_000
    saver.send('stop')
    const [report] = (await once(saver, 'message')) as [SaverReport]
    await close()
    const { saves, slowestMs, errors, stall } = report
    const note = `complete after ${seconds.toFixed(1)} s; ${saves} saves, ${errors} failed, slowest ${slowestMs.toFixed(0)} ms`
    const lines = [
      lineOf(this.name, own, quick ? mostQuickForkMs : mostMs),
      lineOf(`${this.name}, the other process`, stall, quick ? mostQuickMs : mostMs),
    ]
    return lines.map((line) => ({ ...line, note: `${line.note}; ${note}` }))
  },
}

/** The one that starts a process comes first, while this one is small. */
export const stallRows: readonly SelfMeasuredRow[] = [besideRow, ...rows.map(stallRow)]
