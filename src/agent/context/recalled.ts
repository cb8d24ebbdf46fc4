/** The section of recall: the items that the question finds and the prompt does not show already, fenced as data. */

import type { Seq } from '../../domain/id.ts'
import { spokenText } from '../../domain/index/indexed.ts'
import type { Message } from '../../domain/records/message.ts'
import type { Found, FoundItem } from '../../ports/agent-memory.ts'
import type { ResolvedRecallOptions } from '../../ports/behaviour.ts'
import { isGreeting } from '../../recall/question/greeting.ts'
import { type FittedText, fitText } from './fit.ts'
import {
  type NotRecalled,
  notRecalled,
  type SeenComparison,
  type SeenRecalled,
  seenComparison,
  seenItem,
} from './recall-trace.ts'
import { type FormedRecall, roughTokens, wholeItems, withFewWords, writeRecalled } from './recalled-forms.ts'
import type { ContextInput, FittedPart, Fitting, Reading, Section } from './section.ts'

export interface SeenRecall {
  readonly recalled: readonly SeenRecalled[]
  /** The best items that were found and are not in the prompt, at most 10. */
  readonly notRecalled: readonly NotRecalled[]
  /** What was compared; null if nothing was asked. */
  readonly compared: SeenComparison | null
  /** Why recall may have missed something; empty if every leg answered, or nothing was asked. */
  readonly degraded: readonly string[]
  /** For `memory.explain`; null if nothing was recalled. */
  readonly recallId: string | null
}

/** The recalled items, or the reason why there are none. */
export interface RecallOutcome {
  readonly recollection: Found | null
  readonly warning: string | null
}

/** A spare item for each fact that the prompt may show. */
const spareForFacts = 20

function saidIn(messages: readonly Pick<Message, 'role' | 'parts'>[]): string {
  const said = messages.flatMap(({ role, parts }) => (role === 'user' ? [spokenText(parts)] : []))
  return said.filter((text) => text.trim() !== '').join('\n')
}

/** What to search for: the user's messages, here or in the turn that continues. */
async function questionOf({ input, window }: Reading): Promise<string> {
  const asked = input.question ?? saidIn(input.newMessages)
  return asked === '' && input.ownTurnId !== null ? saidIn((await window).own) : asked
}

async function recallFor(
  { space, threadId, behaviour, newMessages, replaces = [] }: ContextInput,
  question: string,
  { topK, messageRange, threshold, gate, filter, scope, tokenBudget }: ResolvedRecallOptions,
): Promise<Found> {
  const { facts: takesFacts, lastMessages, observationalMemory } = behaviour
  // The prompt may have this many of them anyway.
  const known = lastMessages + newMessages.length + 1 + (takesFacts ? spareForFacts : 0)
  // Next to notes, as many again may be shown in few words.
  const spare = known + (observationalMemory === null ? 0 : topK)
  return space.recall({
    question,
    kinds: takesFacts ? ['message', 'fact'] : ['message'],
    topK: topK + spare,
    // Without a token budget: it is for the items that remain after removing the prompt's own messages.
    longestItem: Math.floor(tokenBudget / 2),
    messageRange,
    threshold,
    gate,
    without: replaces,
    ...(filter === undefined ? {} : { filter }),
    ...(scope === 'thread' ? { threadId } : {}),
  })
}

/** Recalls for a prompt. If it fails, that is a warning, and the turn continues without recalled items. */
async function readRecalled(reading: Reading): Promise<RecallOutcome> {
  const { semanticRecall } = reading.input.behaviour
  if (semanticRecall === null) return { recollection: null, warning: null }
  const question = await questionOf(reading)
  const { options } = semanticRecall
  // Somebody who searches for a greeting wants those that were said; a prompt does not.
  const asksNothing = question.trim() === '' || (options.gate !== 'off' && isGreeting(question))
  if (asksNothing) return { recollection: null, warning: null }
  try {
    return { recollection: await recallFor(reading.input, question, options), warning: null }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { recollection: null, warning: `Nothing was recalled: ${reason}` }
  }
}

/** Messages of the thread that are in the prompt. */
function messagesIn({ input, window }: Fitting): ReadonlySet<string | undefined> {
  return new Set([...input.newMessages, ...window.history, ...window.own].map(({ id }) => id))
}

/** The items that the prompt does not show already. */
function newsOf({ items }: Found, fitting: Fitting): readonly FoundItem[] {
  const known = messagesIn(fitting)
  return items.filter(({ kind, id, threadId, message }) => {
    if (kind !== 'message') return !fitting.holds(kind, id)
    // An open turn is visible only to its owner, as that turn's messages.
    return message?.turnStatus !== 'open' && (threadId !== fitting.input.threadId || !known.has(id))
  })
}

/** The warning about an incomplete recollection. */
const degradedWarnings: Readonly<Record<string, string>> = {
  'embedder-loading': 'The embedder was still being loaded, so memory was searched by words only.',
  'embedder-failed': 'The embedder failed, so memory was searched by words only.',
  'embedder-unauthorized': 'The provider of the embedder refused the key, so memory was searched by words only.',
}

type FittedRecall = FittedPart &
  Pick<FittedText<FormedRecall>, 'kept' | 'text'> & { readonly left: readonly NotRecalled[] }

export const recalled: Section<'recalled', RecallOutcome, FittedRecall, SeenRecall> = {
  name: 'recalled',
  place: 'messages',
  share: 1 / 2,
  takesRest: true,
  read: readRecalled,
  fit({ recollection }, most, fitting) {
    const { behaviour, threadId } = fitting.input
    const options = behaviour.semanticRecall?.options
    const news = options === undefined || recollection === null ? [] : newsOf(recollection, fitting)
    const formed =
      options === undefined ? [] : (behaviour.observationalMemory ? withFewWords : wholeItems)(news, options)
    const { dropped, ...fitted } = fitText(formed, most, {
      write: (items) => writeRecalled(items, threadId),
      roughTokens,
    })
    const left = notRecalled(recollection?.items ?? [], { news, kept: fitted.kept, most: options?.topK ?? 0 })
    return { ...fitted, left, dropped: dropped.map(({ item }) => ({ id: item.id, reason: 'budget' })) }
  },
  show: ({ text }) => (text === '' ? [] : [{ role: 'user', content: text }]),
  seen: ({ kept, left }, { recollection }) => ({
    recalled: kept.map(seenItem),
    notRecalled: left,
    compared: recollection === null ? null : seenComparison(recollection),
    degraded: recollection?.degraded ?? [],
    recallId: recollection?.recallId ?? null,
  }),
  asOf: ({ recollection }): Readonly<Record<string, Seq>> => recollection?.asOf ?? {},
  warnings(_, { recollection, warning }) {
    const degraded = (recollection?.degraded ?? []).flatMap((reason) => degradedWarnings[reason] ?? [])
    return warning === null ? degraded : [warning, ...degraded]
  },
}
