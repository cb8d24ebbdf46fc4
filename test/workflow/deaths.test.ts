// A workflow whose process dies at any commit, before it is stored or after, comes to what it would have come to.
import { expect, it } from 'vitest'
import { everyNth } from '../run-lengths.ts'
import type { DeathPlan, TurnPlan } from './plans.ts'
import { wholePlan } from './whole-plan.ts'
import { WorkflowWorld } from './world.ts'

/** How often someone does something in an undisturbed run: one starts it, and it asks three times. */
const turns = 4

/** Carries the workflow out; the process of one of its turns dies. Answers what is wrong, and whether it died. */
async function withDeath(at: number, death: DeathPlan) {
  const plan = Array.from({ length: turns }, (_, turn): TurnPlan => {
    return { answers: [{ which: 0, process: 0 }], isStreamed: false, death: turn === at ? death : null }
  })
  const world = await WorkflowWorld.open({ workflow: wholePlan, input: 'go', turns: plan })
  try {
    const problems = await world.carryOut()
    return {
      problems: problems.map((problem) => `turn ${at}, ${JSON.stringify(death)}: ${problem}`),
      deaths: world.deaths,
    }
  } finally {
    await world.close()
  }
}

it.each([false, true])('goes on after a death at any commit, stored: %s', async (isStored) => {
  const problems: string[] = []
  for (let turn = 0; turn < turns; turn++) {
    let died = 0
    for (let afterCommits = turn % everyNth(1); ; afterCommits += everyNth(1)) {
      const found = await withDeath(turn, { afterCommits, isStored })
      problems.push(...found.problems)
      died += found.deaths
      if (found.deaths === 0) break
    }
    expect([turn, died]).not.toEqual([turn, 0])
  }
  expect(problems).toEqual([])
})
