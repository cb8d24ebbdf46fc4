// Metadata filters: what each operator lets in, what is refused, and all of it against a plain second implementation.
import { type Json, type JsonObject, MemoryError } from 'aquifer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkFilter, compileFilter } from '../../src/domain/filter.ts'
import { defaultLimits } from '../../src/domain/limits.ts'
import { runRandom } from '../random-runs.ts'

const operators = '$eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, $contains, $and, $or, $not'

function refusalOf(filter: unknown): MemoryError {
  try {
    compileFilter(filter, 'filter', defaultLimits)
  } catch (error) {
    if (error instanceof MemoryError) return error
    throw error
  }
  throw new Error(`${JSON.stringify(filter)} was taken`)
}

describe('an operator', () => {
  const open = { status: 'open', age: 30, tags: ['a', 'b'], note: 'call ann', nothing: null, on: true }
  it.each<[string, JsonObject, boolean]>([
    ['a value', { status: 'open' }, true],
    ['another value', { status: 'done' }, false],
    ['a value of another type', { age: '30' }, false],
    ['$eq', { age: { $eq: 30 } }, true],
    ['$eq of another', { age: { $eq: 31 } }, false],
    ['$eq of a list', { tags: { $eq: ['a', 'b'] } }, true],
    ['$eq of a list in another order', { tags: ['b', 'a'] }, false],
    ['$ne', { age: { $ne: 31 } }, true],
    ['$ne of the same', { age: { $ne: 30 } }, false],
    ['$gt', { age: { $gt: 29 } }, true],
    ['$gt of the same', { age: { $gt: 30 } }, false],
    ['$gte', { age: { $gte: 30 } }, true],
    ['$gte of more', { age: { $gte: 31 } }, false],
    ['$lt', { age: { $lt: 31 } }, true],
    ['$lt of the same', { age: { $lt: 30 } }, false],
    ['$lte', { age: { $lte: 30 } }, true],
    ['$lte of less', { age: { $lte: 29 } }, false],
    ['$gt of texts', { status: { $gt: 'done' } }, true],
    ['an order across types', { age: { $gt: '1' } }, false],
    ['the order of a list', { tags: { $gt: 0 } }, false],
    ['$in', { status: { $in: ['new', 'open'] } }, true],
    ['$in of others', { status: { $in: ['new'] } }, false],
    ['$in of nothing', { status: { $in: [] } }, false],
    ['$in of a list among others', { tags: { $in: [1, ['a', 'b']] } }, true],
    ['$in of an item of the list', { tags: { $in: ['a'] } }, false],
    ['$in of null where there is nothing', { none: { $in: [null] } }, true],
    ['$nin of null where there is nothing', { none: { $nin: [null] } }, false],
    ['$nin', { status: { $nin: ['new'] } }, true],
    ['$nin with it', { status: { $nin: ['open'] } }, false],
    ['$nin of nothing', { status: { $nin: [] } }, true],
    ['$exists', { age: { $exists: true } }, true],
    ['$exists of null', { nothing: { $exists: true } }, true],
    ['$exists: false', { age: { $exists: false } }, false],
    ['$contains in a list', { tags: { $contains: 'b' } }, true],
    ['$contains of another item', { tags: { $contains: 'c' } }, false],
    ['$contains in a text', { note: { $contains: 'l a' } }, true],
    ['$contains of another text', { note: { $contains: 'L A' } }, false],
    ['$contains in a number', { age: { $contains: 3 } }, false],
    ['several on one field', { age: { $gt: 20, $lt: 40, $ne: 31 } }, true],
    ['several, one of which fails', { age: { $gt: 20, $lt: 25, $ne: 31 } }, false],
    ['several fields', { status: 'open', age: { $gte: 30 } }, true],
    ['several fields, one of which fails', { status: 'open', age: { $gt: 30 } }, false],
    ['$and', { $and: [{ status: 'open' }, { age: 30 }] }, true],
    ['$and, one of which fails', { $and: [{ status: 'open' }, { age: 31 }] }, false],
    ['$or', { $or: [{ status: 'done' }, { age: 30 }] }, true],
    ['$or, all of which fail', { $or: [{ status: 'done' }, { age: 31 }] }, false],
    ['$or beside a field that fails', { on: false, $or: [{ age: 30 }] }, false],
    ['$not around filters', { $not: { status: 'done' } }, true],
    ['$not around what holds', { $not: { status: 'open', age: 30 } }, false],
    ['$not around a part of which fails', { $not: { status: 'open', age: 31 } }, true],
    ['$not in a field', { age: { $not: { $gt: 40 } } }, true],
    ['$not in a field, of what holds', { age: { $not: { $gt: 20, $lt: 40 } } }, false],
    ['$not of a value', { age: { $not: 30 } }, false],
    ['$not beside another operator', { age: { $gt: 20, $not: { $eq: 30 } } }, false],
    ['nested', { $or: [{ $and: [{ age: 31 }, { on: true }] }, { $not: { $or: [{ on: false }] } }] }, true],
    ['nothing', {}, true],
  ])('%s', (_, filter, expected) => expect(compileFilter(filter)(open)).toBe(expected))
})

