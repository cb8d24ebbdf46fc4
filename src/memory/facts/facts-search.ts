/** Searches facts: a recall of facts only, in the home of the ids or in several spaces. */

import { invalidInput } from '../../domain/error.ts'
import { parseFilter } from '../../domain/filter.ts'
import type { Seq } from '../../domain/id.ts'
import { type GateMode, usualGate } from '../../domain/question-gate.ts'
import { type FactState, heldAt } from '../../domain/records/fact.ts'
import { msOf, toIso } from '../../domain/time.ts'
import type { FoundRecord } from '../../ports/storage.ts'
import type { RecallMode } from '../../recall/question.ts'
import type { Degraded, ItemScores, RecallTrace } from '../answers/recollection.ts'
import type { Core } from '../door/core.ts'
import { type TimeOptions, timesOf } from '../recall/period.ts'
import { type RecallQuery, recallFrom } from '../recall/recall.ts'
import { type FactIds, type FactScope, hasIds, scopeOf } from './fact-home.ts'
import { type FactRecord, toFact } from './fact-records.ts'
import { type FactWeights, factWeight } from './fact-weights.ts'

/** Options of `memory.search`. */
export interface SearchFactsRequest<Time = string> extends FactIds, TimeOptions<Time> {
  /** A filter for the metadata; the operators are those of `recall`. */
  readonly filters?: Readonly<Record<string, unknown>>
  /** Facts found at most, up to 1,000. Default: 20. `limit` is another name for it. */
  readonly topK?: number
  /** Another name for `topK`. */
  readonly limit?: number
  /** Least `relevance` of a fact, from 0 to 1. Default: 0. */
  readonly threshold?: number
  /** Default `hybrid`: by words and by meaning. */
  readonly mode?: RecallMode
  /** What to do with a question that no fact is about: answer nothing, or not. Default: `mild`. */
  readonly gate?: GateMode
  /** Adds the trace: why each fact is in the answer or not, and which home was searched. */
  readonly explain?: boolean
  /** Includes superseded facts. Default: false. */
  readonly includeSuperseded?: boolean
  /** Only facts that held at that time, including superseded ones, with their present text. */
  readonly asOf?: Time
  /**
   * Lets the importance and the age of facts count. A search then weighs three times as many facts as it returns. `threshold`
   * is for the score without weights. Default: neither counts.
   */
  readonly weights?: FactWeights
  /** Searches these spaces instead of one home; at most 16. Ids that are given must still match. */
  readonly spaces?: readonly string[]
}

/** A fact that was found. */
export interface FoundFactRecord<Time = string> extends FactRecord<Time>, ItemScores {}

/** The answer of `memory.search`. */
export interface FactSearchRecord<Time = string> {
  /** Best first. */
  readonly results: readonly FoundFactRecord<Time>[]
  /** Seq of each searched space, as it was searched. */
  readonly asOf: Readonly<Record<string, Seq>>
  /** Why the answer may be incomplete; empty if it is complete. */
  readonly degraded: readonly Degraded[]
  /** Facts without a vector yet; only their words were searched. */
  readonly pending: number
  /** For `memory.explain`. */
  readonly recallId: string
  /** How the answer came about. Only with `explain: true`. */
  readonly trace?: RecallTrace
}

type Parsed = SearchFactsRequest

const defaultTopK = 20

function topKOf({ limit, topK }: Parsed): number {
  if (limit !== undefined && topK !== undefined && limit !== topK) {
    throw invalidInput(
      'limit',
      'must not differ from topK',
      limit,
      'They are two names for one thing: pass one of them.',
    )
  }
  return topK ?? limit ?? defaultTopK
}

/** The conditions on found facts other than metadata; undefined without any, which is faster. */
function wantedOf({ attributes }: FactScope, at: string | null): Pick<RecallQuery, 'isWanted'> {
  if (Object.keys(attributes).length === 0 && at === null) return {}
  return {
    isWanted: (record: FoundRecord, space) =>
      record.kind === 'fact' && hasIds(record.fact, space, attributes) && (at === null || heldAt(record.fact, at)),
  }
}

function noteOf({ spaces }: FactScope, isStated: boolean): string {
  const searched = `Searched: ${spaces.join(', ')}.`
  if (isStated) return `${searched} No other spaces were searched.`
  return `${searched} This is the home of the ids; facts with these ids in other homes were not searched. Pass spaces to search several.`
}

/** With weights, how many times as many facts are weighed as are returned. */
const weighedShare = 3
const mostWeighed = 1_000

/** The best facts by their weighed scores. What every fact begins with is left out: it would be weighed like a match. */
function weighed<Found extends Pick<ItemScores, 'score' | 'scores'> & { readonly fact?: FactState }>(
  items: readonly Found[],
  weights: FactWeights,
  nowMs: number,
  topK: number,
): readonly Found[] {
  const weight = factWeight(weights)
  const scored = items.map((item) => {
    const matched = Math.max(0, item.score - item.scores.kind)
    return item.fact === undefined ? item : { ...item, score: matched * weight(item.fact, nowMs) }
  })
  return scored.toSorted((left, right) => right.score - left.score).slice(0, topK)
}

/** Finds the facts that are relevant to a question. */
export async function searchFacts(
  core: Core,
  { query: question, ...parsed }: SearchFactsRequest & { readonly query: string },
): Promise<FactSearchRecord> {
  const scope = scopeOf(parsed, parsed.spaces)
  const at = parsed.asOf === undefined ? null : toIso(parsed.asOf, 'asOf')
  const { weights } = parsed
  const topK = topKOf(parsed)
  const { period, askedAt } = timesOf(parsed, core.storage.clock.now())
  const recalled = await recallFrom(core, {
    ...{ period, askedAt },
    spaces: scope.spaces,
    question,
    mode: parsed.mode ?? 'hybrid',
    gate: parsed.gate ?? usualGate,
    kinds: ['fact'],
    topK: weights === undefined ? topK : Math.min(mostWeighed, Math.max(topK, topK * weighedShare)),
    // Callers count facts here, not tokens.
    tokenBudget: Number.MAX_SAFE_INTEGER,
    messageRange: { before: 0, after: 0 },
    threshold: parsed.threshold ?? 0,
    filter: parseFilter(parsed.filters, 'filters', core.limits),
    ...wantedOf(scope, at),
    // A fact that was replaced since may have held before that time.
    includeSuperseded: parsed.includeSuperseded === true || at !== null || parsed.to !== undefined,
    note: noteOf(scope, parsed.spaces !== undefined),
  })
  const nowMs = at === null ? core.storage.clock.now() : msOf(at)
  const items = weights === undefined ? recalled.items : weighed(recalled.items, weights, nowMs, topK)
  const results = items.flatMap(({ fact, proposals, space, ...item }) => {
    if (fact === undefined) return []
    const { relevance, similarity, matched, score, scores } = item
    const own = { ...toFact(fact, space), relevance, similarity, matched, score, scores }
    return [proposals === undefined ? own : { ...own, proposals }]
  })
  const { asOf, degraded, pending, recallId, trace } = recalled
  return { results, asOf, degraded, pending, recallId, ...(parsed.explain === true ? { trace } : {}) }
}
