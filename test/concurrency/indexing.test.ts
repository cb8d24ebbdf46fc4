// Kill -9 while vectors are made, and while all of them are made anew: afterwards recall lacks nothing.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import type { SpaceId } from '../../src/domain/id.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import type { Memory } from '../../src/facade/memory.ts'
import { checkIndex } from '../../src/testing/contract/check-index.ts'
import { times } from '../run-lengths.ts'
import { type IndexingTask, openMemory, resourceId, type Said, threads } from './indexing-shared.ts'
import { startWorker } from './process.ts'
import { system } from './shared.ts'

const rounds = times(5)
/** Messages of a round that are asked for one by one. */
const asked = 12
const space = `resource/${resourceId}` as SpaceId
/** What a killed process had claimed is free again by this clock. */
const later = { now: () => Date.now() + 120_000 }
const settled = { pendingSpaces: 0, failed: 0, degraded: null, error: null }

/** Texts that each message may have: the last acknowledged one, and any that was begun after it. */
type Expected = Map<string, Set<string | null>>

function note(expected: Expected, lines: readonly Said[]): void {
  for (const { id, text, isDone } of lines) {
    if (isDone || !expected.has(id)) expected.set(id, isDone ? new Set([text]) : new Set([null]))
    expected.get(id)?.add(text)
  }
}

/** Runs a worker and kills it at some moment after a message of its own was acknowledged. */
async function runAndKill(task: IndexingTask, expected: Expected, withinMs: number): Promise<string> {
  const worker = startWorker<Said>(new URL('./indexing-worker.ts', import.meta.url), task)
  const isOver = () => worker.child.exitCode !== null || worker.lines.some(({ isDone }) => isDone)
  while (!isOver()) await delay(1)
  const afterMs = Math.random() * withinMs
  await delay(afterMs)
  worker.child.kill('SIGKILL')
  expect([await worker.ended, worker.errors()]).toEqual([null, ''])
  note(expected, worker.lines)
  return `round ${task.round}, killed after ${afterMs.toFixed(1)} ms`
}

/** Fails unless exactly the expected messages are found, each with one set of vectors. */
async function expectWhole(memory: Memory, expected: Expected, round: number): Promise<void> {
  await checkIndex(await coreOf(memory).storage.get(), system, space)
  const pages = await Promise.all(
    threads.map((threadId) => memory.listMessages({ resourceId, threadId, perPage: false })),
  )
  const listed = pages.flatMap(({ messages }) => messages)
  const there = new Map(listed.map(({ id, parts }) => [id, parts[0]?.text as string]))
  const all = await memory.recall({ resourceId, query: 'any', mode: 'vector' })
  expect(all).toMatchObject({ degraded: [], pending: 0, trace: { legs: ['vector'], inScope: there.size } })
  for (const [id, texts] of expected) expect([...texts], id).toContain(there.get(id) ?? null)
  expect([...there.keys()].filter((id) => !expected.has(id))).toEqual([])
  const own = [...there].filter(([id]) => id.startsWith(`m-${round}-`))
  expect(own.length).toBeGreaterThan(0)
  const others = [...there].filter(() => Math.random() < asked / there.size)
  for (const [id, text] of [...own.slice(-asked), ...others]) {
    for (const mode of ['keyword', 'vector'] as const) {
      const found = await memory.recall({ resourceId, query: text, mode, topK: 1 })
      expect(found.messages[0]?.id, `${mode}: ${text}`).toBe(id)
    }
  }
}

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'aquifer-indexing-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'team.db')
}

it(`nothing is missing after ${rounds} kills while vectors are made`, async () => {
  const path = newFile()
  const expected: Expected = new Map()
  for (let round = 1; round <= rounds; round++) {
    const when = await runAndKill({ path, round, version: 1, reindexes: false }, expected, 200)
    const memory = openMemory(path, 1, { clock: later })
    expect(await memory.settled(), when).toEqual(settled)
    await expectWhole(memory, expected, round)
    await memory.close()
  }
})

it(`nothing is missing after ${rounds} kills while vectors are made anew`, async () => {
  const path = newFile()
  const expected: Expected = new Map()
  const first = openMemory(path, 0)
  const texts = Array.from(
    { length: 200 },
    (_, i) => ({ id: `m-0-${i}`, role: 'user', content: `v${i} y${i}` }) as const,
  )
  await first.saveMessages({ resourceId, threadId: 'one', messages: texts })
  for (const { id, content } of texts) expected.set(id, new Set([content]))
  await first.settled()
  await first.close()
  let interrupted = 0
  for (let round = 1; round <= rounds; round++) {
    const when = await runAndKill({ path, round, version: round, reindexes: true }, expected, 400)
    const old = openMemory(path, round - 1, { clock: later })
    const before = await old.settled()
    if (before.degraded === null) {
      interrupted += 1
      await expectWhole(old, expected, round)
    } else expect(before.degraded, when).toBe('embedder-mismatch')
    await old.close()
    const memory = openMemory(path, round, { clock: later })
    expect(await memory.settled(), when).toEqual(settled)
    await expectWhole(memory, expected, round)
    await memory.close()
  }
  expect(interrupted).toBeGreaterThan(0)
})
