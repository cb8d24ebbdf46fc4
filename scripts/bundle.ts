// Bundles the JavaScript of the package: a file for each entry point, and chunks that several share or that are loaded late.
// Loading one file costs more than most of what is in it. The declarations come from `tsc`, a file for each source.
import { isAbsolute, posix } from 'node:path'
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

/** Writes the bundle into a folder. */
export async function bundle(dir: string): Promise<void> {
  const input = { ...entryPoints(), ...programs }
  const sources = new Set(Object.values(input))
  const build = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    // Packages stay packages: users get them with their own versions and licences.
    external: (id) => !id.startsWith('.') && !isAbsolute(id) && !sources.has(id),
  })
  const { output } = await build.write({
    dir,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: `${chunks}/[name]-[hash].js`,
  })
  await build.close()
  const wrong = misplaced(output.filter((file) => file.type === 'chunk'))
  if (wrong.length > 0) throw new Error(`${wrong.join(' and ')} must be in ${chunks}/, next to the programs it starts.`)
}

if (import.meta.main) await bundle(fileURLToPath(new URL('../dist', import.meta.url)))
