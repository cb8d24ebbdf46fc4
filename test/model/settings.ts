// How long random tests run, and how a failure is run again.
import { randomInt } from 'node:crypto'
import type { Parameters, RunDetails } from 'fast-check'

const { AQUIFER_MODEL_RUNS, AQUIFER_MODEL_SEED, AQUIFER_MODEL_PATH } = process.env

/** `runs` times as many runs as AQUIFER_MODEL_RUNS says; a failure prints the command that repeats it. */
export function settings<Input>(name: string, runs: number): Parameters<[Input]> {
  const seed = AQUIFER_MODEL_SEED === undefined ? randomInt(2 ** 31) : Number(AQUIFER_MODEL_SEED)
  return {
    seed,
    numRuns: Math.ceil(runs * Number(AQUIFER_MODEL_RUNS ?? 1)),
    ...(AQUIFER_MODEL_PATH === undefined ? {} : { path: AQUIFER_MODEL_PATH }),
    reporter: (run: RunDetails<[Input]>) => {
      if (!run.failed) return
      const { counterexample, counterexamplePath, numRuns, errorInstance } = run
      const cause =
        errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance)
      const environment = `AQUIFER_MODEL_SEED=${run.seed} AQUIFER_MODEL_PATH='${counterexamplePath}'`
      throw new Error(
        `Run ${numRuns} failed. Again: ${environment} npx vitest run test/model test/storage -t ${JSON.stringify(name)}
${JSON.stringify(counterexample?.[0])}
${cause}`,
      )
    },
  }
}

/** Time for all runs: no test is about time. */
settings.timeoutMs = 120_000 * Math.max(1, Number(AQUIFER_MODEL_RUNS ?? 1))
