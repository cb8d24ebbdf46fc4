// After every compaction the rows that are left, read past the port, give the stored records when they are replayed.
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LogRow } from '../../src/domain/commit/effect.ts'
import type { SpaceId } from '../../src/domain/id.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Storage } from '../../src/ports/storage.ts'
import { ReferenceStorage } from '../../src/storage/reference/reference-storage.ts'
import { type LogColumns, logColumns, logRowOf } from '../../src/storage/rows/log-rows.ts'
import { checkReplay } from '../../src/testing/contract/check-space.ts'
import { compactionCases } from '../../src/testing/contract/compaction-cases.ts'
import { runStorageCase } from '../../src/testing/contract/contract-case.ts'
import { eraseCases } from '../../src/testing/contract/erase-cases.ts'
import { newFolder, openSqlite } from './drivers.ts'

let folder: Awaited<ReturnType<typeof newFolder>>
beforeAll(async () => {
  folder = await newFolder()
})
afterAll(() => folder.remove())

let checks = 0

/** The storage, its log held against its state at every compaction. */
function checked(storage: Storage, rowsOf: (space: SpaceId) => readonly LogRow[]): Storage {
  const compact: Storage['compact'] = async (access, space, horizon) => {
    const answer = await storage.compact(access, space, horizon)
    const state = await storage.spaces.get(access, space)
    const rows = rowsOf(space)
    if (state !== null) await checkReplay(storage, access, state, rows)
    const below = rows.filter((row) => row.seq <= (state?.horizon ?? 0))
    expect(below.flatMap((row) => row.effects.map((effect) => effect.kind))).not.toContain('entry-write')
    expect(below.every((row) => row.commitId === null && row.hash === null)).toBe(true)
    checks += 1
    return answer
  }
  return new Proxy(storage, { get: (target, part) => (part === 'compact' ? compact : boundPart(target, part)) })
}

function boundPart(storage: Storage, part: string | symbol): unknown {
  const value: unknown = Reflect.get(storage, part)
  return typeof value === 'function' ? value.bind(storage) : value
}

function openReference(clock: Clock): Storage {
  const storage = new ReferenceStorage({ clock })
  return checked(storage, (space) => storage.bySpace.get(space)?.rows ?? [])
}

type Row = readonly [...LogColumns, string | null]

function fileRows(path: string, space: SpaceId): readonly LogRow[] {
  const database = new DatabaseSync(path, { readOnly: true })
  const statement = database.prepare(`SELECT ${logColumns}, (SELECT id FROM thread WHERE n = log.thread) FROM log
    WHERE space = (SELECT n FROM space WHERE id = ?) ORDER BY seq, turn`)
  statement.setReturnArrays(true)
  const rows = statement.all(space) as unknown as Row[]
  database.close()
  return rows.map((columns) => logRowOf(columns.slice(0, 9) as unknown as LogColumns, columns[9]))
}

async function openFile(clock: Clock, compactAtOnce?: number): Promise<Storage> {
  const path = folder.nextFile()
  return checked(await openSqlite(clock, path, compactAtOnce), (space) => fileRows(path, space))
}

describe.each([
  ['the reference driver', async (clock: Clock) => openReference(clock)],
  ['SQLite on a file', (clock: Clock) => openFile(clock)],
  ['SQLite on a file, one commit after the other', (clock: Clock) => openFile(clock, 1)],
])('%s', (_, open) => {
  it.each([...compactionCases, ...eraseCases])('$name', (one) => runStorageCase(one, open))
  it('was checked', () => expect(checks).toBeGreaterThan(20))
})
