/** Finds how much of a sent conversation is the end of the stored one, by role and content alone. */
import { beginsAlike, isClosed, isSame, type Unit } from './canonical.ts'

/** A unit of the stored thread. */
export interface StoredUnit extends Unit {
  /** Whether its turn came to no good end, so that a client may hold less of it, or nothing. */
  readonly isCut: boolean
}

/** A call as it was sent, and the place of the stored one among the units. */
export interface CallPair {
  readonly sent: Unit
  readonly stored: StoredUnit
}

export interface Alignment {
  /** How many of the sent messages are stored already: so many, from the first. */
  readonly count: number
  readonly calls: readonly CallPair[]
}

interface Step {
  readonly sent: number
  readonly stored: number
}

/**
 * Looks at units for each unit there is. Only conversations made of the same words over and over take more, and those are
 * then no end of each other: the time stays in proportion to what was sent and stored.
 */
const looksPerUnit = 200

/** How many more units may be looked at. */
interface Looks {
  left: number
}

/** Where the words, files and calls that follow one another without a user's message end. */
function runEnd(units: readonly Unit[], start: number): number {
  let end = start
  while (end < units.length && units[end]?.kind !== 'user') end += 1
  return end
}

/**
 * Of an answer with calls of tools a client may keep the words alone: all texts, some of them up to the last, or all in one.
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
  if (kept.length === 1 && kept[0]?.key === texts.join('')) return step
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
  // What a client may not hold: of turns that were cut off, and calls that nothing came of.
  const isLoose = other.isCut || (other.call !== undefined && !isClosed(other.call))
  return isLoose && at > 0 ? { sent: 0, stored: 1 } : null
}

interface Followed {
  /** How many units of what was sent are stored. */
  readonly end: number
  readonly calls: readonly CallPair[]
}

/** Walks both from a place of the stored one to its end; null if they part before. */
function follow(sent: readonly Unit[], stored: readonly StoredUnit[], start: number, looks: Looks): Followed | null {
  const calls: CallPair[] = []
  let at = 0
  let to = start
  while (to < stored.length) {
    looks.left -= 1
    const step = stepOverWords(sent, at, stored, to, looks) ?? stepOver(sent, at, stored, to)
    if (step === null || looks.left < 0) return null
    const [one, other] = [sent[at], stored[to] as StoredUnit]
    if (step.sent === 1 && other.kind === 'call' && one?.kind === 'call') calls.push({ sent: one, stored: other })
    at += step.sent
    to += step.stored
  }
  return { end: at, calls }
}

/**
 * The longest leading part of what was sent that is the end of what is stored; null if there is none.
 *
 * @param sent Units of the sent messages.
 * @param stored Units of the end of the stored thread, as many as were sent at least, if it has so many.
 */
export function align(sent: readonly Unit[], stored: readonly StoredUnit[]): Alignment | null {
  const looks = { left: looksPerUnit * (sent.length + stored.length) }
  // The earlier the start, the more of what was sent lies between it and the end.
  for (let start = 0; start < stored.length && looks.left >= 0; start++) {
    const followed = follow(sent, stored, start, looks)
    const last = sent[(followed?.end ?? 0) - 1]
    if (followed !== null && last !== undefined) return { count: last.index + 1, calls: followed.calls }
  }
  return null
}
