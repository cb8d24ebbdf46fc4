/** Messages as callers write them (texts, model messages, UI messages) made into the one form that is stored. */
import { type Actor, checkActor } from '../domain/actor.ts'
import { invalidInput, MemoryError } from '../domain/error.ts'
import { isJsonObject, type Json, type JsonObject, toPatch } from '../domain/json.ts'
import type { MessageInput, MessagePart, Role } from '../domain/message.ts'
import { toIso } from '../domain/time.ts'

/** A message to save: a text (a user's), `{ role, content }`, an AI SDK `ModelMessage` or `UIMessage`. */
export type MessageLike =
  | string
  | {
      readonly id?: string
      readonly role: 'system' | 'user' | 'assistant' | 'tool'
      readonly content?: unknown
      readonly parts?: readonly unknown[]
      readonly metadata?: unknown
      readonly author?: Actor
      readonly createdAt?: Date | string | number
      readonly threadId?: string
      readonly resourceId?: string
    }

/** A message to store, and the thread and resource it says it belongs to. */
export interface ReadMessage {
  readonly input: MessageInput
  readonly threadId: string | undefined
  readonly resourceId: string | undefined
}

const fix = 'Pass a text, { role, content }, a ModelMessage or a UIMessage of the AI SDK.'
const known = new Set([
  ...['id', 'role', 'content', 'parts', 'metadata', 'author', 'createdAt', 'threadId', 'resourceId'],
  // What readers add, so that a message read can be saved elsewhere.
  ...['turnId', 'turnStatus', 'seq', 'editedAt', 'providerOptions'],
])

function base64(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
}

function fileUrl(data: unknown, mediaType: string, field: string): string {
  if (data instanceof URL) return data.href
  if (data instanceof Uint8Array) return `data:${mediaType};base64,${base64(data)}`
  if (data instanceof ArrayBuffer) return `data:${mediaType};base64,${base64(new Uint8Array(data))}`
  if (typeof data === 'string') return /^[a-z][a-z0-9+.-]*:/i.test(data) ? data : `data:${mediaType};base64,${data}`
  throw invalidInput(field, 'must be a URL, base64 text or bytes', data, fix)
}

