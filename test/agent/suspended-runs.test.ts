// The runs that wait are listed with their calls, wherever they are, and are cancelled by their id alone.
import { Agent, createTool, type Memory } from 'aquifer'
import { callTools, scriptedModel } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { ada, portOf } from '../memory/begun-run.ts'
import { hour, ManualClock, openMemory, refusal } from '../memory/opened.ts'

const inputSchema = z.object({ table: z.string() })
const ran: string[] = []

const erase = createTool({
  id: 'erase',
  description: 'Erases a table.',
  inputSchema,
  requireApproval: true,
  execute: async ({ table }) => {
    ran.push(table)
    return 'erased'
  },
})
const confirm = createTool({
  id: 'confirm',
  description: 'Asks first.',
  inputSchema,
  resumeSchema: z.object({ sure: z.boolean() }),
  execute: async ({ table }, { suspend, resumeData }) => {
    return resumeData === undefined ? suspend({ question: `Erase ${table}?` }) : 'erased'
  },
})

function agentOn(memory: Memory, name = 'Eraser') {
  const calls = ['erase', 'confirm'].map((toolName) => ({ toolName, input: { table: 'old' } }))
  const script = Array.from({ length: 12 }, () => callTools(calls))
  return new Agent({ name, model: scriptedModel({ script }), memory, tools: { erase, confirm } })
}

/** Lets the agent begin a run that waits, and answers its id. */
async function wait(agent: Agent, resourceId: string, threadId: string): Promise<string> {
  const { runId } = await agent.generate('Erase the old ones.', { resourceId, threadId })
  return runId ?? ''
}

it('lists each run with its calls, and what they wait for', async () => {
  const clock = new ManualClock()
  const memory = openMemory({ clock })
  const agent = agentOn(memory)
  const runId = await wait(agent, 'alice', 't')
  const { runs, nextCursor } = await agent.listSuspendedRuns({ resourceId: 'alice' })
  expect(nextCursor).toBeUndefined()
  const now = new Date(clock.ms)
  const [run] = runs
  expect(runs).toHaveLength(1)
  expect(run).toMatchObject({ runId, threadId: 't', resourceId: 'alice', suspendedAt: now })
  const call = { args: { table: 'old' }, status: 'asked', askedAt: now }
  expect(run?.toolCalls).toMatchObject([
    { ...call, toolName: 'erase', requiresApproval: true },
    {
      ...call,
      toolName: 'confirm',
      requiresApproval: false,
      suspendPayload: { question: 'Erase old?' },
      resumeSchema: { type: 'object', properties: { sure: { type: 'boolean' } } },
    },
  ])
})

it('says what was decided about a call that waits for others', async () => {
  const memory = openMemory()
  const agent = agentOn(memory)
  const runId = await wait(agent, 'alice', 't')
  const port = await portOf(memory.as(ada))
  const space = await port.spaceOfRun({ kind: 'agent', id: agent.id }, runId)
  const [run] = (await agent.listSuspendedRuns()).runs
  const [call] = run?.toolCalls ?? []
  const path = call?.toolCallId ?? ''
  await space?.decide([{ kind: 'step-patch', runId, path, status: 'decided', decision: { approved: false } }])
  const [after] = (await agent.listSuspendedRuns({ resourceId: 'alice' })).runs
  expect(after?.toolCalls[0]).toMatchObject({ toolCallId: path, status: 'decided', expiresAt: null })
})

it('takes runs of a resource, of a thread, and of a time, and of no other agent', async () => {
  const clock = new ManualClock()
  const memory = openMemory({ clock })
  const agent = agentOn(memory)
  const ids: string[] = []
  for (const [resourceId, threadId] of [
    ['alice', 'one'],
    ['alice', 'two'],
    ['bob', 'one'],
  ] as const) {
    ids.push(await wait(agent, resourceId, threadId))
    clock.pass(hour)
  }
  await wait(agentOn(memory, 'Other'), 'alice', 'three')
  const begun = clock.ms - 3 * hour
  const listed = async (options: Parameters<typeof agent.listSuspendedRuns>[0]) =>
    (await agent.listSuspendedRuns(options)).runs.map(({ runId }) => ids.indexOf(runId))
  expect(await listed({})).toEqual([0, 1, 2])
  expect(await listed({ resourceId: 'alice' })).toEqual([0, 1])
  expect(await listed({ resourceId: 'nobody' })).toEqual([])
  expect(await listed({ threadId: 'one' })).toEqual([0, 2])
  expect(await listed({ resourceId: 'alice', threadId: 'two' })).toEqual([1])
  expect(await listed({ from: new Date(begun + hour) })).toEqual([1, 2])
  expect(await listed({ to: new Date(begun + hour).toISOString() })).toEqual([0, 1])
  expect(await listed({ from: new Date(begun + 1), to: new Date(begun + 2 * hour - 1) })).toEqual([1])
})

