// How long tests take: the one place that says how many random cases, kills and rounds there are, and when a test hangs.

const { AQUIFER_TEST_LENGTH, AQUIFER_TEST_SEED } = process.env

/** How many times as long as `npm test` tests with random work run; `npm run test:long` sets it (`test/long.env`). */
export const runLength = Number(AQUIFER_TEST_LENGTH ?? 1)
if (!(runLength > 0)) throw new Error(`AQUIFER_TEST_LENGTH is a number above 0, not ${AQUIFER_TEST_LENGTH}.`)

/** True if tests run as long as `npm test` runs them, or shorter: with cases that are the same each time, where a test names them. */
export const isUsual = runLength <= 1

/** The seed that a failure printed, to run it again; undefined in usual and long runs. */
export const givenSeed = AQUIFER_TEST_SEED === undefined ? undefined : Number(AQUIFER_TEST_SEED)

/** How many cases, kills or rounds a test takes, of the number in `npm test`. At least 1. */
export function times(usual: number): number {
  return Math.max(1, Math.round(usual * runLength))
}

/** A test takes every nth case of a long table, at each place other ones. Returns n: the given one in `npm test`, 1 in long runs. */
export function everyNth(usual: number): number {
  return Math.max(1, Math.round(usual / Math.max(1, runLength)))
}

/**
 * Milliseconds after which a test hangs. No test has another limit, and none is about time: a machine that is busy with
 * other things never gets here, not even with a test that starts a compiler and twenty processes.
 */
export const testLimitMs = 900_000 * Math.max(1, runLength)

/** Milliseconds after which what a test waits for never comes. */
export const waitLimitMs = testLimitMs / 3
