// However a supervisor's turn ends, what it has handed on ends with it: nothing waits for ever for somebody who is gone.
import { createStep, createTool, createWorkflow } from 'aquifer'
import { callTool, callTools, failWith, stall } from 'aquifer/testing'
import { beforeEach, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { openMemory, refused } from '../memory/opened.ts'
import { asks, at, childOf, statusesIn, subagent, supervisor } from './scene.ts'

beforeEach(() => {
  const log = vi.spyOn(console, 'warn').mockImplementation(() => {})
  return () => log.mockRestore()
})

const pay = createTool({
  id: 'pay',
  description: 'Pays.',
  inputSchema: z.object({}),
  requireApproval: true,
  execute: () => 'paid',
})

const pays = callTool('pay', {}, { toolCallId: 'inner' })
const spaces = [childOf(), childOf('middle'), childOf('middle', 'deep')]

/** A supervisor whose subagent hands on a payment, which waits. */
function waitingTeam(more: readonly unknown[] = []) {
  const memory = openMemory()
  const { agent: deep } = subagent('deep', [pays, 'Paid.'], { tools: { pay } })
  const { agent: middle } = subagent('middle', [asks('deep', 'Pay'), 'ok'], { agents: { deep } })
  const script = [asks('middle', 'Pay'), ...more]
  const { agent: lead } = supervisor(script as never, memory, { agents: { middle } })
  const statuses = async () => (await Promise.all(spaces.map((space) => statusesIn(memory, space)))).flat()
  return { memory, lead, statuses }
}

it('a run that is cancelled ends the work below it', async () => {
  const { lead, statuses } = waitingTeam()
  const { runId } = await lead.generate('Pay', at)
  expect(await statuses()).toEqual(['suspended', 'suspended', 'suspended'])
  await lead.cancelRun(runId as string)
  expect(await statuses()).toEqual(['aborted', 'aborted', 'aborted'])
  expect((await lead.listSuspendedRuns({ resourceId: 'ann' })).runs).toEqual([])
})

it.each(['aborted', 'failed'] as const)('a turn that is %s ends work that waits already', async (how) => {
  const memory = openMemory()
  const controller = new AbortController()
  const { agent: waits } = subagent('waits', [pays, 'Paid.'], { tools: { pay } })
  const { agent: works } = subagent('works', [
    async () => {
      await expect.poll(() => statusesIn(memory, childOf('waits'))).toEqual(['suspended'])
      if (how === 'aborted') controller.abort(new Error('enough'))
      return how === 'aborted' ? stall() : 'worked'
    },
  ])
  const both = ['waits', 'works'].map((key) => ({ toolName: `agent-${key}`, input: { prompt: 'Go' } }))
  const { agent: lead } = supervisor([callTools(both)], memory, {
    agents: { waits, works },
    ...(how === 'failed'
      ? {
          outputProcessors: [
            {
              processOutputResult: () => {
                throw new Error('no')
              },
            },
          ] as never,
        }
      : {}),
  })
  await expect(lead.generate('Go', { ...at, abortSignal: controller.signal })).rejects.toThrow()
  await expect.poll(() => statusesIn(memory, childOf('waits'))).toEqual(['aborted'])
  expect(await statusesIn(memory, childOf())).toEqual([how])
})

it.each(['deleted', 'answered again', 'forgotten'] as const)(
  'a turn that is %s leaves work to recover, which ends it',
  async (how) => {
    const { memory, lead, statuses } = waitingTeam(['Another answer.'])
    const question = [{ id: 'q', role: 'user' as const, parts: [{ type: 'text' as const, text: 'Pay' }] }]
    const { runId, messageId } = await lead.generate(question, at)
    const again = { ...at, trigger: 'regenerate-message', messageId: messageId as string } as const
    if (how === 'deleted') await memory.deleteThread(at)
    if (how === 'forgotten') await memory.forget({ run: runId as string })
    if (how === 'answered again') await lead.generate(question, again)
    expect(await lead.recover()).toEqual([])
    const below = (await Promise.all(spaces.slice(1).map((space) => statusesIn(memory, space)))).flat()
    expect(below).toEqual(['aborted', 'aborted'])
    expect(await statuses()).not.toContain('running')
  },
)

it('a run whose thread is deleted while it waits is discarded, and nobody can continue it', async () => {
  const { memory, lead, statuses } = waitingTeam()
  const { runId } = await lead.generate('Pay', at)
  await memory.deleteThread(at)
  expect((await statuses())[0]).toBe('discarded')
  await refused('not-found', () => lead.approveToolCallGenerate({ runId, toolCallId: 'inner' }))
  await refused('conflict', () => lead.cancelRun(runId as string))
  expect((await memory.listRuns({ resourceId: 'ann', status: 'suspended' })).runs).toEqual([])
})

const city = z.object({ city: z.string() })

/** A workflow that waits, below a subagent, and the statuses of its runs. */
function waitingFlow(depth: number, more: readonly unknown[] = []) {
  const memory = openMemory()
  const ask = createStep({
    ...{ id: 'ask', inputSchema: city, outputSchema: city },
    execute: async ({ inputData, suspend, resumeData }) => (resumeData === undefined ? suspend({}) : inputData),
  })
  const ids = { id: 'flow', description: 'Asks.', inputSchema: city, outputSchema: city, memory }
  const flow = createWorkflow(ids).then(ask).commit()
  const starts = callTool('workflow-flow', { city: 'Oslo' })
  const { agent: middle } = subagent('middle', [starts, 'ok'], { workflows: { flow } })
  const below = depth === 1 ? { workflows: { flow } } : { agents: { middle } }
  const script = [depth === 1 ? starts : asks('middle', 'Go'), ...more]
  const { agent: lead } = supervisor(script as never, memory, below)
  const runs = async () => (await flow.listRuns({ resourceId: 'ann' })).runs.map(({ status }) => status)
  return { memory, lead, runs, flow }
}

it.each([
  [1, 'deleted'],
  [1, 'answered again'],
  [2, 'deleted'],
  [2, 'answered again'],
] as const)(
  'a workflow that waits %i below a turn that is %s is canceled, by recover at the latest',
  async (depth, how) => {
    const { memory, lead, runs } = waitingFlow(depth, ['Another answer.'])
    const question = [{ id: 'q', role: 'user' as const, parts: [{ type: 'text' as const, text: 'Go' }] }]
    const { messageId } = await lead.generate(question, at)
    expect(await runs()).toEqual(['suspended'])
    if (how === 'deleted') await memory.deleteThread(at)
    else await lead.generate(question, { ...at, trigger: 'regenerate-message', messageId: messageId as string })
    expect(await lead.recover()).toEqual([])
    expect(await runs()).toEqual(['canceled'])
  },
)

it('recover leaves workflows alone whose supervisor waits for them, or that nobody called', async () => {
  const { lead, runs, flow } = waitingFlow(2)
  await lead.generate('Go', at)
  const run = await flow.createRun({ resourceId: 'ann' })
  await run.start({ inputData: { city: 'Rome' } })
  expect(await lead.recover()).toEqual([])
  expect(await runs()).toEqual(['suspended', 'suspended'])
})

it('a workflow at work in a thread that is deleted is canceled, and its process stops', async () => {
  const memory = openMemory()
  const gate = Promise.withResolvers<void>()
  const ran: string[] = []
  const step = (id: string, wait: () => Promise<void>) =>
    createStep({
      ...{ id, inputSchema: city, outputSchema: city },
      execute: async ({ inputData }) => {
        ran.push(id)
        await wait()
        return inputData
      },
    })
  const made = createWorkflow({ id: 'flow', inputSchema: city, outputSchema: city, memory })
  const flow = made
    .then(step('slow', () => gate.promise))
    .then(step('next', async () => {}))
    .commit()
  await memory.createThread(at)
  const run = await flow.createRun(at)
  const started = run.start({ inputData: { city: 'Oslo' } })
  await expect.poll(() => ran).toEqual(['slow'])
  await memory.deleteThread(at)
  gate.resolve()
  expect(await started).toMatchObject({ status: 'canceled' })
  expect(ran).toEqual(['slow'])
  expect((await flow.listRuns({ resourceId: 'ann', status: 'canceled' })).runs).toHaveLength(1)
})

it('recover leaves work alone whose supervisor still waits for it', async () => {
  const { lead, statuses } = waitingTeam()
  await lead.generate('Pay', at)
  expect(await lead.recover()).toEqual([])
  expect(await statuses()).toEqual(['suspended', 'suspended', 'suspended'])
})

it('work that failed is not begun again', async () => {
  const memory = openMemory()
  const { agent: fails, model } = subagent('fails', [failWith(new Error('no')), 'never'])
  const { agent: lead } = supervisor([asks('fails', 'Go'), 'ok'], memory, { agents: { fails } })
  await lead.generate('Go', at)
  expect(model.calls).toHaveLength(1)
  expect(await statusesIn(memory, childOf('fails'))).toEqual(['failed'])
})
