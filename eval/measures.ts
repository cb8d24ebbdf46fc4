// How well a list of found turns covers the evidence of its question.

export interface Measures {
  readonly recallAt5: number
  readonly recallAt10: number
  readonly recallAt20: number
  /** Mean of 1 / rank of the first evidence; 0 where none is among those found. */
  readonly reciprocalRank: number
  readonly gainAt10: number
}

/** Recall at `k`: the share of the evidence that is among the first `k`. */
export function recallAt(found: readonly string[], evidence: readonly string[], k: number): number {
  const first = new Set(found.slice(0, k))
  return evidence.filter((id) => first.has(id)).length / evidence.length
}

function reciprocalRank(found: readonly string[], evidence: readonly string[]): number {
  const place = found.findIndex((id) => evidence.includes(id))
  return place === -1 ? 0 : 1 / (place + 1)
}

/** nDCG: each piece of evidence counts less the further down it stands; 1 if all of it stands first. */
export function gainAt(found: readonly string[], evidence: readonly string[], k: number): number {
  const discount = (place: number) => 1 / Math.log2(place + 2)
  const gain = found.slice(0, k).reduce((sum, id, place) => sum + (evidence.includes(id) ? discount(place) : 0), 0)
  const best = evidence.slice(0, k).reduce((sum, _, place) => sum + discount(place), 0)
  return gain / best
}

export function measure(found: readonly string[], evidence: readonly string[]): Measures {
  return {
    recallAt5: recallAt(found, evidence, 5),
    recallAt10: recallAt(found, evidence, 10),
    recallAt20: recallAt(found, evidence, 20),
    reciprocalRank: reciprocalRank(found, evidence),
    gainAt10: gainAt(found, evidence, 10),
  }
}

/** The mean over all questions, each with the same weight. */
export function meanOf(all: readonly Measures[]): Measures {
  const mean = (field: keyof Measures) => all.reduce((sum, one) => sum + one[field], 0) / all.length
  return {
    recallAt5: mean('recallAt5'),
    recallAt10: mean('recallAt10'),
    recallAt20: mean('recallAt20'),
    reciprocalRank: mean('reciprocalRank'),
    gainAt10: mean('gainAt10'),
  }
}

/** All of them as one line, in percent. */
export function showMeasures(measures: Measures): string {
  const percent = (share: number) => (100 * share).toFixed(1).padStart(5)
  const figures = [
    ['R@5', measures.recallAt5],
    ['R@10', measures.recallAt10],
    ['R@20', measures.recallAt20],
    ['MRR', measures.reciprocalRank],
    ['nDCG@10', measures.gainAt10],
  ] as const
  return figures.map(([name, share]) => `${name} ${percent(share)}`).join('   ')
}
