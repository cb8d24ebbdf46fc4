// Waiting until nothing that was forgotten is left in any file.

import { DatabaseSync } from 'node:sqlite'
import type { Memory } from 'aquifer'
import { expect, it, onTestFinished } from 'vitest'
import { defaultLimits } from '../../src/domain/limits.ts'
import type { Core } from '../../src/memory/door/core.ts'
import { MemoryStorage } from '../../src/memory/door/memory-storage.ts'
import { settleErasure } from '../../src/memory/forget/erasure.ts'
import { Traces } from '../../src/memory/recall/recollection.ts'
import { openMemory, refused, temporaryUrl } from '../memory/opened.ts'
import { foundIn, pathOf, plantThread, Secrets } from './planted.ts'

/** A memory, and the core of another one on the same file. */
function openCore(busyTimeoutMs: number) {
  const url = temporaryUrl()
  const storage = new MemoryStorage({ storage: url, background: false, embedder: false })
  onTestFinished(() => storage.close())
  const core: Core = {
    storage,
    access: { actor: { kind: 'system', id: 'app' }, grants: 'all' },
    limits: { ...defaultLimits, busyTimeoutMs },
    behaviour: {},
    createId: () => 'id',
    traces: new Traces(),
  }
  return { core, memory: openMemory({ storage: url }), path: pathOf(url) }
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
  const { core, memory, path } = openCore(30_000)
  const gone = await forgotten(memory, path)
  await settleErasure(core)
  expect((await memory.receipts()).map(({ state }) => state)).toEqual(['complete', 'complete'])
  expect(foundIn(path, gone.texts)).toEqual([])
  await settleErasure(core)
})

it('says who is in the way when it gives up, and completes later', async () => {
  const { core, memory, path } = openCore(1)
  const gone = await forgotten(memory, path)
  const reader = new DatabaseSync(path)
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM log').get()
  const error = await refused('unavailable', () => settleErasure(core))
  expect(error.retryable).toBe(true)
  expect((await memory.receipts({ state: 'pending' })).length).toBe(2)
  reader.close()
  await settleErasure(core)
  expect(foundIn(path, gone.texts)).toEqual([])
})
