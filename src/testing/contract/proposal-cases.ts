/** Cases of proposals: what is kept of a refused change, who may decide about it, and what a decision does. */
import type { Actor } from '../../domain/actor.ts'
import type { Change } from '../../domain/commit/commit.ts'
import { dayMs, defaultLimits } from '../../domain/limits.ts'
import { isoTime, msOf } from '../../domain/time.ts'
import { trusts } from '../../domain/trust.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { append, assertFact, increment, merge, putThread, remove, retire, write } from './changes.ts'
import { alice, bob, carol, probe, type StorageCase, worker } from './contract-case.ts'
import { accept, decideOn, foundProposal, idsLabelled, proposed, proposing } from './proposal-scene.ts'
import { type Scene, sceneCase } from './scene.ts'

const as = (actor: Actor) => ({ actor })

/** A fact of a user, and a statement of an agent that was to supersede it. */
async function contested(scene: Scene, name = ''): Promise<{ user: string; statement: string; proposal: string }> {
  const user = await scene.asserted(assertFact(`Lives in Berlin${name}`), as(carol))
  const change = assertFact(`Lives in Rome${name}`, { supersedes: [user] })
  const stated = await scene.did('fact-assert', change, as(alice))
  expectEqual(stated.conflicts, [user], 'the statement is marked')
  const [proposal] = stated.proposed ?? []
  expectTrue(proposal !== undefined, 'the answer names the proposal')
  return { user, statement: stated.factId, proposal }
}

const superseding = (statement: string, user: string): Change => ({
  kind: 'fact-assert',
  factId: statement,
  supersedes: [user],
})

/** How facts stand: their status, and their trust. */
async function stands(scene: Scene, ...ids: readonly string[]): Promise<readonly string[]> {
  const facts = await Promise.all(ids.map((id) => scene.fact(id)))
  return facts.map((fact) => (fact === null ? 'gone' : `${fact.status} ${fact.trust}`))
}

