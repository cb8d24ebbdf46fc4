/** A process that saves turns by bare statements: waits 1 ms in SQLite for the lock, then retries with 0 to 3 ms of jitter. */
import { setImmediate as nextTick, setTimeout as sleep } from 'node:timers/promises'
import { turnAt } from '../corpus.ts'
import { floorMessages, openFloor } from '../floor.ts'
import { runTurnLoop } from './turn-loop.ts'

const busy = 5
const deadlineMs = 10_000

const isBusy = (error: unknown) => error instanceof Error && 'errcode' in error && error.errcode === busy

await runTurnLoop(async (file, worker) => {
  const floor = openFloor(file, { busyTimeoutMs: 1 })
  const { save } = floorMessages(floor)
  return {
    async save(turn) {
      const thread = 40_000_000 + worker * 1_000_000 + Math.floor(turn / 20)
      const start = performance.now()
      for (;;) {
        try {
          save(thread, turnAt(turn).rows)
          return
        } catch (error) {
          if (!isBusy(error) || performance.now() - start > deadlineMs) throw error
        }
        const jitterMs = Math.floor(Math.random() * 4)
        await (jitterMs === 0 ? nextTick() : sleep(jitterMs))
      }
    },
    close: floor.close,
  }
})
