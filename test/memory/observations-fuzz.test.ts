// Random work on observed threads, by two processes at once, with failures and deaths: each message that stands is in one note, or is yet
// to be observed, and in a prompt once.
import { it } from 'vitest'
import { runWorlds } from '../random-worlds.ts'
import { ObservationsWorld, observationPlans } from './observations-world.ts'

const kinds = [
  ...['cloned', 'killed in a cycle', 'observe complete', 'reflect complete'],
  ...['edit', 'delete', 'forget', 'replace', 'restore'],
  ...['failed model', 'failed beforeObservation', 'failed afterObservation'],
]

it('never loses or doubles what was observed', async () => {
  const seen: Record<string, number> = {}
  const open = () => ObservationsWorld.open(seen)
  await runWorlds({ plans: observationPlans, runs: 24, open, seen, kinds }, { usualSeed: 1 })
})
