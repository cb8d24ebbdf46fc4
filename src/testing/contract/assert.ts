/** Assertions of the contract: they throw, so that any test runner can run the cases. */
import { inspect, isDeepStrictEqual } from 'node:util'
import { type ErrorCode, MemoryError } from '../../domain/error.ts'

function shownIn(value: unknown): string {
  return inspect(value, { depth: 8, breakLength: 110, maxStringLength: 200 })
}

function isBranch(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** The first difference of two unequal values: its path, and both values there. */
function firstDifference(actual: unknown, expected: unknown, path = ''): readonly [string, unknown, unknown] {
  if (!isBranch(actual) || !isBranch(expected)) return [path, actual, expected]
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    if (isDeepStrictEqual(actual[key], expected[key])) continue
    return firstDifference(actual[key], expected[key], path === '' ? key : `${path}.${key}`)
  }
  return [path, actual, expected]
}

/** Fails with both values, and where they differ first, unless they are deeply and strictly equal. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return
  const [path, got, wanted] = firstDifference(actual, expected)
  const first = path === '' ? '' : `\n  at ${path}: expected ${shownIn(wanted)}, got ${shownIn(got)}`
  throw new Error(`${what}${first}\n  expected ${shownIn(expected)}\n  got      ${shownIn(actual)}`)
}

/** Fails with the words unless the condition holds. */
export function expectTrue(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(what)
}

/** Fails unless `work` rejects with a {@link MemoryError} of that code; answers the error. A plain throw is a failure. */
export async function expectError(code: ErrorCode, what: string, work: () => Promise<unknown>): Promise<MemoryError> {
  let promise: Promise<unknown>
  try {
    promise = work()
  } catch (error) {
    throw new Error(`${what}: must answer with a rejected promise, but threw ${shownIn(error)}`)
  }
  const outcome = await promise.then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  )
  if (!('error' in outcome))
    throw new Error(`${what}: must be refused as ${code}, but answered ${shownIn(outcome.answer)}`)
  const { error } = outcome
  if (!(error instanceof MemoryError)) throw new Error(`${what}: must be a MemoryError ${code}, got ${shownIn(error)}`)
  expectEqual(error.code, code, `${what}: the code of "${error.message}"`)
  expectTrue(error.fix.length > 0, `${what}: an error says how to repair it`)
  return error
}
