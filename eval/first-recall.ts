// Whether the first question of a fresh process is right, right after the first write, with the default embedder:
// node --conditions=aquifer-source eval/first-recall.ts [runs] [--busy]
import { spawn, spawnSync } from 'node:child_process'
import { Memory } from 'aquifer'

const home = { agentId: 'task_q3_proposal' }
const right = 'Client needs executive summary first, uses slide decks, needs ROI figures'
/** It is newer, which alone would put it first. Neither has a word of the question. */
const wrong = 'The kickoff took place in Lisbon in March'

async function once(): Promise<void> {
  await using memory = new Memory({ storage: ':memory:' })
  await memory.add([{ role: 'assistant', content: right }], home)
  await memory.add([{ role: 'assistant', content: wrong }], home)
  const begun = performance.now()
  const { results, degraded, pending } = await memory.search('output format constraints', home)
  const isRight = results[0]?.memory === right
  console.log(JSON.stringify({ isRight, degraded, pending, ms: Math.round(performance.now() - begun) }))
}

function inFreshProcesses(runs: number, isBusy: boolean): void {
  const busy = isBusy ? spawn(process.execPath, ['-e', 'for (;;);']) : null
  try {
    const answers = Array.from({ length: runs }, () => {
      const args = [...process.execArgv, import.meta.filename, '--once']
      const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
      return JSON.parse(stdout) as { readonly isRight: boolean; readonly ms: number; readonly pending: number }
    })
    const times = answers.map(({ ms }) => ms).sort((left, right) => left - right)
    const count = answers.filter(({ isRight }) => isRight).length
    const waiting = answers.filter(({ pending }) => pending > 0).length
    console.log(`${count} of ${runs} right first; ${waiting} with a vector missing`)
    console.log(`first question: median ${times[runs >> 1]} ms, longest ${times.at(-1)} ms`)
  } finally {
    busy?.kill()
  }
}

const [first = '50', ...flags] = process.argv.slice(2)
if (first === '--once') await once()
else inFreshProcesses(Number(first), flags.includes('--busy'))
