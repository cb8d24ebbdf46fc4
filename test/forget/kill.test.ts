// Kill -9 in the middle of a forget, at moments spread over all of its steps: it never half-happens, and always ends.

import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { type Memory, SQLiteStore } from 'aquifer'
import { expect, it } from 'vitest'
import { openStore } from '../../src/open.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { startWorker } from '../concurrency/process.ts'
import { openMemory, temporaryUrl } from '../memory/opened.ts'
import { times } from '../run-lengths.ts'
import { foundIn, pathOf, plantEntry, plantThread, Secrets } from './planted.ts'

const rounds = times(12)
const access = { actor: { kind: 'system', id: 'app' }, grants: 'all' } as const

function integrity(path: string): unknown {
  const database = new DatabaseSync(path)
  const [row] = database.prepare('PRAGMA integrity_check').all()
  database.close()
  return row
}

interface Step {
  readonly step: 'opened' | 'erased' | 'complete'
}

/** Forgets in a process that is killed so many milliseconds after a step of it; answers how far it had come. */
async function killedForget(url: string, resourceId: string, after: Step['step'], ms: number): Promise<Step['step']> {
  const worker = startWorker<Step>(new URL('./kill-worker.ts', import.meta.url), { url, asked: { resourceId } })
  await expect.poll(() => worker.lines.map(({ step }) => step)).toContain(after)
  await delay(ms)
  worker.child.kill('SIGKILL')
  expect([await worker.ended, worker.errors()]).toEqual([null, ''])
  return worker.lines.at(-1)?.step ?? 'opened'
}

/** What was said in a thread; how its turns stand is left out, for a slow machine outlives the lease of an open one. */
async function saidIn(memory: Memory, resourceId: string, threadId: string) {
  const { messages } = await memory.listMessages({ resourceId, threadId })
  return messages.map(({ turnStatus: _, ...message }) => message)
}

it(`a forget is whole and ends, after ${rounds} kills`, async () => {
  const url = temporaryUrl()
  const path = pathOf(url)
  const kept = new Secrets()
  const first = openMemory({ storage: url })
  await plantThread(first, 'bob', 'tea', kept)
  await plantEntry(first, 'acme', 'beside', kept)
  for (let count = 0; count < 400; count++) await first.team('filler').write(`k${count}`, 'x'.repeat(4_000))
  await first.close()
  const steps: Step['step'][] = []
  for (let round = 1; round <= rounds; round++) {
    const resourceId = `ada-${round}`
    const gone = new Secrets()
    const memory = openMemory({ storage: url })
    for (let thread = 0; thread < 3; thread++) await plantThread(memory, resourceId, gone.make(), gone)
    const bob = await saidIn(memory, 'bob', 'tea')
    await memory.close()
    const after = round % 3 === 0 ? 'opened' : 'erased'
    steps.push(await killedForget(url, resourceId, after, (round * 250) / rounds))

    const next = openMemory({ storage: url, background: round % 2 === 0 })
    const state = await next.space(`resource/${resourceId}`).state()
    const [receipt] = await next.receipts({ limit: 1 })
    const isErased = steps.at(-1) !== 'opened' || state === null
    if (isErased) {
      // What was erased is never half there, and never comes back.
      expect(state).toBeNull()
      expect(receipt).toMatchObject({ erased: { spaces: 1, threads: 3 } })
      expect((await next.listThreads({ resourceId })).threads).toEqual([])
    }
    await expect.poll(async () => (await next.forget({ resourceId })).state).toBe('complete')
    expect(foundIn(path, gone.texts)).toEqual([])
    expect(await saidIn(next, 'bob', 'tea')).toEqual(bob)
    expect(await next.receipts({ state: 'pending' })).toEqual([])
    await next.close()
    expect(integrity(path)).toEqual({ integrity_check: 'ok' })
  }
  expect(steps).toContain('erased')
  const opened = await openStore(new SQLiteStore({ url }))
  for (const space of ['resource/bob', 'team/acme', 'team/filler'] as const) {
    expect(await checkHistory(opened.storage, access, space as never)).toEqual([])
  }
  await opened.release()
  expect(foundIn(path, kept.texts).length).toBeGreaterThan(10)
})
