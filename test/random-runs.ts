// Runs a property on random cases, as many as test/run-lengths.ts says. A failure prints the command that repeats it.
import { randomInt } from 'node:crypto'
import { relative } from 'node:path'
import fc, { type IAsyncProperty, type IProperty, type Parameters, type RunDetails } from 'fast-check'
import { expect } from 'vitest'
import { givenSeed, isUsual, times } from './run-lengths.ts'

const { AQUIFER_TEST_PATH } = process.env
const root = `${import.meta.dirname}/..`

/** True if one failed case is run again. */
export const isReplay = AQUIFER_TEST_PATH !== undefined

export interface RandomOptions {
  /** Takes the same cases in every `npm test`, so that this never fails by chance. Longer runs take new ones. */
  readonly usualSeed?: number
}

/**
 * Fails if the property does not hold for a random case.
 *
 * @param runs How many cases there are in `npm test`; `npm run test:long` takes more.
 */
export async function runRandom<Input>(
  property: IAsyncProperty<Input> | IProperty<Input>,
  runs: number,
  { usualSeed }: RandomOptions = {},
): Promise<void> {
  const settings = settingsOf<Input>(runs, usualSeed)
  await (property.isAsync() ? fc.assert(property, settings) : fc.assert(property as IProperty<Input>, settings))
}

function settingsOf<Input>(runs: number, usualSeed: number | undefined): Parameters<Input> {
  const fresh = isUsual ? usualSeed : undefined
  return {
    seed: givenSeed ?? fresh ?? randomInt(2 ** 31),
    numRuns: times(runs),
    ...(AQUIFER_TEST_PATH === undefined ? {} : { path: AQUIFER_TEST_PATH }),
    reporter: report<Input>,
  }
}

function report<Input>(details: RunDetails<Input>): void {
  if (!details.failed) return
  const { seed, counterexamplePath, counterexample, numRuns, errorInstance } = details
  const { testPath = '', currentTestName = '' } = expect.getState()
  const file = relative(root, testPath).replaceAll('\\', '/')
  const cause = errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance)
  const replay = `AQUIFER_TEST_SEED=${seed} AQUIFER_TEST_PATH='${counterexamplePath}'`
  // A pattern that no shell reads otherwise. Between the names of a test and of those around it are spaces in a pattern.
  const name = currentTestName.replaceAll(' > ', ' ').replace(/[^\w ,:;-]/g, '.')
  throw new Error(`Random case ${numRuns} failed. Again: ${replay} npm test -- ${file} -t "${name}"
${fc.stringify(counterexample)}
${cause}`)
}
