// Documents that lead a reader to files: whatever file or folder they name must be there.
import type { TextFile } from './repository.ts'

/** Documents that say where things are. Decisions and the change log name files of their time. */
const GUIDES = /^(ARCHITECTURE|CONTRIBUTING|README|SECURITY)\.md$|^docs\/guide\//

/** Files and folders in backticks, such as `storage/decide.ts` or `src/domain/`. A `*` stands for any part of a name. */
const NAMED = /`([\w.*-]+(?:\/[\w.*-]+)*(?:\.(?:ts|wat)|\/))`/g

/** Folders that commands make. */
const MADE = ['dist/']

/** Paths in a guide that lead nowhere. They may leave out the folders that stand before them. */
export function checkPaths({ path, text }: TextFile, known: readonly string[]): string[] {
  if (!GUIDES.test(path)) return []
  const lineOf = (offset: number) => text.slice(0, offset).split('\n').length
  return [...text.matchAll(NAMED)]
    .filter(([, name = '']) => !MADE.includes(name) && !known.some((file) => patternOf(name).test(`/${file}`)))
    .map(({ 1: name, index }) => `${path}:${lineOf(index)}: there is no ${name}`)
}

function patternOf(name: string): RegExp {
  const escaped = name.replace(/[.]/g, String.raw`\.`).replaceAll('*', '[^/]*')
  return new RegExp(`/${escaped}${name.endsWith('/') ? '' : '$'}`)
}
