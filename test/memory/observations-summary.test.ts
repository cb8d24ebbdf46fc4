// Notes that are condensed when somebody asks for it, and a thread in few words.
import type { Memory, MemoryOptions } from 'aquifer'
import { type ModelCall, scriptedModel } from 'aquifer/testing'
import { estimateTokenCount } from 'tokenx'
import { describe, expect, it } from 'vitest'
import { openMemory } from './opened.ts'

const where = { resourceId: 'ann', threadId: 'trip' }
const town = (at: number) => `Friend${at} visited Town${at} with ${at + 2} dogs.`

async function talk(memory: Memory, count: number): Promise<readonly string[]> {
  const messages = Array.from({ length: count }, (_, at) => town(at))
  return (await memory.saveMessages({ ...where, messages })).messages.map(({ id }) => id)
}

describe('reflect', () => {
  it('condenses few notes too, into a new generation each time, and leaves the chunks', async () => {
    const memory = openMemory()
    await talk(memory, 30)
    expect(await memory.reflect(where)).toEqual({ status: 'complete', generation: null, notes: 0 })
    await memory.observe(where)
    const { observations: before } = await memory.getObservations(where)
    const first = await memory.reflect(where)
    expect(first).toMatchObject({ status: 'complete', generation: 1 })
    expect(first.notes).toBeLessThan(before.length)
    expect(first.notes).toBeGreaterThan(before.length / 4)
    expect(await memory.reflect(where)).toEqual({ status: 'complete', generation: null, notes: 0 })
    await memory.saveMessages({ ...where, messages: ['Ada moved to Rome on Monday.'] })
    await memory.observe(where)
    const second = await memory.reflect(where)
    expect(second.generation).toBe(2)
    expect(second.notes).toBeLessThan(first.notes + 1)
    expect((await memory.getObservations(where)).observations).toHaveLength(second.notes)
    const { generations } = await memory.getObservationHistory(where)
    expect(generations.map(({ generation, observations }) => [generation, observations.length])).toEqual([
      [1, first.notes],
      [2, second.notes],
    ])
    const found = await memory.recall({ resourceId: 'ann', query: 'Town7', kinds: ['observation'] })
    expect(found.items[0]?.text).toContain('Town7')
  })

  it('shows the notes of an earlier time, as they were then', async () => {
    const memory = openMemory()
    await talk(memory, 10)
    await memory.observe(where)
    const { observations } = await memory.getObservations(where)
    const at = observations[0]?.createdAt
    await memory.reflect(where)
    const texts = async (options: object) =>
      (await memory.getObservations({ ...where, ...options })).observations.map(({ text }) => text)
    expect((await texts({})).length).toBeLessThan(observations.length)
    expect((await texts({ at })).length).toBeGreaterThanOrEqual((await texts({})).length)
  })

  it('stores nothing of an answer that cannot be used', async () => {
    const isObserver = ({ transcript }: ModelCall) => transcript.includes('"message":1')
    const note = { text: 'Friends visited towns.', priority: 'high', refersTo: null, from: 1, to: 1 }
    const model = scriptedModel({
      answer: (call) => (isObserver(call) ? { notes: [note], task: null, suggestion: null, nothing: false } : 'No.'),
    })
    const memory = openMemory({ options: { observationalMemory: { model } } } as MemoryOptions)
    await talk(memory, 3)
    await memory.observe(where)
    await expect(memory.reflect(where)).rejects.toMatchObject({ code: 'unavailable' })
    expect((await memory.getObservationHistory(where)).generations).toEqual([])
    expect((await memory.getObservations(where)).observations.map(({ text }) => text)).toEqual([note.text])
  })
})

describe('summarizeThread', () => {
  it('observes what is new, and says it in at most so many tokens', async () => {
    const memory = openMemory()
    await talk(memory, 60)
    const whole = await memory.summarizeThread(where)
    expect(whole).toMatchObject({ status: 'complete', notes: 60 })
    expect(whole.text).toContain('ann: Friend0 visited Town0 with 2 dogs; Friend1')
    for (const maxTokens of [1, 20, 100, 300]) {
      const { text, tokens, notes } = await memory.summarizeThread({ ...where, maxTokens })
      expect(tokens).toBe(estimateTokenCount(text))
      expect(tokens).toBeLessThanOrEqual(maxTokens)
      expect(notes > 0).toBe(maxTokens > 1)
    }
    expect((await memory.getObservationHistory(where)).generations).toEqual([])
  })

  it('never says what was forgotten', async () => {
    const memory = openMemory()
    const [id = ''] = await talk(memory, 5)
    expect((await memory.summarizeThread(where)).text).toContain('Town0')
    await memory.forget({ resourceId: 'ann', messageIds: [id] })
    const { text } = await memory.summarizeThread(where)
    expect([text.includes('Town0'), text.includes('Town4')]).toEqual([false, true])
  })

  it('lets the model condense notes that do not fit, and stays within the tokens whatever it answers', async () => {
    const answer = ({ transcript }: ModelCall) => {
      if (transcript.includes('"message":1')) {
        const notes = Array.from({ length: 9 }, (_, at) => ({
          text: town(at),
          priority: 'low',
          refersTo: null,
          from: 1,
          to: 1,
        }))
        return { notes, task: null, suggestion: null, nothing: false }
      }
      const text = `Friends travelled. ${Array.from({ length: 40 }, (_, at) => `Far to Town${at}.`).join(' ')}`
      return {
        notes: [
          { text: 'Dogs went along.', priority: 'high', refersTo: null, of: [2] },
          { text, priority: 'low', refersTo: null, of: [1] },
        ],
      }
    }
    const model = scriptedModel({ answer })
    const memory = openMemory({ options: { observationalMemory: { model } } } as MemoryOptions)
    await talk(memory, 1)
    expect((await memory.summarizeThread(where)).notes).toBe(9)
    expect(await memory.summarizeThread({ ...where, maxTokens: 40 })).toMatchObject({ notes: 1 })
    expect((await memory.summarizeThread({ ...where, maxTokens: 40 })).text).toContain('ann: Dogs went along.')
  })

  it('of a thread without anything to note is empty, and of none is refused', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: ['Hi!'] })
    expect(await memory.summarizeThread(where)).toEqual({ status: 'complete', text: '', tokens: 0, notes: 0 })
    await expect(memory.summarizeThread({ ...where, threadId: 'none' })).rejects.toMatchObject({ code: 'not-found' })
    await expect(memory.summarizeThread({ ...where, maxTokens: 0 })).rejects.toMatchObject({ code: 'invalid-input' })
    await expect(memory.reflect({ ...where, threadId: 'none' })).rejects.toMatchObject({ code: 'not-found' })
  })
})
