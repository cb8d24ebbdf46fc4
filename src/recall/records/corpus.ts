/** The records in scope: the segments of the searched spaces as columns, and which of their rows count. */
import { type Actor, sameActor } from '../../domain/actor.ts'
import type { Seq } from '../../domain/id.ts'
import { isSupersededFlag, type RecordKind, recordKinds, type WordSegment } from '../../domain/index/word-segment.ts'
import { type RowSum, type SpaceRows, spaceRows } from './block.ts'
import { type Columns, copyColumns, newColumns } from './columns.ts'
import type { Postings } from './postings.ts'
import { ThreadLinks } from './sessions.ts'

/** One space to search: its segments in order of seq, the tail that is in no segment yet packed as the last one. */
interface SearchedSpace {
  readonly segments: readonly WordSegment[]
  /** Only records of the thread that this seq made. */
  readonly thread?: Seq
}

/** Which records count. All of them by default, except superseded facts. */
export interface RecordFilter {
  readonly kinds?: readonly RecordKind[]
  readonly includeSuperseded?: boolean
  readonly author?: Actor
  /** Takes out single records, such as expired ones. */
  readonly isOut?: (segment: WordSegment, i: number) => boolean
}

/** Where a row comes from. */
interface RowPlace {
  /** Index into the searched spaces. */
  readonly space: number
  readonly segment: WordSegment
  readonly i: number
}

/**
 * All rows of the searched spaces, numbered through in the order of spaces and segments. Rows out of scope keep their
 * numbers and count in nothing.
 */
export interface Corpus {
  readonly count: number
  /** 1 for rows in scope. */
  readonly inScope: Uint8Array
  /** How many rows are in scope. */
  readonly scopeCount: number
  /** Words of the rows in scope. */
  readonly scopeLength: number
  readonly columns: Columns
  readonly sessionCount: number
  readonly authors: readonly Actor[]
  /** 1 for each author of a row in scope. */
  readonly speaks: Uint8Array
  readonly segments: readonly WordSegment[]
  /** The first row of each segment, and the count behind the last. */
  readonly firstRows: Uint32Array
  /** The space of each segment. */
  readonly spaces: Uint32Array
  /** Postings by the place of their first segment. */
  readonly postings: ReadonlyMap<number, Postings>
}

const messageKind = 0

/** All spaces' rows behind each other. The rows of a single space are taken as they are. */
function joinSpaces(parts: readonly SpaceRows[]): Omit<SpaceRows, 'postings'> {
  const [first] = parts
  if (parts.length === 1 && first !== undefined) return first
  const count = parts.reduce((sum, part) => sum + part.count, 0)
  const columns = newColumns(count)
  const authors: Actor[] = []
  let offset = 0
  let sessionCount = 0
  for (const part of parts) {
    copyColumns(columns, offset, part.columns, authors.length, sessionCount)
    for (const author of part.authors) authors.push(author)
    offset += part.count
    sessionCount += part.sessionCount
  }
  const sum: RowSum = {
    kinds: parts.reduce((kinds, part) => kinds | part.sum.kinds, 0),
    hasSuperseded: parts.some((part) => part.sum.hasSuperseded),
    length: parts.reduce((length, part) => length + part.sum.length, 0),
  }
  return { count, columns, authors, sessionCount, sum }
}

/** Whether a filter lets all rows in, by what is known of them together. */
function takesAll(sum: RowSum, spaces: readonly SearchedSpace[], filter: RecordFilter): boolean {
  const { kinds, includeSuperseded, author, isOut } = filter
  if (author !== undefined || isOut !== undefined) return false
  if (spaces.some(({ thread }) => thread !== undefined) || (sum.hasSuperseded && includeSuperseded !== true)) {
    return false
  }
  return recordKinds.every((kind, place) => (sum.kinds & (1 << place)) === 0 || (kinds?.includes(kind) ?? true))
}

