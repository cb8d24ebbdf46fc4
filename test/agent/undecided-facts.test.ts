// Facts in a prompt say what somebody proposed about them, and nobody has decided: what and who, without its words.
import { Agent, type Memory } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { asks, subagent, supervisor } from '../delegation/scene.ts'
import { openMemory } from '../memory/opened.ts'

const at = { resourceId: 'ann', threadId: 't' }
const options = { facts: true, semanticRecall: false } as const

/** A memory with a fact of Ann's, which a tool wants removed. */
async function disputed(pinned: boolean): Promise<{ readonly memory: Memory; readonly proposalId: string }> {
  const memory = openMemory({ options })
  const ann = memory.as({ kind: 'user', id: 'ann' })
  const { results } = await ann.add('Ann likes tea', { userId: 'ann', infer: false, ...(pinned ? { pinned } : {}) })
  await ann.add('Ann lives in Oslo', { userId: 'ann', infer: false })
  const web = memory.as({ kind: 'tool', id: 'web' })
  const { proposalId = '' } = await web.facts.delete(results[0]?.id ?? '')
  return { memory, proposalId }
}

/** What a model is told of memory. */
async function told(memory: Memory): Promise<string> {
  const model = scriptedModel({ script: ['ok'] })
  const agent = new Agent({ name: 'A', model, memory, defaultOptions: { memory: { options } } })
  await agent.generate('Hello', at)
  return JSON.stringify(model.calls[0]?.messages.filter(({ role }) => role === 'system'))
}

it.each([true, false])('until somebody decides (pinned: %s)', async (pinned) => {
  const { memory, proposalId } = await disputed(pinned)
  const before = await told(memory)
  expect(before.match(/undecided=[^>]*>/g)).toEqual(['undecided=\\"delete by tool web\\">'])
  expect(before).toContain('undecided=\\"delete by tool web\\">\\nAnn likes tea')
  await memory.as({ kind: 'user', id: 'ann' }).proposals.reject(proposalId)
  const after = await told(memory)
  expect(after).toContain('Ann likes tea')
  expect(after).not.toContain('undecided')
})

it('to a subagent that shares the facts, too', async () => {
  const { memory } = await disputed(false)
  const { agent: helper, model } = subagent('helper', ['ok'])
  const { agent: lead } = supervisor([asks('helper', 'Help'), 'ok'], memory, {
    agents: { helper },
    delegation: { memory: { share: ['facts'] } },
  })
  await lead.generate('Hello', at)
  expect(JSON.stringify(model.calls[0]?.messages)).toContain('delete by tool web')
})
