// A noun that only this test declares, by a schema and marks: nothing else in the project knows of it, and everything holds.
// Own process: it replaces the table of nouns.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Change } from '../../src/domain/commit/commit.ts'
import type { SpaceId } from '../../src/domain/id.ts'
import { defaultLimits } from '../../src/domain/limits.ts'
import type { Storage } from '../../src/ports/storage.ts'
import { checkSpace } from '../../src/testing/contract/check-space.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { expectGone, storageOf } from '../forget/everything.ts'
import { pathOf, Secrets } from '../forget/planted.ts'
import { ManualClock, minute, openMemory, temporaryUrl } from '../memory/opened.ts'
import { work } from '../model/plans.ts'
import { runWork } from '../model/run.ts'
import { tallied } from '../model/world.ts'
import { runRandom } from '../random-runs.ts'
import { newFolder, openReference, openSqlite } from './drivers.ts'
import { openRemote, RemoteDatabase } from './remote-reference.ts'

vi.mock('../../src/domain/commit/record-nouns.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/domain/commit/record-nouns.ts')>()
  const { ref } = await import('../../src/domain/commit/marks.ts')
  return {
    ...original,
    recordNouns: {
      ...original.recordNouns,
      probe: { marks: { text: 'content', messageId: ref('message'), threadId: ref('thread') } },
      /** As `probe`, its references forgotten. */
      loose: { marks: { text: 'content' } },
    },
  }
})

vi.mock('../../src/domain/commit/record-schemas.ts', async (importOriginal) => {
  const { z } = await import('zod')
  const original = await importOriginal<typeof import('../../src/domain/commit/record-schemas.ts')>()
  const id = z.exactOptional(z.string())
  const schema = z.strictObject({ text: z.string(), messageId: id, threadId: id })
  Object.assign(original.recordSchemas, { probe: schema, loose: schema })
  return original
})

const nouns = ['probe', 'loose'] as const
type Noun = (typeof nouns)[number]
const access = { actor: { kind: 'system', id: 'app' }, grants: 'all' } as const

function put(noun: Noun, key: string, fields: object): Change {
  return { kind: `${noun}-put`, key, ...fields } as unknown as Change
}

let folder: Awaited<ReturnType<typeof newFolder>>
beforeAll(async () => {
  folder = await newFolder()
})
afterAll(() => folder.remove())

