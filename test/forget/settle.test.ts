// Waiting until nothing that was forgotten is left in any file.

import { DatabaseSync } from 'node:sqlite'
import type { Memory } from 'aquifer'
import { expect, it, onTestFinished } from 'vitest'
import { defaultLimits } from '../../src/domain/limits.ts'
import { settleErasure } from '../../src/memory/storage/erasure.ts'
import { MemoryStorage } from '../../src/memory/storage/memory-storage.ts'
import { openMemory, refused, temporaryUrl } from '../memory/opened.ts'
import { foundIn, pathOf, plantThread, Secrets } from './planted.ts'

/** A memory, and what settles the same file from another one. */
function openSettling(busyTimeoutMs: number) {
  const url = temporaryUrl()
  const storage = new MemoryStorage({ storage: url, background: false, embedder: false })
  onTestFinished(() => storage.close())
  const settle = async () => settleErasure(await storage.get(), { ...defaultLimits, busyTimeoutMs })
  return { settle, memory: openMemory({ storage: url }), path: pathOf(url) }
}

async function forgotten(memory: Memory, path: string): Promise<Secrets> {
  const gone = new Secrets()
  await plantThread(memory, 'ada', 'tea', gone)
  await plantThread(memory, 'ada', 'milk', gone)
  for (const threadId of ['tea', 'milk']) {
    expect(await memory.forget({ threadId, resourceId: 'ada' })).toMatchObject({ state: 'pending' })
  }
  expect(foundIn(path, gone.texts)).not.toEqual([])
  return gone
}

it('completes all that is pending', async () => {
  const { settle, memory, path } = openSettling(30_000)
  const gone = await forgotten(memory, path)
  await settle()
  expect((await memory.receipts()).map(({ state }) => state)).toEqual(['complete', 'complete'])
  expect(foundIn(path, gone.texts)).toEqual([])
  await settle()
})

it('says who is in the way when it gives up, and completes later', async () => {
  const { settle, memory, path } = openSettling(1)
  const gone = await forgotten(memory, path)
  const reader = new DatabaseSync(path)
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM log').get()
  const error = await refused('unavailable', settle)
  expect(error.retryable).toBe(true)
  expect((await memory.receipts({ state: 'pending' })).length).toBe(2)
  reader.close()
  await settle()
  expect(foundIn(path, gone.texts)).toEqual([])
})
