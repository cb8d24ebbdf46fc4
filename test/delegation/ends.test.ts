// However a supervisor's turn ends, what it has handed on ends with it: nothing waits for ever for somebody who is gone.
import { createTool } from 'aquifer'
import { callTool, callTools, failWith, stall } from 'aquifer/testing'
import { beforeEach, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
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
