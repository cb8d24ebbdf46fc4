/** Cases of the index of words: folded into segments, and updated after every change of content. */
import { indexedMessage } from '../../domain/index/indexed.ts'
import { recordAt } from '../../domain/index/word-segment.ts'
import { analyse } from '../../domain/index/words.ts'
import type { JsonObject } from '../../domain/json.ts'
import { expectEqual, expectTrue } from './assert.ts'
import {
  closeTurn,
  deleteMessages,
  deleteThread,
  discardTurn,
  edit,
  extend,
  message,
  openTurn,
  putThread,
  replaceTurns,
  say,
  step,
} from './changes.ts'
import { checkIndex } from './check-index.ts'
import { bob, type StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

/** A text of that many words found nowhere else. */
function longText(name: string, words = 150): string {
  return Array.from({ length: words }, (_, index) => `${name}word${index}`).join(' ')
}

/** Texts that fill several segments of a page each. */
async function fill(scene: Scene, threadId: string, from: number, count: number): Promise<void> {
  for (let index = from; index < from + count; index++) {
    await scene.committed(say(threadId, message(longText(`m${index}`), { id: `m${index}` })))
  }
}

async function indexed(scene: Scene) {
  const { words } = await scene.storage.index.scan(scene.access, home, null)
  return words.flatMap((segment) => Array.from({ length: segment.count }, (_, row) => recordAt(segment, row)))
}

async function holds(scene: Scene, word: string): Promise<number> {
  const [term] = analyse(word, 'english').terms
  return (await indexed(scene)).filter((record) => record.terms.includes(term ?? -1)).length
}

const content: readonly StorageCase[] = [
  sceneCase(
    'a space of many segments is scanned whole and in order',
    async (scene) => {
      await fill(scene, 't', 0, 30)
      expectEqual((await indexed(scene)).length, 30, 'records')
      for (let index = 0; index < 30; index++) expectEqual(await holds(scene, `m${index}word7`), 1, `message ${index}`)
    },
    8,
  ),
  sceneCase(
    'messages of one large commit fill several segments',
    async (scene) => {
      const batch = Array.from({ length: 40 }, (_, index) => message(longText(`b${index}`)))
      await scene.committed(say('t', ...batch))
      await fill(scene, 't', 0, 10)
      expectEqual((await indexed(scene)).length, 50, 'records')
    },
    8,
  ),
  sceneCase('an edited message is found by its new words only, wherever it was folded', async (scene) => {
    await fill(scene, 't', 0, 30)
    for (const index of [0, 13, 29]) {
      await scene.committed(edit('t', `m${index}`, { parts: [{ type: 'text', text: `fresh${index}` }] }))
      expectEqual(
        [await holds(scene, `fresh${index}`), await holds(scene, `m${index}word3`)],
        [1, 0],
        `message ${index}`,
      )
      await checkIndex(scene.storage, scene.access, home)
    }
    await fill(scene, 't', 30, 20)
    expectEqual(await holds(scene, 'fresh13'), 1, 'after later segments')
    await scene.committed(edit('t', 'm13', { parts: [{ type: 'text', text: 'anew' }] }))
    expectEqual([await holds(scene, 'fresh13'), await holds(scene, 'anew')], [0, 1], 'edited twice')
  }),
  sceneCase('deleted messages and threads leave the index', async (scene) => {
    await fill(scene, 't', 0, 20)
    await fill(scene, 'u', 20, 20)
    await scene.committed(deleteMessages('t', 'm3', 'm4', 'm19'))
    expectEqual([await holds(scene, 'm3word1'), await holds(scene, 'm5word1')], [0, 1], 'messages')
    await scene.committed(deleteThread('u'))
    expectEqual([await holds(scene, 'm25word1'), await holds(scene, 'm5word1')], [0, 1], 'threads')
    await fill(scene, 'u', 50, 3)
    expectEqual([await holds(scene, 'm25word1'), await holds(scene, 'm51word1')], [0, 1], 'a thread created again')
  }),
]

const turns: readonly StorageCase[] = [
  sceneCase(
    'an open turn is found by its words at once, and as it grows',
    async (scene) => {
      await fill(scene, 't', 0, 8)
      const { turnId } = await scene.did('turn-open', [
        openTurn('t'),
        step('t', { opened: 0 }, message('begun', { id: 'a' })),
      ])
      expectEqual(await holds(scene, 'begun'), 1, 'begun')
      await fill(scene, 'u', 8, 12)
      await scene.committed(extend('t', 'a', { parts: [{ type: 'text', text: 'continued' }] }))
      expectEqual([await holds(scene, 'begun'), await holds(scene, 'continued')], [1, 1], 'continued')
      await checkIndex(scene.storage, scene.access, home)
      await scene.committed(step('t', { turnId }, longText('later')))
      await fill(scene, 'u', 20, 12)
      await scene.committed([step('t', { turnId }, 'end'), closeTurn('t', { turnId })])
      expectEqual([await holds(scene, 'end'), await holds(scene, 'laterword2')], [1, 1], 'closed')
    },
    8,
  ),
  sceneCase('discarded and replaced turns leave the index', async (scene) => {
    const { turnId } = await scene.did('turn-open', [openTurn('t'), step('t', { opened: 0 }, longText('dropped'))])
    const answer = await scene.did('message-append', say('t', longText('replaced')), { actor: bob })
    await fill(scene, 'u', 0, 20)
    await scene.committed(discardTurn('t', turnId))
    expectEqual(await holds(scene, 'droppedword1'), 0, 'discarded')
    await scene.committed(replaceTurns('t', [answer.turnId], 'better'))
    expectEqual([await holds(scene, 'replacedword1'), await holds(scene, 'better')], [0, 1], 'replaced')
  }),
  sceneCase('a clone is found under its own thread', async (scene) => {
    await fill(scene, 't', 0, 10)
    const turn = [message(longText('copied')), message('short')].map((one) => ({ ...one }))
    const source = { space: home, threadId: 't', asOf: 1 }
    await scene.committed({ kind: 'thread-clone', threadId: 'copy', source, turns: [turn, turn], blocks: [] })
    expectEqual(await holds(scene, 'copiedword4'), 2, 'both copies')
  }),
]

const lasting: readonly StorageCase[] = [
  sceneCase('compaction leaves the index as it is, and later changes find their records', async (scene) => {
    await fill(scene, 't', 0, 20)
    await scene.committed(edit('t', 'm2', { parts: [{ type: 'text', text: 'edited' }] }))
    await scene.committed(putThread('other'))
    await scene.storage.compact(scene.access, home, await scene.seq())
    await checkIndex(scene.storage, scene.access, home)
    await scene.committed(edit('t', 'm2', { parts: [{ type: 'text', text: 'later' }] }))
    expectEqual([await holds(scene, 'edited'), await holds(scene, 'later')], [0, 1], 'edited below the horizon')
    await scene.committed(deleteMessages('t', 'm7', 'm19'))
    expectEqual([await holds(scene, 'm7word1'), await holds(scene, 'm8word1')], [0, 1], 'deleted below the horizon')
  }),
  sceneCase('another language rebuilds the index', async (scene) => {
    await fill(scene, 't', 0, 12)
    await scene.committed(say('t', 'the running of foxes'))
    const [stop] = analyse('the', 'none').terms
    const hasStop = async () => (await indexed(scene)).some((record) => record.terms.includes(stop ?? -1))
    expectEqual(await hasStop(), false, 'english leaves stop words out')
    await scene.committed({ kind: 'configure', settings: { language: 'none' } })
    expectEqual(await hasStop(), true, 'no language keeps every word')
    await checkIndex(scene.storage, scene.access, home)
  }),
  sceneCase('what says nothing is not indexed', async (scene) => {
    const parts = [[], [{ type: 'text', text: '  ' }], [{ type: 'step-start' }]]
    await scene.committed({
      kind: 'message-append',
      threadId: 't',
      messages: parts.map((list) => ({ role: 'user', parts: list })),
      createThread: true,
    })
    expectEqual(await indexed(scene), [], 'records')
    const place = { turn: 16_384, index: 0, seq: 1, thread: 1, author: bob, createdAt: '2026-01-01T00:00:00.000Z' }
    expectTrue(indexedMessage({ parts: [], ...place }, 'english') === null, 'no record')
  }),
  sceneCase("calls of memory's own tools are not indexed", async (scene) => {
    const call = (word: string, aquifer: JsonObject) => {
      return { type: 'tool-recall', toolCallId: word, input: { word }, output: [word], toolMetadata: { aquifer } }
    }
    const hidden = call('hidden', { internal: true })
    const parts = [{ type: 'text', text: 'spoken' }, hidden, call('shown', { internal: false })]
    await scene.committed(say('t', message('', { parts }), message('', { parts: [hidden] })))
    expectEqual(await Promise.all(['hidden', 'shown', 'spoken'].map((word) => holds(scene, word))), [0, 1, 1], 'words')
    expectEqual((await indexed(scene)).length, 1, 'records')
    await checkIndex(scene.storage, scene.access, home)
  }),
]

export const indexCases: readonly StorageCase[] = [...content, ...turns, ...lasting]
