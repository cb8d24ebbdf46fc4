// The record of an agent's run is erased by the id that the call answered; a piece of work is another thing.
import { Agent, type Memory, SQLiteStore } from 'aquifer'
import { Memory as Mem0 } from 'aquifer/mem0'
import { scriptedModel } from 'aquifer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { coreOf } from '../../src/facade/conversations.ts'
import { openStore } from '../../src/open.ts'
import { openMemory, refused, temporaryUrl, textsOf } from '../memory/opened.ts'
import { foundIn, pathOf, plantRun, Secrets } from './planted.ts'

const where = { resourceId: 'alice', threadId: 'chat' }
const at = { memory: { resource: where.resourceId, thread: where.threadId } }

async function answered(memory: Memory) {
  const agent = new Agent({ name: 'Support', model: scriptedModel({ script: ['one', 'two'] }), memory })
  const [first, second] = [await agent.generate('first', at), await agent.generate('second', at)]
  return { agent, runId: first.runId ?? '', other: second.runId ?? '' }
}

describe('the record of a run', () => {
  it('goes, and what was said in it stays', async () => {
    const memory = openMemory()
    const { runId, other } = await answered(memory)
    const { messages: before } = await memory.listMessages(where)
    const receipt = await memory.forget({ run: runId })
    expect(receipt).toMatchObject({ target: 'run', state: 'complete', erased: { runs: 1, messages: 0, threads: 0 } })
    expect(await memory.getRun(runId)).toBeNull()
    expect((await memory.listRuns({ resourceId: 'alice' })).runs.map(({ id }) => id)).toEqual([other])
    expect((await memory.listMessages(where)).messages).toEqual(before)
    expect((await memory.forget({ run: runId })).erased.runs).toBe(0)
  })

  it('leaves no byte, with the facts that were learned from it alone', async () => {
    const url = temporaryUrl()
    const memory = openMemory({ storage: url })
    const [kept, gone] = [new Secrets(), new Secrets()]
    const space = 'resource/alice'
    await memory.saveMessages({ ...where, messages: kept.make() })
    await plantRun(memory, space, { threadId: 'chat' }, kept)
    const { runId } = await plantRun(memory, space, { threadId: 'chat' }, gone)
    const fact = { kind: 'fact-assert', unique: 'f', text: gone.make(), sources: [runId] } as const
    await memory.space(space).commit([{ ...fact, sources: [runId] }])
    expect(new Set(foundIn(pathOf(url), gone.texts)).size).toBeGreaterThan(gone.texts.length - 2)
    const before = foundIn(pathOf(url), kept.texts).length
    expect((await memory.forget({ run: runId })).erased).toMatchObject({ runs: 1, facts: 1 })
    expect((await memory.forget({ run: runId })).state).toBe('complete')
    expect(foundIn(pathOf(url), [...gone.texts, runId])).toEqual([])
    expect(foundIn(pathOf(url), kept.texts).length).toBeGreaterThan(before / 2)
  })

  it('is not erased while the run is at work, and its turn ends as it would', async () => {
    const memory = openMemory()
    const agent = new Agent({ name: 'Support', model: scriptedModel({ script: ['answer'] }), memory })
    const refusals: boolean[] = []
    const onStepEnd = async () => {
      const { runs } = await memory.listRuns({ resourceId: 'alice' })
      const error = await refused('conflict', () => memory.forget({ run: runs[0]?.id ?? '' }))
      refusals.push(error.retryable)
    }
    const { runId: own } = await agent.generate('first', { ...at, onStepEnd })
    expect(refusals).toEqual([true])
    expect((await memory.getRun(own ?? ''))?.status).toBe('complete')
    expect((await memory.forget({ run: own ?? '' })).erased.runs).toBe(1)
    expect(textsOf((await memory.listMessages(where)).messages)).toHaveLength(2)
  })

  it('of a suspended turn goes with what it needed to go on', async () => {
    const memory = openMemory()
    const { runId } = await plantRun(memory, 'resource/alice', null, new Secrets())
    expect((await memory.getRun(runId))?.continuation).not.toBeNull()
    await memory.forget({ run: runId })
    expect(await memory.getRun(runId)).toBeNull()
  })

  it('of another is not reached without the right to', async () => {
    const memory = openMemory()
    const { runId } = await answered(memory)
    const core = coreOf(memory)
    const rights = ['read', 'write', 'erase'] as const
    const grants = [{ space: memory.space('resource/bob').id, rights }]
    const access = { actor: { kind: 'user', id: 'bob' }, grants } as const
    const { forget } = await import('../../src/memory/forget.ts')
    const unknown = await forget({ ...core, access }, { run: 'run_nobodyskey00_a' })
    const foreign = await forget({ ...core, access }, { run: runId })
    expect(foreign.erased).toEqual(unknown.erased)
    expect(await memory.getRun(runId)).not.toBeNull()
  })
})

