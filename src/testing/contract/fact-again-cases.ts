/** Cases of a statement that a fact makes already: what it adds to that fact. */
import type { ChangeOf } from '../../domain/commit/commit.ts'
import type { FactAddition } from '../../domain/records/fact-merge.ts'
import { isoTime } from '../../domain/time.ts'
import { expectEqual } from './assert.ts'
import { assertFact, retire, write } from './changes.ts'
import { alice, bob, carol, probe, type StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

type Fields = Omit<ChangeOf<'fact-assert'>, 'kind' | 'text'>

async function againBy(scene: Scene, actor: typeof alice, more: Fields) {
  return scene.did('fact-assert', assertFact('Likes tea', { unique: `again-${scene.clock.now()}`, ...more }), { actor })
}

export const factAgainCases: readonly StorageCase[] = [
  sceneCase(
    'a known statement adds the later end, the earlier start, the higher trust and its sources',
    async (scene) => {
      const in1h = isoTime(scene.clock.now() + 3_600_000)
      const in2h = isoTime(scene.clock.now() + 7_200_000)
      const factId = await scene.asserted(assertFact('Likes tea', { expiresAt: in1h, sources: ['m1'] }), {
        actor: probe,
      })
      const start = (await scene.fact(factId))?.validFrom ?? ''
      const earlier = '2001-01-01T00:00:00.000Z'
      const later = isoTime(scene.clock.now() + 60_000)
      const steps: readonly (readonly [Fields, readonly FactAddition[] | undefined, typeof alice?])[] = [
        [{ expiresAt: in1h, sources: ['m1'], validFrom: later }, undefined],
        [{ expiresAt: in2h, sources: ['m1'] }, ['expiresAt']],
        [{ expiresAt: in1h, sources: ['m1'], validFrom: earlier }, ['validFrom']],
        [{ expiresAt: in1h, sources: ['m2', 'm1'] }, ['sources']],
        [{ sources: ['m1'] }, ['expiresAt']],
        [{ expiresAt: in2h, sources: ['m1'] }, undefined],
        [{ sources: ['m1'] }, ['trust'], alice],
        [{ sources: ['m1'] }, ['trust'], carol],
        [{ sources: ['m3'] }, undefined, probe],
        [{ sources: ['m3'] }, ['sources'], carol],
        [{}, ['sources'], carol],
        [{}, undefined, carol],
      ]
      for (const [fields, added, actor = probe] of steps) {
        scene.clock.advance(1)
        const answer = await againBy(scene, actor, fields)
        const what = JSON.stringify([fields, actor.kind])
        expectEqual([answer.factId, answer.known, answer.added], [factId, true, added], what)
      }
      const fact = await scene.fact(factId)
      expectEqual(
        [fact?.trust, fact?.assertedBy, fact?.sources, fact?.unsourced, fact?.expiresAt, fact?.validFrom],
        ['user', { kind: carol.kind, id: carol.id }, ['m1', 'm2', 'm3'], true, null, earlier],
        `what it is now, first stated at ${start}`,
      )
    },
  ),
  sceneCase(
    'less trusted words neither prolong a fact nor start it earlier: they stand for themselves',
    async (scene) => {
      const expiresAt = isoTime(scene.clock.now() + 1_000)
      const user = await scene.asserted(assertFact('Likes tea', { expiresAt }), { actor: carol })
      const tool = await againBy(scene, probe, {})
      expectEqual(tool.known, false, 'a fact of its own')
      scene.clock.advance(500)
      expectEqual((await againBy(scene, probe, {})).factId, tool.factId, 'which then is known')
      scene.clock.advance(1_000)
      const left = (await scene.facts()).items.map(({ id, trust }) => [id, trust])
      expectEqual(left, [[tool.factId, 'tool']], `after ${user} has expired`)
    },
  ),
  sceneCase('a fact that gets the words of another becomes one with it', async (scene) => {
    const tea = await scene.asserted(assertFact('Likes tea', { sources: ['m1'] }))
    const rum = await scene.asserted(assertFact('Likes rum'), { actor: carol })
    const weaker = assertFact('likes tea.', { factId: rum })
    await scene.refused('conflict', weaker, { actor: bob })
    const answer = await scene.did('fact-assert', weaker, { actor: carol })
    expectEqual([answer.factId, answer.superseded, answer.added], [tea, [rum], ['trust', 'sources']], 'the answer')
    const [one, other] = [await scene.fact(tea), await scene.fact(rum)]
    expectEqual([one?.text, one?.trust, one?.unsourced], ['Likes tea', 'user', true], 'the one that stays')
    expectEqual(
      [other?.status, other?.supersededBy, other?.validTo],
      ['superseded', tea, other?.validFrom],
      'the other',
    )
    expectEqual((await scene.facts()).items.length, 1, 'facts')
  }),
  sceneCase('a fact stays as long as one of those who state it is left', async (scene) => {
    const both = await scene.asserted(assertFact('Likes tea', { sources: ['m1'] }))
    await againBy(scene, alice, { sources: ['m2'] })
    const also = await scene.asserted(assertFact('Likes rum', { sources: ['m1'] }))
    await scene.committed(assertFact('Likes rum', { unique: 'x' }))
    const alone = await scene.asserted(assertFact('Likes gin', { sources: ['m1'] }))
    await scene.committed({ kind: 'erase', messageIds: ['m1'] })
    expectEqual((await scene.fact(alone))?.text, undefined, 'said by the erased message alone')
    expectEqual((await scene.fact(also))?.sources, [], 'stated by itself, too')
    expectEqual((await scene.fact(both))?.sources, ['m2'], 'said by another message')
    const again = await againBy(scene, alice, { sources: ['m2'] })
    expectEqual([again.factId, again.known], [both, true], 'it is known still')
    await scene.committed({ kind: 'erase', messageIds: ['m2'] })
    expectEqual((await scene.fact(both))?.text, undefined, 'once nobody says it')
  }),
  sceneCase('one commit may state the same several times, and keeps as many sources as may be', async (scene) => {
    const twice = ['m1', 'm2', 'm3'].map((id) => assertFact('Likes tea', { unique: `u-${id}`, sources: [id] }))
    const { results } = await scene.committed([...twice, write('k', 1)], { limits: { factLinks: 2 } })
    const [first] = results
    const factId = first?.kind === 'fact-assert' ? first.factId : ''
    expectEqual((await scene.fact(factId))?.sources, ['m1', 'm2'], 'sources')
    expectEqual((await scene.storage.facts.history(scene.access, home, factId, 10)).length, 1, 'versions')
    await scene.committed([assertFact('Likes tea', { unique: 'v', sources: ['m4'] }), write('l', 1)])
    await scene.committed(retire(factId))
    expectEqual(await scene.fact(factId), null, 'afterwards')
  }),
]
