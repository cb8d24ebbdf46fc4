// The files of the checkout that the tidy rules look at.
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const IGNORED_FOLDERS = /(^|\/)(node_modules|\.git)$|^(dist|coverage|bench\/results|\.node-versions)$/
const BINARY_EXTENSIONS = ['.db', '.db-wal', '.db-shm', '.tgz', '.png', '.wasm']
const CODE_FOLDERS = ['src', 'test', 'bench', 'eval', 'demo', 'examples', 'scripts']

export interface TextFile {
  /** Path from the root of the repository, with forward slashes. */
  readonly path: string
  readonly text: string
}

/** Every text file of the repository. */
export function readRepository(): TextFile[] {
  return listFiles('').map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
}

/** True for code that people maintain: the rules on sizes and names hold there. */
export function isCode({ path }: TextFile): boolean {
  return CODE_FOLDERS.includes(path.split('/')[0] ?? '') && /\.[cm]?[jt]sx?$/.test(path)
}

function listFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return IGNORED_FOLDERS.test(path) ? [] : listFiles(path)
    return entry.isFile() && !BINARY_EXTENSIONS.includes(extname(entry.name)) ? [path] : []
  })
}
