// What the tools of a run read and wrote in memory, by name, in the record of the run.
import { Agent, createTool, type Memory } from 'aquifer'
import { callTool, callTools, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'

const where = { resourceId: 'alice', threadId: 't' }

/** A tool that works on memory in its own way. */
function tool(act: (memory: Memory) => Promise<unknown>) {
  return createTool({
    id: 'work',
    description: 'Works.',
    inputSchema: z.object({}),
    execute: async (_, { memory }) => {
      await act(memory as Memory)
      return 'done'
    },
  })
}

async function detailsOf(memory: Memory, agent: Agent) {
  const { runId } = await agent.generate('Go on', where)
  return (await memory.getRun(runId as string))?.details ?? {}
}

describe('the record of a run names', () => {
  it('what a tool of the application read and wrote, also with a memory of its own', async () => {
    const memory = openMemory()
    const bob = (await memory.add('Bob likes tea', { userId: 'bob', infer: false })).results[0]?.id as string
    await memory.team('acme').write('plan', 'secret')
    let fact = ''
    const work = tool(async (given) => {
      await given.team('acme').read('plan')
      await memory.facts.getAll({ userId: 'bob' })
      fact = (await given.add('Alice knows Bob', { userId: 'alice', infer: false })).results[0]?.id as string
      await given.team('acme').write('copy', 'secret')
      await given.updateWorkingMemory({ resourceId: 'alice', workingMemory: 'note' })
    })
    const model = scriptedModel({ script: [callTool('work', {}), 'Done'] })
    const details = await detailsOf(memory, new Agent({ name: 'bot', model, memory, tools: { work } }))
    expect(details.read).toMatchObject({
      'team/acme': { entries: { plan: 0 } },
      'resource/bob': { facts: { [bob]: 0 } },
    })
    expect(details.wrote).toMatchObject({
      'team/acme': { entries: { copy: 2 } },
      'resource/alice': { facts: { [fact]: expect.any(Number) }, workingMemory: { '\nmain': expect.any(Number) } },
    })
    expect(JSON.stringify(details)).not.toMatch(/secret|likes tea/)
  })

  it('what the tools of memory read and wrote', async () => {
    const memory = openMemory({ options: { team: 'acme' } })
    await memory.team('acme').write('plan', 'secret')
    const model = scriptedModel({
      script: [
        callTools([
          { toolName: 'memory_read', input: { key: 'plan' } },
          { toolName: 'memory_write', input: { key: 'copy', value: 'secret' } },
        ]),
        'Done',
      ],
    })
    const details = await detailsOf(memory, new Agent({ name: 'bot', model, memory }))
    expect([details.read, details.wrote]).toMatchObject([
      { 'team/acme': { entries: { plan: 0 } } },
      { 'team/acme': { entries: { copy: 2 } } },
    ])
  })

  it('nothing, if its tools used no memory, and nothing of the call itself', async () => {
    const memory = openMemory()
    const model = scriptedModel({ script: [callTool('work', {}), 'Done'] })
    const details = await detailsOf(
      memory,
      new Agent({ name: 'bot', model, memory, tools: { work: tool(async () => {}) } }),
    )
    expect(Object.keys(details)).not.toContain('read')
  })

  it('the space alone, once a tool has read more than is listed', async () => {
    const memory = openMemory()
    for (let i = 0; i < 230; i += 1) await memory.team('acme').write(`k${i}`, i)
    const work = tool((given) => given.team('acme').list({ limit: 300 }))
    const model = scriptedModel({ script: [callTool('work', {}), 'Done'] })
    const details = await detailsOf(memory, new Agent({ name: 'bot', model, memory, tools: { work } }))
    expect(details.read).toMatchObject({ 'team/acme': { more: { more: true } } })
  })
})
