/** A process of an application whose runs wait: says how much processor time it takes while nothing happens. */
import { setTimeout as delay } from 'node:timers/promises'
import { Aquifer } from 'aquifer'
import { openOurs } from '../ours.ts'
import { workflowThatWaits } from '../workflow-runs.ts'

const [file = '', restMs = '0', idleMs = '0'] = process.argv.slice(2)
const memory = await openOurs(file)
const aquifer = new Aquifer({ memory, workflows: { waits: workflowThatWaits(memory) } })
await delay(Number(restMs))
const before = process.cpuUsage()
await delay(Number(idleMs))
const { user, system } = process.cpuUsage(before)
process.send?.({ processorMs: (user + system) / 1_000 })
await aquifer.close()
process.exit(0)
