// Calls that wait, decided by their ids: who may, what the others hear, and what happens then.
import { Agent, createTool, type Memory, type MemoryError } from 'aquifer'
import { callTool, callTools, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory, refused } from '../memory/opened.ts'

const at = { resourceId: 'ann', threadId: 't' }

type Script = Parameters<typeof scriptedModel>[0]['script']

function openScene(script: NonNullable<Script>, memory: Memory = openMemory()) {
  const ran: unknown[] = []
  const pay = createTool({
    id: 'pay',
    description: 'Pays.',
    inputSchema: z.object({ to: z.string() }),
    requireApproval: true,
    execute: async ({ to }, { callId }) => {
      ran.push([to, callId])
      return { paid: to }
    },
  })
  const ask = createTool({
    id: 'ask',
    description: 'Asks for a number.',
    inputSchema: z.object({ about: z.string() }),
    resumeSchema: z.union([z.number(), z.boolean(), z.string()]),
    execute: async ({ about }, { resumeData, suspend }) => {
      if (resumeData === undefined) return suspend({ about })
      ran.push([about, resumeData])
      return { answered: resumeData }
    },
  })
  const model = scriptedModel({ script: [...script] })
  const agent = new Agent({ name: 'Clerk', model, memory, tools: { pay, ask } })
  const answer = async () => (await memory.listMessages(at)).messages.find(({ role }) => role === 'assistant')
  return { memory, model, agent, ran, answer }
}

const both = [
  { toolName: 'pay', input: { to: 'Ann' }, toolCallId: 'c1' },
  { toolName: 'pay', input: { to: 'Bob' }, toolCallId: 'c2' },
]

describe('an approval', () => {
  it('runs the call at once, and the model waits for its sibling', async () => {
    const { agent, ran, model, answer } = openScene([callTools(both), 'Both are paid.'])
    const { runId, status } = await agent.generate('Pay both.', at)
    expect(status).toBe('suspended')
    const options = { runId: runId as string }
    const first = await agent.approveToolCallGenerate('c2', options)
    expect([first.status, ran, model.calls.length]).toEqual(['suspended', [['Bob', `${runId}/c2`]], 1])
    const second = await agent.approveToolCall({ ...options, toolCallId: 'c1' })
    expect(await second.text).toBe('Both are paid.')
    expect(ran).toEqual([
      ['Bob', `${runId}/c2`],
      ['Ann', `${runId}/c1`],
    ])
    expect((await answer())?.turnStatus).toBe('complete')
  })

  it('needs the id of the call where several wait, and lists them', async () => {
    const { agent } = openScene([callTools(both)])
    const { runId } = await agent.generate('Pay both.', at)
    const error = await refused('invalid-input', () => agent.approveToolCall({ runId: runId as string }))
    expect(error.message).toContain('"c1" of "pay"')
    expect(error.message).toContain('"c2" of "pay"')
  })

  it('is made once: the other hears who was first, when, and what was said', async () => {
    const { agent, ran } = openScene([callTool('pay', { to: 'Ann' }), 'Paid.', 'Paid.'])
    const { runId } = await agent.generate('Pay.', at)
    const options = { runId: runId as string }
    const outcomes = await Promise.allSettled([
      agent.approveToolCallGenerate({ ...options, author: { kind: 'user', id: 'one' } }),
      agent.declineToolCallGenerate({ ...options, author: { kind: 'user', id: 'two' } }),
    ])
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(lost).toHaveLength(1)
    const winner = outcomes[0]?.status === 'fulfilled' ? { id: 'one', approved: true } : { id: 'two', approved: false }
    const error: MemoryError | undefined = lost[0]?.reason
    expect([error?.code, error?.details.decided]).toMatchObject([
      'conflict',
      { by: { kind: 'user', id: winner.id }, at: expect.any(String), approved: winner.approved },
    ])
    expect(ran).toHaveLength(winner.approved ? 1 : 0)
  })

  it('is not one of the asking agent, nor of an agent or a tool that nobody named', async () => {
    const memory = openMemory()
    const { agent, ran } = openScene([callTool('pay', { to: 'Ann' })], memory)
    const { runId } = await agent.generate('Pay.', at)
    for (const actor of [{ kind: 'agent', id: 'clerk' } as const, { kind: 'tool', id: 'x' } as const]) {
      const acting = openScene(['Paid.'], memory.as(actor)).agent
      await refused('denied', () => acting.approveToolCall({ runId: runId as string }))
    }
    expect(ran).toEqual([])
    const person = openScene(['Paid.'], memory.as({ kind: 'user', id: 'boss' }))
    expect((await person.agent.approveToolCallGenerate({ runId: runId as string })).text).toBe('Paid.')
  })

  it('declined: the tool never runs, and the model is told why', async () => {
    const { agent, ran, model } = openScene([callTool('pay', { to: 'Ann' }), 'As you wish.'])
    const { runId } = await agent.generate('Pay.', at)
    const result = await agent.declineToolCall({ runId: runId as string, reason: 'too dear' })
    expect(await result.text).toBe('As you wish.')
    expect(ran).toEqual([])
    expect(JSON.stringify(model.calls.at(-1)?.messages)).toContain('too dear')
  })

  it('inside the loop over the first stream is carried out there', async () => {
    const { agent, ran } = openScene([callTool('pay', { to: 'Ann' }), 'Paid.'])
    const stream = await agent.stream('Pay.', at)
    const texts: string[] = []
    for await (const part of stream.fullStream) {
      if (part.type !== 'tool-call-approval') continue
      const approved = await agent.approveToolCall(part.payload.toolCallId, { runId: stream.runId as string })
      for await (const text of approved.textStream) texts.push(text)
    }
    expect([texts.join(''), ran.length]).toEqual(['Paid.', 1])
  })

  it('on the part of the AI SDK, before the turn is closed, waits for that', async () => {
    const { agent, ran } = openScene([callTool('pay', { to: 'Ann' }), 'Paid.'])
    const stream = await agent.stream('Pay.', at)
    let text = ''
    for await (const part of stream.stream) {
      if (part.type !== 'tool-approval-request') continue
      text = (await agent.approveToolCallGenerate({ runId: stream.runId as string })).text
    }
    expect([text, ran.length]).toEqual(['Paid.', 1])
  })
})

