/** The prompt of a language model: as plain JSON, as a text to compare, and its number of tokens. */
import type { Json, JsonObject } from '../domain/json.ts'

/** One part of a message of a prompt: text, file, reasoning, tool call, tool result … told apart by `type`. */
export interface PromptPart {
  /** What it is: `text`, `file`, `reasoning`, `tool-call`, `tool-result` … */
  readonly type: string
  readonly [field: string]: Json
}

/** A message of a prompt, as the AI SDK passes it to a model. Bytes are base64, addresses are texts. */
export interface PromptMessage {
  readonly role: string
  /** Its text, or its parts. */
  readonly content: string | readonly PromptPart[]
  /** Options for one provider, if any. */
  readonly providerOptions?: JsonObject
}

/** A tool as the model was offered it. */
export interface OfferedTool {
  /** `function`, or `provider` for a tool that the provider runs. */
  readonly type: string
  /** Its name. */
  readonly name: string
  /** Its description for the model. */
  readonly description?: string
  /** JSON Schema. */
  readonly inputSchema?: JsonObject
  readonly [field: string]: Json | undefined
}

interface Block {
  readonly heading: string
  readonly body: string
}

/** A copy as plain JSON, which later changes of the original do not reach. */
export function plainCopy(value: unknown): unknown {
  const text = JSON.stringify(value, function (this: Readonly<Record<string, unknown>>, key, shown: unknown) {
    const whole = this[key]
    return whole instanceof Uint8Array ? Buffer.from(whole).toString('base64') : shown
  })
  return text === undefined ? undefined : JSON.parse(text)
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}

function fileText({ mediaType, filename, data }: PromptPart): string {
  const { type, ...rest } = data as JsonObject
  const size = () => `${Buffer.byteLength(textOf(rest.data), 'base64')} bytes`
  const source = type === 'data' ? size() : textOf(Object.values(rest)[0])
  return [mediaType, filename, source].filter((word) => word !== undefined).join(' ')
}

function outputText(output: JsonObject): string {
  if (output.type === 'execution-denied') return textOf(output.reason ?? '')
  if (output.type !== 'content') return textOf(output.value)
  const items = output.value as readonly PromptPart[]
  return items.map((item) => bodyOf(item)).join('\n')
}

function bodyOf(part: PromptPart): string {
  if (part.type === 'text' || part.type === 'reasoning') return textOf(part.text)
  if (part.type === 'file' || part.type === 'reasoning-file') return fileText(part)
  if (part.type === 'tool-call') return textOf(part.input)
  if (part.type === 'tool-result') return outputText(part.output as JsonObject)
  const { type: _, providerOptions: __, ...rest } = part
  return JSON.stringify(rest)
}

const outcomes: Readonly<Record<string, string>> = {
  'error-text': ' failed',
  'error-json': ' failed',
  'execution-denied': ' denied',
}

function headingOf(role: string, part: PromptPart, isLater: boolean): string {
  if (part.type === 'tool-call') return `tool-call ${part.toolName} ${part.toolCallId}`
  if (part.type === 'tool-result') {
    const { type } = part.output as JsonObject
    return `tool-result ${part.toolName} ${part.toolCallId}${outcomes[String(type)] ?? ''}`
  }
  const heading = part.type === 'text' ? role : `${role} ${part.type}`
  return isLater ? `${heading} (same message)` : heading
}

function blocksOf(messages: readonly PromptMessage[]): Block[] {
  return messages.flatMap(({ role, content }): Block[] => {
    if (typeof content === 'string') return [{ heading: role, body: content }]
    return content.map((part, index) => ({ heading: headingOf(role, part, index > 0), body: bodyOf(part) }))
  })
}

function rendered({ heading, body }: Block): string {
  const lines = body.split('\n').map((line) => (line === '' ? '' : `  ${line}`))
  return [heading, ...lines].join('\n')
}

/**
 * A prompt as a text that is the same for the same prompt: a block for each part, its role or kind at the margin and
 * its content below, indented, so that no content looks like another block. Options for providers are left out.
 */
export function transcriptOf(messages: readonly PromptMessage[]): string {
  return blocksOf(messages).map(rendered).join('\n\n')
}

/** The tokens of a scripted model: words, separated by white space. */
export function countTokens(text: string): number {
  return text.match(/\S+/gu)?.length ?? 0
}

/** The tokens of a prompt: those of its transcript, headings apart. */
export function promptTokens(messages: readonly PromptMessage[]): number {
  return blocksOf(messages).reduce((sum, { body }) => sum + countTokens(body), 0)
}
