/** A run of a workflow, as an application holds it: in the process that started it, or in any other one. */
import type { RequestContext } from '../agent/request-context.ts'
import { detach, warnOf, whenAborted } from '../domain/detached.ts'
import { MemoryError, notFound, shown } from '../domain/error.ts'
import type { Json } from '../domain/json.ts'
import { hasEnded } from '../domain/records/run.ts'
import { EventStream } from './engine/event-stream.ts'
import { eventOf, type WorkflowEvent } from './engine/events.ts'
import type { WorkflowHost } from './engine/host.ts'
import { type ResumeOptions, resumeStep } from './engine/resume-run.ts'
import { viewOf, type WorkflowState } from './engine/run-view.ts'
import { settle } from './engine/settle.ts'
import { type RunPlace, type StartOptions, startRun } from './engine/start-run.ts'
import { followRun, runEvents } from './engine/watch.ts'
import { checkResumeOptions, checkSignal, checkStartOptions } from './run-options.ts'

/** A run as it stands, with the type of its result. */
export type WorkflowResult<Output = unknown> =
  | (Omit<WorkflowState, 'status' | 'result'> & { readonly status: 'success'; readonly result: Output })
  | (Omit<WorkflowState, 'status' | 'result'> & {
      readonly status: Exclude<WorkflowState['status'], 'success'>
      readonly result?: never
    })

/** The events of a run while it is carried on, and what it comes to. Read the events once. */
export interface WorkflowStream<Output = unknown> extends AsyncIterable<WorkflowEvent> {
  readonly runId: string
  /** The run once it has ended, or waits for somebody. */
  readonly result: Promise<WorkflowResult<Output>>
  /** How it stands then. */
  readonly status: Promise<WorkflowState['status']>
  /** The same events, under the name that the streams of agents have. */
  readonly fullStream: AsyncIterable<WorkflowEvent>
}

/** One run of a workflow. */
export class WorkflowRun<Input = unknown, Output = unknown> {
  /** Its id. Any process finds the run by it. */
  readonly runId: string
  readonly #host: WorkflowHost
  readonly #place: RunPlace

  /** Workflows make runs: use `createRun` or `getRun`. */
  constructor(host: WorkflowHost, place: RunPlace) {
    this.#host = host
    this.#place = place
    this.runId = place.runId
  }

