// A process that dies at any commit of a run with hooks and a check: what was stored of a step is not asked again, and what the
// model was to be told is told by the next process.
import { Agent, type IterationRecord, Memory, type Storage } from 'aquifer'
import { type ModelCall, scriptedModel } from 'aquifer/testing'
import { expect, it, onTestFinished } from 'vitest'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { dyingStorage } from '../agent/dying-storage.ts'
import { hour, ManualClock } from '../memory/opened.ts'
import { asks, at } from './scene.ts'

/** Asks for a city until two are known, then answers, and answers better once it is told to. */
function next({ transcript }: ModelCall): string | object {
  const known = ['Oslo', 'Bergen'].filter((city) => transcript.includes(`Rain in ${city}`))
  if (known.length === 0) return asks('research', 'Oslo')
  // Remark 1 is what the first step was answered with: without it the model would stop here.
  if (known.length === 1) return transcript.includes('Remark 1') ? asks('research', 'Bergen') : 'I was told nothing.'
  return transcript.includes('better is missing') ? 'A better answer.' : 'An answer.'
}

function startProcess(storage: Storage, clock: ManualClock, told: number[], checked: number[]) {
  const memory = new Memory({ clock, storage, background: false, embedder: false })
  const research = new Agent({
    ...{ id: 'research', name: 'Research', description: 'Looks at a city.' },
    model: scriptedModel({ answer: ({ prompt }) => `Rain in ${prompt.includes('Oslo') ? 'Oslo' : 'Bergen'}` }),
  })
  const lead = new Agent({
    ...{ id: 'lead', name: 'Lead', memory, agents: { research }, model: scriptedModel({ answer: next }) },
    delegation: {
      onIterationComplete: ({ iteration }) => {
        told.push(iteration)
        return iteration === 1 ? { feedback: 'Remark 1' } : undefined
      },
      isTaskComplete: {
        scorers: [
          {
            id: 'better',
            run: ({ output, iteration }) => {
              checked.push(iteration)
              return output.includes('better') ? { score: 1 } : { score: 0, reason: 'better is missing' }
            },
          },
        ],
      },
    },
  })
  return { memory, lead }
}

const question = [{ id: 'question', role: 'user' as const, parts: [{ type: 'text' as const, text: 'Cities?' }] }]

/** Whether the process died after so many commits. */
async function withDeathAfter(commits: number, isStored: boolean): Promise<boolean> {
  const clock = new ManualClock()
  const path = { id: `iterating-${commits}-${isStored}`, path: ':memory:' }
  const storage = await SqliteStorage.open({ ...path, durability: 'process', clock, busyTimeoutMs: 5_000 })
  onTestFinished(() => storage.close())
  const life = dyingStorage(storage)
  life.dieAfter(commits, isStored)
  const [told, checked]: [number[], number[]] = [[], []]
  const dead = startProcess(life.storage, clock, told, checked)
  await dead.lead.generate(question, at).catch((error: unknown) => error)
  clock.pass(hour)
  await sweep(storage)
  const alive = startProcess(storage, clock, told, checked)
  const readRun = async () => (await alive.memory.listRuns({ resourceId: 'ann', limit: 10 })).runs[0]
  const stored = ((await readRun())?.details.iterations ?? []) as unknown as readonly IterationRecord[]
  const before = [...told]
  await alive.lead.recover()
  const what = `after ${commits} commits${isStored ? ', the last one unheard' : ''}`
  let { messages } = await alive.memory.listMessages({ ...at, perPage: false })
  // A question whose answer had not begun is asked again.
  const isAnswered = JSON.stringify(messages).includes('A better answer.')
  if (!isAnswered) await alive.lead.generate(question, at)
  messages = (await alive.memory.listMessages({ ...at, perPage: false })).messages
  expect(JSON.stringify(messages), what).toContain('A better answer.')
  expect(JSON.stringify(messages), what).not.toMatch(/Remark|missing|told nothing/)
  if (isAnswered && life.isDead) {
    for (const { iteration, status } of stored) {
      if (status === 'complete') expect(told.slice(before.length), `${what}: ${told}`).not.toContain(iteration)
    }
    const repeated = [...new Set(told)].filter((one) => told.filter((other) => other === one).length > 1)
    expect(repeated.length, `${what}: ${told}`).toBeLessThanOrEqual(1)
    const { iterations, completionReason } = (await readRun())?.details ?? {}
    expect(completionReason, what).toBe('validated')
    const numbers = (iterations as unknown as readonly IterationRecord[]).map(({ iteration }) => iteration)
    expect(numbers, what).toEqual([1, 2, 3, 4])
  }
  return life.isDead
}

it.each([false, true])('goes on after a death after each commit (the last one unheard: %s)', async (isStored) => {
  let commits = 0
  while (await withDeathAfter(commits, isStored)) commits += 1
  expect(commits).toBeGreaterThan(8)
})