function filePart(part: Record<string, unknown>, field: string): MessagePart {
  const isImage = part.type === 'image'
  const mediaType =
    typeof part.mediaType === 'string' ? part.mediaType : isImage ? 'image/*' : 'application/octet-stream'
  const url = fileUrl(part.url ?? part.data ?? part.image, mediaType, field)
  return { type: 'file', mediaType, url, ...(typeof part.filename === 'string' ? { filename: part.filename } : {}) }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The end of a tool part from a model's `tool-result` output. */
function toolOutcome(output: unknown): JsonObject {
  const { type, value } = isJsonObject(output) && 'type' in output ? output : { type: 'json', value: output as Json }
  if (type === 'error-text' || type === 'error-json') return { state: 'output-error', errorText: textOf(value) }
  if (type === 'execution-denied') return { state: 'output-denied' }
  return { state: 'output-available', output: (value ?? null) as Json }
}

function toolPart(part: Record<string, unknown>, rest: JsonObject): MessagePart {
  const { toolCallId, toolName, input } = part
  if (typeof toolCallId !== 'string' || typeof toolName !== 'string') {
    throw invalidInput('messages.content', 'must have toolCallId and toolName in tool parts', part, fix)
  }
  return { type: `tool-${toolName}`, toolCallId, input: (input ?? null) as Json, ...rest }
}

/** One content part of a model message as a UI part. Parts that are UI parts already pass as they are. */
function uiPart(part: unknown, field: string): MessagePart {
  if (!isJsonObject(part) || typeof part.type !== 'string') {
    throw invalidInput(field, 'must be a part with a "type"', part, fix)
  }
  if (part.type === 'file' || part.type === 'image') return filePart(part, field)
  if (part.type === 'tool-call') return toolPart(part, { state: 'input-available' })
  if (part.type === 'tool-result') return toolPart(part, toolOutcome(part.output))
  return part as MessagePart
}

function partsOf(message: Record<string, unknown>, field: string): readonly MessagePart[] {
  if (Array.isArray(message.parts)) return message.parts.map((part, index) => uiPart(part, `${field}.parts[${index}]`))
  const { content } = message
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (Array.isArray(content)) return content.map((part, index) => uiPart(part, `${field}.content[${index}]`))
  throw invalidInput(field, 'must have content or parts', message, fix)
}

function metadataOf(message: Record<string, unknown>, field: string): { metadata?: JsonObject } {
  const { metadata, providerOptions } = message
  if (metadata === undefined && providerOptions === undefined) return {}
  const given = metadata === undefined || metadata === null ? {} : toPatch(metadata, `${field}.metadata`)
  if (providerOptions === undefined) return { metadata: given }
  return { metadata: { ...given, providerOptions: toPatch(providerOptions, `${field}.providerOptions`) } }
}

function roleOf(message: Record<string, unknown>, field: string): Role {
  const { role } = message
  if (role === 'user' || role === 'assistant' || role === 'system') return role
  if (role === 'tool') return 'assistant'
  throw invalidInput(`${field}.role`, 'must be user, assistant, system or tool', role, fix)
}

function optionalText(value: unknown, field: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  throw invalidInput(field, 'must be a string', value, fix)
}

/** Reads one message. */
function readMessage(message: unknown, field: string): ReadMessage {
  if (typeof message === 'string') {
    const input: MessageInput = { role: 'user', parts: [{ type: 'text', text: message }] }
    return { input, threadId: undefined, resourceId: undefined }
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw invalidInput(field, 'must be a message', message, fix)
  }
  const fields = message as Record<string, unknown>
  for (const key of Object.keys(fields)) {
    if (!known.has(key)) throw invalidInput(`${field}.${key}`, 'is not a field of a message', fields[key], fix)
  }
  const { author, createdAt } = fields
  const id = optionalText(fields.id, `${field}.id`)
  const stated = author === undefined ? {} : { author: statedActor(author) }
  const input: MessageInput = {
    // The AI SDK gives messages it has not numbered an empty id.
    ...(id === undefined || id === '' ? {} : { id }),
    role: roleOf(fields, field),
    parts: partsOf(fields, field),
    ...metadataOf(fields, field),
    ...stated,
    ...(createdAt === undefined ? {} : { createdAt: toIso(createdAt, `${field}.createdAt`) }),
  }
  return {
    input,
    threadId: optionalText(fields.threadId, `${field}.threadId`),
    resourceId: optionalText(fields.resourceId, `${field}.resourceId`),
  }
}

function statedActor(author: unknown): Actor {
  if (typeof author !== 'object' || author === null) return checkActor(author, 'author')
  const { claimed: _, ...actor } = author as { claimed?: unknown }
  return checkActor(actor, 'author')
}

/** Puts the results of a `tool` message into the calls that an earlier message of the batch made. */
function joinResults(batch: ReadMessage[], results: ReadMessage): ReadMessage | null {
  const unmatched: MessagePart[] = []
  for (const part of results.input.parts) {
    const index = batch.findLastIndex(({ input }) =>
      input.parts.some((call) => call.toolCallId === part.toolCallId && call.state === 'input-available'),
    )
    const message = batch[index]
    if (message === undefined) unmatched.push(part)
    else {
      const parts = message.input.parts.map((call) =>
        call.toolCallId === part.toolCallId ? { ...call, ...part, input: call.input ?? null } : call,
      )
      batch[index] = { ...message, input: { ...message.input, parts } }
    }
  }
  return unmatched.length === 0 ? null : { ...results, input: { ...results.input, parts: unmatched } }
}

/**
 * Reads a batch of messages in any of the accepted forms.
 *
 * @throws MemoryError `invalid-input` naming the message and field that cannot be read.
 */
export function readMessages(messages: unknown): readonly ReadMessage[] {
  const list = Array.isArray(messages) ? messages : [messages]
  if (list.length === 0) {
    throw new MemoryError('invalid-input', {
      message: '"messages" is empty.',
      fix: 'Pass at least one message.',
      details: { field: 'messages', rule: 'must not be empty', got: 'an array of 0' },
    })
  }
  const batch: ReadMessage[] = []
  for (let index = 0; index < list.length; index++) {
    const message = readMessage(list[index], `messages[${index}]`)
    const isTool = (list[index] as { role?: unknown })?.role === 'tool'
    const rest = isTool ? joinResults(batch, message) : message
    if (rest !== null) batch.push(rest)
  }
  return batch
}
