// Searching facts, and what is on no path unless it is asked for.
import { scriptedEmbedder } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { day, ManualClock, openMemory } from '../memory/opened.ts'

const alice = { userId: 'alice' }

describe('search', () => {
  it('finds by words at once, and says what it had to do without', async () => {
    const memory = openMemory()
    await memory.add(['The client wants ROI figures', 'The office is in Lisbon', 'Slides come last'], alice)
    const { results, degraded, pending } = await memory.search('ROI figures', { ...alice, limit: 1 })
    expect(results).toMatchObject([{ memory: 'The client wants ROI figures', metadata: {}, userId: 'alice' }])
    expect(results[0]?.score).toBeGreaterThan(0)
    expect(results[0]?.createdAt).toBeInstanceOf(Date)
    expect([degraded, pending]).toEqual([['no-embedder'], 0])
  })

  it('finds by meaning once vectors are there', async () => {
    const embedder = scriptedEmbedder({ meanings: { automobile: 'car' } })
    const memory = openMemory({ embedder })
    await memory.add(['She drives a car', 'She eats bread', 'She reads books'], alice)
    expect((await memory.search('automobile', alice)).pending).toBe(0)
    await memory.settled()
    const { results, degraded } = await memory.search('automobile', { ...alice, topK: 1, mode: 'vector' })
    expect(results.map(({ memory }) => memory)).toEqual(['She drives a car'])
    expect(degraded).toEqual([])
  })

  it('filters by metadata, threshold and number', async () => {
    const memory = openMemory()
    for (const year of [2023, 2024, 2025]) await memory.add(`Tea of ${year}`, { ...alice, metadata: { year } })
    const found = async (options: object) =>
      (await memory.search('tea', { ...alice, ...options })).results.map(({ memory }) => memory).sort()
    expect(await found({ filters: { year: { $gte: 2024, $lt: 2025 } } })).toEqual(['Tea of 2024'])
    expect(await found({ filters: { $not: { year: 2024 } } })).toEqual(['Tea of 2023', 'Tea of 2025'])
    expect(await found({ filters: { role: 'assistant' } })).toEqual([])
    expect(await found({ threshold: 1 })).toEqual([])
    expect(await found({ topK: 2 })).toHaveLength(2)
  })

  it('finds long facts beyond what a prompt would hold', async () => {
    const memory = openMemory()
    await memory.add(
      Array.from({ length: 5 }, (_, n) => `tea ${n} ${'leaf '.repeat(2_000)}`),
      alice,
    )
    expect((await memory.search('tea', alice)).results).toHaveLength(5)
  })

  it('finds what is left behind many that have expired and are not swept yet', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    const expiring = Array.from({ length: 200 }, (_, n) => `tea tea tea ${n}`)
    await memory.add(expiring, { ...alice, expiresAt: clock.ms + 1 })
    await memory.add('There is tea, and a number of other things that one can drink', alice)
    clock.pass(1)
    expect((await memory.search('tea tea tea', { ...alice, topK: 1 })).results).toHaveLength(1)
    expect((await memory.space('resource/alice').recall('tea tea tea')).items).toHaveLength(1)
  })

  it('cuts a question that is too long, and says so', async () => {
    const memory = openMemory()
    await memory.add('Tea is hot', alice)
    const { results, degraded } = await memory.search('tea '.repeat(25_000), alice)
    expect(results).toHaveLength(1)
    expect(degraded).toContain('query-cut')
  })
})

