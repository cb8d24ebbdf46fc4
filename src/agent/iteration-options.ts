/** The options by which an application follows, checks and limits the steps of a run, and what it is told of them. */
import type { LanguageModelUsage } from 'ai'
import { invalidInput } from '../domain/error.ts'
import { isJsonObject } from '../domain/json.ts'
import { check, fieldsOf, isFunction, isText, isWholeFrom, type OptionFields } from '../domain/option-checks.ts'
import { reading } from '../domain/read-plain.ts'
import { withCommas } from '../domain/with-commas.ts'
import type { DelegationMessage } from './delegation-message.ts'
import type { RequestContext } from './request-context.ts'

// biome-ignore lint/suspicious/noConfusingVoidType: a hook that returns nothing is one, async or not
type Answered<Answer> = Answer | undefined | void | PromiseLike<Answer | undefined | void>

/** One step of the model, once all its calls have their results. */
export interface IterationComplete {
  /** The number of the step in its run, from 1. It goes on where a run that waited is continued. */
  readonly iteration: number
  /** How many steps the run may take. */
  readonly maxIterations: number
  /** What the model said. */
  readonly text: string
  /** The calls of tools that the model made. */
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly args: unknown }[]
  /** What came of them. `error` is absent for a call that did not fail. */
  readonly toolResults: readonly {
    readonly id: string
    readonly name: string
    readonly result: unknown
    readonly error?: unknown
  }[]
  /** How the step ended, in the words of the AI SDK. */
  readonly finishReason: string
  /** Whether the model has stopped calling tools: the step ends the run, unless somebody has feedback. */
  readonly isFinal: boolean
  /** The run, thread and resource; absent for a call without memory. */
  readonly runId?: string
  readonly threadId?: string
  readonly resourceId?: string
  /** The id of the agent. */
  readonly agentId: string
  /** The name of the agent. */
  readonly agentName: string
  /** The conversation so far, this step included, without the instructions and without memory. */
  readonly messages: readonly DelegationMessage[]
}

/** What `onIterationComplete` answers; nothing: the run goes on as it would. */
export interface IterationCompleteAnswer {
  /** With `false` the run ends after this step. */
  readonly continue?: boolean
  /** Shown to the model before its next step, and never stored in the thread. After a final step the run goes on with it. */
  readonly feedback?: string
}

/** Called after each step of the model, once. */
export type OnIterationComplete = (iteration: IterationComplete) => Answered<IterationCompleteAnswer>

/** What a scorer judges. */
export interface CompletionScorerInput extends IterationComplete {
  /** What the user asked last. */
  readonly task: string
  /** What the model answers: the text of the step. */
  readonly output: string
  /** What the caller passed for this request. */
  readonly requestContext: RequestContext
  /** Aborted when the run is, or when the time for the check is over. */
  readonly signal: AbortSignal
}

/** Judges whether a task is complete. */
export interface CompletionScorer {
  /** Names it in events and in the record of the run. */
  readonly id: string
  /** Names it in what the model is told. Default: the id. */
  readonly name?: string
  /** Answers 1 for a complete task and 0 for one that is not. Any number below 1 counts as not complete. */
  run(input: CompletionScorerInput): CompletionScore | PromiseLike<CompletionScore>
}

/** The judgement of a scorer. */
export interface CompletionScore {
  /** From 0 to 1. Only 1 passes. */
  readonly score: number
  /** Why, in words for the model. */
  readonly reason?: string
}

/** What one scorer came to. */
export interface ScorerResult {
  /** The id of the scorer. */
  readonly scorerId: string
  /** Its name, or its id. */
  readonly scorerName: string
  /** From 0 to 1; 0 for a scorer that failed or was too late. */
  readonly score: number
  /** Whether the score is 1. */
  readonly passed: boolean
  /** Absent if the scorer gave none. */
  readonly reason?: string
  /** Milliseconds. */
  readonly duration: number
}

/** What a check came to. */
export interface CompletionCheck {
  /** The step that was checked, from 1. */
  readonly iteration: number
  /** Whether it passed, by its strategy. */
  readonly passed: boolean
  /** One for each scorer, in the order of the options. */
  readonly results: readonly ScorerResult[]
  /** The reasons of those that did not pass, or why the check passed. */
  readonly reason: string
  /** Milliseconds. */
  readonly duration: number
  /** Whether a scorer was too late. */
  readonly timedOut: boolean
  /** Whether no step was left to do more. */
  readonly maxIterationReached: boolean
}

/** How a run is checked when its model stops calling tools. */
export interface TaskCompletion {
  /** At least one. */
  readonly scorers: readonly CompletionScorer[]
  /** Whether all of them must pass, or one. Default: `all`. */
  readonly strategy?: 'all' | 'any'
  /** Told of each check. */
  readonly onComplete?: (check: CompletionCheck) => unknown
  /** Whether the model is not told why it does not pass, only that it does not. Default: false. */
  readonly suppressFeedback?: boolean
  /** Milliseconds for all scorers of one check. Who is later does not pass. Default: 600,000. */
  readonly timeout?: number
  /** Whether scorers run at the same time. Default: true. */
  readonly parallel?: boolean
}

/** What a run may cost, everything that it hands on included. At least one of `tokens` and `usd` is needed. */
export interface RunBudget {
  /** Tokens of prompts and answers. */
  readonly tokens?: number
  /** Dollars; needs `price`. */
  readonly usd?: number
  /** Dollars for the tokens of one step. `model` is `<provider>/<id>`. */
  readonly price?: (usage: LanguageModelUsage, model: string) => number
}

