// What nobody caught: a program that attacks us must not be able to end the process.
import { afterEach, beforeEach, expect } from 'vitest'

/** Makes each test of a file fail for an exception or a rejection that nobody handled. */
export function expectNothingUncaught(): void {
  const found: string[] = []
  const note = (error: unknown) => void found.push(error instanceof Error ? String(error.stack) : String(error))
  beforeEach(() => {
    found.length = 0
    process.on('uncaughtException', note)
    process.on('unhandledRejection', note)
  })
  afterEach(async () => {
    // Node tells of a rejection after the microtasks of the turn in which it happened.
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
    process.off('uncaughtException', note)
    process.off('unhandledRejection', note)
    expect(found).toEqual([])
  })
}
