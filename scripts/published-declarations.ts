// The declarations that the package publishes, as the type checker sees them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { API, type Checker, type Symbol as Declared, type Project, SymbolFlags } from 'typescript/unstable/sync'

/** By subpath, such as `.` or `./testing`: the whole path of the declaration file that it publishes. */
export type Entries = Readonly<Record<string, string>>

export interface Published {
  readonly project: Project
  readonly checker: Checker
  /** What each entry exports, aliases followed. The name is what users import, with the subpath before it. */
  readonly exports: readonly { readonly name: string; readonly symbol: Declared }[]
}

/** The entries of a package, from its `exports`. */
export function entriesOf(folder: string, exports: Readonly<Record<string, unknown>>): Entries {
  const typed = Object.entries(exports).flatMap(([subpath, target]) => {
    const types = typeof target === 'object' && target !== null && 'types' in target ? target.types : null
    return typeof types === 'string' ? [[subpath, join(folder, types)] as const] : []
  })
  return Object.fromEntries(typed)
}

export function followed(checker: Checker, symbol: Declared): Declared {
  return (symbol.flags & SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol)
}

function exportsOf({ checker, program }: Project, entries: Entries): Published['exports'] {
  return Object.entries(entries).flatMap(([subpath, path]) => {
    const file = program.getSourceFile(path)
    const module = file === undefined ? undefined : checker.getSymbolAtLocation(file)
    if (module === undefined) throw new Error(`${path} is no module`)
    return checker.getExportsOfModule(module).map((symbol) => {
      return { name: `${subpath} ${symbol.name}`, symbol: followed(checker, symbol) }
    })
  })
}

/** Opens the entries' declarations, lets `read` look at them and closes them again. */
export function withPublished<Result>(
  entries: Entries,
  typeRoots: string,
  read: (published: Published) => Result,
): Result {
  const folder = mkdtempSync(join(tmpdir(), 'aquifer-declarations-'))
  const config = join(folder, 'tsconfig.json')
  const lib = ['es2024', 'esnext.disposable']
  const compilerOptions = { strict: true, noEmit: true, target: 'es2024', lib, module: 'nodenext', types: ['node'] }
  writeFileSync(
    config,
    JSON.stringify({ compilerOptions: { ...compilerOptions, typeRoots: [typeRoots] }, files: Object.values(entries) }),
  )
  const api = new API({ cwd: folder })
  try {
    const [project] = api.updateSnapshot({ openProject: config }).getProjects()
    if (project === undefined) throw new Error('the declarations could not be opened')
    return read({ project, checker: project.checker, exports: exportsOf(project, entries) })
  } finally {
    api.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