describe('data for a suspended call', () => {
  it.each([false, 0, '', 7])('may be %j, and costs one call of the model', async (data) => {
    const { agent, ran, model, answer } = openScene([callTool('ask', { about: 'x' }), 'Thanks.'])
    const { runId } = await agent.generate('Go.', at)
    const result = await agent.resumeStream(data, { runId: runId as string })
    expect(await result.text).toBe('Thanks.')
    expect([ran, model.calls.length]).toEqual([[['x', data]], 2])
    expect((await answer())?.parts.find(({ type }) => type === 'tool-ask')?.output).toEqual({ answered: data })
  })

  it('is refused where its schema refuses it, and the call still waits', async () => {
    const { agent, ran } = openScene([callTool('ask', { about: 'x' }), 'Thanks.'])
    const { runId } = await agent.generate('Go.', at)
    await refused('invalid-input', () => agent.resumeStream({ no: 1 }, { runId: runId as string }))
    expect(ran).toEqual([])
    expect((await agent.resumeGenerate(1, { runId: runId as string })).text).toBe('Thanks.')
  })

  it('is not taken for an approval, nor an approval for data', async () => {
    const { agent } = openScene([callTool('ask', { about: 'x' })])
    const { runId } = await agent.generate('Go.', at)
    await refused('invalid-input', () => agent.approveToolCall({ runId: runId as string }))
    const other = openScene([callTool('pay', { to: 'Ann' })])
    const paid = await other.agent.generate('Pay.', at)
    await refused('invalid-input', () => other.agent.resumeStream(1, { runId: paid.runId as string }))
  })
})

it('a run is found by its id alone, and nowhere else than stated', async () => {
  const { agent, memory } = openScene([callTool('pay', { to: 'Ann' }), 'Paid.'])
  const { runId } = await agent.generate('Pay.', at)
  const options = { runId: runId as string }
  for (const where of [{ resource: 'bob' }, { thread: 'other' }]) {
    await refused('not-found', () => agent.approveToolCall({ ...options, memory: where }))
  }
  await refused('not-found', () => agent.approveToolCall('call_9', options))
  await refused('not-found', () => agent.approveToolCall({ runId: 'run_AAAAAAAAAAAA_x' }))
  const other = new Agent({ name: 'Other', memory, model: scriptedModel({ script: [] }) })
  await refused('conflict', () => other.approveToolCall(options))
  const result = await agent.approveToolCallGenerate({ ...options, memory: { resource: 'ann', thread: 't' } })
  expect(result.text).toBe('Paid.')
})

describe('recover', () => {
  it('carries out what was decided, once, and nothing that waits', async () => {
    const scene = openScene([callTools(both), 'Both are paid.'])
    const { runId } = await scene.agent.generate('Pay both.', at)
    expect(await scene.agent.recover()).toEqual([])
    expect((await scene.agent.approveToolCallGenerate('c1', { runId: runId as string })).status).toBe('suspended')
    expect(await scene.agent.recover()).toEqual([])
    expect(scene.ran).toHaveLength(1)
  })

  it('ends a run whose tool is gone, and says so', async () => {
    const memory = openMemory()
    const { agent } = openScene([callTool('pay', { to: 'Ann' })], memory)
    const { runId } = await agent.generate('Pay.', at)
    const bare = new Agent({ name: 'Clerk', memory, model: scriptedModel({ script: ['Never.'] }) })
    await refused('not-found', () => bare.approveToolCall({ runId: runId as string }))
    const [recovered] = await bare.recover()
    expect(recovered).toMatchObject({ runId, status: 'failed' })
    expect(await memory.getRun(runId as string)).toMatchObject({ status: 'failed', details: { error: 'tool-gone' } })
    expect(await bare.recover()).toEqual([])
  })
})
