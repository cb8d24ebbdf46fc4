// Notes of threads without a model: what is observed, what is taken back, what is condensed, and how it is read.
import type { Memory } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { ManualClock, minute, openMemory, temporaryUrl } from './opened.ts'

const where = { resourceId: 'ann', threadId: 'trip' }

const said = [
  'We booked 3 rooms in Porto for May.',
  'Great!',
  'Ada joins us on Monday.',
  'The old plan changed: we travel by train instead.',
]

async function talk(memory: Memory, texts: readonly string[] = said, threadId = where.threadId): Promise<string[]> {
  const ids: string[] = []
  for (const content of texts) {
    const { messages } = await memory.saveMessages({ ...where, threadId, messages: [{ role: 'user', content }] })
    ids.push(...messages.map(({ id }) => id))
  }
  return ids
}

async function textsOf(memory: Memory, options: object = {}): Promise<readonly string[]> {
  const { observations } = await memory.getObservations({ ...where, ...options })
  return observations.map(({ text }) => text)
}

const notes = [
  'booked 3 rooms in Porto for May',
  'Ada joins us on Monday',
  'old plan changed: we travel by train instead',
]

describe('observe', () => {
  it('makes notes of what was said since the last time, each once', async () => {
    const memory = openMemory()
    await talk(memory)
    expect(await textsOf(memory)).toEqual([])
    expect(await memory.observe(where)).toEqual({ status: 'complete', messages: 4, notes: 3, reflected: null })
    expect(await textsOf(memory)).toEqual(notes)
    expect(await memory.observe(where)).toMatchObject({ status: 'complete', messages: 0, notes: 0 })
    await talk(memory, ['Ada brings 2 friends.'])
    expect(await memory.observe(where)).toMatchObject({ messages: 1, notes: 1 })
    expect(await textsOf(memory)).toEqual([...notes, 'Ada brings 2 friends'])
    const [first] = (await memory.getObservations(where)).observations
    expect(first).toMatchObject({
      threadId: 'trip',
      made: 'extraction',
      priority: 'high',
      trust: 'user',
      generation: 0,
    })
    expect(first?.author?.id).toBe('ann')
  })

  it('observes again what is left of a chunk that lost a message, and what was edited', async () => {
    const memory = openMemory()
    const ids = await talk(memory)
    await memory.observe(where)
    await memory.deleteMessages([ids[2] ?? ''], { resourceId: 'ann' })
    expect(await textsOf(memory)).toEqual([])
    expect(await memory.observe(where)).toMatchObject({ messages: 3, notes: 2 })
    expect(await textsOf(memory)).toEqual([notes[0], notes[2]])
    await memory.updateMessages({
      resourceId: 'ann',
      messages: [{ id: ids[3] ?? '', content: 'Ada drives to Porto.' }],
    })
    await memory.observe(where)
    expect(await textsOf(memory)).toEqual([notes[0], 'Ada drives to Porto'])
    await memory.forget({ resourceId: 'ann', messageIds: [ids[0] ?? ''] })
    await memory.observe(where)
    expect(await textsOf(memory)).toEqual(['Ada drives to Porto'])
  })

  it('leaves a turn that is open, and observes what a later turn said before it', async () => {
    const memory = openMemory()
    const space = memory.space('resource/ann')
    await talk(memory, ['Ada likes Porto.'])
    const opened = await space.commit([
      { kind: 'turn-open', threadId: 'trip' },
      {
        kind: 'message-append',
        threadId: 'trip',
        opened: 0,
        messages: [{ role: 'user', parts: [{ type: 'text', text: 'Bob likes Rome.' }] }],
      },
    ])
    await talk(memory, ['Eve likes Oslo.'])
    expect(await memory.observe(where)).toMatchObject({ status: 'complete', messages: 1 })
    const [turn] = opened.status === 'committed' ? opened.results : []
    const turnId = turn?.kind === 'turn-open' ? turn.turnId : ''
    await space.commit([{ kind: 'turn-close', threadId: 'trip', turnId, status: 'complete' }])
    expect(await memory.observe(where)).toMatchObject({ messages: 2 })
    expect(await textsOf(memory)).toEqual(['Ada likes Porto', 'Bob likes Rome', 'Eve likes Oslo'])
  })

  it('says that another process is at work, and goes on once its claim is over', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    const [id = ''] = await talk(memory)
    const turn = Number(id.split('_')[2]?.split('.')[0]) * 16_384
    await memory
      .space('resource/ann')
      .commit([{ kind: 'observation-begin', threadId: 'trip', to: { turn, index: 0 }, leaseMs: minute }])
    expect(await memory.observe(where)).toEqual({ status: 'busy', messages: 0, notes: 0, reflected: null })
    clock.pass(minute)
    expect(await memory.observe(where)).toMatchObject({ status: 'complete', messages: 4 })
  })

  it('makes each note once, though several observe at once', async () => {
    const url = temporaryUrl()
    const [one, other] = [openMemory({ storage: url }), openMemory({ storage: url })]
    await talk(one)
    const both = await Promise.all([one, other, one, other].map((memory) => memory.observe(where)))
    expect(both.reduce((sum, { notes: made }) => sum + made, 0)).toBe(3)
    expect(await textsOf(other)).toEqual(notes)
    await other.close()
  })

  it('condenses notes into a generation once they have too many tokens', async () => {
    const clock = new ManualClock()
    const options = {
      model: false,
      observation: { maxTokensPerBatch: 40 },
      reflection: { observationTokens: 60 },
    } as const
    const memory = openMemory({ clock, options: { observationalMemory: options } })
    await talk(
      memory,
      Array.from({ length: 30 }, (_, at) => `Friend${at} visited Town${at} with 2 dogs.`),
    )
    const before = new Date(clock.ms)
    clock.pass(minute)
    const { reflected } = await memory.observe(where)
    expect(reflected).toBe(1)
    const current = (await memory.getObservations(where)).observations
    expect(current.length).toBeLessThan(10)
    expect(current.every(({ generation }) => generation === 1)).toBe(true)
    const { generations } = await memory.getObservationHistory(where)
    expect(generations.map(({ generation, observations }) => [generation, observations])).toEqual([[1, current]])
    expect(await textsOf(memory, { at: before })).toEqual([])
    const [first = ''] = (await memory.listMessages({ ...where })).messages.map(({ id }) => id)
    await memory.deleteMessages([first], { resourceId: 'ann' })
    expect((await memory.getObservationHistory(where)).generations).toEqual([])
    expect((await memory.getObservations(where)).observations.length).toBeGreaterThan(20)
  })

  it('keeps the newest note that matters most where none fits when notes are condensed', async () => {
    const memory = openMemory()
    await talk(memory, ['Ada moves to Porto on 2026-05-01 with 2 dogs, 3 cats and her brother Bob.'])
    await memory.observe(where)
    const before = await textsOf(memory)
    expect(before).toHaveLength(1)
    expect(await memory.reflect(where)).toEqual({ status: 'complete', generation: 1, notes: 1 })
    expect(await textsOf(memory)).toEqual(before)
  })

  it('is refused in a thread that is not there', async () => {
    const memory = openMemory()
    for (const call of [memory.observe(where), memory.getObservations(where), memory.getObservationHistory(where)])
      await expect(call).rejects.toMatchObject({ code: 'not-found' })
    expect(await memory.getObservations({ resourceId: 'ann' })).toEqual({ observations: [] })
  })
})

