// A process that dies at any commit of a delegation, in either space: another one carries it on, and nothing is said or done
// twice.
import { Agent, createTool, Memory, type Storage } from 'aquifer'
import { callTool, scriptedModel, threadProblems } from 'aquifer/testing'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { dyingStorage } from '../agent/dying-storage.ts'
import { hour, ManualClock } from '../memory/opened.ts'
import { asks, at, childOf, statusesIn, threadsIn } from './scene.ts'

const depth = 2
const spaces = [childOf(), childOf('middle'), childOf('middle', 'deep')]

/** A process with a supervisor, two levels of subagents, and a payment that a person has to approve. */
function startProcess(storage: Storage, clock: ManualClock, paid: string[]) {
  const memory = new Memory({ clock, storage, background: false, embedder: false })
  const pay = createTool({
    id: 'pay',
    description: 'Pays.',
    inputSchema: z.object({}),
    requireApproval: true,
    execute: () => {
      paid.push('pay')
      return 'was paid'
    },
  })
  const model = (first: object, said: string, then: string) => {
    return scriptedModel({ answer: ({ transcript }) => (transcript.includes(said) ? then : first) })
  }
  // What a dead process may have done is not done again, and the model is told.
  const payer = model(callTool('pay'), 'tool-result', 'deep: paid')
  const deep = new Agent({ id: 'deep', name: 'Deep', description: 'Pays.', tools: { pay }, model: payer })
  const middle = new Agent({
    ...{ id: 'middle', name: 'Middle', description: 'Hands it on.', agents: { deep } },
    model: model(asks('deep', 'Do it'), 'deep: paid', 'middle: paid'),
  })
  const lead = new Agent({
    ...{ id: 'lead', name: 'Lead', memory, agents: { middle } },
    model: model(asks('middle', 'Do it'), 'middle: paid', 'lead: paid'),
  })
  return { memory, lead }
}

type Process = ReturnType<typeof startProcess>

/** Approves what waits, and says how the run stands. */
async function approved({ lead }: Process): Promise<string> {
  const { runs } = await lead.listSuspendedRuns({ resourceId: 'ann' })
  for (const { runId, toolCalls } of runs) {
    if (!toolCalls.some(({ status }) => status === 'asked')) continue
    return (await lead.approveToolCallGenerate({ runId })).text
  }
  return 'nothing waits'
}

async function carriedOut(alive: Process): Promise<string> {
  await alive.lead.generate([{ id: 'question', role: 'user', parts: [{ type: 'text', text: 'Pay' }] }], at)
  return approved(alive)
}

/** Whether the process died after so many commits. */
async function withDeathAfter(commits: number, isStored: boolean): Promise<boolean> {
  const clock = new ManualClock()
  const path = { id: `dying-${commits}-${isStored}`, path: ':memory:' }
  const storage = await SqliteStorage.open({ ...path, durability: 'process', clock, busyTimeoutMs: 5_000 })
  onTestFinished(() => storage.close())
  const life = dyingStorage(storage)
  life.dieAfter(commits, isStored)
  const paid: string[] = []
  const first = await carriedOut(startProcess(life.storage, clock, paid)).catch((error: unknown) => error)
  if (!life.isDead) {
    expect([first, paid]).toEqual(['lead: paid', ['pay']])
    return false
  }
  clock.pass(hour)
  await sweep(storage)
  const alive = startProcess(storage, clock, paid)
  const what = `after ${commits} commits${isStored ? ', the last one unheard' : ''}`
  await alive.lead.recover()
  await approved(alive)
  const { messages } = await alive.memory.listMessages({ ...at, perPage: false })
  // A question whose answer had not begun is asked again.
  if (!JSON.stringify(messages).includes('lead: paid')) await carriedOut(alive)
  expect(await alive.lead.recover(), what).toEqual([])
  expect(paid.length, what).toBeLessThanOrEqual(1)
  const after = await alive.memory.listMessages({ ...at, perPage: false })
  expect(JSON.stringify(after.messages), what).toContain('lead: paid')
  expect(threadProblems(after.messages), what).toEqual([])
  for (const space of spaces) {
    const statuses = await statusesIn(alive.memory, space)
    expect(statuses.filter((status) => status === 'complete').length, `${what}, in ${space}: ${statuses}`).toBe(1)
    expect(statuses, `${what}, in ${space}`).not.toContain('suspended')
    if (space !== spaces[0]) expect(await threadsIn(alive.memory, space), `${what}, in ${space}`).toHaveLength(1)
  }
  return true
}

it.each([false, true])('survives a death after each commit (the last one unheard: %s)', async (isStored) => {
  let commits = 0
  while (await withDeathAfter(commits, isStored)) commits += 1
  // Each of the three turns begins, suspends, goes on and ends.
  expect(commits).toBeGreaterThan(4 * (depth + 1))
})
