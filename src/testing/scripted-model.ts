/** A language model for tests: it answers what the test says, at once and the same on every machine. */
import { setTimeout as wait } from 'node:timers/promises'
import { invalidInput, MemoryError, shown } from '../domain/error.ts'
import type { JsonObject } from '../domain/json.ts'
import {
  type AnswerPart,
  type GeneratedAnswer,
  generatedAnswer,
  type ModelAnswer,
  orAborted,
  streamedAnswer,
} from './model-answer.ts'
import { type OfferedTool, type PromptMessage, plainCopy, transcriptOf } from './model-prompt.ts'
import { type ScriptedStep, stepOf } from './script-step.ts'

/** One call that a scripted model got. */
export interface ModelCall {
  /** 1 for the first call. */
  readonly number: number
  /** Whether the answer was requested whole or as a stream. */
  readonly kind: 'generate' | 'stream'
  /** The instructions it was given. */
  readonly instructions: string
  /** All texts of the prompt, its own included, in order, without instructions. */
  readonly said: readonly string[]
  /** The last text of the prompt that is not its own. */
  readonly prompt: string
  /** The whole prompt, as plain JSON. */
  readonly messages: readonly PromptMessage[]
  /** The whole prompt as a text, with a block for each part, to compare with the expected one. */
  readonly transcript: string
  /** The tools that it was offered, in order. */
  readonly tools: readonly OfferedTool[]
  /** Whether it may or must call a tool, if that was set. */
  readonly toolChoice?: { readonly type: string; readonly toolName?: string }
  /** The form that was asked for, if any: `{ type: 'json', schema }` for structured output. */
  readonly responseFormat?: JsonObject
  /** The signal that aborts the call, if it has one. */
  readonly signal?: AbortSignal
}

/** A step of a script: a text, any JSON, one that `say`, `callTool` … made, or a function of the call that gives one. */
export type Step = string | ScriptedStep | object | ((call: ModelCall) => unknown)

/** Options of `scriptedModel`. Pass `answer` or `script`. */
export interface ScriptedModelOptions {
  /** Default: `scripted`. */
  readonly provider?: string
  /** Default: `language/1`. */
  readonly modelId?: string
  /** What it answers: a text or a step as it is, anything else as JSON. An error that this throws is the model's. */
  readonly answer?: ((call: ModelCall) => unknown) | undefined
  /** What it answers, call by call, instead of `answer`. One more call than steps is an error. */
  readonly script?: readonly Step[] | undefined
  /**
   * Milliseconds before it answers; default: none, it answers in the same tick. A model with a delay ignores the
   * signal, except in a stall.
   */
  readonly delayMs?: number
  /** Milliseconds before each piece of a stream, cut short by the signal; default: none. */
  readonly chunkDelayMs?: number
  /** The prefix of the ids of its tool calls, for several models in one thread; default: `call`. */
  readonly toolCallPrefix?: string
}

/** The options of a call by the AI SDK, as far as a scripted model reads them. */
interface ModelCallOptions {
  readonly prompt: readonly { readonly role: string; readonly content: string | readonly object[] }[]
  readonly tools?: readonly { readonly type: string; readonly name: string }[]
  readonly toolChoice?: { readonly type: string; readonly toolName?: string }
  readonly responseFormat?: { readonly type: string }
  readonly abortSignal?: AbortSignal
}

/** A language model of the AI SDK's specification v4. */
export interface ScriptedModel {
  /** Version of the specification of language models. */
  readonly specificationVersion: 'v4'
  /** Name of the provider, for errors and telemetry. */
  readonly provider: string
  /** Name of the model. */
  readonly modelId: string
  /** None: files are passed as bytes. */
  readonly supportedUrls: Record<string, RegExp[]>
  /** Every call so far, failed ones included. */
  readonly calls: readonly ModelCall[]
  /** Answers as a whole. Called by the AI SDK. */
  doGenerate(options: ModelCallOptions): Promise<GeneratedAnswer>
  /** Answers as a stream. Called by the AI SDK. */
  doStream(options: ModelCallOptions): Promise<{ readonly stream: ReadableStream<AnswerPart> }>
}

