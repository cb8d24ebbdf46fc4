/** Cases of the life of proposals: they expire, are compacted, and are erased with what they are about. */
import type { Change } from '../../domain/commit/commit.ts'
import { dayMs } from '../../domain/limits.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { assertFact, message, putThread, retire, say, write } from './changes.ts'
import { alice, carol, probe, type StorageCase, worker } from './contract-case.ts'
import { accept, decideOn, foundProposal, idsLabelled, proposed, proposing } from './proposal-scene.ts'
import { home, sceneCase } from './scene.ts'

const aDay = { limits: { proposalDays: 1 } } as const

export const proposalLifeCases: readonly StorageCase[] = [
  sceneCase('a proposal that nobody decides about in time expires, and is kept for as long again', async (scene) => {
    const { results } = await scene.committed(proposing(write('k', 'words')), { actor: probe, ...aDay })
    const id = (results[0] as { readonly key: string }).key
    const due = async () => (await scene.storage.due({ actor: worker, grants: 'all' }, 10)).proposals
    await scene.refused('conflict', decideOn(id, 'expired'), { actor: worker })
    expectEqual(await due(), [], 'nothing is due')
    scene.clock.advance(dayMs)
    expectEqual(await due(), [{ space: home, proposalId: id, version: 1 }], 'what is due')
    const late = await scene.refused('conflict', accept(id, write('k', 'words')), { actor: carol })
    expectEqual([late.details.reason, late.details.status], ['decided', 'expired'], 'too late, swept or not')
    await scene.committed(decideOn(id, 'expired'), { actor: worker, ...aDay })
    expectEqual((await foundProposal(scene, id))?.status, 'expired', 'the sweeper says so')
    expectEqual([await due(), await idsLabelled(scene, 'open')], [[], []], 'and is done')
    scene.clock.advance(dayMs)
    expectEqual(await foundProposal(scene, id), null, 'a day later it is gone')
    const { records } = await scene.storage.due({ actor: worker, grants: 'all' }, 10)
    expectEqual(
      records.map(({ noun, key }) => [noun, key]),
      [['proposal', id]],
      'for the sweeper',
    )
    await scene.committed({ kind: 'proposal-expire', key: id } as unknown as Change, { actor: worker })
    expectTrue(!(await scene.logText()).includes('words'), 'its words leave the log')
  }),
  sceneCase('its author says when it expires', async (scene) => {
    const id = await proposed(scene, write('k', 1), probe, { expiresAt: '2026-03-01T12:00:01.000Z' })
    scene.clock.advance(1_000)
    await scene.refused('conflict', decideOn(id, 'rejected'), { actor: carol })
  }),
  sceneCase('open and decided proposals outlive compaction', async (scene) => {
    const tea = await scene.asserted(assertFact('Likes tea'), { actor: carol })
    const [open] = (await scene.did('fact-retire', retire(tea), { actor: probe })).proposed ?? []
    const done = await proposed(scene, write('k', 1), probe)
    await scene.committed(accept(done, write('k', 1)), { actor: carol })
    await scene.committed(write('last', 1))
    const before = [await foundProposal(scene, open as string), await foundProposal(scene, done)]
    await scene.storage.compact({ actor: worker, grants: 'all' }, home, (await scene.seq()) - 1)
    expectEqual([await foundProposal(scene, open as string), await foundProposal(scene, done)], before, 'both')
    await scene.committed(accept(open as string, retire(tea)), { actor: carol })
    expectEqual(await scene.fact(tea), null, 'it is accepted')
  }),
  sceneCase(
    'forgetting either fact, their source, an entry or a thread erases the proposals about them',
    async (scene) => {
      await scene.committed([putThread('t'), say('t', message('Said so', { id: 'm1' }))])
      const contested = async (name: string) => {
        const user = await scene.asserted(assertFact(`${name} user`), { actor: carol })
        const stated = assertFact(`${name} statement`, { supersedes: [user], sources: ['m1'] })
        const { factId, proposed: ids } = await scene.did('fact-assert', stated, { actor: alice })
        return { user, factId, id: ids?.[0] as string }
      }
      const [first, second, third] = [await contested('First'), await contested('Second'), await contested('Third')]
      await scene.committed({ kind: 'erase', factIds: [first.user] }, { actor: carol })
      expectEqual(await foundProposal(scene, first.id), null, 'the fact')
      await scene.committed({ kind: 'erase', factIds: [second.factId] })
      expectEqual(await foundProposal(scene, second.id), null, 'the statement')
      const words = await proposed(
        scene,
        { kind: 'fact-assert', text: 'secret words', unique: 'new', sources: ['m1'] },
        alice,
      )
      await scene.committed({ kind: 'erase', messageIds: ['m1'] })
      expectEqual([await foundProposal(scene, third.id), await foundProposal(scene, words)], [null, null], 'the source')
      const entry = await proposed(scene, write('k', 'secret value'), alice)
      await scene.committed({ kind: 'erase', keys: ['k'] })
      expectEqual(await foundProposal(scene, entry), null, 'the entry')
      const own = { kind: 'block-write', name: 'main', format: 'text', value: 'secret text' } as const
      const text = await proposed(scene, own, alice)
      await scene.committed({ kind: 'erase', keys: ['main'] })
      expectTrue((await foundProposal(scene, text)) !== null, 'an entry of the same name is another one')
      await scene.committed({ kind: 'erase', blocks: [{ name: 'main' }] })
      expectEqual(await foundProposal(scene, text), null, 'the block')
      const block = { kind: 'block-write', name: 'main', threadId: 't', format: 'text', value: 'secret note' } as const
      const note = await proposed(scene, block, alice)
      await scene.committed({ kind: 'erase', threadIds: ['t'] })
      expectEqual(await foundProposal(scene, note), null, 'the thread')
      expectEqual(
        await idsLabelled(scene, 'open', `fact/${first.user}`, 'entry/k', 'block/t\nmain'),
        [],
        'nor by any label',
      )
      expectTrue(!(await scene.logText()).includes('secret'), 'the log holds none of their words')
    },
  ),
  sceneCase('no proposal is made in a space that is not there, unless it is of something new', async (scene) => {
    await scene.refused('not-found', proposing(retire('fact_000000000000_none')), { actor: probe })
    const id = await proposed(scene, write('k', 1), probe)
    expectEqual((await foundProposal(scene, id))?.base, 0, 'an entry that is not there')
    await scene.committed({ kind: 'erase' })
    await scene.refused('not-found', decideOn(id, 'rejected'), { actor: carol })
  }),
]
