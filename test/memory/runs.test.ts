// Runs as the facade reads them: one by its id alone, pages of a resource's or an agent's, and those that nobody ended.

import { type Change, type ListRunsOptions, type Memory, type Storage, spaceId } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { coreOf } from '../../src/facade/conversations.ts'
import { getRun } from '../../src/memory/conversation/runs.ts'
import { ReferenceStorage } from '../../src/storage/reference/reference-storage.ts'
import { day, ManualClock, minute, openMemory, refused, temporaryUrl } from './opened.ts'

const bot = { kind: 'agent', id: 'bot' } as const
const where = { resourceId: 'alice', threadId: 't' }
const inTurn: readonly Change[] = [
  { kind: 'turn-open', threadId: 't', createThread: true, leaseMs: minute },
  { kind: 'run-put', unique: 'a', name: 'bot', opened: 0 },
  {
    kind: 'message-append',
    threadId: 't',
    opened: 0,
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }],
  },
]

async function commit(memory: Memory, changes: readonly Change[], space = 'resource/alice') {
  const result = await memory.space(space).commit(changes)
  if (result.status !== 'committed') throw new Error('the commit met a conflict')
  const ids = result.results.flatMap((one) => (one.kind === 'run-put' ? [one.runId as string] : []))
  const turns = result.results.flatMap((one) => (one.kind === 'turn-open' ? [one.turnId as string] : []))
  return { runId: ids[0] ?? '', turnId: turns[0] ?? '', ids }
}

async function listed(memory: Memory, options: ListRunsOptions): Promise<string[]> {
  return (await memory.listRuns(options)).runs.map((run) => run.id.split('_')[2] ?? '')
}

describe('getRun', () => {
  it('answers the run of an id, wherever it lies, and while it goes on and after it has ended', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock }).as(bot)
    const startedAt = new Date(clock.ms)
    const { runId, turnId } = await commit(memory, inTurn)
    const begun = {
      id: runId,
      kind: 'agent',
      agentId: 'bot',
      space: 'resource/alice',
      resourceId: 'alice',
      actor: bot,
      status: 'running',
      threadId: 't',
      turnId,
      details: {},
      continuation: null,
      startedAt,
      updatedAt: startedAt,
      endedAt: null,
      expiresAt: new Date(clock.ms + 30 * day),
      version: 1,
    }
    expect(await memory.getRun(runId)).toEqual(begun)
    clock.pass(1_000)
    await commit(memory, [
      { kind: 'turn-close', threadId: 't', turnId, status: 'complete' },
      { kind: 'run-put', runId, status: 'complete', details: { recalled: [{ id: 'm', score: 0.5 }], tokens: 12 } },
    ])
    expect(await memory.getRun(runId)).toEqual({
      ...begun,
      status: 'complete',
      details: { recalled: [{ id: 'm', score: 0.5 }], tokens: 12 },
      updatedAt: new Date(clock.ms),
      endedAt: new Date(clock.ms),
      expiresAt: new Date(clock.ms + 30 * day),
      version: 2,
    })
    clock.pass(30 * day)
    expect(await memory.getRun(runId)).toBeNull()
  })

  it('answers runs of agents without a resource, and of workflows with what called them', async () => {
    const memory = openMemory()
    const alone = await commit(memory, [{ kind: 'run-put', unique: 'a', name: 'bot' }], 'agent/bot')
    const run = await memory.getRun(alone.runId)
    expect(run).toMatchObject({ space: 'agent/bot', agentId: 'bot', status: 'running' })
    expect(['resourceId', 'threadId', 'turnId', 'parentRunId'].filter((field) => field in (run ?? {}))).toEqual([])
    const named = { unique: 'b', name: 'plan', runKind: 'workflow', leaseMs: 60_000 } as const
    const child = { kind: 'run-put', ...named, parentRunId: alone.runId } as const
    const called = await commit(memory, [child], 'resource/alice/agent/bot')
    expect(await memory.getRun(called.runId)).toMatchObject({ kind: 'workflow', parentRunId: alone.runId })
    const place = { space: 'resource/alice/agent/bot', resourceId: 'alice' }
    expect(await memory.getRun(called.runId)).toMatchObject(place)
  })

  it('answers null for what is not there, not a run, or not the caller’s', async () => {
    const memory = openMemory()
    const { runId } = await commit(memory, inTurn)
    for (const id of [`${runId}b`, runId.replace('run_', 'fact_'), 'run_000000000000_a', 'mine']) {
      expect(await memory.getRun(id)).toBeNull()
    }
    const core = coreOf(memory)
    const to = (id: string) => [{ space: spaceId('resource', id), rights: ['read'] as const }]
    const reading = (id: string) => getRun({ ...core, access: { actor: bot, grants: to(id) } }, { runId })
    expect([await reading('bob'), (await reading('alice'))?.id]).toEqual([null, runId])
    await refused('invalid-input', () => memory.getRun(''))
    await refused('invalid-input', () => memory.getRun(undefined as never))
    await memory.forget({ resourceId: 'alice' })
    expect(await memory.getRun(runId)).toBeNull()
  })
})

