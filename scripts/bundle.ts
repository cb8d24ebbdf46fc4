// Bundles the JavaScript of the package: a file for each entry point, and chunks that several share or that are loaded late.
// Loading one file costs more than most of what is in it. The declarations come from `tsc`, a file for each source.
import { isAbsolute, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type OutputChunk, rolldown } from 'rolldown'
import manifest from '../package.json' with { type: 'json' }

const root = fileURLToPath(new URL('..', import.meta.url))
const chunks = 'chunks'

/** Programs of threads and processes. The code that starts them looks for them next to its own chunk. */
const programs = {
  [`${chunks}/embed-worker`]: 'src/derive/embed-worker.ts',
  [`${chunks}/scrub/scrub-process`]: 'src/storage/sqlite/scrub/scrub-process.ts',
}

/** `adapters/otel/index`: the source of each entry point of package.json. */
function entryPoints(): Record<string, string> {
  const entries: Record<string, string> = {}
  for (const entry of Object.values(manifest.exports)) {
    if (typeof entry === 'string') continue
    const source = entry['aquifer-source'].replace(/^\.\//, '')
    entries[source.replace(/^src\/(.*)\.ts$/, '$1')] = source
  }
  return entries
}

/** A chunk that finds files by its own place must stand where those are put. */
function misplaced(output: readonly OutputChunk[]): string[] {
  const starting = output.filter(({ code }) => /new URL\([^)]*import\.meta\.url\)/.test(code))
  return starting.map(({ fileName }) => fileName).filter((name) => posix.dirname(name) !== chunks)
}

/** The modules that an entry loads at once, with the chunks that its own imports. */
function modulesLoadedWith(name: string, output: readonly OutputChunk[]): Set<string> {
  const chunkOf = new Map(output.map((chunk) => [chunk.fileName, chunk]))
  const reached = new Set<string>()
  const visit = (fileName: string): void => {
    const chunk = chunkOf.get(fileName)
    if (chunk === undefined || reached.has(fileName)) return
    reached.add(fileName)
    for (const imported of chunk.imports) visit(imported)
  }
  visit(`${name}.js`)
  return new Set([...reached].flatMap((fileName) => chunkOf.get(fileName)?.moduleIds ?? []))
}

/** The chunk of each module that an entry loads at once: one chunk for all that the same entries load. */
function chunkNames(entries: readonly string[], output: readonly OutputChunk[]): Map<string, string> {
  const loaders = new Map<string, number>()
  for (const [index, entry] of entries.entries()) {
    for (const id of modulesLoadedWith(entry, output)) loaders.set(id, (loaders.get(id) ?? 0) + 2 ** index)
  }
  return new Map([...loaders].map(([id, mask]) => [id, `part-${mask}`]))
}

const naming = { format: 'esm', entryFileNames: '[name].js', chunkFileNames: `${chunks}/[name]-[hash].js` } as const

function chunksOf(output: readonly { readonly type: 'asset' | 'chunk' }[]): OutputChunk[] {
  return output.filter((file): file is OutputChunk => file.type === 'chunk')
}

/** Writes the bundle into a folder. */
export async function bundle(dir: string): Promise<void> {
  const input = { ...entryPoints(), ...programs }
  const sources = new Set(Object.values(input))
  const build = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    preserveEntrySignatures: 'allow-extension',
    // Packages stay packages: users get them with their own versions and licences.
    external: (id) => !id.startsWith('.') && !isAbsolute(id) && !sources.has(id),
  })
  const split = chunksOf((await build.generate(naming)).output)
  const nameOf = chunkNames(Object.keys(input), split)
  for (const source of sources) nameOf.delete(join(root, source))
  const output = chunksOf(
    (
      await build.write({
        ...naming,
        dir,
        codeSplitting: {
          // Else a chunk takes all that it imports with it, and a small program loads all of the memory.
          includeDependenciesRecursively: false,
          groups: [{ name: (id) => nameOf.get(id) ?? null, debugName: 'loaded together' }],
        },
      })
    ).output,
  )
  await build.close()
  const wrong = misplaced(output)
  if (wrong.length > 0) throw new Error(`${wrong.join(' and ')} must be in ${chunks}/, next to the programs it starts.`)
}

if (import.meta.main) await bundle(fileURLToPath(new URL('../dist', import.meta.url)))
