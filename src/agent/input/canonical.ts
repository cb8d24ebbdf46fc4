/** The canonical form in which messages are compared: words, files and tool calls, as one flat sequence. */
import { isJsonObject, type Json } from '../../domain/json.ts'
import { isInternal, isToolPart, type MessagePart, type Role } from '../../domain/records/message.ts'

/** The compared parts of a message. */
export interface Comparable {
  readonly role: Role
  readonly parts: readonly MessagePart[]
}

/**
 * One unit of comparison: a whole user message, or one text, file or call of an assistant. Borders between assistant
 * messages do not count, because the steps of one UI message are several messages to a model.
 */
export interface Unit {
  readonly kind: 'user' | 'text' | 'file' | 'call'
  /** Equal for equal content: the text in its canonical form, or the call without its result. */
  readonly key: string
  /** Index of its message among the compared ones. */
  readonly index: number
  /** The part, if it is a call. */
  readonly call?: MessagePart
}

/** JSON in which the order of fields makes no difference. */
function sortedJson(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map((item: Json) => sortedJson(item)).join(',')}]`
  if (!isJsonObject(value)) return JSON.stringify(value ?? null)
  const keys = Object.keys(value).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${sortedJson(value[key])}`).join(',')}}`
}

/** A URL as a round trip through `URL` leaves it. */
function urlOf(part: MessagePart): string {
  if (part.providerReference !== undefined) return sortedJson(part.providerReference)
  const url = String(part.url)
  return !url.startsWith('data:') && URL.canParse(url) ? new URL(url).href : url
}

function textOf(part: MessagePart): string {
  return part.type === 'text' && typeof part.text === 'string' ? part.text : ''
}

/** A text without what clients change on the way: white space at its ends, line ends, the Unicode normal form. */
function canonicalText(text: string): string {
  return text.replace(/\r\n?/g, '\n').normalize('NFC').trim()
}

function userKey(parts: readonly MessagePart[]): string {
  const said: [kind: string, value: string][] = []
  for (const part of parts) {
    if (part.type === 'file') said.push(['file', urlOf(part)])
    const text = textOf(part)
    if (text === '') continue
    const last = said.at(-1)
    // How a text is cut into parts does not count.
    if (last?.[0] === 'text') last[1] += text
    else said.push(['text', text])
  }
  const compared = said.map(([kind, value]) => [kind, kind === 'text' ? canonicalText(value) : value])
  return JSON.stringify(compared.filter(([, value]) => value !== ''))
}

function callKey(part: MessagePart): string {
  const name = part.type === 'dynamic-tool' ? part.toolName : part.type.slice('tool-'.length)
  return sortedJson([part.toolCallId ?? null, name ?? null, part.input ?? part.rawInput ?? null])
}

/** Reasoning, sources, data, beginnings of steps and internal calls are no units. */
function unitOf(part: MessagePart, index: number, hidden: ReadonlySet<string>): Unit | null {
  if (part.type === 'file') return { kind: 'file', key: urlOf(part), index }
  if (isToolPart(part)) {
    const isHidden = isInternal(part) || (typeof part.toolCallId === 'string' && hidden.has(part.toolCallId))
    return isHidden ? null : { kind: 'call', key: callKey(part), index, call: part }
  }
  // A user message between two steps is stored inside the answer, but is a separate message to a model.
  if (part.type === 'steering-message' && Array.isArray(part.parts)) {
    return { kind: 'user', key: userKey(part.parts as readonly MessagePart[]), index }
  }
  const text = canonicalText(textOf(part))
  return text === '' ? null : { kind: 'text', key: text, index }
}

/** Ids of internal calls. Messages to a model name them without their mark. */
export function internalCalls(messages: readonly Comparable[]): ReadonlySet<string> {
  const ids = new Set<string>()
  for (const { parts } of messages) {
    for (const part of parts) if (isInternal(part) && typeof part.toolCallId === 'string') ids.add(part.toolCallId)
  }
  return ids
}

/** Messages as a flat sequence. `hidden` lists calls that are internal even without the mark. */
export function unitsOf(messages: readonly Comparable[], hidden: ReadonlySet<string>): readonly Unit[] {
  return messages.flatMap(({ role, parts }, index): readonly Unit[] => {
    if (role === 'system') return []
    if (role === 'user') return [{ kind: 'user', key: userKey(parts), index }]
    return parts.flatMap((part) => unitOf(part, index, hidden) ?? [])
  })
}

export function isSame(left: Unit, right: Unit): boolean {
  return left.kind === right.kind && left.key === right.key
}

/** A text without white space, to compare texts that clients join. */
export function withoutSpace(text: string): string {
  return text.replace(/\s+/g, '')
}

/** Whether one text is the beginning of the other, or they are the same. */
export function beginsAlike(left: Unit, right: Unit): boolean {
  if (left.kind !== 'text' || right.kind !== 'text') return isSame(left, right)
  return left.key.startsWith(right.key) || right.key.startsWith(left.key)
}

/** Whether a call has ended. */
export function isClosed(call: MessagePart): boolean {
  return typeof call.state === 'string' && call.state.startsWith('output-') && call.preliminary !== true
}

/** The outcome of a call; equal for equal outcomes. */
export function outcomeOf(call: MessagePart): string {
  return sortedJson([call.state ?? null, call.output ?? null, call.errorText ?? null])
}
