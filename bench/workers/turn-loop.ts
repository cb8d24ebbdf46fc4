/**
 * What every process of the eight-process row does, whatever it writes with: open, warm up, wait for the common start,
 * save turns until the time is up, and report what it did and how long its event loop stood still.
 */
import { setImmediate as nextTick } from 'node:timers/promises'
import { type Freezes, watchFreezes } from './freeze.ts'

export interface TurnWriter {
  save(turn: number): Promise<void>
  close(): void | Promise<void>
}

/** Sent by the parent when all processes are ready. */
export interface StartSignal {
  readonly durationMs: number
}

/** Sent once before the start, and once at the end. */
export type WorkerReport =
  | { readonly state: 'ready' }
  | {
      readonly state: 'done'
      /** Turns that were acknowledged, those of the warm-up included. */
      readonly saved: number
      /** Turns a second within the measured time. */
      readonly perSecond: number
      readonly errors: readonly string[]
      readonly errorCount: number
      readonly freezes: Freezes
    }

/** Enough for the compiled code to settle: a process that has just started runs several times slower. */
const warmUpTurns = 800
const errorsKept = 3

function report(message: WorkerReport): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, undefined, {}, (error) => (error === null ? resolve() : reject(error)))
  })
}

const startSignal = () =>
  new Promise<StartSignal>((resolve) => process.once('message', resolve as (m: unknown) => void))

/** Runs the loop in this process: `argv` is the file and the number of the worker. */
export async function runTurnLoop(open: (file: string, worker: number) => Promise<TurnWriter>): Promise<void> {
  const [, , file = '', worker = '0'] = process.argv
  const writer = await open(file, Number(worker))
  const errors: string[] = []
  let errorCount = 0
  let turn = 0
  let saved = 0
  const save = async () => {
    try {
      await writer.save(turn++)
      saved++
    } catch (error) {
      errorCount++
      if (errors.length < errorsKept) errors.push(String(error))
    }
    // An agent does other work between turns; this lets timers run, so that a freeze is a wait for the database.
    await nextTick()
  }
  while (turn < warmUpTurns) await save()
  await report({ state: 'ready' })
  const { durationMs } = await startSignal()
  const stopWatching = watchFreezes()
  const before = saved
  const start = performance.now()
  while (performance.now() - start < durationMs) await save()
  const perSecond = (saved - before) / ((performance.now() - start) / 1_000)
  const freezes = stopWatching()
  await writer.close()
  await report({ state: 'done', saved, perSecond, errors, errorCount, freezes })
  process.disconnect?.()
}
