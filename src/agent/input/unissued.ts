/**
 * What a client sends in an assistant's name and memory did not issue. Its words are kept as a claim, never as the agent's
 * own; calls of tools, and what else only a run of an agent makes, are left out. Pure.
 */
import type { Actor } from '../../domain/actor.ts'
import { shown } from '../../domain/error.ts'
import { isJsonObject } from '../../domain/json.ts'
import type { MessageInput, MessagePart } from '../../domain/records/message.ts'

/** A message as it may be stored, null if nothing is left of it; and the parts that may not. */
export interface Said {
  readonly input: MessageInput | null
  readonly leftOut: readonly MessagePart[]
}

/** Calls, their results, and words on approvals. */
export function isOfTool({ type }: MessagePart): boolean {
  return type === 'dynamic-tool' || type.startsWith('tool-')
}

/** Parts beside those of tools that only a run makes, and what a warning calls them. */
const ofRuns: Readonly<Record<string, string>> = {
  reasoning: 'of reasoning',
  'reasoning-file': 'of reasoning',
  'source-url': 'naming a source',
  'source-document': 'naming a source',
  custom: 'of a provider',
}

function isOfRun(part: MessagePart): boolean {
  return isOfTool(part) || Object.hasOwn(ofRuns, part.type)
}

/** What a provider keeps with its own words is no part of a claim: it would vouch for them at the provider. */
function unsealed({ providerMetadata: _, ...part }: MessagePart): MessagePart {
  return part as MessagePart
}

/** Parts as they may be said, those within what a user said between two steps included; the others are noted. */
function sayable(parts: readonly MessagePart[], isRefused: (part: MessagePart) => boolean, leftOut: MessagePart[]) {
  const allowed = (all: readonly MessagePart[]) => {
    leftOut.push(...all.filter(isRefused))
    return all.filter((part) => !isRefused(part))
  }
  return allowed(parts).flatMap((part): MessagePart[] => {
    if (part.type !== 'steering-message') return [part]
    const said = allowed((part.parts ?? []) as readonly MessagePart[])
    return said.length === 0 ? [] : [{ ...part, parts: said }]
  })
}

/**
 * The words are the sender's, whoever the message names: under an agent's name they would pass for that agent's wherever only
 * names are shown, and the sender's trust is the most that they can have.
 */
function claimedWords(input: MessageInput, sender: Actor): Said {
  const leftOut: MessagePart[] = []
  const words = sayable(input.parts, isOfRun, leftOut).filter(({ type }) => type !== 'step-start')
  if (words.length === 0 && leftOut.length > 0) return { input: null, leftOut }
  return { input: { ...input, parts: words.map(unsealed), author: { ...sender, claimed: true } }, leftOut }
}

/** What may be stored of a message that memory does not know, sent by somebody. */
export function asSaid(input: MessageInput, sender: Actor): Said {
  if (input.role === 'assistant') return claimedWords(input, sender)
  const leftOut: MessagePart[] = []
  const parts = sayable(input.parts, isOfTool, leftOut)
  if (leftOut.length === 0) return { input, leftOut }
  return { input: parts.length === 0 ? null : { ...input, parts }, leftOut }
}

/** Whether a part would have the AI SDK carry out a call, if it is the last to be said. */
function isApproved(part: MessagePart): boolean {
  if (part.type === 'tool-approval-response') return part.approved !== false
  return (
    isOfTool(part) &&
    part.state === 'approval-responded' &&
    !(isJsonObject(part.approval) && part.approval.approved === false)
  )
}

/**
 * The messages of a call without memory, without the calls that they say were approved: no stored turn asked for that, so
 * anybody may have written it. Calls with results, and refusals, are the application's to show.
 */
export function withoutApproved(messages: readonly MessageInput[], warnings: string[]): readonly MessageInput[] {
  return messages.flatMap((message) => {
    const parts = message.parts.filter((part) => !isApproved(part))
    if (parts.length === message.parts.length) return [message]
    const fix = 'give the call a resourceId and a threadId, or an experimental_toolApprovalSecret'
    warnings.push(
      `Without memory an approved call of a tool is not carried out; it was left out. To have it carried out, ${fix}.`,
    )
    return parts.length === 0 ? [] : [{ ...message, parts }]
  })
}

/** Ids that a warning names. */
const mostNamed = 3

/** What a call's warnings say of the parts that were left out; none if there are none. */
export function leftOutWarnings(leftOut: readonly MessagePart[]): readonly string[] {
  if (leftOut.length === 0) return []
  const ofTools = leftOut.filter(isOfTool)
  const ids = new Set(ofTools.flatMap(({ toolCallId }) => (typeof toolCallId === 'string' ? [toolCallId] : [])))
  const named = [...ids].slice(0, mostNamed).map(shown).join(', ')
  const others = leftOut.filter((part) => !isOfTool(part)).map(({ type }) => ofRuns[type] ?? type)
  const counts = [
    ...(ofTools.length === 0 ? [] : [`${partsOf(ofTools.length)} of tool calls${named === '' ? '' : ` (${named})`}`]),
    ...[...new Set(others)].map((kind) => `${partsOf(others.filter((other) => other === kind).length)} ${kind}`),
  ]
  return [`Memory did not issue what these messages hold, so it was left out: ${counts.join(', ')}.`]
}

function partsOf(count: number): string {
  return count === 1 ? '1 part' : `${count} parts`
}
