// Runs whose calls wait, decided in any order by two processes that die anywhere: no effect comes twice, and every run ends.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isReplay, runRandom } from '../random-runs.ts'
import { callTreePlan } from './call-trees-plan.ts'
import { CallTreeWorld, seen } from './call-trees-world.ts'

const runs = 1_000

test('whoever decides, in whatever order, and whoever dies: each call has its effect at most once', async () => {
  const property = fc.asyncProperty(callTreePlan, async (plan) => {
    const world = await CallTreeWorld.open(plan)
    try {
      await world.begin()
      expect(world.problems, world.problems.join('; ')).toEqual([])
      for (const action of plan.actions) {
        await world.step(action)
        expect(world.problems, world.problems.join('; ')).toEqual([])
      }
      await world.finish()
      expect(world.problems, world.problems.join('; ')).toEqual([])
    } finally {
      await world.close()
    }
  })
  await runRandom(property, runs, { usualSeed: 20261130 })
  if (!isReplay) {
    const kinds = ['died', 'replay', 'run complete', 'safe output-available', 'unsafe output-error']
    const decided = ['approval sent', 'approval called', 'suspension called', 'client sent', 'client called']
    kinds.push(...decided.map((what) => `${what} answered`), 'approval sent refused', 'suspension called refused')
    expect(kinds.filter((kind) => (seen[kind] ?? 0) === 0)).toEqual([])
  }
})
