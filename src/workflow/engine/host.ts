/** Carries on the runs of one workflow in this process. */
import { RequestContext } from '../../agent/request-context.ts'
import { storedValues } from '../../agent/turn/continuation.ts'
import type { Actor } from '../../domain/actor.ts'
import { detach } from '../../domain/detached.ts'
import { type ErrorCode, MemoryError, notFound } from '../../domain/error.ts'
import { checkUnique, parseRunId, runIdOf, type SpaceKey } from '../../domain/id.ts'
import type { Json } from '../../domain/json.ts'
import { hasEnded, type RunState } from '../../domain/records/run.ts'
import { resourceOf, spaceId } from '../../domain/space.ts'
import type { Memory } from '../../facade/memory.ts'
import type { AgentMemory, AgentSpace, WorkRunStep } from '../../ports/agent-memory.ts'
import type { Flow } from '../definition/step.ts'
import { type OwnedRun, RunDrive } from './drive-run.ts'
import type { WorkflowEvent } from './events.ts'
import { checkDefinition } from './node-definition.ts'
import { failureDetails, stepErrorOf } from './outcome.ts'
import { contextOf } from './run-view.ts'
import { nowMsOf } from './sleep.ts'
import { wakeUps } from './wake-ups.ts'

/** The memory that the runs of a workflow are stored in. */
export interface HostMemory {
  readonly memory: Memory
  readonly usable: AgentMemory
  /** Aborted when the memory is closed. */
  readonly closing: AbortSignal
}

/** A run that this process drives at the moment. */
interface LiveRun {
  readonly drive: RunDrive
  /** Resolves when the drive is over, however it ended. */
  readonly over: Promise<void>
}

/** A run and its space. */
export interface PlacedRun {
  readonly space: AgentSpace
  readonly run: RunState
}

/** How a run is carried on. */
interface DriveOptions {
  /** Replaces the stored one. */
  readonly requestContext?: RequestContext
  /** Steps that failed run again. */
  readonly restart?: true
}

type Listener = (event: WorkflowEvent) => void

/** Errors after which another process, or this one later, may carry a run on. */
const passing: ReadonlySet<ErrorCode> = new Set(['unavailable', 'closed', 'aborted', 'unknown-outcome'])

function isPassing(error: unknown): boolean {
  return error instanceof MemoryError && (passing.has(error.code) || error.details.reason === 'lease-lost')
}

export class WorkflowHost {
  readonly flow: Flow
  readonly actor: Actor
  readonly #open: () => Promise<HostMemory>
  readonly #live = new Map<string, LiveRun>()
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #sleeping = new Map<string, () => void>()

  constructor(flow: Flow, open: () => Promise<HostMemory>) {
    this.flow = flow
    this.actor = { kind: 'agent', id: flow.id }
    this.#open = open
  }

  memory(): Promise<HostMemory> {
    return this.#open()
  }

  /** The space of a new run. */
  async space(resourceId: string | undefined): Promise<AgentSpace> {
    const { usable } = await this.#open()
    const id = resourceId === undefined ? spaceId('task', this.flow.id) : spaceId('resource', resourceId)
    return usable.spaceAt(this.actor, id)
  }

  /** The id of a run that was created with an id of the caller's own; null if its space is not there. */
  async issuedId(runId: string, resourceId: string | undefined): Promise<string | null> {
    if (parseRunId(runId) !== null) return runId
    const key = await spaceKeyOf(await this.space(resourceId))
    return key === null ? null : runIdOf(key, checkUnique(runId, 'runId'))
  }

  /** A run of this workflow, by its id; null if there is none. */
  async find(runId: string): Promise<PlacedRun | null> {
    const { usable } = await this.#open()
    const space = await usable.spaceOfRun(this.actor, runId)
    const run = (await space?.run(runId)) ?? null
    if (space === null || run === null || run.kind !== 'workflow' || run.name !== this.flow.id) return null
    return { space, run }
  }

  async get(runId: string): Promise<PlacedRun> {
    const found = await this.find(runId)
    if (found === null) {
      throw notFound(
        'run',
        runId,
        'Start it first, or check the id. Runs are found by their own workflow, until they expire.',
      )
    }
    return found
  }