describe('refusals', () => {
  it.each([
    ['what is no id of a run', { run: 'q3-proposal' }, 'taskId'],
    ['the id of a message', { run: 'msg_nobodyskey00_1.0.0' }, 'messageIds'],
    ['the id of a fact', { run: 'fact_nobodyskey00_a' }, 'factIds'],
    ['a run beside its thread', { run: 'run_nobodyskey00_a', threadId: 'chat' }, 'Name one thing'],
    ['a run as a task', { taskId: 'run_nobodyskey00_a' }, 'forget({ run: "run_nobodyskey00_a" })'],
    ['a run as a thread', { threadId: 'run_nobodyskey00_a' }, 'forget({ run: "run_nobodyskey00_a" })'],
    ['a run as a fact', { factIds: ['run_nobodyskey00_a'] }, 'forget({ run: "run_nobodyskey00_a" })'],
    ['a run as a message', { messageIds: ['run_nobodyskey00_a'] }, 'forget({ run: "run_nobodyskey00_a" })'],
    ['a message as a resource', { resourceId: 'msg_nobodyskey00_1.0.0' }, 'messageIds'],
    [
      'the former name',
      { runId: 'q3-proposal' },
      'A piece of work is named by taskId. The record of a run is named by run.',
    ],
  ])('%s', async (_, options, fix) => {
    const memory = openMemory()
    const error = await refused('invalid-input', () => memory.forget(options as never))
    expect(error.fix).toContain(fix)
    expect(await memory.receipts()).toEqual([])
  })

  it('a run as the task that facts belong to', async () => {
    const memory = openMemory()
    const { runId } = await answered(memory)
    const mem0 = new Mem0(memory)
    const calls: ((ids: object) => Promise<unknown>)[] = [
      (ids) => memory.add('Tea is hot', { ...ids, infer: false } as never),
      (ids) => memory.search('tea', ids as never),
      (ids) => memory.facts.getAll(ids as never),
      (ids) => memory.facts.deleteAll(ids as never),
      (ids) => memory.facts.conflicts(ids as never),
    ]
    for (const call of calls) {
      const error = await refused('invalid-input', () => call({ userId: 'alice', taskId: runId }))
      expect([error.details.field, error.fix.includes(`forget({ run: "${runId}" })`)]).toEqual(['taskId', true])
      const renamed = await refused('invalid-input', () => call({ runId: 'q3' }))
      expect(renamed.fix).toContain('A piece of work is named by taskId.')
    }
    for (const ids of [{ run_id: runId }, { runId }, { filters: { run_id: runId } }]) {
      const error = await refused('invalid-input', () => mem0.search('tea', ids as never))
      expect([error.details.field, error.fix.includes('forget({ run:')]).toEqual([
        ids.run_id ? 'run_id' : expect.anything(),
        true,
      ])
    }
  })
})

it('a task that an earlier version named like a run is forgotten by that name', async () => {
  const memory = openMemory()
  const name = 'run_nobodyskey00_a'
  await memory.space(`task/${name}`).commit([{ kind: 'fact-assert', unique: 'a', text: 'Tea is hot' }])
  expect((await memory.forget({ taskId: name })).erased).toMatchObject({ spaces: 1, facts: 1 })
  await refused('invalid-input', () => memory.forget({ taskId: name }))
})

it('a storage erases a run behind its own door', async () => {
  const opened = await openStore(new SQLiteStore({ url: ':memory:' }))
  onTestFinished(() => opened.release())
  const memory = openMemory({ storage: opened.storage })
  const { runId } = await plantRun(memory, 'resource/alice', null, new Secrets())
  const result = await memory.space('resource/alice').commit([{ kind: 'erase', runIds: [runId] }])
  expect(result).toMatchObject({ status: 'committed', results: [{ kind: 'erase', runs: 1 }] })
})
