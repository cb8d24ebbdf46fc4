/** Looks up the known facts that are similar to a new statement. */

import type { ExtractedStatement } from '../../derive/extract.ts'
import { MemoryError } from '../../domain/error.ts'
import type { SpaceId } from '../../domain/id.ts'
import { type FactState, factAttributes, heldAt } from '../../domain/records/fact.ts'
import { comparedText } from '../../domain/records/fact-text.ts'
import type { Core } from '../door/core.ts'
import { refOfRow, searchSpaces } from '../recall/search-spaces.ts'
import type { FactHome } from './fact-home.ts'
import { type Queued, saidAt } from './infer-queue.ts'

export interface LookedUp {
  readonly statement: ExtractedStatement
  /** A fact that says the same: the statement is not new. */
  readonly same: FactState | null
  /** The most similar facts of the home, if none says the same. */
  readonly near: readonly FactState[]
  /** An agent said what memory had just told it: that is no second source. */
  readonly isEcho: boolean
}

const nearFacts = 5
/** Rows that are searched for those with the ids of the home. */
const searchedRows = 50

function carries(fact: FactState, { attributes }: FactHome): boolean {
  return factAttributes.every((name) => attributes[name] === undefined || fact.attributes[name] === attributes[name])
}

/** A fact that says the same and was recalled recently, from any space that the actor may read. */
async function recalledFact(core: Core, text: string): Promise<FactState | null> {
  const storage = await core.storage.get()
  for (const { space, id } of core.traces.recalled(text)) {
    try {
      const { record } = await storage.facts.get(core.access, space as SpaceId, id)
      if (record !== null && comparedText(record.text) === comparedText(text)) return record
    } catch (error) {
      // Another actor of this process recalled it.
      if (!(error instanceof MemoryError && error.code === 'denied')) throw error
    }
  }
  return null
}

/** Facts of the home, most similar to a text first, including superseded ones. */
async function similarFacts(core: Core, home: FactHome, question: string): Promise<readonly FactState[]> {
  const storage = await core.storage.get()
  const query = {
    spaces: [home.space],
    question,
    mode: 'hybrid',
    gate: 'off',
    kinds: ['fact'],
    includeSuperseded: true,
  } as const
  const { ranking, corpus } = await searchSpaces(core, { ...query, limit: searchedRows, topK: searchedRows })
  const places = ranking.rows.map(({ row }) => refOfRow(corpus, row))
  const found = await storage.index.read(core.access, home.space, places)
  return found.flatMap((record) => (record?.kind === 'fact' && carries(record.fact, home) ? [record.fact] : []))
}

/**
 * Looks a statement up. A superseded fact that says the same does not make it known, because it may hold again, unless
 * memory was recalled into the words that it was learned from, or they were said while that fact held.
 */
export async function lookUp(core: Core, item: Queued, statement: ExtractedStatement): Promise<LookedUp> {
  const { home } = item
  const { text } = statement
  const storage = await core.storage.get()
  const { items } = await storage.facts.byText(core.access, home.space, text)
  const recalled = await recalledFact(core, text)
  const known = items.find((fact) => carries(fact, home)) ?? recalled
  const isOfUser = statement.from.some((index) => item.heard[index]?.author.kind === 'user')
  const isEcho = recalled !== null && !isOfUser
  if (known !== null) return { statement, same: known, near: [], isEcho }
  const similar = await similarFacts(core, home, text)
  const isSame = ({ text: other }: FactState) => comparedText(other) === comparedText(text)
  const said = saidAt(item, statement)
  const isPast = (fact: FactState) => item.hasRecalled || (said !== null && heldAt(fact, said))
  const past = similar.find((fact) => fact.status === 'superseded' && isSame(fact) && isPast(fact))
  if (past !== undefined) return { statement, same: past, near: [], isEcho }
  return {
    statement,
    same: null,
    near: similar.filter(({ status }) => status === 'current').slice(0, nearFacts),
    isEcho,
  }
}
