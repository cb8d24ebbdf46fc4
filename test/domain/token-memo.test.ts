// What is remembered of tokens is what was remembered, whatever else is.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { TokenMemo } from '../../src/domain/index/token-memo.ts'
import { runRandom } from '../random-runs.ts'

const anyToken = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '#', 'é', '語'), minLength: 1, maxLength: 5 })

it('knows the terms of each token, wherever it stands', async () => {
  await runRandom(
    fc.property(fc.array(anyToken, { maxLength: 200, size: 'max' }), (tokens) => {
      const memo = new TokenMemo()
      const known = new Map<string, readonly number[]>()
      for (const [i, token] of tokens.entries()) {
        const into = [7]
        const expected = known.get(token)
        expect(memo.take(`x${token}y`, 1, 1 + token.length, into)).toBe(expected !== undefined)
        expect(into).toEqual([7, ...(expected ?? [])])
        if (expected !== undefined) continue
        const terms = Array.from({ length: i % 4 }, (_, k) => ((i * 4 + k) * 0x01010101) % 2 ** 32)
        memo.add(token, terms)
        known.set(token, terms)
      }
    }),
    200,
  )
})

it('remembers no long token', () => {
  const memo = new TokenMemo()
  memo.add('x'.repeat(33), [1])
  memo.add('x'.repeat(32), [2])
  const into: number[] = []
  expect(memo.take('x'.repeat(33), 0, 33, into)).toBe(false)
  expect(memo.take('x'.repeat(33), 0, 32, into)).toBe(true)
  expect(into).toEqual([2])
})

it('begins anew when it is full, and answers right all along', () => {
  const memo = new TokenMemo()
  const tokenAt = (i: number) => `token${i}`
  let forgotten = 0
  for (let i = 0; i < 90_000; i++) {
    const token = tokenAt(i)
    const into: number[] = []
    expect(memo.take(token, 0, token.length, into)).toBe(false)
    memo.add(token, [i])
    if (i % 997 !== 0) continue
    const earlier = tokenAt(Math.floor(i / 2))
    if (!memo.take(earlier, 0, earlier.length, into)) forgotten += 1
    else expect(into).toEqual([Math.floor(i / 2)])
    const own: number[] = []
    expect(memo.take(token, 0, token.length, own)).toBe(true)
    expect(own).toEqual([i])
  }
  expect(forgotten).toBeGreaterThan(0)
})
