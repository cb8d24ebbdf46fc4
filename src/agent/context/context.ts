/** What a model sees, put together in one place: instructions, memory, history, and what is new. It writes nothing. */

import type { ModelMessage, SystemModelMessage } from 'ai'
import { whenAborted } from '../../domain/detached.ts'
import type { SpaceId } from '../../domain/id.ts'
import { resourceOf } from '../../domain/space.ts'
import { inputOf, type Shown, showInput, tokensOfTurn } from './conversation.ts'
import { leftOf, tokensOfText } from './fit.ts'
import { type ContextInput, type Gathered, gather } from './gather.ts'
import type { Showing } from './model-messages.ts'
import type { ShownBlock } from './prefix.ts'
import { type SeenItems, seenItem } from './seen.ts'
import { type Fitted, shareOut } from './share-out.ts'

export interface AssembledContext {
  /** The agent's own with memory behind them; absent if there is neither. */
  readonly instructions?: string | SystemModelMessage[]
  readonly messages: ModelMessage[]
  readonly seen: SeenItems
  /** As it was shown; null if it was not. */
  readonly workingMemory: ShownBlock | null
  readonly warnings: readonly string[]
}

/** Providers want to hear a user first, and last. Each says no more than what is so. */
const opening: ModelMessage = { role: 'user', content: '[The conversation so far]' }
const goOn: ModelMessage = { role: 'user', content: '[Go on from here]' }

/** The result of some work, or the reason of the signal if that comes first. */
async function unlessAborted<Result>(work: () => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return work()
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const stopListening = whenAborted([signal], () => reject(signal.reason), reject)
  try {
    return await Promise.race([work(), aborted])
  } finally {
    stopListening()
  }
}

/** The instructions, and behind them what of memory stays the same from turn to turn. */
function instructionsOf(
  own: ContextInput['instructions'],
  { block, facts }: Fitted,
): Pick<AssembledContext, 'instructions'> {
  const memory = [block?.text ?? '', facts.text].filter((text) => text !== '')
  if (typeof own === 'object') {
    const behind = memory.length === 0 ? [] : [{ role: 'system' as const, content: memory.join('\n\n') }]
    return own.length + behind.length === 0 ? {} : { instructions: [...own, ...behind] }
  }
  // One text: some models take no second message of the system.
  const all = [own ?? '', ...memory].filter((text) => text.trim() !== '')
  return all.length === 0 ? {} : { instructions: all.join('\n\n') }
}

function messagesOf({ history, recalled }: Fitted, turn: readonly Shown[]): ModelMessage[] {
  const found: ModelMessage[] = recalled.text === '' ? [] : [{ role: 'user', content: recalled.text }]
  const said = [...history.shown, ...turn].flatMap(({ messages }) => messages)
  const messages = [...found, ...said]
  if (messages[0]?.role !== 'user') messages.unshift(opening)
  if (messages.at(-1)?.role === 'assistant') messages.push(goOn)
  return messages
}

function seenOf(space: SpaceId, found: Gathered, fitted: Fitted, turn: readonly Shown[], ownTokens: number): SeenItems {
  const { window, recalled } = found
  const { block, facts, history } = fitted
  const fixed = { instructions: ownTokens, input: tokensOfTurn(turn) }
  const sections = { workingMemory: block?.tokens ?? 0, facts: facts.tokens, recalled: fitted.recalled.tokens }
  const tokens = { ...fixed, ...sections, history: history.tokens }
  const droppedBlock = found.block !== null && block === null ? [found.block.block.name] : []
  const budget = { reason: 'budget' as const }
  return {
    messages: [...history.shown, ...turn].flatMap(({ utterance: { id, author } }) =>
      id === null ? [] : [{ id, author }],
    ),
    block: block === null ? null : { name: block.block.name, scope: block.block.scope, version: block.block.version },
    facts: facts.kept.map(({ id, version }) => ({ id, version })),
    recalled: fitted.recalled.kept.map(seenItem),
    dropped: [
      ...droppedBlock.map((id) => ({ section: 'workingMemory' as const, id, ...budget })),
      ...facts.dropped.map(({ id }) => ({ section: 'facts' as const, id, ...budget })),
      ...fitted.recalled.dropped.map(({ id }) => ({ section: 'recalled' as const, id, ...budget })),
      ...history.dropped,
    ],
    tokens: { ...tokens, total: Object.values(tokens).reduce((sum, size) => sum + size, 0) },
    degraded: recalled.recollection?.degraded ?? [],
    recallId: recalled.recollection?.recallId ?? null,
    asOf: { ...recalled.recollection?.asOf, [space]: window.asOf },
  }
}

function warningsOf({ recalled, block }: Gathered, fitted: Fitted): string[] {
  const isDropped = block !== null && fitted.block === null
  const degraded = recalled.recollection?.degraded ?? []
  return [
    ...(recalled.warning === null ? [] : [recalled.warning]),
    ...(degraded.includes('embedder-failed') ? ['The embedder failed, so memory was searched by words only.'] : []),
    ...(degraded.includes('embedder-unauthorized')
      ? ['The provider of the embedder refused the key, so memory was searched by words only.']
      : []),
    ...(isDropped ? ['Working memory does not fit the token budget, so the model did not see it.'] : []),
  ]
}

function instructionTokens(own: ContextInput['instructions'] = ''): number {
  if (typeof own === 'string') return tokensOfText(own)
  return own.reduce((sum, { content }) => sum + tokensOfText(content), 0)
}

/**
 * Puts together what a model sees: the agent's instructions, working memory and facts behind them, what was recalled, the
 * newest messages of the thread, and the messages of this turn. It reads memory and writes nothing.
 *
 * @throws MemoryError `limit-exceeded` if the instructions and this turn alone are over the budget; `invalid-input` if
 * this turn says nothing; errors of reading. A recall that fails is a warning.
 */
export async function assembleContext(input: ContextInput): Promise<AssembledContext> {
  const found = await unlessAborted(() => gather(input), input.signal)
  const { agent, space, instructions, tools, tokenBudget = Number.POSITIVE_INFINITY } = input
  const showing: Showing = {
    convert: found.sdk.convertToModelMessages,
    reader: { agentId: agent.id, resourceId: resourceOf(space.address) },
    tools,
    seenCalls: new Set(),
  }
  const turn = await showInput(inputOf(input, found.window.own), showing)
  const ownTokens = instructionTokens(instructions)
  const fitted = await shareOut(input, found, showing, leftOf(tokenBudget, ownTokens, tokensOfTurn(turn)))
  input.signal?.throwIfAborted()
  return {
    ...instructionsOf(instructions, fitted),
    messages: messagesOf(fitted, turn),
    seen: seenOf(space.id, found, fitted, turn, ownTokens),
    workingMemory: fitted.block?.block ?? null,
    warnings: warningsOf(found, fitted),
  }
}
