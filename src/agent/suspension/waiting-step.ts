/**
 * A step is a unit: the model is asked again only when every call of its last step has an answer. Until then a call of the
 * agent carries out what was approved, and the turn waits on.
 */
import type { ModelMessage } from 'ai'
import type { LanguageModelObject } from '../../derive/provider-model.ts'
import type { MessagePart } from '../../domain/records/message.ts'
import { isAwaited } from '../answer/answer-parts.ts'
import { modelSaying } from '../answer/stored-answer-model.ts'

/**
 * The ids of calls that still wait: for a word on their approval, for data, or for a client's result.
 *
 * @param runs Calls that run now.
 */
export function waitingCalls(stored: readonly MessagePart[], runs: ReadonlyMap<string, unknown>): ReadonlySet<string> {
  const waiting = stored.filter((part) => {
    return isAwaited(part) && (part.state === 'approval-requested' || part.state === 'input-available')
  })
  const ids = waiting.map(({ toolCallId }) => String(toolCallId))
  return new Set(ids.filter((id) => !runs.has(id)))
}

/** The ids of stored calls that run before the model is asked, and belong to no step of its own. */
export function earlierCalls(stored: readonly MessagePart[], runs: ReadonlyMap<string, unknown>): ReadonlySet<string> {
  const approved = stored.filter(({ state }) => state === 'approval-responded')
  return new Set([...approved.map(({ toolCallId }) => String(toolCallId)), ...runs.keys()])
}

type Content = readonly { readonly type: string; readonly toolCallId?: string }[]

/** Messages without these calls: the AI SDK refuses calls without a result, and the model is not asked now. */
export function withoutCalls(messages: readonly ModelMessage[], calls: ReadonlySet<string>): ModelMessage[] {
  return messages.flatMap((message): ModelMessage[] => {
    if (typeof message.content === 'string') return [message]
    const content = (message.content as Content).filter(({ toolCallId }) => !calls.has(toolCallId ?? ''))
    return content.length === 0 ? [] : [{ ...message, content } as unknown as ModelMessage]
  })
}

/** A model of that name that says nothing: the AI SDK carries out the approved calls, and ends. */
export function silentModel({
  provider,
  modelId,
}: Pick<LanguageModelObject, 'provider' | 'modelId'>): LanguageModelObject {
  return modelSaying([], { provider, modelId, finishReason: 'tool-calls' })
}
