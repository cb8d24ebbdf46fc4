// Packs the library as publishing would. Expects a fresh `dist/`: the npm scripts build first.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './run.ts'

export const root = fileURLToPath(new URL('..', import.meta.url))

export interface Packed {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}

/** Writes the tarball into a folder; answers what npm says of it, and its path. */
export function pack(folder: string): { readonly packed: Packed; readonly tarball: string } {
  const answer = run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root })
  const [packed] = JSON.parse(answer) as Packed[]
  if (packed === undefined) throw new Error('npm pack answered nothing')
  return { packed, tarball: join(folder, packed.filename) }
}

/** Installs packages into a folder, which is made the folder of an application. */
export function install(folder: string, ...args: readonly string[]): void {
  run('npm', ['install', '--no-audit', '--no-fund', '--omit=optional', ...args], { cwd: folder })
}

/** The compiler of this project, and its types of Node, for programs that are elsewhere. */
export const compiler = join(root, 'node_modules/typescript/bin/tsc')
export const nodeTypes = { types: ['node'], typeRoots: [join(root, 'node_modules/@types')] }
