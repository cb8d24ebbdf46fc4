/** The parts of a stored message that a model may see: only those that every provider accepts. Pure. */

import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { isInternal, isToolPart, type MessagePart, type Role, toolNameOf } from '../../domain/records/message.ts'
import type { ShownStatus } from '../../domain/records/turn.ts'
import { freeId } from '../call-ids.ts'
import { shownId } from '../tools/shown-id.ts'
import { guarded } from './labels.ts'

/** The position of a message, as far as it decides which parts are shown. */
interface Standing {
  readonly role: Role
  readonly turnStatus: ShownStatus
  /** It belongs to the turn that the call continues, so the provider needs its steps unchanged. */
  readonly isOwnTurn: boolean
  /** It is the stored answer that the call continues: an approved call runs only there. */
  readonly goesOn: boolean
  /** It is the last message of the prompt: only here may an approved call wait for its result. */
  readonly isLast: boolean
  /** The request offers no tools. Providers then refuse calls, so they are written as text. */
  readonly hasNoTools: boolean
  /** Ids of the calls in later messages of the prompt: an id may occur once. Those of this message are added. */
  readonly seenCalls: Set<string>
  /** The stored message; null if it is not stored. */
  readonly messageId: string | null
  /** Makes a long text of a result short enough for a prompt. */
  readonly told: (text: string) => string
}

const stepStart: MessagePart = { type: 'step-start' }
/** Parts that mean nothing without others. */
const silent = new Set(['step-start', 'reasoning'])

function isBlank(text: Json | undefined): boolean {
  return typeof text !== 'string' || text.trim() === ''
}

/** Whether the SDK or a provider can fetch a file. They throw for any other. */
function isReadableFile({ mediaType, url, providerReference }: MessagePart): boolean {
  if (typeof mediaType !== 'string' || mediaType === '') return false
  if (isJsonObject(providerReference)) return true
  if (typeof url !== 'string') return false
  if (url.startsWith('data:')) return /^data:[^,]*,./s.test(url)
  return URL.canParse(url) && !/^(?:blob|file|about|javascript):/i.test(url)
}

/** The name of a file that is not sent. */
function namedFile({ filename, mediaType }: MessagePart): MessagePart {
  const words = [filename, mediaType].filter((word) => typeof word === 'string' && word !== '')
  return { type: 'text', text: guarded(`(file ${words.join(', ')})`) }
}

function saysNothing(part: MessagePart): boolean {
  if (part.type === 'text') return isBlank(part.text)
  return part.type === 'step-start' || part.type.startsWith('data-')
}

/** The start of the last step with content: the AI SDK runs approved calls only there. */
function lastStepOf(parts: readonly MessagePart[]): number {
  const lastSaid = parts.findLastIndex((part) => !saysNothing(part))
  return parts.findLastIndex(({ type }, at) => at <= lastSaid && (type === 'step-start' || type === 'steering-message'))
}

/** Whether a call has a result or an error. `mayWait`: an approved call needs none yet. */
function isAnswered(part: MessagePart, mayWait: boolean): boolean {
  if (typeof part.toolCallId !== 'string' || part.toolCallId === '') return false
  if (part.state === 'output-available') return part.preliminary !== true
  if (part.state === 'output-error' || part.state === 'output-denied') return true
  if (part.state !== 'approval-responded' || !isJsonObject(part.approval)) return false
  return part.approval.approved === false || (mayWait && part.approval.approved === true)
}

/** Parts with only the calls that have a result. For a turn that did not end well: up to the last such call. */
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

/** Providers accept only an object. What a model sent instead is in the error that it got. */
function inputOf({ input }: MessagePart): JsonObject {
  return isJsonObject(input) ? input : {}
}

function refusalOf({ approval }: MessagePart): string {
  const reason = isJsonObject(approval) ? approval.reason : null
  return typeof reason === 'string' && reason !== '' ? reason : 'The call was not approved.'
}

