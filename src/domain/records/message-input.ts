/** Turns messages of callers (texts, model messages, UI messages) into the one stored form. */
import { type Actor, checkActor } from '../actor.ts'
import { invalidInput, MemoryError } from '../error.ts'
import { type JsonObject, toPatch } from '../json.ts'
import { readPlain } from '../read-plain.ts'
import { toIso } from '../time.ts'
import type { MessageInput, Role } from './message.ts'
import { readParts, withAnswer } from './message-parts.ts'

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
      readonly space?: string
    }

/** A message to store, with the thread, resource and space that it names. */
export interface ReadMessage {
  readonly input: MessageInput
  readonly threadId: string | undefined
  readonly resourceId: string | undefined
  readonly space: string | undefined
  /** Answers to tool calls that are not in the batch: they belong to calls saved earlier. */
  readonly isAnswer?: true
}

const fix = 'Pass a text, { role, content }, a ModelMessage or a UIMessage of the AI SDK.'
const known = new Set([
  ...['id', 'role', 'content', 'parts', 'metadata', 'author', 'createdAt', 'threadId', 'resourceId', 'space'],
  // Fields that readers add. They are allowed, so that a message that was read can be saved elsewhere.
  ...['turnId', 'turnStatus', 'seq', 'editedAt', 'providerOptions'],
])

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
    return { input, threadId: undefined, resourceId: undefined, space: undefined }
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
    // The AI SDK gives messages without an id an empty one.
    ...(id === undefined || id === '' ? {} : { id }),
    role: roleOf(fields, field),
    parts: readParts(fields, field),
    ...metadataOf(fields, field),
    ...stated,
    ...(createdAt === undefined ? {} : { createdAt: toIso(createdAt, `${field}.createdAt`) }),
  }
  return {
    input,
    threadId: optionalText(fields.threadId, `${field}.threadId`),
    resourceId: optionalText(fields.resourceId, `${field}.resourceId`),
    space: optionalText(fields.space, `${field}.space`),
  }
}

function statedActor(author: unknown): Actor {
  if (typeof author !== 'object' || author === null) return checkActor(author, 'author')
  const { claimed: _, ...actor } = author as { claimed?: unknown }
  return checkActor(actor, 'author')
}

/**
 * Adds the answers of a `tool` message to the calls in earlier messages of the batch; null if every answer found its
 * call.
 */
function joinAnswers(batch: ReadMessage[], answers: ReadMessage): ReadMessage | null {
  const left = answers.input.parts.filter((answer) => {
    for (let index = batch.length - 1; index >= 0; index--) {
      const message = batch[index] as ReadMessage
      const parts = withAnswer(message.input.parts, answer)
      if (parts === null) continue
      batch[index] = { ...message, input: { ...message.input, parts } }
      return false
    }
    return true
  })
  return left.length === 0 ? null : { ...answers, input: { ...answers.input, parts: left }, isAnswer: true }
}

/**
 * Reads a batch of messages in any of the accepted forms.
 *
 * @throws MemoryError `invalid-input` naming the message and field that cannot be read.
 */
export function readMessages(messages: unknown): readonly ReadMessage[] {
  return readPlainMessages(readPlain(messages, 'messages'))
}

/** The same for messages that are a plain copy already. */
export function readPlainMessages(given: unknown): readonly ReadMessage[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given]
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
    const rest = isTool ? joinAnswers(batch, message) : message
    if (rest !== null) batch.push(rest)
  }
  return batch
}
