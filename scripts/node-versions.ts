/**
 * `npm run test:node-versions`: the storage contract, the facade, the demo and README's first program on the lowest and the
 * newest version of each line of Node that `engines` admits.
 *
 *   --lowest   the lowest version of all only, as CI does
 *
 * Each Node comes from the package `node` and is kept in `.node-versions/`. The demo and README's program are run as plain
 * JavaScript on `dist/`, so build first: old versions run no types. vitest translates the sources for its own tests.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import manifest from '../package.json' with { type: 'json' }
import { run } from './run.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, '.node-versions')
const programs = join(folder, 'programs')

/** The lines that get long-term support. */
const lines = [22, 24, 26]

const { values: options } = parseArgs({ options: { lowest: { type: 'boolean', default: false } } })

/** The lowest version of a line that `engines` admits: the one it names, or the first. */
function lowestOf(line: number): string {
  const named = manifest.engines.node.match(/\d+\.\d+\.\d+/g) ?? []
  return named.find((version) => version.startsWith(`${line}.`)) ?? `${line}.0.0`
}

function newestOf(line: number): string {
  const answer: unknown = JSON.parse(run('npm', ['view', `node@${line}`, 'version', '--json'], { cwd: folder }))
  const versions = [answer].flat().filter((version) => typeof version === 'string')
  const newest = versions.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)
  if (newest === undefined) throw new Error(`There is no Node ${line}.`)
  return newest
}

/** The program of a version, installed the first time. */
function install(version: string): string {
  const home = join(folder, version)
  const program = join(home, 'node_modules/node/bin/node')
  if (existsSync(program)) return program
  mkdirSync(home, { recursive: true })
  // The package fetches the program for this machine in its install script.
  writeFileSync(join(home, 'package.json'), '{ "private": true, "allowScripts": { "node": true } }\n')
  run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', `node@${version}`], { cwd: home })
  return program
}

/** Writes the demo and README's first program as plain JavaScript; `import 'aquifer'` finds `dist/` by the package's name. */
function writePrograms(): void {
  if (!existsSync(join(root, manifest.exports['.'].default))) throw new Error('There is no dist/: npm run build.')
  rmSync(programs, { recursive: true, force: true })
  mkdirSync(programs, { recursive: true })
  const settings = {
    extends: '../../tsconfig.json',
    compilerOptions: { noEmit: false, outDir: 'demo', rootDir: '../../demo', customConditions: [] },
    include: ['../../demo'],
  }
  writeFileSync(join(programs, 'tsconfig.json'), JSON.stringify(settings))
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', programs], { cwd: root })
  const [, first] = /^```ts\n([\s\S]*?)^```$/m.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? []
  if (first === undefined) throw new Error('README has no program.')
  writeFileSync(join(programs, 'readme.mjs'), first)
}

/** What is run on each version. Each throws with its output if it fails. */
const checks: Readonly<Record<string, (node: string) => void>> = {
  'contract and facade': (node) => {
    const runsTypes = run(node, ['-p', 'process.features.typescript'], { cwd: root }).trim() === 'strip'
    // Some tests start processes and threads from the sources.
    const flags = ['--disable-warning=ExperimentalWarning', ...(runsTypes ? [] : ['--experimental-strip-types'])]
    const tests = ['test/storage/contract.test.ts', 'test/storage/sqlite-parameters.test.ts', 'test/memory/']
    const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=dot', ...tests]
    run(node, args, { cwd: root, env: { NODE_OPTIONS: flags.join(' ') } })
  },
  demo: (node) => {
    const printed = run(node, [join(programs, 'demo/demo.js')], { cwd: programs })
    if (!printed.includes('  ✓ ')) throw new Error(`The demo checked nothing:\n${printed}`)
  },
  "README's first program": (node) => {
    rmSync(join(programs, 'aquifer.db'), { force: true })
    const printed = run(node, ['readme.mjs'], { cwd: programs })
    if (printed.trim() === '') throw new Error('It printed nothing.')
  },
}

/** Runs every check on a version and answers how many failed. */
function checkVersion(version: string): number {
  const node = install(version)
  const found = run(node, ['--version'], { cwd: root }).trim()
  if (found !== `v${version}`) throw new Error(`Node ${version} says that it is ${found}.`)
  let failed = 0
  for (const [name, check] of Object.entries(checks)) {
    const started = performance.now()
    const spent = () => `${((performance.now() - started) / 1_000).toFixed(1)} s`
    try {
      check(node)
      console.log(`  Node ${version}: ${name}: ok, ${spent()}`)
    } catch (error) {
      failed += 1
      console.error(`  Node ${version}: ${name}: FAILED, ${spent()}\n${error instanceof Error ? error.message : error}`)
    }
  }
  return failed
}

mkdirSync(folder, { recursive: true })
const [lowestLine = 0] = lines
const versions = options.lowest
  ? [lowestOf(lowestLine)]
  : [...new Set(lines.flatMap((line) => [lowestOf(line), newestOf(line)]))]
console.log(`Node versions: ${versions.join(', ')}`)
writePrograms()
const failed = versions.map(checkVersion).reduce((sum, count) => sum + count, 0)
process.exitCode = failed === 0 ? 0 : 1
