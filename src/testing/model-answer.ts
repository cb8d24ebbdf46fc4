/** A step of a script in the two forms in which the AI SDK takes an answer: whole, and as a stream. */

import { setTimeout as wait } from 'node:timers/promises'
import { whenAborted } from '../domain/detached.ts'
import { countTokens, type PromptMessage, promptTokens } from './model-prompt.ts'
import { type FinishReason, piecesOf, type ScriptedStep } from './script-step.ts'

/** A step, with everything else that an answer needs. */
export interface ModelAnswer {
  readonly step: ScriptedStep
  readonly responseId: string
  readonly modelId: string
  readonly messages: readonly PromptMessage[]
  /** The prefix of the ids of tool calls: `call_3` makes `call_3_1`, `call_3_2` … */
  readonly callPrefix: string
  /** Ends the answer; absent if this model ignores it. */
  readonly signal: AbortSignal | undefined
  /** The signal of the call, which ends a stall in any case. */
  readonly stallSignal: AbortSignal | undefined
}

interface ToolCallPart {
  readonly type: 'tool-call'
  readonly toolCallId: string
  readonly toolName: string
  readonly input: string
}

interface Finish {
  /** Why it ended. */
  readonly finishReason: { readonly unified: FinishReason; readonly raw: undefined }
  /** Tokens are words: of the prompt as its transcript shows it, and of text, reasoning and arguments. */
  readonly usage: {
    readonly inputTokens: {
      readonly total: number
      readonly noCache: number
      readonly cacheRead: undefined
      readonly cacheWrite: undefined
    }
    readonly outputTokens: { readonly total: number; readonly text: number; readonly reasoning: number }
  }
}

/** A whole answer, as specification v4 of the AI SDK's language models has it. */
export interface GeneratedAnswer extends Finish {
  /** What it says and which tools it calls, in order. */
  readonly content: ({ readonly type: 'text' | 'reasoning'; readonly text: string } | ToolCallPart)[]
  /** Ids of the answer and of the model. */
  readonly response: { readonly id: string; readonly modelId: string }
  /** Always empty. */
  readonly warnings: never[]
}

/** One part of a streamed answer, as specification v4 of the AI SDK's language models has it. */
export type AnswerPart =
  | { readonly type: 'stream-start'; readonly warnings: never[] }
  | { readonly type: 'response-metadata'; readonly id: string; readonly modelId: string }
  | {
      readonly type: 'text-start' | 'text-end' | 'reasoning-start' | 'reasoning-end' | 'tool-input-end'
      readonly id: string
    }
  | {
      readonly type: 'text-delta' | 'reasoning-delta' | 'tool-input-delta'
      readonly id: string
      readonly delta: string
    }
  | { readonly type: 'tool-input-start'; readonly id: string; readonly toolName: string }
  | ToolCallPart
  | { readonly type: 'error'; readonly error: unknown }
  | ({ readonly type: 'finish' } & Finish)

/** The promise, or the reason of the signal if that comes first. */
export async function orAborted<Value>(promise: PromiseLike<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise
  const ended = Promise.withResolvers<never>()
  const end = () => ended.reject(signal.reason)
  const stopListening = whenAborted([signal], end, ended.reject)
  if (signal.aborted) end()
  try {
    return await Promise.race([ended.promise, promise])
  } finally {
    stopListening()
  }
}

/** Waits, without a timer that would keep the process alive. */
async function pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(delayMs, undefined, signal === undefined ? {} : { signal })
  } catch (error) {
    throw signal?.reason ?? error
  }
}

function stalled(signal: AbortSignal | undefined): Promise<never> {
  return orAborted(new Promise<never>(() => {}), signal)
}

function toolCallsOf({ step, callPrefix }: ModelAnswer): ToolCallPart[] {
  return step.calls.map(({ toolName, input, toolCallId = '' }, index) => ({
    type: 'tool-call',
    toolCallId: toolCallId || `${callPrefix}_${index + 1}`,
    toolName,
    input,
  }))
}