describe('a field that is not there', () => {
  it.each<[JsonObject, boolean]>([
    [{ x: null }, true],
    [{ x: { $eq: null } }, true],
    [{ x: { $ne: null } }, false],
    [{ x: { $ne: 1 } }, true],
    [{ x: { $gt: 0 } }, false],
    [{ x: { $lt: 0 } }, false],
    [{ x: { $not: { $gt: 0 } } }, true],
    [{ x: { $in: [1, null] } }, true],
    [{ x: { $in: [1] } }, false],
    [{ x: { $nin: [1] } }, true],
    [{ x: { $nin: [null] } }, false],
    [{ x: { $exists: false } }, true],
    [{ x: { $exists: true } }, false],
    [{ x: { $contains: 'a' } }, false],
    [{ constructor: { $exists: true } }, false],
    [{ 'toString.length': { $exists: true } }, false],
  ])('%j', (filter, expected) => expect(compileFilter(filter)({ y: 1 })).toBe(expected))
})

describe('a name with dots', () => {
  it.each<[JsonObject, boolean]>([
    [{ 'user.city': 'Bern' }, true],
    [{ 'user.home.zip': { $gte: 3000 } }, true],
    [{ 'user.home': { zip: 3000 } }, true],
    [{ 'user.home': {} }, false],
    [{ 'user.city.length': 4 }, false],
    [{ 'tags.0': 'a' }, false],
    [{ 'a.b': 'own' }, true],
    [{ 'user.': { $exists: true } }, false],
  ])('%j', (filter, expected) => {
    const metadata = { user: { city: 'Bern', home: { zip: 3000 } }, tags: ['a'], 'a.b': 'own', a: { b: 'path' } }
    expect(compileFilter(filter)(metadata)).toBe(expected)
  })
})

it('compares dates as the texts that metadata holds', () => {
  const since = compileFilter({
    due: { $gte: new Date('2026-03-01T00:00:00Z'), $lt: new Date('2026-04-01T00:00:00Z') },
  })
  expect(since({ due: '2026-03-15T12:00:00.000Z' })).toBe(true)
  expect(since({ due: '2026-04-01T00:00:00.000Z' })).toBe(false)
  expect(compileFilter({ $or: [{ due: { $in: [new Date(0)] } }] })({ due: '1970-01-01T00:00:00.000Z' })).toBe(true)
})

