/**
 * The steps of one call's model: each is counted, checked, told to the application and limited, once. What the model is told
 * between two steps goes through the AI SDK's own way for that, and is never part of the thread.
 */
import type { experimental_createSteering, ModelMessage, StepResult, streamText, ToolSet } from 'ai'
import { detach, warnOf } from '../../domain/detached.ts'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import type { MessagePart } from '../../domain/records/message.ts'
import type { DelegatingCall } from '../call.ts'
import { type CallIterations, feedbackId, type IteratingTurn, type IterationEvent } from '../call-iterations.ts'
import { callOptionTable } from '../call-options.ts'
import type { CompletionCheck, CompletionReason, IterationRecord } from '../iteration-options.ts'
import { loadSdk } from '../sdk.ts'
import { Spending, spendingAround } from '../spending.ts'
import { silentModel } from '../suspension/waiting-step.ts'
import { type IterationEnded, publishEnded } from '../tracing.ts'
import { IterationLog } from './iteration-log.ts'
import { RepeatedCalls } from './repeated-calls.ts'
import { StepJudge } from './step-judge.ts'
import { type StepSaid, saidInLastStep, saidInStep, stepsIn } from './step-said.ts'
import { callerOf, sizeOf, tracedCaller } from './told.ts'

type Settings = Parameters<typeof streamText<ToolSet>>[0]
type PrepareStep = NonNullable<Settings['prepareStep']>
type SdkStep = StepResult<ToolSet, Record<string, unknown>>
type Steering = ReturnType<typeof experimental_createSteering>

/** What a run keeps to go on as it would have: what its model was not told yet. */
interface Kept {
  readonly iteration: number
  readonly feedback: string
}

export class Iterations implements CallIterations {
  readonly #log = new IterationLog()
  readonly #spending: Spending
  readonly #call: DelegatingCall
  readonly #judge: StepJudge
  readonly #repeated: RepeatedCalls
  #turn: IteratingTurn | null = null
  #steering: Steering | null = null
  #before = 0
  #steps = 0
  #prompt = { messages: 0, characters: 0 }
  #refusals = 0
  #ending: CompletionReason | null = null
  #isWaiting = false
  #failure: { readonly error: unknown } | null = null
  #kept: Kept | null = null

  constructor(call: DelegatingCall, isNetwork: boolean) {
    const { options } = call
    this.#call = call
    this.#judge = new StepJudge(call)
    this.#repeated = new RepeatedCalls(isNetwork)
    this.#spending = new Spending(options.budget ?? null, spendingAround())
  }

  get before(): number {
    return this.#before
  }

  get records(): readonly IterationRecord[] {
    return this.#log.records
  }

