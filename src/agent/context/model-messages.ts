/** Converts stored messages with the AI SDK into those that a model gets, and estimates their tokens. */

import type { ModelMessage, ToolSet, UIMessage } from 'ai'
import type { Author } from '../../domain/actor.ts'
import type { MessagePart, Role } from '../../domain/records/message.ts'
import type { TurnStatus } from '../../domain/records/turn.ts'
import { tokensOfText } from './fit.ts'
import { labelled, labelOf, needsLabel, type Reader } from './labels.ts'
import { shownParts } from './shown-parts.ts'

type Convert = typeof import('ai')['convertToModelMessages']

/** A message of the thread, or one that is not stored yet. */
export interface Utterance {
  /** null if it is not stored and has no id of a caller. */
  readonly id: string | null
  readonly role: Role
  readonly parts: readonly MessagePart[]
  readonly author: Author
  readonly turnStatus: TurnStatus
  readonly isOwnTurn: boolean
  /** It is the stored answer that the call continues. */
  readonly goesOn: boolean
}

export interface ShownMessage {
  /** Empty if nothing in the message can be shown; several if it has tool calls. */
  readonly messages: readonly ModelMessage[]
  readonly tokens: number
}

/** Shared by all messages of one prompt. */
export interface Showing {
  readonly convert: Convert
  readonly reader: Reader
  readonly tools: ToolSet | undefined
  /** Calls in later messages. Messages are converted from the last to the first. */
  readonly seenCalls: Set<string>
}

/** Tokens of a file: a picture of usual size, for most providers. */
const tokensOfFile = 1_000

function tokensOfPart(part: Readonly<Record<string, unknown>>): number {
  if (part.type === 'file' || part.type === 'reasoning-file') return tokensOfFile
  const { text, toolName, input, output } = part
  const written = [toolName, input, (output as { value?: unknown } | undefined)?.value]
  const json = written.flatMap((value) => (value === undefined ? [] : JSON.stringify(value)))
  return tokensOfText([...(typeof text === 'string' ? [text] : []), ...json].join('\n'))
}

/** Estimated tokens of messages that a model gets. */
export function tokensOfMessages(messages: readonly ModelMessage[]): number {
  let tokens = 0
  for (const { content } of messages) {
    if (typeof content === 'string') tokens += tokensOfText(content)
    else for (const part of content) tokens += tokensOfPart(part as unknown as Readonly<Record<string, unknown>>)
  }
  return tokens
}

async function converted(message: Omit<UIMessage, 'id'>, { convert, tools }: Showing): Promise<ModelMessage[]> {
  if (tools === undefined) return convert([message])
  try {
    return await convert([message], { tools })
  } catch {
    // A tool's own `toModelOutput` may not understand results of an earlier version: they are sent unchanged.
    return convert([message])
  }
}

/**
 * A message as a model gets it. A stored system message is not an instruction: it is sent as a labelled user message.
 */
export async function shownMessage(message: Utterance, showing: Showing, isLast: boolean): Promise<ShownMessage> {
  const { reader, tools, seenCalls } = showing
  const { role, parts, author, turnStatus, isOwnTurn, goesOn } = message
  const hasNoTools = tools !== undefined && Object.keys(tools).length === 0
  const shown = shownParts(parts, { role, turnStatus, isOwnTurn, goesOn, isLast, hasNoTools, seenCalls })
  if (shown.length === 0) return { messages: [], tokens: 0 }
  const said = needsLabel(role, author, reader) ? labelled(shown, labelOf(author)) : shown
  const asRole = role === 'assistant' ? role : 'user'
  const messages = await converted({ role: asRole, parts: said as unknown as UIMessage['parts'] }, showing)
  return { messages, tokens: tokensOfMessages(messages) }
}
