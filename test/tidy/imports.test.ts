// The rules on what files import and export. Each is seen to refuse a bad sample before it is believed about the good files.
import { describe, expect, it } from 'vitest'
import { checkCircles } from './circles.ts'
import { ALIKE, checkAlike, checkUnimported, type Exceptions, UNIMPORTED } from './exports.ts'
import { checkFolders } from './folders.ts'
import { isCode, readRepository } from './repository.ts'
import { parseSource } from './source-file.ts'

const texts = readRepository()
const files = texts.filter(isCode).map(({ path, text }) => parseSource(path, text))

it('looks at this repository', () => expect(files.map((file) => file.path)).toContain('test/tidy/imports.test.ts'))

describe('circles', () => {
  const problems = (files: Readonly<Record<string, string>>) =>
    checkCircles(Object.entries(files).map(([path, text]) => parseSource(path, text)))

  it('holds', () => expect(checkCircles(files)).toEqual([]))

  it('allows types to refer to each other inside a folder, and files at the top of a room to stand for themselves', () => {
    expect(problems({ 'src/a/b/x.ts': "import type { Y } from './y.ts'", 'src/a/b/y.ts': "import './x.ts'" })).toEqual(
      [],
    )
    expect(
      problems({ 'src/a/x.ts': "import './b/z.ts'", 'src/a/b/z.ts': "import '../y.ts'", 'src/a/y.ts': '' }),
    ).toEqual([])
  })

  it.each([
    ['files', "import { y } from './y.ts'", "export { x } from './x.ts'"],
    ['files, one import dynamic', "import { y } from './y.ts'", "const x = () => import('./x.ts')"],
    ['files, one of several names a value', "import { y, type Y } from './y.ts'", "import { type X, x } from './x.ts'"],
  ])('refuses a circle of %s', (_, x, y) => {
    const circle = 'src/a/b/x.ts → src/a/b/y.ts → src/a/b/x.ts: a circle of imports'
    expect(problems({ 'src/a/b/x.ts': x, 'src/a/b/y.ts': y })).toEqual([circle])
  })

  it.each([
    ['src/a/c', 'src/a/c/y.ts', "import type { X } from '../b/x.ts'"],
    ['src/a/y.ts', 'src/a/y.ts', "type X = import('./b/x.ts').X"],
  ])('refuses a circle by types of src/a/b and %s', (node, path, text) => {
    const there = path.endsWith('c/y.ts') ? '../c/y.ts' : '../y.ts'
    const circle = `src/a/b → ${node} → src/a/b: a circle of imports`
    expect(problems({ 'src/a/b/x.ts': `import type { Y } from '${there}'`, [path]: text })).toEqual([circle])
  })
})

describe('exports', () => {
  type Texts = Readonly<Record<string, string>>
  const parsed = (texts: Texts) => Object.entries(texts).map(([path, text]) => parseSource(path, text))
  const alike = (texts: Texts, exceptions: Exceptions = {}) => checkAlike(parsed(texts), exceptions)
  const unimported = (texts: Texts, exceptions: Exceptions = {}) => checkUnimported(parsed(texts), exceptions)
  const x = 'export const a = 1\nexport interface B {}'

  it('have one meaning each', () => expect(checkAlike(files, ALIKE)).toEqual([]))

  it('are imported', () => expect(checkUnimported(files, UNIMPORTED)).toEqual([]))

  it('are one for all signatures of a function', () => {
    expect(
      alike({
        'src/x.ts': 'export function a(b: 1): 1\nexport function a(b: 2): 2\nexport function a(b: number) { return b }',
      }),
    ).toEqual([])
  })

  it('may stand twice in drivers, in tests, and by an exception', () => {
    expect(alike({ 'src/storage/sqlite/x.ts': x, 'src/storage/reference/x.ts': x, 'test/x.ts': x })).toEqual([])
    expect(alike({ 'src/x.ts': x, 'src/y.ts': 'export type { B } from "./x.ts"; const a = 1' })).toEqual([])
    expect(alike({ 'src/x.ts': x, 'src/y.ts': x }, { 'src/y.ts': 'why' })).toEqual([])
    expect(alike({ 'src/x.ts': x, 'src/y.ts': 'export class B {}' }, { 'src/y.ts B': 'why' })).toEqual([])
  })

  it('may not stand twice, and no exception outlives its reason', () => {
    const twice = alike({ 'src/x.ts': x, 'src/a/y.ts': 'export class B {}' })
    expect(twice).toEqual(['src/x.ts:2 and src/a/y.ts:1 export "B" with two meanings'])
    expect(alike({ 'src/storage/rows/x.ts': x, 'src/storage/sqlite/x.ts': x })).toHaveLength(2)
    expect(alike({ 'src/x.ts': x }, { 'src/x.ts B': 'why' })).toHaveLength(1)
  })

  it.each([
    "import { a, type B as C } from '../src/x.ts'",
    "export { a } from '../src/x.ts'; export type { B } from '../src/x.ts'",
    "const { a } = await import('../src/x.ts'); type C = import('../src/x.ts').B",
    "import * as all from '../src/x.ts'; all.a as all.B",
  ])('are imported by %s', (text) => expect(unimported({ 'src/x.ts': x, 'test/y.ts': text })).toEqual([]))

  it.each(["import { a } from '../src/x.ts'", "const { a } = await import('../src/x.ts')", "import { a } from 'B'"])(
    'must all be imported: not by %s',
    (text) => expect(unimported({ 'src/x.ts': x, 'test/y.ts': text })).toContain('src/x.ts:2: nobody imports "B"'),
  )

  it('need no exception once they are imported', () => {
    const y = { 'src/x.ts': x, 'src/y.ts': "import { a } from './x.ts'" }
    expect(unimported(y, { 'src/x.ts B': 'why' })).toEqual([])
    expect(unimported(y, { 'src/x.ts B': 'why', 'src/x.ts a': 'why' })).toHaveLength(1)
  })
})

describe('folders', () => {
  const table = '| folder of `src/a/` | holds |\n| --- | --- |\n| (the room itself) | x |\n| `b/` | x |\n| `c/` | x |\n'
  const problems = (texts: Readonly<Record<string, string>>, text = table) =>
    checkFolders(
      { path: 'ARCHITECTURE.md', text },
      Object.entries(texts).map(([path, code]) => parseSource(path, code)),
    )
  const both = {
    'src/a/x.ts': "import './c/y.ts'",
    'src/a/b/x.ts': "import '../x.ts'",
    'src/a/c/y.ts': "import '../b/x.ts'",
  }

  it('hold', () => {
    const architecture = texts.filter(({ path }) => path === 'ARCHITECTURE.md')
    expect(architecture[0]?.text.match(/^\| folder of /gm)).toHaveLength(5)
    expect(architecture.flatMap((file) => checkFolders(file, files))).toEqual([])
  })

  it('allows what the table says', () => expect(problems(both)).toEqual([]))

  it('refuses a folder that the table lacks, one that is gone, and an import of what stands further down', () => {
    expect(problems({ ...both, 'src/a/d/x.ts': '' })).toEqual(['src/a/d/ is not in the table of src/a/'])
    expect(problems({ 'src/a/b/x.ts': '' })).toEqual(['src/a/c/ is in the table and is not there'])
    const down = ['src/a/: b/ imports c/, which the table has further down']
    expect(problems({ ...both, 'src/a/b/x.ts': "import type { Y } from '../c/y.ts'" })).toEqual(down)
  })
})
