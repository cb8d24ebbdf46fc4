// What a supervisor's model makes of a user's words is the word of an agent, wherever it is stored.
import { createTool } from 'aquifer'
import { callTool } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { asks, at, childOf, subagent, supervisor, threadsIn } from './scene.ts'

it('a fact that is learned from a task does not take the place of what the user said', async () => {
  const memory = openMemory()
  const ann = memory.as({ kind: 'user', id: 'ann' })
  const { results } = await ann.add('Ann likes tea', { userId: 'ann', infer: false })
  const tea = results[0]?.id ?? ''
  const learn = createTool({
    id: 'learn',
    description: 'Learns.',
    inputSchema: z.object({ text: z.string() }),
    execute: async ({ text }, { memory: own, threadId }) => {
      const [task] = (
        await memory.space(childOf('helper')).messages.list({
          ...{ threadId: threadId as string, direction: 'asc', after: null, asOf: null, limit: 1, offset: 0 },
          ...{ from: null, to: null },
        })
      ).items
      const said = [{ id: task?.message.id as string, role: 'user' as const, content: text }]
      const added = await own?.add(said, { userId: 'ann', infer: false, supersedes: tea })
      return added?.results[0]?.proposalIds?.length ?? 0
    },
  })
  const { agent: helper, model } = subagent('helper', [callTool('learn', { text: 'Ann hates tea' }), 'ok'], {
    tools: { learn },
  })
  const { agent: lead } = supervisor([asks('helper', 'Ann hates tea'), 'ok'], memory, { agents: { helper } })
  await lead.generate('I hate tea', at)
  expect(model.calls[1]?.transcript).toContain('1')
  expect((await memory.facts.get(tea))?.status).toBe('current')
  const all = await memory.facts.getAll({ userId: 'ann' })
  expect(all.results.map(({ memory: text, trust }) => [text, trust])).toEqual(
    expect.arrayContaining([
      ['Ann likes tea', 'user'],
      ['Ann hates tea', 'agent'],
    ]),
  )
})

it('a task has the supervisor as its author, as a claim', async () => {
  const memory = openMemory()
  const { agent: helper, model } = subagent('helper', ['ok'])
  const { agent: lead } = supervisor([asks('helper', 'Help'), 'ok'], memory, { agents: { helper } })
  await lead.generate('Hello', at)
  expect(model.calls[0]?.transcript).toContain('[from agent Lead, as stated by another]')
  const [thread] = await threadsIn(memory, childOf('helper'))
  const query = { threadId: thread?.id ?? '', direction: 'asc', after: null, asOf: null, limit: 1, offset: 0 } as const
  const { items } = await memory.space(childOf('helper')).messages.list({ ...query, from: null, to: null })
  expect(items[0]?.message.author).toEqual({ kind: 'agent', id: 'lead', name: 'Lead', claimed: true })
})
