// A file that an earlier version wrote opens, is migrated, and answers what it answered then.
import { copyFile, readFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CommitId, SpaceId } from '../../src/domain/id.ts'
import { defaultLimits } from '../../src/domain/limits.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { checkIndex } from '../../src/testing/contract/check-index.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { messageIds, spaces } from '../model/plans.ts'
import { access, readAcross, readSpace } from '../model/readings.ts'
import { newFolder } from './drivers.ts'

const fixture = (name: string) => new URL(`../fixtures/${name}`, import.meta.url)

interface Answers {
  readonly nowMs: number
  readonly spaces: readonly object[]
  readonly across: { readonly due: object }
}

let folder: Awaited<ReturnType<typeof newFolder>>
let answers: Answers
beforeAll(async () => {
  folder = await newFolder()
  const text = await readFile(fixture('schema-6.json'), 'utf8')
  // That version called the task of a fact `runId`.
  answers = JSON.parse(text.replace(/("attributes":\{[^}]*)"runId"/g, '$1"taskId"'))
})
afterAll(() => folder.remove())

async function openCopy() {
  const path = folder.nextFile()
  await copyFile(fixture('schema-6.db'), path)
  const clock = { now: () => answers.nowMs }
  const storage = await SqliteStorage.open({ id: 'old', path, durability: 'process', clock, busyTimeoutMs: 5_000 })
  return { path, clock, storage }
}

/** A refusal without its words: code and details say which one it is. A past version without its expiry, which is new. */
function withoutWords(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if ('event' in value && 'by' in value && 'expiresAt' in value) {
    const { expiresAt: _expiry, ...past } = value
    return past
  }
  if (!('error' in value && 'message' in value)) return value
  const { message: _words, ...refusal } = value
  return refusal
}

/**
 * Without what that version could not answer, and without lists by filters, whose questions are others now. Nor with the places
 * of times in the log: that version did not find what came after a clock that was ahead.
 */
function asThen(reading: unknown): unknown {
  const {
    records: _,
    steps: _steps,
    proposals: _proposals,
    pinned: _pinned,
    times: _times,
    threads,
    ...rest
  } = JSON.parse(JSON.stringify(reading), withoutWords)
  if (threads === undefined) return rest
  const single = threads.single.map(({ others: _others, ...thread }: { readonly others?: unknown }) => thread)
  return { ...rest, threads: single }
}

it('answers what the version that wrote it answered', async () => {
  const { storage } = await openCopy()
  const moments = ['2000-01-01T00:00:00.000Z', new Date(answers.nowMs).toISOString()]
  const ids = { messages: [...messageIds], turns: [], facts: [], runs: [] }
  for (const [index, space] of spaces.entries()) {
    const reading = await readSpace(storage, space as string as SpaceId, moments, ids)
    expect(asThen(reading)).toEqual(asThen(answers.spaces[index]))
  }
  const { due, ...across } = (await readAcross(storage)) as Answers['across']
  const { due: dueThen, ...acrossThen } = answers.across
  expect(across).toEqual(acrossThen)
  expect(asThen(due)).toEqual(dueThen)
  await storage.close()
})

it('is sound, goes on, and forgets', async () => {
  const { path, clock, storage } = await openCopy()
  const space = 'resource/r1' as SpaceId
  const commit = (id: string, changes: readonly object[]) =>
    storage.commit(access, { id: id as CommitId, space, changes: changes as never }, defaultLimits)
  expect(await commit('n1', [{ kind: 'entry-write', key: 'new', value: 1 }])).toMatchObject({ status: 'committed' })
  expect(await commit('n2', [{ kind: 'erase', threadIds: ['t1'] }])).toMatchObject({ status: 'committed' })
  expect((await storage.threads.get(access, space, 't1')).record).toBeNull()
  for (const name of spaces as readonly string[] as readonly SpaceId[]) {
    await checkIndex(storage, access, name)
    expect(await checkHistory(storage, access, name, { clock, isWhole: false })).toEqual([])
  }
  await storage.close()
  const database = new DatabaseSync(path)
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 16 })
  database.close()
})
