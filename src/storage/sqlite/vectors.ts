/** The index of vectors in SQLite: segments of each space, small ones folded into large ones as more come. */
import type { Seq, SpaceId } from '../../domain/id.ts'
import { placeIn } from '../../domain/sorted.ts'
import {
  packVectors,
  segmentVectors,
  shareOutVectors,
  type VectorRecord,
  type VectorSegment,
  vectorRecordAt,
  vectorRefAt,
} from '../../domain/vector-segment.ts'
import { type RecordRef, recordKinds, refAt } from '../../domain/word-segment.ts'
import type { StoredEmbedding, VectorStore } from '../../ports/storage.ts'
import { damagedRecord } from '../stored-json.ts'
import { storedVectors } from '../stored-segments.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import type { EmbeddingColumns, RangeColumns, VectorsColumns } from './statements-index.ts'
import { tailRecords, wordSegment } from './words.ts'

/** Runs work under the write lock, waiting for it as commits do. */
export type Transact = <Result>(work: () => Result) => Promise<Result>

/** A vector segment of fewer vectors is folded with others of its space, once together they fill one. */
const smallSegment = segmentVectors / 2
const entryKind = recordKinds.indexOf('entry')

function embeddingOf([, fingerprint, dimensions, state]: EmbeddingColumns): StoredEmbedding {
  return { fingerprint, dimensions, state: state as StoredEmbedding['state'] }
}

function findEmbedding(database: SqliteDatabase, fingerprint: string): EmbeddingColumns | undefined {
  return database.embeddings().find((columns) => columns[1] === fingerprint)
}

/** A segment of vectors by its number; null if it is gone. */
function vectorSegment(database: SqliteDatabase, number: number): VectorSegment | null {
  return database.vectorSegments.get(number, (k) => {
    const data = database.statements.vectorsByNumber.get(k)?.[0]
    return data === undefined ? null : { segment: storedVectors(data), bytes: data.length }
  })
}

/** The vectors of a space that an embedder has made. */
export function vectorsOf(database: SqliteDatabase, space: CachedSpace, fingerprint: string): VectorSegment[] {
  const embedding = findEmbedding(database, fingerprint)
  if (embedding === undefined) return []
  const [n, , dimensions] = embedding
  const numbers = database.numbersOf(space, n, () => database.statements.vectorNumbers.all(space.n, n))
  const segments: VectorSegment[] = []
  for (const k of numbers) {
    const segment = vectorSegment(database, k)
    if (segment === null) continue
    // Vectors of other lengths cannot be compared.
    if (segment.dimensions !== dimensions) throw damagedRecord('segment of vectors')
    segments.push(segment)
  }
  return segments
}

interface Record extends RecordRef {
  readonly seq: Seq
}

const nameOf = ({ kind, ref, seq }: Record) => `${kind} ${seq} ${ref}`

/** Some records by what they were written by: most of what is compared with them is of other commits. */
interface Asked {
  readonly seqs: ReadonlySet<Seq>
  readonly sorted: Float64Array
}

function askedOf(records: readonly VectorRecord[]): Asked {
  const seqs = new Set(records.map(({ seq }) => seq))
  return { seqs, sorted: Float64Array.from(seqs).sort() }
}

/** The segments that hold any of the seqs asked for, out of those of a range. */
function* segmentsWith<Segment>(
  { sorted }: Asked,
  rangesIn: (least: Seq, most: Seq) => readonly RangeColumns[],
  read: (k: number) => Segment | null,
): Generator<Segment> {
  const [least, most] = [sorted[0], sorted.at(-1)]
  if (least === undefined || most === undefined) return
  for (const [k, first, last] of rangesIn(least, most)) {
    // Found by halving: seqs may be many and far apart.
    const next = sorted[placeIn(sorted, first)]
    const segment = next === undefined || next > last ? null : read(k)
    if (segment !== null) yield segment
  }
}

/** Adds the names of a segment's records that may be among those asked for. */
function addNames(
  names: Set<string>,
  { seqs: asked }: Asked,
  { count, seqs, kinds }: { readonly count: number; readonly seqs: Float64Array; readonly kinds: Uint8Array },
  refOf: (i: number) => string,
): void {
  for (let i = 0; i < count; i++) {
    const seq = seqs[i] as number
    if (!asked.has(seq)) continue
    const kind = recordKinds[kinds[i] as number] as RecordRef['kind']
    names.add(nameOf({ kind, ref: refOf(i), seq }))
  }
}

