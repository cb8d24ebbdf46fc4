// What `npm run check` chooses to run.
import { describe, expect, it } from 'vitest'
import { chooseTests, importsOf, relatedTests } from '../../scripts/related-tests.ts'

const entries = { aquifer: 'src/index.ts' }
const texts = new Map([
  ['src/index.ts', "export { Memory } from './memory.ts'"],
  ['src/memory.ts', "import { word } from './word.ts'\nawait import('./late.ts')"],
  ['src/word.ts', 'export const word = 1'],
  ['src/late.ts', ''],
  ['test/word.test.ts', "import { word } from '../src/word.ts'"],
  ['test/memory.test.ts', "import { Memory } from 'aquifer'"],
  ['test/kill.test.ts', "startWorker(new URL('./kill-worker.ts', import.meta.url))"],
  ['test/kill-worker.ts', "import type { word } from '../src/word.ts'"],
  ['test/docs.test.ts', "readdirSync('docs/guide'); read('README.md')"],
  ['test/other.test.ts', "import { it } from 'vitest'"],
])
const related = (...changed: string[]) => relatedTests(texts, changed, entries).map((one) => [one.path, one.distance])

describe('the tests that depend on a file', () => {
  it('are those that import it, the nearest first, or start what imports it', () => {
    expect(related('src/word.ts')).toEqual([
      ['test/word.test.ts', 1],
      ['test/kill.test.ts', 2],
      ['test/memory.test.ts', 3],
    ])
  })

  it.each([
    ['what is imported late', ['src/late.ts'], [['test/memory.test.ts', 3]]],
    ['a test itself', ['test/other.test.ts'], [['test/other.test.ts', 0]]],
    ['a guide', ['docs/guide/recall.md'], [['test/docs.test.ts', 0]]],
    ['a page', ['README.md'], [['test/docs.test.ts', 0]]],
    ['what nobody reads', ['LICENSE'], []],
    ['a file that is gone', ['test/gone.test.ts'], []],
  ])('are found for %s', (_, changed, expected) => expect(related(...changed)).toEqual(expected))

  it('are first those of the rooms that the file is in', () => {
    const found = relatedTests(
      new Map([
        ['src/memory/recall/pack.ts', ''],
        ['test/agent/near.test.ts', "import '../../src/memory/recall/pack.ts'"],
        ['test/recall/scene.ts', "import '../../src/memory/recall/pack.ts'"],
        ['test/recall/far.test.ts', "import './scene.ts'"],
      ]),
      ['src/memory/recall/pack.ts'],
      entries,
    )
    expect(found.map(({ path }) => path)).toEqual(['test/recall/far.test.ts', 'test/agent/near.test.ts'])
  })

  it('are found by each way to name a file', () => {
    const text = `import './a.ts'; import x, { type y } from "../b.ts"; export * from './c.ts'
      const d = await import('./d.ts'); type E = import('./e.ts').E; new URL('./f.ts', import.meta.url); import 'zod'`
    expect(importsOf('src/deep/x.ts', text, entries)).toEqual([
      'src/deep/a.ts',
      'src/b.ts',
      'src/deep/c.ts',
      'src/deep/d.ts',
      'src/deep/e.ts',
      'src/deep/f.ts',
    ])
  })
})

it('runs what changed and the nearest that there is time for', () => {
  const files = [
    { path: 'changed', distance: 0 },
    { path: 'near', distance: 1 },
    { path: 'slow', distance: 1 },
    { path: 'new', distance: 2 },
    { path: 'far', distance: 2 },
  ]
  const durations = new Map([
    ['changed', 900],
    ['near', 50],
    ['slow', 500],
    ['far', 60],
  ])
  expect(chooseTests(files, durations, { usualMs: 10, mostMs: 1_000 })).toEqual({
    run: ['changed', 'near', 'new'],
    left: ['slow', 'far'],
  })
})
