// Runs whose calls wait, decided in any order by two processes that die anywhere: no effect comes twice, and every run ends.
import { test } from 'vitest'
import { runWorlds } from '../random-worlds.ts'
import { callTreePlan } from './call-trees-plan.ts'
import { CallTreeWorld, seen } from './call-trees-world.ts'

const kinds = ['died', 'replay', 'run complete', 'safe output-available', 'unsafe output-error']
const decided = ['approval sent', 'approval called', 'suspension called', 'client sent', 'client called']
kinds.push(...decided.map((what) => `${what} answered`), 'approval sent refused', 'suspension called refused')

test('whoever decides, in whatever order, and whoever dies: each call has its effect at most once', async () => {
  const open = CallTreeWorld.open
  await runWorlds({ plans: callTreePlan, runs: 1_000, open, seen, kinds }, { usualSeed: 20261130 })
})