describe('a run that its process left running', () => {
  it.each(['complete', 'aborted', 'failed', 'interrupted', 'suspended'] as const)(
    'is %s as its turn is',
    async (status) => {
      const memory = openMemory()
      const { runId, turnId } = await commit(memory, inTurn)
      await commit(memory, [{ kind: 'turn-close', threadId: 't', turnId, status }])
      expect(await memory.getRun(runId)).toMatchObject({ status, endedAt: null })
      expect((await memory.listRuns({ resourceId: 'alice' })).runs[0]?.status).toBe(status)
    },
  )

  it('is interrupted once the lease of its turn is over, and where its thread is gone', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    const { runId } = await commit(memory, inTurn)
    clock.pass(minute - 1)
    expect((await memory.getRun(runId))?.status).toBe('running')
    clock.pass(1)
    expect((await memory.getRun(runId))?.status).toBe('interrupted')
    expect((await memory.listMessages(where)).messages[0]?.turnStatus).toBe('interrupted')
    const [, put, ...rest] = inTurn
    const next = [inTurn[0], { ...put, unique: 'b' }, ...rest] as Change[]
    const other = await commit(memory, next)
    await memory.deleteThread(where)
    expect((await memory.getRun(other.runId))?.status).toBe('interrupted')
  })

  it('is resumed by its record, whatever its turn says then', async () => {
    const memory = openMemory()
    const { runId, turnId } = await commit(memory, inTurn)
    await commit(memory, [
      { kind: 'turn-close', threadId: 't', turnId, status: 'suspended' },
      { kind: 'run-put', runId, status: 'suspended', continuation: { call: 1 } },
    ])
    expect(await memory.getRun(runId)).toMatchObject({
      status: 'suspended',
      continuation: { call: 1 },
      expiresAt: null,
    })
    await commit(memory, [
      { kind: 'turn-resume', threadId: 't', turnId },
      { kind: 'run-put', runId, status: 'running', continuation: null },
    ])
    expect(await memory.getRun(runId)).toMatchObject({ status: 'running', continuation: null })
  })
})

