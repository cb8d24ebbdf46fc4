// The storage contract where two connections share a file: commits take turns, and reads come from the other one.
import { afterAll, beforeAll, it } from 'vitest'
import type { Clock } from '../../src/ports/clock.ts'
import type { Storage } from '../../src/ports/storage.ts'
import { runStorageCase } from '../../src/testing/contract/contract-case.ts'
import { storageContract } from '../../src/testing/contract/storage-contract.ts'
import { newFolder, openSqlite } from './drivers.ts'

let folder: Awaited<ReturnType<typeof newFolder>>
beforeAll(async () => {
  folder = await newFolder()
})
afterAll(() => folder.remove())

/** Sees every write through the eyes of another process: nothing that a connection remembers of its own helps. */
async function openTwo(clock: Clock): Promise<Storage> {
  const path = folder.nextFile()
  let [writer, reader] = [await openSqlite(clock, path), await openSqlite(clock, path)]
  return {
    id: 'two',
    commit: (...call) => {
      ;[writer, reader] = [reader, writer]
      return writer.commit(...call)
    },
    erase: (...call) => {
      ;[writer, reader] = [reader, writer]
      return writer.erase(...call)
    },
    reclaim: (...call) => writer.reclaim(...call),
    cacheUse: () => writer.cacheUse(),
    renewLease: (...call) => writer.renewLease(...call),
    compact: (...call) => writer.compact(...call),
    due: (...call) => reader.due(...call),
    get spaces() {
      return reader.spaces
    },
    get threads() {
      return reader.threads
    },
    get messages() {
      return reader.messages
    },
    get blocks() {
      return reader.blocks
    },
    get entries() {
      return reader.entries
    },
    get vectors() {
      return writer.vectors
    },
    get index() {
      return reader.index
    },
    get facts() {
      return reader.facts
    },
    get runs() {
      return reader.runs
    },
    get records() {
      return reader.records
    },
    get receipts() {
      return reader.receipts
    },
    get log() {
      return reader.log
    },
    close: async () => {
      await Promise.all([writer.close(), reader.close()])
    },
  }
}

/** Commits of two connections have no common order of arrival. */
const needsOneConnection = new Set([
  'commits of one tick apply in the order of their arrival',
  'erasures take their turn among commits of one tick',
  'closing waits for commits under way, and may be asked for twice',
])

for (const one of storageContract) {
  if (!needsOneConnection.has(one.name)) it(one.name, () => runStorageCase(one, openTwo))
}
