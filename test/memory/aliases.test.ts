// Names that people give themselves stand for them in questions.
import { expect, it } from 'vitest'
import { Memory } from '../../src/index.ts'

type Said = readonly [id: string, text: string]

const opened = () => new Memory({ storage: ':memory:', embedder: false })

async function say(memory: Memory, resourceId: string, said: readonly Said[]) {
  for (const [id, content] of said) {
    const messages = [{ role: 'user' as const, content }]
    await memory.as({ kind: 'user', id }).saveMessages({ resourceId, threadId: `of ${resourceId}`, messages })
  }
}

const namesIn = async (memory: Memory, query: string, resourceId = 'r') =>
  (await memory.recall({ resourceId, query })).trace.names

it.each([
  [
    'given',
    [
      ['u1', 'Hi, my name is Ann.'],
      ['u2', 'Hello'],
    ],
  ],
  [
    'asked for',
    [
      ['u2', 'What is your name?'],
      ['u1', "I'm Ann."],
    ],
  ],
] as const)('a name that is %s stands for its author', async (_, said) => {
  await using memory = opened()
  await say(memory, 'r', [...said, ['u1', 'I painted the boat'], ['u2', 'I painted the fence']])
  const { items, trace } = await memory.recall({ resourceId: 'r', query: 'What did Ann paint?' })
  expect(trace.names).toEqual(['ann'])
  expect(items[0]?.text).toBe('I painted the boat')
  expect(trace.terms).toEqual(['paint'])
})

it.each([
  [
    'nobody asked for it',
    [
      ['u2', 'How are you?'],
      ['u1', "I'm Ann."],
    ],
  ],
  [
    'its author asked for it',
    [
      ['u1', 'What is your name?'],
      ['u1', "I'm Ann."],
    ],
  ],
  ['it is of somebody else', [['u1', 'Her name is Ann']]],
] as const)('no name stands for an author where %s', async (_, said) => {
  await using memory = opened()
  await say(memory, 'r', said)
  expect(await namesIn(memory, 'What did Ann paint?')).toEqual([])
})

it('is not that of another who has it', async () => {
  await using memory = opened()
  await say(memory, 'r', [
    ['bob', 'My name is Ann'],
    ['bob', 'I painted the fence'],
  ])
  const ann = { kind: 'user' as const, id: 'u1', name: 'Ann' }
  await memory.as(ann).saveMessages({ resourceId: 'r', threadId: 'of r', messages: ['I painted the boat'] })
  const { items } = await memory.recall({ resourceId: 'r', query: 'What did Ann paint?' })
  expect(items[0]?.author.id).toBe('u1')
})

it('holds in its own resource only, and as long as its message', async () => {
  await using memory = opened()
  await say(memory, 'r', [
    ['u1', 'My name is Ann.'],
    ['u1', 'I paint'],
  ])
  await say(memory, 'other', [['u1', 'I paint']])
  expect(await namesIn(memory, 'Does Ann paint?')).toEqual(['ann'])
  expect(await namesIn(memory, 'Does Ann paint?', 'other')).toEqual([])
  const { messages } = await memory.listMessages({ resourceId: 'r', threadId: 'of r' })
  await memory.deleteMessages([messages[0]?.id ?? ''], { resourceId: 'r', threadId: 'of r' })
  expect(await namesIn(memory, 'Does Ann paint?')).toEqual([])
})
