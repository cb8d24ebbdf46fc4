/** Asks any language model of the AI SDK for an answer of a given form. */
import type { ModelMessage } from 'ai'
import { estimateTokenCount } from 'tokenx'
import type { z } from 'zod'
import { whenAborted } from '../domain/detached.ts'
import { MemoryError } from '../domain/error.ts'
import { withPeers } from '../domain/peer-packages.ts'
import type { LanguageModelObject } from './provider-model.ts'

/**
 * A language model of the AI SDK (of any provider package, specification v2 to v4), or a text such as
 * `openai/gpt-5-mini`, which names a model of the installed package `@ai-sdk/openai`. Described by its form, so that
 * these types do not load those of the AI SDK.
 */
export type LanguageModelLike =
  | string
  | {
      readonly specificationVersion: string
      readonly provider: string
      readonly modelId: string
      doGenerate(options: never): PromiseLike<unknown>
    }

/** A question to a model, and the form of its answer. */
export interface ModelQuestion<Answer> {
  readonly instructions: string
  readonly prompt: string
  readonly schema: z.ZodType<Answer>
  /** An error text for the model about an answer of the right form; null if it is good. */
  readonly problem?: (answer: Answer) => string | null
  /** Is told the tokens that each attempt took: as the provider counts them, or else estimated. */
  readonly spend?: (tokens: number) => void
}

/** An answer, or the error of a bad one. */
type Outcome<Answer> =
  | { readonly answer: Answer }
  | { readonly problem: string; readonly text: string; readonly cause?: unknown }

/** How much of a bad answer the model sees again, UTF-16 units. */
const shownAnswer = 4_000

function nameOf(model: LanguageModelObject): string {
  return `${model.provider}/${model.modelId}`
}

/** Marked by `details.model`. */
function failed(model: LanguageModelObject, reason: string, cause: unknown): MemoryError {
  return new MemoryError('unavailable', {
    message: `The language model "${nameOf(model)}" failed: ${reason.replace(/\.?$/, '.')}`,
    fix: 'Check its provider, key and name, or use a model that answers in JSON. The messages are stored and learned later.',
    details: { model: nameOf(model) },
    cause,
  })
}

/** The promise, or the reason of the signal if that comes first: some models ignore it. */
async function until<Value>(promise: PromiseLike<Value>, signal: AbortSignal): Promise<Value> {
  const ended = Promise.withResolvers<never>()
  const end = () => ended.reject(signal.reason)
  const stopListening = whenAborted([signal], end, ended.reject)
  try {
    signal.throwIfAborted()
    return await Promise.race([promise, ended.promise])
  } finally {
    stopListening()
  }
}

const openingFence = /^```(?:json)?\s*\n/i
const closingFence = '```'

/** The answer of a model that put its JSON into a Markdown fence, as small models do; null for any other. */
function fencedAnswer<Answer>(question: ModelQuestion<Answer>, text: string): Outcome<Answer> | null {
  const block = text.trim()
  const opening = openingFence.exec(block)?.[0]
  if (opening === undefined || !block.endsWith(closingFence)) return null
  let json: unknown
  try {
    json = JSON.parse(block.slice(opening.length, -closingFence.length))
  } catch {
    return null
  }
  const parsed = question.schema.safeParse(json)
  if (!parsed.success) return null
  const problem = question.problem?.(parsed.data) ?? null
  return problem === null ? { answer: parsed.data } : { problem, text }
}

function estimatedTokens(
  { instructions, prompt }: Pick<ModelQuestion<unknown>, 'instructions' | 'prompt'>,
  text: string,
) {
  return [instructions, prompt, text].reduce((sum, one) => sum + estimateTokenCount(one), 0)
}

async function answerTo<Answer>(
  model: LanguageModelObject,
  question: ModelQuestion<Answer>,
  messages: ModelMessage[],
  signal: AbortSignal,
): Promise<Outcome<Answer>> {
  const { generateText, NoObjectGeneratedError, NoOutputGeneratedError, Output } = await withPeers(() => import('ai'))
  // Checked before the call begins: its end would be lost if nobody waited for it.
  signal.throwIfAborted()
  try {
    const call = generateText({
      model,
      instructions: question.instructions,
      messages,
      output: Output.object({ schema: question.schema }),
      abortSignal: signal,
    })
    const { output, text, usage } = await until(call, signal)
    question.spend?.(usage.totalTokens ?? estimatedTokens(question, text))
    const problem = question.problem?.(output as Answer) ?? null
    return problem === null ? { answer: output as Answer } : { problem, text }
  } catch (cause) {
    if (NoObjectGeneratedError.isInstance(cause)) {
      question.spend?.(cause.usage?.totalTokens ?? estimatedTokens(question, cause.text ?? ''))
      const fenced = fencedAnswer(question, cause.text ?? '')
      if (fenced !== null) return fenced
      const reason = cause.cause instanceof Error ? `: ${cause.cause.message.slice(0, shownAnswer)}` : ''
      return { problem: `It is no JSON of the shape that was asked for${reason}`, text: cause.text ?? '', cause }
    }
    if (NoOutputGeneratedError.isInstance(cause)) return { problem: 'It was empty or cut off', text: '', cause }
    throw cause
  }
}

/**
 * Asks a model. If its answer is bad, asks once more and says why. The AI SDK is loaded at the first call; it retries
 * by itself if the provider allows it.
 *
 * @param signal Ends the waiting, even if the model ignores it.
 * @throws MemoryError `unavailable` with `details.model` if the model fails, gives two bad answers, or the signal is
 *   aborted.
 */
export async function askModel<Answer>(
  model: LanguageModelObject,
  question: ModelQuestion<Answer>,
  signal: AbortSignal,
): Promise<Answer> {
  const prompt: ModelMessage = { role: 'user', content: question.prompt }
  try {
    const first = await answerTo(model, question, [prompt], signal)
    if ('answer' in first) return first.answer
    const again: ModelMessage[] = [
      prompt,
      { role: 'assistant', content: first.text.slice(0, shownAnswer) || '(nothing)' },
      { role: 'user', content: `That answer could not be used. ${first.problem}. Answer again, with that put right.` },
    ]
    const second = await answerTo(model, question, again, signal)
    if ('answer' in second) return second.answer
    throw failed(model, `its answer could not be used. ${second.problem}`, second.cause)
  } catch (error) {
    if (error instanceof MemoryError) throw error
    throw failed(model, error instanceof Error ? error.message : String(error), error)
  }
}
