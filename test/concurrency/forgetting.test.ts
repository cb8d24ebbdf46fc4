// Processes that learn, recall and forget on one file at once, each killed in turn: what was acknowledged holds.

import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { SpaceId } from '../../src/domain/id.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import { checkIndex } from '../../src/testing/contract/check-index.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { foundIn } from '../forget/planted.ts'
import { temporaryFolder } from '../memory/opened.ts'
import { times } from '../run-lengths.ts'
import { type ForgotOrStored, openShared, userId } from './forgetting-shared.ts'
import { startWorker, type Worker } from './process.ts'
import { system } from './shared.ts'

const kills = times(5)
const beside = 2
/** What a killed process had claimed is free again by this clock. */
const later = { now: () => Date.now() + 120_000 }
const space = `resource/${userId}` as SpaceId

/** Lets a worker say some things, and kills it at some moment after. */
async function killAfter(worker: Worker<ForgotOrStored>, lines: number): Promise<void> {
  while (worker.child.exitCode === null && worker.lines.length < lines) await delay(1)
  await delay(Math.random() * 30)
  worker.child.kill('SIGKILL')
  expect([await worker.ended, worker.errors()]).toEqual([null, ''])
}

it(`keeps what was learned and nothing that was forgotten, after ${kills} kills`, async () => {
  const path = `${temporaryFolder()}/shared.db`
  let started = 0
  const start = () =>
    startWorker<ForgotOrStored>(new URL('./forgetting-worker.ts', import.meta.url), { path, name: `a${++started}` })
  const running = Array.from({ length: beside }, start)
  const all = [...running]
  for (let kill = 0; kill < kills + beside; kill++) {
    const worker = running.shift() as Worker<ForgotOrStored>
    await killAfter(worker, 40)
    if (kill >= kills) continue
    const next = start()
    running.push(next)
    all.push(next)
  }

  const states = new Map<string, ForgotOrStored['state']>()
  for (const { word, state } of all.flatMap(({ lines }) => lines)) states.set(word, state)
  const inState = (state: ForgotOrStored['state']) => [...states.keys()].filter((word) => states.get(word) === state)
  expect(inState('forgotten').length).toBeGreaterThan(kills)

  const memory = openShared(path, { clock: later })
  await expect.poll(async () => (await memory.settled()).pendingSpaces).toBe(0)
  const storage = await coreOf(memory).storage.get()
  expect(await checkHistory(storage, system, space)).toEqual([])
  await checkIndex(storage, system, space)
  for (const word of inState('stored')) {
    const { items } = await memory.space(space).recall(word, { mode: 'keyword', topK: 1 })
    expect(JSON.stringify(items), word).toContain(word)
  }
  // Completes what a killed process had begun to forget.
  await expect.poll(async () => (await memory.forget({ resourceId: 'nobody' })).state).toBe('complete')
  await memory.settled()
  await memory.close()
  expect(foundIn(path, inState('forgotten'))).toEqual([])
})
