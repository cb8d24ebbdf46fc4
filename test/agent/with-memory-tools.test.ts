// Agents with the tools of memory: what they write, what the thread shows of it, and what the next call sees.

import { tool } from 'ai'
import { Agent, type MemoryBehaviour } from 'aquifer'
import { callTool, type ScriptedModel, scriptedModel } from 'aquifer/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openMemory, refused } from '../memory/opened.ts'

const at = { resourceId: 'alice', threadId: 't' }

function agentWith(options: MemoryBehaviour, ...script: NonNullable<Parameters<typeof scriptedModel>[0]['script']>) {
  const memory = openMemory({ options })
  const model: ScriptedModel = scriptedModel({ script })
  return { memory, model, agent: new Agent({ name: 'Helper', instructions: 'You help.', model, memory }) }
}

test('working memory that an agent wrote is in the next prompt, and the call that wrote it is not', async () => {
  const { memory, model, agent } = agentWith(
    { workingMemory: { template: '# User\n- Name:\n' } },
    callTool('updateWorkingMemory', { text: '# User\n- Name: Ann\n', version: null }),
    'Nice to meet you, Ann.',
    'You are Ann.',
  )
  const { runId } = await agent.generate('I am Ann.', at)
  await agent.generate('Who am I?', at)
  expect((await memory.getWorkingMemory({ resourceId: 'alice' }))?.value).toBe('# User\n- Name: Ann\n')
  const last = model.calls.at(-1)?.transcript
  expect(last).toContain('- Name: Ann')
  expect(last).not.toContain('tool-call')
  const parts = async (includeInternal: boolean) => {
    const { messages } = await memory.listMessages({ ...at, includeInternal })
    return messages.flatMap((message) => message.parts.map(({ type }) => type)).filter((type) => type !== 'step-start')
  }
  expect(await parts(false)).toEqual(['text', 'text', 'text', 'text'])
  expect(await parts(true)).toEqual(['text', 'tool-updateWorkingMemory', 'text', 'text', 'text'])
  const run = await memory.getRun(runId as string)
  expect(run?.details.memoryCalls).toEqual([
    { tool: 'updateWorkingMemory', toolCallId: 'call_1_1', state: 'output-available' },
  ])
})

test('two agents of a team share its entries', async () => {
  const { memory, agent } = agentWith(
    { team: 'acme' },
    callTool('memory_write', { key: 'lead', value: { stage: 'qualified' } }),
    'Written.',
  )
  await agent.generate('Acme is qualified.', at)
  const model = scriptedModel({ script: [callTool('memory_read', { key: 'lead' }), 'It is qualified.'] })
  const ceo = new Agent({ name: 'CEO', model, memory })
  await ceo.generate('How is Acme?', { resourceId: 'bob', threadId: 'u' })
  expect(await memory.team('acme').read('lead')).toEqual({ stage: 'qualified' })
  expect(model.calls.at(-1)?.transcript).toContain('{"stage":"qualified"}')
})

test('a tool of the application must not have the name of one of memory, and says so before anything is stored', async () => {
  const memory = openMemory({ options: { semanticRecall: true } })
  const recall = tool({ description: 'Mine.', inputSchema: z.object({}), execute: async () => 'x' })
  const agent = new Agent({ name: 'Helper', model: scriptedModel({ script: ['hi'] }), memory, tools: { recall } })
  const error = await refused('invalid-input', () => agent.generate('hello', at))
  expect(error.message).toContain('two tools with the name "recall"')
  expect(await memory.getThreadsByResourceId({ resourceId: 'alice' })).toEqual([])
})

test('an agent that may only read has no tool that writes, and leaves nothing', async () => {
  const { memory, model, agent } = agentWith({ team: 'acme', workingMemory: { enabled: true }, readOnly: true }, 'hi')
  const { runId, turnId, text } = await agent.generate('hello', at)
  expect([runId, turnId, text]).toEqual([null, null, 'hi'])
  expect(model.calls[0]?.tools.map(({ name }) => name).toSorted()).toEqual(['memory_list', 'memory_read'])
  expect(await memory.getThreadsByResourceId({ resourceId: 'alice' })).toEqual([])
})
