// A clock and a createId of the user's are asked by every write: what they answer is checked before anything is stored.
import type { Memory } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { ReferenceStorage } from '../../src/storage/reference/reference-storage.ts'
import { openMemory, refused, temporaryUrl } from './opened.ts'

const at = { resourceId: 'alice', threadId: 't' }

const trap = () => {
  throw new Error('a trap')
}

const badTimes: Readonly<Record<string, () => unknown>> = {
  'not a number': () => Number.NaN,
  infinite: () => Number.POSITIVE_INFINITY,
  negative: () => -1,
  'beyond the year 9999': () => 253_402_300_800_000,
  'a text': () => '2026-03-01',
  'a Date': () => new Date(),
  'a bigint': () => 1n,
  nothing: () => undefined,
  'a promise': () => Promise.resolve(1),
  'a proxy': () => new Proxy({}, { get: trap, getPrototypeOf: trap }),
  'an error': trap,
}

const writes: Readonly<Record<string, (memory: Memory) => unknown>> = {
  createThread: (memory) => memory.createThread(at),
  saveMessages: (memory) => memory.saveMessages({ ...at, messages: ['x'] }),
  write: (memory) => memory.team('acme').write('k', 1, { ttl: '1h' }),
  update: (memory) => memory.team('acme').update('k', () => 1),
  updateWorkingMemory: (memory) => memory.updateWorkingMemory({ resourceId: 'alice', workingMemory: { a: 1 } }),
  'facts.add': (memory) => memory.facts.add('Tea.', { userId: 'alice', infer: false }),
  commit: (memory) => memory.space('team/acme').commit([{ kind: 'lease-take', name: 'l', leaseMs: 1_000 }]),
  forget: (memory) => memory.forget({ resourceId: 'alice' }),
}

const storages: Readonly<Record<string, () => string>> = {
  'in memory': () => ':memory:',
  'on a file': () => temporaryUrl(),
}

describe.each(Object.keys(badTimes))('a clock that answers %s', (name) => {
  it.each(Object.keys(storages))('is refused by every write, %s', async (where) => {
    let isWrong = false
    const now = () => (isWrong ? (badTimes[name]?.() as number) : Date.parse('2026-03-01'))
    const memory = openMemory({ storage: storages[where]?.() ?? '', clock: { now }, background: true })
    await memory.team('acme').write('before', 1)
    isWrong = true
    for (const write of Object.values(writes)) {
      const error = await refused('invalid-input', () => write(memory))
      expect(error.details).toMatchObject({ field: 'clock', rule: expect.stringMatching(/\S/) })
    }
    isWrong = false
    expect((await memory.team('acme').list()).entries.map(({ key }) => key)).toEqual(['before'])
    expect((await memory.listSpaces({ kind: 'resource' })).spaces).toEqual([])
    // All works again as soon as the clock does.
    for (const write of Object.values(writes)) await write(memory)
  })

  it('is refused by the reference driver', async () => {
    const clock = { now: () => badTimes[name]?.() as number }
    const memory = openMemory({ storage: new ReferenceStorage({ clock }) })
    const error = await refused('invalid-input', () => memory.team('acme').write('k', 1))
    expect(error.details.field).toBe('clock')
  })
})

it('takes the whole milliseconds of a clock with parts of them', async () => {
  const memory = openMemory({ clock: { now: () => Date.parse('2026-03-01T00:00:00.123Z') + 0.75 } })
  const thread = await memory.createThread(at)
  expect(thread.createdAt.toISOString()).toBe('2026-03-01T00:00:00.123Z')
})

it('shares a file between memories of one clock', async () => {
  const clock = { now: () => Date.parse('2026-03-01') }
  const storage = temporaryUrl()
  const [one, two] = [openMemory({ storage, clock }), openMemory({ storage, clock })]
  await one.team('acme').write('k', 1)
  expect(await two.team('acme').read('k')).toBe(1)
})

const badIds: Readonly<Record<string, () => unknown>> = {
  empty: () => '',
  blank: () => '  ',
  'too long': () => 'x'.repeat(129),
  huge: () => 'x'.repeat(100_000),
  'a number': () => 7,
  nothing: () => undefined,
  'a wildcard': () => 'a*',
  'with a line end': () => 'a\nb',
  'half a character': () => '\ud800',
  'an object': () => ({ toString: trap }),
  'a promise': () => Promise.resolve('a'),
  'an error': trap,
}

describe.each(Object.keys(badIds))('a createId that answers %s', (name) => {
  it('is refused wherever an id is made', async () => {
    const createId = badIds[name] as () => string
    const memory = openMemory({ createId })
    const makes = [
      () => memory.createThread({ resourceId: 'alice' }),
      () => memory.facts.add('Tea.', { userId: 'alice', infer: false }),
      () => memory.forget({ resourceId: 'alice' }),
    ]
    for (const make of makes) {
      const error = await refused('invalid-input', make)
      expect(error.details).toMatchObject({ field: 'createId', rule: expect.stringMatching(/\S/) })
    }
    expect((await memory.listSpaces({ kind: 'resource' })).spaces).toEqual([])
    expect(await memory.receipts()).toEqual([])
  })
})
