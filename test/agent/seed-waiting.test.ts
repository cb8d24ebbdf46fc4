// The programs in which applications approve, decline and resume, with streams as they read them: decided inside the loop.
import { Agent, type AgentOptions, type AgentStream, createTool } from 'aquifer'
import { callTool, callTools, type ScriptedModelOptions, scriptedModel } from 'aquifer/testing'
import { beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'

const place = { thread: 'user-123', resource: 'my-app' }

let ran: string[] = []
beforeEach(() => {
  ran = []
})

const deleteRecords = createTool({
  id: 'delete-records',
  description: 'Deletes records.',
  inputSchema: z.object({ table: z.string() }),
  outputSchema: z.object({ result: z.string() }),
  suspendSchema: z.object({ message: z.string() }),
  resumeSchema: z.object({ confirmed: z.boolean() }),
  execute: async ({ table }, { resumeData, suspend }) => {
    if (!resumeData) return suspend({ message: `Delete all of ${table}?` })
    ran.push(resumeData.confirmed ? 'deleted' : 'kept')
    return { result: ran.at(-1) ?? '' }
  },
})

const sensitive = createTool({
  id: 'sensitive',
  description: 'Does something sensitive.',
  inputSchema: z.object({ what: z.string() }),
  requireApproval: true,
  execute: async ({ what }) => ran.push(what),
})

function agentWith(script: NonNullable<ScriptedModelOptions['script']>, options: Partial<AgentOptions> = {}) {
  const model = scriptedModel({ script })
  const tools = { deleteRecords, sensitive }
  const agent = new Agent({
    name: 'Routing Agent',
    instructions: 'You route.',
    model,
    tools,
    memory: openMemory(),
    ...options,
  })
  return { agent, model }
}

async function textOf(stream: AgentStream): Promise<string> {
  let text = ''
  for await (const c of stream.fullStream) if (c.type === 'text-delta') text += c.text
  return text
}

it('approves inside the loop over the first stream', async () => {
  const { agent } = agentWith([callTool('sensitive', { what: 'sent' }), 'It is done.'])
  const stream = await agent.stream('Perform some sensitive action', { memory: place })
  const texts: string[] = []
  for await (const chunk of stream.fullStream) {
    if (chunk.type === 'tool-call-approval') {
      const approvedStream = await agent.approveToolCall(chunk.payload.toolCallId, {
        runId: stream.runId,
        memory: { thread: 'user-123', resource: 'my-app' },
      })
      texts.push(await textOf(approvedStream))
    }
  }
  expect(texts).toEqual(['It is done.'])
  expect(ran).toEqual(['sent'])
})

it('declines with the same arguments', async () => {
  const { agent, model } = agentWith([callTool('sensitive', { what: 'sent' }), 'Then not.'])
  const stream = await agent.stream('Perform some sensitive action', { memory: place })
  for await (const chunk of stream.fullStream) {
    if (chunk.type !== 'tool-call-approval') continue
    const { toolCallId } = chunk.payload
    const declined = await agent.declineToolCall({ runId: chunk.runId, toolCallId, reason: 'Not today' })
    expect(await textOf(declined)).toBe('Then not.')
  }
  expect(ran).toEqual([])
  expect(model.calls[1]?.transcript).toContain('Not today')
})

it('resumes with what the user confirms', async () => {
  const { agent } = agentWith([callTool('deleteRecords', { table: 'old' }), 'They are gone.'])
  const stream = await agent.stream('Delete the old records', { memory: place })
  const payloads: unknown[] = []
  for await (const chunk of stream.fullStream) {
    if (chunk.type === 'tool-call-suspended') payloads.push(chunk.payload.suspendPayload)
  }
  expect(payloads).toEqual([{ message: 'Delete all of old?' }])
  const resumedStream = await agent.resumeStream({ confirmed: true }, { runId: stream.runId, memory: place })
  expect(await textOf(resumedStream)).toBe('They are gone.')
  expect(ran).toEqual(['deleted'])
})

it('resumes inside the loop, and again where the tool suspends again', async () => {
  const asking = createTool({
    id: 'asking',
    description: 'Asks twice.',
    inputSchema: z.object({}),
    resumeSchema: z.number(),
    execute: (_, { resumeData, suspendData, suspend }) => {
      if (resumeData === undefined) return suspend('first')
      return suspendData === 'first' ? suspend('second') : `it is ${resumeData}`
    },
  })
  const { agent, model } = agentWith([callTool('asking', {}), 'Thanks.'], { tools: { asking } })
  const stream = await agent.stream('Ask', { memory: place })
  const seen: unknown[] = []
  for await (const chunk of stream.fullStream) {
    if (chunk.type !== 'tool-call-suspended') continue
    seen.push(chunk.payload.suspendPayload)
    const second = await agent.resumeStream(0, { runId: chunk.runId })
    for await (const again of second.fullStream) {
      if (again.type !== 'tool-call-suspended') continue
      seen.push(again.payload.suspendPayload)
      const last = await agent.resumeGenerate(7, { runId: again.runId, toolCallId: again.payload.toolCallId })
      seen.push(last.text)
    }
  }
  expect(seen).toEqual(['first', 'second', 'Thanks.'])
  expect(model.calls).toHaveLength(2)
  expect(model.calls[1]?.transcript).toContain('it is 7')
})

it('approves and resumes without streams', async () => {
  const calls = [
    { toolName: 'sensitive', input: { what: 'sent' } },
    { toolName: 'deleteRecords', input: { table: 'old' } },
  ]
  const { agent, model } = agentWith([callTools(calls), 'Both are done.'])
  const { runId, pendingCalls } = await agent.generate('Do both', { memory: place })
  expect(pendingCalls.map(({ kind }) => kind)).toEqual(['approval', 'suspension'])
  const first = await agent.resumeGenerate({ confirmed: false }, { runId, toolCallId: 'call_1_2' })
  expect([first.status, first.text, first.pendingCalls.length]).toEqual(['suspended', '', 1])
  const second = await agent.approveToolCallGenerate({ runId })
  expect([second.status, second.text]).toEqual(['complete', 'Both are done.'])
  expect(ran).toEqual(['kept', 'sent'])
  expect(model.calls).toHaveLength(2)
})

it('refuses data that the tool does not take, and the call waits on', async () => {
  const { agent } = agentWith([callTool('deleteRecords', { table: 'old' }), 'They are gone.'])
  const { runId } = await agent.generate('Delete the old records', { memory: place })
  const wrong = agent.resumeGenerate({ confirmed: 'yes' }, { runId })
  await expect(wrong).rejects.toMatchObject({ code: 'invalid-input', details: { field: 'resumeData.confirmed' } })
  expect((await agent.resumeGenerate({ confirmed: true }, { runId })).text).toBe('They are gone.')
})

it('says what is wrong where nothing was stored', async () => {
  const { agent } = agentWith([callTool('sensitive', { what: 'sent' })])
  const { runId } = await agent.generate('Perform some sensitive action')
  await expect(agent.approveToolCallGenerate({ runId })).rejects.toMatchObject({
    code: 'invalid-input',
    details: { field: 'runId' },
  })
})

it('resumes by what the user says next', async () => {
  const reading = { call: '1', data: '{"confirmed":true}' }
  const { agent } = agentWith([callTool('deleteRecords', { table: 'old' }), JSON.stringify(reading), 'They are gone.'])
  const options = { autoResumeSuspendedTools: true, memory: place }
  await (await agent.stream('Delete the old records', options)).finished
  expect(await textOf(await agent.stream('Yes, go ahead', options))).toBe('They are gone.')
  expect(ran).toEqual(['deleted'])
})
