/** Finds the commits with given texts in a long log, one stretch at a time, before the transaction that needs them. */
import { setImmediate as oneTurn } from 'node:timers/promises'
import { isErasePart } from '../../domain/apply/apply.ts'
import type { Commit } from '../../domain/commit/commit.ts'
import type { Seq, SpaceKey } from '../../domain/id.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'
import { isBusy, toMemoryError } from './sqlite-error.ts'

/** Longest time one stretch takes, milliseconds. */
const stretchMs = 5
/** A log with fewer commits is searched in the transaction. */
const shortLog = 2_000

/** Seqs of commits in whose effects a text stands as a whole JSON string, by text. */
export type HeldTexts = ReadonlyMap<string, Set<Seq>>

/** The commits that a search found, and the part of the log that was searched. */
export interface LookedAhead {
  readonly key: SpaceKey
  readonly horizon: Seq
  readonly upTo: Seq
  readonly held: HeldTexts
}

/** The texts that an erasure names. */
function textsOf(commit: Commit): readonly string[] {
  const [change] = commit.changes
  if (change?.kind !== 'erase') return []
  const { threadIds = [], messageIds = [], keys = [], blocks = [] } = change
  return [...threadIds, ...messageIds, ...keys, ...blocks.map(({ name }) => name)]
}

/** Notes which of the texts are in a row, in their JSON form. */
function note(json: string, seq: Seq, wanted: ReadonlyMap<string, Set<Seq>>, lengths: ReadonlySet<number>): void {
  for (let start = json.indexOf('"'); start >= 0; ) {
    let end = json.indexOf('"', start + 1)
    while (end > 0 && isEscaped(json, end)) end = json.indexOf('"', end + 1)
    if (end < 0) return
    if (lengths.has(end - start)) wanted.get(json.slice(start, end + 1))?.add(seq)
    start = json.indexOf('"', end + 1)
  }
}

/** Whether there is an odd number of backslashes before a place. */
function isEscaped(json: string, place: number): boolean {
  let at = place
  while (json.charCodeAt(at - 1) === 92) at -= 1
  return (place - at) % 2 === 1
}

/** Searches the commits after a seq up to another, or as far as it gets in `ms`. Returns the seq it reached. */
function look(database: SqliteDatabase, space: CachedSpace, after: Seq, end: Seq, held: HeldTexts, ms: number): Seq {
  const { jsonAfter, partsJson } = database.statements
  const wanted = new Map([...held].map(([text, seqs]) => [JSON.stringify(text), seqs]))
  const lengths = new Set([...wanted.keys()].map((literal) => literal.length - 1))
  const until = performance.now() + ms
  let last = end
  for (const [seq, json] of jsonAfter.iterate(space.n, after, last)) {
    note(json, seq, wanted, lengths)
    if (performance.now() <= until) continue
    last = seq
    break
  }
  for (const [seq, json] of partsJson.iterate(space.n, after, last)) note(json, seq, wanted, lengths)
  return last
}

const emptyHeld = (texts: readonly string[]): HeldTexts => new Map(texts.map((text) => [text, new Set<Seq>()]))

/** Searches for the texts of an erasure without blocking others; null if the log changes meanwhile. */
export async function lookAhead(database: SqliteDatabase, commit: Commit): Promise<LookedAhead | null> {
  const held = emptyHeld(textsOf(commit))
  let found: LookedAhead | null = null
  // Twice to the current end: the transaction searches what busy writers add.
  let [rounds, end] = [0, 0]
  for (; rounds <= 2; await oneTurn()) {
    const next = await database.read((): LookedAhead | null => {
      const space = database.space(commit.space)
      if (space === null) return null
      const { key, horizon } = space.state
      // Erased or compacted meanwhile: then the transaction searches itself.
      if (found !== null && (found.key !== key || found.horizon !== horizon)) return null
      const after = found?.upTo ?? 0
      if (after >= end) {
        rounds += 1
        end = space.state.seq
      }
      return { key, horizon, upTo: look(database, space, after, end, held, stretchMs), held }
    })
    if (next === null) return null
    found = next
  }
  return found
}

/**
 * Whether searching ahead is worthwhile for a commit. Answered at once, so that other erasures keep their place in the
 * queue.
 */
export function isLongLook(database: SqliteDatabase, commit: Commit): boolean {
  if (!isErasePart(commit) || database.isClosed) return false
  try {
    const state = database.space(commit.space)?.state
    return state !== undefined && state.seq - state.floor > shortLog
  } catch (error) {
    // Then the transaction, which waits for the file, searches itself.
    if (isBusy(error)) return false
    throw toMemoryError(error, database.connection.path)
  }
}

/**
 * The commits with some texts in a space: those found ahead, and later ones; the whole log if the search no longer
 * fits.
 */
export function heldIn(
  database: SqliteDatabase,
  space: CachedSpace,
  texts: readonly string[],
  ahead: LookedAhead | null,
): HeldTexts {
  const { key, horizon } = space.state
  const isTrue = ahead !== null && ahead.key === key && ahead.horizon === horizon
  const held = isTrue ? ahead.held : emptyHeld([...texts, ...(ahead?.held.keys() ?? [])])
  look(database, space, isTrue ? ahead.upTo : 0, space.state.seq, held, Number.POSITIVE_INFINITY)
  return held
}
