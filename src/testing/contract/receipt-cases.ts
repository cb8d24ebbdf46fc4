/** Cases of receipts: an erasure and its receipt are stored together, and the receipt names nothing. */
import type { Change } from '../../domain/commit/commit.ts'
import type { ReceiptNote, StoredReceipt } from '../../domain/erase/receipt.ts'
import type { CommitId } from '../../domain/id.ts'
import { childSpaceId, spaceId } from '../../domain/space.ts'
import { expectEqual, expectError, expectTrue } from './assert.ts'
import { deleteThread, erase, message, openTurn, putThread, say, text, write } from './changes.ts'
import type { StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

const resource = spaceId('resource', 'acme')
const child = childSpaceId(resource, 'agent', 'bot')

interface Erasing extends Partial<ReceiptNote> {
  readonly space?: typeof home
}

function eraseWith(scene: Scene, change: Change, { space = home, ...noted }: Erasing = {}): Promise<StoredReceipt> {
  const note = {
    id: 'receipt_1',
    target: 'thread',
    asked: 'thread t',
    outOfReach: ['backups'],
    left: [],
    ...noted,
  } as const
  const commit = { id: `${note.id} ${space}` as CommitId, space, changes: [change] }
  return scene.storage.erase(scene.access, commit, scene.limits, note)
}

/** Reclaims until it succeeds: others may block the files for a moment. */
async function reclaimed(scene: Scene): Promise<void> {
  while (!(await scene.storage.reclaim(scene.access)));
}

const nothing = { spaces: 0, commits: 0, threads: 0, messages: 0, entries: 0, blocks: 0, facts: 0, runs: 0, records: 0 }

export const receiptCases: readonly StorageCase[] = [
  sceneCase(
    'an erasure answers a receipt that counts, names nothing, and is complete once the bytes are reclaimed',
    async (scene) => {
      const { storage, access } = scene
      await scene.committed([
        putThread('teatime', { title: 'T' }),
        say('teatime', 'one', 'two'),
        text('b', 'x', 'teatime'),
      ])
      const asked = 'thread teatime of acme'
      const receipt = await eraseWith(scene, erase({ threadIds: ['teatime'] }), { asked })
      expectEqual(receipt.erased, { ...nothing, commits: 1, threads: 1, messages: 2, blocks: 1 }, 'what was erased')
      expectEqual([receipt.id, receipt.target, receipt.outOfReach], ['receipt_1', 'thread', ['backups']], 'the note')
      expectEqual(receipt.requestedAt, '2026-03-01T12:00:00.000Z', 'its time')
      expectEqual(await scene.threadIds(), [], 'the threads')
      expectTrue(!/teatime|acme/.test(JSON.stringify(receipt)), 'the receipt names nothing')
      if (receipt.state === 'pending')
        expectEqual(await storage.receipts.asked(access, asked), receipt, 'by its question')
      expectEqual(await storage.receipts.asked(access, 'thread tea'), null, 'by another question')
      expectEqual(await storage.receipts.get(access, receipt.id), receipt, 'by its id')
      scene.clock.advance(5_000)
      await reclaimed(scene)
      const complete = await storage.receipts.get(access, receipt.id)
      expectEqual([complete?.state, complete?.erased], ['complete', receipt.erased], 'once reclaimed')
      expectTrue((complete?.completedAt ?? '') >= receipt.requestedAt, 'when it was completed')
      expectEqual(await storage.receipts.asked(access, asked), null, 'its question is forgotten')
      await reclaimed(scene)
      expectEqual(await storage.receipts.get(access, receipt.id), complete, 'reclaiming again')
    },
    10,
  ),
  sceneCase('a receipt adds up what several spaces lose, and waits for what is left', async (scene) => {
    const { storage, access } = scene
    for (const space of [home, resource, child]) await scene.committed([write('k', 1), say('t', 'm')], { space })
    const first = await eraseWith(scene, erase({ keys: ['k'] }), { left: ['msg_1', 'msg_2'] })
    expectEqual([first.state, first.left, first.erased.entries], ['pending', ['msg_1', 'msg_2'], 1], 'the first')
    await reclaimed(scene)
    expectEqual((await storage.receipts.get(access, first.id))?.state, 'pending', 'while something is left')
    const more = { space: resource, outOfReach: ['exports', 'backups'] }
    const second = await eraseWith(scene, erase(), more)
    const erased = {
      spaces: 2,
      commits: 3,
      threads: 2,
      messages: 2,
      entries: 3,
      blocks: 0,
      facts: 0,
      runs: 0,
      records: 0,
    }
    expectEqual([second.left, second.erased, second.outOfReach], [[], erased, ['backups', 'exports']], 'the second')
    await reclaimed(scene)
    expectEqual((await storage.receipts.get(access, first.id))?.state, 'complete', 'in the end')
  }),
  sceneCase('erasing nothing is complete at once where nothing waits to be reclaimed', async (scene) => {
    const receipt = await eraseWith(scene, erase({ keys: ['k'] }))
    expectEqual([receipt.state, receipt.erased], ['complete', nothing], 'in no space')
    await scene.committed(write('k', 1))
    const { state, erased } = await eraseWith(scene, erase({ keys: ['l'] }), { id: 'receipt_2' })
    expectEqual([state, erased], ['complete', nothing], 'in a space')
    expectEqual((await eraseWith(scene, erase(), { id: 'receipt_3', space: child })).state, 'complete', 'a space')
    const pages = [await scene.storage.receipts.list(scene.access, { state: 'complete', limit: 2 })]
    pages.push(await scene.storage.receipts.list(scene.access, { state: null, limit: 9 }))
    pages.push(await scene.storage.receipts.list(scene.access, { state: 'pending', limit: 9 }))
    expectEqual(
      pages.map((page) => page.length),
      [2, 3, 0],
      'the lists',
    )
    expectEqual(await scene.storage.receipts.get(scene.access, 'receipt_9'), null, 'no receipt')
  }),
  sceneCase('an erasure that is refused notes nothing', async (scene) => {
    await scene.committed(write('k', 1))
    await expectError('invalid-input', 'a wildcard', () => eraseWith(scene, erase({ keys: ['*'] })))
    const expect = [{ seq: 7 }]
    const commit = { id: null, space: home, changes: [erase({ keys: ['k'] })], expect }
    const note = { id: 'receipt_1', target: 'key', asked: 'k', outOfReach: [], left: [] } as const
    await expectError('conflict', 'an expectation', () => {
      return scene.storage.erase(scene.access, commit, scene.limits, note)
    })
    expectEqual(await scene.storage.receipts.get(scene.access, 'receipt_1'), null, 'the receipt')
    expectEqual(await scene.value('k'), 1, 'the entry')
  }),
  sceneCase('homes of a thread are the spaces that have it or had it, until it is erased', async (scene) => {
    const { storage, access } = scene
    for (const space of [home, resource, child]) await scene.committed(say('t', 'm'), { space })
    await scene.committed(deleteThread('t'), { space: resource })
    const homes = (limit: number) => storage.threads.homes(access, 't', limit)
    expectEqual(await homes(9), [resource, child, home], 'all')
    expectEqual((await homes(2)).length, 2, 'at most two')
    await scene.committed(erase({ threadIds: ['t'] }), { space: resource })
    expectEqual(await homes(9), [child, home], 'without the erased one')
    await scene.committed(erase(), { space: resource })
    expectEqual([await homes(9), await storage.threads.homes(access, 'u', 9)], [[home], []], 'without the erased space')
  }),
  sceneCase('copies of a thread, and of all threads of a space, are found', async (scene) => {
    const { storage, access } = scene
    const clone = (threadId: string, space: typeof home, from: string): Change => ({
      kind: 'thread-clone',
      threadId,
      source: { space, threadId: from, asOf: 1 },
      turns: [[message('copied')]],
      blocks: [],
    })
    for (const space of [resource, child]) await scene.committed(say('t', 'm'), { space })
    await scene.committed(clone('c1', resource, 't'))
    await scene.committed(clone('c2', child, 't'), { space: resource })
    await scene.committed(clone('c3', resource, 'u'))
    await scene.committed(clone('c4', spaceId('resource', 'acme-corp'), 't'))
    await scene.committed([clone('c5', resource, 't'), openTurn('c5')])
    await scene.committed(deleteThread('c5'))
    const copies = async (space: typeof home, threadId?: string, limit = 9) => {
      const found = await storage.threads.copies(
        access,
        { space, ...(threadId === undefined ? {} : { threadId }) },
        limit,
      )
      return found.map((copy) => `${copy.space} ${copy.threadId}`).toSorted()
    }
    expectEqual(await copies(resource, 't'), [`${home} c1`], 'of a thread')
    expectEqual(await copies(resource), [`${resource} c2`, `${home} c1`, `${home} c3`], 'of a space and its children')
    expectEqual([(await copies(resource, undefined, 2)).length, await copies(home)], [2, []], 'at most two, and none')
  }),
]
