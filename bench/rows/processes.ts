/** The row of eight processes that write one file: throughput, errors, losses, frozen event loops, fairness. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openFloor } from '../floor.ts'
import { median } from '../measure.ts'
import { openOurs } from '../ours.ts'
import { judge, type Line, type RunSettings, type SelfMeasuredRow } from '../row.ts'
import type { StartSignal, WorkerReport } from '../workers/turn-loop.ts'

const processes = 8

type Side = 'floor' | 'ours'
type Done = Extract<WorkerReport, { state: 'done' }>

/** What eight processes did together in one round. */
interface Round {
  readonly perSecond: number
  readonly errorCount: number
  readonly errors: readonly string[]
  readonly lost: number
  readonly longestFreezeMs: number
  /** The same without the time a process waited for a processor, where the system counts it. */
  readonly longestOwnFreezeMs: number
  readonly slowestToFastest: number
}

function start(side: Side, file: string, worker: number): ChildProcess {
  const script = fileURLToPath(new URL(`../workers/${side === 'floor' ? 'floor' : 'our'}-turns.ts`, import.meta.url))
  return fork(script, [file, String(worker)], { execArgv: ['--conditions=aquifer-source'] })
}

/** The next report of a process; a process that ends without one is an error. */
function nextReport(child: ChildProcess): Promise<WorkerReport> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`a worker ended with status ${code} before it reported`))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message as WorkerReport)
    })
  })
}

function countFloor(file: string): number {
  const floor = openFloor(file)
  const count = Number(floor.database.prepare('SELECT count(*) AS count FROM message').get()?.count)
  floor.close()
  return count
}

/** Counts through the facade: every message of every thread of every worker, page by page. */
async function countOurs(file: string): Promise<number> {
  const memory = await openOurs(file)
  let count = 0
  for (let worker = 0; worker < processes; worker++) {
    const resourceId = `worker-${worker}`
    for (let cursor: string | undefined, more = true; more; ) {
      const page = await memory.listThreads({ resourceId, perPage: 100, ...(cursor !== undefined && { cursor }) })
      for (const { id } of page.threads) {
        const { messages } = await memory.listMessages({ resourceId, threadId: id, perPage: 100 })
        count += messages.length
      }
      cursor = page.nextCursor
      more = cursor !== undefined
    }
  }
  await memory.close()
  return count
}

async function runRound(side: Side, file: string, durationMs: number): Promise<Round> {
  // The file exists and has its schema before the processes race for it.
  if (side === 'floor') openFloor(file).close()
  else await (await openOurs(file)).close()
  const children = Array.from({ length: processes }, (_, worker) => start(side, file, worker))
  try {
    await Promise.all(children.map(nextReport))
    const reports = Promise.all(children.map(nextReport))
    const ended = Promise.all(children.map((child) => once(child, 'exit')))
    for (const child of children) child.send({ durationMs } satisfies StartSignal)
    const done = (await reports).filter((report): report is Done => report.state === 'done')
    await ended
    const counted = side === 'floor' ? countFloor(file) : await countOurs(file)
    return summarise(done, counted)
  } finally {
    for (const child of children) if (child.exitCode === null) child.kill()
  }
}

function summarise(done: readonly Done[], messagesCounted: number): Round {
  const rates = done.map((report) => report.perSecond)
  const saved = done.reduce((sum, report) => sum + report.saved, 0)
  return {
    perSecond: rates.reduce((sum, rate) => sum + rate, 0),
    errorCount: done.reduce((sum, report) => sum + report.errorCount, 0),
    errors: done.flatMap((report) => report.errors),
    lost: Math.abs(saved * 2 - messagesCounted),
    longestFreezeMs: Math.max(...done.map(({ freezes }) => freezes.longestMs)),
    longestOwnFreezeMs: Math.max(...done.map(({ freezes }) => freezes.longestOwnMs ?? freezes.longestMs)),
    slowestToFastest: Math.min(...rates) / Math.max(...rates),
  }
}

function lines(name: string, floors: readonly Round[], ours: readonly Round[]): readonly Line[] {
  const line = (row: string, unit: string, of: (rounds: readonly Round[]) => number, target: string): Line => ({
    row: `${name}${row}`,
    unit,
    floor: of(floors),
    ours: ours.length === 0 ? null : of(ours),
    ratio: null,
    target,
    verdict: 'no target',
  })
  const rate = line('', 'turns/s', (rounds) => median(rounds.map((round) => round.perSecond)), 'ratio ≥ 0.45')
  const ratio = median(ours.map((round, at) => round.perSecond / (floors[at]?.perSecond ?? Number.NaN)))
  const wrong = line(', errors and lost messages', 'count', (rounds) => sum(rounds, (r) => r.errorCount + r.lost), '0')
  const delay = line(', longest timer delay', 'ms', (rounds) => median(rounds.map((r) => r.longestFreezeMs)), '')
  const freeze = line(
    ', longest freeze (delay without waiting for a processor)',
    'ms',
    (rounds) => median(rounds.map((r) => r.longestOwnFreezeMs)),
    '≤ 20',
  )
  const fair = line(', slowest to fastest', 'share', (rounds) => median(rounds.map((r) => r.slowestToFastest)), '≥ 0.6')
  const note = ours.flatMap((round) => round.errors).at(0)
  return [
    { ...rate, ratio: rate.ours === null ? null : ratio, verdict: judge(rate.ours && ratio, { atLeast: 0.45 }) },
    { ...wrong, verdict: judge(wrong.ours, { atMost: 0 }), ...(note !== undefined && { note }) },
    delay,
    { ...freeze, verdict: judge(freeze.ours, { atMost: 20 }) },
    { ...fair, verdict: judge(fair.ours, { atLeast: 0.6 }) },
  ]
}

const sum = (rounds: readonly Round[], of: (round: Round) => number) =>
  rounds.reduce((total, round) => total + of(round), 0)

const name = '8 processes on one file, 2-message turns'

export const processesRow: SelfMeasuredRow = {
  kind: 'self-measured',
  name,
  async measure({ folder, quick, floorOnly }: RunSettings) {
    const durationMs = quick ? 500 : 2_000
    const floors: Round[] = []
    const ours: Round[] = []
    for (let round = 0; round < (quick ? 1 : 5); round++) {
      floors.push(await runRound('floor', join(folder, `processes-floor-${round}.db`), durationMs))
      if (!floorOnly) ours.push(await runRound('ours', join(folder, `processes-ours-${round}.db`), durationMs))
    }
    return lines(name, floors, ours)
  },
}
