// JSON as lines: each key and each item has one, in order, and a text stays a text.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Json } from '../../src/domain/json.ts'
import { jsonLines } from '../../src/domain/json-lines.ts'
import { runRandom } from '../random-runs.ts'

it('puts keys and items on lines, values after them, and what is inside below, indented', () => {
  const value = { name: 'Ann', age: 7, gone: null, tags: ['a', ['b', 'c'], {}], home: { city: 'Rome', note: 'x\ny' } }
  expect(jsonLines(value).split('\n')).toEqual([
    '- name: Ann',
    '- age: 7',
    '- gone: null',
    '- tags:',
    '  - a',
    '  -',
    '    - b',
    '    - c',
    '  -',
    '- home:',
    '  - city: Rome',
    '  - note:',
    '    x',
    '    y',
  ])
  expect([jsonLines('# Text\n- as it is'), jsonLines(''), jsonLines({}), jsonLines([])]).toEqual([
    '# Text\n- as it is',
    '',
    '',
    '',
  ])
})

/** How many keys, items and further lines of texts a value has. */
function count(value: Json): number {
  if (typeof value !== 'object' || value === null) {
    const lines = String(value).split('\n').length
    return lines === 1 ? 0 : lines
  }
  return Object.values(value).reduce<number>((sum, item) => sum + 1 + count(item as Json), 0)
}

it('loses no key, item or line of any value', async () => {
  const key = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '-', ':'), minLength: 1 })
  const { json } = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { depthSize: 'small' },
      fc.string({ unit: fc.constantFrom('x', '\n', ' ', '-') }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('json'), { maxLength: 4 }),
      fc.dictionary(key, tie('json'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }))
  const values = fc.dictionary(key, json, { maxKeys: 5, noNullPrototype: true })
  const property = fc.property(values, (value) => {
    const text = jsonLines(value)
    expect(text === '' ? 0 : text.split('\n').length).toBe(count(value))
  })
  await runRandom(property, 200)
})
