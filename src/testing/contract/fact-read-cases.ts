/** Cases of reading facts: pages, searches by source and by words, expiry, history, isolation. */

import { factIdOf } from '../../domain/id.ts'
import { type FactState, factStatuses } from '../../domain/records/fact.ts'
import type { PastFact } from '../../domain/replay/fact-history.ts'
import { spaceId } from '../../domain/space.ts'
import { isoTime } from '../../domain/time.ts'
import type { FactQuery, Listed } from '../../ports/storage.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { assertFact, expireFact, retire, write } from './changes.ts'
import { alice, bob, carol, type StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

const other = spaceId('team', 'acme-corp')

function textsOf(page: Listed<FactState>): readonly string[] {
  return page.items.map((fact) => fact.text)
}

function derived(scene: Scene, ...sources: string[]): Promise<Listed<FactState>> {
  return scene.storage.facts.derivedFrom(scene.access, home, { sources, after: null, limit: 100 })
}

function conflicts(scene: Scene, query: Partial<FactQuery> = {}): Promise<Listed<FactState>> {
  const all = { attributes: {}, after: null, limit: 100 }
  return scene.storage.facts.conflicts(scene.access, home, { ...all, ...query })
}

function byText(scene: Scene, text: string, space = home): Promise<Listed<FactState>> {
  return scene.storage.facts.byText(scene.access, space, text)
}

/** All pages, one after the other, with their lengths. */
async function allPages(page: (after: number | null) => Promise<Listed<FactState>>, size: number) {
  const texts: string[] = []
  for (let after: number | null = null; ; ) {
    const { items, more } = await page(after)
    texts.push(...items.map((fact) => fact.text))
    expectTrue(items.length === size || !more, 'a page is full while another follows')
    if (!more) return texts
    after = items.at(-1)?.order ?? null
  }
}

const paging: readonly StorageCase[] = [
  sceneCase('pinned facts are listed alone, until they are released, superseded or gone', async (scene) => {
    const pinned = async () => (await scene.facts({ pinned: true })).items.map(({ text }) => text)
    const by = { actor: carol }
    await scene.committed([assertFact('plain'), assertFact('not', { pinned: false })], by)
    const a = await scene.asserted(assertFact('a', { pinned: true, importance: 0.5 }), by)
    const b = await scene.asserted(assertFact('b', { pinned: true }), by)
    const c = await scene.asserted(assertFact('c'), by)
    await scene.committed({ kind: 'fact-assert', factId: c, pinned: true }, by)
    expectEqual(await pinned(), ['a', 'b', 'c'], 'those that were pinned')
    const stored = await scene.fact(a)
    expectEqual([stored?.pinned, stored?.importance], [true, 0.5], 'its fields')
    await scene.committed({ kind: 'fact-assert', factId: a, metadata: { k: 1 } }, by)
    expectEqual((await scene.fact(a))?.pinned, true, 'after a change of other fields')
    await scene.committed({ kind: 'fact-assert', factId: b, pinned: false }, by)
    await scene.committed(assertFact('instead of c', { supersedes: [c] }), by)
    expectEqual(await pinned(), ['a'], 'once released and superseded')
    const weak = { actor: { kind: 'agent', id: 'bot' } as const }
    await scene.refused('denied', assertFact('mine', { pinned: true }), weak)
    await scene.refused('denied', { kind: 'fact-assert', factId: a, pinned: false }, weak)
    const { conflicts } = await scene.did('fact-assert', assertFact('instead of a', { supersedes: [a] }), weak)
    expectEqual([conflicts, await pinned()], [[a], ['a']], 'an agent supersedes it, and it stays')
    await scene.committed({ kind: 'fact-retire', factIds: [a] }, by)
    expectEqual(await pinned(), [], 'once deleted')
  }),
  sceneCase('facts are listed in the order of their first statement, in pages of every size', async (scene) => {
    await scene.committed(['z', 'a', 'm'].map((words) => assertFact(words, { attributes: { taskId: 'r1' } })))
    await scene.committed([assertFact('old', { attributes: { taskId: 'r2' } }), assertFact('raw', { queued: true })])
    const old = (await scene.facts({ attributes: { taskId: 'r2' } })).items[0]?.id ?? ''
    await scene.committed(['c', 'b'].map((words) => assertFact(words)))
    const new1 = await scene.asserted(assertFact('new', { supersedes: [old], attributes: { taskId: 'r1' } }))
    await scene.committed({ kind: 'fact-assert', factId: new1, metadata: { touched: 1 } })
    const lists: readonly (readonly [Partial<FactQuery>, readonly string[]])[] = [
      [{}, ['z', 'a', 'm', 'c', 'b', 'new']],
      [{ statuses: factStatuses }, ['z', 'a', 'm', 'old', 'raw', 'c', 'b', 'new']],
      [{ statuses: ['superseded', 'queued'] }, ['old', 'raw']],
      [{ statuses: [] }, []],
      [{ attributes: { taskId: 'r1' } }, ['z', 'a', 'm', 'new']],
    ]
    for (const [query, expected] of lists) {
      for (const order of ['oldest', 'newest'] as const) {
        const texts = order === 'oldest' ? expected : expected.toReversed()
        for (let limit = 1; limit <= expected.length + 1; limit++) {
          const page = (after: number | null) => scene.facts({ ...query, order, after, limit })
          expectEqual(
            await allPages(page, limit),
            texts,
            `${JSON.stringify(query)}, ${order} first, ${limit} at a time`,
          )
        }
      }
    }
    const { asOf, key } = await scene.facts()
    expectEqual([asOf, key], [await scene.seq(), (await scene.state())?.key], 'what a page says of its space')
  }),
  sceneCase('a list takes facts that carry every id asked for', async (scene) => {
    const carried = [{ userId: 'u', agentId: 'a' }, { agentId: 'a' }, { agentId: 'a', taskId: 'r', teamId: 't' }, {}]
    await scene.committed(carried.map((attributes, index) => assertFact(`f${index}`, { attributes })))
    const asked = [
      [{}, ['f0', 'f1', 'f2', 'f3']],
      [{ agentId: 'a' }, ['f0', 'f1', 'f2']],
      [{ userId: 'u' }, ['f0']],
      [{ agentId: 'a', taskId: 'r' }, ['f2']],
      [{ teamId: 't' }, ['f2']],
      [{ userId: 'u', taskId: 'r' }, []],
      [{ agentId: 'A' }, []],
    ] as const
    for (const [attributes, expected] of asked) {
      expectEqual(textsOf(await scene.facts({ attributes })), expected, `with ${JSON.stringify(attributes)}`)
    }
    const [first] = (await scene.facts()).items
    await scene.committed({ kind: 'fact-assert', factId: first?.id ?? '', attributes: { teamId: 't' } })
    expectEqual(textsOf(await scene.facts({ attributes: { teamId: 't' } })), ['f0', 'f2'], 'once it carries others')
    expectEqual(textsOf(await scene.facts({ attributes: { userId: 'u' } })), [], 'and no more what it carried')
  }),
  sceneCase('facts are found by what they were derived from', async (scene) => {
    const [a, b] = [
      await scene.asserted(assertFact('A', { sources: ['m1', 'run/1'] })),
      await scene.asserted(assertFact('B', { sources: ['m2'] })),
    ]
    await scene.committed(assertFact('C', { sources: [a, 'm1'], supersedes: [b] }))
    await scene.committed(assertFact('D', { sources: ['m1'], queued: true }))
    expectEqual(textsOf(await derived(scene, 'm1')), ['A', 'C', 'D'], 'from a message')
    expectEqual(textsOf(await derived(scene, 'm2', 'run/1', 'none')), ['A', 'B'], 'from several, superseded ones too')
    expectEqual(textsOf(await derived(scene, a)), ['C'], 'from a fact')
    expectEqual([textsOf(await derived(scene)), textsOf(await derived(scene, 'm'))], [[], []], 'from nothing')
    const page = (after: number | null) =>
      scene.storage.facts.derivedFrom(scene.access, home, { sources: ['m1', 'm2'], after, limit: 1 })
    expectEqual(await allPages(page, 1), ['A', 'B', 'C', 'D'], 'in pages')
    await scene.committed([
      { kind: 'fact-assert', factId: a, sources: ['m3'] },
      retire((await derived(scene, a)).items[0]?.id ?? ''),
    ])
    expectEqual(textsOf(await derived(scene, 'm1', 'm3')), ['A', 'D'], 'once sources changed and facts went')
    expectEqual(textsOf(await derived(scene, 'run/1')), [], 'what it no longer names')
  }),
  sceneCase('unresolved contradictions are listed, both sides, in pages', async (scene) => {
    const a = await scene.asserted(assertFact('A', { attributes: { agentId: 'x' } }))
    const b = await scene.asserted(assertFact('B', { conflictsWith: [a] }), { actor: bob })
    await scene.committed(assertFact('quiet'))
    await scene.committed(assertFact('C', { conflictsWith: [a] }), { actor: carol })
    expectEqual(textsOf(await conflicts(scene)), ['A', 'B', 'C'], 'all')
    expectEqual(await allPages((after) => conflicts(scene, { after, limit: 1 }), 1), ['A', 'B', 'C'], 'one at a time')
    expectEqual(textsOf(await conflicts(scene, { attributes: { agentId: 'x' } })), ['A'], 'of an agent')
    await scene.committed(retire(b))
    expectEqual(textsOf(await conflicts(scene)), ['A', 'C'], 'after one was retired')
    await scene.committed(assertFact('A2', { supersedes: [a] }))
    expectEqual(textsOf(await conflicts(scene)), [], 'after one was superseded')
  }),
  sceneCase(
    'many contradictions are listed, those in between that are resolved by expiry passed over',
    async (scene) => {
      const expiresAt = isoTime(scene.clock.now() + 1_000)
      const pairs = Array.from({ length: 90 }, (_, index) => index)
      for (const index of pairs) {
        const id = await scene.asserted(assertFact(`long ${index}`))
        const isShort = index % 30 !== 29
        await scene.committed(assertFact(`other ${index}`, { conflictsWith: [id], ...(isShort ? { expiresAt } : {}) }))
      }
      scene.clock.advance(1_000)
      const expected = [29, 59, 89].flatMap((index) => [`long ${index}`, `other ${index}`])
      expectEqual(textsOf(await conflicts(scene)), expected, 'all')
      for (const limit of [1, 2, 5, 6]) {
        expectEqual(
          await allPages((after) => conflicts(scene, { after, limit }), limit),
          expected,
          `${limit} at a time`,
        )
      }
    },
  ),
]

const expiry: readonly StorageCase[] = [
  sceneCase(
    'an expired fact is absent at once, for reads and for commits',
    async (scene) => {
      const expiresAt = isoTime(scene.clock.now() + 1_000)
      const short = await scene.asserted(
        assertFact('Short lived', { expiresAt, sources: ['m'], attributes: { taskId: 'r' } }),
      )
      await scene.committed(assertFact('Other', { conflictsWith: [short] }))
      scene.clock.advance(999)
      expectEqual(textsOf(await scene.facts()), ['Short lived', 'Other'], 'a moment before')
      expectEqual(textsOf(await conflicts(scene)), ['Short lived', 'Other'], 'contradictions a moment before')
      scene.clock.advance(1)
      expectEqual(await scene.fact(short), null, 'by id')
      const lists = [
        scene.facts(),
        scene.facts({ attributes: { taskId: 'r' } }),
        derived(scene, 'm'),
        byText(scene, 'short lived'),
      ]
      expectEqual((await Promise.all(lists)).map(textsOf), [['Other'], [], [], []], 'lists')
      expectEqual(textsOf(await conflicts(scene)), [], 'contradictions')
      expectEqual((await scene.did('fact-retire', retire(short))).deleted, [], 'it cannot be retired, it is gone')
      expectTrue(!(await scene.logText()).includes('Short lived'), 'its words leave the log')
    },
    7,
  ),
  sceneCase(
    'sweeping a fact removes its words from the log, and leaves what it did to others',
    async (scene) => {
      const expiresAt = isoTime(scene.clock.now() + 1_000)
      const old = await scene.asserted(assertFact('Old', { metadata: { kept: 'yes' } }))
      const change = assertFact('secret one', {
        unique: 'a',
        expiresAt,
        supersedes: [old],
        metadata: { a: 'secret two' },
      })
      const { factId } = await scene.did('fact-assert', [change, write('k', 'kept')])
      await scene.committed([write('l', 1), assertFact('secret three', { factId, sources: ['secret four'] })])
      const rival = await scene.asserted(assertFact('Rival', { conflictsWith: [factId] }), { actor: bob })
      const { known } = await scene.did(
        'fact-assert',
        assertFact('Secret three', { unique: 'b', expiresAt, sources: ['secret four'], metadata: { a: 'secret two' } }),
      )
      expectEqual(known, true, 'a statement that was known')
      expectEqual((await scene.did('fact-expire', expireFact(factId))).deleted, false, 'it is not due yet')
      scene.clock.advance(1_000)
      expectEqual((await scene.did('fact-expire', expireFact(factId))).deleted, true, 'now it is')
      expectEqual((await scene.did('fact-expire', expireFact(factId))).deleted, false, 'and once only')
      const log = await scene.logText()
      for (const word of ['one', 'two', 'three', 'four']) expectTrue(!log.includes(`secret ${word}`), `${word} is gone`)
      expectTrue(log.includes('kept') && log.includes('Rival'), 'what others said is there')
      expectEqual((await scene.fact(rival))?.conflictsWith, [], 'its contradiction is resolved')
      const stays = await scene.fact(old)
      expectEqual(
        [stays?.status, stays?.supersededBy, stays?.metadata],
        ['superseded', factId, { kept: 'yes' }],
        'the past',
      )
      const past = await scene.storage.facts.history(scene.access, home, factId, 10)
      const erased = past.map((one) => [one.event, one.fact])
      expectEqual(
        erased,
        [
          ['expire', null],
          ['conflict', null],
          ['erased', null],
          ['erased', null],
        ],
        'its history',
      )
    },
    7,
  ),
  sceneCase('due names facts that have expired, and forgets what was dealt with', async (scene) => {
    const { storage, access } = scene
    const expiresAt = isoTime(scene.clock.now() + 1_000)
    const [a, b] = [
      await scene.asserted(assertFact('A', { expiresAt })),
      await scene.asserted(assertFact('B', { expiresAt })),
    ]
    await scene.committed(assertFact('C', { supersedes: [b] }))
    expectEqual((await storage.due(access, 10)).facts, [], 'nothing is due yet')
    scene.clock.advance(1_000)
    const due = (await storage.due(access, 10)).facts.toSorted((left, right) => left.version - right.version)
    expectEqual(
      due,
      [
        { space: home, factId: a, version: 1 },
        { space: home, factId: b, version: 3 },
      ],
      'due',
    )
    expectEqual((await storage.due(access, 1)).facts.length, 1, 'no more than asked for')
    await scene.committed([expireFact(a), retire(b)])
    expectEqual((await storage.due(access, 10)).facts, [], 'all is done')
  }),
  sceneCase('a fact is kept on by a later expiry, and for ever by none', async (scene) => {
    const expiresAt = isoTime(scene.clock.now() + 1_000)
    const [a, b] = [
      await scene.asserted(assertFact('A', { expiresAt })),
      await scene.asserted(assertFact('B', { expiresAt })),
    ]
    await scene.committed({ kind: 'fact-assert', factId: a, expiresAt: isoTime(scene.clock.now() + 5_000) })
    await scene.committed({ kind: 'fact-assert', factId: b, expiresAt: null })
    scene.clock.advance(1_000)
    expectEqual(
      [textsOf(await scene.facts()), (await scene.storage.due(scene.access, 5)).facts],
      [['A', 'B'], []],
      'both',
    )
    scene.clock.advance(4_000)
    expectEqual(textsOf(await scene.facts()), ['B'], 'at the later one')
  }),
]

const past: readonly StorageCase[] = [
  sceneCase('the history of a fact has every version, what made it, and who', async (scene) => {
    const history = (id: string, limit = 100) => scene.storage.facts.history(scene.access, home, id, limit)
    const short = (versions: readonly PastFact[]) => versions.map((one) => [one.version, one.event, one.fact?.text])
    const a = await scene.asserted(assertFact('One', { metadata: { a: 1 } }))
    await scene.committed([write('k', 1), assertFact('Two', { factId: a })], { actor: carol })
    const b = await scene.asserted(assertFact('Rival', { conflictsWith: [a] }), { actor: bob })
    await scene.committed(retire(b))
    await scene.committed({ kind: 'fact-assert', factId: a, metadata: {} }, { actor: alice })
    await scene.committed(assertFact('Three', { supersedes: [a] }), { actor: carol })
    const superseded = await scene.fact(a)
    await scene.committed(retire(a), { actor: carol })
    const expected = [
      [7, 'retire', undefined],
      [6, 'supersede', 'Two'],
      [5, 'update', 'Two'],
      [4, 'resolve', 'Two'],
      [3, 'conflict', 'Two'],
      [2, 'update', 'Two'],
      [1, 'assert', 'One'],
    ]
    const versions = await history(a)
    expectEqual(short(versions), expected, 'all versions')
    expectEqual(
      versions.map((one) => one.by.id),
      [carol, carol, alice, alice, bob, carol, alice].map((one) => one.id),
      'by whom',
    )
    expectEqual(versions[1]?.fact, superseded, 'a version is the fact as it then was')
    expectEqual([versions[4]?.fact?.conflictsWith, versions[3]?.fact?.conflictsWith], [[b], []], 'its marks')
    expectEqual([versions[3]?.fact?.metadata, versions[2]?.fact?.metadata], [{ a: 1 }, {}], 'its metadata')
    for (let limit = 1; limit <= 7; limit++) {
      expectEqual(short(await history(a, limit)), expected.slice(0, limit), `the newest ${limit}`)
    }
    expectEqual(
      short(await history(b)),
      [
        [4, 'retire', undefined],
        [3, 'assert', 'Rival'],
      ],
      'of the other side',
    )
    expectEqual(await history('none'), [], 'of nothing')
  }),
  sceneCase('one commit that touches a fact more than once is one version of it', async (scene) => {
    const a = await scene.asserted(assertFact('A'))
    const b = await scene.asserted(assertFact('B', { conflictsWith: [a] }))
    await scene.committed([retire(b), assertFact('C', { conflictsWith: [a] }), assertFact('D', { conflictsWith: [a] })])
    const key = (await scene.state())?.key as never
    const [last, before] = await scene.storage.facts.history(scene.access, home, a, 10)
    expectEqual([last?.version, last?.fact], [3, await scene.fact(a)], 'the last version')
    expectEqual(last?.event, 'conflict', 'the last of what was done to it')
    expectEqual(last?.fact?.conflictsWith, [factIdOf(key, 'C'), factIdOf(key, 'D')], 'its marks')
    expectEqual([before?.version, before?.fact?.conflictsWith], [2, [b]], 'the one before')
    await scene.committed([
      assertFact('E', { sources: ['m'] }),
      assertFact('F', { conflictsWith: [factIdOf(key, 'E')] }),
    ])
    const [made] = await scene.storage.facts.history(scene.access, home, factIdOf(key, 'E'), 10)
    expectEqual(made?.fact?.conflictsWith, [factIdOf(key, 'F')], 'a fact marked by the commit that made it')
    expectEqual(textsOf(await derived(scene, 'm')), ['E'], 'and found by its source')
  }),
  sceneCase('history ends where compaction left a fact, and an expired one that it kept still goes', async (scene) => {
    const expiresAt = isoTime(scene.clock.now() + 1_000)
    const a = await scene.asserted(assertFact('first words', { expiresAt }))
    await scene.committed(assertFact('second words', { factId: a }))
    const old = await scene.asserted(assertFact('past'))
    await scene.committed(assertFact('present', { supersedes: [old] }))
    await scene.committed({ kind: 'fact-assert', factId: a, metadata: { b: 1 } })
    await scene.storage.compact(scene.access, home, 4)
    const [kept, ...before] = await scene.storage.facts.history(scene.access, home, old, 10)
    expectEqual([kept?.version, kept?.fact, before], [4, await scene.fact(old), []], 'of a superseded one')
    const history = await scene.storage.facts.history(scene.access, home, a, 10)
    expectEqual(
      history.map((one) => [one.version, one.event, one.fact?.text]),
      [
        [5, 'update', 'second words'],
        [2, 'assert', 'second words'],
      ],
      'what is left',
    )
    scene.clock.advance(1_000)
    await scene.committed(expireFact(a))
    const after = JSON.stringify(await scene.storage.facts.history(scene.access, home, a, 10))
    expectTrue(!after.includes('words'), `the history: ${after}`)
    await scene.storage.compact(scene.access, home, 5)
    expectEqual([textsOf(await scene.facts()), await scene.fact(a)], [['present'], null], 'after another compaction')
  }),
]

const isolation: readonly StorageCase[] = [
  sceneCase(
    'a space reads and changes none of another’s facts',
    async (scene) => {
      const mine = await scene.asserted(assertFact('Mine', { sources: ['m'], unique: 'same' }))
      const theirs = await scene.asserted(assertFact('Theirs', { sources: ['m'], unique: 'same' }), { space: other })
      expectTrue(mine !== theirs, 'ids carry the key of their space')
      expectEqual([await scene.fact(theirs), await scene.fact(mine, other)], [null, null], 'by id')
      expectEqual(await scene.storage.facts.history(scene.access, home, theirs, 5), [], 'the past')
      expectEqual([textsOf(await scene.facts()), textsOf(await derived(scene, 'm'))], [['Mine'], ['Mine']], 'lists')
      expectEqual(
        [textsOf(await byText(scene, 'theirs')), textsOf(await byText(scene, 'mine', other))],
        [[], []],
        'by words',
      )
      expectEqual((await scene.did('fact-assert', assertFact('Theirs'))).known, false, 'what another space knows')
      await scene.conflict(write('k', 1), { expect: [{ version: 1, of: { fact: theirs } }] })
    },
    3,
  ),
  sceneCase('erasing a space takes its facts, and what they were derived from', async (scene) => {
    await scene.committed(assertFact('Mine', { sources: ['m'] }))
    await scene.committed(assertFact('Theirs', { sources: ['m'] }), { space: other })
    await scene.committed({ kind: 'erase' })
    await scene.committed(write('k', 1))
    const lists = [scene.facts({ statuses: factStatuses }), derived(scene, 'm'), byText(scene, 'mine')]
    expectEqual((await Promise.all(lists)).map(textsOf), [[], [], []], 'lists of the space made again')
    expectEqual(textsOf(await scene.facts({}, other)), ['Theirs'], 'the other space')
    await scene.committed(assertFact('Again'), { expect: [{ facts: await scene.seq() }] })
  }),
  sceneCase('a space that is not there has no facts', async (scene) => {
    const nothing = { items: [], asOf: 0, key: null, more: false }
    const lists = [scene.facts(), derived(scene, 'm'), conflicts(scene), byText(scene, 'x')]
    expectEqual(await Promise.all(lists), [nothing, nothing, nothing, nothing], 'lists')
    expectEqual(
      await scene.storage.facts.get(scene.access, home, 'fact_nobodyskey00_x'),
      { record: null, asOf: 0 },
      'get',
    )
    expectEqual(await scene.storage.facts.history(scene.access, home, 'fact_nobodyskey00_x', 5), [], 'history')
  }),
]

export const factReadCases: readonly StorageCase[] = [...paging, ...expiry, ...past, ...isolation]
