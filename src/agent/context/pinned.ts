/** The section of pinned facts: in every prompt, in a budget of their own. */
import type { FactState } from '../../domain/records/fact.ts'
import { fenced } from '../../recall/text/fence.ts'
import { tokensOfText } from '../../recall/text/text-tokens.ts'
import { factItem, type SeenFact, type ShownFact, withOpenProposals } from './facts.ts'
import { type FittedText, fitText, joinTokens } from './fit.ts'
import type { FittedPart, Reading, Section } from './section.ts'

/** What nobody weighed matters as much as the middle. */
const usualImportance = 0.5

/** The most important first, then the newest. */
function byWeight(left: FactState, right: FactState): number {
  const weight = ({ importance = usualImportance }: FactState) => importance
  return weight(right) - weight(left) || (left.updatedAt < right.updatedAt ? 1 : -1)
}

async function readPinned({ input: { space, behaviour } }: Reading): Promise<readonly ShownFact[]> {
  if (behaviour.pinnedFacts === null) return []
  const query = { attributes: {}, statuses: ['current' as const], pinned: true as const, order: 'newest' as const }
  const { items } = await space.facts.list({ ...query, after: null, limit: space.limits.pinnedFacts })
  return withOpenProposals(space, items.toSorted(byWeight))
}

type FittedPinned = FittedPart & Pick<FittedText<ShownFact>, 'kept' | 'text'>

export const pinned: Section<'pinned', readonly ShownFact[], FittedPinned, { readonly pinned: readonly SeenFact[] }> = {
  name: 'pinned',
  place: 'instructions',
  share: 1,
  read: readPinned,
  fit(found, most, { input: { behaviour } }) {
    const own = Math.min(most, behaviour.pinnedFacts?.tokenBudget ?? 0)
    const write = (kept: readonly ShownFact[]) => fenced(kept.map(factItem))
    // One that is longer than all of the budget must not keep the others out.
    const isTooLong = (fact: ShownFact) => tokensOfText(write([fact])) > own - joinTokens
    const fitted = fitText(
      found.filter((fact) => !isTooLong(fact)),
      own - joinTokens,
      { write },
    )
    const kept = new Set(fitted.kept)
    return {
      text: fitted.text,
      kept: fitted.kept,
      tokens: fitted.text === '' ? 0 : fitted.tokens + joinTokens,
      dropped: found.filter((fact) => !kept.has(fact)).map(({ id }) => ({ id, reason: 'budget' })),
    }
  },
  show: ({ text }) => text,
  seen: ({ kept }) => ({ pinned: kept.map(({ id, version }) => ({ id, version })) }),
  holds: ({ kept }) => kept.map(({ id }) => ({ kind: 'fact', id })),
  warnings({ dropped }) {
    if (dropped.length === 0) return []
    return [`${dropped.length} pinned facts do not fit their token budget, so the model did not see them.`]
  },
}