it.each([[{}], [{ resourceId: 'alice' }]])('lists in pages of every size, with %j', async (where) => {
  const memory = openMemory()
  const agent = agentOn(memory)
  const ids: string[] = []
  for (const threadId of ['a', 'b', 'c', 'd', 'e']) ids.push(await wait(agent, 'alice', threadId))
  const whole = (await agent.listSuspendedRuns(where)).runs.map(({ runId }) => runId)
  expect(whole.toSorted()).toEqual(ids.toSorted())
  for (let limit = 1; limit <= 6; limit++) {
    const found: string[] = []
    for (let cursor: string | undefined; ; ) {
      const page = await agent.listSuspendedRuns({ ...where, limit, ...(cursor === undefined ? {} : { cursor }) })
      found.push(...page.runs.map(({ runId }) => runId))
      cursor = page.nextCursor
      if (cursor === undefined) break
    }
    expect(found, `${limit} at a time`).toEqual(whole)
  }
})

it('refuses what it cannot list', async () => {
  const memory = openMemory()
  const agent = agentOn(memory)
  const { nextCursor } = await (async () => {
    await wait(agent, 'alice', 'a')
    await wait(agent, 'alice', 'b')
    return agent.listSuspendedRuns({ limit: 1 })
  })()
  const bad = [
    { limit: 0 },
    { limit: 1_001 },
    { cursor: 'x' },
    { cursor: 7 },
    { from: 'soon' },
    { to: null },
    { more: 1 },
  ]
  for (const options of [...bad, { resourceId: '' }, { threadId: '*' }, { resourceId: 'alice', cursor: nextCursor }]) {
    expect((await refusal(() => agent.listSuspendedRuns(options as never))).code, JSON.stringify(options)).toBe(
      'invalid-input',
    )
  }
})

it('cancels a run: no call runs, each gets an error, and the thread goes on', async () => {
  ran.length = 0
  const memory = openMemory()
  const agent = agentOn(memory)
  const runId = await wait(agent, 'alice', 't')
  const other = await wait(agent, 'alice', 'other')
  await agent.cancelRun(runId)
  expect((await memory.getRun(runId))?.status).toBe('aborted')
  const { messages } = await memory.listMessages({ resourceId: 'alice', threadId: 't' })
  const last = messages.at(-1)
  expect(last?.turnStatus).toBe('aborted')
  const calls = last?.parts.filter(({ type }) => type === 'tool-erase' || type === 'tool-confirm') ?? []
  expect(calls.map(({ state, errorText }) => [state, errorText])).toEqual([
    ['output-error', 'The run was cancelled.'],
    ['output-error', 'The run was cancelled.'],
  ])
  expect((await agent.listSuspendedRuns()).runs.map((run) => run.runId)).toEqual([other])
  expect(ran).toEqual([])
  const again = await refusal(() => agent.cancelRun(runId))
  expect(again).toMatchObject({ code: 'conflict', details: { status: 'aborted' } })
  const answer = await agentOn(memory).generate('And now?', { resourceId: 'alice', threadId: 't' })
  expect(answer.runId).not.toBe(runId)
})

it('declines and settles the records of its calls, whoever decided first', async () => {
  const memory = openMemory()
  const agent = agentOn(memory.as(ada))
  const runId = await wait(agent, 'alice', 't')
  const port = await portOf(memory)
  const space = await port.spaceOfRun({ kind: 'agent', id: agent.id }, runId)
  const [run] = (await agent.listSuspendedRuns()).runs
  const [first = '', second = ''] = run?.toolCalls.map(({ toolCallId }) => toolCallId) ?? []
  const decision = { approved: true, data: 1 }
  await space?.decide([{ kind: 'step-patch', runId, path: first, status: 'decided', decision }])
  await agent.cancelRun(runId)
  const [one, two] = [await space?.step(runId, first), await space?.step(runId, second)]
  expect([one?.status, two?.status]).toEqual(['settled', 'settled'])
  expect(one?.decision).toMatchObject({ approved: true, by: { kind: 'system', id: 'app' } })
  expect(two?.decision).toMatchObject({ approved: false, reason: 'The run was cancelled.', by: ada })
})

it('cancels a run whose calls nobody decided about in time', async () => {
  const clock = new ManualClock()
  const memory = openMemory({ clock, limits: { pendingDays: 1 } })
  const agent = agentOn(memory)
  const runId = await wait(agent, 'alice', 't')
  clock.pass(24 * hour)
  await agent.cancelRun(runId)
  expect((await memory.getRun(runId))?.status).toBe('aborted')
})

it('cancels no run of others, and none that is at work', async () => {
  const memory = openMemory()
  const agent = agentOn(memory)
  const other = agentOn(memory, 'Other')
  const runId = await wait(agent, 'alice', 't')
  for (const id of [runId, 'run_000000000000_none', 'none']) {
    expect((await refusal(() => other.cancelRun(id))).code).toBe('not-found')
  }
  expect((await refusal(() => agent.cancelRun(''))).code).toBe('invalid-input')
  const run = await memory.getRun(runId)
  const turnId = run?.turnId ?? ''
  const space = memory.as({ kind: 'agent', id: 'eraser' }).space('resource/alice')
  await space.commit([{ kind: 'turn-resume', threadId: 't', turnId }])
  expect((await agent.listSuspendedRuns()).runs, 'its turn is at work').toEqual([])
  const error = await refusal(() => agent.cancelRun(runId))
  expect(error.code).toBe('conflict')
  await space.commit([{ kind: 'run-put', runId, status: 'running' }])
  expect(await refusal(() => agent.cancelRun(runId))).toMatchObject({
    code: 'conflict',
    details: { status: 'running' },
  })
  expect((await agent.listSuspendedRuns()).runs).toEqual([])
})
