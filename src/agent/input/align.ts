/** Finds which leading part of a sent conversation is the end of the stored one, by role and content only. */
import { beginsAlike, isClosed, isSame, type Unit, withoutSpace } from './canonical.ts'

/** A unit of the stored thread. */
export interface StoredUnit extends Unit {
  /** Whether its turn did not end well. A client may then have less of it, or nothing. */
  readonly isCut: boolean
}

/** Places of two units that are the same, in the sent and in the stored conversation. */
export interface Pair {
  readonly sent: number
  readonly stored: number
}

interface Alignment {
  /** How many of the sent units are stored, counted from the first. */
  readonly end: number
  readonly pairs: readonly Pair[]
}

interface Step {
  readonly sent: number
  readonly stored: number
}

/**
 * Comparisons allowed for each unit. Only conversations that repeat the same words need more; these then count as
 * different. So the time grows in proportion to the input and the stored thread.
 */
const looksPerUnit = 200

/** How many more units may be looked at. */
interface Looks {
  left: number
}

/** The end of a run of words, files and calls without a user's message in between. */
function runEnd(units: readonly Unit[], start: number): number {
  let end = start
  while (end < units.length && units[end]?.kind !== 'user') end += 1
  return end
}

/**
 * A client may keep only the words of an answer with tool calls: all texts, some of them up to the last, or all in one.
 */
function stepOverWords(
  sent: readonly Unit[],
  at: number,
  stored: readonly StoredUnit[],
  to: number,
  looks: Looks,
): Step | null {
  const isRunStart = at === 0 || sent[at - 1]?.kind === 'user'
  if (!isRunStart || sent[at]?.kind !== 'text') return null
  const [sentEnd, storedEnd] = [runEnd(sent, at), runEnd(stored, to)]
  looks.left -= sentEnd - at + storedEnd - to
  const kept = sent.slice(at, sentEnd)
  const run = stored.slice(to, storedEnd)
  if (kept.some(({ kind }) => kind !== 'text') || !run.some(({ kind }) => kind === 'call')) return null
  const texts = run.filter(({ kind }) => kind === 'text').map(({ key }) => key)
  const step = { sent: sentEnd - at, stored: storedEnd - to }
  if (kept.length === 1 && kept[0] !== undefined && withoutSpace(kept[0].key) === withoutSpace(texts.join('')))
    return step
  if (kept.at(-1)?.key !== texts.at(-1)) return null
  let next = 0
  for (const text of texts) if (kept[next]?.key === text) next += 1
  return next === kept.length ? step : null
}

function stepOver(sent: readonly Unit[], at: number, stored: readonly StoredUnit[], to: number): Step | null {
  const [one, other] = [sent[at], stored[to] as StoredUnit]
  if (one !== undefined && (isSame(one, other) || (other.isCut && beginsAlike(one, other)))) {
    return { sent: 1, stored: 1 }
  }
  // Units that a client may lack: those of interrupted turns, and calls without a result.
  const isLoose = other.isCut || (other.call !== undefined && !isClosed(other.call))
  return isLoose && at > 0 ? { sent: 0, stored: 1 } : null
}

/** Walks both conversations to the end of the stored one, from a place in it; null if they differ before. */
function follow(sent: readonly Unit[], stored: readonly StoredUnit[], start: number, looks: Looks): Alignment | null {
  const pairs: Pair[] = []
  let at = 0
  let to = start
  while (to < stored.length) {
    looks.left -= 1
    const step = stepOverWords(sent, at, stored, to, looks) ?? stepOver(sent, at, stored, to)
    if (step === null || looks.left < 0) return null
    to += step.stored
    for (const end = at + step.sent; at < end; at++) pairs.push({ sent: at, stored: to - 1 })
  }
  return { end: at, pairs }
}

/**
 * The longest leading part of the sent units that is the end of the stored ones; null if there is none.
 *
 * @param sent Units of the sent messages.
 * @param stored Units from the end of the stored thread: at least as many as were sent, if it has that many.
 */
export function align(sent: readonly Unit[], stored: readonly StoredUnit[]): Alignment | null {
  const looks = { left: looksPerUnit * (sent.length + stored.length) }
  // The earlier the start, the more of the sent units lie between it and the end.
  for (let start = 0; start < stored.length && looks.left >= 0; start++) {
    const followed = follow(sent, stored, start, looks)
    if (followed !== null && followed.end > 0) return followed
  }
  return null
}