describe.each(nouns)('%s', (noun) => {
  it('is validated, applied, answered again on a retry, and replayed', async () => {
    const memory = openMemory({ storage: temporaryUrl() })
    const space = memory.space('team/acme')
    await expect(space.commit([put(noun, 'a', { text: 7 })])).rejects.toMatchObject({ code: 'invalid-input' })
    await expect(space.commit([put(noun, 'a', { text: 'x', more: 1 })])).rejects.toMatchObject({
      code: 'invalid-input',
    })
    const first = await space.commit([put(noun, 'a', { text: 'one' })], { id: 'c1' })
    const patch = [{ kind: `${noun}-patch`, key: 'a', messageId: 'm1' } as unknown as Change]
    const second = await space.commit(patch, { id: 'c2' })
    expect(second).toMatchObject({ results: [{ noun, key: 'a', value: { text: 'one', messageId: 'm1' } }] })
    expect(await space.commit([put(noun, 'a', { text: 'one' })], { id: 'c1' })).toEqual({ ...first, replayed: true })
    expect(await space.commit(patch, { id: 'c2' })).toEqual({ ...second, replayed: true })
    const storage = await storageOf(memory)
    const { record } = await storage.records.get(access, space.id, noun, 'a')
    expect(record?.value).toEqual({ text: 'one', messageId: 'm1' })
    const stale = [{ version: 1, of: { noun, key: 'a' } }] as const
    expect(await space.commit([put(noun, 'a', { text: 'two' })], { expect: [...stale] })).toMatchObject({
      status: 'conflict',
    })
    const remove = [{ kind: `${noun}-remove`, key: 'a' } as unknown as Change]
    expect(await space.commit(remove)).toMatchObject({ results: [{ deleted: true }] })
    expect(await space.commit(remove)).toMatchObject({ results: [{ deleted: false }] })
    await checkSpace(storage, access, space.id)
    expect(await checkHistory(storage, access, space.id)).toEqual([])
    await memory.close()
  })

  it('is refused in the order of the changes, over a remote driver too', async () => {
    const clock = new ManualClock()
    const changes = [{ kind: 'turn-discard', threadId: 't', turnId: 'none' }, put(noun, '', { text: 'one' })] as never
    for (const storage of [(await openReference(clock as never)) as Storage, openRemote(new RemoteDatabase(clock))]) {
      const commit = storage.commit(access, { id: null, space: 'team/acme' as SpaceId, changes }, defaultLimits)
      await expect(commit).rejects.toMatchObject({ code: 'not-found' })
      await storage.close()
    }
  })

  it('expires, is swept with its content, and is kept by compaction', async () => {
    for (const open of [openReference, (clock: never) => openSqlite(clock, folder.nextFile())]) {
      const clock = { ms: Date.parse('2026-03-01T00:00:00.000Z'), now: () => clock.ms }
      const storage = await open(clock as never)
      const id = 'team/acme' as never
      const { defaultLimits } = await import('../../src/domain/limits.ts')
      let commits = 0
      const commit = (...changes: Change[]) =>
        storage.commit(access, { id: `c${++commits}` as never, space: id, changes }, defaultLimits)
      await commit(put(noun, 'short', { text: 'gone soon', ttlMs: minute }), put(noun, 'long', { text: 'stays' }))
      clock.ms += 2 * minute
      expect((await storage.records.get(access, id, noun, 'short')).record).toBeNull()
      const { records } = await storage.due(access, 10)
      expect(records).toEqual([{ space: id, noun, key: 'short', version: 1 }])
      await commit({ kind: `${noun}-expire`, key: 'short' } as unknown as Change)
      expect(JSON.stringify(await storage.log.read(access, id, { after: 0, limit: 10 }))).not.toContain('gone soon')
      await checkSpace(storage, access, id)
      expect((await storage.due(access, 10)).records).toEqual([])
      expect((await storage.compact(access, id, 1)).rowsRemoved).toBeGreaterThanOrEqual(0)
      expect(
        (await storage.records.list(access, id, noun, { prefix: '', after: null, limit: 10 })).items,
      ).toMatchObject([{ key: 'long', value: { text: 'stays' } }])
      expect(await checkHistory(storage, access, id, { clock })).toEqual([])
      await storage.close()
    }
  })

  it('is forgotten with what it refers to, byte for byte, and nothing else is', async () => {
    const url = temporaryUrl()
    const memory = openMemory({ storage: url })
    const [gone, kept] = [new Secrets(), new Secrets()]
    const threadId = gone.make()
    const saved = await memory.saveMessages({ resourceId: 'ada', threadId, messages: [gone.make(), gone.make()] })
    const other = await memory.saveMessages({ resourceId: 'ada', threadId: 'other', messages: ['hello', gone.make()] })
    const [keptId = '', forgottenId = ''] = other.messages.map(({ id }) => id)
    const space = memory.space('resource/ada')
    await space.commit([put(noun, 'of-thread', { text: gone.make(), threadId })])
    await space.commit([put(noun, 'of-thread', { text: gone.make(), threadId })])
    await space.commit([{ kind: `${noun}-patch`, key: 'of-thread', text: gone.make() } as unknown as Change])
    await space.commit([put(noun, 'of-message', { text: gone.make(), messageId: saved.messages[0]?.id })])
    await space.commit([put(noun, 'of-other', { text: gone.make(), messageId: forgottenId })])
    await space.commit([put(noun, 'refers', { text: gone.make(), messageId: 'of-other' })])
    await space.commit([put(noun, 'removed', { text: gone.make(), threadId })])
    await space.commit([{ kind: `${noun}-remove`, key: 'removed' } as unknown as Change])
    await space.commit([put(noun, 'free', { text: kept.make() })])
    await space.commit([put(noun, 'beside', { text: kept.make(), messageId: keptId, threadId: 'other' })])
    // A text that equals an id is no reference where the field is marked as content.
    await space.commit([put(noun, 'says', { text: 'other' })])
    const ofThread = await memory.forget({ resourceId: 'ada', threadId })
    const ofMessage = await memory.forget({ resourceId: 'ada', messageIds: [forgottenId] })
    await memory.settled()
    expect([ofThread.erased.records, ofMessage.erased.records]).toEqual([2, 2])
    const storage = await storageOf(memory)
    const { items } = await storage.records.list(access, space.id, noun, { prefix: '', after: null, limit: 10 })
    expect(items.map(({ key }) => key)).toEqual(['beside', 'free', 'says'])
    expect(await checkHistory(storage, access, space.id)).toEqual([])
    await memory.close()
    expectGone(pathOf(url), gone.texts, kept.texts)
  })

  it('goes with its space, and with a receipt that counts it', async () => {
    const url = temporaryUrl()
    const memory = openMemory({ storage: url })
    const gone = new Secrets()
    await memory.space('team/x').commit([put(noun, 'a', { text: gone.make() }), put(noun, 'b', { text: gone.make() })])
    const receipt = await memory.forget({ teamId: 'x' })
    expect(receipt.erased.records).toBe(2)
    await memory.settled()
    await memory.close()
    expectGone(pathOf(url), gone.texts, [])
  })
})

it('is drawn by the model runs, and two drivers agree on it', async () => {
  const open = async ({ clock }: { readonly clock: never }) => [await openSqlite(clock, folder.nextFile())]
  const property = fc.asyncProperty(work, (actions) => runWork({ open: open as never }, actions))
  // The same runs each time: what they draw is counted below.
  await runRandom(property, 60, { usualSeed: 20_261_131 })
  for (const noun of nouns) {
    for (const deed of ['put', 'patch', 'remove']) expect(tallied()).toContain(`${noun}-${deed} committed`)
    expect(tallied()).toContain(`${noun}-expire `)
  }
})
