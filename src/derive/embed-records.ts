/**
 * Makes the vectors of records: in batches, and one by one if a batch fails, so that a bad text does not stop others.
 */
import type { Access } from '../domain/actor.ts'
import type { SpaceId } from '../domain/id.ts'
import { quantise, type VectorRecord } from '../domain/index/vector-segment.ts'
import type { Embedder } from '../ports/embedder.ts'
import type { FoundRecord, Storage } from '../ports/storage.ts'
import type { MissingRecord } from './missing.ts'
import { recordPieces } from './record-text.ts'
import { sentencePieces, type VectorUnit } from './sentences.ts'

/** Attempts after which a record is skipped. */
const attemptsAllowed = 5
/** Milliseconds from the first attempt to the second; each pause after it is twice as long. */
const firstPauseMs = 100
/** An embedder that takes longer for one call is down, milliseconds. */
export const longestCallMs = 300_000

/** A text that every embedder accepts: if even this fails, the embedder is at fault and not the record. */
const plainText = 'ready'

/** The embedder does not answer: nothing is wrong with the records, and nothing can be done now. */
export class EmbedderDown extends Error {}

/** What the embedder said. */
export function causeOf(error: unknown): unknown {
  return error instanceof EmbedderDown ? error.cause : error
}

interface Failure {
  readonly attempts: number
  /** When to try again, on the clock of `performance`. */
  readonly notBefore: number
}

/** Records that are not embedded now: those that failed although the embedder works, and those without text. */
export class Failures {
  readonly #failures = new Map<string, Failure>()
  readonly #empty = new Set<string>()

  #name(space: SpaceId, { kind, ref, seq }: MissingRecord): string {
    return `${space} ${kind} ${seq} ${ref}`
  }

  /** Whether to embed a record: at once, later because it failed a moment ago, or not at all. */
  duty(space: SpaceId, record: MissingRecord): 'now' | 'later' | 'never' {
    const name = this.#name(space, record)
    const { attempts, notBefore } = this.#failures.get(name) ?? { attempts: 0, notBefore: 0 }
    if (attempts >= attemptsAllowed || this.#empty.has(name)) return 'never'
    return performance.now() < notBefore ? 'later' : 'now'
  }

  count(space: SpaceId, record: MissingRecord): void {
    const name = this.#name(space, record)
    const attempts = (this.#failures.get(name)?.attempts ?? 0) + 1
    this.#failures.set(name, { attempts, notBefore: performance.now() + firstPauseMs * 2 ** (attempts - 1) })
  }

  /** Skips a record that is gone or has no text. */
  leaveOut(space: SpaceId, record: MissingRecord): void {
    this.#empty.add(this.#name(space, record))
  }

  /** Records that are skipped because they failed. */
  get size(): number {
    return [...this.#failures.values()].filter(({ attempts }) => attempts >= attemptsAllowed).length
  }

  /** Milliseconds until the next record may be tried again; null if none waits for that. */
  get pauseMs(): number | null {
    const waiting = [...this.#failures.values()].filter(({ attempts }) => attempts < attemptsAllowed)
    if (waiting.length === 0) return null
    return Math.max(0, Math.min(...waiting.map(({ notBefore }) => notBefore)) - performance.now())
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
  readonly unit: VectorUnit
}

const background = { purpose: 'record', isBackground: true } as const

async function embedTexts(
  { embedder, signal }: Work,
  texts: readonly string[],
): Promise<readonly VectorRecord['vectors'][number][]> {
  const late = AbortSignal.timeout(longestCallMs)
  try {
    const vectors = await embedder.embed(texts, { ...background, signal: AbortSignal.any([signal, late]) })
    return vectors.map(quantise)
  } catch (error) {
    if (late.aborted) throw new EmbedderDown('The embedder does not answer.', { cause: error })
    throw error
  }
}

/** Throws if further attempts are useless: the work is stopped, or the embedder is down. */
function rethrowIfOver({ signal }: Work, error: unknown): void {
  signal.throwIfAborted()
  if (error instanceof EmbedderDown) throw error
}

/** The vectors of one record whose batch failed; null if it fails alone too, while the embedder works. */
async function embedAlone(work: Work, record: MissingRecord, texts: readonly string[]): Promise<VectorRecord | null> {
  try {
    return { ...record, vectors: await embedTexts(work, texts) }
  } catch (error) {
    rethrowIfOver(work, error)
    await embedTexts(work, [plainText]).catch(() => {
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
  } catch (error) {
    rethrowIfOver(work, error)
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

/**
 * The texts of some records. Records without text, or that are gone (such as expired facts), are skipped from now on.
 */
function piecesFor(
  records: readonly MissingRecord[],
  found: readonly (FoundRecord | null)[],
  { space, embedder, failures, unit }: Work,
): Piece[] {
  const piecesOf = unit === 'text' ? recordPieces : sentencePieces
  return records.flatMap((record, index) => {
    const content = found[index] ?? null
    const texts = content === null ? [] : piecesOf(content, embedder)
    const needsNone = unit === 'sentence' && content !== null
    if (texts.length === 0 && !needsNone) failures.leaveOut(space, record)
    return texts.map((text) => ({ record, text }))
  })
}

/** Messages that are one sentence: that they have no vectors of others is stored too, so that nobody looks for them again. */
function singleSentences(
  records: readonly MissingRecord[],
  found: readonly (FoundRecord | null)[],
  { embedder, unit }: Work,
): VectorRecord[] {
  if (unit === 'text') return []
  return records.flatMap((record, index) => {
    const content = found[index] ?? null
    return content !== null && sentencePieces(content, embedder).length === 0 ? [{ ...record, vectors: [] }] : []
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
  const pieces = piecesFor(records, found, work)
  const made = singleSentences(records, found, work)
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
