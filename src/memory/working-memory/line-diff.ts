/** The difference of two texts by lines. The limit on the work is a count, so that every process decides the same. */

/** One writer's change in one place: some lines of the base, replaced by some lines of the changed text. */
export interface Hunk {
  /** First line of the base that is replaced. */
  readonly at: number
  /** Lines of the base that are replaced; 0 for an insertion before `at`. */
  readonly removed: number
  /** The new lines. */
  readonly lines: readonly number[]
}

/** A text as the numbers of its lines: equal lines have equal numbers, from 0. */
export type NumberedLines = readonly number[]

/**
 * Most comparisons of lines in one difference, about. The search compares each line once for each edit that it allows,
 * so long texts are allowed fewer edits. 500,000 take about 5 ms.
 */
const mostComparisons = 500_000

/** The lines of one text, between its first and its last difference, that the other text has there too. */
interface Shared {
  readonly lines: number[]
  /** The place of each line in its text. */
  readonly places: number[]
}

function sharedLines(text: NumberedLines, head: number, end: number, isHeld: Uint8Array): Shared {
  const shared: Shared = { lines: [], places: [] }
  for (let place = head; place < end; place++) {
    const line = text[place] as number
    if (isHeld[line] !== 1) continue
    shared.lines.push(line)
    shared.places.push(place)
  }
  return shared
}

function marked(text: NumberedLines, head: number, end: number, lineCount: number): Uint8Array {
  const isHeld = new Uint8Array(lineCount)
  for (let place = head; place < end; place++) isHeld[text[place] as number] = 1
  return isHeld
}

/** Collects hunks from the lines that are kept, which are told in order. */
class HunkList {
  readonly hunks: Hunk[] = []
  readonly #changed: NumberedLines
  #at: number
  #from: number

  constructor(changed: NumberedLines, head: number) {
    this.#changed = changed
    this.#at = head
    this.#from = head
  }

  keep(at: number, from: number): void {
    if (at > this.#at || from > this.#from) {
      this.hunks.push({ at: this.#at, removed: at - this.#at, lines: this.#changed.slice(this.#from, from) })
    }
    this.#at = at + 1
    this.#from = from + 1
  }
}

/**
 * The hunks that turn the base into the changed text: as few lines as possible, in order.
 *
 * @param lineCount How many different lines there are in both.
 * @param mostEdits Most lines that are in both texts and are repeated or moved in only one of them. Lines of only one
 *   text do not count.
 * @returns null if the texts differ by more than that.
 */
export async function diffLines(
  base: NumberedLines,
  changed: NumberedLines,
  lineCount: number,
  mostEdits: number,
): Promise<readonly Hunk[] | null> {
  const shorter = Math.min(base.length, changed.length)
  let head = 0
  while (head < shorter && base[head] === changed[head]) head++
  let tail = 0
  while (tail < shorter - head && base[base.length - 1 - tail] === changed[changed.length - 1 - tail]) tail++
  const [baseEnd, changedEnd] = [base.length - tail, changed.length - tail]
  const list = new HunkList(changed, head)
  // A line that the other text lacks cannot be kept. Without such lines the search is shorter and finds the same.
  const old = sharedLines(base, head, baseEnd, marked(changed, head, changedEnd, lineCount))
  const next = sharedLines(changed, head, changedEnd, marked(base, head, baseEnd, lineCount))
  const longer = Math.max(old.lines.length, next.lines.length, 1)
  // Only this file is loaded: loading the whole package takes four times as long.
  const { diffArrays } = await import('diff/lib/diff/array.js')
  const maxEditLength = Math.min(mostEdits, Math.floor(mostComparisons / longer))
  const parts = diffArrays(old.lines, next.lines, { maxEditLength })
  if (parts === undefined) return null
  let [at, from] = [0, 0]
  for (const { added, removed, count } of parts) {
    for (let i = 0; i < count && !added && !removed; i++) {
      list.keep(old.places[at + i] as number, next.places[from + i] as number)
    }
    if (!added) at += count
    if (!removed) from += count
  }
  list.keep(baseEnd, changedEnd)
  return list.hunks
}
