// Agents at work on the same threads, in any order and with anything going wrong: the threads stay valid.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { coreOf } from '../../src/facade/conversations.ts'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { hour } from '../memory/opened.ts'
import { isReplay, runRandom } from '../random-runs.ts'
import { times } from '../run-lengths.ts'
import {
  allContent,
  checkDiscarded,
  checkPrompts,
  checkThread,
  followLog,
  isDiscarded,
  readLog,
} from './interleaving-checks.ts'
import { loops } from './interleaving-gates.ts'
import { type RunPlan, runPlan } from './interleaving-plan.ts'
import { resourceId, World } from './interleaving-world.ts'

const runs = 60
const folder = mkdtempSync(join(tmpdir(), 'aquifer-interleaving-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What all runs together came to: a property that nothing happens in proves nothing. */
const seen = {
  calls: 0,
  answered: 0,
  aborted: 0,
  discarded: 0,
  failed: 0,
  replaced: 0,
  interrupted: 0,
  takenUp: 0,
  goneOn: 0,
}
let files = 0

async function problemsAfter(world: World, path: string): Promise<string[]> {
  world.clock.pass(hour)
  const memory = world.open()
  await sweep(await coreOf(memory).storage.get())
  const history = followLog(world, await readLog(memory))
  const problems = [...history.problems]
  for (const threadId of world.threadIds) {
    const { messages } = await memory.listMessages({ resourceId, threadId, perPage: false, includeInternal: true })
    problems.push(...checkThread(world, threadId, messages, history))
  }
  problems.push(...(await checkDiscarded(world, memory, allContent(path))))
  for (const what of ['replaced', 'interrupted', 'takenUp', 'goneOn'] as const) seen[what] += history.counts[what]
  await memory.close()
  return problems
}

/** Each agent can go on in each thread. */
async function problemsOfGoingOn(world: World): Promise<string[]> {
  const steps = [{ does: 'say', isGated: false, tool: 'works' }] as const
  const problems: string[] = []
  for (const thread of world.threadIds.keys()) {
    for (const agent of world.plan.turns.keys()) {
      await world.act({
        ...{ kind: 'call', agent, thread, memory: 0, isStream: agent % 2 === 0, input: 'new', steps },
        ...{ refusal: 'none', isHeldInStream: false, savePerStep: true },
      })
      await world.drain()
      const call = world.calls.at(-1)
      const isAnswered = call?.ended?.status === 'answered' || call?.ended?.status === 'complete'
      if (!isAnswered) problems.push(`agent ${agent} cannot go on in thread ${thread}: ${call?.ended?.error}`)
    }
  }
  return [...problems, ...checkPrompts(world)]
}

async function openAtWork(world: World): Promise<string[]> {
  const memory = world.open()
  const storage = await coreOf(memory).storage.get()
  const { access } = coreOf(memory)
  const space = `resource/${resourceId}` as Parameters<typeof storage.messages.openTurns>[1]
  const open = await Promise.all(world.threadIds.map((thread) => storage.messages.openTurns(access, space, thread)))
  await memory.close()
  return open.flat().map(({ turnId }) => `turn ${turnId} was left open by its call`)
}

async function run(plan: RunPlan): Promise<void> {
  const path = join(folder, `${++files}.db`)
  const world = new World(plan, `file:${path}`)
  for (const { action, loops: count } of plan.actions) {
    await world.act(action)
    await loops(count)
  }
  await world.drain()
  const problems = await openAtWork(world)
  problems.push(...(await problemsAfter(world, path)), ...(await problemsOfGoingOn(world)))
  await world.close()
  const ends = world.calls.map(({ ended }) => ended?.status)
  seen.calls += world.calls.length
  seen.answered += ends.filter((status) => status === 'answered' || status === 'complete').length
  seen.aborted += ends.filter((status) => status === 'aborted').length
  seen.failed += ends.filter((status) => status === 'failed').length
  seen.discarded += world.calls.filter(isDiscarded).length
  const told = world.calls.map(({ number, plan: { input, isStream }, agentId, threadId, ended }) => {
    return `${number} ${agentId} ${threadId} ${input} ${isStream ? 'stream' : 'generate'}: ${ended?.status} ${ended?.error}`
  })
  if (problems.length > 0) throw new Error([...problems, ...told].join('\n'))
}

test('any interleaving of turns leaves valid threads', async () => {
  await runRandom(fc.asyncProperty(runPlan, run), runs, { usualSeed: 20_261_121 })
  if (isReplay || times(runs) < runs) return
  // Turns that others declare interrupted are rarer than a short run can count on.
  const { interrupted, takenUp, ...often } = seen
  for (const [what, count] of Object.entries(times(runs) < 1_000 ? often : seen)) {
    expect(count, `${what} in all runs`).toBeGreaterThan(0)
  }
})