  /**
   * Starts the run, and waits until it has ended or waits for somebody. While it sleeps, this waits too.
   *
   * @throws MemoryError `invalid-input` for input that the workflow's schema refuses; `conflict` if the run was started
   *   before. A step that fails is no error here: the answer has the status `failed`, and the error.
   */
  async start(options: StartOptions<Input>): Promise<WorkflowResult<Output>> {
    checkStartOptions(options)
    return this.#aborting(options.abortSignal, async () => {
      await startRun(this.#host, this.#place, options)
      // Aborted before there was a run to cancel.
      if (options.abortSignal?.aborted === true) await this.#cancelUnlessEnded()
      return this.#settled()
    })
  }

  /** As {@link start}, and answers at once: with the events of the run while it is carried on in this process. */
  stream(options: StartOptions<Input>): WorkflowStream<Output> {
    checkStartOptions(options)
    return this.#streamed(() => this.start(options))
  }

  /**
   * Resumes a step that is suspended, and waits until the run has ended or waits for somebody. Other steps that wait are
   * not touched.
   *
   * @throws MemoryError `conflict`, with `decided: { by, at }` in its details, if somebody else resumed the step first, with
   *   `reason: 'definition-changed'` if the workflow has changed there since, and for a run that has ended;
   *   `invalid-input` for data that the step's schema refuses, or if several steps wait and none is named; `not-found` for a
   *   run that was not started.
   */
  async resume(options: ResumeOptions = {}): Promise<WorkflowResult<Output>> {
    checkResumeOptions(options)
    await resumeStep(this.#host, this.runId, options)
    await this.#takeWith(options.requestContext)
    return this.#settled()
  }

  /** As {@link resume}, and answers at once: with the events of the run while it is carried on in this process. */
  resumeStream(options: ResumeOptions = {}): WorkflowStream<Output> {
    checkResumeOptions(options)
    return this.#streamed(() => this.resume(options))
  }

  /**
   * Cancels the run, whichever process carries it on. Its steps are told by their `abortSignal`, and what they still come to does not
   * count.
   *
   * @throws MemoryError `conflict` for a run that has ended.
   */
  async cancel(): Promise<void> {
    const { space, run } = await this.#host.get(this.runId)
    if (hasEnded(run.status)) throw ended(this.runId, run.status)
    const put = { kind: 'run-put', runId: this.runId, status: 'aborted', leaseMs: 1, steal: true } as const
    await space.submitAlone([put])
    const error = new MemoryError('aborted', {
      message: `The run ${shown(this.runId)} was canceled.`,
      fix: 'Start another run if it is still wanted.',
      details: { runId: this.runId },
    })
    this.#host.live(this.runId)?.drive.abandon(error)
    this.#host.emit(eventOf('workflow-finish', this.runId, { status: 'canceled' }))
  }

  /**
   * Carries a run on that has failed: steps that failed run again, those that are done do not. Of a run that nobody carries
   * on it is the same as waiting for its recovery.
   *
   * @throws MemoryError `conflict` for a run that has ended well or was canceled.
   */
  async restart(options: Pick<StartOptions, 'requestContext'> = {}): Promise<WorkflowResult<Output>> {
    const placed = await this.#host.get(this.runId)
    const { status } = placed.run
    if (hasEnded(status) && status !== 'failed') throw ended(this.runId, status)
    if (status === 'failed') await this.#host.take(placed, { ...options, restart: true })
    return this.#settled()
  }

  /** The run as it stands now. Other processes may carry it on. null: it was not started, or it is gone. */
  async state(): Promise<WorkflowResult<Output> | null> {
    const placed = await this.#host.find(this.runId)
    if (placed === null) return null
    return viewOf(placed.run, await placed.space.workSteps(this.runId)) as WorkflowResult<Output>
  }

  /**
   * Follows the run from its beginning until it has ended, whichever process carries it on.
   *
   * @param signal Ends the following.
   * @throws MemoryError `not-found` for a run that was not started.
   */
  watch(signal?: AbortSignal): AsyncIterable<WorkflowEvent>
  /**
   * The same for a function, which may be passed before the run is started in this process.
   *
   * @returns A function that ends the following.
   */
  watch(follow: (event: WorkflowEvent) => unknown): () => void
  watch(
    given: AbortSignal | ((event: WorkflowEvent) => unknown) = new AbortController().signal,
  ): AsyncIterable<WorkflowEvent> | (() => void) {
    if (typeof given === 'function') return followRun(this.#host, this.runId, given)
    checkSignal(given)
    const [host, runId] = [this.#host, this.runId]
    return (async function* () {
      const placed = await host.find(runId)
      if (placed === null) throw notFound('run', runId, 'Start it first.')
      yield* runEvents(placed.space, runId, given)
    })()
  }

  async #settled(): Promise<WorkflowResult<Output>> {
    return (await settle(this.#host, this.runId)) as WorkflowResult<Output>
  }

  async #takeWith(requestContext: RequestContext | undefined): Promise<void> {
    const placed = await this.#host.get(this.runId)
    if (placed.run.status !== 'pending') return
    await this.#host.take(placed, requestContext === undefined ? {} : { requestContext })
  }

  async #aborting<Value>(signal: AbortSignal | undefined, work: () => Promise<Value>): Promise<Value> {
    if (signal === undefined) return work()
    signal.throwIfAborted()
    const stopListening = whenAborted([signal], () => this.#cancelUnlessEnded(), warnOf)
    try {
      return await work()
    } finally {
      stopListening()
    }
  }

  /** Cancels a run for a signal: one that is not stored yet, or has ended by then, stays as it is. */
  async #cancelUnlessEnded(): Promise<void> {
    try {
      await this.cancel()
    } catch (error) {
      if (error instanceof MemoryError && ['conflict', 'not-found', 'closed'].includes(error.code)) return
      throw error
    }
  }

  #streamed(work: () => Promise<WorkflowResult<Output>>): WorkflowStream<Output> {
    const stream = new EventStream()
    let isFinished = false
    const stop = this.#host.listen(this.runId, (event) => {
      isFinished ||= event.type === 'workflow-finish'
      stream.write(event)
    })
    const result = work()
    detach(
      () =>
        result
          .then(
            ({ status, result: output, error }) => {
              // A run that waits has not finished for others, and of one that another process carries on nothing is heard here.
              const outcome = { ...(output === undefined ? {} : { result: output as Json }), ...(error && { error }) }
              if (!isFinished) stream.write(eventOf('workflow-finish', this.runId, { status, ...outcome }))
              stream.end()
            },
            (error) => stream.end({ error }),
          )
          .finally(stop),
      warnOf,
    )
    const events = { [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator]() }
    return {
      runId: this.runId,
      result,
      fullStream: events,
      get status() {
        return result.then(({ status }) => status)
      },
      ...events,
    }
  }
}

function ended(runId: string, status: string): MemoryError {
  return new MemoryError('conflict', {
    message: `The run ${shown(runId)} has ended: it is ${status}.`,
    fix: 'Start another run.',
    details: { runId, status },
  })
}
