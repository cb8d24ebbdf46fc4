/** Converts stored messages with the AI SDK into those that a model gets, and estimates their tokens. */

import type { ModelMessage, ToolSet, UIMessage } from 'ai'
import type { Author } from '../../domain/actor.ts'
import { isJsonObject } from '../../domain/json.ts'
import { isToolPart, type MessagePart, type Role, toolNameOf } from '../../domain/records/message.ts'
import type { ShownStatus } from '../../domain/records/turn.ts'
import { tokensOfText } from '../../recall/text/text-tokens.ts'
import type { ResultReader } from '../tools/result-reader.ts'
import { type ModelOutput, plainOutput } from '../tools/result-text.ts'
import { toolNamed } from '../tools/tool-set.ts'
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
  readonly turnStatus: ShownStatus
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
  /** Shows large results by their beginning and end. */
  readonly results: Pick<ResultReader, 'shown' | 'told'>
  /** Calls in later messages. Messages are converted from the last to the first. */
  readonly seenCalls: Set<string>
  /** Lines that say how much time passed before a message, by its id. Default: none. */
  readonly markers?: ReadonlyMap<string, string>
}

/** Tokens of a file: a picture of usual size, for most providers. */
const tokensOfFile = 1_000

/** What a result says in words, and how many files it holds: their bytes are no words. */
function resultOf(output: unknown): { readonly value: unknown; readonly files: number } {
  const { type, value } = (output ?? {}) as { readonly type?: unknown; readonly value?: unknown }
  if (type !== 'content' || !Array.isArray(value)) return { value, files: 0 }
  const words = value.filter((item: { readonly type?: unknown }) => item.type === 'text')
  return { value: words, files: value.length - words.length }
}

function tokensOfPart(part: Readonly<Record<string, unknown>>): number {
  if (part.type === 'file' || part.type === 'reasoning-file') return tokensOfFile
  const { text, toolName, input, output } = part
  const { value, files } = resultOf(output)
  const written = [toolName, input, value]
  const json = written.flatMap((value) => (value === undefined ? [] : JSON.stringify(value)))
  return files * tokensOfFile + tokensOfText([...(typeof text === 'string' ? [text] : []), ...json].join('\n'))
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

type ToModelOutput = (options: {
  readonly toolCallId: string
  readonly input: unknown
  readonly output: unknown
}) => ModelOutput | PromiseLike<ModelOutput>

/** The tools by whose names calls are converted: a result that was shown to a model once is shown to all as it was then. */
function convertingTools(parts: readonly MessagePart[], tools: ToolSet = {}): ToolSet {
  const stored = parts.filter((part) => isToolPart(part) && isJsonObject(part.modelOutput))
  if (stored.length === 0) return tools
  const outputs = new Map(
    stored.map(({ toolCallId, modelOutput }) => [toolCallId, modelOutput as unknown as ModelOutput]),
  )
  const converting = stored.map((part) => {
    const name = toolNameOf(part)
    const own = toolNamed(tools, name)
    const ownOutput = own?.toModelOutput as ToModelOutput | undefined
    const toModelOutput: ToModelOutput = (options) => {
      return outputs.get(options.toolCallId) ?? ownOutput?.call(own, options) ?? plainOutput(options.output)
    }
    return [name, { ...own, toModelOutput }] as const
  })
  return { ...tools, ...(Object.fromEntries(converting) as ToolSet) }
}

async function converted(
  role: 'assistant' | 'user',
  parts: readonly MessagePart[],
  { convert, tools }: Showing,
): Promise<ModelMessage[]> {
  const message = { role, parts: parts as unknown as UIMessage['parts'] }
  try {
    return await convert([message], { tools: convertingTools(parts, tools) })
  } catch {
    // A tool's own `toModelOutput` may not understand results of an earlier version: they are sent unchanged.
    return convert([message], { tools: convertingTools(parts) })
  }
}

/** A message with its large results in short. */
function withShortResults(message: ModelMessage, messageId: string | null, results: Showing['results']): ModelMessage {
  if (message.role !== 'tool') return message
  const content = message.content.map((part) => {
    if (part.type !== 'tool-result') return part
    const { toolCallId, output } = part
    return { ...part, output: results.shown(output, { messageId, toolCallId }) }
  })
  return { ...message, content }
}

/** The lines in front of a message. An agent's own messages have none: the agent would begin to write them itself. */
function linesBefore({ id, role, author }: Utterance, { reader, markers }: Showing): readonly string[] {
  const isLabelled = needsLabel(role, author, reader)
  const marker = role === 'assistant' && !isLabelled ? undefined : markers?.get(id ?? '')
  return [...(marker === undefined ? [] : [marker]), ...(isLabelled ? [labelOf(author)] : [])]
}

/**
 * A message as a model gets it. A stored system message is not an instruction: it is sent as a labelled user message.
 */
export async function shownMessage(message: Utterance, showing: Showing, isLast: boolean): Promise<ShownMessage> {
  const { tools, results, seenCalls } = showing
  const { id: messageId, role, parts, turnStatus, isOwnTurn, goesOn } = message
  const hasNoTools = tools !== undefined && Object.keys(tools).length === 0
  const told = (text: string) => results.told(text)
  const standing = { role, turnStatus, isOwnTurn, goesOn, isLast, hasNoTools, seenCalls, messageId, told }
  const shown = shownParts(parts, standing)
  if (shown.length === 0) return { messages: [], tokens: 0 }
  const before = linesBefore(message, showing)
  const said = before.length === 0 ? shown : labelled(shown, before.join('\n'))
  const whole = await converted(role === 'assistant' ? role : 'user', said, showing)
  const messages = whole.map((one) => withShortResults(one, messageId, results))
  return { messages, tokens: tokensOfMessages(messages) }
}
