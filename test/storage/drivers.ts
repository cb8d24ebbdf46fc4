// The drivers that the storage contract is run on, each opened empty.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../src/ports/clock.ts'
import type { Storage } from '../../src/ports/storage.ts'
import { ReferenceStorage } from '../../src/storage/reference/reference-storage.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'

export async function openReference(clock: Clock): Promise<Storage> {
  return new ReferenceStorage({ clock })
}

export function openSqlite(clock: Clock, path: string, compactAtOnce?: number): Promise<Storage> {
  const slices = compactAtOnce === undefined ? {} : { compactAtOnce }
  return SqliteStorage.open({ id: path, path, durability: 'process', clock, busyTimeoutMs: 5_000, ...slices })
}

/** With caches that keep nothing from one transaction to the next, and compaction in the smallest slices. */
export function openSqliteMemory(clock: Clock): Promise<Storage> {
  const path = ':memory:'
  const smallest = { cacheBytes: 1, compactAtOnce: 1 }
  return SqliteStorage.open({ id: path, path, durability: 'process', clock, busyTimeoutMs: 5_000, ...smallest })
}

/** A folder for database files, and the way to remove it. */
export async function newFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'aquifer-'))
  let files = 0
  return {
    nextFile: () => join(folder, `${++files}.db`),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
