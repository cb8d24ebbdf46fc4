// The storage contract on every driver.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeSchema } from '../../src/domain/commit/schema.ts'
import { type OpenStorage, runStorageCase } from '../../src/testing/contract/contract-case.ts'
import { retriedKinds } from '../../src/testing/contract/retry-cases.ts'
import { storageContract } from '../../src/testing/contract/storage-contract.ts'
import { newFolder, openReference, openSqlite, openSqliteMemory } from './drivers.ts'

let folder: Awaited<ReturnType<typeof newFolder>>
beforeAll(async () => {
  folder = await newFolder()
})
afterAll(() => folder.remove())

function contract(driver: string, open: OpenStorage): void {
  describe(driver, () => {
    for (const one of storageContract) it(one.name, () => runStorageCase(one, open))
  })
}

it('names every case once', () => {
  expect(new Set(storageContract.map((one) => one.name)).size).toBe(storageContract.length)
})

it('retries every kind of change', () => {
  const kinds = changeSchema.options.map((option) => option.shape.kind.value)
  expect([...retriedKinds, 'erase'].toSorted()).toEqual(kinds.toSorted())
})

contract('the reference driver', openReference)
contract('SQLite in memory, without caches', openSqliteMemory)
contract('SQLite on a file', (clock) => openSqlite(clock, folder.nextFile()))
