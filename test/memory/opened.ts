// Memories for tests: closed when their test ends, with a clock that moves only when told.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, type ErrorCode, Memory, MemoryError, type MemoryOptions } from 'aquifer'
import { expect, onTestFinished } from 'vitest'

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

export class ManualClock implements Clock {
  ms = Date.parse('2026-03-01T00:00:00.000Z')

  now(): number {
    return this.ms
  }

  pass(ms: number): void {
    this.ms += ms
  }
}

/** A memory that closes with its test. In memory, without a sweeper and without an embedder, unless asked otherwise. */
export function openMemory(options: MemoryOptions = {}): Memory {
  const memory = new Memory({ storage: ':memory:', background: false, embedder: false, ...options })
  onTestFinished(() => memory.close())
  return memory
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'aquifer-memory-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The URL of a database file of the test's own. */
export function temporaryUrl(): string {
  return `file:${join(temporaryFolder(), 'memory.db')}`
}

/** The MemoryError that an action ends in; anything else fails the test. */
export async function refusal(action: () => unknown): Promise<MemoryError> {
  let outcome: unknown
  try {
    outcome = await action()
  } catch (error) {
    if (error instanceof MemoryError) return error
    throw error
  }
  throw new Error(`Expected a MemoryError, got ${JSON.stringify(outcome)}`)
}

/** Asserts that an action is refused with that code, and with a fix. */
export async function refused(code: ErrorCode, action: () => unknown): Promise<MemoryError> {
  const error = await refusal(action)
  expect(error.code, error.message).toBe(code)
  expect(error.fix).not.toBe('')
  return error
}

/** The next `count` values of an iterator. */
export async function take<Value>(iterator: AsyncIterator<Value>, count: number): Promise<Value[]> {
  const values: Value[] = []
  while (values.length < count) {
    const { value, done } = await iterator.next()
    if (done === true) throw new Error(`The iterator ended after ${values.length} of ${count} values`)
    values.push(value)
  }
  return values
}

/** Texts of messages, in order. */
export function textsOf(messages: readonly { readonly parts: readonly { readonly type: string }[] }[]): string[] {
  return messages.map(({ parts }) =>
    parts.map((part) => ('text' in part && typeof part.text === 'string' ? part.text : `[${part.type}]`)).join(''),
  )
}
