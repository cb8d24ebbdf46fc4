// Extractors: what a model reads out of messages and notes in addition, where it goes, and when it is dropped.
import { Extractor, type Memory, type MemoryOptions } from 'aquifer'
import { type ModelCall, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from './opened.ts'

const where = { resourceId: 'ann', threadId: 'trip' }

const note = { text: 'Ann plans a trip.', priority: 'medium', refersTo: null, from: 1, to: 1 }
const isObserver = ({ transcript }: ModelCall) => transcript.includes('"message":1')
const isReflector = ({ transcript }: ModelCall) => transcript.includes('"note":1')

function open(answer: (call: ModelCall) => unknown, options: object) {
  const model = scriptedModel({
    answer: (call) => {
      if (isObserver(call)) return { notes: [note], task: null, suggestion: null, nothing: false }
      if (isReflector(call)) return { notes: [{ text: 'Ann travels.', priority: 'high', refersTo: null, of: [1] }] }
      return answer(call)
    },
  })
  const own = {
    observationalMemory: { model, ...options },
    workingMemory: { schema: z.object({ city: z.string().optional() }) },
  }
  return { model, memory: openMemory({ options: own } as MemoryOptions) }
}

async function talk(memory: Memory, texts: readonly string[]): Promise<readonly string[]> {
  const messages = texts.map((content, at) => ({
    role: at % 2 === 0 ? ('user' as const) : ('assistant' as const),
    content,
  }))
  return (await memory.saveMessages({ ...where, messages })).messages.map(({ id }) => id)
}

/** The oldest first. */
const factsOf = async (memory: Memory) => (await memory.facts.getAll({ userId: 'ann' })).results.toReversed()
const decisions = new Extractor({ name: 'decisions', instructions: 'Decisions, with who made them.' })
const stated = (...statements: readonly { text: string; from: number; to: number }[]) => ({ statements })

describe('an extractor', () => {
  it('makes facts of statements, with their messages, the lowest trust and its name, signed by the observer', async () => {
    const { memory, model } = open(
      () => stated({ text: 'Ann takes the train.', from: 1, to: 1 }, { text: 'The hotel is booked.', from: 1, to: 2 }),
      { observation: { extract: [decisions] } },
    )
    const ids = await talk(memory, ['I take the train.', 'Then the hotel is booked.'])
    expect(await memory.observe(where)).toMatchObject({ status: 'complete', notes: 1 })
    const facts = await factsOf(memory)
    expect(
      facts.map(({ memory: text, trust, sources, metadata }) => [text, trust, sources, metadata.extractor]),
    ).toEqual([
      ['Ann takes the train.', 'user', [ids[0]], 'decisions'],
      ['The hotel is booked.', 'agent', ids, 'decisions'],
    ])
    expect(facts[0]?.assertedBy).toMatchObject({ kind: 'system', id: 'observer' })
    const asked = model.calls.find((call) => !isObserver(call))?.transcript ?? ''
    expect([asked.includes('Decisions, with who made them.'), asked.includes('I take the train.')]).toEqual([
      true,
      true,
    ])
  })

  it('learns nothing of what memory itself put into a message', async () => {
    const { memory, model } = open(() => stated(), { observation: { extract: [decisions] } })
    await talk(memory, ['One.\n<recalled-memory>\nSECRET\n</recalled-memory>'])
    await memory.observe(where)
    expect(JSON.stringify(model.calls.map(({ transcript }) => transcript))).not.toContain('SECRET')
    expect(await factsOf(memory)).toEqual([])
  })

  it('loses what it learned with the messages', async () => {
    const { memory } = open(
      () => stated({ text: 'Ann takes the train.', from: 1, to: 1 }, { text: 'The hotel is booked.', from: 2, to: 2 }),
      { observation: { extract: [decisions] } },
    )
    const [id = ''] = await talk(memory, ['I take the train.', 'Then the hotel is booked.'])
    await memory.observe(where)
    await memory.forget({ resourceId: 'ann', messageIds: [id] })
    expect((await factsOf(memory)).map(({ memory: text }) => text)).toEqual(['The hotel is booked.'])
  })

  it('stores nothing if what it read was changed while the model worked', async () => {
    let change = async () => {}
    const { memory } = open(
      async () => {
        await change()
        return stated({ text: 'Ann says SECRET.', from: 1, to: 1 })
      },
      { observation: { extract: [decisions] } },
    )
    const [id = ''] = await talk(memory, ['SECRET'])
    change = () => memory.forget({ resourceId: 'ann', messageIds: [id] }).then(() => {})
    expect(await memory.observe(where)).toMatchObject({ status: 'busy', notes: 0 })
    expect(await factsOf(memory)).toEqual([])
  })

  it('merges a value into working memory, or makes one fact of it', async () => {
    const schema = z.object({ city: z.string() })
    const value = { value: '{"city":"Porto"}' }
    const extract = [
      new Extractor({ name: 'city', instructions: 'Where she goes.', schema, to: 'workingMemory' }),
      new Extractor({ name: 'goal', instructions: 'Where she goes.', schema }),
    ]
    const { memory, model } = open(() => value, { observation: { extract } })
    const ids = await talk(memory, ['I go to Porto.'])
    await memory.observe(where)
    expect((await memory.getWorkingMemory(where))?.value).toEqual({ city: 'Porto' })
    const [fact, ...others] = await factsOf(memory)
    expect(others).toEqual([])
    expect(fact).toMatchObject({
      memory: 'goal: {"city":"Porto"}',
      sources: ids,
      metadata: { value: { city: 'Porto' } },
    })
    expect(model.calls.some(({ transcript }) => transcript.includes('"city"'))).toBe(true)
  })

  it.each([
    ['prose', 'Certainly!'],
    ['a line that is not there', stated({ text: 'x', from: 1, to: 9 })],
    ['an empty statement', stated({ text: ' ', from: 1, to: 1 })],
    ['a range that ends before it begins', stated({ text: 'x', from: 2, to: 1 })],
  ])('is asked once more, then dropped, if it answers %s: the notes are stored', async (_, bad) => {
    const { memory, model } = open(() => bad, { observation: { extract: [decisions] } })
    await talk(memory, ['One.', 'Two.'])
    expect(await memory.observe(where)).toMatchObject({ status: 'complete', notes: 1 })
    expect(model.calls.filter((call) => !isObserver(call))).toHaveLength(2)
    expect(await factsOf(memory)).toEqual([])
  })

  it('is told why a value does not fit its schema, and dropped if the next one does not either', async () => {
    const extract = [new Extractor({ name: 'city', instructions: 'Where?', schema: z.object({ city: z.string() }) })]
    const answers = ['{"city":7}', '{"city":"Porto"}', '{"city":7}', '{}']
    const { memory, model } = open(() => ({ value: answers.shift() }), { observation: { extract } })
    await talk(memory, ['One.'])
    await memory.observe(where)
    expect((await factsOf(memory)).map(({ metadata }) => metadata.value)).toEqual([{ city: 'Porto' }])
    expect(model.calls.some(({ transcript }) => transcript.includes('An earlier value did not fit'))).toBe(true)
    await talk(memory, ['Two.'])
    expect(await memory.observe(where)).toMatchObject({ status: 'complete', notes: 1 })
    expect(await factsOf(memory)).toHaveLength(1)
  })

  it('reads notes when they are condensed', async () => {
    const { memory, model } = open(() => stated({ text: 'Ann will travel.', from: 1, to: 1 }), {
      reflection: { extract: [decisions] },
    })
    const ids = await talk(memory, ['I will travel.', 'Good.'])
    await memory.observe(where)
    expect(await factsOf(memory)).toEqual([])
    expect(await memory.reflect(where)).toMatchObject({ generation: 1 })
    const [fact] = await factsOf(memory)
    expect(fact).toMatchObject({ memory: 'Ann will travel.', sources: [ids[0]], trust: 'user' })
    expect(model.calls.at(-1)?.transcript).toContain('Ann plans a trip.')
  })

  it('needs a name, instructions, and for working memory a schema', () => {
    const made = (options: object) => () => new Extractor(options as never)
    expect(made({ name: 'x' })).toThrow(/Extractor.instructions/)
    expect(made({ instructions: 'x' })).toThrow(/Extractor.name/)
    expect(made({ name: 'x', instructions: 'y', to: 'elsewhere' })).toThrow(/Extractor.to/)
    expect(made({ name: 'x', instructions: 'y', to: 'workingMemory' })).toThrow(/Extractor.schema/)
    expect(made({ name: 'x', instructions: 'y', schema: 7 })).toThrow(/Extractor.schema/)
    expect({ ...new Extractor({ name: 'x', instructions: 'y' }) }).toEqual({
      name: 'x',
      instructions: 'y',
      to: 'facts',
    })
  })

  it('is left out without a model', async () => {
    const memory = openMemory({
      options: { observationalMemory: { model: false, observation: { extract: [decisions] } } },
    })
    await talk(memory, ['We booked 3 rooms in Porto.'])
    expect(await memory.observe(where)).toMatchObject({ notes: 1 })
    expect(await factsOf(memory)).toEqual([])
  })
})
