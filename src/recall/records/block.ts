/**
 * The folded segments of a space as one block of columns. Segments never change, so a block is kept as long as its
 * segments are; new ones at the end are added to it, any other change rebuilds it.
 */
import type { Actor } from '../../domain/actor.ts'
import { isSupersededFlag, type WordSegment } from '../../domain/index/word-segment.ts'
import { type Columns, copyColumns, copySegment, newColumns } from './columns.ts'
import { eachPostings, type Postings } from './postings.ts'
import { type LastRows, ThreadLinks } from './sessions.ts'

/** The records of one space, in the order of its segments. */
export interface SpaceRows {
  readonly count: number
  readonly columns: Columns
  readonly authors: readonly Actor[]
  readonly sessionCount: number
  /** Properties of all rows together, so that a filter that accepts all need not test each. */
  readonly sum: RowSum
  /** Of the first segments, one behind the other. */
  readonly postings: readonly Postings[]
}

export interface RowSum {
  /** A bit for each kind that is there. */
  readonly kinds: number
  readonly hasSuperseded: boolean
  /** Words of all rows. */
  readonly length: number
}

/** The same, with what is needed to continue from there. */
interface Block extends SpaceRows {
  readonly segments: readonly WordSegment[]
  readonly lastRows: LastRows
  /** Places in `authors`. */
  readonly places: ReadonlyMap<string, number>
}

const emptyBlock: Block = {
  segments: [],
  count: 0,
  columns: newColumns(0),
  authors: [],
  sessionCount: 0,
  sum: { kinds: 0, hasSuperseded: false, length: 0 },
  postings: [],
  lastRows: new Map(),
  places: new Map(),
}

const messageKind = 0

function authorKey({ kind, id, name }: Actor): string {
  return JSON.stringify([kind, id, name ?? null])
}

/** The authors of a block, and those added after it. */
class AuthorPlaces {
  readonly authors: Actor[]
  readonly added = new Map<string, number>()
  readonly #known: ReadonlyMap<string, number>

  constructor(block: Block) {
    this.authors = [...block.authors]
    this.#known = block.places
  }

  placeOf = (author: Actor): number => {
    const key = authorKey(author)
    const known = this.#known.get(key) ?? this.added.get(key)
    if (known !== undefined) return known
    this.added.set(key, this.authors.length)
    return this.authors.push(author) - 1
  }
}

/** Adds the rows from one on to the properties of those before it. */
function addUp(before: RowSum, { kinds, flags, lengths }: Columns, from: number): RowSum {
  let seen = before.kinds
  let allFlags = 0
  let { length } = before
  for (let row = from; row < kinds.length; row++) {
    seen |= 1 << (kinds[row] as number)
    allFlags |= flags[row] as number
    length += lengths[row] as number
  }
  return { kinds: seen, hasSuperseded: before.hasSuperseded || (allFlags & isSupersededFlag) !== 0, length }
}

/** The rows of a block and of the segments behind it, in columns of their own. */
function extend(block: Block, added: readonly WordSegment[]) {
  const count = added.reduce((sum, segment) => sum + segment.count, block.count)
  const columns = newColumns(count)
  copyColumns(columns, 0, block.columns, 0, 0)
  const places = new AuthorPlaces(block)
  let offset = block.count
  for (const segment of added) {
    copySegment(columns, offset, segment, segment.authorList.map(places.placeOf))
    offset += segment.count
  }
  const links = new ThreadLinks(columns, block.lastRows, block.sessionCount)
  for (let row = block.count; row < count; row++) if (columns.kinds[row] === messageKind) links.add(row)
  links.finish()
  const { authors } = places
  const sum = addUp(block.sum, columns, block.count)
  const rows: SpaceRows = { count, columns, authors, sessionCount: links.sessionCount, sum, postings: block.postings }
  return { rows, links, places }
}

function extendBlock(block: Block, added: readonly WordSegment[]): Block {
  const { rows, links, places } = extend(block, added)
  const segments = [...block.segments, ...added]
  return {
    ...rows,
    segments,
    postings: [...block.postings, ...eachPostings(segments, block.postings.length)],
    lastRows: links.lastRows(),
    places: new Map([...block.places, ...places.added]),
  }
}

/** Blocks by their first segment: they live no longer than it. */
const blocks = new WeakMap<WordSegment, Block>()

/** The block that is known of the first of some segments. */
function knownBlock(folded: readonly WordSegment[]): Block {
  const [first] = folded
  const known = first === undefined ? undefined : blocks.get(first)
  return known?.segments.every((segment, i) => segment === folded[i]) ? known : emptyBlock
}

/**
 * Makes what takes long of a space's rows ahead, some at each step, so that the caller may give the event loop its turn in
 * between. {@link spaceRows} makes the rest.
 */
export function* prepareRows(segments: readonly WordSegment[]): Generator<unknown> {
  const folded = segments.slice(0, -1)
  const known = knownBlock(folded)
  if (known.segments.length < folded.length) yield* eachPostings(folded, known.postings.length)
}

/** The block of segments that are all folded: the one that is known, as far as it goes. */
function blockOf(folded: readonly WordSegment[]): Block {
  const [first] = folded
  if (first === undefined) return emptyBlock
  const start = knownBlock(folded)
  if (start.segments.length === folded.length) return start
  const block = extendBlock(start, folded.slice(start.segments.length))
  blocks.set(first, block)
  return block
}

/** Rows by their last segment, with the block before it. */
const whole = new WeakMap<WordSegment, { readonly block: Block; readonly rows: SpaceRows }>()

/** The rows of a space's segments. The last one is the tail, another after each write, so blocks end before it. */
export function spaceRows(segments: readonly WordSegment[]): SpaceRows {
  const last = segments.at(-1)
  if (last === undefined) return emptyBlock
  const block = blockOf(segments.slice(0, -1))
  const known = whole.get(last)
  if (known?.block === block) return known.rows
  const { rows } = extend(block, [last])
  whole.set(last, { block, rows })
  return rows
}
