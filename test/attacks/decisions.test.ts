// Decisions about calls by their ids, over HTTP, by somebody who has ids that are not meant for them.
// Own process: it looks for what nobody caught.
import { describe, expect, it } from 'vitest'
import { coreOf } from '../../src/facade/conversations.ts'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { day, ManualClock, openMemory, refused } from '../memory/opened.ts'
import { callOf, mallory, openPages, threadOf, victim } from './chat-scene.ts'
import { contentsOf } from './contents.ts'
import type { PostedDecision } from './route.ts'
import { expectNothingUncaught } from './uncaught.ts'

expectNothingUncaught()

/** A call that waits, as one page knows it. */
interface Known {
  readonly runId: string
  readonly toolCallId: string
}

const own = threadOf(mallory, 'wiping')
const asks = threadOf(mallory, 'locating')
const stored = { tool: 'wipe', input: { what: 'one-file' } }

async function openScene() {
  const clock = new ManualClock()
  const memory = openMemory({ clock })
  const pages = await openPages(memory)
  const { app } = pages
  const known = async (user: string, threadId: string): Promise<Known> => {
    const { runs } = await memory.listRuns({ resourceId: user, threadId })
    const { toolCallId } = callOf(await pages.held(user, threadId))
    return { runId: String(runs[0]?.id), toolCallId }
  }
  const decide = async (decision: PostedDecision) => {
    const init = { method: 'POST', headers: { authorization: mallory }, body: JSON.stringify(decision) }
    const response = await fetch(`${app.url}/decide`, init)
    return (await response.json()) as { code?: string; text?: string; decided?: Record<string, unknown> }
  }
  return { ...{ clock, memory, pages, app, known, decide }, theirs: await known(victim, threadOf(victim, 'wiping')) }
}

type Scene = Awaited<ReturnType<typeof openScene>>

const code = async (answer: Promise<{ readonly code?: string }>) => (await answer).code

/** Each is refused with that code, and nothing runs. */
const refusals: Readonly<Record<string, readonly [string, (scene: Scene) => Promise<unknown>]>> = {
  "another user's run and call": ['not-found', ({ decide, theirs }) => code(decide({ ...theirs, approved: true }))],
  "another user's run alone": ['not-found', ({ decide, theirs: { runId } }) => code(decide({ runId, approved: true }))],
  "another user's run, with data": ['not-found', ({ decide, theirs }) => code(decide({ ...theirs, data: 1 }))],
  "another user's call under a run of its own": [
    'not-found',
    async ({ decide, known, theirs: { toolCallId } }) => {
      const { runId } = await known(mallory, own)
      return code(decide({ runId, toolCallId, approved: true }))
    },
  ],
  "its own call under another user's run": [
    'not-found',
    async ({ decide, known, theirs: { runId } }) => {
      return code(decide({ ...(await known(mallory, own)), runId, approved: true }))
    },
  ],
  'its own call under the run of another thread': [
    'not-found',
    async ({ decide, known }) => {
      const [{ toolCallId }, { runId }] = [await known(mallory, own), await known(mallory, asks)]
      return code(decide({ runId, toolCallId, approved: true }))
    },
  ],
  'a call that nobody made': [
    'not-found',
    async ({ decide, known }) => code(decide({ ...(await known(mallory, own)), toolCallId: 'never', approved: true })),
  ],
  'a run that nobody began': [
    'not-found',
    ({ decide }) => code(decide({ runId: 'run_zzzzzzzzzzzz_x', approved: true })),
  ],
  'a run id that is none': ['invalid-input', ({ decide }) => code(decide({ runId: { $ne: 1 }, approved: true }))],
  'a call id that is none': [
    'invalid-input',
    async ({ decide, known }) => code(decide({ ...(await known(mallory, own)), toolCallId: ['a'], approved: true })),
  ],
  'a yes to a call of the client': [
    'invalid-input',
    async ({ decide, known }) => code(decide({ ...(await known(mallory, asks)), approved: true })),
  ],
  'data for a call that waits for a yes': [
    'invalid-input',
    async ({ decide, known }) => code(decide({ ...(await known(mallory, own)), data: 'FORGED' })),
  ],
  'a yes after a no': [
    'conflict',
    async ({ decide, known }) => {
      const call = await known(mallory, own)
      expect((await decide({ ...call, approved: false })).code).toBe(undefined)
      const late = await decide({ ...call, approved: true })
      expect(late.decided).toMatchObject({ by: { kind: 'user', id: mallory }, approved: false })
      return late.code
    },
  ],
  'a yes too late': [
    'conflict',
    async ({ clock, decide, known }) => {
      const call = await known(mallory, own)
      clock.pass(31 * day)
      const late = await decide({ ...call, approved: true })
      expect(late.decided).toMatchObject({ expired: true })
      return late.code
    },
  ],
  'a yes after the run was cancelled': [
    'conflict',
    async ({ app, decide, known }) => {
      const call = await known(mallory, own)
      await app.agent.cancelRun(call.runId)
      return code(decide({ ...call, approved: true }))
    },
  ],
  'a yes after its message was deleted': [
    'not-found',
    async ({ decide, known, memory, pages }) => {
      const call = await known(mallory, own)
      const id = (await pages.held(mallory, own)).at(-1)?.id as string
      await memory.deleteMessages([id], { resourceId: mallory, threadId: own })
      return code(decide({ ...call, approved: true }))
    },
  ],
  'a yes after its user was forgotten': [
    'not-found',
    async ({ decide, known, memory }) => {
      const call = await known(mallory, own)
      await memory.forget({ resourceId: mallory })
      return code(decide({ ...call, approved: true }))
    },
  ],
}