/**
 * Why a run ended. `answered`: the model stopped, and nothing was checked. `validated`: the check passed. `ended-by-hook`:
 * `bail()`, or `continue: false`. `max-steps`: no step was left. `budget`: it was spent. `repeated-call`: the same was asked
 * of the same again, after it had been refused. `stopped`: the caller's `stopWhen`.
 */
export type CompletionReason =
  | 'answered'
  | 'validated'
  | 'ended-by-hook'
  | 'max-steps'
  | 'budget'
  | 'repeated-call'
  | 'stopped'

/** A step of a run, as its record keeps it: names, ids and numbers, never content. */
export interface IterationRecord {
  /** The number of the step in its run, from 1. */
  readonly iteration: number
  /** `waiting`: a call of the step waits for somebody. */
  readonly status: 'complete' | 'waiting'
  /** The calls of tools. `repeated`: the step before had asked the same of the same, so the tool did not run. */
  readonly calls: readonly { readonly toolCallId: string; readonly tool: string; readonly repeated?: true }[]
  /** How the step ended, in the words of the AI SDK. */
  readonly finishReason: string
  /** `<provider>/<id>`. */
  readonly model: string
  /** Tokens of the prompt, as the provider counts them; null if it does not say. */
  readonly inputTokens: number | null
  /** Tokens of the answer, as the provider counts them; null if it does not say. */
  readonly outputTokens: number | null
  /** How large the prompt was. */
  readonly prompt: { readonly messages: number; readonly characters: number }
  /** Milliseconds of the step, its tools included. */
  readonly ms: number
  /** The check whether the task is complete; absent if there was none. */
  readonly check?: {
    readonly passed: boolean
    readonly timedOut: boolean
    readonly ms: number
    readonly results: readonly { readonly scorerId: string; readonly score: number; readonly ms: number }[]
  }
  /** Who told the model something before its next step; absent if nobody did. */
  readonly feedback?: readonly ('check' | 'hook')[]
  /** Hooks that failed; absent if none did. */
  readonly hookErrors?: readonly string[]
}

/** The time of one check, milliseconds, if the options say nothing. */
export const defaultCheckTimeoutMs = 600_000

const scorerFix = `Pass scorers: [{ id: 'has-sources', run: ({ output }) => ({ score: output.includes('http') ? 1 : 0 }) }].`

function checkScorers(field: string, given: unknown): void {
  if (!Array.isArray(given) || given.length === 0) {
    throw invalidInput(`${field}.scorers`, 'must be a list of scorers', given, scorerFix)
  }
  const ids = new Set<unknown>()
  for (const [index, scorer] of (given as readonly unknown[]).entries()) {
    const { id, name, run } = reading(field, () => {
      const given = (scorer ?? {}) as Partial<Record<'id' | 'name' | 'run', unknown>>
      return { id: given.id, name: given.name, run: given.run }
    })
    const isNamed = isText(id) && (name === undefined || isText(name))
    if (!isNamed || typeof run !== 'function') {
      throw invalidInput(`${field}.scorers[${index}]`, 'must have an id and a function run', scorer, scorerFix)
    }
    if (ids.has(id)) throw invalidInput(`${field}.scorers[${index}].id`, 'must not be given twice', id, scorerFix)
    ids.add(id)
  }
}

/** @throws MemoryError `invalid-input` naming the first option that is wrong. */
export function checkTaskCompletion(given: unknown, field: string): void {
  const known = ['scorers', 'strategy', 'onComplete', 'suppressFeedback', 'timeout', 'parallel']
  if (!isJsonObject(given)) throw invalidInput(field, 'must be an object', given, scorerFix)
  const fields = fieldsOf(given, field, known)
  checkScorers(field, fields.scorers)
  const isFlag = (value: unknown) => typeof value === 'boolean'
  const isStrategy = (value: unknown) => value === 'all' || value === 'any'
  check(fields, 'strategy', 'must be all or any', 'Leave it out for all.', isStrategy)
  check(fields, 'onComplete', 'must be a function', 'Leave it out for none.', isFunction)
  check(fields, 'suppressFeedback', 'must be true or false', 'Leave it out for false.', isFlag)
  check(fields, 'parallel', 'must be true or false', 'Leave it out for true.', isFlag)
  const fix = `Pass milliseconds, or leave it out for ${withCommas(defaultCheckTimeoutMs)}.`
  check(fields, 'timeout', 'must be a whole number from 1', fix, isWholeFrom(1))
}

const budgetFix = 'Pass budget: { tokens: 50_000 }, or { usd: 1, price: (usage, model) => … }.'

/** @throws MemoryError `invalid-input` naming the first option that is wrong. */
export function checkBudget(given: unknown, field: string): void {
  if (!isJsonObject(given)) throw invalidInput(field, 'must be an object', given, budgetFix)
  const fields: OptionFields = fieldsOf(given, field, ['tokens', 'usd', 'price'])
  check(fields, 'tokens', 'must be a whole number from 1', budgetFix, isWholeFrom(1))
  const isSum = (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value > 0
  check(fields, 'usd', 'must be a number above 0', budgetFix, isSum)
  check(fields, 'price', 'must be a function', budgetFix, isFunction)
  const { tokens, usd, price } = fields
  if (tokens === undefined && usd === undefined) {
    throw invalidInput(field, 'must have tokens, usd or both', given, budgetFix)
  }
  if (usd !== undefined && price === undefined) {
    throw invalidInput(`${field}.price`, 'is required with usd', price, budgetFix)
  }
}
