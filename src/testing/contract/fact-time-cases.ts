/** Cases of when facts hold: statements that are older than what they meet, and statements with an end. */
import { isoTime } from '../../domain/time.ts'
import { expectEqual } from './assert.ts'
import { assertFact, retire } from './changes.ts'
import { bob, carol, probe, type StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

const year = (number: number) => `${number}-01-01T00:00:00.000Z`

async function times(scene: Scene, factId: string) {
  const fact = await scene.fact(factId)
  return [fact?.status, fact?.validFrom.slice(0, 4), fact?.validTo?.slice(0, 4) ?? null, fact?.supersededBy ?? null]
}

async function marked(scene: Scene) {
  const query = { attributes: {}, after: null, limit: 10 }
  return (await scene.storage.facts.conflicts(scene.access, home, query)).items
}

export const factTimeCases: readonly StorageCase[] = [
  sceneCase(
    'a statement older than the fact that it meets ends where that one begins, for every actor',
    async (scene) => {
      const lisbon = await scene.asserted(assertFact('Lives in Lisbon', { validFrom: year(2020) }), { actor: carol })
      const rome = await scene.asserted(assertFact('Lives in Rome', { validFrom: year(2010) }), { actor: probe })
      for (const [index, actor] of [probe, bob, carol].entries()) {
        const older = assertFact(`Lives in Berlin ${index}`, { validFrom: year(2015), supersedes: [lisbon] })
        const answer = await scene.did('fact-assert', older, { actor })
        expectEqual([answer.endedBy, answer.superseded, answer.conflicts], [lisbon, [], []], 'the answer')
        expectEqual(await times(scene, answer.factId), ['superseded', '2015', '2020', lisbon], 'the older one')
      }
      expectEqual(await times(scene, lisbon), ['current', '2020', null, null], 'the newer one')
      const change = assertFact('Lives in Oslo', { validFrom: year(2018), supersedes: [lisbon, rome] })
      const both = await scene.did('fact-assert', change)
      expectEqual([both.superseded, both.endedBy], [[rome], lisbon], 'between two facts')
      expectEqual(await times(scene, rome), ['superseded', '2010', '2018', both.factId], 'the oldest one')
      const now = await scene.did('fact-assert', assertFact('Lives in Paris', { supersedes: [lisbon] }), {
        actor: carol,
      })
      expectEqual([now.superseded, now.endedBy], [[lisbon], undefined], 'what is said without a time is the newest')
    },
  ),
  sceneCase('what is said without a time replaces a fact that a clock put into the future', async (scene) => {
    const ahead = await scene.asserted(assertFact('Ahead', { validFrom: year(2999) }))
    const now = await scene.did('fact-assert', assertFact('Now', { supersedes: [ahead] }))
    expectEqual([now.superseded, now.endedBy], [[ahead], undefined], 'the answer')
    expectEqual((await times(scene, ahead))[0], 'superseded', 'the one ahead')
  }),
  sceneCase('a statement with an end holds until then, and is found as past afterwards', async (scene) => {
    const at = scene.clock.now()
    const validTo = isoTime(at + 1_000)
    const soon = await scene.asserted(assertFact('Closed this week', { validTo }))
    const past = await scene.asserted(assertFact('Was closed', { validFrom: year(2010), validTo: year(2011) }))
    const rival = await scene.did('fact-assert', assertFact('Is open', { conflictsWith: [soon] }))
    const ids = async (...statuses: ('current' | 'superseded')[]) =>
      (await scene.facts({ statuses })).items.map(({ id }) => id)
    const page = async () => [await ids('current'), await ids('superseded'), await ids('current', 'superseded')]
    expectEqual(await page(), [[soon, rival.factId], [past], [soon, past, rival.factId]], 'before it ends')
    expectEqual((await marked(scene)).length, 2, 'contradictions')
    scene.clock.advance(1_000)
    expectEqual(await page(), [[rival.factId], [soon, past], [soon, past, rival.factId]], 'once it has ended')
    expectEqual(
      (await marked(scene)).map(({ id }) => id),
      [rival.factId],
      'contradictions of what holds',
    )
    expectEqual((await scene.fact(soon))?.status, 'superseded', 'by its id')
    const { message } = await scene.refused('conflict', assertFact('Closed', { factId: soon }))
    expectEqual(message.includes(validTo), true, message)
    await scene.refused('conflict', assertFact('Closed', { supersedes: [past] }))
    const again = await scene.did('fact-assert', assertFact('Closed this week', { unique: 'again' }))
    expectEqual(again.known, false, 'it may hold again')
    const longer = await scene.did('fact-assert', assertFact('Is open', { unique: 'x', validTo: year(2999) }))
    expectEqual([longer.known, longer.added], [true, undefined], 'what has no end gets none')
    await scene.committed(retire(soon, past))
    expectEqual(await ids('superseded'), [], 'removed as others are')
  }),
  sceneCase('a fact that is stated as past gives up its contradictions', async (scene) => {
    const one = await scene.asserted(assertFact('One', { validFrom: year(2010) }))
    const other = await scene.asserted(assertFact('Other', { conflictsWith: [one] }))
    await scene.committed({ kind: 'fact-assert', factId: one, validTo: year(2012) })
    expectEqual(await times(scene, one), ['superseded', '2010', '2012', null], 'the past one')
    const marks = [await scene.fact(one), await scene.fact(other)].map((fact) => fact?.conflictsWith)
    expectEqual(marks, [[], []], 'their marks')
  }),
  sceneCase('an end before the beginning is refused', async (scene) => {
    const factId = await scene.asserted(assertFact('Fact', { validFrom: year(2010) }))
    const wrong = [
      assertFact('x', { validFrom: year(2010), validTo: year(2010) }),
      assertFact('x', { validTo: year(2010) }),
      { kind: 'fact-assert', factId, validTo: year(2009) } as const,
    ]
    for (const change of wrong) await scene.refused('invalid-input', change)
    const ending = await scene.asserted(assertFact('Ending', { validFrom: year(2010), validTo: year(2999) }))
    await scene.refused('invalid-input', { kind: 'fact-assert', factId: ending, validFrom: year(2999) })
    await scene.committed({ kind: 'fact-assert', factId: ending, metadata: { a: 1 } })
    await scene.committed({ kind: 'fact-assert', factId: ending, validTo: null })
    expectEqual(await times(scene, ending), ['current', '2010', null, null], 'without its end')
  }),
]
