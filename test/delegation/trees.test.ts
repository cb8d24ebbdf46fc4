// Trees of delegations, decided in any order by three processes that die anywhere: nothing is done twice, and every run ends.
import { test } from 'vitest'
import { runWorlds } from '../random-worlds.ts'
import { treePlan } from './trees-plan.ts'
import { seen, TreeWorld } from './trees-world.ts'

const kinds = ['died', 'aborted by its caller', 'run complete', 'run failed', 'run aborted', 'whole']
kinds.push(
  'give',
  'edit',
  'delete',
  'entry written',
  'proposed',
  'approval answered',
  'suspension answered',
  'recovered complete',
  'delegation output-available',
)

test('whoever hands on what, decides, ends it or dies: effects come once, runs end, and records agree', async () => {
  const open = TreeWorld.open
  await runWorlds({ plans: treePlan, runs: 100, open, seen, kinds }, { usualSeed: 20261201 })
})
