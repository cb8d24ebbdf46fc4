// Chats as people use them: nothing that was shown as kept is lost, nothing deleted is back, and nothing stands twice.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isReplay, runRandom } from '../random-runs.ts'
import { everydayPlan } from './everyday-plan.ts'
import { EverydayWorld, seen } from './everyday-world.ts'

const runs = 2_000

test('a conversation in two tabs loses nothing, doubles nothing, and brings nothing back', async () => {
  const property = fc.asyncProperty(everydayPlan, async ({ tabs, actions }) => {
    const world = await EverydayWorld.open(tabs)
    try {
      for (const action of actions) {
        await world.step(action)
        expect(world.problems).toEqual([])
      }
    } finally {
      await world.close()
    }
  })
  await runRandom(property, runs, { usualSeed: 20261130 })
  if (!isReplay) {
    const kinds = [
      'send answers',
      'edit answers',
      'regenerate answers',
      'resend answers',
      'edit fails',
      'died',
      'delete',
    ]
    expect(kinds.filter((kind) => (seen[kind] ?? 0) === 0)).toEqual([])
  }
})