/** The outcome of a call, without fields that only its own turn needs. */
function outcomeOf(part: MessagePart): JsonObject {
  if (part.state === 'output-available') {
    const { state, output = null, modelOutput } = part
    return { state, output, ...(isJsonObject(modelOutput) ? { modelOutput } : {}) }
  }
  if (part.state !== 'output-error') return { state: 'output-error', errorText: refusalOf(part) }
  return { state: part.state, errorText: isBlank(part.errorText) ? 'The tool failed.' : (part.errorText as string) }
}

/** What a model is shown of a result, in words: files in it are named. */
function wordsOfModelOutput({ value, reason }: JsonObject): Json {
  if (!Array.isArray(value)) return value ?? reason ?? null
  const items = value.filter(isJsonObject) as readonly JsonObject[]
  return items.map((item) => (typeof item.text === 'string' ? item.text : `(file ${item.mediaType ?? ''})`)).join('\n')
}

/** The files in what a model is shown of a result, as parts of an answer. */
function filesOfModelOutput({ value }: JsonObject): MessagePart[] {
  if (!Array.isArray(value)) return []
  return (value.filter(isJsonObject) as readonly JsonObject[]).flatMap(({ mediaType, data, filename }) => {
    if (typeof mediaType !== 'string' || !isJsonObject(data)) return []
    const address = typeof data.data === 'string' ? `data:${mediaType};base64,${data.data}` : null
    if (data.type !== 'data' || address === null) return []
    return [{ type: 'file', mediaType, url: address, ...(typeof filename === 'string' ? { filename } : {}) }]
  })
}

function toldCall(part: MessagePart, { told }: Standing): MessagePart[] {
  const { output, errorText, modelOutput } = outcomeOf(part)
  const shown = isJsonObject(modelOutput) ? wordsOfModelOutput(modelOutput) : output
  const said = told(String(errorText ?? (typeof shown === 'string' ? shown : JSON.stringify(shown))))
  const call = `(called ${toolNameOf(part)} with ${JSON.stringify(inputOf(part))})`
  const files = isJsonObject(modelOutput) ? filesOfModelOutput(modelOutput) : []
  return [{ type: 'text', text: guarded(`${call}\n${said}`) }, ...files]
}

/**
 * Metadata of a part that its provider wants back with that part alone. Gemini signs calls, texts and pictures, and
 * refuses calls without the signature. Other metadata names parts that are left out, or what the provider has stored.
 */
const ownMetadata = ['thoughtSignature']

/** The metadata of an earlier part that is sent again, under a name; no field if there is none. */
function sentAgain(name: 'providerMetadata' | 'callProviderMetadata', part: MessagePart): JsonObject {
  const metadata = part[name]
  if (!isJsonObject(metadata)) return {}
  const kept = Object.entries(metadata).flatMap(([provider, fields]) => {
    if (!isJsonObject(fields)) return []
    const own = Object.entries(fields).filter(([field, value]) => ownMetadata.includes(field) && value !== null)
    return own.length === 0 ? [] : [[provider, Object.fromEntries(own)] as const]
  })
  return kept.length === 0 ? {} : { [name]: Object.fromEntries(kept) }
}

function earlierText(part: MessagePart): MessagePart[] {
  if (isBlank(part.text)) return []
  const text = guarded(part.text as string)
  // A signature is of the text that the model wrote.
  return [{ type: 'text', text, ...(text === part.text ? sentAgain('providerMetadata', part) : {}) }]
}

/** A file of an earlier turn. One that an agent made loses what only its provider knows. */
function earlierFile(part: MessagePart, { role }: Standing): MessagePart[] {
  if (!isReadableFile(part)) return [namedFile(part)]
  if (role === 'user') return [part]
  const { type, mediaType, url, filename } = part
  if (typeof url !== 'string' || mediaType === undefined) return [namedFile(part)]
  const name = filename === undefined ? {} : { filename }
  return [{ type, mediaType, url, ...name, ...sentAgain('providerMetadata', part) }]
}

