// Whether the first question of a fresh process is right, right after the first write, with the default embedder. As a user has
// it: with the built package, each run in a process of its own.
//
//   npm run eval:first [-- RUNS] [--busy]      50 runs by default; --busy keeps one core busy meanwhile
import { spawn, spawnSync } from 'node:child_process'
import { availableParallelism, loadavg } from 'node:os'
import { Memory } from 'aquifer'

const home = { agentId: 'task_q3_proposal' }
const right = 'Client needs executive summary first, uses slide decks, needs ROI figures'
/** It is newer, which alone would put it first. Neither has a word of the question. */
const wrong = 'The kickoff took place in Lisbon in March'

interface Answer {
  readonly isRight: boolean
  readonly degraded: readonly string[]
  readonly pending: number
  /** Milliseconds that the question took. */
  readonly ms: number
  /** Milliseconds of processor time that the process took, its threads included, from its start to the answer. */
  readonly processorMs: number
}

async function once(): Promise<void> {
  await using memory = new Memory({ storage: ':memory:' })
  await memory.add([{ role: 'assistant', content: right }], home)
  await memory.add([{ role: 'assistant', content: wrong }], home)
  const begun = performance.now()
  const { results, degraded, pending } = await memory.search('output format constraints', home)
  const ms = Math.round(performance.now() - begun)
  const { user, system } = process.cpuUsage()
  const processorMs = Math.round((user + system) / 1_000)
  console.log(JSON.stringify({ isRight: results[0]?.memory === right, degraded, pending, ms, processorMs }))
}

function inFreshProcess(): Answer {
  const { stdout, stderr } = spawnSync(process.execPath, [import.meta.filename, '--once'], { encoding: 'utf8' })
  if (stdout === '') throw new Error(`A run failed: ${stderr}`)
  return JSON.parse(stdout) as Answer
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((left, right) => left - right)
  return `median ${sorted[sorted.length >> 1]} ms, longest ${sorted.at(-1)} ms`
}

function inFreshProcesses(runs: number, isBusy: boolean): void {
  const busy = isBusy ? spawn(process.execPath, ['-e', 'for (;;);']) : null
  try {
    const loads = [loadavg()[0] as number]
    const answers: Answer[] = []
    for (let run = 0; run < runs; run++) {
      answers.push(inFreshProcess())
      loads.push(loadavg()[0] as number)
    }
    const count = (of: (answer: Answer) => boolean) => answers.filter(of).length
    console.log(`${count(({ isRight }) => isRight)} of ${runs} right first`)
    console.log(
      `${count(({ pending }) => pending > 0)} with a vector missing, ${count(({ degraded }) => degraded.length > 0)} degraded`,
    )
    console.log(`first question: ${spread(answers.map(({ ms }) => ms))}`)
    console.log(`processor time of a process: ${spread(answers.map(({ processorMs }) => processorMs))}`)
    const [least, most] = [Math.min(...loads).toFixed(1), Math.max(...loads).toFixed(1)]
    console.log(
      `load ${least} to ${most} on ${availableParallelism()} cores${isBusy ? ', one of them kept busy by this program' : ''}`,
    )
  } finally {
    busy?.kill()
  }
}

const [first = '50', ...flags] = process.argv.slice(2)
if (first === '--once') await once()
else inFreshProcesses(Number(first), flags.includes('--busy'))
