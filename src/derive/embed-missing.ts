/** Embeds the records of a space that have no vectors, until none is left that can be embedded now. */
import { setImmediate as oneTurn } from 'node:timers/promises'
import type { Access } from '../domain/actor.ts'
import type { Seq, SpaceId } from '../domain/id.ts'
import type { Embedder } from '../ports/embedder.ts'
import type { Storage } from '../ports/storage.ts'
import { embedRecords, type Failures } from './embed-records.ts'
import { type MissingRecord, missingVectors } from './missing.ts'
import type { VectorUnit } from './sentences.ts'

export const indexerAccess: Access = { actor: { kind: 'system', id: 'indexer' }, grants: 'all' }

/** Records between two writes of vectors. */
const recordsAtOnce = 32

/** The embedding of the records of a database, and its time limit. */
export interface EmbeddingWork {
  readonly storage: Storage
  readonly embedder: Embedder
  readonly failures: Failures
  readonly signal: AbortSignal
  readonly unit: VectorUnit
}

interface EmbeddedSpace {
  /** The records without vectors: none that can be embedded, some to try later, or some that stay missing. */
  readonly left: 'none' | 'later' | 'stuck'
  /** The seq of the space at the last pass. */
  readonly asOf: Seq
}

/** @param onBatch Called after each write of vectors, with the number of records in it. */
export async function embedMissing(
  embedding: EmbeddingWork,
  space: SpaceId,
  fingerprint: string,
  onBatch: (stored: number) => void | Promise<void>,
): Promise<EmbeddedSpace> {
  const { storage, failures, unit } = embedding
  for (let [left, leftAt] = [Number.POSITIVE_INFINITY, -1]; ; ) {
    // An embedder that answers at once would hold everything up from the first space to the last.
    await oneTurn()
    const { missing, asOf } = await missingVectors(storage, indexerAccess, space, fingerprint, unit)
    const duties = missing.map((record) => failures.duty(space, record))
    const open = missing.filter((_, i) => duties[i] === 'now')
    if (open.length === 0) return { left: duties.includes('later') ? 'later' : 'none', asOf }
    // A second pass finds what others changed or stored in the meantime. Without a change the number must fall each
    // time: a damaged record may lack its vectors however often they are stored.
    if (asOf === leftAt && open.length >= left) return { left: 'stuck', asOf }
    ;[left, leftAt] = [open.length, asOf]
    await embedAll(embedding, space, fingerprint, open, onBatch)
  }
}

async function embedAll(
  { storage, embedder, failures, signal, unit }: EmbeddingWork,
  space: SpaceId,
  fingerprint: string,
  open: readonly MissingRecord[],
  onBatch: (stored: number) => void | Promise<void>,
): Promise<void> {
  const work = { space, embedder, failures, signal, unit }
  for (let start = 0; start < open.length; start += recordsAtOnce) {
    signal.throwIfAborted()
    const batch = open.slice(start, start + recordsAtOnce)
    await onBatch(await embedRecords(storage, indexerAccess, fingerprint, batch, work))
    await oneTurn()
  }
}
