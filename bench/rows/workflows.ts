/** Rows of workflows: steps a second compared with one row for each step, the cost of long runs, and of runs that wait. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openFloor } from '../floor.ts'
import { median } from '../measure.ts'
import { openOurs } from '../ours.ts'
import { type ComparedRow, judge, type Line, type RunSettings, type SelfMeasuredRow } from '../row.ts'
import { workflowOfHundred, workflowOfRounds } from '../workflow-runs.ts'

const hundred = 100

/** A run of a hundred steps, one after the other; the floor writes what each gave as one row, in a transaction of its own. */
const stepsRow: ComparedRow = {
  kind: 'compared',
  name: 'workflow, steps one after the other',
  unit: 'steps',
  target: { ratio: 0.4 },
  unitsPerRun: hundred,
  runs: 5,
  floor({ file }) {
    const floor = openFloor(file)
    const table =
      'CREATE TABLE IF NOT EXISTS step(run INTEGER, path TEXT, json TEXT, PRIMARY KEY(run, path)) WITHOUT ROWID'
    floor.database.exec(table)
    const insert = floor.database.prepare('INSERT INTO step(run, path, json) VALUES (?, ?, ?)')
    let run = 0
    return {
      run() {
        run += 1
        for (let step = 0; step < hundred; step++) {
          floor.begin()
          insert.run(run, String(step), `{"status":"success","output":{"n":${step}}}`)
          floor.commit()
        }
      },
      close: () => floor.close(),
    }
  },
  async ours({ file }) {
    const memory = await openOurs(file)
    const workflow = workflowOfHundred(memory)
    return {
      async run() {
        const { status } = await (await workflow.createRun()).start({ inputData: { n: 0 } })
        if (status !== 'success') throw new Error(`A run ended ${status}.`)
      },
      close: () => memory.close(),
    }
  },
}

const mostGrowth = 1.3
/** A run has two records beside those of its steps, and may have 10,000. */
const manySteps = 9_900

/** Processor time of one step in runs of so many steps, in microseconds. */
async function microsecondsAStep(file: string, steps: number, runs: number): Promise<number> {
  const memory = await openOurs(file)
  const workflow = workflowOfRounds(memory)
  const before = process.cpuUsage()
  for (let run = 0; run < runs; run++) {
    const { status } = await (await workflow.createRun()).start({ inputData: { n: steps } })
    if (status !== 'success') throw new Error(`A run ended ${status}.`)
  }
  const { user, system } = process.cpuUsage(before)
  await memory.close()
  return (user + system) / (steps * runs)
}

const longRunsRow: SelfMeasuredRow = {
  kind: 'self-measured',
  name: 'workflow, a long run',
  async measure({ folder, quick, floorOnly }: RunSettings): Promise<readonly Line[]> {
    if (floorOnly) return []
    const steps = quick ? 1_000 : manySteps
    const short: number[] = []
    const long: number[] = []
    for (let round = 0; round < (quick ? 2 : 6); round++) {
      const one = await microsecondsAStep(join(folder, `short-${round}.db`), hundred, steps / hundred)
      const other = await microsecondsAStep(join(folder, `long-${round}.db`), steps, 1)
      // The first round warms up.
      if (round === 0) continue
      short.push(one)
      long.push(other)
    }
    const ratio = median(long.map((us, round) => us / (short[round] ?? Number.NaN)))
    const line: Line = {
      row: `workflow, a step in a run of ${steps.toLocaleString('en')}: processor time`,
      unit: 'µs',
      floor: median(short),
      ours: median(long),
      ratio,
      target: `≤ ${mostGrowth} × in a run of ${hundred}`,
      verdict: judge(ratio, { atMost: mostGrowth }),
      note: `floor: the same in runs of ${hundred}`,
    }
    return [line]
  },
}

const mostIdle = 1.2

function worker(name: string, ...args: readonly unknown[]) {
  const script = fileURLToPath(new URL(`../workers/${name}.ts`, import.meta.url))
  return fork(script, args.map(String), { execArgv: ['--conditions=aquifer-source'] })
}

/** Fills a file with runs that wait. In a process of its own, for one in which a run sleeps does not end by itself. */
async function fill(file: string, runs: number): Promise<void> {
  const [code] = await once(worker('waiting-workflows', file, runs), 'exit')
  if (code !== 0) throw new Error(`A worker ended with status ${code}.`)
}

/** Processor time of a process in which nothing happens, in milliseconds. */
async function idle(file: string, restMs: number, idleMs: number): Promise<number> {
  const child = worker('idle-workflows', file, restMs, idleMs)
  const [message] = await once(child, 'message')
  if (child.exitCode === null) await once(child, 'exit')
  return (message as { processorMs: number }).processorMs
}

const idleRow: SelfMeasuredRow = {
  kind: 'self-measured',
  name: 'workflow, runs that wait',
  async measure({ folder, quick, floorOnly }: RunSettings): Promise<readonly Line[]> {
    if (floorOnly) return []
    const [runs, idleMs] = quick ? [50, 1_000] : [1_000, 10_000]
    const [none, waiting] = [join(folder, 'idle-none.db'), join(folder, 'idle-waiting.db')]
    await (await openOurs(none)).close()
    await fill(waiting, runs)
    const without: number[] = []
    const within: number[] = []
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      without.push(await idle(none, 5_000, idleMs))
      within.push(await idle(waiting, 5_000, idleMs))
    }
    const ratio = median(within.map((ms, round) => ms / (without[round] ?? Number.NaN)))
    const line: Line = {
      row: `workflow, ${runs.toLocaleString('en')} runs wait: processor time of ${idleMs / 1_000} s`,
      unit: 'ms',
      floor: median(without),
      ours: median(within),
      ratio,
      target: `≤ ${mostIdle} × with none`,
      verdict: judge(ratio, { atMost: mostIdle }),
      note: 'floor: the same file without runs; half of the runs wait for a person, half for a later day',
    }
    return [line]
  },
}

export const workflowRows = [stepsRow, longRunsRow, idleRow] as const
