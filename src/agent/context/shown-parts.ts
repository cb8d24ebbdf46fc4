/** What of a stored message a model may see: only what any provider accepts. Pure. */

import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { isInternal, isToolPart, type MessagePart, type Role, toolNameOf } from '../../domain/records/message.ts'
import type { TurnStatus } from '../../domain/records/turn.ts'
import { guarded } from './labels.ts'

/** Where a message stands, as far as it decides what of it is shown. */
export interface Standing {
  readonly role: Role
  readonly turnStatus: TurnStatus
  /** It belongs to the turn that the call goes on with, so the provider wants its steps as they were. */
  readonly isOwnTurn: boolean
  /** It is the answer that the call goes on with, as stored: an approved call is carried out there and nowhere else. */
  readonly goesOn: boolean
  /** Nothing follows it in the prompt: an approved call may wait for its result here only. */
  readonly isLast: boolean
  /** The request will offer no tools; then providers refuse calls, and they are told instead. */
  readonly hasNoTools: boolean
  /** Calls that stand in later messages of the prompt: an id may be in it once. Those of this message are added. */
  readonly seenCalls: Set<string>
}

const stepStart: MessagePart = { type: 'step-start' }
/** Parts that say nothing to anybody without others. */
const silent = new Set(['step-start', 'reasoning'])

function isBlank(text: Json | undefined): boolean {
  return typeof text !== 'string' || text.trim() === ''
}

/** Whether a file can be fetched by an SDK or a provider, which throw at anything else. */
function isReadableFile({ mediaType, url, providerReference }: MessagePart): boolean {
  if (typeof mediaType !== 'string' || mediaType === '') return false
  if (isJsonObject(providerReference)) return true
  if (typeof url !== 'string') return false
  if (url.startsWith('data:')) return /^data:[^,]*,./s.test(url)
  return URL.canParse(url) && !/^(?:blob|file|about|javascript):/i.test(url)
}

/** A file that is not handed over, named. */
function namedFile({ filename, mediaType }: MessagePart): MessagePart {
  const words = [filename, mediaType].filter((word) => typeof word === 'string' && word !== '')
  return { type: 'text', text: guarded(`(file ${words.join(', ')})`) }
}

function saysNothing(part: MessagePart): boolean {
  if (part.type === 'text') return isBlank(part.text)
  return part.type === 'step-start' || part.type.startsWith('data-')
}

/** Where the last step of a message that says something begins: the AI SDK runs calls that were approved there only. */
function lastStepOf(parts: readonly MessagePart[]): number {
  const lastSaid = parts.findLastIndex((part) => !saysNothing(part))
  return parts.findLastIndex(({ type }, at) => at <= lastSaid && (type === 'step-start' || type === 'steering-message'))
}

/** Whether a call has its result, or what stands for one; `mayWait`: it needs none yet once it is approved. */
function isAnswered(part: MessagePart, mayWait: boolean): boolean {
  if (typeof part.toolCallId !== 'string' || part.toolCallId === '') return false
  if (part.state === 'output-available') return part.preliminary !== true
  if (part.state === 'output-error' || part.state === 'output-denied') return true
  if (part.state !== 'approval-responded' || !isJsonObject(part.approval)) return false
  return part.approval.approved === false || (mayWait && part.approval.approved === true)
}

/** Parts with only those calls that have a result: of a turn that did not end well, up to the last such call. */
function withWholeCalls(parts: readonly MessagePart[], standing: Standing): readonly MessagePart[] {
  const { isOwnTurn, goesOn, isLast, turnStatus, hasNoTools } = standing
  const mayWait = goesOn && isLast && !hasNoTools
  const lastStep = lastStepOf(parts)
  const whole = new Set(parts.filter((part, at) => !isToolPart(part) || isAnswered(part, mayWait && at > lastStep)))
  if (whole.size === new Set(parts).size) return parts
  const isCut = isOwnTurn || turnStatus !== 'complete'
  const last = parts.findLastIndex((part) => isToolPart(part) && whole.has(part))
  return (isCut ? parts.slice(0, last + 1) : parts).filter((part) => whole.has(part))
}

/** Providers take an object and nothing else; what a model sent instead is in the error that it got. */
function inputOf({ input }: MessagePart): JsonObject {
  return isJsonObject(input) ? input : {}
}

function refusalOf({ approval }: MessagePart): string {
  const reason = isJsonObject(approval) ? approval.reason : null
  return typeof reason === 'string' && reason !== '' ? reason : 'The call was not approved.'
}

