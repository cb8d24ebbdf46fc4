// Notes of threads by a model: what is stored of its answers, and that nothing is stored of those that cannot be used.
import type { Memory, MemoryOptions } from 'aquifer'
import { type ModelCall, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { hour, ManualClock, openMemory } from './opened.ts'

const where = { resourceId: 'ann', threadId: 'trip' }

interface MadeNote {
  readonly text: string
  readonly from?: number
  readonly to?: number
  readonly priority?: string
  readonly refersTo?: string | null
}

/** An answer of the observer. */
function noted(notes: readonly MadeNote[], more: object = {}) {
  const whole = notes.map((note) => ({ priority: 'medium', refersTo: null, from: 1, to: 1, ...note }))
  return { notes: whole, task: null, suggestion: null, nothing: whole.length === 0, ...more }
}

function open(answer: (call: ModelCall) => unknown, options: object = {}, more: MemoryOptions = {}) {
  const model = scriptedModel({ answer })
  const memory = openMemory({ options: { observationalMemory: { model, ...options } }, ...more } as MemoryOptions)
  return { model, memory }
}

async function talk(memory: Memory, texts: readonly string[]): Promise<readonly string[]> {
  const { messages } = await memory.saveMessages({ ...where, messages: [...texts] })
  return messages.map(({ id }) => id)
}

const textsOf = async (memory: Memory) => (await memory.getObservations(where)).observations.map(({ text }) => text)

describe('notes by a model', () => {
  it('are stored with what they condense, who said it, and the lowest trust', async () => {
    const { memory, model } = open(() =>
      noted(
        [
          { text: 'Ann moves to Porto.', priority: 'high', refersTo: '2026-05-01', from: 1, to: 1 },
          { text: 'The guide found a flat.', from: 1, to: 2 },
        ],
        { task: 'Finding a flat', suggestion: 'Ask for the rent' },
      ),
    )
    await memory.saveMessages({
      ...where,
      messages: [
        { role: 'user', content: 'I move to Porto in May.' },
        { role: 'assistant', content: 'There is a flat.' },
      ],
    })
    expect(await memory.observe(where)).toEqual({ status: 'complete', messages: 2, notes: 4, reflected: null })
    const { observations } = await memory.getObservations(where)
    expect(observations.map(({ text, kind, priority, trust }) => [text, kind, priority, trust])).toEqual([
      ['Ann moves to Porto.', 'note', 'high', 'user'],
      ['The guide found a flat.', 'note', 'medium', 'agent'],
      ['Finding a flat', 'task', 'medium', 'agent'],
      ['Ask for the rent', 'suggestion', 'medium', 'agent'],
    ])
    expect(observations[0]).toMatchObject({ made: 'model', refersTo: '2026-05-01', author: { id: 'ann' } })
    expect(observations[0]?.sources.until.index).toBe(0)
    expect(observations[1]).not.toHaveProperty('author')
    expect(observations[1]?.sources.until.index).toBe(1)
    expect(model.calls[0]?.transcript).toContain('I move to Porto in May.')
  })

  it('see the notes before them, and never the words of memory itself', async () => {
    const { memory, model } = open(({ number }) => noted([{ text: `Note ${number}.` }]))
    await talk(memory, ['One.'])
    await memory.observe(where)
    await talk(memory, ['Two.\n<recalled-memory>\nSECRET\n</recalled-memory>'])
    await memory.observe(where)
    const asked = model.calls[1]?.transcript ?? ''
    expect([asked.includes('Note 1.'), asked.includes('One.'), asked.includes('SECRET')]).toEqual([true, false, false])
    expect(await textsOf(memory)).toEqual(['Note 1.', 'Note 2.'])
  })

  it.each([
    ['prose', () => 'I would rather not.'],
    ['nothing, without saying so', () => noted([], { nothing: false })],
    ['a message that is not there', () => noted([{ text: 'x', from: 1, to: 2 }])],
    ['a range that ends before it begins', () => noted([{ text: 'x', from: 2, to: 1 }])],
    ['an empty note', () => noted([{ text: ' ' }])],
    ['the same again', () => noted([{ text: 'Same' }, { text: 'same ' }])],
    [
      'an error',
      () => {
        throw new Error('down')
      },
    ],
  ])('are not made of %s: the cursor stays, and a later cycle begins again', async (_, bad) => {
    const clock = new ManualClock()
    let isBad = true
    const { memory } = open(() => (isBad ? (bad as () => unknown)() : noted([{ text: 'Good.' }])), {}, { clock })
    await talk(memory, ['One.'])
    await expect(memory.observe(where)).rejects.toMatchObject({ code: 'unavailable' })
    expect(await textsOf(memory)).toEqual([])
    isBad = false
    expect(await memory.observe(where)).toMatchObject({ status: 'busy' })
    clock.pass(hour)
    expect(await memory.observe(where)).toMatchObject({ status: 'complete', messages: 1, notes: 1 })
    expect(await textsOf(memory)).toEqual(['Good.'])
  })

  it('are asked for once more when an answer cannot be used', async () => {
    const { memory, model } = open(({ number }) => noted(number === 1 ? [{ text: 'x', to: 9 }] : [{ text: 'Good.' }]))
    await talk(memory, ['One.'])
    await memory.observe(where)
    expect([await textsOf(memory), model.calls.length]).toEqual([['Good.'], 2])
  })

  it('may say that there is nothing to note, and the cursor moves', async () => {
    const { memory, model } = open(() => noted([]))
    await talk(memory, ['Hm.'])
    expect(await memory.observe(where)).toMatchObject({ status: 'complete', messages: 1, notes: 0 })
    expect(await memory.observe(where)).toMatchObject({ messages: 0 })
    expect(model.calls.length).toBe(1)
  })

  it('are not stored if what they were made of was changed while the model worked', async () => {
    let change: () => Promise<unknown> = async () => {}
    const { memory } = open(async () => {
      await change()
      return noted([{ text: 'Says SECRET.' }])
    })
    const [id = ''] = await talk(memory, ['SECRET', 'Other.'])
    change = () => memory.forget({ resourceId: 'ann', messageIds: [id] })
    expect(await memory.observe(where)).toMatchObject({ status: 'busy', notes: 0 })
    change = async () => {}
    expect(await textsOf(memory)).toEqual([])
  })

  it('of a long message are made in parts', async () => {
    const { memory, model } = open(({ number }) => noted([{ text: `Part ${number}.` }]))
    await talk(memory, ['word '.repeat(30_000)])
    expect(await memory.observe(where)).toMatchObject({ messages: 1, notes: 3 })
    expect(model.calls.length).toBe(3)
  })

  it('are condensed by the model once they are too many', async () => {
    const answer = ({ transcript, number }: ModelCall) => {
      if (!transcript.includes('"note":1')) return noted([{ text: `Ann visited Town${number} with her dogs.` }])
      return { notes: [{ text: 'Ann visited towns.', priority: 'high', refersTo: null, of: [1, 2, 3] }] }
    }
    const { memory } = open(answer, { observation: { maxTokensPerBatch: 1 }, reflection: { observationTokens: 20 } })
    await talk(memory, ['One.', 'Two.', 'Three.'])
    expect(await memory.observe(where)).toMatchObject({ status: 'complete', notes: 3, reflected: 1 })
    const [reflected, ...others] = (await memory.getObservations(where)).observations
    expect(others).toEqual([])
    expect(reflected).toMatchObject({ text: 'Ann visited towns.', generation: 1, made: 'model', author: { id: 'ann' } })
    expect([reflected?.sources.from.index, reflected?.sources.until.index]).toEqual([0, 2])
  })

  it('need a model', async () => {
    const memory = openMemory({ options: { observationalMemory: true } })
    await talk(memory, ['One.'])
    await expect(memory.observe(where)).rejects.toMatchObject({ code: 'unsupported' })
    const model = scriptedModel({ answer: () => noted([{ text: 'Good.' }]) })
    const own = openMemory({ model, options: { observationalMemory: true } })
    await talk(own, ['One.'])
    expect(await own.observe(where)).toMatchObject({ notes: 1 })
  })
})
