import { expect, it } from 'vitest'
import { withCommas } from '../../src/domain/with-commas.ts'

it.each([0, 7, 999, 1_000, 65_536, 123_456, 1_234_567, -1, -1_000, -123_456, Number.MAX_SAFE_INTEGER])(
  'writes %s as English does',
  (count) => expect(withCommas(count)).toBe(count.toLocaleString('en')),
)

it.each([0.2, 1_234.567, Number.NaN, Number.POSITIVE_INFINITY, 1e21])('leaves %s as it is', (count) => {
  expect(withCommas(count)).toBe(String(count))
})
