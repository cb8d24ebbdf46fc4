/** How a prompt's budget is shared out between what of memory may give way. */
import type { FactState } from '../../domain/records/fact.ts'
import type { RecalledItem } from '../../memory/answers/recollection.ts'
import { noteTokens, type ShownHistory, showHistory } from './conversation.ts'
import { type FittedText, fitText } from './fit.ts'
import type { ContextInput, Gathered } from './gather.ts'
import type { Showing } from './model-messages.ts'
import { factsText, joinTokens, type PrefixBlock } from './prefix.ts'
import { fenceRecalled, newsOf, roughTokens } from './recalled.ts'

/** What of memory is in the prompt, within the budget. */
export interface Fitted {
  readonly block: PrefixBlock | null
  readonly facts: FittedText<FactState>
  readonly recalled: FittedText<RecalledItem>
  readonly history: ShownHistory
}

/** The newest facts that fit, in the order in which they were stated. */
function fitFacts(facts: readonly FactState[], mostTokens: number): FittedText<FactState> {
  const fitted = fitText(facts.toReversed(), mostTokens - joinTokens, {
    write: (newest) => factsText(newest.toReversed()),
  })
  return { ...fitted, kept: fitted.kept.toReversed(), tokens: fitted.text === '' ? 0 : fitted.tokens + joinTokens }
}

/**
 * Shares out what the instructions and the input leave: working memory first, then at most half of the rest to facts, at
 * most half of what is left to recall unless history does not need it, and history takes the rest, from the newest on.
 */
export async function shareOut(
  input: ContextInput,
  found: Gathered,
  showing: Showing,
  budget: number,
): Promise<Fitted> {
  const { behaviour, threadId, newMessages } = input
  const { window, recalled } = found
  const block = found.block !== null && found.block.tokens <= budget ? found.block : null
  let left = budget - (block?.tokens ?? 0)
  const facts = fitFacts(found.facts, left / 2)
  left -= facts.tokens
  const given = new Set<string | undefined>(newMessages.map(({ id }) => id))
  const older = window.history.filter(({ id }) => !given.has(id))
  const known = {
    threadId,
    messageIds: new Set<string | undefined>([...given, ...[...window.history, ...window.own].map(({ id }) => id)]),
    factIds: new Set<string>(facts.kept.map(({ id }) => id)),
  }
  const options = behaviour.semanticRecall?.options
  const { recollection } = recalled
  const news = options === undefined || recollection === null ? [] : newsOf(recollection, known, options)
  const writing = { write: (items: readonly RecalledItem[]) => fenceRecalled(items, threadId), roughTokens }
  const fence = (most: number) => fitText(news, most, writing)
  const reserved = fence(left / 2)
  const maxTokens = behaviour.messageHistory.maxTokens ?? Number.POSITIVE_INFINITY
  const history = await showHistory(older, showing, maxTokens, left - reserved.tokens - noteTokens)
  const rest = left - history.tokens - noteTokens
  return { block, facts, history, recalled: reserved.dropped.length === 0 ? reserved : fence(rest) }
}