const refusals: readonly StorageCase[] = [
  sceneCase('a statement that may not supersede is a proposal to, in the same commit', async (scene) => {
    const { user, statement, proposal } = await contested(scene)
    const due = isoTime(msOf(scene.now()) + defaultLimits.proposalDays * dayMs)
    const { version, baseHmac, statementHmac, ...found } = (await foundProposal(scene, proposal)) ?? {}
    expectEqual(
      found,
      {
        author: alice,
        at: scene.now(),
        expiresAt: due,
        target: { kind: 'fact', id: user },
        change: superseding(statement, user),
        base: 2,
        status: 'open',
      },
      'the proposal',
    )
    expectEqual(version, 2, 'of the same commit')
    expectTrue(
      [baseHmac, statementHmac].every((hash) => /^[\w-]{22}$/.test(hash ?? '')),
      'it is bound by hashes',
    )
    expectTrue(baseHmac !== statementHmac, 'of different words')
    for (const label of ['open', 'author/agent/alice', `fact/${user}`, `fact/${statement}`]) {
      expectEqual(await idsLabelled(scene, label), [proposal], label)
    }
    expectEqual(
      await idsLabelled(scene, 'open', `fact/${user}`, 'author/agent/bob'),
      [proposal],
      'once for several labels',
    )
    expectEqual(await idsLabelled(scene, 'author/agent/bob'), [], 'of somebody else')
  }),
  sceneCase('a deletion that is refused is a proposal, one for each fact', async (scene) => {
    const tea = await scene.asserted(assertFact('Likes tea'), as(carol))
    const rum = await scene.asserted(assertFact('Likes rum'), as(carol))
    const own = await scene.asserted(assertFact('Likes water'), as(probe))
    const { proposed: ids = [], ...answer } = await scene.did('fact-retire', retire(tea, own, rum), as(probe))
    expectEqual(answer, { kind: 'fact-retire', deleted: [own], refused: [tea, rum] }, 'the answer')
    const found = await Promise.all(ids.map((id) => foundProposal(scene, id)))
    expectEqual(
      found.map((proposal) => proposal?.change),
      [retire(tea), retire(rum)],
      'the proposals',
    )
    await scene.committed(accept(ids[0] as string, retire(tea)), as(carol))
    expectEqual(await stands(scene, tea, rum), ['gone', 'current user'], 'one is accepted')
  }),
  sceneCase('of one kind about one target an author has one open proposal', async (scene) => {
    const { user, statement, proposal } = await contested(scene)
    scene.clock.advance(dayMs)
    const again = assertFact('Lives in Rome', { unique: 'again', supersedes: [user] })
    expectEqual((await scene.did('fact-assert', again, as(alice))).proposed, [proposal], 'the same one again')
    const due = isoTime(msOf(scene.now()) + defaultLimits.proposalDays * dayMs)
    const found = await foundProposal(scene, proposal)
    expectEqual([found?.at === scene.now(), found?.expiresAt], [false, due], 'it waits for as long again')
    const other = await scene.did('fact-assert', assertFact('Lives in Oslo', { supersedes: [user] }), as(alice))
    expectEqual(await foundProposal(scene, proposal), null, 'another one takes its place')
    expectEqual(await idsLabelled(scene, `fact/${user}`), other.proposed ?? [], 'and is the only one')
    expectEqual((await stands(scene, statement))[0], 'current agent', 'the first statement stays')
    await scene.committed(assertFact('Lives in Bonn', { supersedes: [user] }), as(bob))
    await scene.committed(retire(user), as(alice))
    expectEqual((await idsLabelled(scene, `fact/${user}`)).length, 3, 'of another author, and of another kind')
  }),
  sceneCase('one commit makes no more proposals than may be open, and no statement fails for it', async (scene) => {
    const tea = await scene.asserted(assertFact('Likes tea'), as(carol))
    const rum = await scene.asserted(assertFact('Likes rum'), as(carol))
    const stated = [tea, rum].map((id) => assertFact(`Instead of ${id}`, { supersedes: [id] }))
    const { results } = await scene.committed(stated, { ...as(alice), limits: { proposalsOpen: 1 } })
    const made = results.map((result) => (result.kind === 'fact-assert' ? (result.proposed ?? []).length : null))
    expectEqual(made, [1, 0], 'the second statement is no proposal')
    expectEqual((await scene.fact(rum))?.conflictsWith.length, 1, 'and is marked all the same')
    await scene.refused('invalid-input', [proposing(write('k', 1)), proposing(write('k', 2))], as(probe))
    const most = { ...as(probe), limits: { proposalsOpen: 1 } }
    await scene.refused('limit-exceeded', [proposing(write('k', 1)), proposing(write('l', 2))], most)
  }),
  sceneCase('an author who has too many open proposals loses the oldest', async (scene) => {
    const most = { limits: { proposalsOpen: 2 } }
    const ids: string[] = []
    for (const key of ['a', 'b', 'c']) {
      const { results } = await scene.committed(proposing(write(key, key)), { ...as(probe), ...most })
      ids.push((results[0] as { readonly key: string }).key)
    }
    await scene.committed(proposing(write('a', 1)), { ...as(bob), ...most })
    expectEqual(await idsLabelled(scene, 'author/tool/probe'), ids.slice(1), 'the newest two')
    expectEqual((await idsLabelled(scene, 'open')).length, 3, 'those of others stay')
    expectTrue(!(await scene.logText()).includes('"value":"a"'), 'what it said is gone from the log too')
    const tea = await scene.asserted(assertFact('Likes tea'), as(carol))
    const rum = await scene.asserted(assertFact('Likes rum'), as(carol))
    const { proposed: both, refused } = await scene.did('fact-retire', retire(tea, rum), {
      ...as(probe),
      limits: { proposalsOpen: 1 },
    })
    expectEqual([refused, both?.length], [[tea, rum], 1], 'a deletion proposes no more than may be open')
  }),
]