describe('superseded facts', () => {
  async function moved() {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    const { results: first } = await memory.add('Alice lives in Berlin', { ...alice, validFrom: clock.ms - 10 * day })
    clock.pass(day)
    const { results: second } = await memory.add('Alice lives in Lisbon', { ...alice, supersedes: first[0]?.id ?? '' })
    return { memory, clock, old: first[0]?.id ?? '', current: second[0]?.id ?? '' }
  }

  it('are on no path', async () => {
    const { memory, old, current } = await moved()
    const search = await memory.search('Where does Alice live, Berlin?', { ...alice, explain: true })
    expect(search.results.map(({ id }) => id)).toEqual([current])
    expect(search.trace?.inScope).toBe(1)
    expect(JSON.stringify(search)).not.toContain(old)
    expect((await memory.facts.getAll(alice)).results.map(({ id }) => id)).toEqual([current])
    expect(await memory.facts.get(old)).toBeNull()
    const recalled = await memory.space('resource/alice').recall('Berlin')
    expect(recalled.items.map(({ id }) => id)).toEqual([current])
    expect(await memory.facts.deleteAll(alice)).toEqual({ deleted: 1 })
    expect(await memory.facts.get(old, { includeSuperseded: true })).toBeNull()
  })

  it('come where they are asked for', async () => {
    const { memory, old, current } = await moved()
    const asked = { ...alice, includeSuperseded: true }
    const ids = (await memory.search('Where does Alice live?', asked)).results.map(({ id }) => id)
    expect(ids.sort()).toEqual([old, current].sort())
    const { results } = await memory.facts.getAll(asked)
    expect(results).toMatchObject([{ id: current }, { id: old, status: 'superseded', supersededBy: current }])
  })

  it('come as of the time when they held', async () => {
    const { memory, clock, old, current } = await moved()
    const asOf = async (time: number) => {
      const options = { ...alice, asOf: new Date(time) }
      const found = (await memory.search('Where does Alice live?', options)).results.map(({ id }) => id)
      const listed = (await memory.facts.getAll(options)).results.map(({ id }) => id)
      expect(listed).toEqual(found)
      return found
    }
    expect(await asOf(clock.ms)).toEqual([current])
    expect(await asOf(clock.ms - 1)).toEqual([old])
    expect(await asOf(clock.ms - 11 * day)).toEqual([old])
    expect(await asOf(clock.ms - 11 * day - 1)).toEqual([])
  })

  it('come in the period in which they held, its end not among it', async () => {
    const { memory, clock, old, current } = await moved()
    const within = async (options: object) =>
      (await memory.search('Where does Alice live?', { ...alice, ...options })).results.map(({ id }) => id).toSorted()
    const both = [old, current].toSorted()
    expect(await within({ to: clock.ms })).toEqual([old])
    expect(await within({ from: clock.ms - 1 })).toEqual([current])
    expect(await within({ from: clock.ms - day, to: new Date(clock.ms + 1) })).toEqual(both)
    expect(await within({ from: clock.ms, to: clock.ms + 1 })).toEqual([current])
    expect(await within({ from: clock.ms - 30 * day, to: clock.ms - 20 * day })).toEqual([])
    // As of a time in a period: both must agree.
    expect(await within({ asOf: clock.ms, to: clock.ms })).toEqual([])
  })
})

describe('times in a question for facts', () => {
  it('are counted from the "now" and in the zone that are stated', async () => {
    const memory = openMemory()
    const stated = (text: string, validFrom: string) => memory.add(text, { ...alice, validFrom })
    await stated('Alice planted roses', '2025-05-06T22:30:00Z')
    await stated('Alice planted tulips', '2025-05-09T12:00:00Z')
    const first = async (now: string, timeZone: string) => {
      const { results } = await memory.search('What did Alice plant yesterday?', { ...alice, now, timeZone })
      return results[0]?.memory
    }
    expect(await first('2025-05-08T10:00:00Z', 'Europe/Berlin')).toBe('Alice planted roses')
    expect(await first('2025-05-10', 'Europe/Berlin')).toBe('Alice planted tulips')
  })

  it.each([
    [{ timeZone: 'Mars/Olympus' }, 'timeZone'],
    [{ from: 'soon' }, 'from'],
    [{ from: '2025-05-02', to: '2025-05-01' }, 'to'],
  ])('are refused: %j', async (options, field) => {
    const memory = openMemory()
    const asked = memory.search('tea', { ...alice, ...options })
    await expect(asked).rejects.toMatchObject({ code: 'invalid-input', details: { field } })
  })
})