  get completionReason(): CompletionReason | null {
    if (this.#ending !== null || this.#isWaiting || this.#steps === 0) return this.#ending
    return 'stopped'
  }

  get facts(): Readonly<Record<string, Json | undefined>> {
    const spent = this.#spending.facts
    return { ...this.#log.facts, ...(spent === undefined ? {} : { spent }) }
  }

  get kept(): Json {
    return this.#kept === null ? null : { ...this.#kept }
  }

  /** Whether what happens between two steps has to be stored before the next one. */
  get #isKept(): boolean {
    return this.#judge.isAsked || this.#spending.facts !== undefined
  }

  get mayTell(): boolean {
    return this.#isKept || this.#kept !== null
  }

  follow(follower: (event: IterationEvent) => void): void {
    this.#judge.follow(follower)
  }

  restore(details: JsonObject, continuation: Json): void {
    this.#log.restore(details, Number.POSITIVE_INFINITY)
    this.#spending.restore(details)
    const kept = isJsonObject(continuation) ? continuation.iterations : null
    if (!isJsonObject(kept) || typeof kept.feedback !== 'string' || typeof kept.iteration !== 'number') return
    this.#kept = { iteration: kept.iteration, feedback: kept.feedback }
  }

  async watching<Given extends Settings>(given: Given, turn: IteratingTurn | null): Promise<Given> {
    this.#before = stepsIn(turn?.stored ?? [])
    if (turn?.isSilent === true) return given
    this.#turn = turn
    this.#begin(turn?.stored ?? [])
    const { stopWhen, prepareStep } = given
    const stepEnded = given.onStepEnd ?? given.onStepFinish
    const { experimental_createSteering: createSteering } = await loadSdk()
    const steering = given.experimental_steering ?? createSteering()
    this.#steering = steering
    if (this.#kept?.iteration === this.#before) this.#tell(this.#kept.feedback)
    const guarded = this.#repeated.tools(given.tools ?? {}, turn?.earlier ?? new Set())
    const own: Partial<Settings> = {
      experimental_steering: steering,
      tools: this.#spending.tools(guarded),
      stopWhen: [() => this.#isOver(), ...(stopWhen === undefined ? [] : [stopWhen].flat())],
      prepareStep: this.#preparing(prepareStep),
      onStepEnd: async (step) => {
        await this.#ended(step as unknown as SdkStep)
        await stepEnded?.(step)
      },
    }
    return { ...(given as object), ...(own as object) } as Given
  }

  #begin(stored: readonly MessagePart[]): void {
    this.#log.restore(this.#log.facts as JsonObject, this.#before)
    if (this.#before > 0) this.#repeated.ended(saidInLastStep(stored, []))
  }

  /** @throws what a hook threw that must not fail: the run ends with it. */
  #isOver(): boolean {
    if (this.#failure !== null) throw this.#failure.error
    return this.#ending !== null
  }

  #tell(feedback: string): void {
    const id = `${feedbackId}${this.#before + this.#steps}`
    // It never rejects: it tells whether the message was delivered.
    detach(() => this.#steering?.steer(feedback, { id }), warnOf)
  }

  #preparing(given: PrepareStep | undefined): PrepareStep {
    return async (options) => {
      let { messages } = options
      if (options.stepNumber === 0) {
        const told = await this.#goesOn(options.responseMessages)
        if (this.#failure !== null) throw this.#failure.error
        if (this.#ending !== null) {
          this.#turn?.suspensions.silence()
          return { model: silentModel(this.#call.model), messages } as never
        }
        if (told !== null) messages = [...messages, { role: 'user', content: told }]
      }
      const prepared = await given?.({ ...options, messages })
      this.#prompt = sizeOf(prepared?.messages ?? messages)
      return messages === options.messages ? prepared : { messages, ...prepared }
    }
  }

  /** The step that waited is over, if nobody was told of it yet. Returns what the model is told. */
  async #goesOn(made: readonly ModelMessage[]): Promise<string | null> {
    const stored = this.#turn?.stored ?? []
    const known = this.#log.of(this.#before)
    if (this.#before === 0 || known?.status === 'complete') return null
    const said = saidInLastStep(stored, made)
    if (said.isOpen || said.toolCalls.length === 0) return null
    this.#repeated.ended(said)
    const before: Omit<IterationRecord, 'status' | 'calls'> = known ?? {
      ...{ iteration: this.#before, finishReason: said.finishReason, model: '', inputTokens: null, outputTokens: null },
      ...{ prompt: { messages: 0, characters: 0 }, ms: 0 },
    }
    return this.#over(said, before, true)
  }

  /** A step of this call is over. Never throws: the AI SDK would not hear of it here. */
  async #ended(step: SdkStep): Promise<void> {
    if (this.#turn?.isSilent === true) return
    this.#steps += 1
    try {
      const said = saidInStep(step)
      const { usage, model, finishReason, performance } = step
      const name = `${model.provider}/${model.modelId}`
      this.#spending.add(usage, name)
      // What the step says is then known, and stored unless it is the last one.
      await this.#turn?.answer.recorded(this.#steps)
      const record: Omit<IterationRecord, 'status' | 'calls'> = {
        ...{ iteration: this.#before + this.#steps, finishReason, model: name, prompt: this.#prompt },
        ...{ inputTokens: usage.inputTokens ?? null, outputTokens: usage.outputTokens ?? null },
        ms: Math.round(performance.stepTimeMs),
      }
      publishEnded(() => this.#traced(record, said))
      if (finishReason === 'error') return
      const told = await this.#over(said, record, false)
      if (told !== null) this.#tell(told)
    } catch (error) {
      this.#failure = { error }
      // A step with feedback is followed by the conditions that stop the run, and one of them throws.
      this.#tell('')
    }
  }

  #traced(
    { iteration, model, inputTokens, outputTokens, prompt, ms }: Omit<IterationRecord, 'status' | 'calls'>,
    { toolCalls, isOpen }: StepSaid,
  ): IterationEnded {
    const { seenNotes } = this.#call.shown
    return {
      ...{ operation: 'agent.iteration', ...tracedCaller(callerOf(this.#call, this.#turn?.runId)), iteration, model },
      ...{ tools: toolCalls.map(({ name }) => name), promptMessages: prompt.messages },
      ...(seenNotes === null ? {} : { promptNotes: seenNotes.count, promptNoteIds: seenNotes.ids }),
      ...{ promptCharacters: prompt.characters, status: isOpen ? 'suspended' : 'done', durationMs: ms },
      ...(inputTokens === null ? {} : { inputTokens }),
      ...(outputTokens === null ? {} : { outputTokens }),
    }
  }

  /** Checks a step, tells the application, and notes it. Returns what the model is told; null for nothing. */
  async #over(
    said: StepSaid,
    about: Omit<IterationRecord, 'status' | 'calls'>,
    hasWaited: boolean,
  ): Promise<string | null> {
    const isRefused = said.toolCalls.some(({ id }) => this.#repeated.isRefused(id))
    const calls = said.toolCalls.map(({ id: toolCallId, name: tool }) => {
      return { toolCallId, tool, ...(this.#repeated.isRefused(toolCallId) ? { repeated: true as const } : {}) }
    })
    this.#isWaiting = said.isOpen
    if (said.isOpen) {
      this.#log.note({ ...about, status: 'waiting', calls })
      return null
    }
    this.#repeated.ended(said)
    this.#refusals = isRefused ? this.#refusals + 1 : 0
    const isFinal = said.toolCalls.length === 0
    const isLast = !hasWaited && this.#steps >= this.#stepsLeft
    const { check, feedback, hookErrors, isEnded } = await this.#judge.judge({
      ...{ said, iteration: about.iteration, maxIterations: this.#before + this.#stepsLeft, isLast },
      ...{ runId: this.#turn?.runId, isChecked: isFinal || isRefused },
    })
    this.#log.note({
      ...{ ...about, status: 'complete', calls },
      ...(check === null ? {} : { check: checkRecord(check) }),
      ...(feedback.length === 0 ? {} : { feedback: feedback.map(({ by }) => by) }),
      ...(hookErrors.length === 0 ? {} : { hookErrors }),
    })
    this.#ending = isEnded ? 'ended-by-hook' : this.#endingOf(isFinal, check, feedback.length > 0, isLast)
    const text = feedback.map((one) => one.text).join('\n\n')
    this.#kept = this.#ending !== null || text === '' ? null : { iteration: about.iteration, feedback: text }
    if (this.#isKept && this.#ending === null) await this.#turn?.keep()
    return this.#kept === null ? null : text
  }

  get #stepsLeft(): number {
    return this.#call.options.maxSteps ?? callOptionTable.maxSteps.default
  }

  #endingOf(
    isFinal: boolean,
    check: CompletionCheck | null,
    hasFeedback: boolean,
    isLast: boolean,
  ): CompletionReason | null {
    if (check?.passed === true && !hasFeedback) return 'validated'
    if (isFinal && !hasFeedback) return 'answered'
    if (this.#spending.isSpent) return 'budget'
    if (this.#refusals > 1 && check === null) return 'repeated-call'
    return isLast && this.#call.options.stopWhen === undefined ? 'max-steps' : null
  }
}

function checkRecord({ passed, timedOut, duration, results }: CompletionCheck): IterationRecord['check'] & object {
  const judged = results.map(({ scorerId, score, duration: ms }) => ({ scorerId, score, ms }))
  return { passed, timedOut, ms: duration, results: judged }
}
