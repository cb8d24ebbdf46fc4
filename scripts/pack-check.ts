// Packs the library as publishing would, installs the tarball in an empty folder and uses it as a stranger does.
// Expects a fresh `dist/`: `npm run pack:check` builds first.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { parseSource } from '../test/tidy/source-file.ts'
import { checkPublicMembers } from './check-public-members.ts'
import { compiler, install, nodeTypes, type Packed, pack, root } from './pack.ts'
import { run } from './run.ts'

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, unknown>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

/** The most packages that an install may bring without optional ones and without peers, this one among them. */
const packageLimit = 40

/** The most memory that importing may take above bare Node, in megabytes. */
const importLimit = 8

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

/**
 * What importing the installed package takes of memory that is the process's own: medians of processes with it and without.
 * Resident memory would count pages of Node's program as well, of which the system maps some 6 MB more or less.
 */
function checkImportCost(folder: string, manifest: Manifest): string[] {
  if (process.platform !== 'linux') return []
  const megabytes = (code: string) => {
    const program = `${code}
      const { readFileSync } = await import('node:fs')
      console.log(/Anonymous: +(\\d+)/.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))[1] / 1024)`
    const args = ['--input-type=module', '--eval', program]
    const figures = Array.from({ length: 5 }, () => Number(run(process.execPath, args, { cwd: folder })))
    return figures.sort((one, other) => one - other)[2] as number
  }
  const above = megabytes(`await import('${manifest.name}')`) - megabytes('')
  console.log(`  importing takes ${above.toFixed(1)} MB of its own`)
  return above <= importLimit ? [] : [`importing takes ${above.toFixed(1)} MB of its own; the limit is ${importLimit}`]
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
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ]) {
    const compilerOptions = {
      ...{ strict: true, noEmit: true, skipLibCheck: false, target: 'es2024', lib: ['es2024', 'esnext.disposable'] },
      ...{ module, moduleResolution, ...nodeTypes },
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
    try {
      run(process.execPath, [compiler, '-p', '.'], { cwd: folder })
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

/** How many packages are installed in a folder; prints them with their size. */
function countInstalled(folder: string, what: string): number {
  const { packages } = readJson<{ packages: Record<string, unknown> }>(join(folder, 'node_modules/.package-lock.json'))
  const count = Object.keys(packages).length
  const kilobytes = Math.round(sizeOf(join(folder, 'node_modules')) / 1024)
  console.log(`  ${what}: ${count} ${count === 1 ? 'package' : 'packages'}, ${kilobytes} KiB`)
  return count
}

/** Installs the tarball without optional packages, first without peers and then with them, and counts what a user gets. */
function checkInstall(tarball: string, folder: string, manifest: Manifest): string[] {
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  install(folder, '--omit=peer', tarball)
  const count = countInstalled(folder, 'installed with --omit=optional, without peers')
  const problems = count > packageLimit ? [`installing brings ${count} packages; the limit is ${packageLimit}`] : []
  // Importing may need no peer; they are loaded by the calls that use them.
  problems.push(...checkImports(folder, manifest).map((problem) => `without peers, ${problem}`))
  problems.push(...checkImportCost(folder, manifest))
  const peers = ['ai', 'zod'].map((name) => `${name}@${manifest.devDependencies[name]}`)
  install(folder, ...peers)
  countInstalled(folder, `installed with --omit=optional, with ${peers.join(' and ')}`)
  return problems
}

/**
 * Packages that the declarations import and a user's install may have twice. A type of theirs would not fit the user's own,
 * so only peers may be named there.
 */
function checkDeclaredPackages(folder: string, manifest: Manifest): string[] {
  const dist = join(folder, 'node_modules', manifest.name, 'dist')
  const declarations = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.d.ts'))
  return declarations.flatMap((path) => {
    const { references } = parseSource(path, readFileSync(join(dist, path), 'utf8'))
    const specifiers = references.map(({ specifier }) => specifier ?? '').filter((name) => !name.startsWith('.'))
    const names = specifiers.map((specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'))
    return names
      .filter((name) => !name.startsWith('node:') && !(name in manifest.peerDependencies))
      .map((name) => `dist/${path} has types of ${name}, which is not a peer dependency`)
  })
}

async function check(folder: string): Promise<string[]> {
  const manifest = readJson<Manifest>(join(root, 'package.json'))
  const { packed, tarball } = pack(folder)
  const kilobytes = [packed.size, packed.unpackedSize].map((bytes) => Math.round(bytes / 1024))
  console.log(`  tarball: ${packed.files.length} files, ${kilobytes[0]} KiB packed, ${kilobytes[1]} KiB unpacked`)
  const installed = checkInstall(tarball, folder, manifest)
  return [
    ...installed,
    ...checkContents(packed, manifest),
    ...checkDeclaredPackages(folder, manifest),
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
