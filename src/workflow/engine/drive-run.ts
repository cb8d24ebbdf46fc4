/** Drives a run: takes its lease, carries it on until it ends or everything in it waits, and lets it go. */
import type { RequestContext } from '../../agent/request-context.ts'
import type { Change } from '../../domain/commit/commit.ts'
import { warnOf, whenAborted } from '../../domain/detached.ts'
import type { Memory } from '../../facade/memory.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import type { Flow } from '../definition/step.ts'
import { Activity } from './activity.ts'
import type { Drive, DrivenRun, Scope } from './drive.ts'
import { eventOf, type WorkflowEvent } from './events.ts'
import { Journal } from './journal.ts'
import { KeptLease, leaseLost } from './lease.ts'
import { type FlowOutcome, failureDetails } from './outcome.ts'
import { inputPath, outputPath, ownDefinition } from './paths.ts'
import { runFlow } from './run-node.ts'
import { SharedState } from './shared-state.ts'
import { nowMsOf, remainingMs } from './sleep.ts'
import { Waiting } from './waiting.ts'

/** A run that this process owns, and what it needs to carry it on. */
export interface OwnedRun {
  readonly space: AgentSpace
  readonly flow: Flow
  readonly run: DrivenRun
  readonly memory: Memory
  readonly requestContext: RequestContext
  readonly token: number
  readonly leaseMs: number
  /** The version of the run's record. */
  readonly version: number
  readonly restartedAt: string | null
  readonly emit: (event: WorkflowEvent) => void
}

/** Sleeps that are not longer keep the run in this process. */
const shortSleepMs = 2_000

/** One drive of a run. */
export class RunDrive {
  readonly #owned: OwnedRun
  readonly #journal: Journal
  readonly #gone = new AbortController()
  readonly #givenUp = Promise.withResolvers<never>()
  #waiting = new Waiting()
  #version: number

  constructor(owned: OwnedRun) {
    this.#owned = owned
    this.#version = owned.version
    this.#journal = new Journal(owned.space, { runId: owned.run.runId, token: owned.token }, (error) =>
      this.#giveUp(error),
    )
    this.#givenUp.promise.catch(() => {})
  }

  get journal(): Journal {
    return this.#journal
  }

  /** Ends the drive without an outcome: the run is canceled, or somebody else carries it on. */
  abandon(error: unknown): void {
    this.#journal.lose(error)
  }

  #giveUp(error: unknown): void {
    this.#gone.abort(error)
    this.#givenUp.reject(error)
    this.#waiting.park()
  }

  /** Looks for decisions that were made since. */
  async refresh(): Promise<void> {
    const { space, run } = this.#owned
    const now = await space.run(run.runId)
    if (now === null) return this.abandon(leaseLost(run.runId))
    if (now.version === this.#version) return
    for (const step of await space.workSteps(run.runId)) {
      const known = this.#journal.at(step.path)
      if (known !== undefined && known.version >= step.version) continue
      this.#journal.learn(step)
      this.#waiting.wake(step.path)
    }
    this.#version = now.version
  }

  /**
   * Carries the run on until it ends, or until it is parked because everything in it waits.
   *
   * @throws What ended the drive early: the run goes on elsewhere, or later.
   */
  async run(): Promise<void> {
    const { space, run, token, leaseMs } = this.#owned
    const lease = new KeptLease(
      space,
      { runId: run.runId, token, leaseMs },
      { renewed: () => this.refresh(), lost: (error) => this.abandon(error) },
    )
    const stopListening = whenAborted([space.stopping], () => this.abandon(space.stopping.reason), warnOf)
    try {
      await this.#runToEnd(lease)
    } finally {
      lease.stop()
      stopListening()
    }
  }

  async #runToEnd(lease: KeptLease): Promise<void> {
    for (;;) {
      const outcome = await this.#walk(lease)
      if (this.#gone.signal.aborted) throw this.#gone.signal.reason
      if (outcome.kind !== 'parked') return this.#end(outcome)
      const { runId } = this.#owned.run
      const parking: Change = { kind: 'run-put', runId, status: 'suspended', token: this.#journal.token }
      const isParked = await this.#journal.finish([parking], [{ version: this.#version, of: { run: runId } }])
      if (isParked) return
      // Somebody decided meanwhile. What is stored is walked over once more.
      this.#waiting = new Waiting()
      await this.refresh()
    }
  }

  /** The run from its beginning: what is stored is not done again. */
  async #walk(lease: KeptLease): Promise<FlowOutcome> {
    const { space, flow, run, memory, requestContext, restartedAt, emit } = this.#owned
    const drive: Drive = {
      run,
      requestContext,
      memory,
      journal: this.#journal,
      state: new SharedState(this.#journal.steps),
      waiting: this.#waiting,
      emit,
      signal: this.#gone.signal,
      ensureLease: () => lease.ensure(),
      givenUp: this.#givenUp.promise,
      stepBytes: space.limits.stepBytes,
      stepsPerRun: space.limits.stepsPerRun,
      restartedAt,
      nowMs: () => nowMsOf(space),
    }
    const activity = new Activity(null, (error) => this.abandon(error))
    const stop = activity.whenIdle(() => this.#parkIfAllWait(drive))
    const input = this.#journal.at(inputPath)?.output
    const scope: Scope = { drive, activity, flow, initData: undefined, results: new Map() }
    try {
      return await activity.run(() => runFlow(scope, flow, '', input))
    } finally {
      stop()
    }
  }

  #parkIfAllWait(drive: Drive): void {
    const sleeps = drive.waiting.paths.flatMap((path) => {
      const step = drive.journal.at(path)
      return step?.stepKind === 'sleep' ? [remainingMs(drive, step)] : []
    })
    if (Math.min(...sleeps) > shortSleepMs) drive.waiting.park()
  }

  /** Stores how the run ended, with everything that is not stored yet. */
  async #end(outcome: Exclude<FlowOutcome, { kind: 'parked' }>): Promise<void> {
    const { run, emit } = this.#owned
    const { runId } = run
    const { token } = this.#journal
    const put = { kind: 'run-put', runId, token } as const
    if (outcome.kind === 'failed') {
      const details = failureDetails(outcome.path, outcome.error)
      await this.#journal.finish([{ ...put, status: 'failed', details }])
      emit(eventOf('workflow-finish', runId, { status: 'failed', error: outcome.error }))
      return
    }
    const { value } = outcome
    const output: Change = {
      kind: 'work-end',
      runId,
      token,
      path: outputPath,
      stepId: outputPath,
      definition: ownDefinition,
      outcome: 'complete',
      ...(value === undefined ? {} : { output: value }),
    }
    await this.#journal.finish([output, { ...put, status: 'complete' }])
    emit(eventOf('workflow-finish', runId, { status: 'success', ...(value === undefined ? {} : { result: value }) }))
  }
}
