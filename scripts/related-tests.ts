// Which test files depend on changed files, and how closely: by the imports between them.
import { posix } from 'node:path'

/** The texts of the repository's code, by path from its root. */
export type Texts = ReadonlyMap<string, string>

export interface RelatedTest {
  readonly path: string
  /** Imports between the test and what changed; 0 if it changed itself. */
  readonly distance: number
}

const isTest = (path: string) => /\.test\.ts$/.test(path)

/** Specifiers of imports, and of files that a test starts: `new URL('./worker.ts', import.meta.url)`. */
const named = /(?:\bfrom\s*|\bimport\s*\(?\s*|\bnew URL\(\s*)(['"])([^'"\n]+)\1/g

/** The paths that a file names in its imports, as far as they are in the repository. */
export function importsOf(path: string, text: string, entries: Readonly<Record<string, string>>): string[] {
  const found = Array.from(text.matchAll(named), ([, , specifier = '']) => {
    if (specifier.startsWith('.')) return posix.join(posix.dirname(path), specifier)
    return entries[specifier] ?? null
  })
  return [...new Set(found.filter((one) => one !== null))]
}

/**
 * Test files that depend on what changed: those of its rooms first, then the nearest. A test is of a room if its folder has the
 * name of a folder that the changed file is in.
 *
 * @param entries What the package's own names lead to, such as `aquifer` to `src/index.ts`.
 */
export function relatedTests(
  texts: Texts,
  changed: readonly string[],
  entries: Readonly<Record<string, string>>,
): RelatedTest[] {
  const importers = new Map<string, string[]>()
  for (const [path, text] of texts) {
    for (const imported of importsOf(path, text, entries)) {
      const known = importers.get(imported)
      if (known === undefined) importers.set(imported, [path])
      else known.push(path)
    }
  }
  const distances = new Map<string, number>()
  let next = changed.flatMap((path) => (texts.has(path) ? [path] : readersOf(texts, path)))
  for (let distance = 0; next.length > 0; distance++) {
    const fresh = [...new Set(next)].filter((path) => !distances.has(path))
    for (const path of fresh) distances.set(path, distance)
    next = fresh.flatMap((path) => importers.get(path) ?? [])
  }
  const rooms = new Set(changed.flatMap((path) => path.split('/').slice(1, -1)))
  const rank = ({ path, distance }: RelatedTest) => {
    if (distance === 0) return 0
    return path.split('/').some((folder) => rooms.has(folder)) ? distance : 1_000 + distance
  }
  return [...distances]
    .filter(([path]) => isTest(path) && texts.has(path))
    .map(([path, distance]) => ({ path, distance }))
    .toSorted((left, right) => rank(left) - rank(right) || (left.path < right.path ? -1 : 1))
}

/** Tests that read a file which is no code, such as a guide: they name it, or its folder. */
function readersOf(texts: Texts, path: string): string[] {
  const folder = posix.dirname(path)
  const names = [posix.basename(path), ...(folder === '.' ? [] : [folder])]
  const quoted = names.flatMap((name) =>
    ["'", '/'].flatMap((before) => ["'", '/'].map((after) => before + name + after)),
  )
  return [...texts].flatMap(([other, text]) =>
    isTest(other) && quoted.some((name) => text.includes(name)) ? [other] : [],
  )
}

export interface Chosen {
  readonly run: readonly string[]
  readonly left: readonly string[]
}

/**
 * What of the related tests there is time for: all that changed themselves, and of the others the nearest that fit.
 *
 * @param usualMs What a file takes of which nothing is known.
 * @param mostMs Milliseconds of work, of all of them together.
 */
export function chooseTests(
  related: readonly RelatedTest[],
  durations: ReadonlyMap<string, number>,
  { usualMs, mostMs }: { readonly usualMs: number; readonly mostMs: number },
): Chosen {
  const run: string[] = []
  const left: string[] = []
  let ms = 0
  for (const { path, distance } of related) {
    const takes = durations.get(path) ?? usualMs
    const fits = distance === 0 || ms + takes <= mostMs
    if (fits) ms += takes
    ;(fits ? run : left).push(path)
  }
  return { run, left }
}
