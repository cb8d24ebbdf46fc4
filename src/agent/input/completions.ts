/** A client's answers to stored calls: results of tools, and answers to approval requests. */
import type { TurnId } from '../../domain/id.ts'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { isInternal, type Message, type MessagePart, toolNameOf } from '../../domain/records/message.ts'
import { answered } from '../../domain/records/message-parts.ts'
import { isClosed } from './canonical.ts'

/** A stored call, and the part it becomes. */
export interface Completion {
  readonly messageId: string
  readonly toolCallId: string
  readonly part: MessagePart
}

/** The answer of a client to a stored call, and the turn of that call. */
export interface SentAnswer extends Completion {
  readonly turnId: TurnId
}

function withApproval(call: MessagePart, sent: MessagePart): MessagePart {
  const { approval } = sent
  const isAsked = isJsonObject(call.approval) && call.approval.approved === undefined
  if (!isAsked || !isJsonObject(approval) || typeof approval.approved !== 'boolean') return call
  const { id, approved, reason } = approval
  return answered(call, wordOn(id ?? null, approved, reason)) ?? call
}

/** The answer to an approval request, without anything else that was sent. */
function wordOn(approvalId: Json, approved: boolean, reason: Json | undefined): MessagePart {
  const said = { type: 'tool-approval-response', approvalId, approved }
  return typeof reason === 'string' ? { ...said, reason } : said
}

/** The approval that belongs to an outcome: none if a result came without one. */
function approvalFor({ approval, state }: MessagePart): { approval?: JsonObject } {
  if (!isJsonObject(approval)) return {}
  if (state === 'output-denied') return { approval: { ...approval, approved: false } }
  return approval.approved === true ? { approval } : {}
}

function withOutcome(call: MessagePart, sent: MessagePart): MessagePart {
  if (!isClosed(sent) || sent.state === undefined) return call
  const kept = ['output', 'errorText', 'resultProviderMetadata'] as const
  const outcome = Object.fromEntries(kept.flatMap((name) => (sent[name] === undefined ? [] : [[name, sent[name]]])))
  const part = answered(call, {
    type: sent.type,
    toolCallId: sent.toolCallId ?? null,
    state: sent.state,
    ...outcome,
  } as MessagePart)
  if (part === null) return call
  const { approval: _, ...rest } = part
  return { ...rest, ...approvalFor(part) } as MessagePart
}

/**
 * The stored call with the outcome that the client sent; null if that is nothing new. Only the outcome and the answer
 * to the approval are taken from the client. The call itself stays as it was made.
 */
function completed(call: MessagePart, sent: MessagePart): MessagePart | null {
  if (isInternal(call) || isClosed(call)) return null
  if (sent.type === 'tool-approval-response') {
    const { approvalId = null, approved, reason } = sent
    const isAsked = isJsonObject(call.approval) && call.approval.approved === undefined
    return isAsked && typeof approved === 'boolean' ? answered(call, wordOn(approvalId, approved, reason)) : null
  }
  const part = withOutcome(withApproval(call, sent), sent)
  return part === call ? null : part
}

/** Whether a client sends an outcome for an open call whose tool runs here. */
export function isForeignOutcome(
  call: MessagePart,
  sent: MessagePart,
  runsHere: (toolName: string) => boolean,
): boolean {
  if (isClosed(call) || isInternal(call) || !isClosed(sent) || sent.state === 'output-denied') return false
  return call.providerExecuted === true || runsHere(toolNameOf(call))
}

/** What was sent for a call, without its outcome. The answer to its approval stays. */
export function withoutOutcome(sent: MessagePart): MessagePart {
  return { ...sent, state: 'approval-responded' }
}

/** The changed calls, by message and call. */
export type CallAnswers = Map<string, Completion & { readonly message: Message }>

/** Whether a client says something about a call, rather than only showing it. */
function isAnswer(sent: MessagePart): boolean {
  return sent.type === 'tool-approval-response' || sent.state === 'approval-responded' || isClosed(sent)
}

/**
 * Notes an answer to a call of a stored message; a later answer to the same call builds on the one before.
 *
 * @returns The answer, if it says nothing new: the call had one before.
 */
export function noteAnswer(
  answers: CallAnswers,
  message: Message,
  call: MessagePart,
  sent: MessagePart,
): SentAnswer | null {
  if (typeof call.toolCallId !== 'string') return null
  const { toolCallId } = call
  const key = JSON.stringify([message.id, toolCallId])
  const part = completed(answers.get(key)?.part ?? call, sent)
  if (part !== null) answers.set(key, { message, messageId: message.id, toolCallId, part })
  if (part !== null || answers.has(key) || isInternal(call) || !isAnswer(sent)) return null
  return { messageId: message.id, turnId: message.turnId, toolCallId, part: sent }
}

/** The answers to calls of turns that are not replaced, and the suspended turn that they resume. */
export function settleAnswers(
  answers: CallAnswers,
  replaced: readonly string[],
): { readonly completions: readonly SentAnswer[]; readonly resumes: string | null } {
  const kept = [...answers.values()].filter(({ message }) => !replaced.includes(message.turnId))
  const suspended = kept.findLast(({ message }) => message.turnStatus === 'suspended')
  const completions = kept.map(({ message, messageId, toolCallId, part }) => {
    return { messageId, turnId: message.turnId, toolCallId, part }
  })
  return { completions, resumes: suspended?.message.turnId ?? null }
}
