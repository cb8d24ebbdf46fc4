/** Facts of messages without a model: the words as they are, without those that state nothing. */
import { Memory } from 'aquifer'
import { describe, expect, it } from 'vitest'

const ann = { userId: 'ann' }

const nothing = [
  'Hi!',
  'Hello there, how are you?',
  'Thanks a lot!',
  'Thank you so much. Goodbye!',
  'Ok.',
  'Wow, great!',
  'Good morning everyone',
  'What kind of books do you like?',
  'Really? That’s awesome! What did you do then?',
  'Haha, yes, exactly.',
  '👍',
  'See you tomorrow!',
]

const something = [
  'Ann likes tea.',
  'Hi! I moved to Rome.',
  'Did you know that I have a sister?',
  'Yes, on Tuesday.',
  'What a day: my cat ran away?!',
  'Thanks for the bike.',
  'Non lo so ancora.',
  'Ich wohne in Bern.',
  '42',
  'ok ok ok ok ok ok ok ok ok',
]

describe('messages without a model', () => {
  it('that state nothing are left out, and the others are stored as they are', async () => {
    await using memory = new Memory({ storage: ':memory:', embedder: false })
    const messages = [...nothing, ...something].map((content) => ({ role: 'user' as const, content }))
    const { results, degraded } = await memory.add(messages, ann)
    expect(degraded).toEqual(['no-model'])
    expect(results.map((result) => result.memory)).toEqual(something)
    expect(await memory.add(nothing, ann)).toEqual({ results: [], degraded: ['no-model'] })
  })

  it('are all stored on request', async () => {
    await using memory = new Memory({ storage: ':memory:', embedder: false })
    const { results, ...rest } = await memory.add(nothing, { ...ann, infer: false })
    expect([results.map((result) => result.memory), rest]).toEqual([nothing, {}])
  })

  it('are not looked at if they are a statement of the caller', async () => {
    await using memory = new Memory({ storage: ':memory:', embedder: false })
    const { results, ...rest } = await memory.add('What do you like?', ann)
    expect([results.map((result) => result.memory), rest]).toEqual([['What do you like?'], {}])
  })
})
