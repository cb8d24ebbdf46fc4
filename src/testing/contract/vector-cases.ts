/** Cases of the index of vectors: one current set for each record, none for changed or removed records. */
import { quantise, type VectorRecord, vectorRecordAt } from '../../domain/index/vector-segment.ts'
import { recordAt } from '../../domain/index/word-segment.ts'
import { expectEqual, expectTrue } from './assert.ts'
import {
  deleteMessages,
  deleteThread,
  discardTurn,
  edit,
  message,
  openTurn,
  remove,
  replaceTurns,
  say,
  step,
  write,
} from './changes.ts'
import type { StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

const embedding = { fingerprint: 'test/1', dimensions: 4 }

function vectorOf(seed: number) {
  return quantise([1, seed % 7, seed % 3, -1])
}

/** Puts vectors of all messages that have none, as a worker does. */
async function embed(scene: Scene, fingerprint = embedding.fingerprint): Promise<number> {
  await scene.storage.vectors.addEmbedding(scene.access, { ...embedding, fingerprint })
  const { words } = await scene.storage.index.scan(scene.access, home, fingerprint)
  const records = words.flatMap((segment) =>
    Array.from({ length: segment.count }, (_, row): VectorRecord => {
      const { kind, ref, seq } = recordAt(segment, row)
      return { kind, ref, seq, vectors: [vectorOf(seq)] }
    }),
  )
  return scene.storage.vectors.put(scene.access, home, fingerprint, records)
}

async function vectors(scene: Scene, fingerprint = embedding.fingerprint): Promise<readonly VectorRecord[]> {
  const scan = await scene.storage.index.scan(scene.access, home, fingerprint)
  return scan.vectors.flatMap((segment) =>
    Array.from({ length: segment.count }, (_, row) => vectorRecordAt(segment, row)),
  )
}

async function count(scene: Scene): Promise<number> {
  return (await vectors(scene)).length
}

const named = (...names: readonly string[]) => say('t', ...names.map((name) => message(`about ${name}`, { id: name })))

const current: readonly StorageCase[] = [
  sceneCase('vectors are stored once, and come back as they were', async (scene) => {
    await scene.committed(named('a', 'b'))
    expectEqual(await embed(scene), 2, 'stored')
    expectEqual(await embed(scene), 0, 'stored again')
    const [first] = await vectors(scene)
    expectEqual([first?.kind, first?.ref, first?.seq], ['message', '1.0.0', 1], 'the record')
    expectEqual([...(first?.vectors[0]?.values ?? [])], [...vectorOf(1).values], 'its numbers')
  }),
  sceneCase('hundreds of vectors put one at a time are all there', async (scene) => {
    for (let batch = 0; batch < 12; batch++) {
      await scene.committed(say('t', ...Array.from({ length: 21 }, (_, index) => `text ${batch} ${index}`)))
      await embed(scene)
    }
    expectEqual(await count(scene), 252, 'vectors')
  }),
  sceneCase('a changed message has no vectors until it is embedded again, and then one set', async (scene) => {
    await scene.committed(named('a', 'b'))
    await embed(scene)
    await scene.committed(edit('t', 'a', { parts: [{ type: 'text', text: 'changed' }] }))
    expectEqual(await count(scene), 1, 'after the edit')
    expectEqual([await embed(scene), await count(scene)], [1, 2], 'embedded again')
  }),
  sceneCase('vectors of what was changed or deleted meanwhile are not stored', async (scene) => {
    await scene.committed(named('a', 'b'))
    await scene.storage.vectors.addEmbedding(scene.access, embedding)
    const stale = ['1.0.0', '1.0.1', '1.0.9'].map(
      (ref) => ({ kind: 'message', ref, seq: 1, vectors: [vectorOf(1)] }) as const,
    )
    await scene.committed(edit('t', 'a', { parts: [{ type: 'text', text: 'changed' }] }))
    await scene.committed(deleteMessages('t', 'b'))
    const { put } = {
      put: (records: readonly VectorRecord[]) =>
        scene.storage.vectors.put(scene.access, home, embedding.fingerprint, records),
    }
    expectEqual([await put(stale), await count(scene)], [0, 0], 'stored')
  }),
  sceneCase('what is deleted, discarded, replaced or overwritten leaves no vectors', async (scene) => {
    await scene.committed(named('a', 'b', 'c'))
    await scene.committed(say('u', 'in another thread'))
    const answer = await scene.did('message-append', say('t', 'replaced later'))
    const { turnId } = await scene.did('turn-open', [openTurn('t'), step('t', { opened: 0 }, 'discarded later')])
    await scene.committed(write('k', 'a value'))
    const { version } = (await scene.entry('k')) ?? { version: 0 }
    expectEqual(await embed(scene), 6, 'messages')
    const entry = { kind: 'entry', ref: 'k', seq: version, vectors: [vectorOf(9)] } as const
    expectEqual(await scene.storage.vectors.put(scene.access, home, embedding.fingerprint, [entry]), 1, 'the entry')
    const left = async () => (await vectors(scene)).map(({ ref }) => ref).toSorted()
    await scene.committed(deleteMessages('t', 'b'))
    await scene.committed(discardTurn('t', turnId))
    expectEqual(await left(), ['1.0.0', '1.0.2', '2.0.0', '3.0.0', 'k'], 'after a deletion and a discarded turn')
    await scene.committed(replaceTurns('t', [answer.turnId]))
    await scene.committed(write('k', 'another value'))
    expectEqual(await left(), ['1.0.0', '1.0.2', '2.0.0'], 'after a replaced turn and an entry written over')
    await scene.committed(deleteThread('u'))
    expectEqual(await left(), ['1.0.0', '1.0.2'], 'after a deleted thread')
    await scene.committed(remove('k'))
  }),
]

const embedders: readonly StorageCase[] = [
  sceneCase('a second embedder builds next to the active one, and replaces it', async (scene) => {
    await scene.committed(named('a', 'b'))
    await embed(scene)
    await embed(scene, 'test/2')
    const states = async () =>
      (await scene.storage.vectors.embeddings(scene.access)).map(({ fingerprint, state }) => `${fingerprint} ${state}`)
    expectEqual(await states(), ['test/1 active', 'test/2 building'], 'while it builds')
    expectEqual([await count(scene), (await vectors(scene, 'test/2')).length], [2, 2], 'both have vectors')
    await scene.storage.vectors.activate(scene.access, 'test/2')
    expectEqual(await states(), ['test/2 active'], 'afterwards')
    expectEqual([await count(scene), (await vectors(scene, 'test/2')).length], [0, 2], 'only its vectors are left')
    await scene.storage.vectors.activate(scene.access, 'never-added')
    expectEqual(await states(), ['test/2 active'], 'an unknown one changes nothing')
  }),

  sceneCase(
    'vectors of sentences stay next to those of records: several, or none, and leave with their record',
    async (scene) => {
      const own = 'test/1/sentences'
      await scene.committed(named('a', 'b', 'c'))
      await embed(scene)
      await scene.storage.vectors.addEmbedding(scene.access, { fingerprint: own, dimensions: embedding.dimensions })
      const records = (await vectors(scene)).map(({ ref, seq }, i) => ({
        ...{ kind: 'message' as const, ref, seq },
        // The second message is a single sentence, which has no vector of its own.
        vectors: i === 1 ? [] : [vectorOf(i + 1), vectorOf(i + 2)],
      }))
      const [first, ...others] = records
      const put = (some: typeof records) => scene.storage.vectors.put(scene.access, home, own, some)
      expectEqual(await put(others), 2, 'two messages')
      expectEqual([await put(records), await put(records)], [1, 0], 'the other one, once')
      const made = async () => (await vectors(scene, own)).map((one) => `${one.ref}: ${one.vectors.length}`).toSorted()
      const counted = records.map((one) => `${one.ref}: ${one.vectors.length}`).toSorted()
      expectEqual(await made(), counted, 'as they were put')
      expectEqual(await count(scene), 3, 'those of the records are there')
      await scene.committed(deleteMessages('t', 'a'))
      expectEqual(
        [await made(), await count(scene)],
        [counted.filter((one) => !one.startsWith(first?.ref ?? '?')), 2],
        'after a deletion',
      )
    },
  ),
]

const work: readonly StorageCase[] = [
  sceneCase('a space with new records is work until somebody has finished it', async (scene) => {
    const { vectors: store } = scene.storage
    const claim = (owner: string) => store.claimWork(scene.access, { owner, leaseMs: 1_000, limit: 10 })
    expectEqual(await claim('one'), [], 'nothing to do')
    await scene.committed(named('a'))
    expectEqual(await claim('one'), [home], 'claimed')
    expectEqual([await claim('two'), await claim('one')], [[], [home]], 'it is the first one’s')
    await scene.committed(named('b'))
    expectTrue(!(await store.finishWork(scene.access, home, 1)), 'more was committed meanwhile')
    await store.releaseWork(scene.access, 'one')
    expectEqual(await claim('two'), [home], 'given back')
    scene.clock.advance(1_001)
    expectEqual(await claim('one'), [home], 'the claim of one that died runs out')
    expectTrue(await store.finishWork(scene.access, home, 2), 'finished')
    expectEqual(await claim('two'), [], 'nothing left')
    await scene.committed(edit('t', 'a', { parts: [{ type: 'text', text: 'changed' }] }))
    expectEqual(await claim('two'), [home], 'work again')
  }),
]

export const vectorCases: readonly StorageCase[] = [...current, ...embedders, ...work]
