// Exported names: each has one meaning, and each is imported by somebody.
import { dirname, join } from 'node:path/posix'
import type { SourceFile } from './source-file.ts'

/** By folder, by file or by `file name`: why something may stand here all the same. Whatever is not needed any more must go. */
export type Exceptions = Readonly<Record<string, string>>

/** Names that two files export, both meant. */
export const ALIKE: Exceptions = {
  'src/testing/contract/changes.ts': 'a change of the contract has the name of what it does; only cases use them',
  'src/adapters/mem0/memory.ts Memory': "published under the name that Mem0's users know",
}

const inferred = 'an inferred type of another file names it, and its declaration must be able to'

/** Exports that no other file imports. */
export const UNIMPORTED: Exceptions = {
  'src/agent/context/': 'the type of all sections is inferred from each, and its declaration must name theirs',
  'src/memory/conversation/clone-thread.ts ClonedThreadRecord': inferred,
}

interface Place {
  readonly file: SourceFile
  readonly name: string
  readonly line: number
}

/** Names that two files of src/ export with declarations of their own. Drivers have the same names on purpose. */
export function checkAlike(files: readonly SourceFile[], exceptions: Exceptions): string[] {
  const byName = Map.groupBy(exportsOf(files), ({ name }) => name)
  const used = new Set<string>()
  const problems = [...byName.values()].flatMap((places) => {
    if (places.length === 1 || areOfDrivers(places)) return []
    const excepted = places.map((place) => exceptionOf(place, exceptions))
    for (const key of excepted) if (key !== null) used.add(key)
    const left = places.filter((_, index) => excepted[index] === null)
    return left.length < 2 ? [] : [`${left.map(at).join(' and ')} export "${left[0]?.name}" with two meanings`]
  })
  return [...problems, ...healed(exceptions, used)]
}

/** Exports of src/ that no other file imports; re-exporting one, as the entry points do, counts as an import. */
export function checkUnimported(files: readonly SourceFile[], exceptions: Exceptions): string[] {
  const imported = new Set<string>()
  const loadedLate = new Set<string>()
  for (const { path, references } of files) {
    for (const { specifier, names } of references) {
      if (specifier === null || !specifier.startsWith('.')) continue
      const target = join(dirname(path), specifier)
      if (names === null) loadedLate.add(target)
      for (const name of names ?? []) imported.add(`${target} ${name}`)
    }
  }
  // What is read off a module that was loaded late cannot be told: its name must stand in some other file.
  const isRead = ({ file, name }: Place) =>
    loadedLate.has(file.path) && files.some(({ path, text }) => path !== file.path && wordOf(name).test(text))
  const unimported = exportsOf(files).filter((place) => !imported.has(keyOf(place)) && !isRead(place))
  const used = new Set<string>()
  const problems = unimported.flatMap((place) => {
    const key = exceptionOf(place, exceptions)
    if (key !== null) used.add(key)
    return key === null ? [`${at(place)}: nobody imports "${place.name}"`] : []
  })
  return [...problems, ...healed(exceptions, used)]
}

function exportsOf(files: readonly SourceFile[]): Place[] {
  const sources = files.filter(({ path }) => path.startsWith('src/'))
  return sources.flatMap((file) => {
    // The signatures of an overloaded function are one export.
    const firsts = new Map(file.exportedDeclarations.toReversed().map(({ name, line }) => [name, line]))
    return [...firsts].map(([name, line]) => ({ file, name, line }))
  })
}

/** Whether all of them are of drivers, each of another one. */
function areOfDrivers(places: readonly Place[]): boolean {
  const drivers = places.map(({ file }) => /^src\/storage\/(?!rows\/)([^/]+)\//.exec(file.path)?.[1])
  return !drivers.includes(undefined) && new Set(drivers).size === drivers.length
}

function exceptionOf(place: Place, exceptions: Exceptions): string | null {
  const keys = [keyOf(place), place.file.path, `${dirname(place.file.path)}/`]
  return keys.find((key) => exceptions[key] !== undefined) ?? null
}

function healed(exceptions: Exceptions, used: ReadonlySet<string>): string[] {
  return Object.keys(exceptions)
    .filter((key) => !used.has(key))
    .map((key) => `${key}: no exception any more; take it off the table`)
}

const keyOf = ({ file, name }: Place): string => `${file.path} ${name}`
const at = ({ file, line }: Place): string => `${file.path}:${line}`
const wordOf = (name: string): RegExp => new RegExp(String.raw`\b${name}\b`)
