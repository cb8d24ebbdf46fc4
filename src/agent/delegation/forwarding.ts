/** Which messages of a supervisor a subagent is shown, chosen once, and found again when the work goes on. */
import { isDeepStrictEqual } from 'node:util'
import { type Actor, checkActor } from '../../domain/actor.ts'
import { digestOf } from '../../domain/digest.ts'
import { invalidInput, MemoryError } from '../../domain/error.ts'
import { isJsonObject, type Json, type JsonObject, jsonBytes } from '../../domain/json.ts'
import type { MessagePart } from '../../domain/records/message.ts'
import { withCommas } from '../../domain/with-commas.ts'
import type { Utterance } from '../context/model-messages.ts'
import type { DelegationMessage } from '../delegation-message.ts'
import type { DelegationOptions } from '../delegation-options.ts'
import type { ShownConversation } from '../shown-conversation.ts'
import { toJson } from '../tools/result-json.ts'

/** Bytes of changed messages that a run keeps. */
const mostBytes = 65_536

export function toMessage({ id, role, parts, author }: Utterance): DelegationMessage {
  return { ...(id === null ? {} : { id }), role, parts, author }
}

/** Names a message without holding a word of it. */
function keyOf({ id, role, parts }: DelegationMessage): string {
  return id ?? digestOf('sha256', JSON.stringify([role, parts]), 'hex').slice(0, 16)
}

function said(author: Actor, text: string): Utterance {
  const parts: MessagePart[] = [{ type: 'text', text }]
  return { id: null, role: 'user', parts, author, turnStatus: 'complete', isOwnTurn: false, goesOn: false }
}

function fromMessage(given: unknown, supervisor: Actor): Utterance {
  const fix = 'Return messages as the filter got them: { role, parts, author? }.'
  if (!isJsonObject(given)) throw invalidInput('messageFilter', 'must return messages', given, fix)
  const { role, parts, author } = given as unknown as DelegationMessage
  const isMessage = (role === 'user' || role === 'assistant' || role === 'system') && Array.isArray(parts)
  if (!isMessage || !parts.every((part) => typeof part?.type === 'string')) {
    throw invalidInput('messageFilter', 'must return messages with a role and parts', given, fix)
  }
  if (author !== undefined) checkActor(author, 'messageFilter.author')
  const by = author ?? supervisor
  return { id: null, role, parts, author: by, turnStatus: 'complete', isOwnTurn: false, goesOn: false }
}

/** The messages that a filter answered, and what the run of the work keeps to find them again. */
export function chosen(
  conversation: readonly Utterance[],
  answered: unknown,
  supervisor: Actor,
): { readonly forwarded: readonly Utterance[]; readonly kept: JsonObject } {
  if (!Array.isArray(answered)) {
    throw invalidInput(
      'messageFilter',
      'must return a list of messages',
      answered,
      'Return context.messages.filter(…).',
    )
  }
  const originals = conversation.map((one) => ({ one, message: toMessage(one) }))
  const same = answered.map((message: unknown) => {
    return originals.find((original) => isDeepStrictEqual(original.message, message))
  })
  if (same.every((one) => one !== undefined)) {
    return { forwarded: same.map(({ one }) => one), kept: { refs: same.map(({ message }) => keyOf(message)) } }
  }
  const changed = answered.map((message: unknown) => fromMessage(message, supervisor))
  const messages = toJson(changed.map(({ role, parts, author }) => ({ role, parts, author })))
  const bytes = jsonBytes(messages)
  if (bytes <= mostBytes) return { forwarded: changed, kept: { messages } }
  throw new MemoryError('limit-exceeded', {
    message: `messageFilter changed messages, and returned ${withCommas(bytes)} bytes where ${withCommas(mostBytes)} is the limit.`,
    fix: 'Return fewer of them, or only messages as the filter got them: those are not stored again.',
    details: { bytes, limitBytes: mostBytes },
  })
}

/** The messages that were chosen when the work began. Those that were deleted since are gone. */
export function keptMessages(
  conversation: readonly Utterance[],
  { refs, messages }: Readonly<Record<string, Json | undefined>>,
  supervisor: Actor,
): readonly Utterance[] {
  if (Array.isArray(messages)) return messages.map((message) => fromMessage(message, supervisor))
  if (!Array.isArray(refs)) return conversation
  const kept = new Map(conversation.map((one) => [keyOf(toMessage(one)), one]))
  return refs.flatMap((ref) => kept.get(String(ref)) ?? [])
}

/** What is shown in front of the conversation, as far as the options say so. */
export function inFront(
  { forward }: DelegationOptions,
  { instructions, workingMemory }: ShownConversation,
  supervisor: Actor,
): readonly Utterance[] {
  const own = forward?.systemPrompt === true && instructions !== '' ? [`My instructions:\n\n${instructions}`] : []
  const memory = forward?.workingMemory === true && workingMemory !== '' ? [`What I remember:\n\n${workingMemory}`] : []
  return [...own, ...memory].map((text) => said(supervisor, text))
}
