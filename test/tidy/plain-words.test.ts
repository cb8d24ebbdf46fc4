// Hard words are found where people read: in comments, texts of src and guides.
import { expect, it } from 'vitest'
import { checkDocument, checkWords } from './plain-words.ts'
import { isCode, readRepository } from './repository.ts'
import { parseSource } from './source-file.ts'

const texts = readRepository()
const files = texts.filter(isCode).map(({ path, text }) => parseSource(path, text))

const inSource = (text: string, path = 'src/memory/x.ts') => checkWords(parseSource(path, text))
const inDocument = (text: string, path = 'docs/guide/x.md') => checkDocument({ path, text })

it('finds none in this repository', () => {
  expect(files.map(({ path }) => path)).toContain('src/index.ts')
  expect([...files.flatMap(checkWords), ...texts.flatMap(checkDocument)]).toEqual([])
})

it.each([
  '// Besides, it is written again, next to the others.',
  '/** The parts of a turn that are kept. What is left is dropped. */',
  "const beside = 'anew'",
  'const anew = { whoever: 1, beside }',
  '/** What of? */',
])('allows %s', (text) => expect(inSource(text)).toEqual([]))

it.each([
  ['// Made anew.', 1, 'anew'],
  ['/** Of those\n * that lie beside it. */', 2, 'beside'],
  ['/** A resource, or the other\n   * way about. */', 1, 'the other way about'],
  ["f('Whoever asks is told.')", 1, 'Whoever'],
  ['\nf(`Install it beside this.`)', 2, 'beside'],
  ['/** What of a turn is kept. */', 1, 'What of'],
  ['// A fact that took the place of another.', 1, 'took the place of'],
])('refuses %j', (text, line, found) => {
  expect(inSource(text)).toEqual([expect.stringContaining(`src/memory/x.ts:${line}: instead of "${found}" write `)])
  expect(inSource(text, 'test/x.ts')).toEqual([])
})

it('looks at guides, and not at the change log', () => {
  expect(inDocument('First.\nGiven anew.')).toEqual(['docs/guide/x.md:2: instead of "anew" write again'])
  expect(inDocument('Given anew.', 'CHANGELOG.md')).toEqual([])
})
