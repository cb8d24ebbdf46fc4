// The repository's own rules. Each is seen to refuse a bad sample before it is believed about the good files.
import { describe, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { peerInstallLine, peerPackages } from '../src/domain/peer-packages.ts'
import { checkAgentImports } from './tidy/agent-imports.ts'
import { checkArrows } from './tidy/arrows.ts'
import { checkBarrels, entryPointsOf } from './tidy/barrels.ts'
import { checkCatches } from './tidy/catches.ts'
import { checkDates } from './tidy/dates.ts'
import { checkDetached } from './tidy/detached.ts'
import { checkEscapes } from './tidy/escapes.ts'
import { checkHosts } from './tidy/hosts.ts'
import { checkNames } from './tidy/names.ts'
import { checkPaths } from './tidy/paths.ts'
import { checkPeers } from './tidy/peers.ts'
import { isCode, readRepository } from './tidy/repository.ts'
import { checkSizes, LONG_CLASSES } from './tidy/sizes.ts'
import { parseSource } from './tidy/source-file.ts'
import { checkStored } from './tidy/stored.ts'

const texts = readRepository()
const files = texts.filter(isCode).map(({ path, text }) => parseSource(path, text))
const dependencies = ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap((field) =>
  Object.keys((manifest as Record<string, unknown>)[field] ?? {}),
)
const entryPoints = entryPointsOf(manifest.exports)

it('looks at this repository', () => {
  expect(files.map((file) => file.path)).toContain('test/tidy.test.ts')
  expect(texts.map((file) => file.path)).toContain('package-lock.json')
  expect(entryPoints).toEqual([
    'src/index.ts',
    'src/testing/index.ts',
    'src/adapters/mem0/index.ts',
    'src/adapters/otel/index.ts',
  ])
})

describe('arrows', () => {
  const problems = (path: string, text: string) => checkArrows(parseSource(path, text), ['zod', 'pg', '@scope/name'])

  it('holds', () => expect(files.flatMap((file) => checkArrows(file, dependencies))).toEqual([]))

  it.each([
    ['src/domain/commit.ts', "import { z } from 'zod'\nimport { x } from './x.ts'"],
    ['src/ports/storage.ts', "import type { x } from '../domain/x.ts'"],
    ['src/memory/memory.ts', "import '../open.ts'; import '../access/x.ts'; import '../domain/x.ts'; import 'node:fs'"],
    ['src/open.ts', "await import('./storage/sqlite/driver.ts')"],
    ['src/index.ts', "export { SQLiteStore } from './storage/sqlite/driver.ts'"],
    ['src/storage/sqlite/read.ts', "import '../migrate.ts'; import './log.ts'; import '../../ports/x.ts'"],
    ['src/storage/sqlite/sql/one.ts', "import '../read.ts'"],
    ['src/storage/sqlite/read.ts', "import '../rows/log-rows.ts'"],
    [
      'src/storage/rows/log-rows.ts',
      "import './actor-text.ts'; import '../stored-json.ts'; import '../../domain/x.ts'",
    ],
    ['src/storage/sqlite/read.test.ts', "import 'vitest'; import '../reference/x.ts'; import '../../testing/x.ts'"],
    ['src/testing/contract.ts', "import 'node:assert'; import '../memory/x.ts'; import '../ports/x.ts'"],
    ['src/operations/x.ts', "import '../memory/x.ts'; import '@scope/name/deep'"],
    ['src/facade/memory.ts', "import '../operations/x.ts'; import '../memory/x.ts'"],
    ['src/agent/agent.ts', "import '../facade/memory.ts'; import '../memory/x.ts'"],
    ['demo/demo.ts', "import 'aquifer'; import './agent.ts'"],
  ])('allows %s: %s', (path, text) => expect(problems(path, text)).toEqual([]))

  it.each([
    ['src/domain/commit.ts', "import 'node:crypto'"],
    ['src/domain/commit.ts', "import 'pg'"],
    ['src/domain/commit.ts', "import type { Storage } from '../ports/storage.ts'"],
    ['src/domain/commit.test.ts', "import '../agent/agent.ts'"],
    ['src/ports/storage.ts', "export type { x } from '../memory/x.ts'"],
    ['src/ports/storage.ts', "type X = import('../memory/x.ts').X"],
    ['src/access/x.ts', "import '../recall/x.ts'"],
    ['src/server/x.ts', "import '../mcp/x.ts'"],
    ['src/memory/memory.ts', "await import('../storage/sqlite/driver.ts')"],
    ['src/memory/memory.ts', 'await import(`../storage/$' + '{name}.ts`)'],
    ['src/memory/memory.test.ts', "import '../storage/sqlite/driver.ts'"],
    ['src/memory/memory.ts', "import '../agent/agent.ts'"],
    ['src/memory/memory.ts', "import '../testing/clock.ts'"],
    ['src/memory/team/watch.ts', "import type { Space } from '../../facade/space.ts'"],
    ['src/operations/x.ts', "import '../facade/memory.ts'"],
    ['src/operations/x.ts', "import '../agent/agent.ts'"],
    ['src/storage/sqlite/read.ts', "import '../postgres/read.ts'"],
    ['src/storage/rows/log-rows.ts', "import '../sqlite/read.ts'"],
    ['src/storage/migrate.ts', "import './rows/log-rows.ts'"],
    ['src/open.ts', "import './storage/rows/log-rows.ts'"],
    ['src/storage/sqlite/read.ts', "import '../../memory/x.ts'"],
    ['src/storage/migrate.ts', "import './sqlite/read.ts'"],
    ['src/testing/contract.ts', "import '../storage/reference/x.ts'"],
    ['src/testing/contract.ts', "import 'zod'"],
    ['src/adapters/mem0/x.ts', "import '../mastra/x.ts'"],
    ['src/open.ts', "import 'vitest'"],
    ['src/open.ts', "import '../test/x.ts'"],
    ['src/common/x.ts', ''],
    ['src/version.ts', ''],
    ['demo/demo.ts', "import '../src/index.ts'"],
  ])('refuses %s: %s', (path, text) => expect(problems(path, text)).toHaveLength(1))
})

describe('sizes', () => {
  const problems = (path: string, text: string) => checkSizes(parseSource(path, text))
  const lines = (count: number) => 'x\n'.repeat(count)

  it('holds', () => expect(files.flatMap((file) => checkSizes(file))).toEqual([]))

  it('has no exception for a class that is gone', () => {
    const known = files.flatMap(({ path, exportedDeclarations }) =>
      exportedDeclarations.map(({ name }) => `${path} ${name}`),
    )
    expect(known).toEqual(expect.arrayContaining(Object.keys(LONG_CLASSES)))
  })

  it('allows 500 lines and functions of 70', () => {
    expect(problems('src/x.ts', lines(500))).toEqual([])
    expect(problems('src/x.ts', `function f() {\n${lines(68)}}`)).toEqual([])
    expect(problems('src/x.test.ts', `describe('a', () => {\nit.each([1])('b', () => {\n${lines(80)}})})`)).toEqual([])
  })

  it.each([
    ['a file', lines(501)],
    ['a function', `function f() {\n${lines(69)}}`],
    ['a method', `class A {\nf() {\n${lines(69)}}\n}`],
    ['an arrow', `const f = () => {\n${lines(69)}}`],
    ['a callback', `list.map(() => {\n${lines(69)}})`],
    ['a test callback that is in no test file', `it('b', () => {\n${lines(69)}})`],
  ])('refuses %s', (_, text) => expect(problems('src/x.ts', text)).toHaveLength(1))

  it('refuses a long function of a test file', () => {
    expect(problems('src/x.test.ts', `function f() {\n${lines(69)}}`)).toHaveLength(1)
  })

  it('allows classes of 250 lines, and longer ones by an exception that they need', () => {
    const file = (count: number) => parseSource('src/x.ts', `class A {\n${'x;\n'.repeat(count - 2)}}`)
    expect(checkSizes(file(250), {})).toEqual([])
    expect(checkSizes(file(251), {})).toEqual(['src/x.ts:1: a class of 251 lines; the limit is 250'])
    expect(checkSizes(file(251), { 'src/x.ts A': 'why' })).toEqual([])
    expect(checkSizes(file(250), { 'src/x.ts A': 'why' })).toHaveLength(1)
  })
})

describe('names', () => {
  const problems = (path: string, text = '') => checkNames(parseSource(path, text))

  it('holds', () => expect(files.flatMap(checkNames)).toEqual([]))

  it.each([
    ['src/domain/working-memory.ts', 'export const dataVersion = 1'],
    ['src/domain/x.test.ts', 'const handler = 1'],
    ['src/domain/x.ts', 'export interface Utility {}; export class Management {}'],
  ])('allows %s: %s', (path, text) => expect(problems(path, text)).toEqual([]))

  it.each([
    ['src/domain/workingMemory.ts', ''],
    ['src/domain/Memory.ts', ''],
    ['src/domain/data.ts', ''],
    ['src/domain/info.ts', ''],
    ['test/text-utils.ts', ''],
    ['src/helpers/text.ts', ''],
    ['src/domain/x.ts', 'export class ThreadManager {}'],
    ['src/domain/x.ts', 'export type HTTPHandler = () => void'],
    ['src/domain/x.ts', 'export default function helper() {}'],
    ['src/domain/x.ts', 'const a = 1\nexport { a as ID_UTIL }'],
  ])('refuses %s: %s', (path, text) => expect(problems(path, text)).toHaveLength(1))
})

describe('barrels', () => {
  const problems = (path: string, text: string) => checkBarrels(parseSource(path, text), entryPoints)

  it('holds', () => expect(files.flatMap((file) => checkBarrels(file, entryPoints))).toEqual([]))

  it('allows entry points', () => expect(problems('src/index.ts', "export { a } from './a.ts'")).toEqual([]))

  it.each(["export { a } from './a.ts'", "export * from './a.ts'", "import { a } from './a.ts'\nexport { a }"])(
    'refuses %s',
    (text) => expect(problems('src/domain/index.ts', text)).toHaveLength(1),
  )
})

describe('escapes', () => {
  const problems = (path: string, text: string) => checkEscapes(parseSource(path, text))

  it('holds', () => expect(files.flatMap(checkEscapes)).toEqual([]))

  it.each([
    ['src/cli/main.ts', 'process.exit(1)'],
    ['src/memory/x.ts', 'process.pid; runs.exit; const env = 1 // says @ts-ignore in words'],
    ['test/x.ts', 'process.env.SEED'],
  ])('allows %s: %s', (path, text) => expect(problems(path, text)).toEqual([]))

  it.each([
    'x as any',
    '// @ts-ignore\nx',
    '/* @ts-nocheck */',
    'process.exit(1)',
    'process.env.KEY',
    "process['env']",
    'globalThis.process.exit()',
    'const { env } = process',
    "import { env } from 'node:process'",
    "(1).toLocaleString('en')",
  ])('refuses %s', (text) => expect(problems('src/memory/x.ts', text)).toHaveLength(1))
})

describe('peers', () => {
  const problems = (...texts: readonly string[]) => {
    const sources = texts.map((text, index) =>
      parseSource(index === 0 ? 'src/index.ts' : `src/agent/${index}.ts`, text),
    )
    return checkPeers(sources, ['ai', 'zod'], ['src/index.ts'])
  }
  const usesZod = "import { z } from 'zod'"

  it('holds', () => expect(checkPeers(files, peerPackages, entryPoints)).toEqual([]))

  it('knows the peers that package.json requires, and their major versions', () => {
    const { peerDependencies, peerDependenciesMeta } = manifest
    const required = Object.entries(peerDependencies).filter(([name]) => !(name in peerDependenciesMeta))
    expect(required.map(([name]) => name)).toEqual(peerPackages)
    const majors = required.map(([name, range]) => `${name}@${/^\^(\d+)\./.exec(range)?.[1]}`)
    expect(peerInstallLine).toBe(`npm install ${majors.join(' ')}`)
  })

  it.each([
    [["import type { Tool } from 'ai'"]],
    [["const sdk = withPeers(() => import('ai'))"]],
    [["withPeers(() => import('./agent/1.ts'))", "import './2.ts'", usesZod]],
    [["await import('./agent/1.ts')", "import type { x } from './2.ts'", usesZod]],
  ])('allows %j', (texts) => expect(problems(...texts)).toEqual([]))

  it.each([
    [["import { tool } from 'ai'"]],
    [["export { x } from './agent/1.ts'", usesZod]],
    [["await import('ai')"]],
    [["await import('./agent/1.ts')", "import './2.ts'", usesZod]],
  ])('refuses %j', (texts) => expect(problems(...texts)).toHaveLength(1))
})

describe('detached', () => {
  const problems = (path: string, text: string) => checkDetached(parseSource(path, text))

  it('holds', () => expect(files.flatMap(checkDetached)).toEqual([]))

  it.each([
    [
      'src/memory/x.ts',
      'const timer = every(1, work, failed); timer.stop(); clearTimeout(x); target.removeEventListener(a)',
    ],
    ['src/memory/x.ts', "import { setTimeout as delay } from 'node:timers/promises'; await delay(1)"],
    ['src/memory/x.ts', 'x.only = 1; storage.log.subscribe(space, wake)'],
    ['src/domain/detached.ts', 'setInterval(work, 1); signal.addEventListener(a, b)'],
    ['test/x.ts', 'setTimeout(work, 1)'],
  ])('allows %s: %s', (path, text) => expect(problems(path, text)).toEqual([]))

  it.each([
    'setTimeout(work, 1)',
    'const timer = setInterval(() => work(), 1)',
    'setImmediate(work)',
    'queueMicrotask(work)',
    'process.nextTick(work)',
    "signal.addEventListener('abort', work)",
    "worker.on('message', work)",
    "worker?.once('exit', work)",
    'port.onmessage = work',
    'void work()',
    "import { setTimeout } from 'node:timers'",
  ])('refuses %s', (text) => expect(problems('src/memory/x.ts', text)).toHaveLength(1))
})

describe('stored', () => {
  const problems = (path: string, text: string) => checkStored(parseSource(path, text))

  it('holds', () => expect(files.flatMap(checkStored)).toEqual([]))

  it.each([
    ['src/storage/stored-json.ts', 'JSON.parse(text)'],
    ['src/storage/sqlite/statement.ts', "import 'node:sqlite'"],
    ['src/memory/x.ts', 'JSON.parse(text)'],
    ['src/storage/rows/log-rows.ts', 'JSON.stringify(value)'],
  ])('allows %s: %s', (path, text) => expect(problems(path, text)).toEqual([]))

  it.each([
    ['src/storage/rows/log-rows.ts', 'const value = JSON.parse(text)'],
    ['src/storage/rows/log-rows.ts', 'texts.map(JSON.parse)'],
    ['src/storage/sqlite/log.ts', "import { DatabaseSync } from 'node:sqlite'"],
  ])('refuses %s: %s', (path, text) => expect(problems(path, text)).toHaveLength(1))
})

describe('dates', () => {
  const problems = (path: string, text: string) => checkDates(parseSource(path, text))

  it('holds', () => expect(files.flatMap(checkDates)).toEqual([]))

  it.each([
    ['src/facade/times.ts', 'new Date(0)'],
    ['src/domain/time.ts', 'const a: Date = new Date(0)'],
    ['src/memory/x.ts', "isoTime(clock.now()) // a Date in words, and in 'new Date()'"],
  ])('allows %s: %s', (path, text) => expect(problems(path, text)).toEqual([]))

  it.each([
    ['src/memory/team/x.ts', 'new Date(0)'],
    ['src/operations/x.ts', 'interface A { readonly at: Date | null }'],
    ['src/memory/x.ts', 'const at = dateOf(iso)'],
    ['src/operations/x.ts', 'const now = Date.now()'],
  ])('refuses %s: %s', (path, text) => expect(problems(path, text)).toHaveLength(1))
})

describe('catches', () => {
  const problems = (path: string, text: string) => checkCatches(parseSource(path, text))
  const caught = 'try { read() } catch { }'

  it('holds', () => expect(files.flatMap(checkCatches)).toEqual([]))

  it.each([
    ['src/domain/space.ts', `import { invalidInput } from './error.ts'\n${caught}`],
    ['src/domain/entry.ts', "import type { Draft } from './draft.ts'\nread()"],
    ['src/storage/decide.ts', `import { readsOf } from '../domain/reads/reads-of.ts'\n${caught}`],
  ])('allows %s: %s', (path, text) => expect(problems(path, text)).toEqual([]))

  it.each([
    ['src/domain/entry.ts', `import type { Draft } from './draft.ts'\n${caught}`],
    ['src/domain/replay/record-fold.ts', `import { versionAt } from './history.ts'\n${caught}`],
    ['src/domain/reads/read.ts', caught],
  ])('refuses %s: %s', (path, text) => expect(problems(path, text)).toHaveLength(1))
})

describe('hosts', () => {
  it('holds', () => expect(texts.flatMap(({ path, text }) => checkHosts(path, text))).toEqual([]))

  it('allows the word', () => expect(checkHosts('a.md', 'the tool registry.get(name)')).toEqual([]))

  // Put together here, so that this file does not name one.
  it.each([
    ['https://registry', 'example.com/zod'].join('.'),
    ['see npm', 'js.com'].join(''),
    ['regis', 'try=https://somewhere'].join(''),
    ['"resolved": "https', '//host/zod'].join(':'),
    ['https://host/zod/-/zod-1.0.0', 'tgz'].join('.'),
  ])('refuses %s', (text) => expect(checkHosts('a', text)).toHaveLength(1))
})

describe('paths', () => {
  const known = ['src/storage/sqlite/read.ts', 'src/index.ts', 'README.md']
  const problems = (text: string, path = 'ARCHITECTURE.md') => checkPaths({ path, text }, known)

  it('holds', () => {
    const paths = texts.map((file) => file.path)
    expect(texts.flatMap((file) => checkPaths(file, paths))).toEqual([])
  })

  it.each([
    '`read.ts`',
    '`sqlite/read.ts`',
    '`src/storage/`',
    '`storage/*/read.ts`',
    '`sqlite/re*.ts`',
    '`x.y`, `a/b`',
  ])('allows %s', (text) => expect(problems(text)).toEqual([]))

  it.each(['`write.ts`', '`ead.ts`', '`storage/read.ts`', '`src/sqlite/`', '`storage/*.ts`'])('refuses %s', (text) => {
    expect(problems(`First.\n${text}`)).toEqual([`ARCHITECTURE.md:2: there is no ${text.slice(1, -1)}`])
  })

  it('leaves alone what tells of the past', () => {
    expect(problems('`write.ts`', 'CHANGELOG.md')).toEqual([])
    expect(problems('`write.ts`', 'docs/guide/x.md')).toHaveLength(1)
  })
})

describe('imports of agents', () => {
  const problems = (path: string, text: string) => checkAgentImports(parseSource(path, text))

  it('holds', () => expect(files.flatMap(checkAgentImports)).toEqual([]))

  it.each([
    ['src/agent/call.ts', "import { usableMemory } from '../ports/agent-memory.ts'"],
    ['src/agent/call.ts', "import type { Memory } from '../facade/memory.ts'"],
    ['src/agent/context/facts.ts', "import { fenced } from '../../recall/text/fence.ts'"],
    ['src/adapters/mem0/memory.ts', "import { Memory } from '../../facade/memory.ts'"],
  ])('allows %s: %s', (path, text) => expect(problems(path, text)).toEqual([]))

  it.each([
    ['src/agent/call.ts', "import { Memory } from '../facade/memory.ts'"],
    ['src/agent/call.ts', "import { type Memory } from '../facade/memory.ts'"],
    ['src/agent/call.ts', "import type { Memory, coreOf } from '../facade/memory.ts'"],
    ['src/agent/context/gather.ts', "import type { Door } from '../../memory/door/door.ts'"],
    ['src/agent/run/title.ts', "export * from '../../memory/door/door.ts'"],
    ['src/agent/run/title.ts', "const { Door } = await import('../../memory/door/door.ts')"],
  ])('refuses %s: %s', (path, text) => expect(problems(path, text)).toHaveLength(1))
})
