// One of two processes that observe a thread again and again, until it is killed.
import { writeSync } from 'node:fs'
import { Memory } from '../../src/facade/memory.ts'

/** What a worker is told. */
export interface ObserveTask {
  readonly url: string
  /** How far its clock is ahead, milliseconds: claims of processes that were killed are over. */
  readonly aheadMs: number
}

const { url, aheadMs } = JSON.parse(process.argv[2] ?? '') as ObserveTask
const clock = { now: () => Date.now() + aheadMs }
const memory = new Memory({
  storage: url,
  embedder: false,
  background: false,
  clock,
  options: {
    observationalMemory: {
      model: false,
      observation: { maxTokensPerBatch: 40 },
      reflection: { observationTokens: 200 },
    },
  },
})
for (;;) {
  const { status, notes } = await memory.observe({ resourceId: 'ann', threadId: 'trip' })
  writeSync(1, `${JSON.stringify({ status, notes })}\n`)
  await new Promise((resolve) => setTimeout(resolve, 1))
}
