/**
 * The history of a fact: the chain of commits that changed it, walked back from one version and folded from its start.
 */
import type { Actor } from '../actor.ts'
import type { Displaced, Effect, LogRow } from '../commit/effect.ts'
import type { FactId, Seq } from '../id.ts'
import type { FactState } from '../records/fact.ts'
import { factsAfter, touchedFacts } from './fact-fold.ts'
import type { CommitRows } from './history.ts'

export const factEvents = [
  'assert',
  'update',
  'supersede',
  'conflict',
  'resolve',
  'retire',
  'expire',
  'erased',
] as const

/** What a commit did to a fact: stated it, restated it, or marked, freed, ended or erased it. */
export type FactEvent = (typeof factEvents)[number]

/** One version of a fact. */
export interface PastFact {
  readonly version: Seq
  readonly at: string
  readonly by: Actor
  readonly event: FactEvent
  /** The fact at that version; null if it was retired or expired, or its content was erased. */
  readonly fact: FactState | null
}

interface Step {
  readonly row: LogRow
  readonly event: FactEvent
  /** Effects of the commit that touch the fact, in order. */
  readonly effects: readonly Effect[]
  readonly prev: Seq
}

function names(links: readonly Displaced[] | undefined, factId: FactId): boolean {
  return links?.some((link) => link.key === factId) === true
}

function eventOf(effect: Effect, factId: FactId): FactEvent | null {
  if (effect.kind === 'kept') return 'fact' in effect && effect.fact.id === factId ? 'assert' : null
  if (effect.kind === 'fact-assert' && effect.factId === factId) {
    return effect.prev === 0 ? 'assert' : 'update'
  }
  if (effect.kind === 'erased' && effect.factId === factId) return 'erased'
  if (effect.kind === 'fact-expire' && effect.factId === factId) return effect.prev === 0 ? null : 'expire'
  if (effect.kind === 'fact-retire' && names(effect.retired, factId)) return 'retire'
  if (!('resolved' in effect || 'conflicts' in effect || 'superseded' in effect)) return null
  if (names(effect.superseded, factId)) return 'supersede'
  if (names(effect.conflicts, factId)) return 'conflict'
  return names(effect.resolved, factId) ? 'resolve' : null
}

function stepAt(log: CommitRows, factId: FactId, seq: Seq): Step | null {
  for (const row of log.rowsAt(seq)) {
    const effects = row.effects.filter((effect) => eventOf(effect, factId) !== null)
    const [first] = effects
    if (first === undefined) continue
    const prev = touchedFacts(first).find((touched) => touched.key === factId)?.version ?? 0
    return { row, event: eventOf(effects.at(-1) ?? first, factId) ?? 'assert', effects, prev }
  }
  return null
}

/** The fact after a step, from the fact before it. */
function factAfter(step: Step, factId: FactId, before: FactState | null): FactState | null {
  let fact = before
  for (const effect of step.effects) {
    if (effect.kind === 'kept' && 'fact' in effect) fact = effect.fact
    for (const state of factsAfter(effect, step.row, (id) => (id === factId ? fact : null))) {
      if (state.id === factId) fact = state
    }
  }
  return fact
}

/**
 * A fact's versions, newest first, at most `limit`, starting at `version`. Walks to the first statement of the fact, or
 * to what compaction kept: a mark means nothing without the text.
 */
export function factVersions(log: CommitRows, factId: FactId, version: Seq, limit: number): readonly PastFact[] {
  const steps: Step[] = []
  for (let seq = version; seq > 0; ) {
    const step = stepAt(log, factId, seq)
    if (step === null) break
    steps.push(step)
    seq = step.prev
  }
  const past: PastFact[] = []
  let fact: FactState | null = null
  for (const step of steps.toReversed()) {
    fact = factAfter(step, factId, fact)
    const { seq, at, actor } = step.row
    past.unshift({ version: seq, at, by: actor, event: step.event, fact: fact?.deleted === false ? fact : null })
  }
  return past.slice(0, limit)
}