describe('notes', () => {
  it('are read and recalled over all threads of a resource', async () => {
    const memory = openMemory()
    await talk(memory)
    await talk(memory, ['Bob adopted a parrot called Kiwi.'], 'pets')
    for (const threadId of ['trip', 'pets']) await memory.observe({ ...where, threadId })
    const { observations } = await memory.getObservations({ resourceId: 'ann' })
    expect(observations.map(({ threadId }) => threadId)).toEqual(['trip', 'trip', 'trip', 'pets'])
    const found = await memory.recall({ resourceId: 'ann', query: 'Who is Kiwi?', kinds: ['observation'] })
    expect(found.items[0]).toMatchObject({ kind: 'observation', id: observations[3]?.id, threadId: 'pets' })
    expect(found.items[0]?.observation).toEqual(observations[3])
    expect((await memory.explain(found.recallId)).items[0]).toMatchObject({ kind: 'observation', threadId: 'pets' })
    expect(await memory.forget({ resourceId: 'ann', threadId: 'pets' })).toMatchObject({ erased: { records: 2 } })
    const left = await memory.recall({ resourceId: 'ann', query: 'Kiwi', kinds: ['observation'] })
    expect(left.items.filter(({ threadId }) => threadId === 'pets')).toEqual([])
  })

  it('never repeat what memory itself put into a message', async () => {
    const memory = openMemory()
    await talk(memory, [
      'Ada likes tea.\n<recalled-memory note="x">\n<item kind="message">\nBob hid 3 keys in Rome.\n</item>\n</recalled-memory>',
    ])
    await memory.observe(where)
    expect(await textsOf(memory)).toEqual(['Ada likes tea'])
  })
})
