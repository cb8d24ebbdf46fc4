// Steps as agents read and decide about them: through the port of a memory.
import type { Memory } from 'aquifer'
import { expect, it } from 'vitest'
import type { Change } from '../../src/domain/commit/commit.ts'
import { runIdOf } from '../../src/domain/id.ts'
import { type AgentMemory, type AgentSpace, type AgentTurn, usableMemory } from '../../src/ports/agent-memory.ts'
import { openMemory, refusal } from './opened.ts'

const bot = { kind: 'agent', id: 'bot' } as const
const ada = { kind: 'user', id: 'ada' } as const

async function portOf(memory: Memory): Promise<AgentMemory> {
  const usable = usableMemory(memory)
  if (usable === null) throw new Error('a memory is usable')
  return usable.open()
}

interface Begun {
  readonly space: AgentSpace
  readonly turn: AgentTurn
  readonly runId: string
  put(path: string, more?: object): Change
}

/** A turn of a run in a thread of a resource, with an answer that may hold calls. */
async function begun(port: AgentMemory, resourceId = 'alice', threadId = 't'): Promise<Begun> {
  const space = port.space(bot, resourceId)
  const unique = space.newRunId()
  const run: Change = { kind: 'run-put', unique, name: 'bot', threadId, opened: 0, status: 'running' }
  const messages = [{ role: 'assistant' as const, parts: [{ type: 'text', text: 'Paying.' }] }]
  const said: Change = { kind: 'message-append', threadId, opened: 0, messages }
  const request = { threadId, runId: unique, resumes: null, replaces: [], before: [], changes: [said, run] }
  const turn = await space.begin(request, true)
  const runId = runIdOf(turn.spaceKey, unique)
  const put = (path: string, more: object = {}): Change => {
    const asked = { tool: 'pay', stepKind: 'approval', status: 'asked', input: { sum: 1 } } as const
    return { kind: 'step-put', runId, threadId, messageId: turn.messageId(0), path, ...asked, ...more }
  }
  return { space, turn, runId, put }
}

const decide = (runId: string, path: string, approved = true): Change => {
  return { kind: 'step-patch', runId, path, status: 'decided', decision: { approved } }
}

it('reads the steps of a run, and decides as the actor of the memory', async () => {
  const memory = openMemory()
  const port = await portOf(memory.as(ada))
  const { space, turn, runId, put } = await begun(port)
  const other = await begun(port, 'alice', 'other')
  await other.turn.commit([other.put('a')])
  await turn.commit([put('b'), put('a', { status: 'started', stepKind: 'plain' })])
  expect(space.decider).toEqual(ada)
  expect((await space.steps(runId)).map(({ path, status }) => [path, status])).toEqual([
    ['a', 'started'],
    ['b', 'asked'],
  ])
  await space.decide([decide(runId, 'b')])
  const decided = await space.step(runId, 'b')
  expect(decided).toMatchObject({ status: 'decided', askedBy: bot, decision: { by: ada, approved: true } })
  expect(decided?.version).toBe((await memory.space('resource/alice').state())?.seq)
  const late = await refusal(() => space.decide([decide(runId, 'b', false)]))
  expect(late).toMatchObject({ code: 'conflict', details: { decided: { by: ada, approved: true } } })
  expect(await space.step(runId, 'c')).toBeNull()
  expect(await space.steps('run_000000000000_none')).toEqual([])
  // Inside the turn, a decision is still the memory's.
  expect((await space.within(turn).step(runId, 'a'))?.path).toBe('a')
  expect(space.within(turn).decider).toEqual(ada)
  await Promise.all([turn.close('complete'), other.turn.close('complete')])
  await memory.close()
})

it('does not let the agent decide through its own memory', async () => {
  const memory = openMemory()
  const { space, turn, runId, put } = await begun(await portOf(memory.as(bot)))
  await turn.commit([put('a', { approvers: [bot] })])
  expect(await refusal(() => space.decide([decide(runId, 'a')]))).toMatchObject({ code: 'denied' })
  await turn.close('complete')
  await memory.close()
})

it('finds the space of a run by its id alone', async () => {
  const memory = openMemory()
  const port = await portOf(memory)
  const { turn, runId, put } = await begun(port)
  await turn.commit([put('a')])
  const found = await port.spaceOfRun(bot, runId)
  expect([found?.id, found?.actor, found?.decider]).toEqual(['resource/alice', bot, { kind: 'system', id: 'app' }])
  expect((await found?.step(runId, 'a'))?.status).toBe('asked')
  for (const id of ['run_000000000000_none', 'none', turn.id]) expect(await port.spaceOfRun(bot, id)).toBeNull()
  await turn.close('complete')
  await memory.close()
})

it('finds runs that wait in every space, the oldest first', async () => {
  const memory = openMemory()
  const port = await portOf(memory)
  for (const [resourceId, status] of [
    ['alice', 'suspended'],
    ['bob', 'suspended'],
    ['carol', 'complete'],
  ] as const) {
    const { turn, runId } = await begun(port, resourceId)
    await turn.close(status, [{ kind: 'run-put', runId, threadId: 't', status }])
  }
  const query = { names: ['bot'], after: null, limit: 10 }
  const waiting = await port.waitingRuns(bot, query)
  expect(waiting.map(({ space, run }) => [space.id, space.actor, run.status])).toEqual([
    ['resource/alice', bot, 'suspended'],
    ['resource/bob', bot, 'suspended'],
  ])
  expect(await port.waitingRuns(bot, { ...query, names: ['other'] })).toEqual([])
  await memory.close()
})

it('takes changes of steps from outside only as their schema says', async () => {
  const memory = openMemory()
  const { turn, runId, put } = await begun(await portOf(memory))
  await turn.commit([put('a')])
  const space = memory.space('resource/alice')
  const bad = [
    { kind: 'step-remove', key: `${runId}/a` },
    { kind: 'step-expire', key: `${runId}/a` },
    { kind: 'record-put', noun: 'step', key: `${runId}/a`, value: {} },
    { ...put('b'), askedBy: ada },
    { ...put('b'), inputHmac: 'x' },
    { ...put('b'), ttlMs: 1 },
    { ...put('b'), status: 'decided' },
    { ...decide(runId, 'a'), ttlMs: 1 },
    { ...decide(runId, 'a'), decision: { approved: true, at: '2020-01-01T00:00:00.000Z' } },
  ]
  for (const change of bad) {
    expect(await refusal(() => space.commit([change as never])), JSON.stringify(change)).toMatchObject({
      code: 'invalid-input',
    })
  }
  await turn.close('complete')
  await memory.close()
})
