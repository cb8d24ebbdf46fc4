// A question that is sent again: its answer failed, or never reached the client.
import { Agent, type AgentInput, type Memory } from 'aquifer'
import { failWith, promptProblems, type ScriptedModel, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { openMemory, refused } from '../memory/opened.ts'
import { at, storedIn } from './aftermath.ts'

interface Scene {
  readonly memory: Memory
  readonly agent: Agent
  readonly model: ScriptedModel
}

function openScene(script: Parameters<typeof scriptedModel>[0]['script'] & object): Scene {
  const memory = openMemory()
  const model = scriptedModel({ script })
  return { memory, model, agent: new Agent({ name: 'Support', model, memory }) }
}

const ask = ({ agent }: Scene, input: AgentInput) => agent.generate(input, { ...at, maxRetries: 0 })

/** Messages in the three forms in which applications keep them. */
const forms = {
  'UI messages with ids': (role: 'user' | 'assistant', text: string, id: string) => {
    return { id, role, parts: [{ type: 'text' as const, text }] }
  },
  'UI messages without ids': (role: 'user' | 'assistant', text: string) => {
    return { role, parts: [{ type: 'text' as const, text }] }
  },
  'model messages': (role: 'user' | 'assistant', text: string) => ({ role, content: text }),
}

describe.each(Object.entries(forms))('sent as %s', (name, message) => {
  it.each(['before', 'after'])('is answered in the place of an answer that failed %s it began', async (when) => {
    const failure = failWith(new Error('overloaded'), when === 'after' ? { after: 'So far' } : {})
    const scene = openScene(['one', failure, 'two', 'three'])
    const first = await ask(scene, [message('user', 'first', 'u1')])
    const said = [
      message('user', 'first', 'u1'),
      message('assistant', 'one', String(first.messageId)),
      message('user', 'second', 'u2'),
    ]
    if (when === 'before') await expect(ask(scene, said)).rejects.toThrow('overloaded')
    else await (await scene.agent.stream(said, { ...at, onError() {} })).finished
    const again = await ask(scene, said)
    expect([again.text, again.warnings]).toEqual(['two', []])
    const stored = ['complete user "first"', 'complete assistant "one"', 'complete user "second"']
    expect(await storedIn(scene.memory)).toEqual([...stored, 'complete assistant "two"'])
    expect(scene.model.calls.at(-1)?.said).toEqual(['first', 'one', 'second'])
    expect(promptProblems(scene.model.calls.at(-1)?.messages ?? [])).toEqual([])
    const next = [...said, message('assistant', 'two', String(again.messageId)), message('user', 'third', 'u3')]
    expect((await ask(scene, next)).warnings).toEqual([])
    expect(await storedIn(scene.memory)).toHaveLength(6)
    const { messages } = await scene.memory.listMessages(at)
    if (name === 'UI messages with ids') expect(messages[2]?.id).toBe('u2')
  })
})

it('is refused where it was answered, with the answer, which may never have reached the client', async () => {
  const scene = openScene(['one', 'two'])
  const said = [{ id: 'u1', role: 'user', content: 'first' }] as const
  const { messageId } = await ask(scene, said)
  const error = await refused('conflict', () => ask(scene, said))
  expect(error.details).toEqual({ messageId: 'u1', answeredBy: messageId })
  expect(error.fix).toContain('regenerate-message')
  expect(await storedIn(scene.memory)).toEqual(['complete user "first"', 'complete assistant "one"'])
  await scene.agent.generate(said, { ...at, trigger: 'regenerate-message' })
  expect(await storedIn(scene.memory)).toEqual(['complete user "first"', 'complete assistant "two"'])
})

it('is refused where the thread has gone on, and nothing is stored twice', async () => {
  const scene = openScene([failWith(new Error('overloaded')), 'one'])
  const said = { id: 'u1', role: 'user', content: 'first' } as const
  await expect(ask(scene, said)).rejects.toThrow('overloaded')
  await ask(scene, 'second')
  const error = await refused('conflict', () => ask(scene, said))
  expect(error.message).toContain('"u1" was sent before')
  const stored = ['failed user "first"', 'complete user "second"', 'complete assistant "one"']
  expect(await storedIn(scene.memory)).toEqual(stored)
})

it('is none where all that is sent is stored and ends with an answer', async () => {
  const scene = openScene(['one'])
  const { messageId } = await ask(scene, { id: 'u1', role: 'user', content: 'first' })
  const said = [
    { id: 'u1', role: 'user', content: 'first' },
    { id: String(messageId), role: 'assistant', content: 'one' },
  ] as const
  const error = await refused('invalid-input', () => ask(scene, said))
  expect(error.fix).toContain('regenerate-message')
  expect(await storedIn(scene.memory)).toHaveLength(2)
})
