// A chat that still shows what was deleted, discarded or forgotten: it does not bring it back.
import { Agent, type AgentInput, type CallOptions, type Memory, type Processor } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { ManualClock, minute, openMemory } from '../memory/opened.ts'
import { where } from './threads.ts'

const secret = 'SECRET'
const ask = (id: string, words: string) => ({ id, role: 'user' as const, parts: [{ type: 'text', text: words }] })

/** A chat that sends all that it holds, under ids of its own for what the user says. */
function openChat(memory = openMemory()) {
  const model = scriptedModel({ answer: ({ number }) => `a${number}` })
  const agent = new Agent({ name: 'Support', model, memory })
  const held = async () => {
    const { messages } = await memory.listMessages({ ...where, perPage: false })
    return JSON.parse(JSON.stringify(messages.map(({ id, role, parts }) => ({ id, role, parts })))) as object[]
  }
  const send = async (messages: unknown, more: CallOptions = {}) => {
    const { warnings = [] } = await agent.generate(messages as AgentInput, { ...where, ...more })
    return warnings.map((warning) => ('message' in warning ? warning.message : ''))
  }
  const texts = async () => {
    const { messages } = await memory.listMessages({ ...where, perPage: false })
    return messages.map(({ parts }) => parts.map(({ text }) => text ?? '').join(''))
  }
  return { memory, model, send, held, texts }
}

/** q1, a1, q2, a2; the first question and answer are secret. */
async function twoTurns() {
  const chat = openChat()
  await chat.send([ask('q1', `${secret} one`)])
  await chat.send([...(await chat.held()), ask('q2', 'two')])
  return { ...chat, tab: [...(await chat.held()), ask('q3', 'three')] }
}

const gone: Readonly<Record<string, (memory: Memory) => Promise<unknown>>> = {
  'a deleted message': (memory) => memory.deleteMessages(['q1'], { resourceId: where.resourceId }),
  'a deleted thread': (memory) => memory.deleteThread(where),
  'a forgotten message': (memory) => memory.forget({ resourceId: where.resourceId, messageIds: ['q1'] }),
  'a forgotten thread': (memory) => memory.forget(where),
  'a forgotten resource': (memory) => memory.forget({ resourceId: where.resourceId }),
}

describe.each(Object.entries(gone))('%s', (_, act) => {
  it('does not come back with the next message of an open tab, nor with the one after', async () => {
    const chat = await twoTurns()
    await act(chat.memory)
    const left = await chat.texts()
    const warnings = await chat.send(chat.tab)
    expect(warnings.join()).toMatch(/was replaced or deleted|left out/)
    expect(await chat.texts()).toEqual([...left, 'three', 'a3'])
    await chat.send([...chat.tab, ask('q4', 'four')])
    expect(await chat.texts()).toEqual([...left, 'three', 'a3', 'four', 'a4'])
    expect(JSON.stringify(chat.model.calls.slice(2))).not.toContain(secret)
  })
})

it('a discarded message does not come back either', async () => {
  const refusing: Processor = {
    id: 'guard',
    processOutputResult: ({ abort, messages }) => {
      if (JSON.stringify(messages).includes('a2')) return abort('no such answer')
      return undefined
    },
  }
  const memory = openMemory()
  const model = scriptedModel({ answer: ({ number }) => `a${number}` })
  const agent = new Agent({ name: 'Support', model, memory, outputProcessors: [refusing] })
  const send = (messages: unknown) => agent.generate(messages as AgentInput, where)
  await send([ask('q1', 'one')])
  const { messages } = await memory.listMessages(where)
  await expect(send([...messages, ask('q2', `${secret} two`)])).rejects.toThrow()
  await send([...messages, ask('q2', `${secret} two`), ask('q3', 'three')])
  const stored = JSON.stringify((await memory.listMessages(where)).messages)
  expect(stored).toContain('three')
  expect(stored).not.toContain(secret)
  expect(JSON.stringify(model.calls.at(-1)?.messages)).not.toContain(secret)
})

describe('a message that is said now is always new', () => {
  it('if it is the newest, under the id of a deleted one', async () => {
    const chat = await twoTurns()
    await chat.memory.deleteMessages(['q2'], { resourceId: where.resourceId })
    expect(await chat.send([...chat.tab.slice(0, 2), ask('q2', 'said again')])).toEqual([])
    expect((await chat.texts()).slice(-2)).toEqual(['said again', 'a3'])
  })

  it('if the call names it, as the client of the AI SDK does with an edit', async () => {
    const chat = await twoTurns()
    await chat.memory.deleteMessages(['q1', 'q2'], { resourceId: where.resourceId })
    await chat.send([ask('q1', 'edited')], { messageId: 'q1' })
    expect((await chat.texts()).slice(-2)).toEqual(['edited', 'a3'])
  })

  it('if it is saved or imported, whose callers are trusted', async () => {
    const chat = await twoTurns()
    await chat.memory.deleteThread(where)
    await chat.memory.saveMessages({ ...where, messages: [ask('q1', 'one')] })
    await chat.send([ask('q2', 'two'), ask('q3', 'three')], { memory: { history: 'import' } })
    expect(await chat.texts()).toEqual(['one', 'two', 'three', 'a3'])
  })
})

it('a question that was replaced does not come back from a tab that still shows its answer', async () => {
  const chat = await twoTurns()
  await chat.send([ask('q1', 'edited')])
  await chat.send(chat.tab)
  expect(await chat.texts()).toEqual(['edited', 'a3', 'three', 'a4'])
})

it('what was deleted is recognised for `limits.tombstoneDays`, and only in its thread', async () => {
  const clock = new ManualClock()
  const memory = openMemory({ clock, limits: { tombstoneDays: 2 } })
  const chat = openChat(memory)
  await chat.send([ask('q1', 'one')])
  await memory.deleteThread(where)
  const sent = [ask('q1', 'one'), ask('q2', 'two')]
  await chat.send(sent, { threadId: 'other' })
  expect((await memory.listMessages({ ...where, threadId: 'other' })).messages).toHaveLength(3)
  clock.pass(2 * 24 * 60 * minute - 1_000)
  expect(await chat.send(sent)).toHaveLength(1)
  await memory.deleteThread(where)
  clock.pass(2 * 24 * 60 * minute + 1_000)
  expect(await chat.send(sent)).toEqual([])
  expect(await chat.texts()).toEqual(['one', 'two', 'a4'])
})
