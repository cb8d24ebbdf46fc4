/** Finds the records of a space that have no vectors yet. */
import { setImmediate as oneTurn } from 'node:timers/promises'
import type { Access } from '../domain/actor.ts'
import type { Seq, SpaceId } from '../domain/id.ts'
import { numberOfSegment, type VectorSegment, vectorRefAt } from '../domain/index/vector-segment.ts'
import { type RecordKind, type RecordRef, recordKinds, refAt, type WordSegment } from '../domain/index/word-segment.ts'
import type { Storage } from '../ports/storage.ts'
import type { VectorUnit } from './sentences.ts'

export interface MissingRecord extends RecordRef {
  readonly seq: Seq
}

/** Rows looked at before the event loop gets its turn. */
const rowsATime = 5_000
const entriesAPage = 500

const nameOf = (kind: RecordKind, seq: Seq, ref: string) => `${kind} ${seq} ${ref}`

async function* liveEntries(storage: Storage, access: Access, space: SpaceId): AsyncGenerator<MissingRecord> {
  for (let after: string | null = null; ; ) {
    const page = await storage.entries.list(access, space, { prefix: '', after, limit: entriesAPage })
    for (const { key, version } of page.items) yield { kind: 'entry', ref: key, seq: version }
    after = page.items.at(-1)?.key ?? null
    if (!page.more || after === null) return
  }
}

/** For complete segments of words: the segments of vectors that have all their records. */
const completeOf: Readonly<Record<VectorUnit, WeakMap<WordSegment, readonly number[]>>> = {
  text: new WeakMap(),
  sentence: new WeakMap(),
}

/** The segments of vectors that may hold a record of a segment of words; both are in order of seq. */
function besides({ count, seqs }: WordSegment, vectors: readonly VectorSegment[]): readonly VectorSegment[] {
  const first = seqs[0] ?? 0
  const last = seqs[count - 1] ?? 0
  return vectors.filter((one) => (one.seqs[0] as number) <= last && (one.seqs[one.count - 1] as number) >= first)
}

const entryKind = recordKinds.indexOf('entry')

/** The records with vectors, by name, as far as they were read. */
class Named {
  readonly #vectors: readonly VectorSegment[]
  readonly #names = new Set<string>()
  readonly #read = new Set<VectorSegment>()
  #hasEntries = false

  constructor(vectors: readonly VectorSegment[]) {
    this.#vectors = vectors
  }

  /** Reads the names in a segment; says how many there are to read. */
  read(segment: VectorSegment): number {
    if (this.#read.has(segment)) return 0
    this.#read.add(segment)
    for (let i = 0; i < segment.count; i++) this.#add(segment, i)
    return segment.count
  }

  has(kind: RecordKind, seq: Seq, ref: string): boolean {
    return this.#names.has(nameOf(kind, seq, ref))
  }

  /** Entries are in no segment of words, and their vectors may be in any. */
  hasEntry(seq: Seq, ref: string): boolean {
    if (!this.#hasEntries) {
      for (const segment of this.#vectors)
        for (let i = 0; i < segment.count; i++) if (segment.kinds[i] === entryKind) this.#add(segment, i)
      this.#hasEntries = true
    }
    return this.has('entry', seq, ref)
  }

  #add(segment: VectorSegment, i: number): void {
    const kind = recordKinds[segment.kinds[i] as number] as RecordKind
    this.#names.add(nameOf(kind, segment.seqs[i] as number, vectorRefAt(segment, i)))
  }
}

/** Adds the records of a segment of words that have no vectors; of sentences only messages have some. */
function addMissing(segment: WordSegment, named: Named, unit: VectorUnit, missing: MissingRecord[]): boolean {
  const before = missing.length
  for (let i = 0; i < segment.count; i++) {
    const kind = recordKinds[segment.kinds[i] as number] as RecordKind
    if (unit === 'sentence' && kind !== 'message') continue
    const ref = refAt(segment, i)
    const seq = segment.seqs[i] as number
    if (!named.has(kind, seq, ref)) missing.push({ kind, ref, seq })
  }
  return missing.length > before
}

/**
 * Records without vectors of an embedder, oldest first, so that those stored together are neighbours. A complete
 * segment of words is skipped as long as its vectors exist.
 */
export async function missingVectors(
  storage: Storage,
  access: Access,
  space: SpaceId,
  fingerprint: string,
  unit: VectorUnit = 'text',
): Promise<{ readonly missing: readonly MissingRecord[]; readonly asOf: Seq }> {
  const scan = await storage.index.scan(access, space, fingerprint)
  // Nothing was learned of sentences in other languages.
  if (unit === 'sentence' && scan.language !== 'english') return { missing: [], asOf: scan.asOf }
  const complete = completeOf[unit]
  const vectors = scan.vectors.filter(({ count }) => count > 0)
  const present = new Set(vectors.map(numberOfSegment))
  const named = new Named(vectors)
  const missing: MissingRecord[] = []
  let rows = 0
  for (const segment of scan.words) {
    if (complete.get(segment)?.every((number) => present.has(number))) continue
    const beside = besides(segment, vectors)
    for (const one of beside) rows += named.read(one)
    const lacks = addMissing(segment, named, unit, missing)
    if (!lacks) complete.set(segment, beside.map(numberOfSegment))
    rows += segment.count
    if (rows < rowsATime) continue
    rows = 0
    await oneTurn()
  }
  if (unit === 'text') {
    for await (const { kind, ref, seq } of liveEntries(storage, access, space))
      if (!named.hasEntry(seq, ref)) missing.push({ kind, ref, seq })
  }
  return { missing: missing.toSorted((left, right) => left.seq - right.seq), asOf: scan.asOf }
}