describe('nothing runs for', () => {
  it.each(Object.keys(refusals))('%s', async (name) => {
    const scene = await openScene()
    const { app, memory } = scene
    const before = await contentsOf(memory, `resource/${victim}`)
    const [expected, attack] = refusals[name] as (typeof refusals)[string]
    expect(await attack(scene)).toBe(expected)
    expect(app.executions).toEqual([])
    expect(app.untyped).toEqual([])
    expect(await contentsOf(memory, `resource/${victim}`)).toBe(before)
  })
})

it('nothing runs for a yes after the call has expired and was swept', async () => {
  const { app, clock, decide, known, memory } = await openScene()
  const call = await known(mallory, own)
  clock.pass(31 * day)
  await sweep(await coreOf(memory).storage.get())
  expect(await decide({ ...call, approved: true })).toMatchObject({ code: 'conflict', decided: { expired: true } })
  expect(app.executions).toEqual([])
})

describe('an honest decision', () => {
  it('is made once, however often it is sent, one after the other and at once', async () => {
    for (const times of [1, 2, 5]) {
      const { app, decide, known } = await openScene()
      const call = await known(mallory, own)
      const answers = await Promise.all(Array.from({ length: times }, () => decide({ ...call, approved: true })))
      answers.push(await decide({ ...call, approved: true }))
      expect(answers.filter(({ text }) => text === 'It is done.')).toHaveLength(1)
      const losers = answers.filter(({ text }) => text !== 'It is done.')
      expect(losers).toHaveLength(times)
      for (const loser of losers) {
        expect(loser).toMatchObject({ code: 'conflict', decided: { by: { id: mallory }, approved: true } })
      }
      expect(app.executions).toEqual([stored])
    }
  })

  it('is never one of the agent that asks, or of another agent', async () => {
    const { app, known, memory } = await openScene()
    const { runId, toolCallId } = await known(mallory, own)
    const decidedBy = (id: string) => {
      const acting = memory.as({ kind: 'agent', id })
      return app.agentOn(acting).approveToolCallGenerate(toolCallId, { runId })
    }
    await refused('denied', () => decidedBy('support'))
    await refused('denied', () => decidedBy('other'))
    expect(app.executions).toEqual([])
  })
})
