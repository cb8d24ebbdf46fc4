// Trees of delegations, decided in any order by two processes that die anywhere: nothing is done twice, and every run ends.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isReplay, runRandom } from '../random-runs.ts'
import { treePlan } from './trees-plan.ts'
import { seen, TreeWorld } from './trees-world.ts'

const runs = 150

test('whoever hands on what, decides, ends it or dies: effects come once, runs end, and records agree', async () => {
  const property = fc.asyncProperty(treePlan, async (plan) => {
    const world = await TreeWorld.open(plan)
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
  await runRandom(property, runs, { usualSeed: 20261201 })
  if (!isReplay) {
    const kinds = ['died', 'aborted by its caller', 'run complete', 'run failed', 'run aborted', 'whole']
    kinds.push('approval answered', 'suspension answered', 'recovered complete', 'delegation output-available')
    expect(kinds.filter((kind) => (seen[kind] ?? 0) === 0)).toEqual([])
  }
})