/** Marks the rows that the filter lets in; says whether it took out messages from between others. */
function markScope(
  corpus: Omit<Corpus, 'scopeCount' | 'scopeLength'>,
  spaces: readonly SearchedSpace[],
  filter: RecordFilter,
) {
  const { columns, inScope, speaks, segments, firstRows } = corpus
  const isKind = recordKinds.map((kind) => filter.kinds?.includes(kind) ?? true)
  const isAuthor = corpus.authors.map((author) => filter.author === undefined || sameActor(author, filter.author))
  let scopeCount = 0
  let scopeLength = 0
  let isCut = false
  for (const [place, segment] of segments.entries()) {
    const thread = spaces[corpus.spaces[place] as number]?.thread
    const first = firstRows[place] as number
    for (let i = 0; i < segment.count; i++) {
      const row = first + i
      const kind = columns.kinds[row] as number
      const isSuperseded = ((columns.flags[row] as number) & isSupersededFlag) !== 0
      if (!isKind[kind] || (isSuperseded && filter.includeSuperseded !== true)) continue
      if (thread !== undefined && columns.threads[row] !== thread) continue
      if (!isAuthor[columns.authors[row] as number] || filter.isOut?.(segment, i) === true) {
        isCut ||= kind === messageKind
        continue
      }
      inScope[row] = 1
      speaks[columns.authors[row] as number] = 1
      scopeCount++
      scopeLength += columns.lengths[row] as number
    }
  }
  return { scopeCount, scopeLength, isCut }
}

/** Links only the messages in scope, as if there were no others. */
function relinked(corpus: Corpus): Corpus {
  const { count, inScope, segments, firstRows, spaces } = corpus
  const columns: Columns = {
    ...corpus.columns,
    previous: new Int32Array(count).fill(-1),
    next: new Int32Array(count).fill(-1),
    sessions: new Int32Array(count).fill(-1),
  }
  let links: ThreadLinks | null = null
  for (const [place, segment] of segments.entries()) {
    if (links === null || spaces[place] !== spaces[place - 1]) {
      links?.finish()
      links = new ThreadLinks(columns, new Map(), links?.sessionCount ?? 0)
    }
    const first = firstRows[place] as number
    for (let row = first; row < first + segment.count; row++)
      if (inScope[row] === 1 && columns.kinds[row] === messageKind) links.add(row)
  }
  links?.finish()
  return { ...corpus, columns, sessionCount: links?.sessionCount ?? 0 }
}

/** The segments of all spaces behind each other, with their first rows, their spaces and their postings. */
function lineUp(spaces: readonly SearchedSpace[], parts: readonly SpaceRows[]) {
  const segments = spaces.length === 1 && spaces[0] ? spaces[0].segments : spaces.flatMap((space) => space.segments)
  const firstRows = new Uint32Array(segments.length + 1)
  for (let i = 0; i < segments.length; i++)
    firstRows[i + 1] = (firstRows[i] as number) + (segments[i] as WordSegment).count
  const places = new Uint32Array(segments.length)
  const postings = new Map<number, Postings>()
  let first = 0
  for (const [i, space] of spaces.entries()) {
    places.fill(i, first, first + space.segments.length)
    let at = first
    for (const some of parts[i]?.postings ?? []) {
      postings.set(at, some)
      at += some.segments.length
    }
    first += space.segments.length
  }
  return { segments, firstRows, spaces: places, postings }
}

/** The records of some spaces that a filter lets in. */
export function corpusOf(spaces: readonly SearchedSpace[], filter: RecordFilter = {}): Corpus {
  const parts = spaces.map(({ segments }) => spaceRows(segments))
  const { count, columns, authors, sessionCount, sum } = joinSpaces(parts)
  const rows = {
    count,
    inScope: new Uint8Array(count),
    columns,
    sessionCount,
    authors,
    speaks: new Uint8Array(authors.length),
    ...lineUp(spaces, parts),
  }
  if (takesAll(sum, spaces, filter)) {
    rows.inScope.fill(1)
    rows.speaks.fill(1)
    return { ...rows, scopeCount: count, scopeLength: sum.length }
  }
  const { isCut, ...scope } = markScope(rows, spaces, filter)
  const corpus = { ...rows, ...scope }
  return isCut ? relinked(corpus) : corpus
}

/** Where a row comes from: its space, its segment and its place in it. */
export function rowPlace(corpus: Corpus, row: number): RowPlace {
  const { firstRows } = corpus
  let low = 0
  let high = corpus.segments.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((firstRows[middle] as number) <= row) low = middle
    else high = middle
  }
  return {
    space: corpus.spaces[low] as number,
    segment: corpus.segments[low] as WordSegment,
    i: row - (firstRows[low] as number),
  }
}

/** The message before a row in its session, in scope; -1 if none. */
export function previousOf(corpus: Corpus, row: number): number {
  return together(corpus, row, corpus.columns.previous[row] as number)
}

/** The message behind a row in its session, in scope; -1 if none. */
export function nextOf(corpus: Corpus, row: number): number {
  return together(corpus, row, corpus.columns.next[row] as number)
}

function together({ columns, inScope }: Corpus, row: number, other: number): number {
  if (other === -1 || inScope[other] === 0) return -1
  return columns.sessions[other] === columns.sessions[row] ? other : -1
}
