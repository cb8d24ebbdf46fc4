// Times that callers pass: a text must mean the same time on every machine.
import { describe, expect, it } from 'vitest'
import { MemoryError } from '../../src/domain/error.ts'
import { toIso, toRange } from '../../src/domain/time.ts'

function refusalOf(read: () => unknown): string {
  try {
    return `read as ${JSON.stringify(read())}`
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error
    expect([error.code, error.fix.length > 0]).toEqual(['invalid-input', true])
    return error.message
  }
}

describe('a time', () => {
  it.each([
    ['2026-03-29', '2026-03-29T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2026-03-29T23:30:00Z', '2026-03-29T23:30:00.000Z'],
    ['2026-03-29T23:30Z', '2026-03-29T23:30:00.000Z'],
    ['2026-03-29T23:30:00.25+02:00', '2026-03-29T21:30:00.250Z'],
    ['2026-12-31T23:30:00-01:00', '2027-01-01T00:30:00.000Z'],
    [0, '1970-01-01T00:00:00.000Z'],
    [new Date(5), '1970-01-01T00:00:00.005Z'],
  ])('reads %s', (given, iso) => expect(toIso(given, 'at')).toBe(iso))

  it.each([
    ['2026-03-29T00:00:00', 'zone'],
    ['2026-03-29T00:00', 'zone'],
    ['2026-02-30', 'exists'],
    ['2025-02-29T00:00:00Z', 'exists'],
    ['2026-04-31T12:00:00+01:00', 'exists'],
    ['2026-13-01', 'exists'],
    ['2026-00-10', 'exists'],
    ['2026-01-00', 'exists'],
    ['2026-03-29T25:00:00Z', 'a time'],
    ['2026-03-29T23:61:00Z', 'a time'],
    ['2026-03-29 00:00:00', 'a time'],
    ['March 5, 2026', 'a time'],
    ['5', 'a time'],
    ['', 'a time'],
    [1.5, 'a time'],
    [Number.NaN, 'a time'],
    [8.64e15 + 1, 'a time'],
    [new Date(Number.NaN), 'a time'],
    [null, 'a time'],
    [{}, 'a time'],
  ])('refuses %s', (given, why) => expect(refusalOf(() => toIso(given, 'at'))).toContain(why))
})

describe('a range', () => {
  const read = (start?: unknown, end?: unknown) => toRange(start, end, ['start', 'end'])

  it('is open where an end is left out, and may be one moment', () => {
    expect(read()).toEqual({ from: null, to: null })
    expect(read('2026-03-29')).toMatchObject({ to: null })
    expect(read('2026-03-29', '2026-03-29T00:00:00Z')).toEqual({
      from: '2026-03-29T00:00:00.000Z',
      to: '2026-03-29T00:00:00.000Z',
    })
  })

  it('never ends before it begins', () => {
    expect(refusalOf(() => read('2026-03-30', '2026-03-29'))).toContain('before start')
    expect(refusalOf(() => read(undefined, '2026-02-30'))).toContain('exists')
  })
})
