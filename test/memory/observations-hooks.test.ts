// Hooks of cycles, budgets of a day, and what a model is told: nothing of a cycle is stored that a hook or a budget stopped.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type Memory, type MemoryOptions, type ObservationEvent, observationChannel } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { observerAnswer } from './observer-answers.ts'
import { hour, ManualClock, openMemory } from './opened.ts'

const where = { resourceId: 'ann', threadId: 'trip' }

let stopListening = () => {}
afterEach(() => stopListening())

function listen(): readonly ObservationEvent[] {
  const events: ObservationEvent[] = []
  const hear = (event: unknown) => events.push(event as ObservationEvent)
  subscribe(observationChannel, hear)
  stopListening = () => unsubscribe(observationChannel, hear)
  return events
}

function noted(text: string) {
  return {
    notes: [{ text, priority: 'medium', refersTo: null, from: 1, to: 1 }],
    task: null,
    suggestion: null,
    nothing: false,
  }
}

function open(observationalMemory: object, more: object = {}): Memory {
  return openMemory({ options: { observationalMemory }, ...more } as MemoryOptions)
}

const textsOf = async (memory: Memory) => (await memory.getObservations(where)).observations.map(({ text }) => text)
const say = (memory: Memory, ...messages: string[]) => memory.saveMessages({ ...where, messages })

describe('hooks', () => {
  it('leave messages out and change their words before a model sees them', async () => {
    const model = scriptedModel({ answer: () => noted('Good.') })
    const hooks = {
      beforeObservation: ({ messages }: { messages: readonly { id: string; text: string }[] }) => ({
        messages: messages.slice(1).map(({ id, text }) => ({ id, text: text.replace('SECRET', '[gone]') })),
      }),
    }
    const memory = open({ model, hooks })
    await say(memory, 'First HIDDEN one.', 'Then a SECRET one.')
    expect(await memory.observe(where)).toMatchObject({ status: 'complete', messages: 2 })
    const asked = model.calls[0]?.transcript ?? ''
    expect([asked.includes('HIDDEN'), asked.includes('SECRET'), asked.includes('[gone]')]).toEqual([false, false, true])
  })

  it('leave notes out and change their words before they are stored', async () => {
    const hooks = {
      afterObservation: ({ notes }: { notes: readonly { place: number; text: string }[] }) => ({
        notes: notes
          .slice(0, 1)
          .map(({ place, text }) => ({ place, text: text.replace('Rome', 'a town'), priority: 'high' })),
      }),
    }
    const memory = open({ model: false, hooks })
    await say(memory, 'Ada visited Rome with 2 dogs.', 'Bob visited Oslo with 3 dogs.')
    await memory.observe(where)
    const { observations } = await memory.getObservations(where)
    expect(observations.map(({ text, priority }) => [text, priority])).toEqual([
      ['Ada visited a town with 2 dogs', 'high'],
    ])
  })

  it.each([
    ['beforeObservation', 'throws', () => Promise.reject(new Error('SECRET reason'))],
    ['afterObservation', 'throws', () => Promise.reject(new Error('SECRET reason'))],
    ['beforeObservation', 'answers a message that is not there', () => ({ messages: [{ id: 'none' }] })],
    ['afterObservation', 'answers a note that is not there', () => ({ notes: [{ place: 7 }] })],
    ['afterObservation', 'answers no list', () => ({ notes: 'all' })],
  ])('%s that %s ends the cycle, and nothing is stored', async (name, _, hook) => {
    let isBad = true
    const memory = open(
      { model: false, hooks: { [name]: () => (isBad ? hook() : undefined) } },
      { clock: new ManualClock() },
    )
    const events = listen()
    await say(memory, 'Ada visited Rome with 2 dogs.')
    await expect(memory.observe(where)).rejects.toThrow()
    expect(await textsOf(memory)).toEqual([])
    expect(events.at(-1)).toMatchObject({ type: 'failed', reason: 'hook' })
    expect(JSON.stringify(events)).not.toContain('SECRET')
    isBad = false
    // Nobody has to wait for the deadline of the cycle that failed.
    expect(await memory.observe(where)).toMatchObject({ status: 'complete', notes: 1 })
  })

  it.each(['beforeReflection', 'afterReflection'])('%s that throws leaves the notes as they were', async (name) => {
    let isBad = true
    const hook = () => {
      if (isBad) throw new Error('SECRET reason')
      return undefined
    }
    const memory = open({ model: false, hooks: { [name]: hook } }, { clock: new ManualClock() })
    const events = listen()
    await say(memory, 'Ada visited Rome with 2 dogs.')
    await memory.observe(where)
    const before = await textsOf(memory)
    await expect(memory.reflect(where)).rejects.toThrow('SECRET reason')
    expect(await textsOf(memory)).toEqual(before)
    expect(events.at(-1)).toMatchObject({ type: 'failed', operation: 'reflection', reason: 'hook' })
    isBad = false
    expect(await memory.reflect(where)).toMatchObject({ status: 'complete', generation: 1 })
  })

  it('leave the failure as it is where the thread is gone by then', async () => {
    const hooks = {
      beforeObservation: async () => {
        await memory.deleteThread(where)
        throw new Error('The hook is down.')
      },
    }
    const memory = open({ model: false, hooks })
    await say(memory, 'Ada visited Rome with 2 dogs.')
    await expect(memory.observe(where)).rejects.toThrow('The hook is down.')
  })

  it('see notes before and after they are condensed', async () => {
    const seen: string[] = []
    const see =
      (name: string) =>
      ({ notes }: { notes: readonly unknown[] }) => {
        seen.push(`${name} ${notes.length > 0}`)
      }
    const hooks = { beforeReflection: see('before'), afterReflection: see('after') }
    const memory = open({ model: false, hooks, reflection: { observationTokens: 20 } })
    await say(memory, ...Array.from({ length: 6 }, (_, at) => `Friend${at} visited Town${at} with 2 dogs.`))
    expect(await memory.observe(where)).toMatchObject({ reflected: 1 })
    expect(seen).toEqual(['before true', 'after true'])
  })
})

