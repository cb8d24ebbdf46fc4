/** Builds the prompt: instructions, memory, history, and new messages. Writes nothing. */

import type { ModelMessage, SystemModelMessage } from 'ai'
import { whenAborted } from '../../domain/detached.ts'
import { resourceOf } from '../../domain/space.ts'
import { tokensOfText } from '../../recall/text/text-tokens.ts'
import { ResultReader } from '../tools/result-reader.ts'
import { inputOf, type Shown, showInput, tokensOfTurn } from './conversation.ts'
import { leftOf } from './fit.ts'
import { gather } from './gather.ts'
import { history, type ShownHistory } from './history.ts'
import { isOnlyAgentIn } from './labels.ts'
import type { Showing, Utterance } from './model-messages.ts'
import { type FittedNotes, notesOfThread, observations } from './observations.ts'
import type { AnySection, ContextInput, FittedPart } from './section.ts'
import { sections as promptSections, type SectionName, type SeenInSections } from './sections.ts'
import { type SeenItems, seenMessages } from './seen.ts'
import { type Parts, shareOut } from './share-out.ts'
import { temporalMarkers } from './temporal-markers.ts'
import { workingMemory } from './working-memory.ts'

export interface AssembledContext {
  /** The agent's instructions, then memory; absent if there is neither. */
  readonly instructions?: string | SystemModelMessage[]
  readonly messages: ModelMessage[]
  /** The messages of the thread in the prompt, those of this turn last. */
  readonly conversation: readonly Utterance[]
  /** Working memory in the prompt; empty without one. */
  readonly workingMemory: string
  /** Writes the notes of the thread in the prompt, in place of the messages that they condense; empty without any. */
  readonly notes: () => string
  readonly seen: SeenItems
  readonly warnings: readonly string[]
}

/** Providers need a user message first, and last. Each of these says only what is true. */
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

/** The instructions, then the part of memory that stays the same from turn to turn. */
function instructionsOf(
  own: ContextInput['instructions'],
  memory: readonly string[],
): Pick<AssembledContext, 'instructions'> {
  if (typeof own === 'object') {
    const behind = memory.length === 0 ? [] : [{ role: 'system' as const, content: memory.join('\n\n') }]
    return own.length + behind.length === 0 ? {} : { instructions: [...own, ...behind] }
  }
  // One text: some models accept only one system message.
  const all = [own ?? '', ...memory].filter((text) => text.trim() !== '')
  return all.length === 0 ? {} : { instructions: all.join('\n\n') }
}

function messagesOf(memory: readonly ModelMessage[], turn: readonly Shown[]): ModelMessage[] {
  const messages = [...memory, ...turn.flatMap((shown) => shown.messages)]
  if (messages[0]?.role !== 'user') messages.unshift(opening)
  if (messages.at(-1)?.role === 'assistant') messages.push(goOn)
  return messages
}

/** The sections: what each has read, and which part of it is in the prompt. */
interface Filled {
  readonly sections: readonly AnySection[]
  readonly found: readonly unknown[]
  readonly parts: Parts
}

function shownIn({ sections, parts }: Filled) {
  const instructions: string[] = []
  const messages: ModelMessage[] = []
  for (const [at, section] of sections.entries()) {
    const part = parts[at] as FittedPart
    if (section.place === 'messages') messages.push(...section.show(part))
    else {
      const text = section.show(part)
      if (text !== '') instructions.push(text)
    }
  }
  return { instructions, messages }
}

/** The messages of the history in the prompt. */
function historyIn({ sections, parts }: Filled): readonly Utterance[] {
  const at = sections.findIndex(({ name }) => name === history.name)
  return at < 0 ? [] : (parts[at] as ShownHistory).shown.map(({ utterance }) => utterance)
}

function workingMemoryIn({ sections, parts }: Filled): string {
  const at = sections.findIndex(({ name }) => name === workingMemory.name)
  const section = sections[at]
  return section?.place === 'instructions' ? section.show(parts[at] as FittedPart) : ''
}

