// Forgetting while other processes write: nothing of theirs is lost, and nothing that was forgotten comes back.

import { SQLiteStore } from 'aquifer'
import { expect, it } from 'vitest'
import { openStore } from '../../src/open.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { startWorker } from '../concurrency/process.ts'
import { openMemory, temporaryUrl } from '../memory/opened.ts'
import { foundIn, pathOf, plantThread, Secrets } from './planted.ts'

const writers = 3
const writes = 150

it('goes on beside writers of other processes', async () => {
  const url = temporaryUrl()
  const memory = openMemory({ storage: url })
  const gone = new Secrets()
  const { threadId, turnId } = await plantThread(memory, 'ada', gone.make(), gone)
  await plantThread(memory, 'ada', 'beside', new Secrets())
  const task = { url, threadId, turnId, writes }
  const workers = Array.from({ length: writers }, () => {
    return startWorker<{ steps: number; refused: number }>(new URL('./writer-worker.ts', import.meta.url), task)
  })
  await expect.poll(() => memory.team('acme').read('count')).toBeGreaterThan(writers * 5)
  const asked = { threadId, resourceId: 'ada' }
  const { id } = await memory.forget(asked)
  await expect.poll(async () => (await memory.forget(asked)).state).toBe('complete')
  for (const worker of workers) expect([await worker.ended, worker.errors()]).toEqual([0, ''])
  const said = workers.map((worker) => worker.lines[0])
  // Steps are saved until the thread is gone; from then on each is refused.
  for (const line of said) expect((line?.steps ?? 0) + (line?.refused ?? 0)).toBe(writes)
  expect(said.reduce((sum, line) => sum + (line?.refused ?? 0), 0)).toBeGreaterThan(0)
  expect(await memory.getReceipt(id)).toMatchObject({ state: 'complete', erased: { threads: 1 } })
  expect(await memory.getThreadById({ resourceId: 'ada', threadId })).toBeNull()
  expect(await memory.team('acme').read('count')).toBe(writers * writes)
  await memory.forget({ resourceId: 'nobody' })
  expect(foundIn(pathOf(url), gone.texts)).toEqual([])
  const opened = await openStore(new SQLiteStore({ url }))
  const access = { actor: { kind: 'system', id: 'app' }, grants: 'all' } as const
  for (const name of ['resource/ada', 'team/acme']) {
    expect(await checkHistory(opened.storage, access, memory.space(name).id)).toEqual([])
  }
  await opened.release()
})