describe('refuses', () => {
  const cycle: Record<string, unknown> = {}
  cycle.$not = cycle
  const nested = (levels: number) => {
    let filter: Record<string, unknown> = { a: 1 }
    for (let i = 0; i < levels; i++) filter = { $not: filter }
    return filter
  }
  const invalidDate = new Date(Number.NaN)

  it.each<[string, unknown, string]>([
    ['$gt of true', { age: { $gt: true } }, 'filter.age.$gt'],
    ['$gte of null', { age: { $gte: null } }, 'filter.age.$gte'],
    ['$lt of a list', { age: { $lt: [1] } }, 'filter.age.$lt'],
    ['$lte of an object', { age: { $lte: {} } }, 'filter.age.$lte'],
    ['$in of a value', { age: { $in: 3 } }, 'filter.age.$in'],
    ['$nin of a text', { age: { $nin: 'abc' } }, 'filter.age.$nin'],
    ['$exists of a number', { age: { $exists: 1 } }, 'filter.age.$exists'],
    ['$and of an object', { $and: { a: 1 } }, 'filter.$and'],
    ['$or of nothing', { $or: [] }, 'filter.$or'],
    ['$and of a value', { $and: [1] }, 'filter'],
    ['$not of a value', { $not: 1 }, 'filter'],
    ['a list', [{ a: 1 }], 'filter'],
    ['a text', 'a = 1', 'filter'],
    ['null', null, 'filter'],
    ['a field without a value', { a: undefined }, 'filter.a'],
    ['a function', { a: () => 1 }, 'filter.a'],
    ['NaN', { a: { $gt: Number.NaN } }, 'filter.a.$gt'],
    ['an invalid date', { a: { $gt: invalidDate } }, 'filter.a.$gt'],
    ['a class instance', { a: new Map() }, 'filter.a'],
    ['operators beside fields', { a: { $gt: 1, b: 2 } }, 'filter.a.b'],
  ])('%s', (_, filter, field) => {
    const error = refusalOf(filter)
    expect(error).toMatchObject({ code: 'invalid-input', details: { field, rule: expect.stringMatching(/^\w/) } })
    expect(error.fix).not.toBe('')
  })

  it.each<[string, unknown, string]>([
    ['$near', { place: { $near: 1 } }, 'filter.place.$near'],
    ['$GT', { age: { $GT: 1 } }, 'filter.age.$GT'],
    ['$where', { $where: 'this.a' }, 'filter.$where'],
    ['$gt', { $gt: 1 }, 'filter.$gt'],
    ['$toString', { a: { $toString: 1 } }, 'filter.a.$toString'],
    ['$regex', { $or: [{ a: { $not: { $regex: 'x' } } }] }, 'filter.a.$regex'],
  ])('the unknown operator %s by its name, and lists those it knows', (name, filter, field) => {
    const error = refusalOf(filter)
    expect(error).toMatchObject({ code: 'invalid-input', details: { field } })
    expect(error.message).toContain(`"${name}"`)
    expect(error.fix).toBe(`The operators are ${operators}.`)
  })

  it('filters too deep or too large, however they are made', () => {
    for (const filter of [nested(40), nested(100_000), cycle, { a: cycle }]) {
      expect(refusalOf(filter)).toMatchObject({ code: 'invalid-input' })
    }
    const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`f${i}`, 1]))
    expect(refusalOf(many)).toMatchObject({ details: { rule: 'must have at most 1000 conditions, 32 deep' } })
    expect(compileFilter(nested(20))({ a: 1 })).toBe(true)
    const wide = { a: { $in: Array.from({ length: 30_000 }, (_, i) => `value ${i}`) } }
    expect(refusalOf(wide)).toMatchObject({ details: { rule: 'must have at most 262144 bytes' } })
    const lower = { filterConditions: 2, filterDepth: 2, filterBytes: 20 }
    for (const filter of [{ a: 1, b: 2 }, { a: { $not: { $not: 1 } } }, { a: 'x'.repeat(20) }]) {
      expect(() => compileFilter(filter, 'f', lower)).toThrow('"f" must have at most')
    }
  })

  it('a key that would reach a prototype, wherever it stands', () => {
    for (const text of [
      '{"__proto__":1}',
      '{"a":{"__proto__":1}}',
      '{"$or":[{"__proto__":{"x":1}}]}',
      '{"a":[{"__proto__":1}]}',
    ]) {
      expect(refusalOf(JSON.parse(text))).toMatchObject({ code: 'invalid-input' })
    }
    expect(compileFilter({ 'a.__proto__': { $exists: true } })({ a: {} })).toBe(false)
    for (const key of ['constructor', 'toString', 'hasOwnProperty', 'prototype']) {
      expect(compileFilter({ [key]: { $exists: true } })({})).toBe(false)
      expect(compileFilter({ [`a.${key}`]: 1 })({ a: { [key]: 1 } })).toBe(true)
    }
  })
})

it('is plain JSON for a driver, and shares nothing with what was given', () => {
  const given = { a: { $gt: new Date(0) }, b: ['x'] }
  const plain = checkFilter(given, 'filter', defaultLimits)
  given.b.push('y')
  expect(plain).toEqual({ a: { $gt: '1970-01-01T00:00:00.000Z' }, b: ['x'] })
  expect(() => checkFilter({ a: { $bogus: 1 } }, 'filter', defaultLimits)).toThrow('$bogus')
})

it('takes keys with SQL in them as names', () => {
  const keys = [`a' OR '1'='1`, 'a"; DROP TABLE log; --', `a') UNION SELECT id FROM space --`, "json_extract(x,'$.a')"]
  for (const key of keys) {
    expect(compileFilter({ [key]: 1 })({ a: 1 })).toBe(false)
    expect(compileFilter({ [key]: { $in: [1] } })({ [key]: 1 })).toBe(true)
  }
})

