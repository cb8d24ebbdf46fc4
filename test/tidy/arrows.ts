// Which room may import which. ARCHITECTURE.md draws the same arrows.
import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path/posix'
import { isTestFile, type ModuleReference, type SourceFile } from './source-file.ts'

/** A → B: A may import B and whatever B's arrows reach. `index` and `open` are the files `src/index.ts` and `src/open.ts`. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  index: ['facade', 'workflow', 'open'],
  cli: ['server', 'mcp', 'client'],
  server: ['operations'],
  mcp: ['operations'],
  client: ['operations'],
  adapters: ['facade', 'agent'],
  workflow: ['agent'],
  agent: ['facade'],
  testing: ['facade', 'ports', 'domain'],
  facade: ['operations'],
  operations: ['memory'],
  memory: ['access', 'recall', 'derive', 'open'],
  access: ['ports'],
  recall: ['ports'],
  derive: ['ports'],
  open: ['storage'],
  storage: ['ports', 'domain'],
  ports: ['domain'],
  domain: [],
}

/** Rooms whose folders are siblings: each sees the room's own files and none of its neighbours. */
const ROOMS_OF_SIBLINGS = ['storage', 'adapters']

/** What the siblings of a room share: they may import it, and it may import the room's own files and no sibling. */
const SHARED_BY_SIBLINGS = ['storage/rows']

/** Who may name a concrete driver. */
const DRIVER_USERS = ['open', 'index', 'cli']

/** Packages that a room may import besides Node's own; rooms not listed may import every declared dependency. */
const PACKAGES: Readonly<Record<string, { readonly names: readonly string[]; readonly node: boolean }>> = {
  domain: { names: ['zod', 'stemmer'], node: false },
  testing: { names: [], node: true },
}

/** `src/storage/sqlite/read.ts` → `storage/sqlite`, `src/storage/migrate.ts` → `storage`, `src/open.ts` → `open`. */
export function roomOf(path: string): string {
  const [, first = '', second, third] = path.split('/')
  if (third !== undefined && ROOMS_OF_SIBLINGS.includes(first)) return `${first}/${second}`
  return first.replace(/\.ts$/, '')
}

/** Imports that no arrow allows. `dependencies` are the packages that a user's install brings or may bring. */
export function checkArrows(file: SourceFile, dependencies: readonly string[]): string[] {
  if (/^(demo|examples)\//.test(file.path)) return checkUser(file)
  if (!file.path.startsWith('src/')) return []
  const room = roomOf(file.path)
  if (ARROWS[outerRoom(room)] === undefined)
    return [`${file.path}: "${room}" is not a room; ARCHITECTURE.md lists them`]
  return file.references.flatMap((reference) => {
    const problem = checkReference(file.path, reference, dependencies)
    return problem === null ? [] : [`${file.path}:${reference.line}: ${problem}`]
  })
}

/** Demo and examples are programs of users: they know the package by its name only. */
function checkUser(file: SourceFile): string[] {
  return file.references
    .filter(({ specifier }) => specifier?.startsWith('.') && join(dirname(file.path), specifier).startsWith('src/'))
    .map(({ line, specifier }) => `${file.path}:${line}: import from 'aquifer' as users do, not from '${specifier}'`)
}

function checkReference(path: string, { specifier }: ModuleReference, dependencies: readonly string[]): string | null {
  if (specifier === null) return 'a computed import hides an arrow; write the specifier as a string'
  const isTest = isTestFile(path)
  if (!specifier.startsWith('.')) return isTest ? null : checkPackage(roomOf(path), specifier, dependencies)
  const target = join(dirname(path), specifier)
  if (!target.startsWith('src/')) return `'${specifier}' leaves src/`
  return mayImport(roomOf(path), roomOf(target), isTest) ? null : `${roomOf(path)} may not import ${roomOf(target)}`
}

function checkPackage(room: string, specifier: string, dependencies: readonly string[]): string | null {
  const allowed = PACKAGES[outerRoom(room)] ?? { names: dependencies, node: true }
  if (isBuiltin(specifier)) return allowed.node ? null : `${room} may not import '${specifier}'`
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  if (!dependencies.includes(name)) return `'${name}' is not a dependency that users install`
  return allowed.names.includes(name) ? null : `${room} may not import '${name}'`
}

function mayImport(from: string, to: string, isTest: boolean): boolean {
  if (from === to) return true
  const outer = outerRoom(from)
  // A test may use the contract and the checkers; a driver's own test may hold one driver against another.
  if (isTest && reaches('testing', to)) return true
  if (SHARED_BY_SIBLINGS.includes(to)) return from !== outerRoom(to) && outer === outerRoom(to)
  if (to.includes('/'))
    return to.startsWith('storage/') && (DRIVER_USERS.includes(from) || (isTest && outer === 'storage'))
  return from.includes('/') ? outer === to || reaches(outer, to) : reaches(from, to)
}

function reaches(from: string, to: string, seen = new Set<string>()): boolean {
  if (from === to) return true
  if (seen.has(from)) return false
  seen.add(from)
  return (ARROWS[from] ?? []).some((next) => reaches(next, to, seen))
}

function outerRoom(room: string): string {
  return room.split('/')[0] ?? room
}
