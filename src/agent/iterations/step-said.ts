/** What a step of the model says and does, from the AI SDK or from what is stored of it. Pure. */
import type { ModelMessage, StepResult, ToolSet } from 'ai'
import { isToolPart, type MessagePart, toolNameOf } from '../../domain/records/message.ts'
import type { IterationComplete } from '../iteration-options.ts'

type SdkStep = StepResult<ToolSet, Record<string, unknown>>

/** What a step says. */
export interface StepSaid extends Pick<IterationComplete, 'text' | 'toolCalls' | 'toolResults' | 'finishReason'> {
  /** Whether a call has no result yet: it waits, or its process ended. */
  readonly isOpen: boolean
}

/** A call that a provider carries out is no reason to go on: its result comes with the answer. */
function isOwn({ providerExecuted }: { readonly providerExecuted?: boolean | undefined }): boolean {
  return providerExecuted !== true
}

/** A step as the AI SDK tells of it. */
export function saidInStep({ content, text, finishReason }: SdkStep): StepSaid {
  const calls = content.filter((part) => part.type === 'tool-call').filter(isOwn)
  const toolResults = content.flatMap((part): IterationComplete['toolResults'] => {
    if (part.type === 'tool-result' && part.preliminary !== true && isOwn(part)) {
      return [{ id: part.toolCallId, name: part.toolName, result: part.output as unknown }]
    }
    if (part.type !== 'tool-error' || !isOwn(part)) return []
    return [{ id: part.toolCallId, name: part.toolName, result: null, error: part.error }]
  })
  const denied = content.flatMap((part) => {
    return part.type === 'tool-approval-response' && part.approved === false ? [part.toolCall.toolCallId] : []
  })
  const settled = new Set([...denied, ...toolResults.map(({ id }) => id)])
  return {
    text,
    toolCalls: calls.map(({ toolCallId: id, toolName: name, input }) => ({ id, name, args: input as unknown })),
    toolResults,
    finishReason,
    isOpen: calls.some(({ toolCallId }) => !settled.has(toolCallId)),
  }
}

/** How many steps some parts of an answer have. */
export function stepsIn(parts: readonly MessagePart[]): number {
  return parts.filter(({ type }) => type === 'step-start').length
}

/** The results that the AI SDK has made before it asks the model, by the ids of their calls. */
function resultsIn(
  messages: readonly ModelMessage[],
): ReadonlyMap<string, { readonly result: unknown; readonly error?: unknown }> {
  const parts = messages.flatMap(({ role, content }) => (role === 'tool' ? content : []))
  return new Map(
    parts.flatMap((part) => {
      if (part.type !== 'tool-result') return []
      const { output } = part
      const value = 'value' in output ? (output.value as unknown) : null
      const isError = output.type === 'error-text' || output.type === 'error-json'
      return [[part.toolCallId, isError ? { result: null, error: value } : { result: value }] as const]
    }),
  )
}

const failed: ReadonlySet<unknown> = new Set(['output-error', 'output-denied'])

/**
 * The last step of a stored answer.
 *
 * @param made What the AI SDK has made of its open calls since.
 */
export function saidInLastStep(stored: readonly MessagePart[], made: readonly ModelMessage[]): StepSaid {
  const parts = stored.slice(stored.findLastIndex(({ type }) => type === 'step-start') + 1)
  const calls = parts.filter((part) => isToolPart(part) && part.providerExecuted !== true)
  const results = resultsIn(made)
  const toolResults = calls.flatMap((part): IterationComplete['toolResults'] => {
    const [id, name] = [String(part.toolCallId), toolNameOf(part)]
    const late = results.get(id)
    if (late !== undefined) return [{ id, name, ...late }]
    if (part.state === 'output-available') return [{ id, name, result: part.output ?? null }]
    return failed.has(part.state) ? [{ id, name, result: null, error: part.errorText ?? part.state }] : []
  })
  const isDeclined = ({ state, approval }: MessagePart) => {
    return (
      state === 'approval-responded' && (approval as { readonly approved?: unknown } | undefined)?.approved === false
    )
  }
  const settled = new Set(toolResults.map(({ id }) => id))
  return {
    text: parts.flatMap(({ type, text }) => (type === 'text' ? [String(text ?? '')] : [])).join(''),
    toolCalls: calls.map((part) => ({ id: String(part.toolCallId), name: toolNameOf(part), args: part.input ?? null })),
    toolResults,
    finishReason: calls.length === 0 ? 'stop' : 'tool-calls',
    isOpen: calls.some((part) => !settled.has(String(part.toolCallId)) && !isDeclined(part)),
  }
}
