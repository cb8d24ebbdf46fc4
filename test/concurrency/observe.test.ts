// Two processes observe one thread that grows, and are killed, and their models and hooks fail: no note is lost or doubled.
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { coreOf } from '../../src/facade/conversations.ts'
import { Memory } from '../../src/facade/memory.ts'
import { resourceSpace } from '../../src/memory/door/door.ts'
import { readHead } from '../../src/memory/observations/read-notes.ts'
import { checkIndex } from '../../src/testing/contract/check-index.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { townProblems, townsOf, observedWhere as where } from '../memory/observed-thread.ts'
import { temporaryFolder } from '../memory/opened.ts'
import { times, waitLimitMs } from '../run-lengths.ts'
import { clockOf, type Observed, type ObserveTask } from './observe-shared.ts'
import { startWorker, type Worker } from './process.ts'

/** A process is killed in every third round. */
const rounds = times(10)

const whileWaiting = { timeout: waitLimitMs, interval: 5 }

async function headOf(memory: Memory) {
  const door = resourceSpace(coreOf(memory), where.resourceId)
  const { record } = await door.threads.get(where.threadId)
  return record === null ? null : readHead(door, record)
}

it(`no note is lost or doubled in ${rounds} rounds of two observers`, async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'rounds')
  writeFileSync(file, '')
  const url = `file:${join(folder, 'memory.db')}`
  const memory = new Memory({ storage: url, embedder: false, background: false, clock: clockOf(file) })
  const standing: string[] = []
  let said = 0
  const say = async () => {
    const { messages } = await memory.saveMessages({ ...where, messages: [`Ada visited Town${said++}x with 2 dogs.`] })
    standing.push(...messages.map(({ id }) => id))
  }
  const start = (isModel: boolean) => {
    const task: ObserveTask = { url, rounds: file, isModel }
    return { isModel, worker: startWorker<Observed>(new URL('./observe-worker.ts', import.meta.url), task) }
  }
  const lines: Observed[] = []
  const kill = async ({ worker }: { readonly worker: Worker<Observed> }) => {
    await worker.first
    await delay(Math.random() * 40)
    worker.child.kill('SIGKILL')
    expect([await worker.ended, worker.errors()]).toEqual([null, ''])
    lines.push(...worker.lines)
  }
  const reports = () => running.reduce((sum, { worker }) => sum + worker.lines.length, 0)
  await say()
  const running = [start(false), start(true)]
  await Promise.all(running.map(({ worker }) => worker.first))
  for (let round = 1; round <= rounds; round++) {
    for (let at = 0; at < 8; at++) await say()
    await memory.deleteMessages(standing.splice(Math.floor(Math.random() * standing.length), 1), {
      resourceId: where.resourceId,
    })
    const before = reports()
    await expect.poll(reports, whileWaiting).toBeGreaterThan(before)
    const oldest = round % 3 === 0 ? running.shift() : undefined
    if (oldest !== undefined) {
      await kill(oldest)
      running.push(start(oldest.isModel))
    }
    appendFileSync(file, '.')
  }
  // The processes do the work, not this one at its end.
  const generation = async () => (await headOf(memory))?.generation
  await expect.poll(generation, whileWaiting).toBeGreaterThan(0)
  await Promise.all(running.map(kill))
  appendFileSync(file, '.')

  const left = await townsOf(memory)
  expect([townProblems(left), left.standing.length]).toEqual([[], standing.length])
  expect(await memory.observe(where)).toMatchObject({ status: 'complete' })
  const after = await townsOf(memory)
  expect([after.noted, after.waiting]).toEqual([after.standing, []])
  // Few rounds may have no failure.
  const all = ['busy', 'complete', 'failed']
  const statuses = [...new Set(lines.map(({ status }) => status))].toSorted()
  expect(statuses).toEqual(rounds < 100 ? all.filter((one) => statuses.includes(one)) : all)
  const door = resourceSpace(coreOf(memory), where.resourceId)
  const storage = await coreOf(memory).storage.get()
  const access = { actor: { kind: 'system', id: 'app' }, grants: 'all' } as const
  expect(await checkHistory(storage, access, door.id)).toEqual([])
  await checkIndex(storage, access, door.id)
  await memory.close()
})
