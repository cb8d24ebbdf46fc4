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
      for (const action of plan.actions) {
        await world.step(action)
        expect(world.problems).toEqual([])
      }
      await world.finish()
      expect(world.problems).toEqual([])
    } finally {
      await world.close()
    }
  })
  await runRandom(property, runs, { usualSeed: 20261130 })
  if (!isReplay) {
    const kinds = [
      'died',
      'effect',
      'replay',
      'tool-approval answered',
      'tool-approval refused',
      'tool-client answered',
    ]
    expect([...kinds, 'run complete'].filter((kind) => (seen[kind] ?? 0) === 0)).toEqual([])
  }
})