const deciders = { tool: { kind: 'tool', id: 'other' }, agent: bob, user: { kind: 'user', id: 'dave' } } as const

const decisions: readonly StorageCase[] = [
  sceneCase('accepting supersedes with the trust of who decides, and then its author cannot end it', async (scene) => {
    const { user, statement, proposal } = await contested(scene)
    await scene.refused('invalid-input', decideOn(proposal, 'accepted'), as(carol))
    await scene.refused('invalid-input', accept(proposal, superseding(user, statement)), as(carol))
    const once = { ...as(carol), id: 'once' }
    const changes = [decideOn(proposal, 'accepted', 'She moved.'), superseding(statement, user)]
    const { results } = await scene.committed(changes, once)
    expectEqual((await scene.committed(changes, once)).results, results, 'a retry is answered alike')
    expectEqual(await stands(scene, user, statement), ['superseded user', 'current user'], 'the facts')
    const fact = await scene.fact(statement)
    expectEqual([fact?.assertedBy, fact?.conflictsWith], [carol, []], 'who vouches for it')
    const { status, decision } = (await foundProposal(scene, proposal)) ?? {}
    expectEqual(
      { status, decision },
      { status: 'accepted', decision: { by: carol, at: scene.now(), reason: 'She moved.' } },
      'it',
    )
    expectEqual(await idsLabelled(scene, 'open', `fact/${user}`, `fact/${statement}`), [], 'it is open no longer')
    expectEqual((await scene.did('fact-retire', retire(statement), as(alice))).refused, [statement], 'its author')
  }),
  sceneCase('rejecting retires the statement, and the fact has no mark', async (scene) => {
    const { user, statement, proposal } = await contested(scene)
    await scene.refused('invalid-input', decideOn(proposal, 'rejected'), as(carol))
    await scene.committed([decideOn(proposal, 'rejected'), retire(statement)], as(carol))
    expectEqual(await stands(scene, user, statement), ['current user', 'gone'], 'the facts')
    expectEqual((await scene.fact(user))?.conflictsWith, [], 'the mark')
    expectEqual((await foundProposal(scene, proposal))?.status, 'rejected', 'the proposal')
  }),
  sceneCase('who may decide: nobody with less trust than the fact, and never the author', async (scene) => {
    for (const target of trusts) {
      for (const by of trusts) {
        const owner = { tool: probe, agent: alice, user: carol }[target]
        const factId = await scene.asserted(assertFact(`Of a ${target} for a ${by}`), as(owner))
        const author: Actor = { kind: 'tool', id: 'author' }
        const id = await proposed(scene, retire(factId), author)
        await scene.refused('denied', accept(id, retire(factId)), as(author))
        const change = accept(id, retire(factId))
        const isEnough = trusts.indexOf(by) >= trusts.indexOf(target)
        if (isEnough) await scene.committed(change, as(deciders[by]))
        else {
          await scene.refused('denied', change, as(deciders[by]))
          await scene.refused('denied', decideOn(id, 'rejected'), as(deciders[by]))
          await scene.committed(change, as(worker))
        }
        expectEqual(await scene.fact(factId), null, `${by} about ${target}`)
      }
    }
  }),
  sceneCase(
    'about entries, working memory and new facts it takes the trust of the author, and an agent',
    async (scene) => {
      await scene.committed(putThread('t'))
      const changes: readonly Change[] = [
        write('plan', 1),
        { kind: 'block-write', name: 'main', format: 'text', value: 'Notes' },
        { kind: 'block-merge', name: 'own', threadId: 't', patch: { a: 1 } },
        assertFact('Is new'),
      ]
      const authors = {
        tool: { kind: 'tool', id: 'author' },
        agent: { kind: 'agent', id: 'author' },
        user: carol,
      } as const
      for (const by of trusts) {
        for (const kind of trusts) {
          for (const [index, change] of changes.entries()) {
            const fresh =
              change.kind === 'fact-assert' ? { ...change, text: `New ${by} ${kind}`, unique: `${by}-${kind}` } : change
            const id = await proposed(scene, fresh, authors[kind])
            const isEnough = by !== 'tool' && trusts.indexOf(by) >= trusts.indexOf(kind)
            if (isEnough) await scene.committed(accept(id, fresh), as(deciders[by]))
            else await scene.refused('denied', accept(id, fresh), as(deciders[by]))
            const wanted = isEnough ? 'accepted' : 'open'
            expectEqual((await foundProposal(scene, id))?.status, wanted, `${by} about change ${index} of a ${kind}`)
          }
        }
      }
    },
  ),
  sceneCase('of agents and tools only the named ones decide', async (scene) => {
    const named = await proposed(scene, write('plan', 1), probe, { deciders: [alice] })
    await scene.refused('denied', accept(named, write('plan', 1)), as(bob))
    await scene.committed(accept(named, write('plan', 1)), as(alice))
    const other = await proposed(scene, write('plan', 2), probe, { deciders: [alice] })
    await scene.committed(accept(other, write('plan', 2)), as(carol))
    expectEqual(await scene.value('plan'), 2, 'a person may')
    const tea = await scene.asserted(assertFact('Likes tea'), as(carol))
    const third = await proposed(scene, retire(tea), probe, { deciders: [alice] })
    await scene.refused('denied', accept(third, retire(tea)), as(alice))
  }),
  sceneCase('of two who decide about a proposal at once one wins, and the other is told who', async (scene) => {
    const { user, statement, proposal } = await contested(scene)
    const dave: Actor = { kind: 'user', id: 'dave' }
    const outcome = (changes: readonly Change[], actor: Actor) =>
      scene.commit(changes, as(actor)).then(
        () => null,
        (error: { readonly code: string; readonly details: Record<string, unknown> }) => error,
      )
    const [first, second] = await Promise.all([
      outcome(accept(proposal, superseding(statement, user)), carol),
      outcome([decideOn(proposal, 'rejected'), retire(statement)], dave),
    ])
    const loser = first ?? second
    const { status, decision } = (await foundProposal(scene, proposal)) ?? {}
    expectEqual([first === null, second === null], [second !== null, first !== null], 'one of them wins')
    expectEqual(loser?.code, 'conflict', 'the other')
    expectEqual(
      loser?.details,
      { proposalId: proposal, reason: 'decided', status, decided: decision },
      'what it is told',
    )
  }),
]

