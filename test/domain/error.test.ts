// What an error says is short, whatever it quotes, and making one never fails.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { errorCodes, invalidInput, MemoryError, notFound, shown } from '../../src/domain/error.ts'
import { runRandom } from '../random-runs.ts'

const bytesOf = (value: unknown) => Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value))
const long = (unit: string) => unit.repeat(Math.ceil(100_000 / unit.length))

function expectShort(error: MemoryError): void {
  expect(bytesOf(error.message)).toBeLessThanOrEqual(2_048)
  expect(bytesOf(error.fix)).toBeLessThanOrEqual(2_048)
  expect(bytesOf(error.details)).toBeLessThanOrEqual(24_576)
  expect(error.message.isWellFormed()).toBe(true)
}

it.each(['x', 'é', '漢', '🙂', 'a🙂', '\n', '"', '\u0000'])('cuts texts of 100 KB of %j in the middle', (unit) => {
  const text = `begin ${long(unit)} end`
  const error = new MemoryError('bug', { message: text, fix: text, details: { text, list: [text, { text }] } })
  expectShort(error)
  expect(error.message).toMatch(/^begin [\s\S]* \[…\] [\s\S]* end begin [\s\S]* end$/)
  expect(error.details.text).toMatch(/^begin [\s\S]* \[…\] [\s\S]* end$/)
  expectShort(invalidInput(text, text, text, text))
  expectShort(invalidInput('field', 'rule', { [text]: text }, 'Mend it.'))
  expectShort(notFound(text, text, text))
  expectShort(error.toJSON() as unknown as MemoryError)
})

it('keeps what is short as it is', () => {
  const details = { field: 'a', openTurns: [{ turnId: 't', until: 'u' }], version: null, isOver: true, count: 3 }
  const error = new MemoryError('conflict', { message: 'It is so.', fix: 'Do this.', details })
  expect([error.message, error.fix, error.details]).toEqual(['It is so. Do this.', 'Do this.', details])
})

it('makes details small and plain, however many and deep the values are', () => {
  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`${i}${long('k')}`, long('v')]))
  const details = {
    cyclic,
    many,
    list: Array.from({ length: 100_000 }, () => long('x')),
    big: 10n ** 50_000n,
    f: expect,
  }
  expectShort(new MemoryError('bug', { message: 'm', fix: 'f', details }))
})

const throwing = () => {
  throw new Error('a trap')
}
const hostile = new Proxy({}, { ownKeys: throwing, get: throwing, getPrototypeOf: throwing, has: throwing })
const { proxy: revoked, revoke } = Proxy.revocable({}, {})
revoke()
const unreadable = Object.defineProperty({}, 'a', { enumerable: true, get: throwing })
class OddDate extends Date {
  override toISOString = throwing
}

it.each([
  ['a proxy', hostile],
  ['a revoked proxy', revoked],
  ['a getter', unreadable],
  ['a date', new OddDate(0)],
])('is made with %s that throws', (_, value) => {
  expect(shown(value).length).toBeLessThan(200)
  const error = invalidInput('field', 'must be read', value, 'Mend it.')
  expect([error.code, error.details.field]).toEqual(['invalid-input', 'field'])
  expectShort(new MemoryError('bug', { message: 'm', fix: 'f', details: { value } }))
})

it('is short for any texts and values', async () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 5_000 }), fc.string({ maxLength: 5_000 }))
  const details = fc.dictionary(text, fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }))
  await runRandom(
    fc.property(fc.constantFrom(...errorCodes), text, text, details, (code, message, fix, given) => {
      const error = new MemoryError(code, { message, fix, details: given })
      expect(bytesOf(error.message)).toBeLessThanOrEqual(2_048)
      expect(JSON.stringify(error).length).toBeLessThan(60_000)
    }),
    100,
  )
})
