/** Turns parts of model messages into the AI SDK's UI parts, the one stored form. */
import { invalidInput } from '../error.ts'
import { isJsonObject, type Json, type JsonObject, toPatch } from '../json.ts'
import type { MessagePart } from './message.ts'

const fix = 'Pass a text, { role, content }, a ModelMessage or a UIMessage of the AI SDK.'

type Fields = Readonly<Record<string, unknown>>

function base64(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
}

function fileUrl(data: unknown, mediaType: string, field: string): string {
  if (isJsonObject(data)) {
    // The tagged forms of the AI SDK.
    if (data.type === 'text') return fileUrl(Buffer.from(String(data.text)), mediaType, field)
    return fileUrl(data.type === 'url' ? data.url : data.type === 'data' ? data.data : undefined, mediaType, field)
  }
  if (data instanceof URL) return data.href
  if (data instanceof Uint8Array) return `data:${mediaType};base64,${base64(data)}`
  if (data instanceof ArrayBuffer) return `data:${mediaType};base64,${base64(new Uint8Array(data))}`
  if (typeof data === 'string') return /^[a-z][a-z0-9+.-]*:/i.test(data) ? data : `data:${mediaType};base64,${data}`
  throw invalidInput(field, 'must be a URL, base64 text or bytes', data, fix)
}

function filePart(part: Fields, field: string): MessagePart {
  const fallback = part.type === 'image' ? 'image/*' : 'application/octet-stream'
  const mediaType = typeof part.mediaType === 'string' ? part.mediaType : fallback
  const { url, data, image, type: _, ...rest } = part
  return { ...toPatch(rest, field), type: 'file', mediaType, url: fileUrl(url ?? data ?? image, mediaType, field) }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The end of a tool part from a model's `tool-result` output. */
function toolOutcome(output: Json | undefined): JsonObject {
  const { type, value } = isJsonObject(output) && 'type' in output ? output : { type: 'json', value: output }
  if (type === 'error-text' || type === 'error-json') return { state: 'output-error', errorText: textOf(value) }
  if (type === 'execution-denied') return { state: 'output-denied' }
  return { state: 'output-available', output: value ?? null }
}

function toolPart(part: JsonObject, outcome: JsonObject, field: string): MessagePart {
  const { toolCallId, toolName, input } = part
  if (typeof toolCallId !== 'string' || typeof toolName !== 'string') {
    throw invalidInput(field, 'must have toolCallId and toolName', part, fix)
  }
  const kept = ['providerExecuted', 'callProviderMetadata', 'resultProviderMetadata', 'title']
  const extra = Object.fromEntries(kept.flatMap((key) => (part[key] === undefined ? [] : [[key, part[key]]])))
  return { type: `tool-${toolName}`, toolCallId, input: input ?? null, ...outcome, ...extra }
}

const metadataNames = new Map<unknown, string>([
  ['tool-call', 'callProviderMetadata'],
  ['tool-result', 'resultProviderMetadata'],
])

/** A provider's addition to a part is called options in the input, and metadata in an answer. */
function withMetadata(part: JsonObject): JsonObject {
  const { providerOptions, ...rest } = part
  if (providerOptions === undefined) return part
  return { ...rest, [metadataNames.get(part.type) ?? 'providerMetadata']: providerOptions }
}

/** A user message between two steps is stored in the answer, as its own parts: one level of them. */
function checkSteering({ parts = [] }: JsonObject, field: string): void {
  const isRight = (part: unknown) =>
    isJsonObject(part) && typeof part.type === 'string' && part.type !== 'steering-message'
  if (Array.isArray(parts) && parts.every(isRight)) return
  throw invalidInput(`${field}.parts`, 'must be what a user said: texts and files', parts, fix)
}

/** One part in its stored form. UI parts stay as they are, without undefined fields. */
function uiPart(part: unknown, field: string): MessagePart {
  if (!isJsonObject(part) || typeof part.type !== 'string') {
    throw invalidInput(field, 'must be a part with a "type"', part, fix)
  }
  if (part.type === 'image' || (part.type === 'file' && part.url === undefined)) {
    const { providerOptions, ...rest } = part
    return filePart(providerOptions === undefined ? rest : { ...rest, providerMetadata: providerOptions }, field)
  }
  const read = withMetadata(toPatch(part, field))
  if (read.type === 'steering-message') checkSteering(read, field)
  if (read.type === 'tool-call') return toolPart(read, { state: 'input-available' }, field)
  if (read.type === 'tool-result') return toolPart(read, toolOutcome(read.output), field)
  return read as MessagePart
}

/** The call with its outcome, or with the answer to its approval; null if the part is not about it. */
export function answered(call: MessagePart, answer: MessagePart): MessagePart | null {
  const approval = isJsonObject(call.approval) ? call.approval : null
  if (answer.type === 'tool-approval-request') {
    if (call.toolCallId !== answer.toolCallId || call.state === undefined) return null
    return { ...call, state: 'approval-requested', approval: { id: answer.approvalId ?? null } }
  }
  if (answer.type === 'tool-approval-response') {
    if (approval === null || approval.id !== answer.approvalId) return null
    const reason = answer.reason === undefined ? {} : { reason: answer.reason }
    const said = { ...approval, approved: answer.approved ?? null, ...reason }
    return { ...call, state: 'approval-responded', approval: said }
  }
  const isOpen = typeof call.state === 'string' && !call.state.startsWith('output-')
  if (!isOpen || call.toolCallId === undefined || call.toolCallId !== answer.toolCallId) return null
  return { ...call, ...answer, type: call.type, input: call.input ?? null }
}

/** The parts with an answer added to its call; null if none of them is that call. */
export function withAnswer(parts: readonly MessagePart[], answer: MessagePart): readonly MessagePart[] | null {
  const index = parts.findLastIndex((call) => answered(call, answer) !== null)
  const call = parts[index]
  return call === undefined ? null : parts.with(index, answered(call, answer) as MessagePart)
}

/** The parts of a message: its `parts`, otherwise its `content`. */
export function readParts(message: Fields, field: string): readonly MessagePart[] {
  const { parts, content } = message
  if (parts === undefined && typeof content === 'string') return [{ type: 'text', text: content }]
  const [list, name] = Array.isArray(parts) ? [parts, 'parts'] : [content, 'content']
  if (!Array.isArray(list)) throw invalidInput(field, 'must have content or parts', message, fix)
  let read: MessagePart[] = []
  for (let index = 0; index < list.length; index++) {
    const part = uiPart(list[index], `${field}.${name}[${index}]`)
    const isAnswer = answerTypes.has((list[index] as { type?: unknown }).type)
    const joined = isAnswer ? withAnswer(read, part) : null
    if (joined === null) read.push(part)
    else read = [...joined]
  }
  return read
}

/** Parts of model messages that refer to a call, which may be in the same message. */
const answerTypes = new Set<unknown>(['tool-result', 'tool-approval-request'])