/** Of some records, those whose content is still the one of that seq. */
function stillCurrent(
  database: SqliteDatabase,
  space: CachedSpace,
  records: readonly VectorRecord[],
): readonly VectorRecord[] {
  const asked = askedOf(records.filter(({ kind }) => kind !== 'entry'))
  const current = new Set<string>()
  for (const record of tailRecords(database, space)) if (asked.seqs.has(record.seq)) current.add(nameOf(record))
  const rangesIn = (least: Seq, most: Seq) => database.statements.wordRanges.all(space.n, least, most)
  for (const segment of segmentsWith(asked, rangesIn, (k) => wordSegment(database, k)))
    addNames(current, asked, segment, (i) => refAt(segment, i))
  return records.filter((record) => {
    if (record.kind !== 'entry') return current.has(nameOf(record))
    const entry = database.entryRow(space, record.ref)
    return entry !== undefined && entry[1] === record.seq && entry[2] === 0
  })
}

/** Of some records, those that have no vectors of that embedder yet. */
function withoutVectors(
  database: SqliteDatabase,
  space: CachedSpace,
  embedding: number,
  records: readonly VectorRecord[],
): readonly VectorRecord[] {
  const asked = askedOf(records)
  const there = new Set<string>()
  const rangesIn = (least: Seq, most: Seq) => database.statements.vectorRanges.all(space.n, least, most, embedding)
  for (const segment of segmentsWith(asked, rangesIn, (k) => vectorSegment(database, k)))
    addNames(there, asked, segment, (i) => vectorRefAt(segment, i))
  return records.filter((record) => !there.has(nameOf(record)))
}

/** Stores records in segments of their own; answers how many of their vectors came into small ones. */
function insertSegments(
  database: SqliteDatabase,
  space: CachedSpace,
  [embedding, , dimensions]: EmbeddingColumns,
  records: readonly VectorRecord[],
): number {
  let small = 0
  for (const share of shareOutVectors(records)) {
    const first = share[0]?.seq ?? 0
    const last = share.at(-1)?.seq ?? 0
    const size = share.reduce((sum, record) => sum + record.vectors.length, 0)
    database.statements.insertVectors.run(space.n, embedding, first, last, size, packVectors(share, dimensions))
    if (size < smallSegment) small += size
  }
  return small
}

function recordsOf(data: Uint8Array): VectorRecord[] {
  const segment = storedVectors(data)
  return Array.from({ length: segment.count }, (_, i) => vectorRecordAt(segment, i))
}

/** Vectors of an embedder in small segments of a space: counted once, then kept up to date while nobody else commits. */
function countSmall(database: SqliteDatabase, space: CachedSpace, embedding: number): number {
  const { small } = space
  if (small?.epoch === database.epoch && small.embedding === embedding) return small.count
  return database.statements.countSmallVectors.get(space.n, embedding, smallSegment)?.[0] ?? 0
}

function putVectors(
  database: SqliteDatabase,
  space: CachedSpace,
  embedding: EmbeddingColumns,
  records: readonly VectorRecord[],
): number {
  const [n] = embedding
  const fresh = withoutVectors(database, space, n, stillCurrent(database, space, records))
  if (fresh.length === 0) return 0
  space.vectorlessEpoch = -1
  let count = countSmall(database, space, n)
  if (count + fresh.reduce((sum, record) => sum + record.vectors.length, 0) < segmentVectors) {
    count += insertSegments(database, space, embedding, fresh)
  } else {
    const small = database.statements.smallVectors.all(space.n, n, smallSegment)
    for (const [k] of small) database.statements.deleteVectors.run(k)
    const folded = small.flatMap((columns) => recordsOf(columns[3]))
    count = insertSegments(database, space, embedding, [...folded, ...fresh])
  }
  space.small = { epoch: database.epoch, embedding: n, count }
  return fresh.length
}

/** Which vectors a change of content takes out. */
export interface VectorRemoval {
  readonly from: Seq
  /** The seq of the content, if known: then only segments that hold it are looked at, if it is there. */
  readonly at?: Seq
  matches(segment: VectorSegment, row: number): boolean
}

/** Takes vectors out of their segments, whichever embedder made them. */
export function removeVectors(database: SqliteDatabase, space: CachedSpace, removal: VectorRemoval): void {
  if (!hasVectors(database, space)) return
  const { vectorsAt, vectorsFrom } = database.statements
  const { at, from } = removal
  if (at !== undefined && removeFrom(database, space, vectorsAt.all(space.n, at, at), removal)) return
  removeFrom(database, space, vectorsFrom.all(space.n, from), removal)
}

