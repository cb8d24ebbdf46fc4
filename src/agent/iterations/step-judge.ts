/** What becomes of a step that is over: the check whether the task is complete, and the hook of the application. */
import type { DelegatingCall } from '../call.ts'
import type { IterationEvent } from '../call-iterations.ts'
import { Hooks } from '../hooks.ts'
import type {
  CompletionCheck,
  IterationComplete,
  IterationCompleteAnswer,
  OnIterationComplete,
  TaskCompletion,
} from '../iteration-options.ts'
import { type CheckEnded, tracedWork } from '../tracing.ts'
import { checkCompletion, feedbackOf } from './completion-check.ts'
import type { StepSaid } from './step-said.ts'
import { callerOf, conversationOf, taskOf, tracedCaller } from './told.ts'

/** What a step is, and whether it is checked. */
interface Judging extends Pick<IterationComplete, 'iteration' | 'maxIterations'> {
  readonly said: StepSaid
  readonly runId: string | undefined
  /** Whether a check is due: the model has stopped, or repeats itself. */
  readonly isChecked: boolean
  /** Whether no step is left. */
  readonly isLast: boolean
}

/** What the application says of a step. */
interface Judgement {
  /** null if there was none. */
  readonly check: CompletionCheck | null
  /** For the model, from whom. */
  readonly feedback: readonly { readonly by: 'check' | 'hook'; readonly text: string }[]
  readonly hookErrors: readonly string[]
  /** Whether a hook ends the run. */
  readonly isEnded: boolean
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

export class StepJudge {
  readonly #call: DelegatingCall
  readonly #hooks: Hooks
  readonly #onComplete: OnIterationComplete | undefined
  readonly #completion: TaskCompletion | undefined
  readonly #followers: ((event: IterationEvent) => void)[] = []

  constructor(call: DelegatingCall) {
    const { options } = call
    this.#call = call
    this.#hooks = new Hooks(call)
    this.#onComplete = options.onIterationComplete ?? this.#hooks.options.onIterationComplete
    this.#completion = options.isTaskComplete ?? this.#hooks.options.isTaskComplete
  }

  /** Whether the application says anything of steps. */
  get isAsked(): boolean {
    return this.#onComplete !== undefined || this.#completion !== undefined
  }

  follow(follower: (event: IterationEvent) => void): void {
    this.#followers.push(follower)
  }

  /** @throws MemoryError `aborted` for a hook that fails with `hookErrorStrategy: 'throw'`. */
  async judge({ said, runId, isChecked, isLast, ...about }: Judging): Promise<Judgement> {
    const before = this.#hooks.failed.length
    const { text, toolCalls, toolResults, finishReason } = said
    const context: IterationComplete = {
      ...about,
      ...{ text, toolCalls, toolResults, finishReason, isFinal: toolCalls.length === 0 },
      ...callerOf(this.#call, runId),
      messages: this.isAsked ? conversationOf(this.#call, said) : [],
    }
    const check = isChecked ? await this.#check(context, isLast) : null
    const asked = async (): Promise<IterationCompleteAnswer | null> => (await this.#onComplete?.(context)) ?? null
    const answer = await this.#hooks.run('onIterationComplete', asked, null)
    const feedback: Judgement['feedback'][number][] = []
    if (check?.passed === false && this.#completion !== undefined) {
      feedback.push({ by: 'check', text: feedbackOf(check, this.#completion) })
    }
    if (isText(answer?.feedback)) feedback.push({ by: 'hook', text: answer.feedback })
    const isEnded = answer?.continue === false || this.#call.shown.isBailed
    return { check, feedback, isEnded, hookErrors: this.#hooks.failed.slice(before) }
  }

  async #check(context: IterationComplete, isLast: boolean): Promise<CompletionCheck | null> {
    const completion = this.#completion
    if (completion === undefined) return null
    const { requestContext, options } = this.#call
    const { scorers, onComplete, suppressFeedback = false } = completion
    this.#tell({ kind: 'check-started', iteration: context.iteration, checksCount: scorers.length })
    const input = { ...context, task: taskOf(this.#call), output: context.text, requestContext }
    const how = { hooks: this.#hooks, signal: options.abortSignal, isLast }
    const check = await tracedWork<CheckEnded, CompletionCheck>(
      () => ({
        ...{ operation: 'agent.check', ...tracedCaller(context), iteration: context.iteration },
        scorers: scorers.map(({ id }) => id),
      }),
      () => checkCompletion(completion, input, how),
      (done) => (done === null ? {} : { passed: done.passed, scores: done.results.map(({ score }) => score) }),
    )
    this.#tell({ kind: 'check-ended', check, suppressFeedback })
    await this.#hooks.run('onComplete', () => onComplete?.(check), undefined)
    return check
  }

  #tell(event: IterationEvent): void {
    for (const follower of this.#followers) follower(event)
  }
}
