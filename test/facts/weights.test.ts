// Importance and age as weights of a search: off unless asked for.
import { describe, expect, it } from 'vitest'
import { ManualClock, openMemory, refused } from '../memory/opened.ts'

const alice = { userId: 'alice', infer: false } as const

async function opened() {
  const clock = new ManualClock()
  const memory = openMemory({ clock })
  const year = (years: number) => new Date(clock.now() - years * 31_536_000_000)
  await memory.add('Alice drinks tea', { ...alice, validFrom: year(2), importance: 0.01 })
  await memory.add('Alice drinks tea at noon', { ...alice, validFrom: year(0), importance: 0.9 })
  await memory.add('Alice drinks much tea at noon and at night', { ...alice, validFrom: year(1) })
  const texts = async (options: object = {}) => {
    const { results } = await memory.search('tea drinks', { userId: 'alice', ...options })
    return results.map(({ memory: text }) => text.split(' ').length)
  }
  return { memory, clock, texts }
}

describe('a search', () => {
  it('goes by words alone without weights, and with weights of nothing', async () => {
    const { texts } = await opened()
    expect(await texts()).toEqual([3, 5, 9])
    expect(await texts({ weights: { importance: 0 } })).toEqual([3, 5, 9])
  })

  it('puts what matters more first, and what nobody weighed in the middle', async () => {
    const { texts } = await opened()
    expect(await texts({ weights: { importance: 1 } })).toEqual([5, 9, 3])
    expect(await texts({ weights: { importance: 1 }, topK: 1 })).toEqual([5])
  })

  it('lets older facts count less, by when they began or when they changed', async () => {
    const { memory, clock, texts } = await opened()
    expect(await texts({ weights: { decay: { halfLife: '90d' } } })).toEqual([5, 9, 3])
    clock.pass(31_536_000_000)
    const [first] = (await memory.facts.getAll({ userId: 'alice' })).results.toReversed()
    await memory.facts.update(first?.id as string, { metadata: { seen: true } })
    expect((await texts({ weights: { decay: { halfLife: '30d', by: 'updatedAt' } } }))[0]).toBe(3)
    expect(await texts({ weights: { decay: { halfLife: '520w' } } })).toEqual([3, 5, 9])
  })

  it('refuses weights that mean nothing', async () => {
    const { texts } = await opened()
    for (const weights of [
      { importance: 2 },
      { decay: { halfLife: 'soon' } },
      { decay: { halfLife: 0 } },
      { age: 1 },
    ]) {
      await refused('invalid-input', () => texts({ weights }))
    }
  })
})
