// The tables of folders in ARCHITECTURE.md: every folder of a room stands in its table, below all that it imports.
import { dirname, join } from 'node:path/posix'
import type { TextFile } from './repository.ts'
import type { SourceFile } from './source-file.ts'

interface FolderTable {
  /** Such as `src/domain/`. */
  readonly room: string
  /** Such as `commit/`, in the order of the table. */
  readonly folders: readonly string[]
}

/** Folders that no table names, names of no folder, and imports of a folder that stands further down. */
export function checkFolders(architecture: TextFile, files: readonly SourceFile[]): string[] {
  return tablesOf(architecture.text).flatMap(({ room, folders }) => {
    const inRoom = files.filter(({ path }) => path.startsWith(room))
    const there = new Set(inRoom.flatMap(({ path }) => folderIn(room, path) ?? []))
    const missing = [...there].filter((folder) => !folders.includes(folder))
    const gone = folders.filter((folder) => !there.has(folder))
    const downward = new Set(inRoom.flatMap((file) => importsBelow(room, folders, file)))
    return [
      ...missing.map((folder) => `${room}${folder} is not in the table of ${room}`),
      ...gone.map((folder) => `${room}${folder} is in the table and is not there`),
      ...[...downward].map((pair) => `${room}: ${pair}, which the table has further down`),
    ]
  })
}

function tablesOf(text: string): FolderTable[] {
  return [...text.matchAll(/^\| folder of `(src\/[\w/]+\/)`.*\n\| -.*\n((?:\|.*\n)+)/gm)].map(
    ([, room = '', rows = '']) => ({
      room,
      folders: [...rows.matchAll(/^\| `([\w-]+\/)`/gm)].map(([, folder = '']) => folder),
    }),
  )
}

/** `src/domain/`, `src/domain/commit/x.ts` → `commit/`; null for a file at the top of the room. */
function folderIn(room: string, path: string): string | null {
  const [folder, ...rest] = path.slice(room.length).split('/')
  return path.startsWith(room) && rest.length > 0 ? `${folder}/` : null
}

function importsBelow(room: string, folders: readonly string[], { path, references }: SourceFile): string[] {
  const from = folderIn(room, path)
  if (from === null) return []
  return references.flatMap(({ specifier }) => {
    const to = specifier?.startsWith('.') ? folderIn(room, join(dirname(path), specifier)) : null
    return to !== null && folders.indexOf(to) > folders.indexOf(from) ? [`${from} imports ${to}`] : []
  })
}
