// Copies of what is forgotten: agents were shown it, and wrote its words elsewhere.
import { Agent, createTool, type Memory } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'

const at = { resourceId: 'alice', threadId: 'chat' }
const phone = 'My phone number is 555-0133 and I work in Lisbon.'

/** An agent that does something with memory, and then answers. */
function agentThat(memory: Memory, name: string, act: (given: Memory) => Promise<unknown>, answer: string): Agent {
  const work = createTool({
    id: 'work',
    description: 'Works.',
    inputSchema: z.object({}),
    execute: async (_, context) => {
      await act(context.memory as Memory)
      return 'done'
    },
  })
  return new Agent({ name, model: scriptedModel({ script: [callTool('work', {}), answer] }), memory, tools: { work } })
}

/** Alice says her number; an agent notes it for the team, and another reads it there and writes it for a task. */
async function chain(memory: Memory) {
  const note = agentThat(
    memory,
    'note',
    async (given) => {
      await given.team('acme').write('contacts', { alice: { phone: 5550133 } })
      await given.team('acme').write('weather', 'It rains today')
      await given.updateWorkingMemory({ resourceId: 'alice', workingMemory: 'Phone: 555 0133' })
      await given.add('The user can be reached at 5550133', { userId: 'alice', infer: false })
      await given.add('The user wrote today', { userId: 'alice', infer: false })
    },
    'Noted.',
  )
  const { messageId } = await note.generate(phone, at)
  const second = agentThat(
    memory,
    'second',
    async (given) => {
      const contacts = await given.team('acme').read('contacts')
      await given.add(`Call ${JSON.stringify(contacts)}`, { taskId: 'calls', infer: false })
      await given.add('Nobody called', { taskId: 'calls', infer: false })
    },
    'I wrote down 555-0133 for the task.',
  )
  const answer = await second.generate('What is to be done?', { resourceId: 'bob', threadId: 'office' })
  const { messages } = await memory.listMessages(at)
  return { asked: messages[0]?.id as string, messageId, answer: answer.messageId as string }
}

const named = (copies: readonly object[]) =>
  copies.map((copy) => Object.values({ ...copy, ...('id' in copy ? { id: '' } : {}) }).join(' ')).toSorted()

const all = [
  'entry team/acme contacts',
  'fact resource/alice ',
  'fact task/calls ',
  'message resource/bob office ',
  'working-memory resource/alice main',
]

describe('copies that agents wrote', () => {
  it('are listed with their addresses and stay, copies of copies too', async () => {
    const memory = openMemory()
    const { asked } = await chain(memory)
    const receipt = await memory.forget({ messageIds: [asked] })
    expect(named(receipt.copies)).toEqual(all)
    expect(receipt.outOfReach).toContain('5 records with its words, which agents wrote after they were shown it')
    expect(await memory.team('acme').read('contacts')).toEqual({ alice: { phone: 5550133 } })
  })

  it('are told by what the run had seen then: what was written later tells nothing', async () => {
    const memory = openMemory()
    const none = async () => {}
    const { messageId } = await agentThat(memory, 'ask', none, 'Noted.').generate(phone, at)
    const { messages } = await memory.listMessages(at)
    // It looks where nothing stands yet, and its own answer has the number.
    const early = agentThat(
      memory,
      'early',
      (given) => given.getWorkingMemory({ resourceId: 'alice' }),
      'It is 555-0133.',
    )
    const { messageId: answer } = await early.generate('What is it?', at)
    const write = (given: Memory) => given.updateWorkingMemory({ resourceId: 'alice', workingMemory: 'Phone 555-0133' })
    await agentThat(memory, 'late', write, 'Written.').generate('Write it down', at)
    const { copies } = await memory.forget({ messageIds: [messages[0]?.id as string] })
    expect(copies).toMatchObject([
      { kind: 'message', id: answer },
      { kind: 'working-memory', name: 'main' },
    ])
    expect(copies.map((copy) => 'id' in copy && copy.id)).not.toContain(messageId)
  })

  it('are erased with `copies`, and nothing else', async () => {
    const memory = openMemory()
    const { asked } = await chain(memory)
    const receipt = await memory.forget({ messageIds: [asked], copies: true })
    expect(named(receipt.copies)).toEqual(all)
    expect(receipt.erased).toMatchObject({ messages: 2, entries: 1, facts: 2, blocks: 1 })
    expect(receipt.outOfReach.join()).not.toContain('records with its words')
    const left = {
      entries: (await memory.team('acme').list()).entries.map(({ key }) => key),
      facts: (await memory.facts.getAll({ userId: 'alice' })).results.map(({ memory: text }) => text),
      task: (await memory.facts.getAll({ taskId: 'calls' })).results.map(({ memory: text }) => text),
      block: await memory.getWorkingMemory({ resourceId: 'alice' }),
    }
    expect(left).toEqual({
      entries: ['weather'],
      facts: ['The user wrote today'],
      task: ['Nobody called'],
      block: null,
    })
    expect(JSON.stringify(await memory.exportOf({ resourceId: 'bob' }))).not.toMatch(/555|Lisbon/)
  })

  it.each(['resource', 'thread', 'fact', 'key'] as const)('are found of a forgotten %s', async (what) => {
    const memory = openMemory()
    await chain(memory)
    const [fact] = (await memory.facts.getAll({ userId: 'alice' })).results.filter(({ memory: text }) =>
      text.includes('555'),
    )
    const targets = {
      resource: { resourceId: 'alice' },
      thread: at,
      fact: { factIds: [fact?.id as string] },
      key: { teamId: 'acme', key: 'contacts' },
    }
    const expected = {
      resource: ['entry team/acme contacts', 'fact task/calls ', 'message resource/bob office '],
      thread: all,
      // No run was shown the fact.
      fact: [],
      key: ['fact task/calls ', 'message resource/bob office '],
    }
    expect(named((await memory.forget(targets[what])).copies)).toEqual(expected[what])
  })

  it('are named in an export of the person', async () => {
    const memory = openMemory()
    await chain(memory)
    const { copies, markdown } = await memory.exportOf({ resourceId: 'alice' })
    expect(named(copies)).toEqual(['entry team/acme contacts', 'fact task/calls ', 'message resource/bob office '])
    expect(markdown).toContain('entry contacts in team/acme')
  })
})
