// Random workflows come to what a plain interpreter says, whoever answers and whichever process dies.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isReplay, runRandom } from '../random-runs.ts'
import { expected } from './oracle.ts'
import { kindsIn, type RandomRun, randomRun, restartedRun } from './plans.ts'
import { seenInRuns, WorkflowWorld } from './world.ts'

const kinds = ['step', 'map', 'list', 'parallel', 'branch', 'foreach', 'loop', 'sleep', 'step of workflow']

async function carriesOut(run: RandomRun): Promise<void> {
  const { ending } = expected(run.workflow, run.input)
  for (const kind of [...kindsIn(run.workflow), ending.is]) seenInRuns[kind] = (seenInRuns[kind] ?? 0) + 1
  const world = await WorkflowWorld.open(run)
  try {
    const problems = await world.carryOut()
    expect(problems, problems.join('; ')).toEqual([])
  } finally {
    await world.close()
  }
}

function expectSeen(...what: readonly string[]): void {
  if (!isReplay) expect(what.filter((one) => (seenInRuns[one] ?? 0) === 0)).toEqual([])
}

test('a random workflow comes to what a plain interpreter says', async () => {
  await runRandom(fc.asyncProperty(randomRun(0), carriesOut), 300, { usualSeed: 20261201 })
  expectSeen(...kinds, 'success', 'failed', 'bailed')
})

test('a random workflow comes to the same when processes die at any commit', async () => {
  await runRandom(fc.asyncProperty(randomRun(4), carriesOut), 150, { usualSeed: 20261201 })
  expectSeen('died', 'recovered pending', 'started again', 'streamed')
})

test('a random workflow that is restarted each time it fails comes to what it would have come to', async () => {
  await runRandom(fc.asyncProperty(restartedRun, carriesOut), 100, { usualSeed: 20261201 })
  expectSeen('restarted')
})
