// Recall of a period, and of the times that a question says.
import { afterEach, describe, expect, it } from 'vitest'
import { Memory, SQLiteStore } from '../../src/index.ts'

const now = '2025-05-14T12:00:00Z'
const where = { resourceId: 'ann', threadId: 't' }
const open: Memory[] = []
afterEach(async () => {
  for (const memory of open.splice(0)) await memory.close()
})

/** A memory in which these texts were said, each at a time. */
async function memoryOf(said: readonly (readonly [at: string, text: string])[], language?: 'none') {
  const storage = language === undefined ? ':memory:' : new SQLiteStore({ url: ':memory:', language })
  const memory = new Memory({ storage, embedder: false, clock: { now: () => Date.parse(now) } })
  open.push(memory)
  const messages = said.map(([createdAt, content]) => ({ role: 'user' as const, content, createdAt }))
  if (messages.length > 0) await memory.saveMessages({ ...where, messages })
  return memory
}

const texts = async (memory: Memory, query: string, more: object = {}) => {
  const { items } = await memory.recall({ resourceId: 'ann', query, ...more })
  return items.map(({ text }) => text)
}

const walks = [
  ['2025-03-03T10:00:00Z', 'A walk in the snow'],
  ['2025-05-06T10:00:00Z', 'A walk by the sea'],
  ['2025-05-13T10:00:00Z', 'A walk in the wood'],
] as const

describe('a period', () => {
  it('holds its beginning and not its end', async () => {
    const memory = await memoryOf(walks)
    const [, [sea], [wood]] = walks
    expect(await texts(memory, 'walk', { from: sea, to: wood })).toEqual(['A walk by the sea'])
    expect(await texts(memory, 'walk', { from: new Date(Date.parse(sea) + 1) })).toEqual(['A walk in the wood'])
    expect(await texts(memory, 'walk', { to: Date.parse(sea) })).toEqual(['A walk in the snow'])
    expect(await texts(memory, 'walk', { from: '2025-05-07', to: '2025-05-07' })).toEqual([])
  })

  it('begins its days in the zone that is named', async () => {
    const memory = await memoryOf([['2025-05-06T23:00:00Z', 'A walk at night']])
    const day = { from: '2025-05-07', to: '2025-05-08' }
    expect(await texts(memory, 'walk', day)).toEqual([])
    expect(await texts(memory, 'walk', { ...day, timeZone: 'Europe/Berlin' })).toEqual(['A walk at night'])
  })

  it('holds facts that held in it, those included that were replaced', async () => {
    const memory = await memoryOf([])
    const { facts } = memory
    const own = { userId: 'ann', infer: false }
    const first = await facts.add('Ann lives in Oslo', { ...own, validFrom: '2025-01-01T00:00:00Z' })
    const old = first.results[0]?.id ?? ''
    const from = '2025-04-01T00:00:00Z'
    await facts.add('Ann lives in Bergen', { ...own, validFrom: from, supersedes: [old] })
    const inSpace = async (options: object) => {
      const { items } = await memory.space('resource/ann').recall('Where does Ann live?', options)
      return items.map(({ text }) => text).toSorted()
    }
    expect(await inSpace({})).toEqual(['Ann lives in Bergen'])
    expect(await inSpace({ from: '2025-02-01', to: '2025-03-01' })).toEqual(['Ann lives in Oslo'])
    expect(await inSpace({ from: '2025-03-01', to: '2025-05-01' })).toEqual([
      'Ann lives in Bergen',
      'Ann lives in Oslo',
    ])
    expect(await inSpace({ from: '2025-05-01', to: '2025-05-02' })).toEqual(['Ann lives in Bergen'])
  })

  it.each([
    [{ timeZone: 'Mars/Olympus' }, 'timeZone'],
    [{ from: 'soon' }, 'from'],
    [{ from: '2025-02-30' }, 'from'],
    [{ now: '2025-05-14T12:00:00' }, 'now'],
    [{ from: '2025-05-02', to: '2025-05-01' }, 'to'],
  ])('refuses %j', async (options, field) => {
    const memory = await memoryOf([])
    await expect(texts(memory, 'walk', options)).rejects.toMatchObject({ code: 'invalid-input', details: { field } })
  })
})