function earlierCall(part: MessagePart, standing: Standing): MessagePart[] {
  if (isInternal(part) || part.providerExecuted === true) return []
  if (standing.hasNoTools) return toldCall(part, standing)
  const { type, toolCallId } = part
  const named = type === 'dynamic-tool' ? { toolName: toolNameOf(part), dynamic: part.dynamic ?? true } : {}
  const call = { type, toolCallId: toolCallId as string, ...named, input: inputOf(part), ...outcomeOf(part) }
  return [{ ...call, ...(isJsonObject(part.input) ? sentAgain('callProviderMetadata', part) : {}) }]
}

function steered({ parts }: MessagePart, standing: Standing): MessagePart[] {
  const inner = Array.isArray(parts) ? (parts as readonly MessagePart[]) : []
  const said = inner.flatMap((part) => earlierPart(part, { ...standing, role: 'user' }))
  return said.length === 0 ? [] : [{ type: 'steering-message', parts: said }]
}

/**
 * A part of an earlier turn: texts, files of users, tool calls with their results. Parts that a provider signs or keeps
 * under its own ids (reasoning, its own tools, most metadata) are dropped: another provider refuses them, and so does
 * the same one if a part next to them is missing.
 */
function earlierPart(part: MessagePart, standing: Standing): MessagePart[] {
  if (part.type === 'text') return earlierText(part)
  if (part.type === 'file') return earlierFile(part, standing)
  if (standing.role !== 'assistant') return []
  if (part.type === 'step-start') return [stepStart]
  if (part.type === 'steering-message') return steered(part, standing)
  return isToolPart(part) ? earlierCall(part, standing) : []
}

/** A part of the turn that the call continues: unchanged, except for parts that no provider accepts. */
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
  if (standing.hasNoTools) return toldCall(part, standing)
  return [{ ...part, input: inputOf(part), ...(part.state === 'output-available' ? outcomeOf(part) : {}) }]
}

/** A text after a result is a step of its own: without the start of a step it would be sent before the result. */
function inSteps(parts: readonly MessagePart[]): MessagePart[] {
  return parts.flatMap((part, at) => {
    const before = parts[at - 1]
    const isAfterCall = before !== undefined && isToolPart(before)
    return isAfterCall && !isToolPart(part) && part.type !== 'step-start' ? [stepStart, part] : [part]
  })
}

/** An id for a call whose own id a later call has. */
function otherId(id: string, at: number, { messageId, seenCalls }: Standing): string {
  const other = shownId(id, messageId, at)
  return seenCalls.has(other) ? freeId(other, (one) => seenCalls.has(one)) : other
}

/** The parts, each call under an id of its own. The last call keeps an id: it may still be answered. */
function withOwnIds(parts: readonly MessagePart[], standing: Standing): readonly MessagePart[] {
  const { seenCalls } = standing
  const named = parts.toReversed().map((part, back) => {
    if (!isToolPart(part)) return part
    const id = part.toolCallId as string
    const toolCallId = seenCalls.has(id) ? otherId(id, parts.length - 1 - back, standing) : id
    seenCalls.add(toolCallId)
    return toolCallId === id ? part : { ...part, toolCallId }
  })
  return named.reverse()
}

/** The parts of a message that a model sees; empty if it may see none. */
export function shownParts(parts: readonly MessagePart[], standing: Standing): readonly MessagePart[] {
  const { isOwnTurn } = standing
  const named = withOwnIds(withWholeCalls(parts, standing), standing)
  const shown = named.flatMap((part) => (isOwnTurn ? ownPart(part, standing) : earlierPart(part, standing)))
  if (shown.every(({ type }) => silent.has(type))) return []
  return isOwnTurn ? shown : inSteps(shown)
}