describe('a model that makes notes', () => {
  it('is told what the application adds', async () => {
    const model = scriptedModel({ answer: () => noted('Good.') })
    const memory = open({ model, observation: { instruction: 'Mind the prices.' } })
    await say(memory, 'One.')
    await memory.observe(where)
    expect(JSON.stringify(model.calls[0]?.messages)).toContain('Mind the prices.')
  })

  it('is asked again when it repeats itself', async () => {
    const stuck = 'and then they went on and on '.repeat(30)
    const model = scriptedModel({ answer: ({ number }) => noted(number === 1 ? stuck : 'Good.') })
    const memory = open({ model })
    await say(memory, 'One.')
    await memory.observe(where)
    expect(await textsOf(memory)).toEqual(['Good.'])
  })

  it('is not asked once the tokens of the day are used up, and is the next day', async () => {
    const clock = new ManualClock()
    const model = scriptedModel({ answer: () => noted('Good.') })
    const memory = open({ model, dailyTokens: 1_000 }, { clock })
    const events = listen()
    await say(memory, 'One.')
    await memory.observe(where)
    await say(memory, 'Two.')
    await expect(memory.observe(where)).rejects.toMatchObject({
      code: 'limit-exceeded',
      details: { limit: 'dailyTokens', allowed: 1_000 },
    })
    expect([model.calls.length, events.at(-1)]).toMatchObject([1, { type: 'failed', reason: 'budget' }])
    clock.pass(24 * hour)
    expect(await memory.observe(where)).toMatchObject({ status: 'complete', messages: 1 })
  })

  it.each(['thread', 'resource'] as const)(
    'reads as much each day as the tokens of a %s allow, though few',
    async (scope) => {
      const clock = new ManualClock()
      const model = scriptedModel({
        answer: ({ prompt }) => observerAnswer(prompt, { noted: (text) => text.slice(0, 12), condensed: () => 'All.' }),
      })
      const memory = open({ model, scope, dailyTokens: 1_000, observation: { previousObserverTokens: 100 } }, { clock })
      const texts = Array.from({ length: 30 }, (_, at) => `Message ${at}: ${'more was said about it '.repeat(4)}`)
      await say(memory, ...texts)
      const observedBy = async () => (await textsOf(memory)).length
      let days = 1
      for (; days < 20; days++) {
        const before = await observedBy()
        const error = await memory.observe(where).then(
          () => null,
          (error: unknown) => error,
        )
        if (error === null) break
        expect(error).toMatchObject({ details: { limit: 'dailyTokens' } })
        expect(await observedBy()).toBeGreaterThan(before)
        clock.pass(24 * hour)
      }
      expect(await observedBy()).toBe(30)
      expect(days).toBeGreaterThan(1)
      expect(days).toBeLessThan(6)
    },
  )
})
