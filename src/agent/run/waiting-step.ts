/**
 * A step is a unit: the model is asked again only when every call of its last step has an answer. Until then a call of the
 * agent carries out what was approved, and the turn waits on.
 */
import type { ModelMessage } from 'ai'
import type { LanguageModelObject } from '../../derive/provider-model.ts'
import { isToolPart, type MessagePart } from '../../domain/records/message.ts'
import { modelSaying } from './stored-answer-model.ts'

/** The ids of calls that still wait: for a word on their approval, or for a client's result. */
export function waitingCalls(stored: readonly MessagePart[]): ReadonlySet<string> {
  const waiting = stored.filter((part) => {
    return isToolPart(part) && (part.state === 'approval-requested' || part.state === 'input-available')
  })
  return new Set(waiting.map(({ toolCallId }) => String(toolCallId)))
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
