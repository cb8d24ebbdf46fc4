/** The steps of a script: what a scripted model says, calls or fails with in one call. */
import { invalidInput } from '../domain/error.ts'

/** Why an answer ended, in the words of the AI SDK. */
export type FinishReason = 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'error' | 'interrupted' | 'other'

/** One tool call of a step; `rawInput` instead of `input` for arguments that are not JSON. */
export type ScriptedToolCall = {
  readonly toolName: string
  /** Default: `call_<number of the model's call>_<place in the step, from 1>`. */
  readonly toolCallId?: string
} & ({ readonly input: unknown } | { readonly rawInput: string })

/** A tool call with its arguments as the model wrote them. */
interface WrittenToolCall {
  readonly toolName: string
  readonly toolCallId?: string
  readonly input: string
}

const marker: unique symbol = Symbol.for('aquifer.script-step')

/** A step as {@link say}, {@link callTool} and the others make it. Its fields are for the model only. */
export interface ScriptedStep {
  readonly [marker]: true
  /** What it thinks first, in the pieces in which it streams. */
  readonly reasoning: readonly string[]
  /** The text in the pieces in which it streams; null for no text at all. */
  readonly text: readonly string[] | null
  /** The tools that it calls, in order. */
  readonly calls: readonly WrittenToolCall[]
  /** How it ends: with a reason, with an error, or not at all. */
  readonly ending:
    | { readonly finishReason: FinishReason }
    | { readonly error: unknown; readonly isBreak: boolean; readonly isLate: boolean }
    | 'stall'
}

/** Options of `say`. */
export interface SayOptions {
  /** The pieces in which the text streams; default: its words. */
  readonly chunks?: readonly string[]
  /** What it thinks before it says anything. */
  readonly reasoning?: string
  /** Default: `stop`. */
  readonly finishReason?: FinishReason
}

/** Options of `callTools`. */
export interface CallToolsOptions {
  /** What it says before it calls. */
  readonly text?: string
  /** What it thinks before it says anything. */
  readonly reasoning?: string
  /** Default: `tool-calls`. */
  readonly finishReason?: FinishReason
}

/** Options of `callTool`. */
export interface CallToolOptions extends CallToolsOptions {
  /** Default: `call_<number of the model's call>_1`. */
  readonly toolCallId?: string
}

const stepFix = 'Script a text, plain JSON, or a step made by say, callTool, callTools, failWith or stall.'

/** The words of a text, with the white space around them. */
function wordsOf(text: string): string[] {
  return text.match(/(?:^\s+)?\S+\s*/gu) ?? (text === '' ? [] : [text])
}

/** Pieces of at most 16 characters, for JSON, which may have no white space. */
export function piecesOf(text: string): string[] {
  return text.match(/[\s\S]{1,16}/gu) ?? []
}

function step(fields: Partial<Omit<ScriptedStep, typeof marker>> & Pick<ScriptedStep, 'ending'>): ScriptedStep {
  return { [marker]: true, reasoning: [], text: null, calls: [], ...fields }
}

/** A step that answers a text. */
export function say(text: string, options: SayOptions = {}): ScriptedStep {
  const { chunks = wordsOf(text), reasoning = '', finishReason = 'stop' } = options
  if (chunks.join('') !== text) {
    throw invalidInput('chunks', 'must be the text, cut', chunks.join(''), 'Pass pieces that join to the text.')
  }
  return step({ text: [...chunks], reasoning: wordsOf(reasoning), ending: { finishReason } })
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function written({ toolName, toolCallId, ...given }: ScriptedToolCall): WrittenToolCall {
  const input: unknown = 'rawInput' in given ? given.rawInput : JSON.stringify(given.input)
  if (typeof input !== 'string') throw invalidInput('input', 'must be JSON', input, 'Pass the arguments as plain JSON.')
  if ('rawInput' in given && isJsonText(input)) {
    throw invalidInput('rawInput', 'must be no JSON', input, 'Pass it as input, by callTool or callTools.')
  }
  return { toolName, input, ...(toolCallId === undefined ? {} : { toolCallId }) }
}

/** A step that calls several tools at once. */
export function callTools(calls: readonly ScriptedToolCall[], options: CallToolsOptions = {}): ScriptedStep {
  const { text, reasoning = '', finishReason = 'tool-calls' } = options
  return step({
    text: text === undefined ? null : wordsOf(text),
    reasoning: wordsOf(reasoning),
    calls: calls.map(written),
    ending: { finishReason },
  })
}

/** A step that calls a tool, even one that does not exist. */
export function callTool(toolName: string, input: unknown = {}, options: CallToolOptions = {}): ScriptedStep {
  const { toolCallId, ...rest } = options
  return callTools([{ toolName, input, ...(toolCallId === undefined ? {} : { toolCallId }) }], rest)
}

/** A step that calls a tool with arguments that are not JSON, like those of a model that was cut off. */
export function malformedCall(toolName: string, rawInput: string, options: CallToolOptions = {}): ScriptedStep {
  const { toolCallId, ...rest } = options
  return callTools([{ toolName, rawInput, ...(toolCallId === undefined ? {} : { toolCallId }) }], rest)
}

/**
 * A step that fails. Without `after`, the call itself fails with the error. With a text `after`, a stream says that
 * text, then has the error and ends. With `isBreak` the stream breaks with the error, like a lost connection.
 */
export function failWith(
  error: unknown,
  options: { readonly after?: string; readonly isBreak?: boolean } = {},
): ScriptedStep {
  const { after, isBreak = false } = options
  return step({
    text: after === undefined ? null : wordsOf(after),
    ending: { error, isBreak, isLate: after !== undefined },
  })
}

/** A step that says a text, if any, and then nothing until the signal of the call is aborted, failing with its reason. */
export function stall(options: { readonly after?: string } = {}): ScriptedStep {
  return step({ text: options.after === undefined ? null : wordsOf(options.after), ending: 'stall' })
}

function isStep(value: unknown): value is ScriptedStep {
  return typeof value === 'object' && value !== null && marker in value
}

/** The step of a script: a made step, a text, or any JSON, which is said as a text. */
export function stepOf(given: unknown): ScriptedStep {
  if (isStep(given)) return given
  if (typeof given === 'string') return say(given)
  const text: unknown = JSON.stringify(given)
  if (typeof text !== 'string') throw invalidInput('answer', 'must be a text, JSON or a step', given, stepFix)
  return say(text, { chunks: piecesOf(text) })
}
