/**
 * The floor: the same rows written and read by bare prepared statements, with no library between. It knows its file and
 * nothing of the product; what stands here is as lean as SQLite allows (integer threads, JSON made beforehand, a large
 * checkpoint interval), so a ratio to it flatters nobody.
 */
import { DatabaseSync } from 'node:sqlite'

export type Durability = 'process' | 'power'

const schema = `
  CREATE TABLE IF NOT EXISTS message(k INTEGER PRIMARY KEY, thread INTEGER, createdAt INTEGER, json TEXT);
  CREATE INDEX IF NOT EXISTS message_thread ON message(thread, createdAt);
  CREATE TABLE IF NOT EXISTS thread(n INTEGER PRIMARY KEY, id TEXT UNIQUE, resource TEXT, updatedAt INTEGER, metadata TEXT);
  CREATE INDEX IF NOT EXISTS thread_resource ON thread(resource, updatedAt);
  CREATE TABLE IF NOT EXISTS entry(space INTEGER, key TEXT, json TEXT, PRIMARY KEY(space, key)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS block(space INTEGER PRIMARY KEY, json TEXT);`

/** A connection with the pragmas the product uses and prepared statements around a transaction. */
export interface Floor {
  readonly database: DatabaseSync
  begin(): void
  commit(): void
  rollback(): void
  close(): void
}

/** Opens a file, made if it is not there. `busyTimeoutMs` is how long a statement waits for another process's lock. */
export function openFloor(file: string, options: { durability?: Durability; busyTimeoutMs?: number } = {}): Floor {
  const { durability = 'process', busyTimeoutMs = 5_000 } = options
  const database = new DatabaseSync(file, { timeout: 5_000 })
  const synchronous = durability === 'power' ? 'FULL' : 'NORMAL'
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA wal_autocheckpoint = 4000;`)
  database.exec(schema)
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`)
  const begin = database.prepare('BEGIN IMMEDIATE')
  const commit = database.prepare('COMMIT')
  const rollback = database.prepare('ROLLBACK')
  return {
    database,
    begin: () => void begin.run(),
    commit: () => void commit.run(),
    rollback: () => void rollback.run(),
    close: () => database.close(),
  }
}

/** Messages: inserts in a transaction, the last n of a thread. */
export function floorMessages(floor: Floor) {
  const insert = floor.database.prepare('INSERT INTO message(thread, createdAt, json) VALUES (?, ?, ?)')
  const select = floor.database.prepare('SELECT json FROM message WHERE thread = ? ORDER BY createdAt DESC LIMIT ?')
  let clock = Date.now() * 1_000
  const write = (thread: number, rows: readonly string[]) => {
    for (const json of rows) insert.run(thread, clock++, json)
  }
  return {
    /** One transaction. */
    save(thread: number, rows: readonly string[]): void {
      floor.begin()
      write(thread, rows)
      floor.commit()
    },
    /** Several turns in one transaction. */
    saveGroup(group: readonly { readonly thread: number; readonly rows: readonly string[] }[]): void {
      floor.begin()
      for (const { thread, rows } of group) write(thread, rows)
      floor.commit()
    },
    last(thread: number, count: number): unknown[] {
      const rows = select.all(thread, count)
      return rows.map((row) => JSON.parse(row.json as string)).reverse()
    },
  }
}

/** Threads: a page of one resource, newest first, by keyset; one thread by its id. */
export function floorThreads(floor: Floor) {
  const insert = floor.database.prepare('INSERT INTO thread(id, resource, updatedAt, metadata) VALUES (?, ?, ?, ?)')
  const page = floor.database.prepare(
    'SELECT id, updatedAt, metadata FROM thread WHERE resource = ? AND updatedAt < ? ORDER BY updatedAt DESC LIMIT ?',
  )
  const one = floor.database.prepare('SELECT id, resource, updatedAt, metadata FROM thread WHERE id = ?')
  return {
    put: (id: string, resource: string, updatedAt: number, metadata: string) =>
      void insert.run(id, resource, updatedAt, metadata),
    page(resource: string, before: number, count: number): unknown[] {
      const rows = page.all(resource, before, count)
      return rows.map((row) => ({ ...row, metadata: JSON.parse(row.metadata as string) }))
    },
    byId(id: string): unknown {
      const row = one.get(id)
      return row === undefined ? null : { ...row, metadata: JSON.parse(row.metadata as string) }
    },
  }
}

type JsonObject = Record<string, unknown>

/** Read, merge one level deep, write, in one transaction: what a merge costs without a library. */
function mergeInTransaction(
  floor: Floor,
  read: () => string,
  write: (json: string) => void,
  patch: JsonObject,
): JsonObject {
  floor.begin()
  const value = { ...(JSON.parse(read()) as JsonObject), ...patch }
  write(JSON.stringify(value))
  floor.commit()
  return value
}

/** Entries: a JSON value by space and key. */
export function floorEntries(floor: Floor) {
  const select = floor.database.prepare('SELECT json FROM entry WHERE space = ? AND key = ?')
  const upsert = floor.database.prepare(
    'INSERT INTO entry(space, key, json) VALUES (?, ?, ?) ON CONFLICT(space, key) DO UPDATE SET json = excluded.json',
  )
  const text = (space: number, key: string) => select.get(space, key)?.json as string
  const write = (space: number, key: string, json: string) => void upsert.run(space, key, json)
  return {
    read: (space: number, key: string): unknown => JSON.parse(text(space, key)),
    write,
    merge: (space: number, key: string, patch: JsonObject) =>
      mergeInTransaction(
        floor,
        () => text(space, key),
        (json) => write(space, key, json),
        patch,
      ),
  }
}

/** Blocks: one JSON value of about 1 KB for a space. */
export function floorBlocks(floor: Floor) {
  const select = floor.database.prepare('SELECT json FROM block WHERE space = ?')
  const upsert = floor.database.prepare(
    'INSERT INTO block(space, json) VALUES (?, ?) ON CONFLICT(space) DO UPDATE SET json = excluded.json',
  )
  const write = (space: number, json: string) => void upsert.run(space, json)
  return {
    write,
    merge: (space: number, patch: JsonObject) =>
      mergeInTransaction(
        floor,
        () => select.get(space)?.json as string,
        (json) => write(space, json),
        patch,
      ),
  }
}
