// Calls that go on and are suspended: after an approval, or once more. No model is asked, and no result is seen.
import type { ToolSet } from 'ai'
import { Agent, createTool, type StoredMessage, type ToolCall } from 'aquifer'
import { callTools, promptProblems, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { suspendingTools } from '../../src/agent/suspension/suspending-tools.ts'
import { Suspensions } from '../../src/agent/suspension/suspensions.ts'
import { ResultRoom } from '../../src/agent/tools/result-room.ts'
import { openMemory, refused } from '../memory/opened.ts'
import { approved } from './approvals.ts'

const at = { resourceId: 'u', threadId: 't' }
const inputSchema = z.object({ table: z.string() })
const resumeSchema = z.object({ confirmed: z.boolean() })
const question = { question: 'Delete them?' }

const approving = {
  id: 'delete-records',
  description: 'Deletes records.',
  inputSchema,
  requireApproval: true,
  resumeSchema,
}

describe.each(['generate', 'stream'] as const)('%s: an approved call that needs data', (how) => {
  async function scene(names: readonly string[], listens = true) {
    const memory = openMemory()
    const calls = names.map((toolName) => ({ toolName, input: { table: 'old' } }))
    const model = scriptedModel({ script: [callTools(calls), 'Done.'] })
    const tools = {
      delete: createTool({ ...approving, execute: async (_, { suspend }) => suspend(question) }),
      move: createTool({ ...approving, id: 'move', execute: () => 'moved' }),
    }
    const events: unknown[] = []
    const note = (event: unknown) => void events.push(event)
    const agent = new Agent({ name: 'A', model, memory, tools } as never)
    await agent.generate('Delete the old records', at)
    const input = approved((await memory.listMessages(at)).messages.slice(1))
    const listeners = { onStepEnd: note, onEnd: note, onToolExecutionEnd: note, onStepStart: note }
    const options = { ...at, ...(listens ? listeners : {}) } as never
    const seen: unknown[] = []
    let text: string
    let states: readonly unknown[] = []
    if (how === 'generate') {
      const result = await agent.generate(input, options)
      text = result.text
      seen.push(result.responseMessages, result.steps, result.pendingCalls)
    } else {
      const result = await agent.stream(input, options)
      const chunks: { type: string }[] = []
      for await (const part of result.stream) seen.push(part)
      for await (const chunk of result.toUIMessageStream()) chunks.push(chunk)
      states = chunks.map(({ type }) => type)
      text = await result.text
      seen.push(await result.responseMessages, await result.steps, chunks, await result.pendingCalls)
    }
    const [, answer] = (await memory.listMessages(at)).messages as [StoredMessage, StoredMessage]
    return { model, answer, text, states, json: JSON.stringify([seen, events, answer]), last: seen.at(-1) }
  }

  it('waits for it, and asks no model', async () => {
    const { model, answer, text, states, json, last } = await scene(['delete'])
    expect([text, model.calls.length, answer.turnStatus]).toEqual(['', 1, 'suspended'])
    expect(answer.parts.map(({ type }) => type)).toEqual(['step-start', 'tool-delete', 'data-tool-call-suspended'])
    expect(answer.parts[1]).toMatchObject({ state: 'input-available', approval: { approved: true } })
    expect(last).toMatchObject([{ kind: 'suspension', toolCallId: 'call_1_1', suspendPayload: question }])
    expect(json).not.toMatch(/"tool-result"|"tool-output-available"/)
    if (how === 'stream') {
      expect(states).toEqual(['start', 'tool-input-available', 'data-tool-call-suspended', 'finish'])
    }
  })

  it('leaves no message of a result where nobody listens', async () => {
    const { json } = await scene(['delete'], false)
    expect(json).not.toMatch(/"tool-result"|"role":"tool"/)
  })

  it('lets the other calls of its step come to their results', async () => {
    const { model, answer, json } = await scene(['delete', 'move'])
    expect([model.calls.length, answer.turnStatus]).toEqual([1, 'suspended'])
    expect(answer.parts.flatMap(({ state }) => state ?? [])).toEqual(['input-available', 'output-available'])
    expect(json).toContain('"moved"')
    for (const { messages } of model.calls) expect(promptProblems(messages)).toEqual([])
  })
})

describe('a call that goes on', () => {
  const call = { toolCallId: 'c', toolName: 'delete' }
  const options = { toolCallId: 'c', messages: [] } as never

  function resuming(
    execute: (input: { table: string }, call: ToolCall<unknown, unknown>) => unknown,
    schema?: unknown,
  ) {
    const own = { ...approving, resumeSchema: schema as never, execute }
    const tools = { delete: createTool<{ table: string }, unknown>(own) } as unknown as ToolSet
    const suspensions = new Suspensions('run', tools, new ResultRoom(10_000), 10_000)
    const { delete: one } = suspendingTools(tools, suspensions)
    const run = async () => one?.execute?.({ table: 'old' }, options) as unknown
    return { suspensions, run }
  }

  it.each([[false], [0], [''], [null], [{ confirmed: true }]])('gets %j as its data', async (data) => {
    const { suspensions, run } = resuming((_, { resumeData, suspendData }) => [resumeData, suspendData])
    await suspensions.resume(call, { data, suspendData: question })
    expect(await run()).toEqual([data, question])
  })

  it('gets no data before it goes on', async () => {
    const { run } = resuming((_, own) => ['resumeData' in own, 'suspendData' in own])
    expect(await run()).toEqual([false, false])
  })

  it('gets its data as the schema parses it', async () => {
    const schema = z.object({ at: z.coerce.date() })
    const { suspensions, run } = resuming((_, { resumeData }) => resumeData, schema)
    await suspensions.resume(call, { data: { at: '2026-03-01T00:00:00.000Z' } })
    expect(await run()).toEqual({ at: new Date('2026-03-01T00:00:00.000Z') })
  })

  it('fails without running if its tool no longer takes the data', async () => {
    const ran: string[] = []
    const { suspensions, run } = resuming(() => ran.push('ran'), resumeSchema)
    await suspensions.resume(call, { data: { confirmed: 'yes' } })
    expect((await refused('invalid-input', run)).details.field).toBe('resumeData.confirmed')
    expect(ran).toEqual([])
  })

  it('may be suspended once more', async () => {
    const { suspensions, run } = resuming(async (_, { suspend, resumeData }) => suspend({ again: resumeData ?? null }))
    await suspensions.resume(call, { data: 1 })
    expect(await run()).toBeUndefined()
    expect(suspensions.suspended.get('c')).toMatchObject({ payload: { again: 1 }, toolName: 'delete' })
  })

  it('cannot be suspended when it is over', async () => {
    let later: ToolCall['suspend'] | null = null
    const { suspensions, run } = resuming((_, { suspend }) => {
      later = suspend
      return 'deleted'
    })
    expect(await run()).toBe('deleted')
    await refused('closed', () => later?.(question))
    expect(suspensions.suspended.size).toBe(0)
  })
})
