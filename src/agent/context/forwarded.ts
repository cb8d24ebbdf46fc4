/** The messages of a supervisor that a subagent is shown, in front of the task. They are nobody's memory: nothing stores them. */
import type { ModelMessage } from 'ai'
import { loadSdk } from '../sdk.ts'
import type { ModelOutput } from '../tools/result-text.ts'
import { type Shown, shownTokens } from './conversation.ts'
import { type Showing, shownMessage, type Utterance } from './model-messages.ts'
import type { FittedPart, Section } from './section.ts'
import { type SeenMessage, seenMessages } from './seen.ts'

interface ShownForwarded extends FittedPart {
  readonly shown: readonly Shown[]
}

/** Calls are written as text: the subagent has other tools. The newest messages come first if not all of them fit. */
async function showForwarded(said: readonly Utterance[], showing: Showing, most: number): Promise<ShownForwarded> {
  const asText: Showing = { ...showing, tools: {}, seenCalls: new Set() }
  const shown: Shown[] = []
  let left = said.length
  for (let used = 0; left > 0; left--) {
    const utterance = { ...(said[left - 1] as Utterance), isOwnTurn: false, goesOn: false }
    const message = await shownMessage(utterance, asText, false)
    used += message.tokens
    if (used > most) break
    if (message.messages.length > 0) shown.unshift({ ...message, utterance })
  }
  const dropped = said.slice(0, left).flatMap(({ id }) => (id === null ? [] : [{ id, reason: 'budget' as const }]))
  return { shown, dropped, tokens: shownTokens(shown) }
}

/** The section of messages that a supervisor forwards. */
export function forwarded(
  said: readonly Utterance[],
): Section<'forwarded', readonly Utterance[], ShownForwarded, { readonly forwarded: readonly SeenMessage[] }> {
  return {
    name: 'forwarded',
    place: 'messages',
    share: 1,
    read: async () => said,
    fit: (found, most, { showing }) => showForwarded(found, showing, most),
    show: ({ shown }) => shown.flatMap(({ messages }) => messages),
    seen: ({ shown }) => ({ forwarded: seenMessages(shown) }),
  }
}

/** The same for a subagent that remembers nothing. */
export async function forwardedAlone(said: readonly Utterance[], agentId: string): Promise<ModelMessage[]> {
  if (said.length === 0) return []
  const { convertToModelMessages: convert } = await loadSdk()
  const reader = { agentId, resourceId: null, isOnlyAgent: false }
  const results = { shown: (output: ModelOutput) => output, told: (text: string) => text }
  const showing: Showing = { convert, reader, tools: {}, results, seenCalls: new Set() }
  const { shown } = await showForwarded(said, showing, Number.POSITIVE_INFINITY)
  return shown.flatMap(({ messages }) => messages)
}
