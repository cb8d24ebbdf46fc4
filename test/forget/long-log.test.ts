// Erasure in a log so long that it is looked through ahead of the transaction, while others write and compact.

import { DatabaseSync } from 'node:sqlite'
import { type Change, type CommitResult, SQLiteStore, spaceId } from 'aquifer'
import { expect, it, onTestFinished } from 'vitest'
import { segmentBytes } from '../../src/domain/index/word-segment.ts'
import { defaultLimits } from '../../src/domain/limits.ts'
import { openStore } from '../../src/open.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { Connection } from '../../src/storage/sqlite/connection.ts'
import { SqliteDatabase } from '../../src/storage/sqlite/database.ts'
import { lookAhead } from '../../src/storage/sqlite/look-ahead.ts'
import { SqliteView } from '../../src/storage/sqlite/view.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { temporaryUrl } from '../memory/opened.ts'
import { pathOf } from './planted.ts'

const access = { actor: { kind: 'agent', id: 'bot' }, grants: 'all' } as const
const space = spaceId('team', 'acme')
const limits = { ...defaultLimits, entriesPerSpace: 100_000 }
/** A key with marks that JSON escapes, and whose text stands in others' values as well. */
const key = 'the "secret" \\ key'

async function openLong() {
  const url = temporaryUrl()
  const { storage, release } = await openStore(new SQLiteStore({ url }))
  onTestFinished(release)
  const send = (...changes: Change[]) => storage.commit(access, { id: null, space, changes }, limits)
  const filler = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => send({ kind: 'entry-increment', key: `k${index}`, by: 1 })))
  const write = (value: string) => send({ kind: 'entry-write', key, value })
  const say = (text: string) => {
    const messages = [{ id: key, role: 'user' as const, parts: [{ type: 'text', text }] }]
    return send({ kind: 'message-append', threadId: text, messages, createThread: true })
  }
  // Compaction moves what a step said into the row that opened its turn.
  const opened = await send({ kind: 'turn-open', threadId: 'turns', createThread: true })
  const [turn] = opened.status === 'committed' ? opened.results : []
  const turnId = turn?.kind === 'turn-open' ? turn.turnId : ''
  await write('value-first')
  await say('one')
  const messages = [{ id: key, role: 'assistant' as const, parts: [{ type: 'text', text: 'value-step' }] }]
  await send({ kind: 'message-append', threadId: 'turns', turnId, messages })
  await filler(1_500)
  await write('value-middle')
  await filler(1_500)
  await write('value-last')
  await say('two')
  return { storage, path: pathOf(url), send, filler, write, say }
}

/** The effects of all rows up to a seq. */
function textsIn(path: string, seq: number): string {
  const database = new DatabaseSync(path)
  const rows = database.prepare('SELECT json FROM log WHERE seq <= ? ORDER BY seq').all(seq)
  database.close()
  return rows.map((row) => row.json).join('\n')
}

const erase: Change = { kind: 'erase', keys: [key], messageIds: [key] }

function seqOf(result: CommitResult): number {
  expect(result).toMatchObject({ status: 'committed', results: [{ kind: 'erase', entries: 1 }] })
  return result.seq
}

it('takes all that was there, and what was written while it looked', async () => {
  const { storage, path, send, write, say } = await openLong()
  expect(textsIn(path, 10_000)).toMatch(/value-first[\s\S]*value-middle[\s\S]*value-last/)
  let isErased = false
  const erased = send(erase).finally(() => {
    isErased = true
  })
  let written = 0
  const writer = async () => {
    while (!isErased) {
      await write(`value-meanwhile-${++written}`)
      await say(`thread-${written}`)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await Promise.all(Array.from({ length: 8 }, writer))
  const seq = seqOf(await erased)
  expect(written).toBeGreaterThan(8)
  expect(textsIn(path, seq)).not.toMatch(/secret|value-/)
  await send(erase)
  expect(textsIn(path, 100_000)).not.toMatch(/secret|value-/)
  expect((await storage.entries.get(access, space, key)).record).toBeNull()
  expect(await storage.messages.find(access, space, key)).toEqual([])
  expect(await checkHistory(storage, access, space)).toEqual([])
})

it('takes all of a log that is compacted meanwhile', async () => {
  const { storage, path, send, filler, say } = await openLong()
  const erased = send(erase)
  await new Promise((resolve) => setImmediate(resolve))
  await storage.compact(access, space, 2_000)
  await say('three')
  const seq = seqOf(await erased)
  await filler(10)
  // Compaction gives others their turn, so the erasure may have come before what was said last.
  expect(textsIn(path, seq)).not.toMatch(/secret|value-/)
  expect((await storage.threads.get(access, space, 'one')).record).toMatchObject({ messageCount: 0 })
})

it('looks again in the transaction where what was found ahead no longer holds', async () => {
  const { storage, path } = await openLong()
  const connection = await Connection.open({ path, durability: 'process', busyTimeoutMs: 5_000 })
  const database = new SqliteDatabase(connection, {
    clock: systemClock,
    language: 'english',
    segmentBytes,
    cacheBytes: 1_000_000,
  })
  onTestFinished(() => database.close())
  const ahead = await lookAhead(database, { id: null, space, changes: [erase] })
  const seqs = () =>
    database.read(() => new SqliteView(database, space, ahead).rowsHolding([key]).map(({ seq }) => seq))
  expect([...new Set(await seqs())]).toEqual([2, 3, 4, 1505, 3006, 3007])
  await storage.compact(access, space, 2_000)
  expect([...new Set(await seqs())]).toEqual([1, 3, 1505, 3006, 3007])
})
