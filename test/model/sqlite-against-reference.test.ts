// The SQLite driver and the reference driver, given the same random work, answer the same.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, it } from 'vitest'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { runRandom } from '../random-runs.ts'
import { work } from './plans.ts'
import { runWork, type Subject } from './run.ts'
import type { World } from './world.ts'

const folder = mkdtempSync(join(tmpdir(), 'aquifer-model-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
/** Small segments, and compaction in slices of few commits. */
const small = { segmentBytes: 400, compactAtOnce: 2 }
const open = ({ clock }: World, path: string) =>
  SqliteStorage.open({ id: 'subject', path, durability: 'process', clock, busyTimeoutMs: 5_000, ...small })

const inMemory: Subject = { open: async (world) => [await open(world, ':memory:')] }

/** A new file for each run, which is closed and opened again in the middle. */
function onFile(connections: number): () => Subject {
  return () => {
    const path = join(folder, `${++files}.db`)
    const openAll = async (world: World) => {
      const opened = []
      for (let count = 0; count < connections; count++) opened.push(await open(world, path))
      return opened
    }
    return {
      open: openAll,
      reopen: async (world) => {
        for (const connection of world.connections) await connection.close()
        return openAll(world)
      },
    }
  }
}

describe.each<[string, number, () => Subject]>([
  ['in memory', 30, () => inMemory],
  ['on a file that is opened again', 15, onFile(1)],
  ['over two connections to one file', 20, onFile(2)],
])('%s', (_, runs, subject) => {
  it('answers as the reference does', () =>
    runRandom(
      fc.asyncProperty(work, (actions) => runWork(subject(), actions)),
      runs,
    ))
})
