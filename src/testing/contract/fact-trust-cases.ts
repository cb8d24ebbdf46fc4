/** Cases of trust: who gives which, and what it keeps from being superseded. */
import type { Actor } from '../../domain/actor.ts'
import type { ChangeOf, ResultOf } from '../../domain/commit/commit.ts'
import { expectEqual } from './assert.ts'
import { assertFact, retire } from './changes.ts'
import { alice, bob, carol, probe, type StorageCase, worker } from './contract-case.ts'
import { sceneCase } from './scene.ts'

/** An answer without its proposals. */
const stays = (deleted: readonly string[], refused: readonly string[]) => ({ kind: 'fact-retire', deleted, refused })
const withoutProposals = ({ proposed: _, ...answer }: ResultOf<'fact-retire'>) => answer

export const factTrustCases: readonly StorageCase[] = [
  sceneCase('agents and tools end no fact that is trusted more than they are', async (scene) => {
    const user = await scene.asserted(assertFact('Likes tea', { sources: ['m1'] }), { actor: carol })
    const agent = await scene.asserted(assertFact('Likes water'))
    const later = '2999-01-01T00:00:00.000Z'
    const changes: readonly ChangeOf<'fact-assert'>[] = [
      { kind: 'fact-assert', factId: user, text: 'Likes rum' },
      { kind: 'fact-assert', factId: user, expiresAt: later },
      { kind: 'fact-assert', factId: user, validFrom: later },
      { kind: 'fact-assert', factId: user, validTo: later },
      { kind: 'fact-assert', factId: user, sources: ['invented'] },
      { kind: 'fact-assert', factId: user, attributes: { taskId: 'elsewhere' } },
    ]
    for (const actor of [bob, probe]) {
      for (const change of changes) await scene.refused('conflict', change, { actor })
    }
    const all = retire(user, agent, 'none')
    expectEqual(
      withoutProposals(await scene.did('fact-retire', all, { actor: probe })),
      stays([], [user, agent]),
      'a tool',
    )
    const once = { actor: bob, id: 'retired-once' }
    expectEqual(withoutProposals(await scene.did('fact-retire', all, once)), stays([agent], [user]), 'an agent')
    expectEqual(withoutProposals(await scene.did('fact-retire', all, once)), stays([agent], [user]), 'a retry')
    await scene.committed({ kind: 'fact-assert', factId: user, metadata: { a: 1 } }, { actor: probe })
    await scene.committed({ kind: 'fact-assert', factId: user, expiresAt: later }, { actor: worker })
    await scene.refused('denied', { kind: 'erase', messageIds: ['m1'] }, { actor: probe })
    await scene.refused('denied', { kind: 'erase', factIds: [user] }, { actor: bob })
    await scene.committed({ kind: 'erase', messageIds: ['m1'] }, { actor: worker })
    expectEqual(await scene.fact(user), null, 'the application forgets its source')
  }),
  sceneCase('trust is that of the actor’s kind, and naming one only lowers it', async (scene) => {
    const given: readonly (readonly [Actor, 'user' | 'agent' | 'tool' | undefined, string])[] = [
      [carol, undefined, 'user'],
      [carol, 'tool', 'tool'],
      [alice, undefined, 'agent'],
      [alice, 'user', 'agent'],
      [probe, 'user', 'tool'],
      [worker, undefined, 'tool'],
      [worker, 'user', 'tool'],
    ]
    for (const [index, [actor, trust, expected]] of given.entries()) {
      const change = assertFact(`Fact ${index}`, trust === undefined ? {} : { trust })
      const fact = await scene.fact(await scene.asserted(change, { actor }))
      expectEqual(fact?.trust, expected, `${actor.kind}, naming ${trust}`)
    }
  }),
  sceneCase('a system actor has the lowest trust among its sources', async (scene) => {
    const user = await scene.asserted(assertFact('By a user'), { actor: carol })
    const agent = await scene.asserted(assertFact('By an agent'))
    const gone = await scene.asserted(assertFact('By a tool'), { actor: probe })
    const given: readonly (readonly [string[], 'user' | 'agent' | undefined, string])[] = [
      [['msg_1'], undefined, 'tool'],
      [['msg_1'], 'user', 'user'],
      [[user, 'msg_1'], 'user', 'user'],
      [[user, agent], 'user', 'agent'],
      [[gone, user], 'agent', 'tool'],
      [[user], 'agent', 'agent'],
    ]
    for (const [index, [sources, trust, expected]] of given.entries()) {
      const change = assertFact(`Derived ${index}`, { sources, ...(trust === undefined ? {} : { trust }) })
      const fact = await scene.fact(await scene.asserted(change, { actor: worker }))
      expectEqual(fact?.trust, expected, `from ${JSON.stringify(sources)}, naming ${trust}`)
    }
  }),
  sceneCase('a fact of higher trust is not superseded: both stay, and contradict each other', async (scene) => {
    const user = await scene.asserted(assertFact('Likes tea'), { actor: carol })
    const agent = await scene.asserted(assertFact('Likes water'))
    const change = assertFact('Likes coffee', { supersedes: [user, agent] })
    const { factId, superseded, conflicts } = await scene.did('fact-assert', change, { actor: bob })
    expectEqual([superseded, conflicts], [[agent], [user]], 'the answer')
    const [tea, coffee] = [await scene.fact(user), await scene.fact(factId)]
    expectEqual([tea?.status, tea?.validTo, tea?.conflictsWith], ['current', null, [factId]], 'the user’s')
    expectEqual([coffee?.status, coffee?.conflictsWith], ['current', [user]], 'the agent’s')
    const again = await scene.did('fact-assert', assertFact('Likes cocoa', { supersedes: [factId] }), { actor: probe })
    expectEqual([again.superseded, again.conflicts], [[], [factId]], 'a tool’s')
    const lowered = assertFact('Likes milk', { supersedes: [user], trust: 'agent' })
    expectEqual((await scene.did('fact-assert', lowered, { actor: carol })).superseded, [], 'of lowered trust')
    const last = await scene.did('fact-assert', assertFact('Likes tea at noon', { supersedes: [user] }), {
      actor: carol,
    })
    expectEqual([last.superseded, last.conflicts], [[user], []], 'the user’s own')
    expectEqual((await scene.fact(factId))?.conflictsWith, [again.factId], 'and with it that contradiction ends')
  }),
  sceneCase('words of lower trust do not replace a fact’s own, but the application may correct it', async (scene) => {
    const factId = await scene.asserted(assertFact('Likes tea', { sources: ['msg_1'] }), { actor: carol })
    for (const [actor, more] of [
      [alice, {}],
      [probe, {}],
      [carol, { trust: 'agent' }],
      [worker, { trust: 'agent' }],
    ] as const) {
      const error = await scene.refused('conflict', assertFact('Likes coffee', { factId, ...more }), { actor })
      expectEqual(error.details.trust, 'user', `${actor.kind}: the trust that stands in the way`)
    }
    await scene.committed({ kind: 'fact-assert', factId, metadata: { seen: 1 } }, { actor: alice })
    const read = async () => {
      const fact = await scene.fact(factId)
      return [fact?.text, fact?.trust, fact?.assertedBy]
    }
    expectEqual(await read(), ['Likes tea', 'user', carol], 'an agent may add what is not words')
    await scene.committed(assertFact('Likes green tea', { factId, trust: 'user' }), { actor: worker })
    expectEqual(await read(), ['Likes green tea', 'user', worker], 'derived from what a user said')
    await scene.committed(assertFact('Likes no tea', { factId }), { actor: worker })
    expectEqual(await read(), ['Likes no tea', 'tool', worker], 'the application’s own correction')
  }),
]
