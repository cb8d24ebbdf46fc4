// Where a subagent may only propose, so may its tools: each change of the supervisor's facts waits for somebody to decide.
import { createTool, type DelegationOptions, type Memory, type MemoryError } from 'aquifer'
import { callTool } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory, refused } from '../memory/opened.ts'
import { asks, at, subagent, supervisor } from './scene.ts'

type Act = (memory: Memory) => Promise<unknown>

const proposing = { share: ['facts', 'entries', 'workingMemory'], access: 'propose' } as const

/** Has a tool of a subagent do something with the memory that it is given, as the subagent. */
async function act(memory: Memory, work: Act, delegation: DelegationOptions = { memory: proposing }) {
  let answer: unknown
  const tool = createTool({
    id: 'work',
    description: 'Works.',
    inputSchema: z.object({}),
    execute: async (_, { memory: own }) => {
      answer = await work(own as Memory).catch((error: unknown) => error)
      return 'worked'
    },
  })
  const { agent: helper } = subagent('helper', [callTool('work'), 'ok'], { tools: { work: tool } })
  const { agent: lead } = supervisor([asks('helper', 'Help'), 'ok'], memory, { agents: { helper }, delegation })
  await lead.generate('Hello', at)
  return answer
}

const options = { facts: true, team: 'acme', workingMemory: { template: '# User\n' }, semanticRecall: false } as const

async function known() {
  const memory = openMemory({ options })
  const { results } = await memory
    .as({ kind: 'agent', id: 'lead' })
    .add('Ann likes tea', { userId: 'ann', infer: false })
  return { memory, tea: results[0]?.id ?? '', ann: memory.as({ kind: 'user', id: 'ann' }) }
}

const texts = async (memory: Memory) => {
  return (await memory.facts.getAll({ userId: 'ann' })).results.map((fact) => fact.memory)
}

it('a new fact is proposed, under the id that it has once it is accepted', async () => {
  const { memory, ann } = await known()
  const added = (await act(memory, (own) => own.add('Ann likes cats', { userId: 'ann', infer: false }))) as never
  const { results } = added as Awaited<ReturnType<Memory['add']>>
  expect(results).toMatchObject([{ memory: 'Ann likes cats', event: 'NONE', proposalIds: [expect.any(String)] }])
  expect(await texts(memory)).toEqual(['Ann likes tea'])
  const [proposal] = (await memory.proposals.list({ userId: 'ann' })).results
  expect(proposal).toMatchObject({ id: results[0]?.proposalIds?.[0], author: { id: 'helper-id' }, action: 'add' })
  expect(proposal?.deciders).toMatchObject([{ id: 'lead' }])
  await refused('denied', () => memory.as({ kind: 'agent', id: 'other' }).proposals.accept(proposal?.id ?? ''))
  await ann.proposals.accept(proposal?.id ?? '')
  expect((await memory.facts.get(results[0]?.id ?? ''))?.memory).toBe('Ann likes cats')
})

it('an update and a deletion are proposed', async () => {
  const { memory, tea, ann } = await known()
  const error = (await act(memory, (own) => own.facts.update(tea, 'Ann likes green tea'))) as MemoryError
  expect(error).toMatchObject({ code: 'conflict', details: { proposalId: expect.any(String) } })
  expect(await act(memory, (own) => own.facts.delete(tea))).toMatchObject({ deleted: false, refused: true })
  expect(await act(memory, (own) => own.facts.deleteAll({ userId: 'ann' }))).toMatchObject({ deleted: 0, refused: 1 })
  expect(await texts(memory)).toEqual(['Ann likes tea'])
  const { results } = await memory.proposals.list({ userId: 'ann' })
  expect(results.map(({ action }) => action)).toEqual(['update', 'delete'])
  await ann.proposals.accept(results[0]?.id ?? '')
  expect(await texts(memory)).toEqual(['Ann likes green tea'])
})

it.each<[string, Act]>([
  ['a commit', (own) => own.space('resource/ann').commit([{ kind: 'fact-assert', unique: 'x', text: 'X' }])],
  ['an entry', (own) => own.team('acme').write('plan', 1)],
  ['working memory', (own) => own.updateWorkingMemory({ resourceId: 'ann', workingMemory: '# User\n- x' })],
  ['another actor of the same memory', (own) => own.as({ kind: 'agent', id: 'x' }).team('acme').write('plan', 1)],
])('%s gets past it by no other way', async (_, work) => {
  const { memory } = await known()
  expect(await act(memory, work)).toMatchObject({ code: 'denied' })
  expect([await texts(memory), await memory.team('acme').read('plan')]).toEqual([['Ann likes tea'], null])
})

it('what the subagent does in a space of its own, or where it may write, is done', async () => {
  const { memory } = await known()
  await act(memory, (own) => own.add('Cats sleep', { agentId: 'helper', infer: false }))
  await act(memory, (own) => own.add('Ann likes cats', { userId: 'ann', infer: false }), { memory: 'shared' })
  await act(memory, (own) => own.team('acme').write('plan', 1), { memory: { share: ['facts'], access: 'propose' } })
  expect(await texts(memory)).toContain('Ann likes cats')
  expect(await memory.team('acme').read('plan')).toBe(1)
  expect((await memory.facts.getAll({ agentId: 'helper' })).results).toHaveLength(1)
})

it('the supervisor decides by a hook, except about what a user said', async () => {
  const { memory, ann } = await known()
  const heard: string[] = []
  const delegation: DelegationOptions = {
    memory: proposing,
    onProposal: ({ action }) => {
      heard.push(action)
      return true
    },
  }
  await act(memory, (own) => own.add('Ann likes cats', { userId: 'ann', infer: false }), delegation)
  expect(await texts(memory)).toEqual(['Ann likes cats', 'Ann likes tea'])
  const { results } = await ann.add('Ann is 40', { userId: 'ann', infer: false })
  await act(memory, (own) => own.facts.delete(results[0]?.id ?? ''), delegation)
  expect(heard).toEqual(['add', 'delete'])
  expect(await texts(memory)).toContain('Ann is 40')
  expect((await memory.proposals.list({ userId: 'ann' })).results).toMatchObject([{ action: 'delete', status: 'open' }])
})

it('the supervisor decides by its tool', async () => {
  const { memory } = await known()
  await act(memory, (own) => own.add('Ann likes cats', { userId: 'ann', infer: false }))
  const [proposal] = (await memory.proposals.list({ userId: 'ann' })).results
  const script = [
    callTool('memory_proposals', {}),
    callTool('memory_decide', { proposalId: proposal?.id, accept: true }),
  ]
  const { agent: lead, model } = supervisor([...script, 'ok'], memory, {
    agents: { helper: subagent('helper', []).agent },
    delegation: { memory: proposing },
  })
  await lead.generate('Decide', at)
  expect(model.calls[1]?.transcript).toContain('Ann likes cats')
  expect(await texts(memory)).toContain('Ann likes cats')
})