describe('against a plain second implementation', () => {
  const names = ['a', 'b', 'c', 'a.b', 'c.a.b', 'z']
  const scalar = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constantFrom('', 'a', 'ab', 'b'), fc.boolean())
  const value: fc.Arbitrary<Json> = fc.oneof(
    { weight: 4, arbitrary: scalar },
    fc.constant(null),
    fc.array(scalar, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b'), scalar, { maxKeys: 2, noNullPrototype: true }),
  )
  const inner = fc.dictionary(fc.constantFrom('a', 'b'), value, { noNullPrototype: true })
  const metadata: fc.Arbitrary<JsonObject> = fc.dictionary(
    fc.constantFrom(...names),
    fc.oneof({ weight: 2, arbitrary: value }, inner, fc.record({ a: inner })),
    { noNullPrototype: true },
  )
  const ordered = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constantFrom('', 'a', 'ab', 'b'))
  const list = fc.array(value, { maxLength: 3 })
  const { filter } = fc.letrec<{ filter: JsonObject; condition: Json }>((tie) => ({
    condition: fc.oneof(
      { depthSize: 'small' },
      value,
      fc.record(
        {
          $eq: value,
          $ne: value,
          $gt: ordered,
          $gte: ordered,
          $lt: ordered,
          $lte: ordered,
          $in: list,
          $nin: list,
          $exists: fc.boolean(),
          $contains: scalar,
          $not: tie('condition'),
        },
        { requiredKeys: [], noNullPrototype: true },
      ) as fc.Arbitrary<JsonObject>,
    ),
    filter: fc.oneof(
      { depthSize: 'small' },
      fc.dictionary(fc.constantFrom(...names), tie('condition'), { maxKeys: 2, noNullPrototype: true }),
      fc.record({ $and: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ $or: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }), a: tie('condition') }),
      fc.record({ $not: tie('filter') }),
    ) as fc.Arbitrary<JsonObject>,
  }))

  /** A value as a text that is the same for equal values. */
  const textOf = (json: Json | undefined): string =>
    JSON.stringify(json ?? null, (_, part) =>
      part !== null && typeof part === 'object' && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1)))
        : part,
    )

  function lookUp(from: JsonObject, name: string): Json | undefined {
    if (name in from) return from[name]
    let at: unknown = from
    for (const step of name.split('.')) {
      const isObject = typeof at === 'object' && at !== null && !Array.isArray(at)
      at = isObject ? (at as Record<string, unknown>)[step] : undefined
    }
    return at as Json | undefined
  }

  function meets(found: Json | undefined, condition: Json): boolean {
    const isPlain = typeof condition !== 'object' || condition === null || Array.isArray(condition)
    const entries = isPlain ? [] : Object.entries(condition)
    if (!entries.some(([name]) => name[0] === '$')) return textOf(found) === textOf(condition)
    return entries.every(([name, operand]) => {
      const alike = typeof found === typeof operand && (typeof found === 'number' || typeof found === 'string')
      const [left, right] = [found as number, operand as number]
      const among = Array.isArray(operand) && operand.map(textOf).includes(textOf(found))
      if (name === '$eq') return textOf(found) === textOf(operand)
      if (name === '$ne') return textOf(found) !== textOf(operand)
      if (name === '$gt') return alike && left > right
      if (name === '$gte') return alike && left >= right
      if (name === '$lt') return alike && left < right
      if (name === '$lte') return alike && left <= right
      if (name === '$in') return among
      if (name === '$nin') return !among
      if (name === '$exists') return operand === (found !== undefined)
      if (name === '$not') return !meets(found, operand)
      if (Array.isArray(found)) return found.map(textOf).includes(textOf(operand))
      return typeof found === 'string' && typeof operand === 'string' && found.indexOf(operand) !== -1
    })
  }

  function matches(from: JsonObject, wanted: JsonObject): boolean {
    return Object.entries(wanted).every(([name, condition]) => {
      const filters = condition as readonly JsonObject[]
      if (name === '$and') return filters.every((each) => matches(from, each))
      if (name === '$or') return filters.some((each) => matches(from, each))
      if (name === '$not') return !matches(from, condition as JsonObject)
      return meets(lookUp(from, name), condition)
    })
  }

  it('says the same of every filter and metadata', async () => {
    const said = { true: 0, false: 0 }
    await runRandom(
      fc.property(filter, metadata, (wanted, from) => {
        const expected = matches(from, wanted)
        said[`${expected}`] += 1
        expect(compileFilter(wanted)(from)).toBe(expected)
      }),
      3_000,
    )
    expect(Math.min(said.true, said.false)).toBeGreaterThan(300)
  })
})