it('answers what the record says of a run that ends while it is read', async () => {
  const clock = new ManualClock()
  const sound = new ReferenceStorage({ clock })
  let ending: () => Promise<unknown> = async () => null
  const turn: typeof sound.messages.turn = async (...call) => {
    await ending()
    return sound.messages.turn(...call)
  }
  const messages = { ...sound.messages, turn }
  const storage = new Proxy<Storage>(sound, {
    get: (target, part) => {
      if (part === 'messages') return messages
      const value: unknown = Reflect.get(target, part)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const memory = openMemory({ storage, clock })
  const { runId, turnId } = await commit(memory, inTurn)
  ending = () => {
    ending = async () => null
    return commit(memory, [
      { kind: 'turn-close', threadId: 't', turnId, status: 'complete' },
      { kind: 'run-put', runId, status: 'complete', details: { tokens: 7 } },
    ])
  }
  expect(await memory.getRun(runId)).toMatchObject({ status: 'complete', details: { tokens: 7 }, version: 2 })
})

describe('listRuns', () => {
  it('lists those of a resource, of a thread in it, of an agent in it, and of an agent alone, newest first', async () => {
    const memory = openMemory()
    await commit(memory, inTurn)
    await commit(memory, [{ kind: 'run-put', unique: 'b', name: 'eve', threadId: 'u' }])
    await commit(memory, [{ kind: 'run-put', unique: 'c', name: 'bot', threadId: 'u' }])
    await commit(memory, [{ kind: 'run-put', unique: 'd', name: 'bot' }], 'agent/bot')
    expect(await listed(memory, { resourceId: 'alice' })).toEqual(['c', 'b', 'a'])
    expect(await listed(memory, { resourceId: 'alice', threadId: 'u' })).toEqual(['c', 'b'])
    expect(await listed(memory, { resourceId: 'alice', agentId: 'bot' })).toEqual(['c', 'a'])
    expect(await listed(memory, { agentId: 'bot' })).toEqual(['d'])
    expect(await listed(memory, { resourceId: 'nobody' })).toEqual([])
  })

  it('lists runs by how they stand, those that nobody ended included', async () => {
    const memory = openMemory()
    const { turnId } = await commit(memory, inTurn)
    await commit(memory, [{ kind: 'turn-close', threadId: 't', turnId, status: 'failed' }])
    const statuses = ['running', 'failed', 'complete', 'failed', 'suspended'] as const
    for (const [index, status] of statuses.entries()) {
      await commit(memory, [{ kind: 'run-put', unique: `r${index}`, name: 'bot', status }])
    }
    const of = (status: ListRunsOptions['status']) =>
      listed(memory, { resourceId: 'alice', ...(status ? { status } : {}) })
    expect(await of('failed')).toEqual(['r3', 'r1', 'a'])
    expect(await of('running')).toEqual(['r0'])
    expect(await of(['complete', 'suspended'])).toEqual(['r4', 'r2'])
    expect(await of('aborted')).toEqual([])
  })

  it.each([1_000, 2])('goes on from page to page of at most %i, whatever begins meanwhile', async (pageSize) => {
    const memory = openMemory({ limits: { pageSize } })
    const put = (unique: string, status: 'running' | 'failed' = 'running') =>
      commit(memory, [{ kind: 'run-put', unique, name: 'bot', status }])
    for (let index = 0; index < 9; index++) await put(`r${index}`, index % 3 === 0 ? 'failed' : 'running')
    for (const [limit, status, expected] of [
      [2, undefined, 'r8 r7 r6 r5 r4 r3 r2 r1 r0'],
      [9, undefined, 'r8 r7 r6 r5 r4 r3 r2 r1 r0'],
      [1, 'failed', 'r6 r3 r0'],
      [2, 'failed', 'r6 r3 r0'],
      [3, 'failed', 'r6 r3 r0'],
    ] as const) {
      const found: string[] = []
      let cursor: string | undefined
      do {
        const options = { resourceId: 'alice', limit, ...(status === undefined ? {} : { status }) }
        const page = await memory.listRuns({ ...options, ...(cursor === undefined ? {} : { cursor }) })
        expect(page.runs.length).toBeLessThanOrEqual(limit)
        expect(page.runs.length).toBeGreaterThan(0)
        found.push(...page.runs.map((run) => run.id.split('_')[2] ?? ''))
        cursor = page.nextCursor
        await put(`later-${limit}-${status}-${found.length}`)
      } while (cursor !== undefined)
      expect(found.filter((id) => !id.startsWith('later')).join(' ')).toBe(expected)
    }
  })

  it('refuses bad input', async () => {
    const memory = openMemory()
    await commit(memory, inTurn)
    await memory.saveMessages({ ...where, messages: ['one', 'two'] })
    const wrong: readonly [unknown, string][] = [
      [{}, 'resourceId'],
      [{ threadId: 't' }, 'resourceId'],
      [{ resourceId: '' }, 'resourceId'],
      [{ agentId: '*' }, 'agentId'],
      [{ resourceId: 'alice', status: 'open' }, 'status'],
      [{ resourceId: 'alice', status: [] }, 'status'],
      [{ resourceId: 'alice', limit: 0 }, 'limit'],
      [{ resourceId: 'alice', cursor: 'x' }, 'cursor'],
      [{ resourceId: 'alice', page: 1 }, 'listRuns'],
    ]
    for (const [options, field] of wrong) {
      const error = await refused('invalid-input', () => memory.listRuns(options as ListRunsOptions))
      expect(error.details.field).toBe(field)
    }
    const { nextCursor } = await memory.listMessages({ ...where, perPage: 1 })
    if (nextCursor === undefined) throw new Error('there must be a second page of messages')
    await refused('invalid-input', () => memory.listRuns({ resourceId: 'alice', cursor: nextCursor }))
  })
})

it('keeps runs in the file, with what a suspended one needs to go on in another process', async () => {
  const storage = temporaryUrl()
  const first = openMemory({ storage }).as(bot)
  const { runId } = await commit(first, inTurn)
  await commit(first, [{ kind: 'run-put', runId, status: 'suspended', continuation: { call: 'c1', input: [1] } }])
  await first.close()
  const second = openMemory({ storage }).as(bot)
  expect(await second.getRun(runId)).toMatchObject({ status: 'suspended', continuation: { call: 'c1', input: [1] } })
  await commit(second, [{ kind: 'run-put', runId, status: 'complete' }])
  expect(await second.getRun(runId)).toMatchObject({ status: 'complete', continuation: null })
})
