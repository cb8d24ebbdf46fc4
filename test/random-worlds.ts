// Random plans carried out in a world of agents that says what is wrong in it, after each action.
import fc, { type Arbitrary } from 'fast-check'
import { expect } from 'vitest'
import { isReplay, type RandomOptions, runRandom } from './random-runs.ts'

/** A world in which a plan is carried out. */
interface World<Action> {
  /** What is wrong so far. */
  readonly problems: readonly string[]
  begin(): Promise<unknown>
  step(action: Action): Promise<unknown>
  finish(): Promise<unknown>
  close(): Promise<unknown>
}

interface WorldRuns<Action, Plan> {
  readonly plans: Arbitrary<Plan>
  readonly runs: number
  readonly open: (plan: Plan) => Promise<World<Action>>
  /** What happened in all runs, by its kind, and the kinds that must. */
  readonly seen: Readonly<Record<string, number>>
  readonly kinds: readonly string[]
}

/** Fails where a plan leaves something wrong, or where the plans together leave out a kind of thing that was to happen. */
export async function runWorlds<Action, Plan extends { readonly actions: readonly Action[] }>(
  { plans, runs, open, seen, kinds }: WorldRuns<Action, Plan>,
  options: RandomOptions,
): Promise<void> {
  const property = fc.asyncProperty(plans, async (plan) => {
    const world = await open(plan)
    const check = () => expect(world.problems, world.problems.join('; ')).toEqual([])
    try {
      await world.begin()
      check()
      for (const action of plan.actions) {
        await world.step(action)
        check()
      }
      await world.finish()
      check()
    } finally {
      await world.close()
    }
  })
  await runRandom(property, runs, options)
  if (!isReplay) expect(kinds.filter((kind) => (seen[kind] ?? 0) === 0)).toEqual([])
}
