/** Chooses, of many notes, those that say most for their tokens: each word counts once, so what is said again is left out. */
import { estimateTokenCount } from 'tokenx'
import { analyse } from '../../domain/index/words.ts'
import type { ObservationPriority } from '../../domain/records/observation.ts'

interface ChoosableNote {
  readonly text: string
  readonly priority: ObservationPriority
}

/** What a word is worth by its note's priority. */
const worth: Readonly<Record<ObservationPriority, number>> = { high: 1.5, medium: 1, low: 0.7, done: 0.4 }

/** Tokens of a line without its text. */
const lineTokens = 2

/**
 * What a word is worth by how many notes hold it: the names of a conversation's matters are in a few. A word that only one
 * note holds is often a slip or an ornament; one that many hold is known anyway.
 */
function weightOf(notes: number): number {
  if (notes === 1) return 0.7
  if (notes <= 4) return 1
  return notes <= 8 ? 0.5 : 0.15
}

interface Candidate {
  readonly place: number
  readonly terms: readonly number[]
  readonly worth: number
  readonly tokens: number
  /** What it was worth when it was last looked at. It only falls. */
  value: number
}

function candidatesOf(notes: readonly ChoosableNote[]): {
  candidates: Candidate[]
  weights: ReadonlyMap<number, number>
} {
  const counts = new Map<number, number>()
  const candidates = notes.map(({ text, priority }, place): Candidate => {
    const terms = [...new Set(analyse(text, 'english').terms)]
    for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1)
    const tokens = estimateTokenCount(text) + lineTokens
    return { place, terms, worth: worth[priority], tokens, value: 0 }
  })
  const weights = new Map([...counts].map(([term, count]) => [term, weightOf(count)]))
  return { candidates, weights }
}

/** Puts a candidate at its place among those of lower value before it: lists are nearly in order. */
function sink(heap: Candidate[], candidate: Candidate): void {
  let low = 0
  let high = heap.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((heap[middle] as Candidate).value < candidate.value) low = middle + 1
    else high = middle
  }
  heap.splice(low, 0, candidate)
}

/**
 * The notes that fit a budget, in their order.
 *
 * @param tokens Tokens that all of them may take together, estimated.
 */
export function chooseNotes<Note extends ChoosableNote>(notes: readonly Note[], tokens: number): readonly Note[] {
  const { candidates, weights } = candidatesOf(notes)
  const said = new Set<number>()
  const gainOf = ({ terms, worth: own, tokens: cost }: Candidate) => {
    let sum = 0
    for (const term of terms) if (!said.has(term)) sum += weights.get(term) as number
    return (sum * own) / cost
  }
  for (const candidate of candidates) candidate.value = gainOf(candidate)
  // The best one last. What was chosen lowers the value of others: one is looked at again when its turn comes.
  const heap = candidates.toSorted((left, right) => left.value - right.value || right.place - left.place)
  const chosen = new Set<number>()
  let left = tokens
  for (let best = heap.pop(); best !== undefined && left > lineTokens; best = heap.pop()) {
    const value = gainOf(best)
    if (value === 0) continue
    if (value < (heap.at(-1)?.value ?? 0)) {
      best.value = value
      sink(heap, best)
      continue
    }
    if (best.tokens > left) continue
    left -= best.tokens
    chosen.add(best.place)
    for (const term of best.terms) said.add(term)
  }
  return notes.filter((_, place) => chosen.has(place))
}
