// Which records lack vectors, held against all records less all vectors, while both change.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type MissingRecord, missingVectors } from '../../src/derive/missing.ts'
import type { SpaceId } from '../../src/domain/id.ts'
import { quantise, type VectorSegment, vectorRefAt } from '../../src/domain/index/vector-segment.ts'
import { recordKinds, refAt, type WordSegment } from '../../src/domain/index/word-segment.ts'
import { Memory, type Storage } from '../../src/index.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { runRandom } from '../random-runs.ts'

const access = { actor: { kind: 'system', id: 'test' }, grants: 'all' } as const
const space = 'resource/ann' as SpaceId
const dimensions = 16

const nameOf = ({ kind, seq, ref }: MissingRecord) => `${kind} ${seq} ${ref}`
const kindAt = ({ kinds }: WordSegment | VectorSegment, i: number) => recordKinds[kinds[i] ?? 0] ?? 'message'

/** All that is indexed less all that has vectors. */
async function plainMissing(storage: Storage, fingerprint: string): Promise<readonly string[]> {
  const { words, vectors } = await storage.index.scan(access, space, fingerprint)
  const names = words.flatMap((segment) =>
    Array.from(segment.seqs, (seq, i) => nameOf({ kind: kindAt(segment, i), seq, ref: refAt(segment, i) })),
  )
  const { items } = await storage.entries.list(access, space, { prefix: '', after: null, limit: 1_000 })
  for (const { key, version } of items) names.push(nameOf({ kind: 'entry', seq: version, ref: key }))
  const there = new Set(
    vectors.flatMap((segment) =>
      Array.from(segment.seqs, (seq, i) => nameOf({ kind: kindAt(segment, i), seq, ref: vectorRefAt(segment, i) })),
    ),
  )
  return names.filter((name) => !there.has(name)).sort()
}

type Step =
  | { readonly do: 'save'; readonly count: number }
  | { readonly do: 'put'; readonly every: number; readonly from: number }
  | { readonly do: 'edit' | 'delete' | 'entry'; readonly which: number }
  | { readonly do: 'switch' }

const anyNumber = fc.nat({ max: 40 })
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('save' as const), count: fc.integer({ min: 1, max: 60 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      every: fc.integer({ min: 1, max: 3 }),
      from: fc.oneof(fc.constant(0), anyNumber),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('edit', 'delete', 'entry'), which: anyNumber }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('switch' as const) }) },
)

/** A space that steps change, and the embedder whose vectors are looked for. */
class Scene {
  readonly storage: Storage
  readonly memory: Memory
  readonly #ids: string[] = []
  fingerprint = 'a/16'

  constructor(storage: Storage) {
    this.storage = storage
    this.memory = new Memory({ storage, embedder: false, background: false })
  }

  async save(count: number): Promise<void> {
    const messages = Array.from({ length: count }, (_, i) => ({
      role: 'user' as const,
      content: `harbour ${this.#ids.length + i}`,
    }))
    const saved = await this.memory.saveMessages({ resourceId: 'ann', threadId: 't', messages })
    for (const { id } of saved.messages) this.#ids.push(id)
  }

  async put(every: number, from: number): Promise<void> {
    const { missing } = await missingVectors(this.storage, access, space, this.fingerprint)
    const vectors = [quantise(Array.from({ length: dimensions }, (_, i) => i + 1))]
    const some = missing.slice(from).filter((_, i) => i % every === 0)
    const records = some.map((record) => ({ ...record, vectors }))
    expect(await this.storage.vectors.put(access, space, this.fingerprint, records)).toBe(records.length)
  }

  async change(what: 'edit' | 'delete' | 'entry', which: number): Promise<void> {
    if (what === 'entry') {
      await this.memory.space(space).commit([{ kind: 'entry-write', key: `key${which % 5}`, value: which }])
      return
    }
    const place = which % Math.max(1, this.#ids.length)
    const id = this.#ids[place]
    if (id === undefined) return
    if (what === 'edit') await this.memory.updateMessages({ messages: [{ id, content: `pier ${which}` }] })
    else {
      await this.memory.deleteMessages(id)
      this.#ids.splice(place, 1)
    }
  }

  /** Another embedder takes over; the vectors of the one before it go. */
  async switch(): Promise<void> {
    this.fingerprint = this.fingerprint === 'a/16' ? 'b/16' : 'a/16'
    await this.storage.vectors.addEmbedding(access, { fingerprint: this.fingerprint, dimensions })
    await this.storage.vectors.activate(access, this.fingerprint)
  }
}

async function run(scene: Scene, step: Step): Promise<void> {
  if (step.do === 'save') await scene.save(step.count)
  else if (step.do === 'put') await scene.put(step.every, step.from)
  else if (step.do === 'switch') await scene.switch()
  else await scene.change(step.do, step.which)
}

it('are those that a plain comparison finds, after any changes', async () => {
  const check = async (steps: readonly Step[]) => {
    const options = { id: 'test', path: ':memory:', durability: 'process', clock: systemClock } as const
    const storage = await SqliteStorage.open({ ...options, busyTimeoutMs: 100, segmentBytes: 400 })
    const scene = new Scene(storage)
    await storage.vectors.addEmbedding(access, { fingerprint: scene.fingerprint, dimensions })
    await scene.save(30)
    for (const step of steps) {
      await run(scene, step)
      const { missing } = await missingVectors(storage, access, space, scene.fingerprint)
      expect(missing.map(nameOf).sort()).toEqual(await plainMissing(storage, scene.fingerprint))
      expect(missing.map(({ seq }) => seq)).toEqual(missing.map(({ seq }) => seq).sort((a, b) => a - b))
    }
    await scene.memory.close()
    await storage.close()
  }
  await runRandom(fc.asyncProperty(fc.array(anyStep, { maxLength: 15, size: 'max' }), check), 60)
})
