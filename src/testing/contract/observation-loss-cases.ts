/** Cases of what takes back what was observed: every change of messages. */
import type { Change } from '../../domain/commit/commit.ts'
import type { Place } from '../../domain/records/observation.ts'
import { expectEqual, expectTrue } from './assert.ts'
import {
  closeTurn,
  deleteMessages,
  discardTurn,
  edit,
  erase,
  extend,
  message,
  openTurn,
  replaceTurns,
  restoreTurn,
  resumeTurn,
  say,
  step,
} from './changes.ts'
import { alice, type StorageCase, worker } from './contract-case.ts'
import {
  beginCycle,
  byWorker,
  chunkTexts,
  headIn,
  note,
  observedAt,
  observeIn,
  putChunk,
  putReflection,
  reflect,
  reflectedTexts,
} from './observation-scene.ts'
import { type Scene, sceneCase } from './scene.ts'

interface Observed {
  readonly ids: readonly string[]
  readonly turnIds: readonly string[]
  readonly places: readonly Place[]
}

/** Three turns of two messages, each observed as a chunk of its own, and a reflection on the first two. */
async function observed(scene: Scene): Promise<Observed> {
  const ids: string[] = []
  const turnIds: string[] = []
  for (const name of ['one', 'two', 'three']) {
    const opening = [
      openTurn('t'),
      step('t', { opened: 0 }, `${name} asked`, message(`${name} said`, { role: 'assistant' })),
    ]
    const { results } = await scene.committed([...opening, closeTurn('t', { opened: 0 })])
    for (const result of results) {
      if (result.kind === 'turn-open') turnIds.push(result.turnId)
      if (result.kind === 'message-append') ids.push(...result.messages.map(({ id }) => id))
    }
  }
  const places = ids.map(observedAt)
  const at = (index: number) => places[index] as Place
  await observeIn(scene, 't', { after: null, to: at(1), activate: true }, [note('secret one', at(0), at(1))])
  await observeIn(scene, 't', { after: at(1), to: at(3), activate: true }, [note('secret two', at(2), at(3))])
  await reflect(scene, 't', [note('secret both', at(0), at(3))])
  await observeIn(scene, 't', { after: at(3), to: at(5), activate: true }, [note('secret three', at(4), at(5))])
  return { ids, turnIds, places }
}

type Changing = (at: Observed) => Change | readonly Change[]

/** Commits, and checks that the second chunk is gone with the reflection, and is to be observed again. */
async function takesBack(scene: Scene, changing: Changing, isNew = true, actor = alice): Promise<void> {
  const at = await observed(scene)
  const sent = { id: 'changing', actor }
  const first = await scene.committed(changing(at), sent)
  expectEqual(await chunkTexts(scene, 't'), ['secret one', 'secret three'], 'the notes that are left')
  expectEqual(await reflectedTexts(scene, 't', 1), [], 'the reflection')
  const head = await headIn(scene, 't')
  expectEqual(head?.reflections, [], 'the generations')
  expectEqual(head?.again, [{ after: at.places[1], to: at.places[3] }], 'what is to be observed again')
  expectEqual([head?.cursor, head?.chunk, head?.generation], [at.places[5], 3, 1], 'the head')
  const log = await scene.logText()
  expectEqual(
    ['secret two', 'secret both'].map((text) => log.includes(text)),
    [false, false],
    'what the log has',
  )
  expectTrue(log.includes('secret one') && log.includes('secret three'), 'the other notes are in the log')
  expectEqual(await scene.committed(changing(at), sent), { ...first, replayed: true }, 'the answer to a retry')
  if (!isNew) return
  const span = { after: at.places[1] ?? null, to: at.places[3] as Place }
  await observeIn(scene, 't', { ...span, activate: true }, [note('two again', at.places[2] as Place)])
  expectEqual((await headIn(scene, 't'))?.again, [], 'nothing is left to observe again')
  expectEqual(await chunkTexts(scene, 't'), ['secret one', 'secret three', 'two again'], 'the notes')
}

/** Commits something that changes nothing that was said, and checks that nothing is taken back. */
async function keeps(scene: Scene, changing: Changing): Promise<void> {
  const at = await observed(scene)
  const before = await headIn(scene, 't')
  await scene.committed(changing(at))
  expectEqual(await headIn(scene, 't'), before, 'the head')
  expectEqual((await chunkTexts(scene, 't')).length, 3, 'the notes')
}