function finishOf({ step, messages }: ModelAnswer, unified: FinishReason): Finish {
  const inputs = promptTokens(messages)
  const reasoning = countTokens(step.reasoning.join(''))
  const text = countTokens([step.text?.join('') ?? '', ...step.calls.map(({ input }) => input)].join(' '))
  return {
    finishReason: { unified, raw: undefined },
    usage: {
      inputTokens: { total: inputs, noCache: inputs, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: text + reasoning, text, reasoning },
    },
  }
}

/** The answer as a whole. A step that fails or stalls has no answer: its text is lost. */
export async function generatedAnswer(answer: ModelAnswer): Promise<GeneratedAnswer> {
  const { step, responseId, modelId } = answer
  if (step.ending === 'stall') return stalled(answer.stallSignal)
  if ('error' in step.ending) throw step.ending.error
  const reasoning = step.reasoning.join('')
  return {
    content: [
      ...(reasoning === '' ? [] : [{ type: 'reasoning', text: reasoning } as const]),
      ...(step.text === null ? [] : [{ type: 'text', text: step.text.join('') } as const]),
      ...toolCallsOf(answer),
    ],
    response: { id: responseId, modelId },
    ...finishOf(answer, step.ending.finishReason),
    warnings: [],
  }
}

function* toolCallParts(call: ToolCallPart): Generator<AnswerPart> {
  const { toolCallId: id, toolName, input } = call
  yield { type: 'tool-input-start', id, toolName }
  for (const delta of piecesOf(input)) yield { type: 'tool-input-delta', id, delta }
  yield { type: 'tool-input-end', id }
  yield call
}

/** The parts in order; `stall` means that nothing more comes. Throws where the connection breaks. */
function* partsOf(answer: ModelAnswer): Generator<AnswerPart | 'stall'> {
  const { step, responseId, modelId } = answer
  const { ending } = step
  yield { type: 'stream-start', warnings: [] }
  yield { type: 'response-metadata', id: responseId, modelId }
  if (step.reasoning.length > 0) {
    yield { type: 'reasoning-start', id: 'reasoning' }
    for (const delta of step.reasoning) yield { type: 'reasoning-delta', id: 'reasoning', delta }
    yield { type: 'reasoning-end', id: 'reasoning' }
  }
  if (step.text !== null) {
    yield { type: 'text-start', id: 'text' }
    for (const delta of step.text) yield { type: 'text-delta', id: 'text', delta }
    if (ending === 'stall') yield 'stall'
    else if ('error' in ending) {
      if (ending.isBreak) throw ending.error
      yield { type: 'error', error: ending.error }
    }
    yield { type: 'text-end', id: 'text' }
  } else if (ending === 'stall') yield 'stall'
  for (const call of toolCallsOf(answer)) yield* toolCallParts(call)
  const reason = ending !== 'stall' && 'finishReason' in ending ? ending.finishReason : 'error'
  yield { type: 'finish', ...finishOf(answer, reason) }
}

/** The answer as a stream that makes each part when it is asked for. */
export function streamedAnswer(answer: ModelAnswer, chunkDelayMs: number | undefined): ReadableStream<AnswerPart> {
  const { signal, stallSignal, step } = answer
  const { ending } = step
  if (ending !== 'stall' && 'error' in ending && !ending.isLate) throw ending.error
  const parts = partsOf(answer)
  async function pull(controller: ReadableStreamDefaultController<AnswerPart>): Promise<void> {
    signal?.throwIfAborted()
    const { value: part, done } = parts.next()
    if (done === true) controller.close()
    else if (part === 'stall') await stalled(stallSignal)
    else {
      if (chunkDelayMs !== undefined && 'delta' in part) await pause(chunkDelayMs, signal)
      controller.enqueue(part)
    }
  }
  return new ReadableStream({ pull }, { highWaterMark: 0 })
}
