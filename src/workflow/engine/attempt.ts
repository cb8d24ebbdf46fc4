/** One attempt at a step: its code runs, and ends, suspends, ends its workflow, or fails. */
import { toJson } from '../../agent/tools/result-json.ts'
import { after, warnOf, whenAborted } from '../../domain/detached.ts'
import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import { exceedsBytes, isJsonObject, type Json, type JsonObject, jsonBytes } from '../../domain/json.ts'
import { withCommas } from '../../domain/with-commas.ts'
import type { StateChange, StepContext, SuspendOptions } from '../definition/context.ts'
import type { WorkflowStep } from '../definition/step.ts'
import { validated } from '../definition/validated.ts'
import { nodeContext, type Scope } from './drive.ts'
import { eventOf } from './events.ts'

/** What a step is resumed with. */
export interface Resumption {
  readonly resumeData?: unknown
  readonly suspendData?: Json
}

/** How an attempt ended. */
type Ended =
  | { readonly kind: 'complete' | 'bailed'; readonly output: Json | undefined }
  | { readonly kind: 'suspended'; readonly payload: Json | undefined; readonly label: string | undefined }
  | { readonly kind: 'failed'; readonly error: unknown }

/** How an attempt ended, with the state that the step saw, and the one that it leaves. */
export type Attempted = Ended & { readonly seen: JsonObject; readonly next: JsonObject }

/** An attempt that is about to be made. */
interface Attempt {
  readonly step: WorkflowStep
  readonly path: string
  /** Its number, from 1. */
  readonly attempt: number
  readonly input: unknown
  readonly resumption: Resumption
}

/** A value as it is stored; undefined for no value. */
export function storable(value: unknown, what: string, limitBytes: number): Json | undefined {
  if (value === undefined) return undefined
  let json: Json
  try {
    json = toJson(value)
  } catch (cause) {
    throw new MemoryError('invalid-input', {
      message: `The ${what} cannot be written as JSON: ${cause instanceof Error ? cause.message : shown(cause)}.`,
      fix: 'Use plain JSON: texts, numbers, booleans, null, and arrays and objects of them.',
      details: { field: what, rule: 'must be JSON', got: shown(value) },
      cause,
    })
  }
  if (!exceedsBytes(json, limitBytes)) return json
  const [bytes, most] = [jsonBytes(json), limitBytes].map(withCommas)
  throw new MemoryError('limit-exceeded', {
    message: `The ${what} has ${bytes} bytes, and may have ${most}.`,
    fix: 'Store it elsewhere, such as in an entry or a file, and return its key; or raise limits.stepBytes.',
    details: { limit: 'stepBytes', size: jsonBytes(json), allowed: limitBytes },
  })
}

/** The first thing that a step's code asked for: later ones do not count. */
type Asked =
  | { readonly kind: 'suspended'; readonly payload: unknown; readonly label: string | undefined }
  | { readonly kind: 'bailed'; readonly output: unknown }

/** Ends the code of a step that has asked for something. Nobody outside of the step sees it. */
function endsCode(stepId: string): MemoryError {
  return new MemoryError('aborted', {
    message: `The step ${shown(stepId)} is suspended or has ended its workflow: this ends its code.`,
    fix: 'Let it pass.',
  })
}

/** What the step's code can do to its run, while it runs. */
class Controls {
  asked: Asked | null = null
  next: JsonObject
  readonly #stepId: string
  #isOver = false

  constructor(stepId: string, state: JsonObject) {
    this.#stepId = stepId
    this.next = state
  }

  /** What is asked for from now on is too late. */
  close(): void {
    this.#isOver = true
  }