  /** Listens to what happens to a run in this process. */
  listen(runId: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(runId) ?? new Set()
    this.#listeners.set(runId, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#listeners.delete(runId)
    }
  }

  /** Tells those who listen to a run in this process. */
  readonly emit = (event: WorkflowEvent): void => {
    for (const listener of [...(this.#listeners.get(event.runId) ?? [])]) listener(event)
  }

  /** How many runs this process drives. */
  get drivenCount(): number {
    return this.#live.size
  }

  live(runId: string): LiveRun | undefined {
    return this.#live.get(runId)
  }

  /**
   * Takes a run that nobody carries on, and begins to carry it on.
   *
   * @returns Whether this process has it now.
   * @throws MemoryError `conflict` for a run that the workflow, as it is now, cannot go on with.
   */
  async take({ space, run }: PlacedRun, options: DriveOptions = {}): Promise<boolean> {
    if (this.#live.has(run.id)) return true
    const steps = await space.workSteps(run.id)
    checkDefinition(this.flow, run.id, steps)
    const requestContext = options.requestContext ?? new RequestContext(contextOf(run.continuation))
    const restartedAt = options.restart === true ? new Date(nowMsOf(space)).toISOString() : null
    const taken = await this.#takeLease(space, run, options, restartedAt)
    if (taken === null) return false
    const known = run.details.restartedAt
    await this.own(
      { space, ...taken, requestContext, restartedAt: restartedAt ?? (typeof known === 'string' ? known : null), run },
      steps,
    )
    return true
  }

  async #takeLease(
    space: AgentSpace,
    run: RunState,
    { requestContext }: DriveOptions,
    restartedAt: string | null,
  ): Promise<{ readonly token: number; readonly version: number } | null> {
    const continuation = requestContext === undefined ? {} : { continuation: runContinuation(requestContext) }
    const details = restartedAt === null ? {} : { details: { restartedAt } }
    const put = {
      kind: 'run-put',
      runId: run.id,
      status: 'running',
      leaseMs: space.limits.runLeaseMs,
      ...continuation,
      ...details,
    } as const
    try {
      const answer = await space.submitAlone([put], [{ version: run.version, of: { run: run.id } }])
      return answer.status === 'conflict' ? null : ownership(answer.results[0])
    } catch (error) {
      if (error instanceof MemoryError && error.code === 'conflict' && error.retryable) return null
      throw error
    }
  }

  /** Carries on a run whose lease this process has. */
  async own(
    taken: Pick<OwnedRun, 'space' | 'token' | 'version' | 'requestContext' | 'restartedAt'> & {
      readonly run: RunState
    },
    steps: readonly WorkRunStep[],
  ): Promise<void> {
    const { run, space } = taken
    const { memory } = await this.#open()
    const resourceId = resourceOf(space.address)
    this.#sleeping.get(run.id)?.()
    const drive = new RunDrive({
      ...taken,
      flow: this.flow,
      memory: memory.as({ ...this.actor, name: `${this.flow.id} (${run.id})` }),
      leaseMs: space.limits.runLeaseMs,
      run: {
        runId: run.id,
        workflowId: this.flow.id,
        ...(resourceId === null ? {} : { resourceId }),
        ...(run.threadId === undefined ? {} : { threadId: run.threadId }),
      },
      emit: this.emit,
    })
    for (const step of steps) drive.journal.learn(step)
    const over = this.#carryOn(taken, drive)
    this.#live.set(run.id, { drive, over })
    space.hold(over)
  }

  async #carryOn(
    { space, run, token }: { space: AgentSpace; run: RunState; token: number },
    drive: RunDrive,
  ): Promise<void> {
    try {
      await drive.run()
    } catch (error) {
      await this.#leave(space, run.id, token, error)
    } finally {
      this.#live.delete(run.id)
    }
  }

  /** Leaves a run that this process cannot carry on: to others, or as failed if nobody can. */
  async #leave(space: AgentSpace, runId: string, token: number, error: unknown): Promise<void> {
    const status = isPassing(error)
      ? { status: 'pending' as const }
      : { status: 'failed' as const, details: failureDetails('', stepErrorOf(error)) }
    try {
      await space.submitAlone([{ kind: 'run-put', runId, token, ...status }])
    } catch {
      // It is somebody else's now, gone, or cannot be reached: its lease ends by itself.
    }
  }

  /** Wakes a run of this process that only sleeps, at the time of its next step. Never keeps the process alive. */
  wakeLater(placed: PlacedRun, steps: readonly WorkRunStep[]): void {
    const { space, run } = placed
    const ms = nextWakeMs(space, steps)
    if (ms === null) return
    this.#sleeping.get(run.id)?.()
    const forget = wakeUps.later(ms, () => this.#wake(run.id), false)
    this.#sleeping.set(run.id, () => {
      this.#sleeping.delete(run.id)
      forget()
    })
  }

  #wake(runId: string): void {
    this.#sleeping.delete(runId)
    detach(
      async () => {
        const placed = await this.find(runId)
        if (placed !== null && !hasEnded(placed.run.status)) await this.take(placed)
      },
      // The sweeper and the recovery of any process find the run, too.
      () => {},
    )
  }
}

/** What the ids of a space's runs begin with; null if there is no space yet. */
export async function spaceKeyOf(space: AgentSpace): Promise<SpaceKey | null> {
  const query = { threadId: null, name: null, statuses: ['pending'], order: 'oldest', after: null, limit: 1 } as const
  return (await space.runs.list(query)).key
}

/** Milliseconds until the next sleep of a run is over; null if none sleeps. */
export function nextWakeMs(space: AgentSpace, steps: readonly WorkRunStep[]): number | null {
  const times = steps.flatMap(({ status, stepKind, expiresAt }) => {
    return status === 'asked' && stepKind === 'sleep' && expiresAt !== undefined ? [-space.elapsedMs(expiresAt)] : []
  })
  return times.length === 0 ? null : Math.max(0, Math.min(...times))
}

/** What a run keeps to be carried on by any process. */
export function runContinuation(requestContext: RequestContext): Json {
  return { v: 1, requestContext: storedValues(requestContext) }
}

/** The token and the version that taking a run gave. */
export function ownership(result: unknown): { readonly token: number; readonly version: number } {
  return result as { readonly token: number; readonly version: number }
}
