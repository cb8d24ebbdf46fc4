/** The parts of an answer in their stored form: plain JSON, and only what a later prompt can use. Pure. */
import { equalJson, isJsonObject, type Json } from '../../domain/json.ts'
import type { MessagePart } from '../../domain/records/message.ts'
import { isToolPart } from '../../domain/records/message.ts'
import { toJson } from '../tools/result-json.ts'

/**
 * A part of a stream with values of tools as plain JSON: the recording copies it, and not every value can be copied.
 */
export function recordable<Part extends { readonly type: string }>(part: Part): Part {
  if (part.type !== 'tool-call' && part.type !== 'tool-result' && part.type !== 'tool-error') return part
  const { input, output } = part as { readonly input?: unknown; readonly output?: unknown }
  return {
    ...part,
    ...(input === undefined ? {} : { input: toJson(input) }),
    ...(output === undefined ? {} : { output: toJson(output) }),
  }
}

/** A part of the AI SDK's UI message as plain JSON. */
export function storedPart(part: { readonly type: string }): MessagePart {
  const stored: Record<string, Json> = {}
  for (const [field, value] of Object.entries(part)) {
    if (value !== undefined) stored[field] = toJson(value)
  }
  if (stored.state === 'output-available' && stored.output === undefined) stored.output = null
  return stored as unknown as MessagePart
}

const isSpeech = (part: MessagePart) => part.type === 'text' || part.type === 'reasoning'

/** A call without an answer yet: its tool runs elsewhere, or waits for approval. */
export function isPending(part: MessagePart): boolean {
  if (!isToolPart(part) || typeof part.state !== 'string') return false
  return part.state === 'input-available' || part.state.startsWith('approval-')
}

/** A call that somebody here may still answer. The result of one that the provider runs comes from its model alone. */
export function isAwaited(part: MessagePart): boolean {
  return isPending(part) && !(part.state === 'input-available' && part.providerExecuted === true)
}

function isDenied({ state, approval }: MessagePart): boolean {
  return state === 'approval-responded' && isJsonObject(approval) && approval.approved === false
}

const cutOff = 'The turn ended before this call was answered.'

/**
 * The parts of an answer that has ended. Incomplete calls are dropped. Complete calls without an answer get an error
 * text, unless they may still be answered.
 *
 * @param mayContinue Whether the turn waits for answers to its calls.
 */
export function endedParts(parts: readonly MessagePart[], mayContinue: boolean): readonly MessagePart[] {
  const ended = parts.flatMap((part): MessagePart[] => {
    if (isSpeech(part)) {
      const isEmpty = part.text === '' && part.providerMetadata === undefined
      return isEmpty ? [] : [part.state === 'streaming' ? { ...part, state: 'done' } : part]
    }
    if (!isToolPart(part)) return [part]
    if (part.state === 'input-streaming') return []
    if (isDenied(part)) return [{ ...part, state: 'output-denied' }]
    if (isPending(part) && !mayContinue) return [{ ...part, state: 'output-error', errorText: cutOff }]
    return [part]
  })
  const last = ended.findLastIndex((part) => part.type !== 'step-start')
  return ended.slice(0, last + 1)
}

/** How stored parts changed: answered calls, and new parts after them. */
interface Growth {
  readonly completed: readonly { readonly toolCallId: string; readonly part: MessagePart }[]
  readonly added: readonly MessagePart[]
}

/** What is new in an answer; null if it did more than grow, for example because a processor rewrote it. */
export function growthOf(stored: readonly MessagePart[], now: readonly MessagePart[]): Growth | null {
  const completed: { toolCallId: string; part: MessagePart }[] = []
  for (const [index, before] of stored.entries()) {
    const part = now[index]
    if (part === undefined) return null
    if (equalJson(before, part)) continue
    if (!isToolPart(part) || typeof part.toolCallId !== 'string' || part.toolCallId !== before.toolCallId) return null
    completed.push({ toolCallId: part.toolCallId, part })
  }
  return { completed, added: now.slice(stored.length) }
}
