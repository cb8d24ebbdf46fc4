// A process that dies in the middle of an agent's step: the next one answers, and nothing is said or done twice.
import { Agent, createStep, createTool, Memory, type Storage } from 'aquifer'
import { callTool, scriptedModel, threadProblems } from 'aquifer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { dyingStorage } from '../agent/dying-storage.ts'
import { hour, ManualClock } from '../memory/opened.ts'
import { type Attempt, attempt } from './attempts.ts'

const place = { resourceId: 'ann', threadId: 't' }
const prompt = { prompt: 'Look, and pay Ann.' }

/** A process with the agent, whose model looks, then pays, then says so; or says that it does not know. */
function startProcess(storage: Storage, clock: ManualClock, ran: string[]) {
  const memory = new Memory({ clock, storage, background: false, embedder: false })
  const running = (id: string, options: object) =>
    createTool({
      id,
      description: `Does ${id}.`,
      inputSchema: z.object({}),
      execute: async () => {
        ran.push(id)
        return { done: id }
      },
      ...options,
    })
  const tools = { look: running('look', { readOnly: true }), pay: running('pay', { requireApproval: true }) }
  const answer = ({ transcript }: { readonly transcript: string }) => {
    if (transcript.includes('may have had')) return 'I do not know.'
    if (!transcript.includes('"done":"look"')) return callTool('look')
    return transcript.includes('"done":"pay"') ? 'Paid.' : callTool('pay')
  }
  const agent = new Agent({ name: 'Clerk', memory, model: scriptedModel({ answer: answer as never }), tools })
  return { memory, step: createStep(agent) }
}

/** Runs the step to its end, with a person who approves what it asks for. */
async function carriedOut({ memory, step }: ReturnType<typeof startProcess>): Promise<unknown> {
  let how: Attempt = { memory, place }
  for (;;) {
    const outcome = await attempt(step, prompt, how)
    if ('output' in outcome) return outcome.output
    how = { ...how, resumed: { payload: outcome.suspended, data: { approved: true } } }
  }
}

/** Carries the step out by a process that dies after so many commits, then by another one. Tells whether it died. */
async function withDeathAfter(commits: number): Promise<boolean> {
  const clock = new ManualClock()
  const storage = await SqliteStorage.open({
    ...{ id: `dying-${commits}`, path: ':memory:', durability: 'process', clock, busyTimeoutMs: 5_000 },
  })
  onTestFinished(() => storage.close())
  const life = dyingStorage(storage)
  life.dieAfter(commits)
  const ran: string[] = []
  const first = await carriedOut(startProcess(life.storage, clock, ran)).catch((error: unknown) => error)
  if (!life.isDead) {
    expect([first, ran]).toEqual([{ text: 'Paid.' }, ['look', 'pay']])
    return false
  }
  clock.pass(hour)
  await sweep(storage)
  const alive = startProcess(storage, clock, ran)
  const paid = ran.filter((id) => id === 'pay').length
  const output = await carriedOut(alive)
  expect(ran.filter((id) => id === 'pay')).toEqual(['pay'])
  const isUnknown = (output as { text: string }).text === 'I do not know.'
  expect(output, `after ${commits} commits`).toEqual({ text: isUnknown ? 'I do not know.' : 'Paid.' })
  if (isUnknown) expect(paid).toBe(1)
  const { messages } = await alive.memory.listMessages({ ...place, perPage: false })
  expect(messages.map(({ role, turnStatus }) => `${turnStatus} ${role}`)).toEqual([
    'complete user',
    'complete assistant',
  ])
  expect(threadProblems(messages)).toEqual([])
  return true
}

describe('a step of an agent whose process dies', () => {
  it('is carried out by the next one, whichever commit was the last', async () => {
    let commits = 0
    while (await withDeathAfter(commits)) commits += 1
    expect(commits).toBeGreaterThan(5)
  })
})
