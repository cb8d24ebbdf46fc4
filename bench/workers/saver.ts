/** A process that saves a small turn every 5 ms until it is told to stop. Says that it is ready, and then how that went. */
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { Memory } from 'aquifer'
import type { SaverReport } from '../rows/stalls.ts'
import { longestStall } from '../stalls.ts'

const memory = new Memory({ storage: `file:${process.argv[2]}`, embedder: false, background: false })
let isOver = false
let saves = 0
let slowestMs = 0
let errors = 0

async function save(): Promise<void> {
  const started = performance.now()
  await memory.saveMessages({ resourceId: 'saver', threadId: 'saver', messages: ['hello there'] }).catch(() => {
    errors += 1
  })
  saves += 1
  slowestMs = Math.max(slowestMs, performance.now() - started)
}

for (let n = 0; n < 200; n++) await save()
;[saves, slowestMs] = [0, 0]
process.send?.('ready')
const stopped = once(process, 'message').then(() => {
  isOver = true
})
const stall = await longestStall(async () => {
  while (!isOver) {
    await save()
    await delay(5)
  }
})
await stopped
const report: SaverReport = { saves, slowestMs, errors, stall }
process.send?.(report)
await memory.close()
process.disconnect()
