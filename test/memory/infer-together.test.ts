import { describe, expect, it } from 'vitest'
import { factsOf, homeOf, infer, inferring, isDeciding, numberOf, textsIn } from './inferring.ts'
import { temporaryUrl } from './opened.ts'

describe('learning at once', () => {
  it('leaves one fact of five equal ones', async () => {
    const { memory } = inferring()
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => infer(memory, 'Alice likes tea')))
    const results = answers.flatMap((answer) => answer.results)
    expect(results.map(({ event }) => event).toSorted()).toEqual(['ADD', 'NONE', 'NONE', 'NONE', 'NONE'])
    expect(new Set(results.map(({ id }) => id)).size).toBe(1)
    expect([await textsIn(memory), await textsIn(memory, 'queued')]).toEqual([['Alice likes tea'], []])
  })

  it('leaves one fact of five equal ones from two memories on one file', async () => {
    const storage = temporaryUrl()
    const memories = [inferring({}, { storage }).memory, inferring({}, { storage }).memory]
    const five = [0, 1, 0, 1, 0].map((index) => memories[index] as (typeof memories)[number])
    const answers = await Promise.all(five.map((memory) => infer(memory, 'Alice likes tea')))
    expect(answers.flatMap(({ results }) => results.map(({ event }) => event)).toSorted()).toEqual([
      'ADD',
      'NONE',
      'NONE',
      'NONE',
      'NONE',
    ])
    expect(await textsIn(five[0] as (typeof memories)[number])).toEqual(['Alice likes tea'])
  })

  it('stores all of many different ones', async () => {
    const { memory } = inferring()
    const texts = Array.from({ length: 12 }, (_, index) => `Fact number${index}`)
    const answers = await Promise.all(texts.map((text) => infer(memory, text)))
    expect(answers.map(({ degraded }) => degraded).filter((one) => one !== undefined)).toEqual([])
    expect((await textsIn(memory)).toSorted()).toEqual(texts.toSorted())
  })

  it('never overwrites what was written while the model thought', async () => {
    const { memory, model } = inferring({
      decide: async (_, [fact]) => {
        if (fact?.text !== 'Alice lives in Oslo') return ['update', 1]
        const [oslo] = await factsOf(memory)
        await homeOf(memory).commit([{ kind: 'fact-assert', factId: oslo?.id ?? '', text: 'Alice lives in Voss' }])
        return ['update', 1]
      },
    })
    await infer(memory, 'Alice lives in Oslo')
    const { results } = await infer(memory, 'Alice lives in Bergen')
    expect(results.map(({ event, previousMemory }) => [event, previousMemory])).toEqual([
      ['UPDATE', 'Alice lives in Voss'],
    ])
    expect(model.calls.filter(isDeciding).length).toBe(2)
    expect([await textsIn(memory), await textsIn(memory, 'superseded')]).toEqual([
      ['Alice lives in Bergen'],
      ['Alice lives in Voss'],
    ])
  })

  it('leaves to a later call what changes under its hands each time', async () => {
    let writes = 0
    const { memory, model } = inferring({
      decide: async () => {
        writes += 1
        const [fact] = await factsOf(memory)
        const text = `Alice lives in Oslo, house ${writes}`
        if (writes <= 4) await homeOf(memory).commit([{ kind: 'fact-assert', factId: fact?.id ?? '', text }])
        return ['update', 1]
      },
    })
    await homeOf(memory).commit([{ kind: 'fact-assert', unique: 'w0', text: 'Alice lives in Oslo' }])
    const { results, degraded, queued } = await infer(memory, 'Alice lives in Bergen')
    expect([results, degraded, queued?.length]).toEqual([[], ['busy'], 1])
    expect(model.calls.filter(isDeciding).length).toBe(3)
    expect(await textsIn(memory)).toEqual(['Alice lives in Oslo, house 3'])
    writes = 9
    await infer(memory, 'Alice likes tea')
    expect(await textsIn(memory, 'superseded')).toContain('Alice lives in Oslo, house 3')
    expect(await textsIn(memory, 'queued')).toEqual([])
  })

  it('asks anew three times at most, and then holds on to the facts it names alone', async () => {
    let writes = 0
    const { memory, model } = inferring({
      decide: async () => {
        writes += 1
        const text = `Alice lives in Oslo, house ${writes}`
        await homeOf(memory).commit([{ kind: 'fact-assert', unique: `w${writes}`, text }])
        return ['add', null]
      },
    })
    await homeOf(memory).commit([{ kind: 'fact-assert', unique: 'w0', text: 'Alice lives in Oslo' }])
    const { results } = await infer(memory, 'Alice lives in Bergen')
    expect(results.map(({ event }) => event)).toEqual(['ADD'])
    expect(model.calls.filter(isDeciding).length).toBe(3)
  })

  it('does not ask again for a write that is like nothing it decided about', async () => {
    let writes = 0
    const { memory, model } = inferring({
      decide: async (_, shown) => {
        writes += 1
        const [fact] = await factsOf(memory)
        await homeOf(memory).commit([
          { kind: 'fact-assert', unique: `w${writes}`, text: 'Zebras graze quietly' },
          { kind: 'fact-assert', factId: fact?.id ?? '', metadata: { seen: writes } },
        ])
        return ['update', numberOf(shown, 'Alice lives in house 1')]
      },
    })
    const houses = [1, 2, 3, 4, 5].map((house) => {
      return { kind: 'fact-assert', unique: `h${house}`, text: `Alice lives in house ${house}` } as const
    })
    await homeOf(memory).commit(houses)
    const { results } = await infer(memory, 'Alice lives in Bergen')
    expect(results[0]?.previousMemory).toBe('Alice lives in house 1')
    expect(model.calls.filter(isDeciding).length).toBe(1)
  })
})