/** A proposal about a value, how it is changed meanwhile, and the value after accepting; undefined if that is a conflict. */
const bases: readonly (readonly [Change, Change | null, unknown])[] = [
  [write('k', { b: 2 }), null, { b: 2 }],
  [write('k', 2), write('k', { a: 1 }), undefined],
  [merge('k', { b: 2 }), null, { a: 1, b: 2 }],
  [merge('k', { b: 2 }), merge('k', { c: 3 }), undefined],
  [append('list', 2), null, [1, 2]],
  [append('list', 2), append('list', 3), undefined],
  [increment('n', 2), null, 3],
  [increment('n', 2), increment('n', 1), undefined],
  [remove('k'), null, null],
  [remove('k'), write('k', 1), undefined],
  [write('fresh', 1), null, 1],
  [write('fresh', 1), write('fresh', 1), undefined],
]

const conflicts: readonly StorageCase[] = [
  ...bases.map(([change, meanwhile, after], index) =>
    sceneCase(`proposal ${index}, of ${change.kind}: it is accepted where nothing has changed`, async (scene) => {
      await scene.committed([write('k', { a: 1 }), write('list', [1]), write('n', 1)])
      const id = await proposed(scene, change, probe)
      if (meanwhile !== null) await scene.committed(meanwhile)
      if (after === undefined) {
        const error = await scene.refused('conflict', accept(id, change), as(carol))
        expectEqual(error.details.reason, 'changed', 'what it is told')
        expectEqual((await foundProposal(scene, id))?.status, 'open', 'it stays open')
        await scene.committed(decideOn(id, 'rejected'), as(carol))
        return
      }
      await scene.committed(accept(id, change), as(carol))
      expectEqual((await scene.value((change as { readonly key: string }).key)) ?? null, after, 'the value')
    }),
  ),
  sceneCase('a mark on a fact changes nothing that a proposal was made against; its words do', async (scene) => {
    const { user, statement, proposal } = await contested(scene)
    await scene.committed(assertFact('Lives in Oslo', { supersedes: [user], conflictsWith: [statement] }), as(bob))
    await scene.committed({ kind: 'fact-assert', factId: user, metadata: { a: 1 } }, as(carol))
    const edited = { kind: 'fact-assert', factId: statement, text: 'Lives in Paris' } as const
    await scene.committed(edited, as(alice))
    await scene.refused('conflict', accept(proposal, superseding(statement, user)), as(carol))
    await scene.committed({ ...edited, text: 'Lives in Rome' }, as(alice))
    await scene.committed(accept(proposal, superseding(statement, user)), as(carol))
    expectEqual(await stands(scene, user, statement), ['superseded user', 'current user'], 'the facts')
  }),
  sceneCase('a fact that was corrected, replaced or removed meanwhile is a conflict', async (scene) => {
    const meanwhile: readonly ((factId: string) => Change)[] = [
      (factId) => ({ kind: 'fact-assert', factId, text: 'Lives in Hamburg' }),
      (factId) => ({ kind: 'fact-assert', factId, expiresAt: '2999-01-01T00:00:00.000Z' }),
      (factId) => assertFact('Lives in Munich', { supersedes: [factId] }),
      (factId) => retire(factId),
    ]
    for (const [index, change] of meanwhile.entries()) {
      const { user, statement, proposal } = await contested(scene, `, ${index}`)
      await scene.committed(change(user), as(carol))
      const error = await scene.refused('conflict', accept(proposal, superseding(statement, user)), as(worker))
      expectEqual(error.details.reason, 'changed', 'what it is told')
      await scene.committed([decideOn(proposal, 'rejected'), retire(statement)], as(worker))
    }
  }),
  sceneCase('what cannot be proposed is refused', async (scene) => {
    const tea = await scene.asserted(assertFact('Likes tea'), as(carol))
    const rum = await scene.asserted(assertFact('Likes rum'), as(carol))
    const odd: readonly (readonly [string, Change])[] = [
      ['invalid-input', proposing(retire(tea, rum))],
      ['invalid-input', proposing(assertFact('New', { supersedes: [tea] }))],
      ['invalid-input', proposing({ kind: 'fact-assert', factId: tea, supersedes: [rum, tea] })],
      ['invalid-input', proposing(assertFact('Queued', { queued: true }))],
      ['invalid-input', proposing(write('*', 1))],
      ['invalid-input', proposing(write('k', 1), { expiresAt: scene.now() })],
      ['not-found', proposing(retire(`${tea.slice(0, tea.lastIndexOf('_'))}_none`))],
      ['not-found', proposing({ kind: 'block-write', name: 'main', threadId: 'none', format: 'text', value: 'x' })],
      ['invalid-input', decideOn(tea, 'rejected')],
    ]
    for (const [code, change] of odd) await scene.refused(code as 'not-found', change, as(probe))
    await scene.refused('limit-exceeded', proposing(write('k', 'x'.repeat(100))), {
      ...as(probe),
      limits: { recordBytes: 100 },
    })
  }),
]

export const proposalCases: readonly StorageCase[] = [...refusals, ...decisions, ...conflicts]
