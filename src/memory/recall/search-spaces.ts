/** The searched part of a recall: scans spaces, embeds the question, and ranks what is in scope. */
import { setImmediate as oneTurn } from 'node:timers/promises'
import type { Indexer } from '../../derive/indexer.ts'
import { recordPieces } from '../../derive/record-text.ts'
import type { Access } from '../../domain/actor.ts'
import type { Seq, SpaceId, SpaceKey } from '../../domain/id.ts'
import { type RecordKind, type RecordRef, recordKinds, refAt } from '../../domain/index/word-segment.ts'
import type { Language } from '../../domain/language.ts'
import type { GateMode } from '../../domain/question-gate.ts'
import type { FoundRecord, Storage } from '../../ports/storage.ts'
import { type AskedAt, type Plan, planOf } from '../../recall/question/plan.ts'
import type { RecallMode } from '../../recall/question.ts'
import { rank } from '../../recall/rank.ts'
import type { Ranking } from '../../recall/ranking.ts'
import { prepareRows } from '../../recall/records/block.ts'
import { type Corpus, corpusOf, rowPlace } from '../../recall/records/corpus.ts'
import { nearestPiece } from '../../recall/vectors/similarity.ts'
import type { Degraded } from '../answers/recollection.ts'
import type { Core } from '../door/core.ts'
import { meaningOf, type ScannedSpace, wordsOnly } from './meaning.ts'
import { demotionsOf } from './old-values.ts'
import { outsideOf, type Period } from './period.ts'

interface SearchQuery {
  readonly spaces: readonly SpaceId[]
  readonly question: string
  readonly mode: RecallMode
  readonly gate: GateMode
  readonly kinds: readonly RecordKind[]
  /** Only messages of this thread, which is in the first space. */
  readonly threadId?: string
  readonly includeSuperseded?: boolean
  /** Only records of this time. */
  readonly period?: Period | null
  /** When it is asked. Default: now, in UTC. */
  readonly askedAt?: AskedAt
  /** Rows to rank. */
  readonly limit: number
  readonly topK: number
}

export interface Search {
  readonly corpus: Corpus
  readonly plan: Plan
  /** Language of the first space, which the question is read in. */
  readonly language: Language
  readonly ranking: Ranking
  readonly asOf: Readonly<Record<string, Seq>>
  /** Key of the first existing space; null if none exists. */
  readonly key: SpaceKey | null
  /** Key of each searched space; null if it does not exist. */
  readonly keys: readonly (SpaceKey | null)[]
  readonly degraded: readonly Degraded[]
  readonly pending: number
  /** The piece of a record's text with the nearest meaning; null if meanings were not compared. */
  readonly nearestPiece: (row: number, record: FoundRecord) => string | null
}

/** Longest question that is embedded and searched for, UTF-16 units. */
const longestQuestion = 10_000

/** Longest time of work before the event loop gets its turn, milliseconds. */
const sliceMs = 5

/** Does the steps of some work, and pauses where they take long. */
async function inSlices(steps: Iterable<unknown>): Promise<void> {
  let until = performance.now() + sliceMs
  for (const _ of steps) {
    if (performance.now() < until) continue
    await oneTurn()
    until = performance.now() + sliceMs
  }
}

async function scanSpace(
  storage: Storage,
  access: Access,
  id: SpaceId,
  query: SearchQuery,
  { fingerprint, sentencesUnder }: Ready,
): Promise<ScannedSpace> {
  const scan = await storage.index.scan(access, id, fingerprint)
  const bySentence = sentencesUnder === null ? null : await storage.index.scan(access, id, sentencesUnder)
  const takesEntries = query.kinds.includes('entry') && scan.key !== null
  const entries = takesEntries ? await storage.index.entryWords(access, id) : []
  // What changes most often comes last: what was made of the segments before it is kept.
  const segments = [...entries, ...scan.words]
  await inSlices(prepareRows(segments))
  return { id, scan, segments, sentences: bySentence?.vectors ?? null }
}

interface Ready {
  readonly indexer: Indexer | null
  readonly fingerprint: string | null
  /** What the vectors of sentences are stored under; null where they are not compared. */
  readonly sentencesUnder: string | null
  readonly degraded: readonly Degraded[]
}

const notReady = (degraded: readonly Degraded[]): Ready => ({
  indexer: null,
  fingerprint: null,
  sentencesUnder: null,
  degraded,
})