const id = ({ ids }: Observed, index: number) => ids[index] as string
const turnId = ({ turnIds }: Observed, index: number) => turnIds[index] as string

export const observationLossCases: readonly StorageCase[] = [
  sceneCase('an edited message is observed again', (scene) =>
    takesBack(scene, (at) => edit('t', id(at, 2), { parts: [{ type: 'text', text: 'edited' }] })),
  ),
  sceneCase('an edit of metadata takes nothing back', (scene) =>
    keeps(scene, (at) => edit('t', id(at, 2), { metadata: { a: 1 } })),
  ),
  sceneCase('a deleted message takes its chunk and all reflections on it', (scene) =>
    takesBack(scene, (at) => deleteMessages('t', id(at, 3))),
  ),
  sceneCase('a discarded turn takes its chunk', (scene) => takesBack(scene, (at) => discardTurn('t', turnId(at, 1)))),
  sceneCase('a turn that is replaced takes its chunk, and the one in its place is yet to be observed', (scene) =>
    takesBack(scene, (at) => replaceTurns('t', [turnId(at, 1)], 'instead')),
  ),
  sceneCase('an erased message takes its chunk, byte for byte', (scene) =>
    takesBack(scene, (at) => erase({ messageIds: [id(at, 2)] }), true, worker),
  ),
  sceneCase('a new turn takes nothing back', (scene) => keeps(scene, () => say('t', 'four'))),
  sceneCase('a restored turn is to be observed', async (scene) => {
    const at = await observed(scene)
    await scene.committed(replaceTurns('t', [turnId(at, 1)], 'instead'))
    const span = { after: at.places[1] ?? null, to: at.places[3] as Place, activate: true }
    await observeIn(scene, 't', span, [])
    expectEqual((await headIn(scene, 't'))?.again, [], 'all of it was observed')
    await scene.committed(restoreTurn('t', turnId(at, 1)))
    const again = (await headIn(scene, 't'))?.again ?? []
    expectEqual(again.length, 1, 'the restored turn is to be observed')
    expectEqual(again[0]?.after, { turn: at.places[2]?.turn, index: -1 }, 'from its first message on')
  }),
  sceneCase('what a suspended turn says later is observed again', async (scene) => {
    const opening = [openTurn('t'), step('t', { opened: 0 }, 'asked', message('Well', { id: 'answer' }))]
    const { turnId } = await scene.did('turn-open', [...opening, closeTurn('t', { opened: 0 }, 'suspended')])
    const later = await scene.did('message-append', say('t', 'later'))
    const to = observedAt(later.messages[0]?.id ?? '')
    await observeIn(scene, 't', { after: null, to, activate: true }, [note('secret', to)])
    await scene.committed(resumeTurn('t', turnId))
    expectEqual(await chunkTexts(scene, 't'), ['secret'], 'resuming says nothing')
    await scene.committed(extend('t', 'answer', { parts: [{ type: 'text', text: 'yes' }] }))
    expectEqual([await chunkTexts(scene, 't'), (await headIn(scene, 't'))?.again.length], [[], 1], 'saying more does')
  }),
  sceneCase('a cycle that has read what was changed cannot end', async (scene) => {
    const { messages } = await scene.did('message-append', say('t', 'one', 'two'))
    const [first, second] = messages.map((saved) => saved.id)
    const to = observedAt(second ?? '')
    const claim = await beginCycle(scene, 't', to)
    await scene.committed(deleteMessages('t', first ?? ''))
    const put = (proof: number) => putChunk('t', proof, { after: null, to }, [note('x', to)])
    await scene.refused('conflict', put(claim), byWorker)
    const again = await beginCycle(scene, 't', to)
    await scene.committed(erase({ messageIds: [second ?? ''] }), byWorker)
    await scene.refused('conflict', put(again), byWorker)
  }),
  sceneCase('a reflection on notes that are gone cannot end', async (scene) => {
    const at = await observed(scene)
    const claim = await beginCycle(scene, 't')
    await scene.committed(deleteMessages('t', id(at, 0)))
    const notes = [note('x', at.places[2] as Place)]
    await scene.refused('conflict', putReflection('t', claim, notes), byWorker)
    expectEqual((await headIn(scene, 't'))?.reflections, [], 'the reflection on it is gone too')
  }),
]
