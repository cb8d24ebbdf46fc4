/** The section of facts: the newest that fit, in the order of their statement. */
import type { Seq } from '../../domain/id.ts'
import type { FactState } from '../../domain/records/fact.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import type { OpenProposal } from '../../ports/shared-memory.ts'
import { type FencedItem, fenced } from '../../recall/text/fence.ts'
import { tokensOfText } from '../../recall/text/text-tokens.ts'
import { type FittedText, fitText, joinTokens } from './fit.ts'
import type { FittedPart, Reading, Section } from './section.ts'

/** Which fact a model saw. */
export interface SeenFact {
  readonly id: string
  readonly version: Seq
}

/** How many of the newest facts are read, and their token limit. Recall finds the others. */
const mostFacts = 200
const factTokens = 1_000

/** A fact with what somebody proposed about it, and nobody has decided. */
export type ShownFact = FactState & { readonly proposals?: readonly OpenProposal[] }

/** Facts of a space, each with the open proposals about it. */
export async function withOpenProposals(space: AgentSpace, facts: readonly FactState[]): Promise<readonly ShownFact[]> {
  if (facts.length === 0) return facts
  const about = await space.proposalsAbout(facts.map(({ id }) => id))
  return facts.map((fact) => {
    const proposals = about.get(fact.id)
    return proposals === undefined ? fact : { ...fact, proposals }
  })
}

/** Current facts of the space: the newest that fit a budget, in the order of their statement. */
async function readFacts({ input: { space, behaviour } }: Reading): Promise<readonly ShownFact[]> {
  if (!behaviour.facts) return []
  const query = { attributes: {}, statuses: ['current' as const], order: 'newest' as const, after: null }
  const { items } = await space.facts.list({ ...query, limit: mostFacts })
  let left = factTokens
  const end = items.findIndex(({ text }) => {
    left -= tokensOfText(text)
    return left < 0
  })
  return withOpenProposals(space, items.slice(0, end < 0 ? items.length : end).toReversed())
}

export function factItem({ text, assertedBy, updatedAt, proposals }: ShownFact): FencedItem {
  const open = proposals === undefined ? {} : { proposals }
  return { kind: 'fact', text, author: assertedBy, at: updatedAt, ...open }
}

type FittedFacts = FittedPart & Pick<FittedText<ShownFact>, 'kept' | 'text'>

export const facts: Section<'facts', readonly ShownFact[], FittedFacts, { readonly facts: readonly SeenFact[] }> = {
  name: 'facts',
  place: 'instructions',
  share: 1 / 2,
  read: readFacts,
  fit(all, most, { holds }) {
    // Pinned facts are in the prompt already.
    const found = all.filter(({ id }) => !holds('fact', id))
    const fitted = fitText(found.toReversed(), most - joinTokens, {
      write: (newest) => fenced(newest.toReversed().map(factItem)),
    })
    return {
      text: fitted.text,
      kept: fitted.kept.toReversed(),
      tokens: fitted.text === '' ? 0 : fitted.tokens + joinTokens,
      dropped: fitted.dropped.map(({ id }) => ({ id, reason: 'budget' })),
    }
  },
  show: ({ text }) => text,
  seen: ({ kept }) => ({ facts: kept.map(({ id, version }) => ({ id, version })) }),
  holds: ({ kept }) => kept.map(({ id }) => ({ kind: 'fact', id })),
}
