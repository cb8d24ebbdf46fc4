// When something was said: what is older than a fact that it meets never ends it.
import { describe, expect, it } from 'vitest'
import { found, inferring, isDeciding } from '../memory/inferring.ts'
import { day, ManualClock, openMemory, refused } from '../memory/opened.ts'

const ann = { userId: 'ann' }
const [y2019, y2020] = ['2019-01-01T09:00:00.000Z', '2020-01-01T09:00:00.000Z']
const [y2024, y2025] = ['2024-01-01T09:00:00.000Z', '2025-01-01T09:00:00.000Z']

type Opened = ReturnType<typeof openMemory>

async function rows(memory: Opened, options: object = {}) {
  const { results } = await memory.facts.getAll({ ...ann, ...options })
  return results.map((fact) => [
    fact.memory,
    fact.validFrom.toISOString().slice(0, 4),
    fact.validTo?.toISOString().slice(0, 4) ?? null,
  ])
}

async function asOf(memory: Opened, time: string) {
  return (await memory.search('Where does Ann live?', { ...ann, asOf: time })).results.map((fact) => fact.memory)
}

/** A model that finds one town in a message, and always takes it for the newer one. */
function townsman(before: () => void = () => {}) {
  return inferring({
    find: (messages) => {
      before()
      return found(...messages.map(({ text, message }) => [`Ann lives in ${text}`, message] as const))
    },
    decide: () => ['update', 1],
  })
}

describe('what is learned from messages', () => {
  it('holds since the newest of them was said', async () => {
    const memory = openMemory()
    await memory.add(
      [
        { role: 'user', content: 'Ann lives in Berlin', createdAt: y2020 },
        { role: 'user', content: 'Ann has a cat', createdAt: y2024 },
      ],
      ann,
    )
    await memory.add({ role: 'user', content: 'Ann has a dog', createdAt: y2024 }, { ...ann, validFrom: y2019 })
    expect((await rows(memory)).map(([text, from]) => [text, from])).toEqual([
      ['Ann has a dog', '2019'],
      ['Ann has a cat', '2024'],
      ['Ann lives in Berlin', '2020'],
    ])
  })

  it('changes nothing that holds today if it is older', async () => {
    const { memory, model } = townsman()
    const say = async (content: string, createdAt?: string) =>
      (await memory.add({ role: 'user', content, ...(createdAt === undefined ? {} : { createdAt }) }, ann)).results
    const [lisbon] = await say('Lisbon', y2024)
    expect(await say('Berlin', y2020)).toMatchObject([{ event: 'ADD', endedBy: lisbon?.id }])
    expect(await rows(memory)).toEqual([['Ann lives in Lisbon', '2024', null]])
    expect(await asOf(memory, y2025)).toEqual(['Ann lives in Lisbon'])
    expect(await asOf(memory, '2021-01-01T00:00:00Z')).toEqual(['Ann lives in Berlin'])
    const asked = model.calls.filter(isDeciding).at(-1)?.said[0] ?? ''
    expect(asked).toContain(`"since":"${y2024}"`)
    expect(asked).toContain(`"said":"${y2020}"`)
    expect(await say('Berlin', '2021-01-01T00:00:00Z')).toMatchObject([{ event: 'NONE' }])
    expect(await say('Porto')).toMatchObject([{ event: 'UPDATE', previousMemory: 'Ann lives in Lisbon' }])
    expect((await rows(memory)).map(([text]) => text)).toEqual(['Ann lives in Porto'])
  })

  it('is newer than a fact from a clock that was ahead, if no time was stated', async () => {
    const clock = new ManualClock()
    const { memory } = inferring({ decide: () => ['update', 1] }, { clock })
    clock.pass(300 * day)
    await memory.add('Ann lives in Lisbon', ann)
    clock.pass(-299 * day)
    expect((await memory.add('Ann lives in Berlin', ann)).results).toMatchObject([{ event: 'UPDATE' }])
  })

  it('keeps the times of words that had to wait', async () => {
    let fails = false
    const { memory } = townsman(() => {
      if (fails) throw new Error('The model is down.')
    })
    await memory.add({ role: 'user', content: 'Lisbon', createdAt: y2024 }, ann)
    fails = true
    expect(await memory.add({ role: 'user', content: 'Berlin', createdAt: y2020 }, ann)).toMatchObject({
      results: [],
      degraded: ['model-failed'],
    })
    fails = false
    await memory.add({ role: 'user', content: 'Rome', createdAt: y2019 }, ann)
    expect(await rows(memory)).toEqual([['Ann lives in Lisbon', '2024', null]])
    expect(await rows(memory, { asOf: '2021-01-01T00:00:00Z' })).toContainEqual(['Ann lives in Berlin', '2020', '2024'])
  })
})

describe('a statement with an end', () => {
  it('holds until then, and afterwards only for questions about that time', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    const validTo = clock.ms + day
    const { results } = await memory.add('The office is closed', { ...ann, validTo })
    const id = results[0]?.id ?? ''
    expect(await memory.facts.get(id)).toMatchObject({ status: 'current', validTo: new Date(validTo) })
    expect((await memory.search('office', ann)).results).toHaveLength(1)
    clock.pass(day)
    expect(await memory.facts.get(id)).toBeNull()
    expect([(await memory.search('office', ann)).results, await rows(memory)]).toEqual([[], []])
    expect((await memory.space('resource/ann').recall('office')).items).toEqual([])
    expect((await memory.search('office', { ...ann, asOf: validTo - 1 })).results).toMatchObject([{ id }])
    expect(await memory.facts.get(id, { includeSuperseded: true })).toMatchObject({ status: 'superseded' })
  })

  it('may be all in the past, and must end after it began', async () => {
    const memory = openMemory()
    await memory.add('Ann lives in Lisbon', { ...ann, validFrom: y2024 })
    await memory.add('Ann lives in Berlin', { ...ann, validFrom: y2019, validTo: y2020 })
    expect(await rows(memory)).toEqual([['Ann lives in Lisbon', '2024', null]])
    expect(await asOf(memory, '2019-06-01T00:00:00Z')).toEqual(['Ann lives in Berlin'])
    await refused('invalid-input', () => memory.add('x', { ...ann, validFrom: y2020, validTo: y2019 }))
    await refused('invalid-input', () => memory.add('x', { ...ann, validTo: y2019 }))
  })

  it('by hand too never pushes out what is newer', async () => {
    const memory = openMemory()
    const { results } = await memory.add('Ann lives in Lisbon', { ...ann, validFrom: y2024 })
    await memory.add('Ann lives in Berlin', { ...ann, validFrom: y2020, supersedes: results[0]?.id ?? '' })
    expect(await rows(memory, { includeSuperseded: true })).toEqual([
      ['Ann lives in Berlin', '2020', '2024'],
      ['Ann lives in Lisbon', '2024', null],
    ])
    expect(await asOf(memory, y2025)).toEqual(['Ann lives in Lisbon'])
  })
})