/** Takes the vectors of a version of an entry out. */
export function removeEntryVectors(database: SqliteDatabase, space: CachedSpace, key: string, version: Seq): void {
  if (!hasVectors(database, space)) return
  const matches = (segment: VectorSegment, i: number) => segment.refs[i] === key && segment.kinds[i] === entryKind
  removeFrom(database, space, database.statements.vectorsAt.all(space.n, version, version), { from: version, matches })
}

/** Takes the vectors of an entry out, whatever its version. */
export function removeEntryEver(database: SqliteDatabase, space: CachedSpace, key: string): void {
  const matches = (segment: VectorSegment, i: number) => segment.refs[i] === key && segment.kinds[i] === entryKind
  removeVectors(database, space, { from: 0, matches })
}

/** Whether a space has any vectors; that it has none is remembered while nobody else commits. */
function hasVectors(database: SqliteDatabase, space: CachedSpace): boolean {
  if (space.vectorlessEpoch === database.epoch) return false
  if (database.statements.anyVectors.get(space.n) !== undefined) return true
  space.vectorlessEpoch = database.epoch
  return false
}

function removeFrom(
  database: SqliteDatabase,
  space: CachedSpace,
  segments: readonly VectorsColumns[],
  removal: VectorRemoval,
): boolean {
  let hasRemoved = false
  const embeddings = database.statements.embeddings.all()
  for (const [k, , , data, made] of segments) {
    const segment = storedVectors(data)
    const kept: VectorRecord[] = []
    for (let i = 0; i < segment.count; i++) {
      if (!removal.matches(segment, i)) kept.push(vectorRecordAt(segment, i))
    }
    if (kept.length === segment.count) continue
    hasRemoved = true
    space.small = null
    database.statements.deleteVectors.run(k)
    const embedding = embeddings.find(([n]) => n === made)
    if (embedding !== undefined) insertSegments(database, space, embedding, kept)
  }
  return hasRemoved
}

/** Notes that a space has records that may lack vectors, once until a worker has dealt with them. */
export function markWork(database: SqliteDatabase, space: CachedSpace): void {
  if (space.workEpoch === database.epoch) return
  database.statements.openWork.run(space.n)
  space.workEpoch = database.epoch
}

function addEmbedding(database: SqliteDatabase, fingerprint: string, dimensions: number): readonly StoredEmbedding[] {
  const { embeddings, insertEmbedding } = database.statements
  const known = embeddings.all()
  if (!known.some((columns) => columns[1] === fingerprint)) {
    const hasActive = known.some((columns) => columns[3] === 'active')
    insertEmbedding.run(fingerprint, dimensions, hasActive ? 'building' : 'active')
  }
  return embeddings.all().map(embeddingOf)
}

function activate(database: SqliteDatabase, fingerprint: string): void {
  const { embeddings, setEmbeddingState, deleteEmbedding, deleteVectorsOf } = database.statements
  if (findEmbedding(database, fingerprint) === undefined) return
  for (const [n, own] of embeddings.all()) {
    if (own === fingerprint) setEmbeddingState.run('active', n)
    else {
      deleteVectorsOf.run(n)
      deleteEmbedding.run(n)
    }
  }
}

export function vectorStore(database: SqliteDatabase, transact: Transact): VectorStore {
  const { statements, clock } = database
  return {
    embeddings: () => database.read(() => database.embeddings().map(embeddingOf)),
    addEmbedding: (_, { fingerprint, dimensions }) => transact(() => addEmbedding(database, fingerprint, dimensions)),
    activate: (_, fingerprint) => transact(() => activate(database, fingerprint)),
    put: (_, id, fingerprint, records) =>
      transact(() => {
        const space = database.space(id)
        const embedding = findEmbedding(database, fingerprint)
        return space === null || embedding === undefined ? 0 : putVectors(database, space, embedding, records)
      }),
    claimWork: async (_, { owner, leaseMs, limit }) => {
      const find = () => statements.freeWork.all(clock.now(), owner, limit)
      // Looked at often and mostly in vain, so without the write lock first.
      if ((await database.read(find)).length === 0) return []
      return transact(() => {
        const free = find()
        for (const [n] of free) statements.claimWork.run(owner, clock.now() + leaseMs, n)
        return free.map(([, id]) => id as SpaceId)
      })
    },
    finishWork: (_, id, asOf) =>
      transact(() => {
        const space = database.space(id)
        if (space === null || space.state.seq !== asOf) return false
        statements.closeWork.run(space.n)
        space.workEpoch = -1
        return true
      }),
    openWork: () => database.read(() => statements.countWork.get()?.[0] ?? 0),
    releaseWork: (_, owner) =>
      transact(() => {
        statements.releaseWork.run(owner)
      }),
  }
}
