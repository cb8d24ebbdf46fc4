/** The index of vectors in SQLite: segments of each space, small ones folded into large ones as more come. */
import type { Seq, SpaceId } from '../../domain/id.ts'
import { type AskedRecords, addNames, askedOf, mayHold, nameOf, rangeOf } from '../../domain/index/asked-records.ts'
import { fillsSegment, foldVectors, smallSegment } from '../../domain/index/fold-vectors.ts'
import type { IndexPlan, PackedVectors } from '../../domain/index/plan.ts'
import type { Removal } from '../../domain/index/removal.ts'
import { type ReadVectors, removeFromVectors } from '../../domain/index/remove-records.ts'
import { type VectorRecord, type VectorSegment, vectorRefAt } from '../../domain/index/vector-segment.ts'
import { refAt } from '../../domain/index/word-segment.ts'
import type { StoredEmbedding, VectorStore } from '../../ports/storage.ts'
import { damagedRecord } from '../stored-json.ts'
import { storedVectors } from '../stored-segments.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import type { EmbeddingColumns, RangeColumns, VectorsColumns } from './statements-index.ts'
import { tailRecords, wordSegment } from './words.ts'

/** Runs work under the write lock, waiting for it as commits do. */
type Transact = <Result>(work: () => Result) => Promise<Result>

function embeddingOf([, fingerprint, dimensions, state]: EmbeddingColumns): StoredEmbedding {
  return { fingerprint, dimensions, state: state as StoredEmbedding['state'] }
}

function findEmbedding(database: SqliteDatabase, fingerprint: string): EmbeddingColumns | undefined {
  return database.embeddings().find((columns) => columns[1] === fingerprint)
}

/** A segment of vectors by its number; null if it is gone. */
export function vectorSegment(database: SqliteDatabase, number: number): VectorSegment | null {
  return database.vectorSegments.get(number, (k) => {
    const data = database.statements.vectorsByNumber.get(k)?.[0]
    return data === undefined ? null : { segment: storedVectors(data), bytes: data.length + 1_000 }
  })
}

/** The vectors of a space that an embedder has made; null if `collect` has not read them all yet. */
export function vectorsOf(
  database: SqliteDatabase,
  space: CachedSpace,
  fingerprint: string,
  collect: (numbers: readonly number[]) => VectorSegment[] | null,
): VectorSegment[] | null {
  const embedding = findEmbedding(database, fingerprint)
  if (embedding === undefined) return []
  const [n, , dimensions] = embedding
  const segments = collect(database.numbersOf(space, n, () => database.statements.vectorNumbers.all(space.n, n)))
  // Vectors of other lengths cannot be compared.
  if (segments?.some((segment) => segment.dimensions !== dimensions)) throw damagedRecord('segment of vectors')
  return segments
}

/** The segments that may hold records asked for, out of those of a range. */
function* segmentsWith<Segment>(
  asked: AskedRecords,
  rangesIn: (least: Seq, most: Seq) => readonly RangeColumns[],
  read: (k: number) => Segment | null,
): Generator<Segment> {
  const range = rangeOf(asked)
  if (range === null) return
  for (const [k, first, last] of rangesIn(range.least, range.most)) {
    const segment = mayHold(asked, first, last) ? read(k) : null
    if (segment !== null) yield segment
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

function write({ statements }: SqliteDatabase, space: CachedSpace, plan: IndexPlan<PackedVectors>): void {
  for (const number of plan.delete) statements.deleteVectors.run(number)
  for (const { embedding, first, last, size, data } of plan.insert)
    statements.insertVectors.run(space.n, embedding, first, last, size, data)
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
  [n, , dimensions]: EmbeddingColumns,
  records: readonly VectorRecord[],
): number {
  const fresh = withoutVectors(database, space, n, stillCurrent(database, space, records))
  if (fresh.length === 0) return 0
  space.vectorlessEpoch = -1
  const count = countSmall(database, space, n)
  const segments = fillsSegment(fresh, count)
    ? new Map(database.statements.smallVectors.all(space.n, n, smallSegment).map(([k, , , d]) => [k, storedVectors(d)]))
    : null
  const plan = foldVectors(fresh, { number: n, dimensions }, count, segments)
  write(database, space, plan)
  space.small = { epoch: database.epoch, embedding: n, count: plan.small }
  return fresh.length
}

/** Removes vectors from their segments, of any embedder. */
export function removeVectors(database: SqliteDatabase, space: CachedSpace, removal: Removal): void {
  if (!hasVectors(database, space)) return
  const { vectorsAt, vectorsFrom } = database.statements
  const { at, from } = removal
  if (at !== undefined && removeFrom(database, space, vectorsAt.all(space.n, at, at), removal)) return
  if (!removal.isExact) removeFrom(database, space, vectorsFrom.all(space.n, from), removal)
}

/** Whether a space has any vectors; that it has none is remembered while nobody else commits. */
function hasVectors(database: SqliteDatabase, space: CachedSpace): boolean {
  if (space.vectorlessEpoch === database.epoch) return false
  if (database.statements.anyVectors.get(space.n) !== undefined) return true
  space.vectorlessEpoch = database.epoch
  return false
}

/** Read one at a time, since there may be many. */
function* readEach(database: SqliteDatabase, segments: readonly VectorsColumns[]): Generator<ReadVectors> {
  const dimensionsOf = new Map(database.statements.embeddings.all().map(([n, , dimensions]) => [n, dimensions]))
  for (const [number, , , data, embedding] of segments) {
    yield { number, embedding, dimensions: dimensionsOf.get(embedding) ?? null, segment: storedVectors(data) }
  }
}

/** Whether any of the segments held one of the records. */
function removeFrom(
  database: SqliteDatabase,
  space: CachedSpace,
  segments: readonly VectorsColumns[],
  removal: Removal,
): boolean {
  const plan = removeFromVectors(readEach(database, segments), removal)
  if (plan.delete.length === 0) return false
  space.small = null
  write(database, space, plan)
  return true
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
      const find = () => statements.freeWork.all(clock.now(), leaseMs, owner, limit)
      // Checked often and mostly in vain, so first without the write lock.
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