  #ask(asked: Asked): Promise<never> {
    if (this.#isOver) {
      throw new MemoryError('closed', {
        message: `The step ${shown(this.#stepId)} has ended and can no longer be suspended or bail.`,
        fix: 'Do it before execute returns: return suspend(…), or await it.',
        details: { stepId: this.#stepId },
      })
    }
    this.asked ??= asked
    const ended = Promise.reject(endsCode(this.#stepId))
    // The step need not wait for it: what it asked for is read when its code has ended.
    ended.catch(() => {})
    return ended
  }

  readonly suspend = (payload?: unknown, options: SuspendOptions = {}): Promise<never> => {
    const { resumeLabel: label } = options
    if (label !== undefined && (typeof label !== 'string' || label === '')) {
      throw invalidInput('resumeLabel', 'must be a text', label, 'Leave it out, or pass a name to resume the step by.')
    }
    return this.#ask({ kind: 'suspended', payload, label })
  }

  readonly bail = (output: unknown): Promise<never> => this.#ask({ kind: 'bailed', output })

  readonly setState = (change: StateChange<JsonObject>): void => {
    const fields = typeof change === 'function' ? change(this.next) : change
    const json = toJson(fields)
    if (!isJsonObject(json)) {
      throw invalidInput('state', 'must be fields of the state', fields, 'Pass an object, such as { count: 1 }.')
    }
    this.next = { ...this.next, ...json }
  }
}

interface Limited {
  readonly signal: AbortSignal
  /** Rejects when the time is over. */
  readonly over: Promise<never>
  readonly stop: () => void
}

/** Ends an attempt that takes too long. */
function limitedTime({ id, timeoutMs }: WorkflowStep, outer: AbortSignal): Limited {
  const { promise: over, reject } = Promise.withResolvers<never>()
  over.catch(() => {})
  if (timeoutMs === null) return { signal: outer, over, stop: () => {} }
  const own = new AbortController()
  const timer = after(
    timeoutMs,
    () => {
      const error = new MemoryError('aborted', {
        message: `The step ${shown(id)} took longer than ${timeoutMs} ms.`,
        fix: 'Raise its timeoutMs, or let it end when its abortSignal aborts.',
        details: { stepId: id, timeoutMs },
      })
      own.abort(error)
      reject(error)
    },
    warnOf,
  )
  const stopListening = whenAborted([outer], () => own.abort(outer.reason), warnOf)
  return {
    signal: own.signal,
    over,
    stop: () => {
      timer.stop()
      stopListening()
    },
  }
}

/** What an attempt came to, once its code has ended or asked for something. */
async function endOf(
  scope: Scope,
  step: WorkflowStep,
  asked: Asked | null,
  returned: { readonly value: unknown },
): Promise<Ended> {
  const { stepBytes } = scope.drive
  const of = `of the step ${shown(step.id)}`
  if (asked?.kind === 'suspended') {
    const { suspendSchema } = step
    const what = `payload that suspends ${shown(step.id)}`
    const given = suspendSchema === undefined ? asked.payload : await validated(suspendSchema, asked.payload, what)
    const payload = storable(given, what, stepBytes)
    return { kind: 'suspended', payload, label: asked.label }
  }
  if (asked?.kind === 'bailed') {
    const given = await validated(scope.flow.outputSchema, asked.output, `output with which ${shown(step.id)} bails`)
    const output = storable(given, `output ${of}`, stepBytes)
    return { kind: 'bailed', output }
  }
  const given = await validated(step.outputSchema, returned.value, `output ${of}`)
  return { kind: 'complete', output: storable(given, `output ${of}`, stepBytes) }
}

/** What a step's code returned; what it threw, unless it had asked for something before. */
async function codeOf(controls: Controls, run: () => unknown): Promise<{ readonly value: unknown }> {
  try {
    return { value: await run() }
  } catch (error) {
    if (controls.asked !== null) return { value: undefined }
    throw error
  } finally {
    controls.close()
  }
}

/**
 * Runs the code of a step once. Whatever it throws is its outcome.
 *
 * @throws What ends the drive: the run is given up here.
 */
export async function runAttempt(
  scope: Scope,
  { step, path, attempt, input, resumption }: Attempt,
): Promise<Attempted> {
  const { drive } = scope
  const seen = drive.state.fields
  const controls = new Controls(step.id, seen)
  const time = limitedTime(step, drive.signal)
  const { runId, resourceId, threadId } = drive.run
  const context: StepContext = {
    ...nodeContext(scope, input),
    ...resumption,
    setState: controls.setState as StepContext['setState'],
    suspend: controls.suspend,
    bail: controls.bail,
    memory: drive.memory,
    callId: `${runId}/${path}`,
    attempt,
    abortSignal: time.signal,
    ...(resourceId === undefined ? {} : { resourceId }),
    ...(threadId === undefined ? {} : { threadId }),
    writer: (output) => drive.emit(eventOf('workflow-step-output', runId, { id: step.id, path, output })),
  }
  try {
    await drive.ensureLease()
    drive.signal.throwIfAborted()
    const code = codeOf(controls, () => step.execute(context))
    const returned = await Promise.race([code, time.over, drive.givenUp])
    const ended = await endOf(scope, step, controls.asked, returned)
    const { stateSchema, id } = scope.flow
    const { next } = controls
    if (next !== seen && stateSchema !== undefined) await validated(stateSchema, next, `state of ${shown(id)}`)
    return { ...ended, seen, next }
  } catch (error) {
    if (drive.signal.aborted) throw error
    return { kind: 'failed', error, seen, next: seen }
  } finally {
    time.stop()
  }
}
