// The cache of segments: what it reads, what it keeps, and what gives way.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CacheBudget, type Cached } from '../../src/storage/cache-budget.ts'
import { SegmentCache } from '../../src/storage/segment-cache.ts'
import { runRandom } from '../random-runs.ts'

function cacheOf(limit: number) {
  const reads: number[] = []
  const budget = new CacheBudget(limit)
  const cache = new SegmentCache<{ number: number }>(budget, 'words')
  const get = (number: number, bytes = 10) => {
    const read = () => {
      reads.push(number)
      return { segment: { number }, bytes }
    }
    const segment = cache.get(number, read)
    budget.makeRoom()
    return segment
  }
  return { budget, cache, get, reads }
}

it('reads a segment once while there is room', () => {
  const { get, reads } = cacheOf(30)
  const first = get(1)
  expect([get(2)?.number, get(3)?.number]).toEqual([2, 3])
  expect(get(1)).toBe(first)
  expect(reads).toEqual([1, 2, 3])
})

it('lets those go that were not used', () => {
  const { get, reads } = cacheOf(30)
  for (const number of [1, 2, 3, 1, 3, 4, 1, 3, 4, 2]) get(number)
  expect(reads).toEqual([1, 2, 3, 4, 2])
})

it('remembers nothing that is not there', () => {
  const { cache, get } = cacheOf(30)
  expect(cache.get(1, () => null)).toBeNull()
  expect(get(1)?.number).toBe(1)
})

it('keeps no more than fits, whatever is asked, and counts it', async () => {
  await runRandom(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 40, size: 'max' }), (asked) => {
      const { get, cache, budget } = cacheOf(100)
      const bytesOf = (number: number) => (number % 3 === 0 ? 200 : 40)
      for (const number of asked) expect(get(number, bytesOf(number))?.number).toBe(number)
      // Looking with a read that finds nothing changes nothing, so it shows what is there.
      const there = [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((number) => cache.get(number, () => null) !== null)
      expect(there.reduce((sum, number) => sum + bytesOf(number), 0)).toBe(budget.bytes)
      expect(budget.bytes).toBeLessThanOrEqual(100)
      expect(cache.size).toBe(there.length)
      cache.clear()
      expect([budget.bytes, cache.size]).toEqual([0, 0])
    }),
    100,
  )
})

it('shares the room with other caches, and lets one thing go at a time', () => {
  const { budget, get, reads } = cacheOf(100)
  const dropped: string[] = []
  const other: Cached = { kind: 'spaces', bytes: 30, isUsed: false, drop: () => dropped.push('other') }
  budget.add(other)
  for (const number of [1, 2, 3]) get(number, 20)
  budget.weigh(other, 50)
  budget.makeRoom()
  expect([dropped, budget.bytes]).toEqual([['other'], 60])
  expect(budget.use).toEqual({ bytes: 60, limitBytes: 100, parts: { spaces: 0, words: 60, vectors: 0, entries: 0 } })
  budget.weigh(other, 5_000)
  expect(budget.bytes).toBe(60)
  budget.raiseTo(120)
  for (const number of [4, 5, 6]) get(number, 20)
  for (const number of [1, 2, 3, 4, 5, 6]) get(number)
  expect(reads).toEqual([1, 2, 3, 4, 5, 6])
})
