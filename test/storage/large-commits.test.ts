// A commit of many messages is prepared in slices, before its transaction, and is a commit like any other.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { applicationActor } from '../../src/domain/actor.ts'
import type { Change, Commit } from '../../src/domain/commit/commit.ts'
import { defaultLimits } from '../../src/domain/limits.ts'
import { spaceId } from '../../src/domain/space.ts'
import { PreparedMessages } from '../../src/storage/sqlite/prepared-messages.ts'
import { checkIndex } from '../../src/testing/contract/check-index.ts'
import { newFolder, openSqlite } from './drivers.ts'

let folder: Awaited<ReturnType<typeof newFolder>>
beforeAll(async () => {
  folder = await newFolder()
})
afterAll(() => folder.remove())

const access = { actor: applicationActor, grants: 'all' } as const
const space = spaceId('resource', 'alice')
const minute = 60_000

/** With a clock that passes so many milliseconds at each look. */
async function openFile(passes = 0) {
  let ms = Date.parse('2026-03-01T00:00:00.000Z')
  const clock = { now: () => (ms += passes) }
  const path = folder.nextFile()
  const storage = await openSqlite(clock, path)
  const commit = (changes: readonly Change[]) => storage.commit(access, { id: null, space, changes }, defaultLimits)
  return { storage, commit, reopen: () => openSqlite(clock, path) }
}

/** Messages of which some speak of days; every third says when it was sent. */
function append(count: number, threadId = 't'): Change {
  const messages = Array.from({ length: count }, (_, n) => ({
    role: 'user' as const,
    parts: [{ type: 'text', text: `My name is Ann${n}, I ate the running apples yesterday and ${n} pears last week.` }],
    ...(n % 3 === 0 ? { createdAt: `2025-05-${10 + (n % 20)}T10:00:00.000Z` } : {}),
  }))
  return { kind: 'message-append', threadId, messages, createThread: true }
}

it('keeps its place among the commits of its tick', async () => {
  const { storage, commit } = await openFile()
  const write = (key: string): Change => ({ kind: 'entry-write', key, value: 1 })
  const answers = await Promise.all([
    commit([write('a')]),
    commit([append(300)]),
    commit([write('b')]),
    commit([append(200)]),
    commit([write('c')]),
  ])
  expect(answers.map((answer) => answer.status === 'committed' && answer.seq)).toEqual([1, 2, 3, 4, 5])
  await checkIndex(storage, access, space)
  await storage.close()
})

it.each([1, minute, 24 * 60 * minute])(
  'is indexed as of its own time when %i ms pass at each look at the clock',
  async (ms) => {
    const { storage, commit, reopen } = await openFile(ms)
    for (const count of [80, 500, 70]) await commit([append(count)])
    await checkIndex(storage, access, space)
    await storage.close()
    const again = await reopen()
    await checkIndex(again, access, space)
    await again.close()
  },
)

it('is indexed in the language that its space has by then', async () => {
  const { storage, commit } = await openFile()
  await commit([append(1)])
  await Promise.all([commit([{ kind: 'configure', settings: { language: 'none' } }]), commit([append(200)])])
  await checkIndex(storage, access, space)
  await storage.close()
})

it('is stored whole by a storage that is told to close', async () => {
  const { storage, commit, reopen } = await openFile()
  const saving = commit([append(900)])
  await storage.close()
  expect(await saving).toMatchObject({ status: 'committed' })
  const again = await reopen()
  const { record } = await again.threads.get(access, space, 't')
  expect(record?.messageCount).toBe(900)
  await checkIndex(again, access, space)
  await again.close()
})

it('lets the event loop go on between its slices', () => {
  const commit: Commit = { id: null, space, changes: [append(200)] }
  const prepared = new PreparedMessages(commit, 0, 'english')
  // Until a time that has passed, as long as nothing was done.
  prepared.work(0)
  expect(prepared.isDone).toBe(false)
  prepared.work(Number.POSITIVE_INFINITY)
  expect(prepared.isDone).toBe(true)
})
