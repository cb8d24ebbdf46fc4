import { describe, expect, it } from 'vitest'
import { found, isDeciding, modelOf } from '../memory/inferring.ts'
import { openMemory, refused } from '../memory/opened.ts'

const alice = { userId: 'alice' }

describe('a memory with a model', () => {
  it('learns by default what is said, and stores words as they are with infer: false', async () => {
    const model = modelOf({ find: () => found('Alice likes tea', 'Alice works at night') })
    const memory = openMemory({ model })
    const said = [
      { role: 'user', content: 'I like tea, by the way, and I work at night' },
      { role: 'assistant', content: 'Noted.' },
    ] as const
    const { results } = await memory.add([...said], { ...alice, metadata: { topic: 'habits' } })
    expect(results.map(({ event, memory: text }) => [event, text])).toEqual([
      ['ADD', 'Alice likes tea'],
      ['ADD', 'Alice works at night'],
    ])
    const plain = await memory.facts.add('Alice said hello', { ...alice, infer: false })
    expect(plain.results.map(({ event }) => event)).toEqual(['ADD'])
    const { results: all } = await memory.facts.getAll(alice)
    expect(all.map(({ memory: text, metadata }) => [text, metadata])).toEqual(
      expect.arrayContaining([
        ['Alice likes tea', { topic: 'habits' }],
        ['Alice said hello', expect.anything()],
      ]),
    )
    expect(model.calls.length).toBe(1)
  })

  it('takes an answer that its model put into a fence of Markdown', async () => {
    const fenced = `\`\`\`json\n${JSON.stringify(found('Alice likes tea'))}\n\`\`\``
    const model = modelOf({ find: () => fenced })
    const memory = openMemory({ model })
    const { results } = await memory.add('I like tea', alice)
    expect([results.map(({ memory: text }) => text), model.calls.length]).toEqual([['Alice likes tea'], 1])
    const broken = openMemory({ model: modelOf({ find: () => '```json\n{"statements": tea}\n```' }) })
    expect(await broken.add('I like tea', alice)).toMatchObject({ results: [], degraded: ['model-failed'] })
  })

  it('leaves one fact of five equal adds at once', async () => {
    const memory = openMemory({ model: modelOf({ find: () => found('Alice likes tea') }) })
    const added = await Promise.all(Array.from({ length: 5 }, () => memory.add('I like tea', alice)))
    const events = added.flatMap(({ results }) => results.map(({ event }) => event)).toSorted()
    expect(events).toEqual(['ADD', 'NONE', 'NONE', 'NONE', 'NONE'])
    expect((await memory.facts.getAll(alice)).results).toHaveLength(1)
  })

  it('puts a fact in the place of another one, which is then found on no path', async () => {
    let town = 'Berlin'
    const model = modelOf({
      find: () => found(`Alice lives in ${town}`),
      decide: (_, facts) => ['update', facts[0]?.fact ?? null],
    })
    const memory = openMemory({ model })
    const [first] = (await memory.add('I live in Berlin', alice)).results
    town = 'Lisbon'
    const [second] = (await memory.add('I moved to Lisbon', alice)).results
    expect(second).toMatchObject({
      event: 'UPDATE',
      memory: 'Alice lives in Lisbon',
      previousMemory: 'Alice lives in Berlin',
    })
    expect(second?.supersedes).toEqual([first?.id])
    const search = await memory.search('Where does Alice live?', alice)
    expect(search.results.map(({ memory: text }) => text)).toEqual(['Alice lives in Lisbon'])
    expect(await memory.facts.get(first?.id ?? '')).toBeNull()
    expect(model.calls.filter(isDeciding)).toHaveLength(1)
  })

  it('keeps words that its model could not use, and learns from them when it settles', async () => {
    let isUseful = false
    const memory = openMemory({ model: modelOf({ find: () => (isUseful ? found('Alice likes tea') : 'Sure, tea!') }) })
    const failed = await memory.add('I like tea', alice)
    expect(failed).toMatchObject({ results: [], degraded: ['model-failed'], queued: [expect.any(String)] })
    expect(failed.error?.fix).not.toBe('')
    expect((await memory.facts.getAll(alice)).results).toEqual([])
    await memory.settled()
    expect((await memory.facts.getAll(alice)).results).toEqual([])
    isUseful = true
    await memory.settled()
    expect((await memory.facts.getAll(alice)).results.map(({ memory: text }) => text)).toEqual(['Alice likes tea'])
  })

  it('refuses what only the caller can decide', async () => {
    const memory = openMemory({ model: modelOf() })
    for (const option of [{ supersedes: 'fact_a' }, { contradicts: 'fact_a' }, { commitId: 'c' }]) {
      const error = await refused('invalid-input', () => memory.add('I like tea', { ...alice, ...option }))
      expect(error.details.field).toBe(Object.keys(option)[0])
    }
    expect((await memory.facts.getAll(alice)).results).toEqual([])
  })
})

describe('a memory without a model', () => {
  it('says how to give it one', async () => {
    const error = await refused('unsupported', () => openMemory().add('I like tea', { ...alice, infer: true }))
    expect(error.fix).toContain('model')
  })
})
