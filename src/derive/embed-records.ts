/** Making the vectors of records: in batches, and alone where a batch fails, so that one bad text holds up no other. */
import type { Access } from '../domain/actor.ts'
import type { SpaceId } from '../domain/id.ts'
import { quantise, type VectorRecord } from '../domain/vector-segment.ts'
import type { Embedder } from '../ports/embedder.ts'
import type { FoundRecord, Storage } from '../ports/storage.ts'
import type { MissingRecord } from './missing.ts'
import { piecesOf } from './record-text.ts'

/** Attempts after which a record is passed over. */
const attemptsAllowed = 5

/** A text that every embedder takes: where even this fails, the embedder is at fault and not the record. */
const plainText = 'ready'

/** The embedder does not answer: nothing is wrong with the records, and nothing can be done now. */
export class EmbedderDown extends Error {}

/** Records that failed though the embedder works, with their attempts. */
export class Failures {
  readonly #attempts = new Map<string, number>()

  #name(space: SpaceId, { kind, ref, seq }: MissingRecord): string {
    return `${space} ${kind} ${seq} ${ref}`
  }

  isPassedOver(space: SpaceId, record: MissingRecord): boolean {
    return (this.#attempts.get(this.#name(space, record)) ?? 0) >= attemptsAllowed
  }

  count(space: SpaceId, record: MissingRecord): void {
    const name = this.#name(space, record)
    this.#attempts.set(name, (this.#attempts.get(name) ?? 0) + 1)
  }

  /** Records that are passed over. */
  get size(): number {
    return [...this.#attempts.values()].filter((attempts) => attempts >= attemptsAllowed).length
  }
}

interface Piece {
  readonly record: MissingRecord
  readonly text: string
}

interface Work {
  readonly space: SpaceId
  readonly embedder: Embedder
  readonly failures: Failures
  readonly signal: AbortSignal
}

async function embedTexts(
  { embedder, signal }: Work,
  texts: readonly string[],
): Promise<readonly VectorRecord['vectors'][number][]> {
  const vectors = await embedder.embed(texts, { purpose: 'record', signal })
  return vectors.map(quantise)
}

/** The vectors of one record whose batch failed; null if it fails alone too, while the embedder works. */
async function embedAlone(work: Work, record: MissingRecord, texts: readonly string[]): Promise<VectorRecord | null> {
  try {
    return { ...record, vectors: await embedTexts(work, texts) }
  } catch (error) {
    work.signal.throwIfAborted()
    await work.embedder.embed([plainText], { purpose: 'record', signal: work.signal }).catch(() => {
      throw new EmbedderDown('The embedder fails.', { cause: error })
    })
    work.failures.count(work.space, record)
    return null
  }
}

/** The vectors of some records that are sent together. */
async function embedTogether(work: Work, pieces: readonly Piece[]): Promise<readonly VectorRecord[]> {
  const byRecord = Map.groupBy(pieces, ({ record }) => record)
  try {
    const vectors = await embedTexts(
      work,
      pieces.map(({ text }) => text),
    )
    let at = 0
    return [...byRecord].map(([record, own]) => {
      at += own.length
      return { ...record, vectors: vectors.slice(at - own.length, at) }
    })
  } catch {
    work.signal.throwIfAborted()
    const records: VectorRecord[] = []
    for (const [record, own] of byRecord) {
      const made = await embedAlone(
        work,
        record,
        own.map(({ text }) => text),
      )
      if (made !== null) records.push(made)
    }
    return records
  }
}

function piecesFor(
  records: readonly MissingRecord[],
  found: readonly (FoundRecord | null)[],
  embedder: Embedder,
): Piece[] {
  return records.flatMap((record, index) => {
    const content = found[index]
    return content == null ? [] : piecesOf(content, embedder).map((text) => ({ record, text }))
  })
}

/** Embeds and stores some records of a space. Answers how many were stored. */
export async function embedRecords(
  storage: Storage,
  access: Access,
  fingerprint: string,
  records: readonly MissingRecord[],
  work: Work,
): Promise<number> {
  const found = await storage.index.read(access, work.space, records)
  const pieces = piecesFor(records, found, work.embedder)
  const made: VectorRecord[] = []
  const size = Math.max(1, work.embedder.batchSize)
  for (let start = 0; start < pieces.length; ) {
    let end = Math.min(start + size, pieces.length)
    // All pieces of a record go together, so that its vectors are stored at once.
    while (end < pieces.length && pieces[end]?.record === pieces[end - 1]?.record) end += 1
    made.push(...(await embedTogether(work, pieces.slice(start, end))))
    start = end
  }
  return made.length === 0 ? 0 : storage.vectors.put(access, work.space, fingerprint, made)
}
