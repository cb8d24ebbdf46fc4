/** The words of entries in SQLite: what this process has analysed, brought up to date by the log. */
import { setImmediate as oneTurn } from 'node:timers/promises'
import type { SpaceId } from '../../domain/id.ts'
import { addEntryKeys, EntryWords } from '../../domain/index/entry-words.ts'
import type { WordSegment } from '../../domain/index/word-segment.ts'
import { isoTime } from '../../domain/time.ts'
import { sliceMs } from '../collected-segments.ts'
import type { ReadEntries } from '../entry-cache.ts'
import { entryOf } from '../rows/entry-rows.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import { textAfter } from './text-after.ts'
import { rowsBetween } from './view.ts'

/** Entries that are read at once. */
const entriesTogether = 32
/** So many commits are read again at most; after more of them, all entries are. */
const commitsTogether = 500

/** Reads on; whether all were read before the time was up. */
function readOn(database: SqliteDatabase, space: CachedSpace, read: ReadEntries): boolean {
  const until = performance.now() + sliceMs
  const now = database.clock.now()
  const { entriesInRange } = database.statements
  while (read.after !== null) {
    const rows = entriesInRange.all(space.n, '', read.after, textAfter(''), now, entriesTogether)
    for (const columns of rows) read.words.put(entryOf(columns))
    read.words.pack()
    read.after = rows.length < entriesTogether ? null : (rows.at(-1)?.[0] ?? null)
    if (performance.now() > until) return read.after === null
  }
  return true
}

/** Takes in what was committed since; false if that is too much, or not to be seen from the log. */
function catchUp(database: SqliteDatabase, space: CachedSpace, read: ReadEntries): boolean {
  const { seq, horizon } = space.state
  if (read.asOf === seq) return true
  if (read.asOf < horizon || seq - read.asOf > commitsTogether) return false
  const keys = new Set<string>()
  for (const { effects } of rowsBetween(database, space.n, read.asOf, seq)) {
    if (!addEntryKeys(effects, keys)) return false
  }
  for (const key of keys) {
    const columns = database.entryRow(space, key)
    if (columns === undefined) read.words.drop(key)
    else read.words.put(entryOf(columns))
  }
  read.asOf = seq
  return true
}

/** What is known of the entries of a space, in the cache or by the caller; otherwise a beginning. */
function knownOf(database: SqliteDatabase, space: CachedSpace, own: ReadEntries | null): ReadEntries {
  const { key, seq, settings } = space.state
  const { language } = settings
  const now = database.clock.now()
  for (const known of [database.entryWords.get(space.n), own]) {
    // A clock that has gone back finds entries again that had expired.
    const isRight = known !== null && known.key === key && known.words.language === language && known.seenMs <= now
    if (isRight) return known
  }
  return { key, words: new EntryWords(language), asOf: seq, after: '', seenMs: now }
}

interface Slice {
  /** null if there is more to do. */
  readonly words: readonly WordSegment[] | null
  /** What to go on with: the cache may have no room for it. */
  readonly read: ReadEntries | null
}

/** One slice of the work. Runs in a snapshot. */
function nextSlice(database: SqliteDatabase, id: SpaceId, own: ReadEntries | null): Slice {
  const space = database.space(id)
  if (space === null) return { words: [], read: null }
  const read = knownOf(database, space, own)
  read.seenMs = database.clock.now()
  database.entryWords.set(space.n, read)
  if (!readOn(database, space, read)) return { words: null, read }
  if (!catchUp(database, space, read)) {
    database.entryWords.delete(space.n)
    return { words: null, read: null }
  }
  database.entryWords.set(space.n, read)
  const now = database.clock.now()
  read.seenMs = Math.max(read.seenMs, now)
  return { words: read.words.segments(isoTime(now)), read }
}

/** The words of the entries of a space that are present. Makes them in slices. */
export async function entryWords(database: SqliteDatabase, id: SpaceId): Promise<readonly WordSegment[]> {
  for (let own: ReadEntries | null = null; ; ) {
    const { words, read } = await database.read(() => nextSlice(database, id, own))
    if (words !== null) return words
    own = read
    await oneTurn()
  }
}
