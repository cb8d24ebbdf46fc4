// The cache of segments: what it reads, what it keeps, and what gives way.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SegmentCache } from '../../src/storage/segment-cache.ts'
import { runRandom } from '../random-runs.ts'

function cacheOf(limit: number) {
  const reads: number[] = []
  const cache = new SegmentCache<{ number: number }>(limit)
  const get = (number: number, bytes = 10) => {
    const read = () => {
      reads.push(number)
      return { segment: { number }, bytes }
    }
    return cache.get(number, read)
  }
  return { cache, get, reads }
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

it('keeps no more than fits beside the one that was asked for last, whatever is asked', async () => {
  await runRandom(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 40, size: 'max' }), (asked) => {
      const { get, cache } = cacheOf(100)
      const bytesOf = (number: number) => (number % 3 === 0 ? 200 : 40)
      for (const number of asked) expect(get(number, bytesOf(number))?.number).toBe(number)
      // Looking with a read that finds nothing changes nothing, so it shows what is there.
      const there = [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((number) => cache.get(number, () => null) !== null)
      const last = asked.at(-1)
      const others = there.filter((number) => number !== last)
      if (last !== undefined) expect(there).toContain(last)
      expect(others.reduce((sum, number) => sum + bytesOf(number), 0)).toBeLessThanOrEqual(100)
    }),
    100,
  )
})