describe('times in a question', () => {
  it('prefer what was said then', async () => {
    const memory = await memoryOf(walks)
    expect((await texts(memory, 'Where was the walk last week?'))[0]).toBe('A walk by the sea')
    expect((await texts(memory, 'Where was the walk yesterday?'))[0]).toBe('A walk in the wood')
    expect((await texts(memory, 'Where was the walk in March?'))[0]).toBe('A walk in the snow')
    expect(await texts(memory, 'Where was the walk last week?')).toHaveLength(3)
  })

  it('are counted from the time and in the zone that the caller states', async () => {
    const memory = await memoryOf(walks)
    const asked = (options: object) => texts(memory, 'Where was the walk yesterday?', options)
    expect((await asked({ now: '2025-05-07T09:00:00Z' }))[0]).toBe('A walk by the sea')
    expect((await asked({ now: '2025-05-15T03:00:00Z', timeZone: 'America/New_York' }))[0]).toBe('A walk in the wood')
  })

  it('prefer what speaks of them', async () => {
    const memory = await memoryOf([
      ['2025-04-01T10:00:00Z', 'The launch of the shop is on 8 May'],
      ['2025-04-02T10:00:00Z', 'The launch of the site is on 20 June'],
      ['2025-04-03T10:00:00Z', 'The launch of the app is in the autumn'],
    ])
    expect((await texts(memory, 'Which launch was last week?'))[0]).toBe('The launch of the shop is on 8 May')
    expect((await texts(memory, 'Which launch is on 20 June?'))[0]).toBe('The launch of the site is on 20 June')
  })

  it('are understood in other languages where the space has no language of its own', async () => {
    const memory = await memoryOf(walks, 'none')
    expect((await texts(memory, 'walk, vorige Woche'))[0]).toBe('A walk by the sea')
    expect((await texts(memory, 'walk, hier ou avant-hier'))[0]).toBe('A walk in the wood')
    expect((await texts(memory, 'walk, en marzo de 2025'))[0]).toBe('A walk in the snow')
  })
})

describe('a question for a time alone', () => {
  const week = [
    ['2025-05-05T10:00:00Z', 'ok'],
    ['2025-05-06T10:00:00Z', 'On Tuesday we signed the lease of the new flat in Bergen, which begins in July.'],
    ['2025-05-07T10:00:00Z', 'Thanks!'],
    ['2025-05-13T10:00:00Z', 'The kitchen arrived'],
    ['2025-05-13T11:00:00Z', 'We move next week'],
  ] as const

  it('lists that time, what matters most first', async () => {
    const memory = await memoryOf(week)
    expect(await texts(memory, 'What happened last week?')).toEqual([week[1][1], 'Thanks!', 'ok'])
    expect(await texts(memory, 'What did we talk about yesterday?')).toEqual([week[4][1], week[3][1]])
    const { trace } = await memory.recall({ resourceId: 'ann', query: 'What happened last week?' })
    expect(trace.legs).toEqual(['time'])
  })

  it('lists what speaks of that time', async () => {
    const memory = await memoryOf(week)
    expect(await texts(memory, 'What happens next week?')).toEqual(['We move next week'])
  })

  it('says nothing where nothing was', async () => {
    const memory = await memoryOf(week)
    expect(await texts(memory, 'What happened last year?')).toEqual([])
  })

  it('and no other word falls back to its words', async () => {
    const memory = await memoryOf([['2025-01-01T00:00:00Z', 'Yesterday is my favourite song']])
    expect(await texts(memory, 'yesterday')).toEqual(['Yesterday is my favourite song'])
    expect(await texts(memory, 'What happened yesterday?')).toEqual([])
  })

  it('without a year finds texts that speak of the next one', async () => {
    const memory = await memoryOf([['2024-12-01T00:00:00Z', 'The fair is on 12 May']])
    expect(await texts(memory, '12 May')).toEqual(['The fair is on 12 May'])
    expect(await texts(memory, 'What was on 12 May?')).toEqual(['The fair is on 12 May'])
  })

  it('with an exact date finds the texts that have it', async () => {
    const memory = await memoryOf([['2025-01-01T00:00:00Z', 'The report of 2023-05-03 is late']])
    expect(await texts(memory, '2023-05-03')).toEqual(['The report of 2023-05-03 is late'])
  })

  it('in a person’s name lists what that person said', async () => {
    const memory = await memoryOf([])
    for (const name of ['Ann', 'Bob']) {
      const messages = [{ role: 'user' as const, content: `${name} painted`, createdAt: '2025-05-06T10:00:00Z' }]
      await memory.as({ kind: 'user', id: name, name }).saveMessages({ ...where, messages })
    }
    expect(await texts(memory, 'What did Bob do last week?')).toEqual(['Bob painted'])
  })
})
