// What a run that waits keeps of its call: options, never inputs, and nothing once it has ended.
import { Agent, createTool, RequestContext } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'
import { expect, it, vi } from 'vitest'
import { z } from 'zod'
import { coreOf } from '../../src/facade/conversations.ts'
import { openMemory } from '../memory/opened.ts'

const at = { resourceId: 'ann', threadId: 't' }

function openScene() {
  const memory = openMemory()
  const seen: unknown[] = []
  const pay = createTool({
    id: 'pay',
    description: 'Pays.',
    inputSchema: z.object({ note: z.string() }),
    requireApproval: true,
    execute: async (_, { requestContext }) => seen.push(requestContext.toJSON()),
  })
  const model = scriptedModel({ answer: ({ said }) => (said.length > 0 ? callTool('pay', { note: 'n' }) : 'ok') })
  const agent = new Agent({ name: 'Clerk', memory, model, tools: { pay } })
  const ask = async (given: object) => {
    const result = await agent.generate('Pay.', { ...at, ...given })
    return result.runId as string
  }
  const stored = async (runId: string) => {
    const { storage, access } = coreOf(memory)
    const { record } = await (await storage.get()).runs.get(access, memory.space('resource/ann').id, runId)
    return record?.continuation
  }
  return { memory, agent, model, seen, ask, stored }
}

it('keeps the JSON values of the request for the process that continues', async () => {
  const { agent, seen, ask, stored } = openScene()
  const context = new RequestContext({ tier: 'pro', page: { n: 1 }, run: () => 1, big: 1n })
  const runId = await ask({ requestContext: context, maxSteps: 3 })
  expect(await stored(runId)).toEqual({ v: 1, maxSteps: 2, requestContext: { tier: 'pro', page: { n: 1 } } })
  await agent.approveToolCallGenerate({ runId })
  expect(seen).toEqual([{ tier: 'pro', page: { n: 1 } }])
})

it('gives way to what the call that continues says', async () => {
  const { agent, seen, ask } = openScene()
  const runId = await ask({ requestContext: new RequestContext({ tier: 'pro' }) })
  await agent.approveToolCallGenerate({ runId, requestContext: new RequestContext({ tier: 'free' }) })
  expect(seen).toEqual([{ tier: 'free' }])
})

it('counts the steps of all calls together', async () => {
  const { agent, model, ask } = openScene()
  const runId = await ask({ maxSteps: 2 })
  const { status } = await agent.approveToolCallGenerate({ runId })
  // One step was taken before, and the next one calls the tool again.
  expect([model.calls.length, status]).toEqual([2, 'suspended'])
  const last = await agent.approveToolCallGenerate({ runId })
  expect([model.calls.length, last.steps.length]).toEqual([3, 1])
})

it('says where the values are too large to be kept, and holds nothing once the run has ended', async () => {
  const { memory, agent, seen, ask, stored } = openScene()
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const runId = await ask({ requestContext: new RequestContext({ large: 'x'.repeat(70_000) }) })
  expect(String(warn.mock.calls[0])).toContain('requestContext')
  warn.mockRestore()
  expect(await stored(runId)).toEqual({ v: 1, maxSteps: 19 })
  await agent.declineToolCallGenerate({ runId })
  expect(seen).toEqual([])
  await memory.forget({ run: runId })
  expect(await stored(runId)).toBeUndefined()
})
