/** Cases of observations: cycles and their claims, chunks, generations, and how far a thread was observed. */

import type { Change } from '../../domain/commit/commit.ts'
import type { NoteInput, Place } from '../../domain/records/observation.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { deleteMessages, deleteThread, message, say } from './changes.ts'
import { alice, carol, type StorageCase } from './contract-case.ts'
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
import { home, type Scene, sceneCase } from './scene.ts'

/** Three turns of two messages in a thread; answers their places. */
async function said(scene: Scene, threadId = 't'): Promise<readonly Place[]> {
  const places: Place[] = []
  for (const turn of ['one', 'two', 'three']) {
    const { messages } = await scene.did('message-append', say(threadId, `${turn} asked`, `${turn} answered`))
    places.push(...messages.map(({ id }) => observedAt(id)))
  }
  return places
}

const at = (places: readonly Place[], index: number): Place => places[index] as Place

export const observationCases: readonly StorageCase[] = [
  sceneCase('a chunk of notes moves the cursor, and is buffered until it is activated', async (scene) => {
    const places = await said(scene)
    await observeIn(scene, 't', { after: null, to: at(places, 1) }, [
      note('secret first', at(places, 0), at(places, 1)),
    ])
    const buffered = await headIn(scene, 't')
    expectEqual([buffered?.cursor, buffered?.chunk, buffered?.active], [at(places, 1), 1, 0], 'the head')
    expectEqual(await chunkTexts(scene, 't'), ['secret first'], 'the note')
    await scene.committed({ kind: 'observation-activate', threadId: 't' }, byWorker)
    await observeIn(scene, 't', { after: at(places, 1), to: at(places, 3), activate: true }, [])
    const active = await headIn(scene, 't')
    expectEqual([active?.cursor, active?.chunk, active?.active], [at(places, 3), 2, 2], 'the head later')
  }),
  sceneCase('facts that a cycle learned are stored with its notes, or not at all', async (scene) => {
    const places = await said(scene)
    const span = { after: null, to: at(places, 1), activate: true }
    const learned = (text: string): Change => ({ kind: 'fact-assert', unique: text, text, trust: 'user', sources: [] })
    const put = (claim: number) => putChunk('t', claim, span, [note('noted', at(places, 0))])
    await scene.refused('conflict', [put(1), learned('early')], byWorker)
    const claim = await beginCycle(scene, 't', at(places, 1))
    await scene.refused('invalid-input', [put(claim), say('t', 'more')], byWorker)
    await scene.committed([put(claim), learned('one'), learned('two')], byWorker)
    expectEqual(await chunkTexts(scene, 't'), ['noted'], 'the note')
    const query = { attributes: {}, statuses: ['current'] as const, order: 'oldest' as const, after: null, limit: 10 }
    const facts = await scene.storage.facts.list(scene.access, home, query)
    expectEqual(
      facts.items.map(({ text }) => text),
      ['one', 'two'],
      'the facts',
    )
  }),
  sceneCase('buffered chunks become active one after the other, and are known until then', async (scene) => {
    const places = await said(scene)
    const spans = [0, 1, 2].map((turn) => ({ after: places[2 * turn - 1] ?? null, to: at(places, 2 * turn + 1) }))
    for (const [turn, span] of spans.entries()) {
      await observeIn(scene, 't', { ...span, tokens: 10 + turn }, turn === 1 ? [] : [note(`of ${turn}`, span.to)])
    }
    const numbers = async () => {
      const head = await headIn(scene, 't')
      return [head?.active, ...(head?.buffered ?? []).map(({ chunk, tokens }) => [chunk, tokens])]
    }
    expectEqual(await numbers(), [0, [1, 10], [2, 11], [3, 12]], 'all of them')
    await scene.committed({ kind: 'observation-activate', threadId: 't', chunk: 1 }, byWorker)
    expectEqual(await numbers(), [1, [2, 11], [3, 12]], 'without the first')
    await scene.refused('conflict', { kind: 'observation-activate', threadId: 't', chunk: 4 }, byWorker)
    await scene.committed({ kind: 'observation-activate', threadId: 't' }, byWorker)
    await scene.refused('conflict', { kind: 'observation-activate', threadId: 't', chunk: 1 }, byWorker)
    expectEqual(await numbers(), [3], 'none')
  }),
  sceneCase('a buffered chunk without notes is observed again when one of its messages is edited', async (scene) => {
    const { messages } = await scene.did('message-append', say('t', 'asked', 'answered'))
    const [id = ''] = messages.map((one) => one.id)
    const to = observedAt(messages[1]?.id ?? '')
    await observeIn(scene, 't', { after: null, to, tokens: 5 }, [])
    await scene.committed({
      kind: 'message-edit',
      threadId: 't',
      messageId: id,
      parts: [{ type: 'text', text: 'new' }],
    })
    const head = await headIn(scene, 't')
    expectEqual([head?.buffered, head?.again], [undefined, [{ after: null, to }]], 'what is to be observed')
  }),
  sceneCase('a reflection that was made ahead is current once it is activated', async (scene) => {
    const { messages } = await scene.did('message-append', say('t', 'asked', 'answered'))
    const places = messages.map((one) => observedAt(one.id))
    await observeIn(scene, 't', { after: null, to: at(places, 0), activate: true }, [note('first', at(places, 0))])
    const ahead = async (text: string) => {
      const claim = await beginCycle(scene, 't')
      const put = putReflection('t', claim, [note(text, at(places, 0))])
      await scene.committed({ ...put, isAhead: true } as typeof put, byWorker)
    }
    await ahead('secret draft')
    await ahead('all of it')
    expectTrue(!(await scene.logText()).includes('secret'), 'the first one is replaced, with its words')
    expectEqual((await headIn(scene, 't'))?.reflections, [], 'none is current')
    await scene.refused('conflict', { kind: 'observation-activate', threadId: 't', generation: 1 }, byWorker)
    await scene.committed({ kind: 'observation-activate', threadId: 't', generation: 2 }, byWorker)
    expectEqual((await headIn(scene, 't'))?.reflections, [{ generation: 2, chunk: 1 }], 'the generations')
    await observeIn(scene, 't', { after: at(places, 0), to: at(places, 1), activate: true }, [])
    await ahead('secret later')
    await scene.committed(deleteMessages('t', messages[0]?.id ?? ''))
    const head = await headIn(scene, 't')
    expectEqual([head?.reflections, head?.ahead], [[], undefined], 'both are gone with what they condensed')
    expectTrue(!(await scene.logText()).includes('secret'), 'with their words')
  }),
  sceneCase('tokens of a day are counted, and refused when they are used up', async (scene) => {
    for (const threadId of ['t', 'u']) await said(scene, threadId)
    const places = await said(scene, 'v')
    const begin = (threadId: string, tokens: number, more: object = {}) => {
      const budget = { tokens, dailyTokens: 100, ...more }
      return { kind: 'observation-begin' as const, threadId, to: at(places, 1), leaseMs: 1, budget }
    }
    await scene.committed(begin('t', 60), byWorker)
    scene.clock.advance(10)
    await scene.refused('limit-exceeded', begin('t', 41), byWorker)
    await scene.committed(begin('u', 41), byWorker)
    scene.clock.advance(10)
    await scene.refused('limit-exceeded', begin('v', 1, { isShared: true }), byWorker)
    await scene.committed(begin('t', 40), byWorker)
    scene.clock.advance(86_400_000)
    await scene.committed(begin('t', 100, { isShared: true }), byWorker)
    expectEqual((await headIn(scene, 't'))?.spent?.tokens, 100, 'the tokens of the new day')
  }),
  sceneCase('a cycle ends once, and only with the claim that it began with', async (scene) => {
    const places = await said(scene)
    const span = { after: null, to: at(places, 1) }
    const put = (claim: number) => putChunk('t', claim, span, [note('x', at(places, 0))])
    await scene.refused('conflict', put(1), byWorker)
    const claim = await beginCycle(scene, 't', at(places, 1))
    await scene.refused(
      'conflict',
      { kind: 'observation-begin', threadId: 't', to: at(places, 1), leaseMs: 1 },
      byWorker,
    )
    scene.clock.advance(60_000)
    const later = await beginCycle(scene, 't', at(places, 1))
    await scene.refused('conflict', put(claim), byWorker)
    await scene.committed(put(later), byWorker)
    await scene.refused('conflict', put(later), byWorker)
    expectEqual(await chunkTexts(scene, 't'), ['x'], 'the notes')
  }),
  sceneCase('a claim is given back by its own cycle, and then another one begins at once', async (scene) => {
    const places = await said(scene)
    const release = (claim: number) => ({ kind: 'observation-release' as const, threadId: 't', claim })
    const first = await beginCycle(scene, 't', at(places, 0))
    await scene.refused('conflict', release(first + 1), byWorker)
    await scene.refused('denied', release(first), { actor: alice })
    await scene.committed(release(first), byWorker)
    await scene.refused('conflict', release(first), byWorker)
    await observeIn(scene, 't', { after: null, to: at(places, 0), activate: true }, [note('x', at(places, 0))])
    const reflecting = await beginCycle(scene, 't')
    const observing = await beginCycle(scene, 't', at(places, 1))
    await scene.committed(release(reflecting), byWorker)
    const head = await headIn(scene, 't')
    expectEqual([head?.observing?.claim, head?.reflecting], [observing, undefined], 'the claims that are left')
    await scene.refused('conflict', putReflection('t', reflecting, []), byWorker)
    await reflect(scene, 't', [note('all', at(places, 0))])
    await scene.committed(putChunk('t', observing, { after: at(places, 0), to: at(places, 1) }, []), byWorker)
  }),
  sceneCase('a chunk continues what was observed: it leaves nothing out and takes nothing twice', async (scene) => {
    const places = await said(scene)
    const put = async (after: Place | null, to: Place) => {
      const claim = await beginCycle(scene, 't', at(places, 3))
      await scene.refused('conflict', putChunk('t', claim, { after, to }, []), byWorker)
      scene.clock.advance(60_000)
    }
    await put(at(places, 0), at(places, 1))
    await put(null, at(places, 5))
    await observeIn(scene, 't', { after: null, to: at(places, 2) }, [])
    await put(null, at(places, 1))
    await put(at(places, 1), at(places, 3))
    await put(at(places, 2), at(places, 2))
    await observeIn(scene, 't', { after: at(places, 2), to: at(places, 3) }, [])
  }),
  sceneCase('notes say what they condense, within their span, and are not blank or too large', async (scene) => {
    const places = await said(scene)
    const claim = await beginCycle(scene, 't', at(places, 1))
    const span = { after: null, to: at(places, 1) }
    const put = (...notes: NoteInput[]) => putChunk('t', claim, span, notes)
    const bad = [
      note('x', at(places, 0), at(places, 2)),
      note('x', at(places, 1), at(places, 0)),
      note(' ', at(places, 0)),
    ]
    for (const one of bad) await scene.refused('invalid-input', put(one), byWorker)
    const large = note('x'.repeat(scene.limits.observationBytes), at(places, 0))
    await scene.refused('limit-exceeded', put(large), byWorker)
    const limits = { observationsPerChunk: 1 }
    const two = [note('x', at(places, 0)), note('y', at(places, 1))]
    await scene.refused('limit-exceeded', put(...two), { ...byWorker, limits })
    await scene.committed(put(...two), byWorker)
  }),
  sceneCase('only the application observes, in a thread that is there', async (scene) => {
    const places = await said(scene)
    const begin = { kind: 'observation-begin', threadId: 't', to: at(places, 1), leaseMs: 1_000 } as const
    for (const actor of [alice, carol]) await scene.refused('denied', begin, { actor })
    await scene.refused('not-found', { ...begin, threadId: 'none' }, byWorker)
    await scene.refused('invalid-input', [begin, say('t', 'more')], byWorker)
    await scene.refused('not-found', begin, { ...byWorker, space: 'team/none' as never })
  }),
  sceneCase('a reflection replaces the notes that were active, which stay readable', async (scene) => {
    const places = await said(scene)
    await scene.refused('conflict', { kind: 'observation-begin', threadId: 't', leaseMs: 1_000 }, byWorker)
    await observeIn(scene, 't', { after: null, to: at(places, 1), activate: true }, [note('first', at(places, 0))])
    const claim = await beginCycle(scene, 't')
    // A chunk that becomes active while a reflection is at work is not condensed by it.
    await observeIn(scene, 't', { after: at(places, 1), to: at(places, 3), activate: true }, [
      note('second', at(places, 2)),
    ])
    const notes = [note('all of it', at(places, 0), at(places, 1))]
    await scene.committed(putReflection('t', claim, notes), byWorker)
    const head = await headIn(scene, 't')
    expectEqual(head?.reflections, [{ generation: 1, chunk: 1 }], 'the generations')
    expectEqual(await chunkTexts(scene, 't'), ['first', 'second'], 'the notes of chunks')
    expectEqual(await reflectedTexts(scene, 't', 1), ['all of it'], 'the reflection')
    await scene.refused('conflict', putReflection('t', claim, notes), byWorker)
    await reflect(scene, 't', [note('all again', at(places, 0), at(places, 3))])
    expectEqual((await headIn(scene, 't'))?.reflections.length, 2, 'both generations are there')
    expectEqual(await reflectedTexts(scene, 't', 1), ['all of it'], 'the first stays readable')
  }),
  sceneCase('the oldest generations leave with their words where there are too many', async (scene) => {
    const places = await said(scene)
    const limits = { observationGenerations: 1 }
    for (const [index, text] of ['secret old', 'new'].entries()) {
      const after = index === 0 ? null : at(places, 1)
      await observeIn(scene, 't', { after, to: at(places, 1 + 2 * index), activate: true }, [])
      const claim = await beginCycle(scene, 't')
      const notes = [note(text, at(places, 0))]
      await scene.committed(putReflection('t', claim, notes), { ...byWorker, limits })
    }
    expectEqual((await headIn(scene, 't'))?.reflections, [{ generation: 2, chunk: 2 }], 'the generations')
    expectEqual(await reflectedTexts(scene, 't', 1), [], 'the first is gone')
    expectTrue(!(await scene.logText()).includes('secret'), 'with its words')
  }),
  sceneCase('words find the notes of chunks, and read them', async (scene) => {
    const places = await said(scene)
    await observeIn(scene, 't', { after: null, to: at(places, 1), activate: true }, [
      note('Her cat is called Miso', at(places, 0), at(places, 0), { refersTo: '2026-02-01', author: carol }),
    ])
    await reflect(scene, 't', [note('She has a cat', at(places, 0))])
    const { words } = await scene.storage.index.scan(scene.access, (await scene.state())?.id ?? ('' as never), null)
    expectTrue(words.length > 0, 'the space is indexed')
  }),
  sceneCase('a deleted thread leaves nothing that was observed', async (scene) => {
    const places = await said(scene)
    await observeIn(scene, 't', { after: null, to: at(places, 3), activate: true }, [note('secret', at(places, 0))])
    await reflect(scene, 't', [note('secret too', at(places, 0))])
    await scene.committed(deleteThread('t'))
    expectTrue(!(await scene.logText()).includes('secret'), 'no word of it is in the log')
    await scene.committed(say('t', message('again')))
    expectEqual(await headIn(scene, 't'), null, 'the new thread was never observed')
  }),
]
