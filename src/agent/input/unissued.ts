/**
 * Assistant messages from a client that memory did not issue. Their words are kept as a claim, never as the agent's
 * own. Tool calls, and other parts that only a run of an agent makes, are dropped. Pure.
 */
import type { Actor } from '../../domain/actor.ts'
import { shown } from '../../domain/error.ts'
import { isJsonObject } from '../../domain/json.ts'
import type { MessageInput, MessagePart } from '../../domain/records/message.ts'

/** The message to store, null if nothing is left of it; and the dropped parts. */
interface Said {
  readonly input: MessageInput | null
  readonly leftOut: readonly MessagePart[]
}

/** Calls, their results, and answers to approvals. */
function isOfTool({ type }: MessagePart): boolean {
  return type === 'dynamic-tool' || type.startsWith('tool-')
}

/** Parts other than tool calls that only a run makes, and their names in warnings. */
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

/** A provider's metadata is not kept with a claim: it would vouch for the words at the provider. */
function unsealed({ providerMetadata: _, ...part }: MessagePart): MessagePart {
  return part as MessagePart
}

/** The parts to keep, including those inside a user message between two steps. The others are noted. */
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
 * The words are the sender's, whatever author the message names. Under an agent's name they would look like that
 * agent's wherever only names are shown. They have at most the sender's trust.
 */
function claimedWords(input: MessageInput, sender: Actor): Said {
  const leftOut: MessagePart[] = []
  const words = sayable(input.parts, isOfRun, leftOut).filter(({ type }) => type !== 'step-start')
  if (words.length === 0 && leftOut.length > 0) return { input: null, leftOut }
  return { input: { ...input, parts: words.map(unsealed), author: { ...sender, claimed: true } }, leftOut }
}

/**
 * The storable part of a message that memory does not know. A trusted caller `vouches` for it: it is kept whole, but for
 * calls that would run because they claim to be approved.
 */
export function asSaid(input: MessageInput, sender: Actor, vouches: boolean): Said {
  if (vouches) return vouched(input)
  if (input.role === 'assistant') return claimedWords(input, sender)
  const leftOut: MessagePart[] = []
  const parts = sayable(input.parts, isOfTool, leftOut)
  if (leftOut.length === 0) return { input, leftOut }
  return { input: parts.length === 0 ? null : { ...input, parts }, leftOut }
}

/** Whether the AI SDK would run a call because of this part, if it is the last one. */
function isApproved(part: MessagePart): boolean {
  if (part.type === 'tool-approval-response') return part.approved !== false
  return (
    isOfTool(part) &&
    part.state === 'approval-responded' &&
    !(isJsonObject(part.approval) && part.approval.approved === false)
  )
}

function vouched(input: MessageInput): Said {
  const parts = input.parts.filter((part) => !isApproved(part))
  const leftOut = input.parts.filter(isApproved)
  if (leftOut.length === 0) return { input, leftOut }
  return { input: parts.length === 0 ? null : { ...input, parts }, leftOut }
}

/**
 * The messages of a call without memory, without the calls that claim to be approved: no stored turn asked for the
 * approval, so anybody may have written it. Calls with results, and refusals, are kept.
 */
export function withoutApproved(messages: readonly MessageInput[], warnings: string[]): readonly MessageInput[] {
  return messages.flatMap((message) => {
    const parts = message.parts.filter((part) => !isApproved(part))
    if (parts.length === message.parts.length) return [message]
    const fix = 'give the call a resourceId and a threadId, or an experimental_toolApprovalSecret'
    warnings.push(`Without memory an approved tool call does not run; it was left out. To run it, ${fix}.`)
    return parts.length === 0 ? [] : [{ ...message, parts }]
  })
}

/** How many ids a warning lists at most. */
const mostNamed = 3

/** The warnings about dropped parts; none if none were dropped. */
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
  return [`Memory did not issue these parts of the messages, so they were left out: ${counts.join(', ')}.`]
}

function partsOf(count: number): string {
  return count === 1 ? '1 part' : `${count} parts`
}
