// Packs the library as publishing would, installs the tarball in an empty folder and uses it as a stranger does.
// Expects a fresh `dist/`: `npm run pack:check` builds first.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { checkPublicMembers } from './check-public-members.ts'
import { run } from './run.ts'

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, unknown>>
  readonly scripts?: Readonly<Record<string, string>>
}

interface Packed {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}

const root = fileURLToPath(new URL('..', import.meta.url))
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare']
const WANTED_FILES = [
  'package.json',
  'README.md',
  'LICENSE',
  'NOTICE',
  'CHANGELOG.md',
  'dist/index.js',
  'dist/index.d.ts',
]

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T
}

/** Everything that should not be in the tarball, or is missing from it. */
function checkContents(packed: Packed, manifest: Manifest): string[] {
  const paths = packed.files.map((file) => file.path)
  const problems = WANTED_FILES.filter((path) => !paths.includes(path)).map((path) => `the tarball lacks ${path}`)
  for (const path of paths) {
    if (/\.test(-d)?\.|(^|\/)(test|bench|demo|node_modules)\//.test(path)) problems.push(`the tarball contains ${path}`)
  }
  for (const name of INSTALL_SCRIPTS) {
    if (manifest.scripts?.[name] !== undefined)
      problems.push(`the package has a "${name}" script; installing must run nothing`)
  }
  return problems
}

/** Imports every subpath with plain Node (no conditions) and reports those that fail or export nothing. */
function checkImports(folder: string, manifest: Manifest): string[] {
  const specifiers = Object.keys(manifest.exports).map((subpath) => manifest.name + subpath.slice(1))
  const program = `
    const answer = {}
    for (const specifier of ${JSON.stringify(specifiers)}) {
      const options = specifier.endsWith('.json') ? { with: { type: 'json' } } : {}
      try { answer[specifier] = { names: Object.keys(await import(specifier, options)) } }
      catch (error) { answer[specifier] = { error: String(error) } }
    }
    console.log(JSON.stringify(answer))`
  writeFileSync(join(folder, 'import-all.mjs'), program)
  type Answer = Record<string, { names?: string[]; error?: string }>
  const answer = JSON.parse(run(process.execPath, ['import-all.mjs'], { cwd: folder })) as Answer
  return Object.entries(answer).flatMap(([specifier, { names = [], error }]) => {
    if (error !== undefined) return [`import of ${specifier} failed: ${error}`]
    console.log(`  ${specifier}: ${names.length} exported values`)
    return names.length === 0 ? [`${specifier} exports nothing`] : []
  })
}

/** The first line of each thing that the type checker refuses. */
const refusal = /^(\S+)\(\d+,\d+\): error /

/**
 * What of the type checker's complaints is about our own declarations. Those of the AI SDK stand only with `skipLibCheck`:
 * they want types of browsers, and of a package that they do not bring.
 */
function ownRefusals(output: string): string[] {
  const refusals = output.split('\n').filter((line) => refusal.test(line))
  return refusals.filter((line) => !/^node_modules\/(ai|@ai-sdk)\//.test(line))
}

/** Type-checks a program that imports every subpath, without `skipLibCheck`: the declarations must stand by themselves. */
function checkTypes(folder: string, manifest: Manifest): string[] {
  const specifiers = Object.keys(manifest.exports).filter((subpath) => !subpath.endsWith('.json'))
  const lines = specifiers.map((subpath, index) => `export * as m${index} from '${manifest.name}${subpath.slice(1)}'`)
  writeFileSync(join(folder, 'consumer.ts'), `${lines.join('\n')}\n`)
  const typeRoots = [join(root, 'node_modules/@types')]
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ]) {
    const compilerOptions = {
      ...{ strict: true, noEmit: true, skipLibCheck: false, target: 'es2024', lib: ['es2024', 'esnext.disposable'] },
      ...{ module, moduleResolution, types: ['node'], typeRoots },
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
    try {
      run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], { cwd: folder })
    } catch (error) {
      const { message } = error as Error
      if (!message.includes('error TS')) throw error
      const refusals = ownRefusals(message)
      if (refusals.length > 0) return refusals.map((line) => `types with moduleResolution ${moduleResolution}: ${line}`)
    }
  }
  return []
}

async function checkPublint(path: string, manifest: Manifest): Promise<string[]> {
  const tarball = new Uint8Array(readFileSync(path)).buffer
  const { messages } = await publint({ level: 'warning', strict: true, pack: { tarball } })
  return messages.map((message) => `publint: ${formatMessage(message, manifest, { color: false }) ?? message.code}`)
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((bytes, entry) => bytes + statSync(join(entry.parentPath, entry.name)).size, 0)
}

/** Installs the tarball without optional packages and prints what a user gets. */
function install(tarball: string, folder: string): void {
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  run('npm', ['install', '--omit=optional', '--no-audit', '--no-fund', tarball], { cwd: folder })
  const { packages } = readJson<{ packages: Record<string, unknown> }>(join(folder, 'node_modules/.package-lock.json'))
  const kilobytes = Math.round(sizeOf(join(folder, 'node_modules')) / 1024)
  console.log(`  installed with --omit=optional: ${Object.keys(packages).length} packages, ${kilobytes} KiB`)
}

async function check(folder: string): Promise<string[]> {
  const manifest = readJson<Manifest>(join(root, 'package.json'))
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root })) as Packed[]
  if (packed === undefined) return ['npm pack answered nothing']
  const kilobytes = [packed.size, packed.unpackedSize].map((bytes) => Math.round(bytes / 1024))
  console.log(`  tarball: ${packed.files.length} files, ${kilobytes[0]} KiB packed, ${kilobytes[1]} KiB unpacked`)
  const tarball = join(folder, packed.filename)
  install(tarball, folder)
  return [
    ...checkContents(packed, manifest),
    ...checkImports(folder, manifest),
    ...checkTypes(folder, manifest),
    ...(await checkPublint(tarball, manifest)),
    ...checkPublicMembers(root, manifest),
  ]
}

const folder = mkdtempSync(join(tmpdir(), 'aquifer-pack-'))
try {
  console.log('pack check')
  const problems = await check(folder)
  for (const problem of problems) console.error(`  problem: ${problem}`)
  console.log(problems.length === 0 ? '  no problems' : `  ${problems.length} problems`)
  process.exitCode = problems.length === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