function textOf({ content }: PromptMessage): string {
  return typeof content === 'string' ? content : content.map(({ text = '' }) => text).join('\n')
}

function callOf(number: number, kind: ModelCall['kind'], options: ModelCallOptions): ModelCall {
  const { abortSignal: signal, prompt, tools = [], toolChoice, responseFormat } = options
  const messages = plainCopy(prompt) as PromptMessage[]
  const said = messages.filter(({ role }) => role !== 'system').map(textOf)
  const instructions = messages.filter(({ role }) => role === 'system').map(textOf)
  return {
    number,
    kind,
    instructions: instructions.join('\n'),
    said,
    prompt: said.at(-1) ?? '',
    messages,
    get transcript() {
      return transcriptOf(messages)
    },
    tools: plainCopy(tools) as OfferedTool[],
    ...(toolChoice === undefined ? {} : { toolChoice }),
    ...(responseFormat === undefined ? {} : { responseFormat: plainCopy(responseFormat) as JsonObject }),
    ...(signal === undefined ? {} : { signal }),
  }
}

function pastTheEnd(steps: number, { number, messages, transcript }: ModelCall): MemoryError {
  const asked = shown(transcriptOf(messages.slice(-1)))
  return new MemoryError('invalid-input', {
    message: `The script has ${steps} ${steps === 1 ? 'step' : 'steps'}; call ${number} runs past its end with ${asked}.`,
    fix: 'Script a step for each call, or find out why the model is called once more.',
    details: { steps, call: number, transcript },
  })
}

function answerer({ answer, script }: ScriptedModelOptions): (call: ModelCall) => unknown {
  if ((answer === undefined) === (script === undefined)) {
    const got = answer === undefined ? 'neither' : 'both'
    throw invalidInput('script', 'or "answer" must be given, one of the two', got, 'Pass one of the two.')
  }
  if (script === undefined) return answer as (call: ModelCall) => unknown
  const steps = [...script]
  return (call) => {
    if (call.number > steps.length) throw pastTheEnd(steps.length, call)
    const step = steps[call.number - 1]
    return typeof step === 'function' ? step(call) : step
  }
}

/**
 * Makes a language model that needs no key and no network.
 *
 * @throws MemoryError `invalid-input` unless one of `answer` and `script` is given.
 */
export function scriptedModel(options: ScriptedModelOptions): ScriptedModel {
  const { provider = 'scripted', modelId = 'language/1', delayMs, chunkDelayMs, toolCallPrefix = 'call' } = options
  const answer = answerer(options)
  const calls: ModelCall[] = []

  async function next(kind: ModelCall['kind'], asked: ModelCallOptions): Promise<ModelAnswer> {
    const call = callOf(calls.length + 1, kind, asked)
    calls.push(call)
    const signal = delayMs === undefined ? call.signal : undefined
    signal?.throwIfAborted()
    if (delayMs !== undefined) await wait(delayMs)
    const given = await orAborted((async () => answer(call))(), signal)
    const { messages, number } = call
    const ids = { responseId: `response_${number}`, callPrefix: `${toolCallPrefix}_${number}` }
    return { step: stepOf(given), ...ids, modelId, messages, signal, stallSignal: call.signal }
  }

  async function doGenerate(asked: ModelCallOptions): Promise<GeneratedAnswer> {
    return generatedAnswer(await next('generate', asked))
  }

  async function doStream(asked: ModelCallOptions): Promise<{ readonly stream: ReadableStream<AnswerPart> }> {
    return { stream: streamedAnswer(await next('stream', asked), chunkDelayMs) }
  }

  return { specificationVersion: 'v4', provider, modelId, supportedUrls: {}, calls, doGenerate, doStream }
}
