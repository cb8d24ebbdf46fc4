/** Cases of facts: stating, restating, superseding, contradictions, retiring. */
import type { Change, ChangeOf } from '../../domain/commit/commit.ts'
import { factIdOf } from '../../domain/id.ts'
import { factOrder } from '../../domain/records/fact.ts'
import { spaceId } from '../../domain/space.ts'
import { isoTime } from '../../domain/time.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { assertFact, expireFact, putThread, remove, retire, say, write } from './changes.ts'
import { alice, bob, carol, type StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

const other = spaceId('team', 'acme-corp')

async function currentTexts(scene: Scene, space = home): Promise<readonly string[]> {
  return (await scene.facts({}, space)).items.map((fact) => fact.text)
}

/** The fields of a fact other than its text. */
async function standing(scene: Scene, factId: string): Promise<unknown> {
  const fact = await scene.fact(factId)
  return fact === null ? null : [fact.status, fact.supersededBy, fact.conflictsWith]
}

const stating: readonly StorageCase[] = [
  sceneCase('a fact says what was stated, by whom, when, and from what', async (scene) => {
    await scene.committed(write('k', 1))
    const more = {
      metadata: { topic: 'pay' },
      attributes: { agentId: 'bot', taskId: 'r/1' },
      sources: ['m1', 'm2', 'm1'],
      validFrom: '2020-01-01T00:00:00Z',
      expiresAt: '2030-01-01T00:00:00Z',
    }
    const change = { ...assertFact('  Pays by card. ', more), unique: 'a_b-1' } as ChangeOf<'fact-assert'>
    const { at, results } = await scene.committed([write('l', 1), change], { actor: bob })
    const key = (await scene.state())?.key as never
    const id = factIdOf(key, 'a_b-1')
    const answer = { kind: 'fact-assert', factId: id, version: 2, known: false, superseded: [], conflicts: [] }
    expectEqual(results[1], answer, 'the answer')
    const expected = {
      id,
      version: 2,
      deleted: false,
      order: factOrder(2, 1),
      text: 'Pays by card.',
      metadata: { topic: 'pay' },
      attributes: { agentId: 'bot', taskId: 'r/1' },
      sources: ['m1', 'm2'],
      createdAt: at,
      updatedAt: at,
      assertedBy: bob,
      trust: 'agent',
      validFrom: '2020-01-01T00:00:00.000Z',
      validTo: null,
      expiresAt: '2030-01-01T00:00:00.000Z',
      status: 'current',
      supersededBy: null,
      conflictsWith: [],
    }
    expectEqual(await scene.fact(id), expected, 'the fact')
    const plain = await scene.fact(await scene.asserted(assertFact('Plain')))
    expectEqual(plain?.validFrom, plain?.createdAt, 'it holds from when it was stated, unless another time is given')
    expectEqual([plain?.metadata, plain?.attributes, plain?.sources, plain?.expiresAt], [{}, {}, [], null], 'defaults')
  }),
  sceneCase('a new version keeps what is left out and replaces the rest whole', async (scene) => {
    const expiresAt = isoTime(scene.clock.now() + 1_000_000)
    const first = { metadata: { a: 1 }, attributes: { userId: 'u' }, sources: ['m1'], expiresAt }
    const factId = await scene.asserted(assertFact('One', first))
    const { createdAt, order } = (await scene.fact(factId)) ?? {}
    scene.clock.advance(1_000)
    const second = await scene.committed(assertFact('Two', { factId }), { actor: bob })
    const two = await scene.fact(factId)
    expectEqual([two?.text, two?.assertedBy, two?.version, two?.updatedAt], ['Two', bob, 2, second.at], 'the words')
    const kept = { createdAt, order, ...first }
    const { metadata, attributes, sources } = two ?? {}
    const after = { createdAt: two?.createdAt, order: two?.order, metadata, attributes, sources, expiresAt }
    expectEqual(after, kept, 'what was left out')
    const change = { kind: 'fact-assert', factId, metadata: { b: 2 }, sources: [], expiresAt: null }
    await scene.committed(change as Change, { actor: carol })
    const three = await scene.fact(factId)
    expectEqual(
      [three?.text, three?.assertedBy, three?.trust],
      ['Two', bob, 'agent'],
      'words left alone stay whose they are',
    )
    expectEqual([three?.metadata, three?.sources, three?.expiresAt], [{ b: 2 }, [], null], 'what was given')
    expectEqual(await currentTexts(scene), ['Two'], 'there is one fact')
  }),
  sceneCase('what is not there, or was superseded, gets no new version', async (scene) => {
    const factId = await scene.asserted(assertFact('Gone'))
    const theirs = await scene.asserted(assertFact('Theirs'), { space: other })
    const expiresAt = isoTime(scene.clock.now() + 1_000)
    const short = await scene.asserted(assertFact('Short', { expiresAt }))
    const old = await scene.asserted(assertFact('Old'))
    await scene.committed([retire(factId), assertFact('New', { supersedes: [old] })])
    scene.clock.advance(1_000)
    for (const id of [factId, theirs, short, 'fact_nobodyskey00_x', 'none']) {
      await scene.refused('not-found', assertFact('x', { factId: id }))
      const code = id === theirs || id === 'fact_nobodyskey00_x' ? 'invalid-input' : 'not-found'
      await scene.refused(code, assertFact('x', { supersedes: [id] }))
      await scene.refused(code, assertFact('x', { conflictsWith: [id] }))
    }
    for (const more of [{ factId: old }, { supersedes: [old] }, { conflictsWith: [old] }]) {
      const error = await scene.refused('conflict', assertFact('x', more))
      expectTrue('supersededBy' in error.details, 'the error names what stands in its place')
    }
    expectEqual(await currentTexts(scene, other), ['Theirs'], 'the other space')
  }),
  sceneCase('an id is given once', async (scene) => {
    const factId = await scene.asserted(assertFact('One', { unique: 'same' }))
    await scene.refused('conflict', assertFact('Two', { unique: 'same' }))
    await scene.refused('conflict', [assertFact('Two', { unique: 'x' }), assertFact('Three', { unique: 'x' })])
    await scene.committed(retire(factId))
    await scene.refused('conflict', assertFact('Two', { unique: 'same' }))
    await scene.committed(assertFact('Two', { unique: 'same' }), { space: other })
    expectEqual([await currentTexts(scene), await currentTexts(scene, other)], [[], ['Two']], 'what is there')
  }),
  sceneCase('facts are asserted in the background only where there is a space', async (scene) => {
    await scene.refused('not-found', assertFact('x'), { background: true })
    expectEqual(await scene.state(), null, 'no space was made')
    await scene.refused('not-found', retire('fact_nobodyskey00_x'))
    await scene.committed(assertFact('Made'))
    await scene.committed(assertFact('More'), { background: true })
    expectEqual(await currentTexts(scene), ['Made', 'More'], 'facts')
  }),
  sceneCase(
    'a fact goes into one commit with other records, and a commit changes a fact at most once',
    async (scene) => {
      const all = [putThread('t'), say('t', 'hello'), assertFact('One'), write('k', 1), assertFact('Two')]
      await scene.committed(all)
      expectEqual([await currentTexts(scene), await scene.texts('t')], [['One', 'Two'], ['hello']], 'what is there')
      const [factId = ''] = (await scene.facts()).items.map((fact) => fact.id)
      const twice = [
        [assertFact('x', { factId }), retire(factId)],
        [retire(factId), retire(factId)],
        [assertFact('x', { supersedes: [factId] }), assertFact('y', { supersedes: [factId] })],
        [retire(factId), expireFact(factId)],
      ]
      for (const changes of twice) {
        const error = await scene.commit(changes).catch((cause) => cause)
        expectTrue(
          ['invalid-input', 'conflict', 'not-found'].includes(error.code),
          `the answer: ${JSON.stringify(error)}`,
        )
      }
      expectEqual(await currentTexts(scene), ['One', 'Two'], 'nothing was applied')
    },
  ),
]

const duplicates: readonly StorageCase[] = [
  sceneCase('the same statement again is known, however it is written', async (scene) => {
    const factId = await scene.asserted(assertFact('The café pays 10 ﬁve-stars.', { metadata: { a: 1, b: 2 } }))
    const same = [
      'the CAFE\u0301  pays\n10 five-stars',
      ' THE CAFÉ PAYS 10 FIVE-STARS. ',
      'the café pays 10 five-stars …',
    ]
    for (const [index, words] of same.entries()) {
      const more = { unique: `again-${index}`, metadata: { b: 2, a: 1 } }
      const { known, ...answer } = await scene.did('fact-assert', assertFact(words, more), { actor: bob })
      expectEqual([known, answer.factId, answer.version], [true, factId, 1], `the answer to ${words}`)
    }
    expectEqual((await scene.fact(factId))?.version, 1, 'nothing changed')
    expectEqual((await scene.facts()).items.length, 1, 'facts')
    const others = [
      assertFact('The café pays 11 five-stars.', { unique: 'x1', metadata: { a: 1, b: 2 } }),
      assertFact('The café pays 10 five-stars.', { unique: 'x2', metadata: { a: 1 } }),
      assertFact('The café pays 10 five-stars.', {
        unique: 'x3',
        metadata: { a: 1, b: 2 },
        attributes: { taskId: 'r' },
      }),
    ]
    for (const change of others) expectEqual((await scene.did('fact-assert', change)).known, false, 'another statement')
  }),
  sceneCase(
    'five equal adds at once leave one fact',
    async (scene) => {
      const adds = [1, 2, 3, 4, 5].map((index) => scene.did('fact-assert', assertFact('Same', { unique: `u${index}` })))
      const answers = await Promise.all(adds)
      expectEqual(answers.filter((one) => !one.known).length, 1, 'new ones')
      expectEqual(new Set(answers.map((one) => one.factId)).size, 1, 'ids answered')
      const twice = [assertFact('Twin', { unique: 'v1' }), assertFact('twin', { unique: 'v2' })]
      const { results } = await scene.committed(twice)
      const known = results.map((one) => one.kind === 'fact-assert' && one.known)
      expectEqual(known, [false, true], 'in one commit')
      expectEqual(await currentTexts(scene), ['Same', 'Twin'], 'facts')
    },
    2,
  ),
  sceneCase('only a fact that is current makes a statement known', async (scene) => {
    const expiresAt = isoTime(scene.clock.now() + 1_000)
    const [a, b] = [await scene.asserted(assertFact('Retired')), await scene.asserted(assertFact('Old'))]
    await scene.committed([assertFact('Raw', { queued: true }), assertFact('Short', { expiresAt })])
    await scene.committed([retire(a), assertFact('New', { supersedes: [b] })])
    scene.clock.advance(1_000)
    for (const words of ['Retired', 'Old', 'Raw', 'Short']) {
      const answer = await scene.did('fact-assert', assertFact(words, { unique: `${words}-2` }))
      expectEqual(answer.known, false, words)
    }
    const again = await scene.did('fact-assert', assertFact('Raw', { unique: 'raw-3', queued: true }))
    expectEqual(again.known, false, 'what waits for extraction is kept each time')
    expectEqual(await currentTexts(scene), ['New', 'Retired', 'Old', 'Raw', 'Short'], 'current facts')
  }),
  sceneCase('a known statement supersedes and contradicts as a new one would', async (scene) => {
    const ids = []
    for (const words of ['Lives in Oslo', 'Lives in Bergen', 'Lives in Rome'])
      ids.push(await scene.asserted(assertFact(words)))
    const [oslo, bergen, rome] = ids as unknown as [string, string, string]
    const change = assertFact('lives in Oslo.', { unique: 'x', supersedes: [bergen, oslo], conflictsWith: [rome] })
    const answer = await scene.did('fact-assert', change)
    expectEqual([answer.known, answer.factId, answer.version], [true, oslo, 4], 'the answer')
    expectEqual([answer.superseded, answer.conflicts], [[bergen], [rome]], 'whom it concerns')
    expectEqual(await standing(scene, bergen), ['superseded', oslo, []], 'the superseded one')
    expectEqual(await standing(scene, rome), ['current', null, [oslo]], 'the contradicted one')
    expectEqual((await scene.fact(oslo))?.text, 'Lives in Oslo', 'its words are those first stated')
  }),
]

const superseding: readonly StorageCase[] = [
  sceneCase(
    'a superseded fact stays, but is listed only when asked for',
    async (scene) => {
      const old = await scene.asserted(assertFact('Works at A', { validFrom: '2020-01-01T00:00:00.000Z' }))
      const validFrom = '2024-05-01T00:00:00.000Z'
      const answer = await scene.did('fact-assert', assertFact('Works at B', { supersedes: [old], validFrom }))
      expectEqual([answer.superseded, answer.conflicts], [[old], []], 'the answer')
      const fact = await scene.fact(old)
      expectEqual(
        [fact?.status, fact?.supersededBy, fact?.validTo, fact?.version, fact?.text],
        ['superseded', answer.factId, validFrom, 2, 'Works at A'],
        'the superseded fact',
      )
      expectEqual(await currentTexts(scene), ['Works at B'], 'current facts')
      const { items } = await scene.facts({ statuses: ['superseded'] })
      expectEqual(items, [fact], 'superseded facts')
      expectEqual((await scene.storage.facts.byText(scene.access, home, 'works at a')).items, [], 'by its words')
    },
    9,
  ),
  sceneCase('a fact never ends before it began', async (scene) => {
    const old = await scene.asserted(assertFact('Later', { validFrom: '2999-01-01T00:00:00.000Z' }))
    await scene.committed(assertFact('Now', { supersedes: [old] }))
    expectEqual((await scene.fact(old))?.validTo, '2999-01-01T00:00:00.000Z', 'its end')
  }),
  sceneCase(
    'of two that supersede one fact, one is told',
    async (scene) => {
      const old = await scene.asserted(assertFact('Old'))
      const attempts = ['A', 'B', 'C'].map((words) => scene.commit(assertFact(words, { supersedes: [old] })))
      const answers = await Promise.allSettled(attempts)
      expectEqual(answers.map((one) => one.status).toSorted(), ['fulfilled', 'rejected', 'rejected'], 'the answers')
      expectEqual((await scene.facts()).items.length, 1, 'current facts')
    },
    2,
  ),
  sceneCase('a new version supersedes too, and never itself', async (scene) => {
    const [a, b] = [await scene.asserted(assertFact('A')), await scene.asserted(assertFact('B'))]
    await scene.refused('invalid-input', assertFact('x', { factId: a, supersedes: [a] }))
    await scene.refused('invalid-input', assertFact('x', { factId: a, conflictsWith: [b, a] }))
    scene.clock.advance(5_000)
    await scene.committed(assertFact('A and B', { factId: a, supersedes: [b] }))
    const [from, until] = [(await scene.fact(a))?.validFrom, (await scene.fact(b))?.validTo]
    expectEqual(until, from, 'what it superseded ended when it began to hold, not when that was said')
    expectEqual([await currentTexts(scene), await standing(scene, b)], [['A and B'], ['superseded', a, []]], 'facts')
  }),
  sceneCase('contradictions are marked on both sides, until one gives way', async (scene) => {
    const a = await scene.asserted(assertFact('A'))
    const b = await scene.asserted(assertFact('B', { conflictsWith: [a] }))
    const c = await scene.asserted(assertFact('C', { conflictsWith: [a, b] }))
    expectEqual(await standing(scene, a), ['current', null, [b, c]], 'A')
    expectEqual(await standing(scene, c), ['current', null, [a, b]], 'C')
    await scene.committed(retire(b))
    expectEqual(
      [await standing(scene, a), await standing(scene, c)],
      [
        ['current', null, [c]],
        ['current', null, [a]],
      ],
      'without B',
    )
    const d = await scene.asserted(assertFact('D', { supersedes: [c], conflictsWith: [a] }))
    expectEqual(await standing(scene, c), ['superseded', d, []], 'C, superseded')
    expectEqual(await standing(scene, a), ['current', null, [d]], 'A, contradicted by what took its place')
    await scene.committed(assertFact('A indeed', { factId: a, supersedes: [d] }))
    expectEqual(
      [await standing(scene, a), await standing(scene, d)],
      [
        ['current', null, []],
        ['superseded', a, []],
      ],
      'the end',
    )
  }),
  sceneCase('all that one commit does to contradictions is done in the order of its changes', async (scene) => {
    const a = await scene.asserted(assertFact('A'))
    const b = await scene.asserted(assertFact('B', { conflictsWith: [a] }))
    const c = await scene.asserted(assertFact('C', { conflictsWith: [a] }))
    await scene.committed([
      assertFact('N', { supersedes: [a] }),
      assertFact('M', { supersedes: [b] }),
      assertFact('O', { conflictsWith: [c] }),
    ])
    expectEqual(
      [await standing(scene, a), await standing(scene, b)].map((one) => (one as unknown[])[2]),
      [[], []],
      'A and B',
    )
    const [, , o] = (await scene.facts()).items.slice(1)
    expectEqual(await standing(scene, c), ['current', null, [o?.id]], 'C')
    await scene.committed(retire(c, o?.id ?? ''))
    expectEqual(await currentTexts(scene), ['N', 'M'], 'both sides may go at once')
  }),
  sceneCase('the log says which facts a commit changed, each with the version it had before', async (scene) => {
    const a = await scene.asserted(assertFact('A'))
    const b = await scene.asserted(assertFact('B', { conflictsWith: [a] }))
    const c = await scene.asserted(assertFact('C', { conflictsWith: [a] }))
    const validTo = (await scene.fact(a))?.validFrom
    await scene.committed(assertFact('B now', { factId: b, supersedes: [a] }))
    await scene.committed(assertFact('c', { unique: 'c2' }))
    await scene.committed(assertFact('D', { conflictsWith: [c] }))
    const d = (await scene.fact(c))?.conflictsWith[0]
    await scene.committed(retire(c, d ?? ''))
    const effects = (await scene.log(3)).flatMap((commit) => commit.rows.flatMap((row) => row.effects))
    const superseded = [{ key: a, version: 3, validTo }]
    const stated = { text: 'B now', trust: 'agent' }
    expectEqual(
      effects,
      [
        { kind: 'fact-assert', factId: b, prev: 2, stated, superseded, resolved: [{ key: c, version: 3 }] },
        { kind: 'fact-known', factId: c, version: 4 },
        {
          kind: 'fact-assert',
          factId: d,
          prev: 0,
          stated: { text: 'D', trust: 'agent' },
          conflicts: [{ key: c, version: 4 }],
        },
        {
          kind: 'fact-retire',
          retired: [
            { key: c, version: 6 },
            { key: d, version: 6 },
          ],
        },
      ],
      'the effects',
    )
  }),
]

const others: readonly StorageCase[] = [
  sceneCase('words that wait for extraction are shown only when asked for, and replace nothing', async (scene) => {
    const fact = await scene.asserted(assertFact('Fact'))
    const raw = await scene.asserted(assertFact('raw words', { queued: true }))
    expectEqual(await currentTexts(scene), ['Fact'], 'current facts')
    expectEqual((await scene.facts({ statuses: ['queued'] })).items[0]?.text, 'raw words', 'queued ones')
    await scene.refused('invalid-input', assertFact('x', { queued: true, supersedes: [fact] }))
    await scene.refused('invalid-input', assertFact('x', { queued: true, conflictsWith: [fact] }))
    await scene.refused('invalid-input', assertFact('x', { factId: raw, supersedes: [fact] }))
    await scene.refused('invalid-input', assertFact('x', { factId: fact, queued: true }))
    await scene.refused('conflict', assertFact('x', { supersedes: [raw] }))
    await scene.committed({ kind: 'fact-assert', factId: raw, metadata: { attempts: 1 } })
    expectEqual((await scene.fact(raw))?.status, 'queued', 'it waits on')
    await scene.committed([retire(raw), assertFact('extracted', { sources: [raw] })])
    expectEqual(await currentTexts(scene), ['Fact', 'extracted'], 'at last')
  }),
  sceneCase('retiring answers what was there', async (scene) => {
    const [a, b] = [await scene.asserted(assertFact('A')), await scene.asserted(assertFact('B'))]
    const theirs = await scene.asserted(assertFact('Theirs'), { space: other })
    const change = retire(b, 'none', a, theirs, b)
    expectEqual((await scene.did('fact-retire', change)).deleted, [b, a], 'the answer')
    expectEqual((await scene.did('fact-retire', change)).deleted, [], 'the second time')
    expectEqual([await currentTexts(scene), await currentTexts(scene, other)], [[], ['Theirs']], 'what is there')
    expectEqual([await scene.fact(a), await scene.fact(theirs)], [null, null], 'by id')
  }),
  sceneCase(
    'expectations speak of a fact’s version, its absence, and of all facts of the space',
    async (scene) => {
      const factId = await scene.asserted(assertFact('A'))
      const of = { fact: factId }
      await scene.committed(write('k', 1), { expect: [{ version: 1, of }, { facts: 1 }] })
      await scene.committed(assertFact('B', { factId }), { expect: [{ version: 1, of }, { facts: 2 }] })
      const stale = [{ version: 1, of }, { absent: of }, { facts: 2 }] as const
      const { failed } = await scene.conflict(write('k', 2), { expect: stale })
      expectEqual(
        failed,
        stale.map((expectation) => ({ expectation, actual: 3 })),
        'what failed',
      )
      const { seq } = await scene.committed([assertFact('B', { unique: 'known' }), remove('k')])
      await scene.committed(retire(factId), { expect: [{ facts: seq - 1 }] })
      const gone = await scene.conflict(write('k', 2), { expect: [{ version: 3, of }, { facts: seq }] })
      expectEqual(
        gone.failed.map((one) => one.actual),
        [null, 5],
        'after it was retired',
      )
      await scene.committed(write('k', 2), { expect: [{ absent: of }, { absent: { fact: 'none' } }, { facts: 5 }] })
      await scene.committed(assertFact('C'), { space: other, expect: [{ facts: 0 }], actor: alice })
    },
    2,
  ),
  sceneCase(
    'no facts below the horizon are vouched for',
    async (scene) => {
      const factId = await scene.asserted(assertFact('A'))
      await scene.committed(retire(factId))
      await scene.committed(write('k', 1))
      await scene.committed(write('k', 2))
      await scene.storage.compact(scene.access, home, 3)
      const { failed } = await scene.conflict(write('k', 3), { expect: [{ facts: 1 }] })
      expectEqual(failed[0]?.actual, 3, 'nobody knows any more that the fact went at 2')
      await scene.committed(write('k', 3), { expect: [{ facts: 3 }] })
    },
    2,
  ),
]

const bad: readonly StorageCase[] = [
  sceneCase(
    'a fact that is not well-formed is refused by field and rule',
    async (scene) => {
      const factId = await scene.asserted(assertFact('A'))
      const past = isoTime(scene.clock.now())
      const refused: readonly (readonly [string, object])[] = [
        ['text', { text: ' \n' }],
        ['text', { text: undefined }],
        ['text', { text: 7 }],
        ['unique', { unique: undefined }],
        ['unique', { unique: '' }],
        ['unique', { unique: 'a.b' }],
        ['unique', { unique: 'x'.repeat(129) }],
        ['unique', { factId }],
        ['factId', { unique: undefined, factId: '*' }],
        ['attributes.userId', { attributes: { userId: '*' } }],
        ['attributes.taskId', { attributes: { taskId: '' } }],
        ['sources', { sources: ['m', ' '] }],
        ['supersedes', { supersedes: ['a\nb'] }],
        ['conflictsWith', { conflictsWith: ['%'] }],
        ['validFrom', { validFrom: 'yesterday' }],
        ['expiresAt', { expiresAt: past }],
        ['expiresAt', { expiresAt: 'soon' }],
      ]
      for (const [field, fields] of refused) {
        const given = Object.entries({ ...assertFact('x'), ...fields }).filter(([, value]) => value !== undefined)
        const error = await scene.refused('invalid-input', Object.fromEntries(given) as ReturnType<typeof assertFact>)
        expectEqual(error.details.field, field, `the field of ${JSON.stringify(fields)}`)
      }
      expectEqual(await currentTexts(scene), ['A'], 'what is there')
    },
    11,
  ),
]

export const factCases: readonly StorageCase[] = [...stating, ...duplicates, ...superseding, ...others, ...bad]
