/** Cases of erasing facts: those that are named, and those that were derived from erased records. */
import type { Change, ChangeOf, ResultOf } from '../../domain/commit/commit.ts'
import type { Json } from '../../domain/json.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { assertFact, erase, message, retire, say, write } from './changes.ts'
import type { StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

function erased(scene: Scene, what: Omit<ChangeOf<'erase'>, 'kind'>): Promise<ResultOf<'erase'>> {
  return scene.did('erase', erase(what))
}

async function state(
  scene: Scene,
  text: string,
  more: Omit<ChangeOf<'fact-assert'>, 'kind' | 'text' | 'unique'> = {},
): Promise<string> {
  // Ids made from the text would outlive it.
  const unique = `f${await scene.seq()}`
  return (await scene.did('fact-assert', { ...assertFact(text, more), unique } as Change)).factId
}

/** Everything that readers, the index and the log hold of facts, as one text. */
async function everything(scene: Scene, ...ids: readonly string[]): Promise<string> {
  const { storage, access } = scene
  const statuses = ['current', 'superseded', 'queued'] as const
  const query = { attributes: {}, statuses, order: 'oldest', after: null, limit: 1_000 } as const
  const past = await Promise.all(ids.map((id) => storage.facts.history(access, home, id, 100)))
  const scan = await storage.index.scan(access, home, null)
  return JSON.stringify([
    await storage.facts.list(access, home, query),
    past,
    await scene.log(),
    scan,
  ] as unknown as Json)
}

export const eraseFactCases: readonly StorageCase[] = [
  sceneCase(
    'an erased fact leaves no words in any version, and others stay as they are',
    async (scene) => {
      const first = await state(scene, 'secret one', { metadata: { about: 'hidden' }, attributes: { agentId: 'spy' } })
      await scene.committed({ kind: 'fact-assert', factId: first, text: 'secret three' })
      const other = await state(scene, 'harmless')
      const answer = await erased(scene, { factIds: [first] })
      expectEqual([answer.facts, (await scene.fact(first)) === null], [1, true], 'the answer')
      const left = await everything(scene, first, other)
      for (const word of ['secret', 'hidden', 'spy']) expectTrue(!left.includes(word), `${word} is gone`)
      expectTrue(left.includes('harmless'), 'the other fact is there')
      expectEqual((await erased(scene, { factIds: [first] })).facts, 0, 'erased again')
    },
    10,
  ),
  sceneCase(
    'a fact that was retired or superseded before is erased too',
    async (scene) => {
      const old = await state(scene, 'lives in Oldtown')
      const fresh = await state(scene, 'lives in Newtown', { supersedes: [old] })
      const gone = await state(scene, 'likes Goneville')
      await scene.committed(retire(gone))
      await erased(scene, { factIds: [old, gone] })
      const left = await everything(scene, old, fresh, gone)
      for (const word of ['Oldtown', 'Goneville']) expectTrue(!left.includes(word), `${word} is gone`)
      expectTrue(left.includes('Newtown'), 'what took its place is there')
    },
    10,
  ),
  sceneCase(
    'facts derived from erased messages alone go with them; others are marked for review',
    async (scene) => {
      await scene.committed(say('t', message('I like secrets', { id: 'm1' }), message('I like tea', { id: 'm2' })))
      const alone = await state(scene, 'likes secrets', { sources: ['m1'] })
      const second = await state(scene, 'is fond of secrets', { sources: [alone] })
      const both = await state(scene, 'likes things', { sources: ['m1', 'm2'], metadata: { topic: 'taste' } })
      const none = await state(scene, 'likes cake', { sources: ['m2'] })
      const answer = await erased(scene, { messageIds: ['m1'] })
      expectEqual([answer.messages, answer.facts], [1, 2], 'the answer')
      expectEqual([await scene.fact(alone), await scene.fact(second)], [null, null], 'derived from it alone')
      const kept = await scene.fact(both)
      expectEqual(
        [kept?.sources, kept?.metadata],
        [['m2'], { topic: 'taste', needsReview: true }],
        'with another source',
      )
      expectEqual((await scene.fact(none))?.metadata, {}, 'from another message')
      expectTrue(!(await everything(scene, alone, second)).includes('secrets'), 'its words are gone')
    },
    10,
  ),
  sceneCase(
    'facts derived from an erased thread go with it',
    async (scene) => {
      const saved = await scene.did('message-append', say('t', 'my pin is hushhush'))
      const other = await scene.did('message-append', say('u', 'hello'))
      const id = saved.messages[0]?.id ?? ''
      const fact = await state(scene, 'the pin is hushhush', { sources: [id] })
      const stays = await state(scene, 'says hello', { sources: [other.messages[0]?.id ?? ''] })
      await scene.committed(write('k', 'kept'))
      const answer = await erased(scene, { threadIds: ['t'] })
      expectEqual([answer.threads, answer.facts], [1, 1], 'the answer')
      expectEqual([await scene.fact(fact), (await scene.fact(stays))?.text], [null, 'says hello'], 'the facts')
      expectTrue(!(await everything(scene, fact)).includes('hushhush'), 'its words are gone')
      expectEqual(await scene.value('k'), 'kept', 'everything else')
    },
    10,
  ),
  sceneCase(
    'facts that were retired before their source was erased leave no words, nor do words that waited for extraction',
    async (scene) => {
      await scene.committed(say('t', message('I like secrets', { id: 'm1' }), message('I like tea', { id: 'm2' })))
      const gone = await state(scene, 'likes secrets', { sources: ['m1'] })
      const waited = await state(scene, 'said secrets and tea', { sources: ['m1', 'm2'], queued: true })
      const other = await state(scene, 'likes cake', { sources: ['m2'] })
      const both = await state(scene, 'likes things', { sources: ['m1', 'm2'] })
      await scene.committed(retire(gone, waited, other, both))
      const answer = await erased(scene, { messageIds: ['m1'] })
      expectEqual([answer.messages, answer.facts], [1, 2], 'the answer')
      const left = await everything(scene, gone, waited, other, both)
      for (const word of ['secrets', '"m1"']) expectTrue(!left.includes(word), `${word} is gone`)
      for (const word of ['cake', 'things']) expectTrue(left.includes(word), `${word} is there`)
    },
    10,
  ),
  sceneCase(
    'facts derived from a message that is not there any more go once it is erased',
    async (scene) => {
      await scene.committed(say('t', message('I like secrets', { id: 'm1' })))
      await erased(scene, { messageIds: ['m1'] })
      const late = await state(scene, 'likes secrets', { sources: ['m1'] })
      const answer = await erased(scene, { messageIds: ['m1'] })
      expectEqual([answer.messages, answer.facts, await scene.fact(late)], [0, 1, null], 'the answer')
      expectTrue(!(await everything(scene, late)).includes('secrets'), 'its words are gone')
    },
    10,
  ),
]
