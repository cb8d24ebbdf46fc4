/** Starts so many runs that wait: half of them for a person, half for a later day. */
import { setTimeout as delay } from 'node:timers/promises'
import { openOurs } from '../ours.ts'
import { workflowThatWaits } from '../workflow-runs.ts'

const [file = '', runs = '0'] = process.argv.slice(2)
const memory = await openOurs(file)
const workflow = workflowThatWaits(memory)
for (let n = 0; n < Number(runs); n++) {
  const run = await workflow.createRun()
  const start = run.start({ inputData: { n } })
  // That of a run which sleeps takes a day.
  start.catch(() => {})
  while (!['suspended', 'waiting'].includes((await run.state())?.status ?? '')) await delay(1)
}
await memory.close()
process.exit(0)
