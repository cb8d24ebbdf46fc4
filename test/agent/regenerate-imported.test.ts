// Answering again and editing in threads that were imported message by message: as in threads saved turn by turn.
import { Agent } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { openMemory } from '../memory/opened.ts'

const at = { resourceId: 'u', threadId: 't' }
const message = (id: string, role: 'user' | 'assistant', text: string) => ({
  id,
  role,
  parts: [{ type: 'text' as const, text }],
})
const [q1, a1, q2, a2] = [
  message('u1', 'user', 'Q1'),
  message('a1', 'assistant', 'A1'),
  message('u2', 'user', 'Q2'),
  message('a2', 'assistant', 'A2'),
]
const [u, a, b] = [message('u', 'user', 'Q'), message('a', 'assistant', 'A'), message('b', 'assistant', 'B')]
type Sent = readonly ReturnType<typeof message>[]

async function after(saved: readonly Sent[], sent: Sent, options: object): Promise<string> {
  const memory = openMemory()
  for (const messages of saved) await memory.saveMessages({ ...at, messages })
  const agent = new Agent({ name: 'A', memory, model: scriptedModel({ script: ['new'] }) })
  await agent.generate(sent as never, { ...at, ...options })
  const { messages } = await memory.listMessages(at)
  return messages.map(({ role, parts }) => `${role === 'user' ? 'u' : 'a'}:${parts.at(-1)?.text}`).join(' ')
}

const again = { trigger: 'regenerate-message' }
const inPairs = [
  [q1, a1],
  [q2, a2],
]
const oneByOne = [[q1], [a1], [q2], [a2]]

describe.each([
  ['the last answer, by its id', [q1, a1, q2], { ...again, messageId: 'a2' }, 'u:Q1 a:A1 u:Q2 a:new'],
  ['the last answer', [q1, a1, q2], again, 'u:Q1 a:A1 u:Q2 a:new'],
  ['the last answer, which was sent as well', [q1, a1, q2, a2], again, 'u:Q1 a:A1 u:Q2 a:new'],
  ['the first answer', [q1], { ...again, messageId: 'a1' }, 'u:Q1 a:new'],
  ['an edited last question', [q1, a1, message('u2', 'user', 'Q2 edited')], {}, 'u:Q1 a:A1 u:Q2 edited a:new'],
  ['an edited first question', [message('u1', 'user', 'Q1 edited')], {}, 'u:Q1 edited a:new'],
] as const)('%s', (_, sent, options, expected) => {
  it.each([
    ['turn by turn', inPairs],
    ['message by message', oneByOne],
    ['at once', [[q1, a1, q2, a2]]],
  ])('of a thread saved %s', async (_how, saved) => {
    expect(await after(saved, sent, options)).toBe(expected)
  })
})

describe.each([
  ['one turn', [[u, a, b]]],
  ['a turn of its own for the second answer', [[u, a], [b]]],
  ['a turn for each message', [[u], [a], [b]]],
])('two answers to one question in %s', (_, saved) => {
  it.each([
    ['the second, by its id', [u, a], { ...again, messageId: 'b' }, 'u:Q a:A a:new'],
    ['the second, by its place', [u, a], again, 'u:Q a:A a:new'],
    ['the second, which was sent as well', [u, a, b], again, 'u:Q a:A a:new'],
    ['the first, by its id', [u], { ...again, messageId: 'a' }, 'u:Q a:new'],
  ] as const)('%s', async (_name, sent, options, expected) => {
    expect(await after(saved, sent, options)).toBe(expected)
  })
})

it('a question far before its answer is found, and what stands between them is kept', async () => {
  const notes = Array.from({ length: 40 }, (_, n) => [message(`n${n}`, 'assistant', `note ${n}`)])
  const found = await after([[q1], ...notes], [q1], { ...again, messageId: 'n39' })
  expect(found.startsWith('u:Q1 a:note 0 ')).toBe(true)
  expect(found.endsWith(' a:note 38 a:new')).toBe(true)
})

it('an answer before any question has nothing to be given again to', async () => {
  await expect(after([[b]], [b], { ...again, messageId: 'b' })).rejects.toMatchObject({ code: 'invalid-input' })
})
