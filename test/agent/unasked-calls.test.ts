// A process that dies before it asks a person about a call: whoever recovers the run asks, and never runs the call unasked.
import { Agent, type AgentOptions, type CallOptions, createTool, Memory, type Storage } from 'aquifer'
import { callTool, callTools, scriptedModel } from 'aquifer/testing'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { hour, ManualClock, openMemory } from '../memory/opened.ts'
import { dyingStorage } from './dying-storage.ts'

const at = { resourceId: 'ann', threadId: 't' }

/** Everything that can say that a person is to be asked about `pay`. */
const rules: Readonly<Record<string, { tool?: object; agent?: Partial<AgentOptions>; call?: CallOptions }>> = {
  'the tool': { tool: { requireApproval: true } },
  'a function of the tool': { tool: { requireApproval: ({ to }: { readonly to: string }) => to === 'Bob' } },
  'the agent': { agent: { requireToolApproval: ({ toolName }) => toolName === 'pay' } },
  'the call': { call: { requireToolApproval: true } },
  'a function of the call': { call: { requireToolApproval: () => true } },
  'the AI SDK, for the call': { call: { toolApproval: { pay: 'user-approval' } } },
  'the AI SDK': { agent: { defaultOptions: { toolApproval: { pay: 'user-approval' } } } },
}

/** A process with an agent whose first step calls two tools: one that runs at once, and one that has to be approved. */
function start(storage: Storage, clock: ManualClock, rule: string, paid: string[]) {
  const { tool = {}, agent = {} } = rules[rule] ?? {}
  const memory = new Memory({ clock, storage, background: false, embedder: false })
  const pay = createTool({
    id: 'pay',
    description: 'Pays.',
    inputSchema: z.object({ to: z.string() }),
    execute: ({ to }) => {
      paid.push(to)
      return 'paid'
    },
    ...tool,
  })
  const look = createTool({ id: 'look', description: 'Looks.', inputSchema: z.object({}), execute: () => 'seen' })
  const calls = callTools([
    { toolName: 'look', input: {} },
    { toolName: 'pay', input: { to: 'Bob' } },
  ])
  const model = scriptedModel({ answer: ({ transcript }) => (transcript.includes('tool-result') ? 'Done.' : calls) })
  return { memory, agent: new Agent({ name: 'Clerk', memory, model, tools: { pay, look }, ...agent }) }
}

/** Whether the process died after so many commits. */
async function withDeathAfter(commits: number, isStored: boolean, rule: string): Promise<boolean> {
  const clock = new ManualClock()
  const options = { id: `unasked-${rule}-${commits}-${isStored}`, path: ':memory:', durability: 'process' } as const
  const storage = await SqliteStorage.open({ ...options, clock, busyTimeoutMs: 5_000 })
  onTestFinished(() => storage.close())
  const life = dyingStorage(storage)
  life.dieAfter(commits, isStored)
  const paid: string[] = []
  await start(life.storage, clock, rule, paid)
    .agent.generate('Pay Bob', { ...at, ...rules[rule]?.call })
    .catch((error: unknown) => expect(life.isDead, String(error)).toBe(true))
  const what = `after ${commits} commits${isStored ? ', the last one unheard' : ''}`
  expect(paid, what).toEqual([])
  if (!life.isDead) return false
  clock.pass(hour)
  await sweep(storage)
  const { agent, memory } = start(storage, clock, rule, paid)
  await agent.recover()
  expect(paid, what).toEqual([])
  const { runs } = await agent.listSuspendedRuns({ resourceId: 'ann' })
  for (const { runId, toolCalls } of runs) {
    // A rule about all tools is one about both.
    const asked = toolCalls.map(({ toolName }) => toolName)
    expect(asked, what).toContain('pay')
    expect(asked.length, what).toBeLessThanOrEqual(2)
    for (const { toolCallId } of toolCalls) await agent.approveToolCallGenerate({ runId, toolCallId })
    expect(paid, what).toEqual(['Bob'])
    expect((await memory.getRun(runId))?.status, what).toBe('complete')
  }
  await memory.close()
  return true
}

it.each(Object.keys(rules))('asks if %s says so', async (rule) => {
  for (const isStored of [false, true]) {
    let commits = 0
    while (await withDeathAfter(commits, isStored, rule)) commits += 1
    expect(commits).toBeGreaterThan(2)
  }
})

it.each([true, () => true])('goes on to ask about later calls of a run whose call demanded it (%s)', async (demand) => {
  const memory = openMemory()
  const [first, second] = ['Bob', 'Eve'].map((to) => callTool('pay', { to }))
  const paid: string[] = []
  const pay = createTool({
    id: 'pay',
    description: 'Pays.',
    inputSchema: z.object({ to: z.string() }),
    execute: ({ to }) => void paid.push(to),
  })
  const model = scriptedModel({ script: [first, second, 'Done.'] as never })
  const agent = new Agent({ name: 'Clerk', memory, model, tools: { pay } })
  const { runId } = await agent.generate('Pay', { ...at, requireToolApproval: demand })
  expect((await agent.approveToolCallGenerate({ runId })).status).toBe('suspended')
  expect(paid).toEqual(['Bob'])
  expect((await agent.approveToolCallGenerate({ runId })).text).toBe('Done.')
  expect(paid).toEqual(['Bob', 'Eve'])
})
