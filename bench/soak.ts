/**
 * `npm run bench:soak`: mixed work over many spaces, with forgetting and compaction next to it, for as long as one says.
 *
 *   --operations <n>   how many operations, at most (1,000,000)
 *   --minutes <n>      how long, at most (10)
 *   --spaces <n>       over how many resources (10,000)
 *   --strict           fails if a block is longer than 50 ms, memory grows, an operation fails or a history is wrong
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { checkHistory } from '../src/testing/history-checker.ts'
import { createRandom } from './corpus.ts'
import { questionAt, saidAt } from './recall-corpus.ts'
import { openRecall } from './recall-fill.ts'
import { describeRun, formatNumber, formatTable, writeJson } from './report.ts'
import { longestStall } from './stalls.ts'

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '1000000' },
    minutes: { type: 'string', default: '10' },
    spaces: { type: 'string', default: '10000' },
    strict: { type: 'boolean', default: false },
  },
})
const [operations, minutes, spaces] = [values.operations, values.minutes, values.spaces].map(Number) as [
  number,
  number,
  number,
]

const longestBlockMs = 50
/** Memory is flat if the last third's most is no more above the middle third's than this. */
const flatWithin = 1.1
/** The run is cut into so many parts, a line of the table each. */
const parts = 12
/** Clients that wait for their own answers. */
const clients = 8
const checkedSpaces = 300

const access = { actor: { kind: 'system', id: 'bench' }, grants: 'all' } as const
const random = createRandom(20_261_202)
const below = (count: number) => Math.floor(random() * count)
const megabyte = 1_048_576

const results = fileURLToPath(new URL('./results/', import.meta.url))
mkdirSync(results, { recursive: true })
const folder = mkdtempSync(join(results, 'soak-'))
const base = await openRecall(join(folder, 'soak.db'))
const { memory, storage } = base

type Act = (resourceId: string, n: number) => Promise<unknown>
const team = memory.team('all')
const threadId = (resourceId: string) => `${resourceId}-t${below(3)}`

/** What is done, and its share of all operations in percent. */
const mix: readonly (readonly [share: number, name: string, act: Act])[] = [
  [
    34,
    'save a turn',
    (resourceId, n) => memory.saveMessages({ resourceId, threadId: threadId(resourceId), messages: [...saidAt(n)] }),
  ],
  [
    20,
    'list the last 20',
    (resourceId) => memory.listMessages({ resourceId, threadId: `${resourceId}-t0`, perPage: 20 }),
  ],
  [10, 'write an entry', (_, n) => team.write(`k${below(1_000)}`, { n })],
  [10, 'read an entry', () => team.read(`k${below(1_000)}`)],
  [
    8,
    'merge working memory',
    (resourceId, n) => memory.updateWorkingMemory({ resourceId, workingMemory: `# Seen\n- ${n}` }),
  ],
  [6, 'add a fact', (resourceId, n) => memory.add(saidAt(n)[0].content, { userId: resourceId, infer: false })],
  [5, 'recall', (resourceId, n) => memory.recall({ resourceId, query: questionAt(n) })],
  [3, 'search facts', (resourceId, n) => memory.search(questionAt(n), { userId: resourceId })],
  [3, 'list threads', (resourceId) => memory.listThreads({ resourceId, perPage: 20 })],
  [1, 'delete a thread', (resourceId) => memory.deleteThread({ resourceId, threadId: `${resourceId}-t2` })],
]
const drawn = mix.flatMap(([share, name, act]) => Array.from({ length: share }, () => ({ name, act })))
if (drawn.length !== 100) throw new Error(`The shares of the mix are ${drawn.length} % together.`)

const started = performance.now()
const isOver = () => done >= operations || performance.now() - started > minutes * 60_000
let done = 0
const counts: Record<string, number> = {}
const failures: string[] = []

function count(name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}

