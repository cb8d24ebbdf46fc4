// A call whose message or record is no longer what it was when it was asked about: nothing runs, and words say why.
import { Agent, createTool, type Memory, type MessagePart } from 'aquifer'
import { callTool, callTools, type ScriptedModelOptions, scriptedModel } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory, refused } from '../memory/opened.ts'

const at = { resourceId: 'ann', threadId: 't' }

function openScene(script: ScriptedModelOptions['script'], memory: Memory = openMemory()) {
  const ran: string[] = []
  const pay = createTool({
    id: 'pay',
    description: 'Pays.',
    inputSchema: z.object({ to: z.string() }),
    requireApproval: true,
    execute: async ({ to }) => void ran.push(to),
  })
  const model = scriptedModel({ script })
  const agent = new Agent({ name: 'Clerk', memory, model, tools: { pay } })
  const answer = async () => {
    const said = (await memory.listMessages({ ...at, perPage: false })).messages.at(-1)
    if (said === undefined) throw new Error('There is no answer.')
    return said
  }
  const approved = async () => {
    const { id, role, parts } = await answer()
    const said = parts.map((part) => {
      if (part.toolCallId !== 'call_1_1') return part
      return { ...part, state: 'approval-responded', approval: { ...(part.approval as object), approved: true } }
    })
    return { id, role, parts: said }
  }
  return { memory, agent, ran, model, answer, approved }
}

const both = callTools([
  { toolName: 'pay', input: { to: 'Ann' } },
  { toolName: 'pay', input: { to: 'Bob' } },
])

it.each(['by its id', 'in a chat'])('an approval %s of a call whose input was edited is refused', async (how) => {
  const { memory, agent, ran, answer, approved } = openScene([both, 'One is paid.'])
  const runId = (await agent.generate('Pay both.', at)).runId as string
  const { id, parts } = await answer()
  const edited = parts.map((part) =>
    part.toolCallId === 'call_1_1' ? ({ ...part, input: { to: 'Eve' } } as MessagePart) : part,
  )
  const change = { kind: 'message-edit', threadId: at.threadId, messageId: id, parts: edited } as const
  await memory.space('resource/ann').commit([change])
  const said = await approved()
  const approve = () =>
    how === 'in a chat' ? agent.generate([said] as never, at) : agent.approveToolCallGenerate('call_1_1', { runId })
  expect((await refused('conflict', approve)).message).toContain('no longer the one that was asked about')
  await agent.approveToolCallGenerate('call_1_2', { runId })
  expect(ran).toEqual(['Bob'])
  expect((await agent.declineToolCallGenerate('call_1_1', { runId })).text).toBe('One is paid.')
  expect(ran).toEqual(['Bob'])
})

it('an approval of a call whose run was forgotten is refused, and a new message goes on', async () => {
  const { memory, agent, ran, approved } = openScene([callTool('pay', { to: 'Ann' }), 'Hello.'])
  const runId = (await agent.generate('Pay.', at)).runId as string
  const said = await approved()
  await memory.forget({ run: runId })
  await refused('not-found', () => agent.approveToolCall({ runId }))
  await refused('not-found', () => agent.generate([said] as never, at))
  const more = { id: 'm9', role: 'user', parts: [{ type: 'text', text: 'Hi' }] }
  expect((await agent.generate([said, more] as never, at)).text).toBe('Hello.')
  expect(ran).toEqual([])
})

it('an approval of a call whose message was forgotten is refused', async () => {
  const { memory, agent, ran, answer, approved } = openScene([callTool('pay', { to: 'Ann' })])
  const runId = (await agent.generate('Pay.', at)).runId as string
  const said = await approved()
  await memory.forget({ ...at, messageIds: [(await answer()).id] })
  await refused('not-found', () => agent.approveToolCall({ runId }))
  await refused('invalid-input', () => agent.generate([said] as never, at))
  expect(ran).toEqual([])
})

it('an agent that the tool names resumes a suspended call', async () => {
  const reviewer = { kind: 'agent', id: 'reviewer' } as const
  const ask = createTool({
    id: 'ask',
    description: 'Asks for a number.',
    inputSchema: z.object({}),
    approvers: [reviewer],
    resumeSchema: z.number(),
    execute: async (_, { suspend, resumeData }) => (resumeData === undefined ? suspend(undefined) : resumeData),
  })
  const memory = openMemory()
  const open = (acting: Memory, script: ScriptedModelOptions['script']) =>
    new Agent({ name: 'Clerk', memory: acting, model: scriptedModel({ script }), tools: { ask } })
  const runId = (await open(memory, [callTool('ask', {})]).generate('Go', at)).runId as string
  const other = open(memory.as({ kind: 'agent', id: 'other' }), ['Never.'])
  await refused('denied', () => other.resumeGenerate(5, { runId }))
  expect((await open(memory.as(reviewer), ['Thanks.']).resumeGenerate(5, { runId })).text).toBe('Thanks.')
})