/** The outcome of a call without what only the turn that made it needs. */
function outcomeOf(part: MessagePart): JsonObject {
  if (part.state === 'output-available') return { state: part.state, output: part.output ?? null }
  if (part.state !== 'output-error') return { state: 'output-error', errorText: refusalOf(part) }
  return { state: part.state, errorText: isBlank(part.errorText) ? 'The tool failed.' : (part.errorText as string) }
}

function toldCall(part: MessagePart): MessagePart {
  const { output, errorText } = outcomeOf(part)
  const said = errorText ?? (typeof output === 'string' ? output : JSON.stringify(output))
  const call = `(called ${toolNameOf(part)} with ${JSON.stringify(inputOf(part))})`
  return { type: 'text', text: guarded(`${call}\n${said}`) }
}

function earlierCall(part: MessagePart, { hasNoTools }: Standing): MessagePart[] {
  if (isInternal(part) || part.providerExecuted === true) return []
  if (hasNoTools) return [toldCall(part)]
  const { type, toolCallId } = part
  const named = type === 'dynamic-tool' ? { toolName: toolNameOf(part), dynamic: part.dynamic ?? true } : {}
  return [{ type, toolCallId: toolCallId as string, ...named, input: inputOf(part), ...outcomeOf(part) }]
}

function steered({ parts }: MessagePart, standing: Standing): MessagePart[] {
  const inner = Array.isArray(parts) ? (parts as readonly MessagePart[]) : []
  const said = inner.flatMap((part) => earlierPart(part, { ...standing, role: 'user' }))
  return said.length === 0 ? [] : [{ type: 'steering-message', parts: said }]
}

/**
 * A part of an earlier turn: what was said, files of users, calls of tools with their results. What a provider signs or
 * keeps under ids of its own (reasoning, its own tools, metadata) stays out: another one refuses it, and so does the
 * same one as soon as any part beside it is missing.
 */
function earlierPart(part: MessagePart, standing: Standing): MessagePart[] {
  if (part.type === 'text') return isBlank(part.text) ? [] : [{ type: 'text', text: guarded(part.text as string) }]
  if (part.type === 'file') return standing.role === 'user' && isReadableFile(part) ? [part] : [namedFile(part)]
  if (standing.role !== 'assistant') return []
  if (part.type === 'step-start') return [stepStart]
  if (part.type === 'steering-message') return steered(part, standing)
  return isToolPart(part) ? earlierCall(part, standing) : []
}

/** A part of the turn that the call goes on with: as it was, apart from what nobody accepts. */
function ownPart(part: MessagePart, standing: Standing): MessagePart[] {
  if (standing.role !== 'assistant') return earlierPart(part, standing)
  if (part.type === 'text') {
    const isKept = typeof part.text === 'string' && (!isBlank(part.text) || part.providerMetadata !== undefined)
    return isKept ? [{ ...part, text: guarded(part.text as string) }] : []
  }
  if (part.type === 'file' || part.type === 'reasoning-file') return isReadableFile(part) ? [part] : [namedFile(part)]
  if (part.type === 'reasoning') return typeof part.text === 'string' ? [part] : []
  if (part.type === 'steering-message') return steered(part, standing)
  if (part.type === 'step-start' || part.type === 'custom') return [part]
  if (!isToolPart(part)) return []
  if (standing.hasNoTools) return [toldCall(part)]
  return [{ ...part, input: inputOf(part), ...(part.state === 'output-available' ? outcomeOf(part) : {}) }]
}

/** What is said after a result is a step of its own: without its beginning it would go out before the result. */
function inSteps(parts: readonly MessagePart[]): MessagePart[] {
  return parts.flatMap((part, at) => {
    const before = parts[at - 1]
    const isAfterCall = before !== undefined && isToolPart(before)
    return isAfterCall && !isToolPart(part) && part.type !== 'step-start' ? [stepStart, part] : [part]
  })
}

/** The parts of a message that a model is shown; none if nothing in it can be. */
export function shownParts(parts: readonly MessagePart[], standing: Standing): readonly MessagePart[] {
  const { isOwnTurn, seenCalls } = standing
  const once = withWholeCalls(parts, standing).filter((part) => {
    if (!isToolPart(part)) return true
    const id = part.toolCallId as string
    if (seenCalls.has(id)) return false
    seenCalls.add(id)
    return true
  })
  const shown = once.flatMap((part) => (isOwnTurn ? ownPart(part, standing) : earlierPart(part, standing)))
  if (shown.every(({ type }) => silent.has(type))) return []
  return isOwnTurn ? shown : inSteps(shown)
}