async function attempt(name: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
    count(name)
  } catch (error) {
    failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function client(): Promise<void> {
  while (!isOver()) {
    const { name, act } = drawn[below(100)] as (typeof drawn)[number]
    const n = done++
    await attempt(name, () => act(`r${below(spaces)}`, n))
    await nextTurn()
  }
}

/** Forgets one resource after the other, each to its last byte. */
async function forgetting(): Promise<void> {
  while (!isOver()) {
    await attempt('forget a resource', async () => {
      let { id, state } = await memory.forget({ resourceId: `r${below(spaces)}` })
      while (state === 'pending' && !isOver()) {
        await wait(50)
        state = (await memory.getReceipt(id))?.state ?? 'complete'
      }
    })
    await wait(500)
  }
}

/** Folds the log of one space after the other, up to where it stands. */
async function compacting(): Promise<void> {
  while (!isOver()) {
    await attempt('compact a space', async () => {
      const space = memory.space(`resource/r${below(spaces)}`)
      const state = await space.state()
      if (state !== null) await storage.compact(access, space.id, state.seq)
    })
    await wait(20)
  }
}

/** One part of the run: a row of the table. */
interface Part {
  readonly operations: number
  readonly perSecond: number
  readonly blockMs: number
  readonly wallMs: number
  readonly residentMb: number
}

/** Watches the work until its next part is done. */
async function watchPart(number: number): Promise<Part> {
  const [from, before, beginning] = [done, process.cpuUsage(), performance.now()]
  const enough = (operations * (number + 1)) / parts
  const late = started + (minutes * 60_000 * (number + 1)) / parts
  let residentMb = 0
  const stall = await longestStall(async () => {
    while (done < enough && performance.now() < late) {
      await wait(100)
      residentMb = Math.max(residentMb, process.memoryUsage.rss() / megabyte)
    }
  })
  const { user, system } = process.cpuUsage(before)
  const count = done - from
  const perSecond = (count * 1_000_000) / (user + system)
  const seconds = Math.round((performance.now() - beginning) / 1_000)
  const block = formatNumber(stall.processorMs)
  console.error(`… part ${number + 1}: ${formatNumber(count)} operations in ${seconds} s, longest block ${block} ms`)
  return { operations: count, perSecond, blockMs: stall.processorMs, wallMs: stall.wallMs, residentMb }
}

/** Holds the logs of some spaces against what their readers answer; problems in words. */
async function checkSpaces(): Promise<readonly string[]> {
  const problems: string[] = []
  for (let n = 0; n < checkedSpaces; n++) {
    const space = memory.space(`resource/r${below(spaces)}`)
    const found = await checkHistory(storage, access, space.id)
    problems.push(...found.map((problem) => `${space.id}: ${problem}`))
  }
  return problems
}

const measured: Part[] = []
let problems: readonly string[]
try {
  const work = [...Array.from({ length: clients }, client), forgetting(), compacting()]
  while (!isOver()) measured.push(await watchPart(measured.length))
  await Promise.all(work)
  await memory.settled()
  problems = await checkSpaces()
} finally {
  await base.close()
  rmSync(folder, { recursive: true, force: true })
}

const most = (own: readonly Part[], of: (part: Part) => number) => Math.max(...own.map(of))
const third = Math.ceil(measured.length / 3)
const growth =
  most(measured.slice(-third), (part) => part.residentMb) /
  most(measured.slice(third, Math.max(third + 1, measured.length - third)), (part) => part.residentMb)
const longest = most(measured, (part) => part.blockMs)
console.log(
  formatTable(
    ['part', 'operations', 'for each second of processor time', 'longest block, ms', 'by the clock, ms', 'memory, MB'],
    measured.map((part, n) => [
      String(n + 1),
      formatNumber(part.operations),
      formatNumber(Math.round(part.perSecond)),
      formatNumber(part.blockMs),
      formatNumber(part.wallMs),
      formatNumber(Math.round(part.residentMb)),
    ]),
  ),
)
const verdicts: readonly (readonly [ok: boolean, text: string])[] = [
  [longest <= longestBlockMs, `longest block ${formatNumber(longest)} ms of processor time (≤ ${longestBlockMs})`],
  [growth <= flatWithin, `memory in the last third ${growth.toFixed(2)} × that in the middle (≤ ${flatWithin})`],
  [
    failures.length === 0,
    `${failures.length} operations failed${failures.length > 0 ? `, the first: ${failures[0]}` : ''}`,
  ],
  [
    problems.length === 0,
    `${problems.length} problems in ${checkedSpaces} histories${problems.length > 0 ? `, the first: ${problems[0]}` : ''}`,
  ],
]
for (const [ok, text] of verdicts) console.log(`${ok ? 'ok  ' : 'miss'} ${text}`)
console.log(
  Object.entries(counts)
    .map(([name, times]) => `${formatNumber(times)} × ${name}`)
    .join(', '),
)
const seconds = Math.round((performance.now() - started) / 1_000)
writeJson(join(results, 'soak.json'), {
  ...describeRun({}),
  seconds,
  operations: done,
  counts,
  parts: measured,
  failures,
  problems,
})
if (values.strict && verdicts.some(([ok]) => !ok)) process.exitCode = 1
