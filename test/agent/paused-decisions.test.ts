// A process that carries out a decision stands still before one of its commits, while another one makes the same decision.
import { copyFileSync } from 'node:fs'
import { Agent, Memory, type Storage } from 'aquifer'
import { promptProblems, scriptedModel, threadProblems } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { hour, ManualClock, temporaryFolder } from '../memory/opened.ts'
import { answerAsChat, goingOn, type Ran, resourceId, waitingTools, writeWaitingThreads } from '../storage/old-calls.ts'
import { loops } from './interleaving-gates.ts'
import { pausingStorage } from './pausing-storage.ts'

const threadId = 'two-approvals'

type Written = 'now' | 'by an earlier version'

/** A database in which two calls of one step wait. */
async function openWaiting(path: string, written: Written) {
  if (written === 'by an earlier version') copyFileSync(new URL('../fixtures/calls-11.db', import.meta.url), path)
  const clock = new ManualClock()
  // The file has times of the machine that wrote it.
  clock.ms = Date.parse('2026-12-01T00:00:00.000Z')
  const storage = await SqliteStorage.open({ id: 'paused', path, durability: 'process', clock, busyTimeoutMs: 5_000 })
  const open = (view: Storage) => new Memory({ storage: view, clock, background: false, embedder: false })
  if (written === 'now') {
    const memory = open(pausingStorage(storage, -1).storage)
    await writeWaitingThreads(memory)
    await memory.close()
  }
  return { clock, storage, open }
}

/**
 * Pauses the first of two processes before that commit, and lets the second one make the same decision.
 *
 * @returns null if the first one makes fewer commits.
 */
async function pausedAt(path: string, written: Written, before: number, sleeps: boolean) {
  const { clock, storage, open } = await openWaiting(path, written)
  const ran: Ran[] = []
  const model = scriptedModel({ answer: () => goingOn })
  const processOn = (view: Storage) => {
    const memory = open(view)
    return { memory, agent: new Agent({ name: 'Clerk', memory, model, tools: waitingTools(ran) }) }
  }
  const paused = pausingStorage(storage, before)
  const [first, second] = [processOn(paused.storage), processOn(pausingStorage(storage, -1).storage)]
  const noted = (work: Promise<unknown>) =>
    work.then(
      () => null,
      (error: Error) => error.name,
    )
  const one = noted(answerAsChat(first, threadId, ['Ann']))
  const isReached = await Promise.race([paused.reached.then(() => true), one.then(() => false)])
  const problems: string[] = []
  if (isReached) {
    if (sleeps) {
      clock.pass(hour)
      await sweep(storage)
    }
    const two = noted(answerAsChat(second, threadId, ['Ann']))
    // It may have to wait for the first one.
    await Promise.race([two, loops(500)])
    paused.goOn()
    const refusals = [await one, await two].filter((name) => name !== null)
    problems.push(...refusals.filter((name) => name !== 'MemoryError').map((name) => `a call failed with ${name}`))
    await noted(answerAsChat(second, threadId, ['Bob']))
    const { messages } = await second.memory.listMessages({ resourceId, threadId })
    problems.push(...threadProblems(messages), ...model.calls.flatMap((call) => promptProblems(call.messages)))
    const names = ran.map(({ to }) => String(to))
    const twice = names.filter((name, index) => names.indexOf(name) !== index)
    problems.push(...twice.map((name) => `${name} was paid twice`))
    const [turn] = messages.slice(-1).map(({ turnStatus }) => turnStatus)
    if (!sleeps && (turn !== 'complete' || names.length !== 2)) problems.push(`the turn is ${turn}, paid are ${names}`)
  }
  for (const { memory } of [first, second]) await memory.close()
  await storage.close()
  return isReached ? problems.map((problem) => `before commit ${before}: ${problem}`) : null
}

describe.each<Written>(['now', 'by an earlier version'])('calls that were written %s', (written) => {
  it.each([
    ['stands still', false],
    ['sleeps until its lease is over', true],
  ])('run once, where a process that decides %s', async (_, sleeps) => {
    const folder = temporaryFolder()
    const problems: string[] = []
    for (let before = 0; ; before++) {
      const found = await pausedAt(`${folder}/${before}.db`, written, before, sleeps)
      if (found === null) {
        expect(before).toBeGreaterThan(1)
        break
      }
      problems.push(...found)
    }
    expect(problems).toEqual([])
  })
})
