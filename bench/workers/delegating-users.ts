/** A process of an application with many users of one supervisor: says what crossed, and how the heap grew. */
import { Memory } from 'aquifer'
import { delegateForUsers } from '../delegating-users.ts'

const [users = '1', seconds = '1'] = process.argv.slice(2)

/** Megabytes that are held once everything else is collected. */
function heldMegabytes(): number {
  if (globalThis.gc === undefined) throw new Error('Start it with --expose-gc.')
  globalThis.gc()
  return process.memoryUsage().heapUsed / 1e6
}

const memory = new Memory({ storage: ':memory:', embedder: false, options: { semanticRecall: false } })
const began = performance.now()
const elapsed = () => (performance.now() - began) / 1_000
let earlyMegabytes = 0
const { turns, approvals, faults } = await delegateForUsers(memory, Number(users), () => {
  if (earlyMegabytes === 0 && elapsed() > Number(seconds) / 4) earlyMegabytes = heldMegabytes()
  return elapsed() > Number(seconds)
})
process.send?.({ turns, approvals, faults, earlyMegabytes, lateMegabytes: heldMegabytes() })
await memory.close()
process.exit(0)
