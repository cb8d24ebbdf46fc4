// Numbered parameters become plain ones: only those are bound by every version of node:sqlite.
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainParameters } from '../../src/storage/sqlite/parameters.ts'
import { Statement } from '../../src/storage/sqlite/statement.ts'
import { runRandom } from '../random-runs.ts'

describe('plainParameters', () => {
  it.each([
    ['SELECT 1', 'SELECT 1', 0, null],
    ['SELECT ?, ?', 'SELECT ?, ?', 2, null],
    ['SELECT ?1, ?2', 'SELECT ?, ?', 2, null],
    ['SELECT ?2, ?1', 'SELECT ?, ?', 2, [1, 0]],
    ['SELECT ?1, ?1 + 1, ?2', 'SELECT ?, ? + 1, ?', 2, [0, 0, 1]],
    [`SELECT '?2 it''s ?', "?3", ?1 -- ?4`, `SELECT '?2 it''s ?', "?3", ? -- ?4`, 1, null],
    [`SELECT json -> '$.a' /* ?9 :b */ FROM [t?] WHERE \`:c\` = ?`, undefined, 1, null],
  ])('%s', (sql, expected, valueCount, order) => {
    expect(plainParameters(sql)).toEqual({ sql: expected ?? sql, valueCount, order })
  })

  it.each(['SELECT ?, ?1', 'SELECT ?1, ?3', 'SELECT ?0, ?1', 'SELECT :a', 'SELECT @a', 'SELECT $a', 'SELECT ?2'])(
    'refuses %s',
    (sql) => expect(() => plainParameters(sql)).toThrow('An internal check failed'),
  )
})

describe('a statement', () => {
  const database = new DatabaseSync(':memory:')

  it('binds each value to all parameters of its number', async () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1 })
    const parameters = numbers.chain((some) => {
      const count = Math.max(...some)
      const all = Array.from({ length: count }, (_, index) => index + 1)
      return fc.shuffledSubarray([...all, ...some], { minLength: count + some.length })
    })
    await runRandom(
      fc.property(parameters, (order) => {
        const statement = new Statement<readonly string[]>(
          database,
          `SELECT ${order.map((n) => `?${n}`).join(', ')}`,
          ':memory:',
        )
        const values = Array.from({ length: Math.max(...order) }, (_, index) => `value ${index + 1}`)
        const expected = order.map((number) => `value ${number}`)
        expect(statement.get(...values)).toEqual(expected)
        expect(statement.all(...values)).toEqual([expected])
        expect([...statement.iterate(...values)]).toEqual([expected])
      }),
      100,
    )
  })

  it.each([[[]], [['one']], [['one', 'two', 'three']]])('refuses values %j where it takes two', (values) => {
    const statement = new Statement(database, 'SELECT ?1, ?2, ?1', ':memory:')
    for (const run of ['get', 'all', 'iterate', 'run'] as const) {
      expect(() => statement[run](...values)).toThrow('as many values as it has parameters')
    }
  })
})