function notesIn({ sections, parts }: Filled, threadId: string): string {
  const at = sections.findIndex(({ name }) => name === observations.name)
  return at < 0 ? '' : notesOfThread(parts[at] as FittedNotes, threadId)
}

function seenOf(
  { sections, found, parts }: Filled,
  turn: readonly Shown[],
  ownTokens: number,
): Omit<SeenItems, 'asOf'> {
  const fixed = { instructions: ownTokens, input: tokensOfTurn(turn) }
  const own = sections.map(({ name }, at) => [name, parts[at]?.tokens ?? 0] as const)
  const tokens = { ...fixed, ...(Object.fromEntries(own) as Record<SectionName, number>) }
  const said = sections.map((section, at) => section.seen(parts[at] as FittedPart, found[at]))
  const seen = Object.assign({}, ...said) as SeenInSections
  return {
    ...seen,
    messages: [...seen.messages, ...seenMessages(turn)],
    dropped: sections.flatMap(({ name }, at) =>
      (parts[at]?.dropped ?? []).map((one) => ({ section: name as SectionName, ...one })),
    ),
    tokens: { ...tokens, total: Object.values(tokens).reduce((sum, size) => sum + size, 0) },
  }
}

function instructionTokens(own: ContextInput['instructions'] = ''): number {
  if (typeof own === 'string') return tokensOfText(own)
  return own.reduce((sum, { content }) => sum + tokensOfText(content), 0)
}

/**
 * Builds what a model sees: the agent's instructions, the sections of memory, and the messages of this turn. Reads
 * memory and writes nothing.
 *
 * @param sections The sections of memory in the prompt. Default: all.
 * @throws MemoryError `limit-exceeded` if the instructions and this turn alone are over the budget; `invalid-input` if
 *   this turn has no content; errors of reading. A failed recall is only a warning.
 */
export async function assembleContext(
  input: ContextInput,
  sections: readonly AnySection[] = promptSections,
): Promise<AssembledContext> {
  const { sdk, window, found } = await unlessAborted(() => gather(input, sections), input.signal)
  const { agent, space, threadId, instructions, tools, tokenBudget = Number.POSITIVE_INFINITY } = input
  const { results = new ResultReader(space, threadId) } = input
  const stored = [...window.history, ...window.own]
  const showing: Showing = {
    convert: sdk.convertToModelMessages,
    reader: {
      agentId: agent.id,
      resourceId: resourceOf(space.address),
      isOnlyAgent: isOnlyAgentIn(stored, agent.id),
    },
    tools,
    results,
    seenCalls: new Set(),
    ...(input.behaviour.observationalMemory?.temporalMarkers ? { markers: temporalMarkers(stored) } : {}),
  }
  const turn = await showInput(inputOf(input, window.own), showing)
  const ownTokens = instructionTokens(instructions)
  const budget = leftOf(tokenBudget, ownTokens, tokensOfTurn(turn))
  const parts = await shareOut(sections, found, { input, window, showing }, budget)
  input.signal?.throwIfAborted()
  const filled: Filled = { sections, found, parts }
  const shown = shownIn(filled)
  const asOf = sections.map((section, at) => section.asOf?.(found[at]) ?? {})
  return {
    ...instructionsOf(instructions, shown.instructions),
    messages: messagesOf(shown.messages, turn),
    conversation: [...historyIn(filled), ...turn.map(({ utterance }) => utterance)],
    workingMemory: workingMemoryIn(filled),
    notes: () => notesIn(filled, threadId),
    seen: { ...seenOf(filled, turn, ownTokens), asOf: Object.assign({}, ...asOf, { [space.id]: window.asOf }) },
    warnings: sections.flatMap((section, at) => section.warnings?.(parts[at] as FittedPart, found[at]) ?? []),
  }
}
