/** Cases of closing: acknowledged commits are stored, and a closed storage refuses every call. */
import type { CommitId } from '../../domain/id.ts'
import type { Storage } from '../../ports/storage.ts'
import { expectEqual, expectError } from './assert.ts'
import { increment, write } from './changes.ts'
import type { StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

const pages = { limit: 5, offset: 0, after: null } as const

function everyCall({ access, limits }: Scene, storage: Storage): Readonly<Record<string, () => Promise<unknown>>> {
  const dates = { asOf: null, from: null, to: null }
  const order = { orderBy: 'createdAt', archived: 'any', metadata: null, scanLimit: 5 } as const
  const facts = { attributes: {}, after: null, limit: 5 } as const
  const waiting = { kind: 'agent', statuses: ['suspended'], after: null } as const
  const runs = { threadId: null, name: null, statuses: ['running'], order: 'newest', after: null, limit: 5 } as const
  const commit = { id: 'c' as CommitId, space: home, changes: [write('k', 1)] }
  return {
    commit: () => storage.commit(access, commit, limits),
    erase: () => storage.commit(access, { ...commit, changes: [{ kind: 'erase' }] }, limits),
    renewLease: () => storage.renewLease(access, home, { name: 'l', token: 1, leaseMs: 1 }),
    due: () => storage.due(access, 5),
    compact: () => storage.compact(access, home, 1),
    'spaces.get': () => storage.spaces.get(access, home),
    'spaces.byKey': () => storage.spaces.byKey(access, 'abcdefgh' as never),
    'spaces.list': () => storage.spaces.list(access, { kind: 'team', prefix: '', after: null, limit: 5 }),
    'spaces.changedSince': () =>
      storage.spaces.changedSince(access, { at: '2026-01-01T00:00:00.000Z', after: null, limit: 5 }),
    'threads.get': () => storage.threads.get(access, home, 't'),
    'threads.list': () => storage.threads.list(access, home, { ...pages, ...order, direction: 'asc' }),
    'threads.find': () => storage.threads.find(access, 't', 5),
    'messages.list': () => storage.messages.list(access, home, { ...pages, ...dates, threadId: 't', direction: 'asc' }),
    'messages.find': () => storage.messages.find(access, home, 'm'),
    'messages.openTurns': () => storage.messages.openTurns(access, home, 't'),
    'blocks.get': () => storage.blocks.get(access, home, null, 'b'),
    'blocks.list': () => storage.blocks.list(access, home, null),
    'blocks.history': () => storage.blocks.history(access, home, null, 'b', 5),
    'blocks.at': () => storage.blocks.at(access, home, null, 'b', 1),
    'entries.get': () => storage.entries.get(access, home, 'k'),
    'entries.list': () => storage.entries.list(access, home, { prefix: '', after: null, limit: 5 }),
    'entries.history': () => storage.entries.history(access, home, 'k', 5),
    'entries.at': () => storage.entries.at(access, home, 'k', 1),
    'facts.get': () => storage.facts.get(access, home, 'f'),
    'facts.list': () => storage.facts.list(access, home, { ...facts, statuses: ['current'], order: 'newest' }),
    'facts.history': () => storage.facts.history(access, home, 'f', 5),
    'facts.derivedFrom': () => storage.facts.derivedFrom(access, home, { sources: ['f'], after: null, limit: 5 }),
    'facts.conflicts': () => storage.facts.conflicts(access, home, facts),
    'facts.byText': () => storage.facts.byText(access, home, 'words'),
    'runs.get': () => storage.runs.get(access, home, 'r'),
    'runs.list': () => storage.runs.list(access, home, runs),
    'runs.waiting': () => storage.runs.waiting(access, { ...waiting, names: ['bot'], limit: 5 }),
    'log.read': () => storage.log.read(access, home, { after: 0, limit: 5 }),
    'log.seqAt': () => storage.log.seqAt(access, home, '2026-01-01T00:00:00.000Z'),
  }
}

export const closeCases: readonly StorageCase[] = [
  sceneCase(
    'a closed storage answers every call with closed',
    async (scene) => {
      await scene.committed(write('k', 1))
      await scene.storage.close()
      for (const [name, call] of Object.entries(everyCall(scene, scene.storage)))
        await expectError('closed', name, call)
    },
    11,
  ),
  sceneCase('closing waits for commits under way, and may be asked for twice', async (scene) => {
    const commits = Array.from({ length: 5 }, () => scene.committed(increment('k', 1)))
    await Promise.all([scene.storage.close(), scene.storage.close()])
    const seqs = (await Promise.all(commits)).map((one) => one.seq)
    expectEqual(seqs, [1, 2, 3, 4, 5], 'what was acknowledged')
    await scene.storage.close()
  }),
  {
    name: 'two storages share nothing',
    run: async (environment) => {
      const [one, two] = [await environment.open(), await environment.open()]
      await environment.commit(one, home, [write('k', 1)])
      expectEqual(await two.spaces.get(environment.access, home), null, 'the space in the other')
      await one.close()
      await environment.commit(two, home, [write('k', 2)])
      expectEqual((await two.entries.get(environment.access, home, 'k')).record?.value, 2, 'the other lives on')
    },
  },
]