/** The reason why vectors cannot be compared; otherwise the fingerprint to look them up by. */
async function embedderFor(core: Core, mode: RecallMode): Promise<Ready> {
  if (mode === 'keyword') return notReady([])
  const indexer = await core.storage.indexer()
  if (indexer === null) return notReady(['no-embedder'])
  const active = await indexer.active()
  if (active === 'other') return notReady(['embedder-mismatch'])
  if (active === 'none') return { indexer, fingerprint: '', sentencesUnder: null, degraded: [] }
  const { fingerprint } = active
  const sentencesUnder = mode === 'hybrid' ? await indexer.sentences.storedUnder(fingerprint) : null
  return { indexer, fingerprint, sentencesUnder, degraded: [] }
}

/** Ranks the records of some spaces for a question. */
export async function searchSpaces(core: Core, query: SearchQuery): Promise<Search> {
  const storage = await core.storage.get()
  const { access } = core
  // A cut through a character leaves half of it, which nothing accepts.
  const question = query.question.slice(0, longestQuestion).toWellFormed()
  const ready = await embedderFor(core, query.mode)
  const { indexer, degraded } = ready
  const scanned = await Promise.all(query.spaces.map((id) => scanSpace(storage, access, id, query, ready)))
  const thread = query.threadId === undefined ? undefined : await threadSeq(storage, access, query)
  const spaces = scanned.map(({ segments }) => ({ segments, ...(thread === undefined ? {} : { thread }) }))
  const filter = {
    kinds: query.kinds,
    ...(query.includeSuperseded === true ? { includeSuperseded: true } : {}),
    ...(query.period == null ? {} : { isOut: outsideOf(query.period) }),
  }
  const corpus = corpusOf(spaces, filter)
  const language = scanned[0]?.scan.language ?? 'english'
  const { askedAt = { nowMs: core.storage.clock.now(), timeZone: 'UTC' } } = query
  const plan = planOf(corpus, question, language, askedAt)
  const takesMeaning = indexer !== null && corpus.scopeCount > 0 && (!plan.isListing || plan.isBareTime)
  const meaning = takesMeaning ? await meaningOf(core, indexer, plan, corpus, scanned) : wordsOnly
  const { similarities, sentences, nearness } = meaning
  const { mode, gate, limit, topK } = query
  const ask = {
    plan,
    mode,
    gate,
    matchesOnly: mode === 'keyword' || gate !== 'off',
    similarities,
    sentences,
    nearness,
    limit,
    topK,
  }
  const first = rank(corpus, ask)
  const { spaces: ids, kinds } = query
  const demotions = await demotionsOf({ storage, access, spaces: ids, kinds, corpus, ranking: first })
  const cut: Degraded[] = question.length < query.question.length ? ['query-cut'] : []
  return {
    corpus,
    plan,
    language,
    ranking: demotions.size === 0 ? first : rank(corpus, { ...ask, demotions }),
    asOf: Object.fromEntries(scanned.map(({ id, scan }) => [id, scan.asOf])),
    keys: scanned.map(({ scan }) => scan.key),
    key: scanned.find(({ scan }) => scan.key !== null)?.scan.key ?? null,
    degraded: [...degraded, ...meaning.degraded, ...cut],
    pending: meaning.pending,
    nearestPiece: (row, record) => {
      if (indexer === null || meaning.query === null) return null
      const { space, segment, i } = rowPlace(corpus, row)
      const piece = nearestPiece(segment, i, scanned[space]?.scan.vectors ?? [], meaning.query)
      return piece === null ? null : (recordPieces(record, indexer.embedder)[piece] ?? null)
    },
  }
}

/** The seq that created the thread; a seq that no thread has if it does not exist. */
async function threadSeq(storage: Storage, access: Access, { spaces, threadId }: SearchQuery): Promise<Seq> {
  const [space] = spaces
  if (space === undefined || threadId === undefined) return -1
  return (await storage.threads.get(access, space, threadId)).record?.createdSeq ?? -1
}

/** A record by its reference, in one of the searched spaces. */
export interface RowRef extends RecordRef {
  /** Index into the searched spaces. */
  readonly space: number
}

/** The record of a row. */
export function refOfRow(corpus: Corpus, row: number): RowRef {
  const { space, segment, i } = rowPlace(corpus, row)
  return { kind: recordKinds[segment.kinds[i] as number] as RecordKind, ref: refAt(segment, i), space }
}
