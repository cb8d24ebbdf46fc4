/**
 * Finds the longest run of a sent conversation inside the stored one, wherever it stands, with gaps on both sides: one
 * of them lacks messages that were deleted, parts of tools, or the end of an answer. Pure.
 */
import type { Pair, StoredUnit } from './align.ts'
import { isSame, type Unit, withoutSpace } from './canonical.ts'

/** Places of one content that are looked at for each unit, the newest ones. Conversations that repeat more differ. */
export const mostPlaces = 32

/** So many characters at its beginning identify a text. */
const beginning = 24

/** Whether a text is a stored one that was cut short; of an unfinished answer a client may also have more. */
function isTrimmed({ key }: Unit, stored: StoredUnit): boolean {
  const kept = key.replace(/(…|\.\.\.)$/, '').trimEnd()
  return kept !== '' && (stored.key.startsWith(kept) || (stored.isCut && key.startsWith(stored.key)))
}

/** Where stored units stand, by what is known of sent ones. */
class Places {
  readonly #stored: readonly StoredUnit[]
  readonly #byKey = new Map<string, number[]>()
  readonly #byBeginning = new Map<string, number[]>()
  /** The last text of a run of texts, by all of them in one. */
  readonly #byJoined = new Map<string, number[]>()
  /** For a user's unit, the first text that follows it. */
  readonly #answers = new Map<number, number>()

  constructor(stored: readonly StoredUnit[]) {
    this.#stored = stored
    let question: number | null = null
    let texts: string[] = []
    for (const [place, { kind, key }] of stored.entries()) {
      note(this.#byKey, `${kind} ${key}`, place)
      if (kind === 'user') {
        question = place
        texts = []
      }
      if (kind !== 'text') continue
      if (question !== null && texts.length === 0) this.#answers.set(question, place)
      texts.push(key)
      if (key.length > beginning) note(this.#byBeginning, key.slice(0, beginning), place)
      if (texts.length > 1 && texts.length <= mostPlaces) note(this.#byJoined, withoutSpace(texts.join('')), place)
    }
  }

  same({ kind, key }: Unit): readonly number[] {
    return (this.#byKey.get(`${kind} ${key}`) ?? []).slice(-mostPlaces)
  }

  /** Places of what may be the same unit, in order. */
  of(unit: Unit, before: Unit | undefined): readonly number[] {
    const same = this.same(unit)
    if (unit.kind !== 'text') return same
    const alike = (place: number) => isTrimmed(unit, this.#stored[place] as StoredUnit)
    const begun = this.#byBeginning.get(unit.key.slice(0, beginning)) ?? []
    const answers = before?.kind === 'user' ? this.same(before).flatMap((place) => this.#answers.get(place) ?? []) : []
    const trimmed = [...begun.slice(-mostPlaces), ...answers].filter(alike)
    const joined = this.#byJoined.get(withoutSpace(unit.key)) ?? []
    if (trimmed.length + joined.length === 0) return same
    return [...new Set([...same, ...trimmed, ...joined.slice(-mostPlaces)])].sort((left, right) => left - right)
  }
}

function note(places: Map<string, number[]>, key: string, place: number): void {
  const known = places.get(key)
  if (known === undefined) places.set(key, [place])
  else known.push(place)
}

/** A pair, and the best chain of earlier pairs that it continues. */
interface Link extends Pair {
  readonly length: number
  readonly before: Link | null
}

function isBetter(left: Link | null, right: Link | null): boolean {
  if (left === null || right === null) return left !== null
  return left.length > right.length || (left.length === right.length && left.stored > right.stored)
}

/** The best link up to a stored place: a Fenwick tree of maxima. */
class BestLinks {
  readonly #links: (Link | null)[]

  constructor(count: number) {
    this.#links = Array.from({ length: count + 1 }, () => null)
  }

  before(stored: number): Link | null {
    let best: Link | null = null
    for (let at = stored; at > 0; at -= at & -at) {
      const link = this.#links[at] ?? null
      if (isBetter(link, best)) best = link
    }
    return best
  }

  add(link: Link): void {
    for (let at = link.stored + 1; at < this.#links.length; at += at & -at) {
      if (isBetter(link, this.#links[at] ?? null)) this.#links[at] = link
    }
  }
}

/** The longest run: pairs in the order of both conversations. Of runs of one length, the one that ends last. */
export function longestRun(sent: readonly Unit[], stored: readonly StoredUnit[]): readonly Pair[] {
  const places = new Places(stored)
  const links = new BestLinks(stored.length)
  for (const [at, unit] of sent.entries()) {
    const made = places.of(unit, sent[at - 1]).map((place): Link => {
      const before = links.before(place)
      return { sent: at, stored: place, length: (before?.length ?? 0) + 1, before }
    })
    for (const link of made) links.add(link)
  }
  const run: Pair[] = []
  for (let link = links.before(stored.length); link !== null; link = link.before) {
    run.push({ sent: link.sent, stored: link.stored })
  }
  return run.reverse()
}

/** How far users' messages at the end of the sent conversation are stored right after a place. */
function rightBehind(
  sent: readonly Unit[],
  from: number,
  stored: readonly StoredUnit[],
  after: number,
): readonly Pair[] {
  const pairs: Pair[] = []
  let place = after
  for (let at = from; at < sent.length; at++) {
    let next = place + 1
    const isNext = () => isSame(sent[at] as Unit, stored[next] as StoredUnit)
    // A client may lack answers, and questions that were not answered.
    const isPassed = ({ kind, isCut }: StoredUnit) => kind !== 'user' || isCut
    while (next < stored.length && !isNext() && isPassed(stored[next] as StoredUnit)) next += 1
    if (next >= stored.length || !isNext()) return pairs
    pairs.push({ sent: at, stored: next })
    place = next
  }
  return pairs
}

/** All of them, wherever they stand after a place; the newest ones. null if one is not there. */
function anywhereBehind(
  sent: readonly Unit[],
  from: number,
  stored: readonly StoredUnit[],
  after: number,
): readonly Pair[] | null {
  const pairs: Pair[] = []
  let place = stored.length
  for (let at = sent.length - 1; at >= from; at--) {
    place -= 1
    while (place > after && !isSame(sent[at] as Unit, stored[place] as StoredUnit)) place -= 1
    if (place <= after) return null
    pairs.unshift({ sent: at, stored: place })
  }
  return pairs
}

/**
 * Users' messages at the end of the sent conversation that are stored behind a place. All of them, if they say nothing
 * new: a tab that was behind the thread sends its request again. All but the newest one, if the thread has them: what a
 * tab that is behind asked before. Otherwise those that stand right behind it.
 */
export function continuation(
  sent: readonly Unit[],
  from: number,
  stored: readonly StoredUnit[],
  after: number,
): readonly Pair[] {
  const right = rightBehind(sent, from, stored, after)
  if (right.length === sent.length - from) return right
  const all = anywhereBehind(sent, from, stored, after)
  if (all !== null) return all
  const newest = sent.at(-1)?.index
  const old = sent.slice(
    0,
    sent.findIndex(({ index }) => index === newest),
  )
  if (old.length <= from || right.length >= old.length - from) return right
  return anywhereBehind(old, from, stored, after) ?? right
}
