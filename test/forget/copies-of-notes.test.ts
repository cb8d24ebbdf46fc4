// Copies of what is forgotten that were made by way of notes: by extractors, by agents that saw notes, by subagents.
import { Agent, createTool, Extractor, type Memory, type MemoryOptions } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { asks, subagent, supervisor } from '../delegation/scene.ts'
import { openMemory } from '../memory/opened.ts'

const at = { resourceId: 'alice', threadId: 'chat' }
const observationalMemory = { model: false, observation: { maxTokensPerBatch: 30 } } as const

/** A tool that writes into the memory of a team. */
const writes = (value: string) =>
  createTool({
    id: 'work',
    description: 'Works.',
    inputSchema: z.object({}),
    execute: async (_, context) => {
      await (context.memory as Memory).team('acme').write('contacts', value)
      return 'done'
    },
  })

/** A thread that says a phone number, which only its notes say in prompts. */
async function noted(options: MemoryOptions = {}) {
  const memory = openMemory({ options: { observationalMemory, semanticRecall: false }, ...options })
  const messages = ['My phone number is 555-0133 in Lisbon.', 'On Monday I visit Anna in Madrid with two dogs.']
  const saved = await memory.saveMessages({ ...at, messages })
  await memory.observe(at)
  return { memory, ids: saved.messages.map(({ id }) => id) }
}

const named = (copies: readonly object[]) =>
  copies.map((copy) =>
    'key' in copy ? `entry ${String(copy.key)}` : 'name' in copy ? `block ${String(copy.name)}` : 'other',
  )

describe('an extractor that wrote into working memory', () => {
  const schema = z.object({ city: z.string() })

  async function extracted() {
    const model = scriptedModel({
      answer: ({ transcript }) =>
        transcript.includes('Where she goes.')
          ? { value: '{"city":"Porto"}' }
          : { notes: [], task: null, suggestion: null, nothing: true },
    })
    const extract = [new Extractor({ name: 'city', instructions: 'Where she goes.', schema, to: 'workingMemory' })]
    const options = {
      observationalMemory: { model, observation: { extract } },
      workingMemory: { schema: z.object({ city: z.string().optional() }) },
    }
    const memory = openMemory({ options } as MemoryOptions)
    const saved = await memory.saveMessages({ ...at, messages: ['I go to Porto.', 'I have a dog.'] })
    await memory.observe(at)
    expect((await memory.getWorkingMemory(at))?.value).toEqual({ city: 'Porto' })
    return { memory, ids: saved.messages.map(({ id }) => id) }
  }

  it('is found with the message that it has that from, and with no other one', async () => {
    const { memory, ids } = await extracted()
    expect((await memory.forget({ ...at, messageIds: [ids[1] ?? ''] })).copies).toEqual([])
    expect(named((await memory.forget({ ...at, messageIds: [ids[0] ?? ''] })).copies)).toEqual(['block main'])
    expect((await memory.getWorkingMemory(at))?.value).toEqual({ city: 'Porto' })
  })

  it('loses it with `copies: true`, in all versions', async () => {
    const { memory, ids } = await extracted()
    await memory.forget({ ...at, messageIds: [ids[0] ?? ''], copies: true })
    expect(await memory.getWorkingMemory(at)).toBeNull()
    expect(JSON.stringify(await memory.getWorkingMemoryHistory(at))).not.toContain('Porto')
  })

  it('leaves a record of what it read and wrote', async () => {
    const { memory, ids } = await extracted()
    const { runs } = await memory.listRuns({ resourceId: 'alice' })
    expect(runs).toMatchObject([{ agentId: 'observer', status: 'complete', threadId: 'chat' }])
    expect(runs[0]?.details).toMatchObject({ extractors: ['city'], seen: { messages: ids.map((id) => ({ id })) } })
  })
})

describe('an agent that saw a note', () => {
  async function asked(memory: Memory) {
    const model = scriptedModel({ script: [callTool('work', {}), 'Done.'] })
    const tools = { work: writes('Call 5550133') }
    const agent = new Agent({ name: 'note', model, memory, tools })
    await agent.generate('Write it down', at)
    const prompt = JSON.stringify(model.calls[0])
    expect([prompt.includes('555-0133'), prompt.includes('My phone number is')]).toEqual([true, false])
  }

  it('has a copy of the message that the note was made of', async () => {
    const { memory, ids } = await noted()
    await asked(memory)
    expect(named((await memory.forget({ ...at, messageIds: [ids[1] ?? ''] })).copies)).toEqual([])
    const { copies } = await memory.forget({ ...at, messageIds: [ids[0] ?? ''] })
    expect(named(copies)).toEqual(['entry contacts'])
  })

  it('has one also if the note is gone since', async () => {
    const { memory, ids } = await noted({ limits: { observationGenerations: 1 } })
    await memory.reflect(at)
    await asked(memory)
    for (const text of ['Bob comes on Tuesday with Carol.', 'Dora comes on Friday with Eve.']) {
      await memory.saveMessages({ ...at, messages: [text] })
      await memory.observe(at)
      await memory.reflect(at)
    }
    const { copies } = await memory.forget({ ...at, messageIds: [ids[0] ?? ''] })
    expect(named(copies)).toContain('entry contacts')
  })

  it('has a copy of the thread', async () => {
    const { memory } = await noted()
    await asked(memory)
    expect(named((await memory.forget(at)).copies)).toEqual(['entry contacts'])
  })
})

it('a subagent has a copy of what was forwarded to it, as notes or as it was said', async () => {
  for (const isNoted of [true, false]) {
    const { memory, ids } = await noted(isNoted ? {} : { options: { semanticRecall: false } })
    const tools = { work: writes('Call 5550133') }
    const { agent } = subagent('helper', [callTool('work', {}), 'Done.'], { tools })
    const { agent: boss } = supervisor([asks('helper', 'Write it down'), 'ok'], memory, { agents: { helper: agent } })
    await boss.generate('Ask', at)
    expect(await memory.team('acme').read('contacts')).toBe('Call 5550133')
    const { copies } = await memory.forget({ ...at, messageIds: [ids[0] ?? ''] })
    expect([isNoted, named(copies)]).toEqual([isNoted, ['entry contacts']])
  }
})
