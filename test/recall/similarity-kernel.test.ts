// Own process: it takes WebAssembly away.
import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { assembleKernel } from '../../scripts/assemble-kernel.ts'
import { createDots, plainDots, quantiseQuery } from '../../src/recall/vectors/dot-kernel.ts'
import { dotModule } from '../../src/recall/vectors/dot-module.ts'
import { runRandom } from '../random-runs.ts'

const dots = createDots()

function both(values: Int8Array, query: Int16Array): [Int32Array, Int32Array] {
  const count = values.length / query.length
  const answers: [Int32Array, Int32Array] = [new Int32Array(count), new Int32Array(count)]
  dots(values, query, answers[0])
  plainDots(values, query, answers[1])
  return answers
}

it('is what the text assembles to', async () => {
  const assembled = await assembleKernel('recall/vectors/dot.wat')
  expect(Buffer.from(assembled).toString('base64')).toBe(dotModule)
})

it('is used where WebAssembly is there', () => {
  expect(dots).not.toBe(plainDots)
})

it('gives the sums of plain JavaScript, bit for bit, for any rows', async () => {
  const sample = fc.record({
    stride: fc.integer({ min: 1, max: 40 }).map((units) => units * 16),
    count: fc.integer({ min: 0, max: 40 }),
    seed: fc.integer(),
  })
  await runRandom(
    fc.property(sample, ({ stride, count, seed }) => {
      const random = createNumbers(seed)
      const values = Int8Array.from({ length: stride * count }, () => random(127))
      const query = Int16Array.from({ length: stride }, () => random(32_767))
      const [fast, plain] = both(values, query)
      expect(fast).toEqual(plain)
    }),
    100,
  )
})

/** Whole numbers from minus `most` to `most`, the same for the same seed. */
function createNumbers(seed: number): (most: number) => number {
  let state = seed | 1
  return (most) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return ((state >>> 0) % (2 * most + 1)) - most
  }
}

it('takes more rows than it copies at once, and rows larger than that', () => {
  const random = createNumbers(7)
  for (const [stride, count] of [
    [4_096, 200],
    [16, 70_000],
    [300_000, 3],
    [384, 683],
  ] as const) {
    const values = Int8Array.from({ length: stride * count }, () => random(127))
    const query = Int16Array.from({ length: stride }, () => random(50))
    const [fast, plain] = both(values, query)
    expect(fast.findIndex((sum, row) => sum !== plain[row])).toBe(-1)
  }
})

it('holds the largest sums there are at 16,384 dimensions', () => {
  const dimensions = 16_384
  for (const sign of [1, -1]) {
    const { values: query, scale } = quantiseQuery(new Float32Array(dimensions).fill(sign), dimensions)
    const [fast] = both(new Int8Array(dimensions).fill(127), query)
    // A row of equal numbers is the longest that bytes can hold; the query points the same way or against it.
    expect((fast[0] as number) * scale).toBeCloseTo(sign * 127 * Math.sqrt(dimensions), -2)
  }
})

it('pads a query, and refuses one without a length', () => {
  const { values, scale } = quantiseQuery([3, 0, -4], 16)
  expect(Array.from(values.subarray(0, 4))).toEqual([19_660, 0, -26_214, 0])
  expect((values[0] as number) * scale).toBeCloseTo(0.6, 4)
  expect(values).toHaveLength(16)
  for (const query of [[0, 0], [Number.NaN], []]) expect(() => quantiseQuery(query, 16)).toThrow('a query has a length')
})

it('counts in JavaScript where Node runs without a compiler', () => {
  vi.stubGlobal('WebAssembly', undefined)
  try {
    expect(createDots()).toBe(plainDots)
  } finally {
    vi.unstubAllGlobals()
  }
})
