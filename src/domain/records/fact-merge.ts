/** What a statement adds to a fact that states the same already. */
import { isHigher, type Trust } from '../trust.ts'
import type { FactState, StatedFields } from './fact.ts'

/** The fields of a known fact that a statement may add to. */
export const factAdditions = ['trust', 'sources', 'validFrom', 'validTo', 'expiresAt', 'pinned', 'importance'] as const
export type FactAddition = (typeof factAdditions)[number]

type Life = Pick<StatedFields, 'validFrom' | 'validTo' | 'expiresAt'>

/** A statement of words that a fact has already. */
export interface Restatement {
  readonly trust: Trust
  /** Empty: it was stated without sources. */
  readonly sources: readonly string[]
  /** Absent: no time was stated. */
  readonly validFrom?: string
  /** Absent or null: nothing ends it. */
  readonly validTo?: string | null
  /** Absent or null: never. */
  readonly expiresAt?: string | null
  /** Absent: it stays as it is. */
  readonly pinned?: boolean
  /** Absent: it stays as it is. */
  readonly importance?: number
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

/** The times of a fact that a statement makes wider: the earliest start and the latest end count. */
function widerLife(fact: FactState, { validFrom, validTo = null, expiresAt = null }: Restatement): Partial<Life> {
  const wider: Mutable<Partial<Life>> = {}
  if (validFrom !== undefined && validFrom < fact.validFrom) wider.validFrom = validFrom
  if (isLater(validTo, fact.validTo)) wider.validTo = validTo
  if (isLater(expiresAt, fact.expiresAt)) wider.expiresAt = expiresAt
  return wider
}

/** Whether an end is later than another; null is no end. */
function isLater(end: string | null, than: string | null): boolean {
  return than !== null && (end === null || end > than)
}

/**
 * Whether a statement may be merged into a fact. One of lower trust must not let the fact hold for longer: it would hold
 * then with a trust that nobody gave it. Such a statement is a fact of its own.
 */
export function mayMerge(fact: FactState, statement: Restatement): boolean {
  return !isHigher(fact.trust, statement.trust) || Object.keys(widerLife(fact, statement)).length === 0
}

/**
 * The fields that change in a fact when the same is stated again: the earliest start, the latest expiry, the highest
 * trust and all sources, of which the first `mostSources` are kept. Empty if the statement adds nothing.
 */
export function mergedFields(fact: FactState, statement: Restatement, mostSources: number): Partial<StatedFields> {
  const { trust, sources } = statement
  // A source is a reason to believe the fact with the trust that it has. One of less trust is none: it would keep the
  // fact, with the trust of somebody whose words were forgotten.
  if (isHigher(fact.trust, trust)) return {}
  const fresh = sources
    .filter((id) => !fact.sources.includes(id))
    .slice(0, Math.max(0, mostSources - fact.sources.length))
  // Before its first source, a fact without any was stated without any.
  const isUnsourced = fact.sources.length === 0 ? fresh.length > 0 : sources.length === 0
  return {
    ...widerLife(fact, statement),
    ...(isHigher(trust, fact.trust) ? { trust } : {}),
    ...(fresh.length > 0 ? { sources: [...fact.sources, ...fresh] } : {}),
    ...weightsOf(fact, statement),
    ...(isUnsourced && fact.unsourced !== true ? { unsourced: true as const } : {}),
  }
}

/** What is stated of how much a fact matters. One of lower trust says nothing about a fact of others. */
function weightsOf(fact: FactState, { trust, pinned, importance }: Restatement): Partial<StatedFields> {
  if (isHigher(fact.trust, trust)) return {}
  return {
    ...(pinned === undefined || pinned === (fact.pinned ?? false) ? {} : { pinned }),
    ...(importance === undefined || importance === fact.importance ? {} : { importance }),
  }
}

/** What the fields of {@link mergedFields} add, by name. */
export function additionsIn(stated: Partial<StatedFields>): readonly FactAddition[] {
  const isAdded = (name: FactAddition) =>
    stated[name] !== undefined || (name === 'sources' && stated.unsourced === true)
  return factAdditions.filter(isAdded)
}
