/** Workflows: sequences of steps that are carried out one after the other, and survive the process that runs them. */

import { registerWorkflow } from '../agent/called-workflow.ts'
import type { Container, RegisteredWorkflow } from '../agent/container/registered.ts'
import type { RecoveredRun } from '../agent/waiting/recover.ts'
import { invariant, MemoryError, shown } from '../domain/error.ts'
import { checkId, parseRunId } from '../domain/id.ts'
import type { JsonObject } from '../domain/json.ts'
import type { StandardSchema } from '../domain/standard-schema.ts'
import { Memory } from '../facade/memory.ts'
import { usableMemory } from '../ports/agent-memory.ts'
import { calledByAgents } from './called-by-agents.ts'
import { type Building, type BuildingOf, FlowBuilder, type FlowClass } from './definition/flow-builder.ts'
import type { SchemaGives, SchemaTakes } from './definition/schema-types.ts'
import { checkFlowOptions, type FlowOptions } from './definition/workflow-options.ts'
import type { WorkflowStatus } from './engine/events.ts'
import { type HostMemory, WorkflowHost } from './engine/host.ts'
import { listFlowRuns } from './engine/list-runs.ts'
import { recoverRuns, Takeover } from './engine/recover.ts'
import type { WorkflowState } from './engine/run-view.ts'
import { placeRun } from './engine/start-run.ts'
import { checkCreateRunOptions, checkGetRunOptions, checkListRunsOptions, checkMemoryOption } from './run-options.ts'
import { WorkflowRun } from './workflow-run.ts'

/** Names the class for the builder. */
interface WorkflowClass extends FlowClass {
  readonly made: Workflow<Extract<this['types'], Building>>
}

/** Options of `createWorkflow`. */
export interface WorkflowOptions<
  Id extends string = string,
  Input extends StandardSchema = StandardSchema,
  Output extends StandardSchema = StandardSchema,
  State extends StandardSchema | undefined = StandardSchema | undefined,
> extends FlowOptions<Id, Input, Output, State> {
  /**
   * Where its runs are stored. Default: the memory of the `Aquifer` that it is registered with, otherwise a memory on that
   * container's storage. Without a container it is a database in memory: no run survives the process then.
   */
  readonly memory?: Memory
}

/** A run to create. */
export interface CreateRunOptions {
  /**
   * Its name among the runs of its resource: 1 to 128 letters, digits, `_` and `-`. A second run with the same name is
   * refused, so that a job that is started twice runs once. Default: a random one.
   */
  readonly runId?: string
  /** The user or entity that it belongs to. Its records live, and are forgotten, with that resource. */
  readonly resourceId?: string
  /** A thread of the resource. The run is erased with it. */
  readonly threadId?: string
}

/** Options of `listRuns`. */
export interface ListWorkflowRunsOptions {
  /** Only runs of that resource. Default: runs without a resource. */
  readonly resourceId?: string
  /** Only runs that stand so. Default: all. */
  readonly status?: WorkflowStatus
  /** How many at most: 1 to 100. Default: 50. */
  readonly limit?: number
  /** The `nextCursor` of the page before. */
  readonly cursor?: string
}

/** A page of runs, the newest first. */
export interface WorkflowRunPage {
  /** How each stands now. */
  readonly runs: readonly WorkflowState[]
  /** Where the next page begins; null on the last one. */
  readonly nextCursor: string | null
}

/** A workflow that can be run, whatever it is built of: for code that takes any workflow. */
export interface RunnableWorkflow<Input = never, Output = unknown> {
  /** Names it in storage, and as an actor. */
  readonly id: string
  /** Tells people, models and other agents what it does and when to use it. */
  readonly description?: string
  /** Parses what a run is started with. */
  readonly inputSchema: StandardSchema
  /** Parses the result of a run. */
  readonly outputSchema: StandardSchema
  /** Makes a run; see {@link Workflow.createRun}. */
  createRun(options?: CreateRunOptions): Promise<WorkflowRun<Input, Output>>
  /** A run by its id; see {@link Workflow.getRun}. */
  getRun(runId: string, options?: Pick<CreateRunOptions, 'resourceId'>): Promise<WorkflowRun<Input, Output> | null>
  /** A page of runs; see {@link Workflow.listRuns}. */
  listRuns(options?: ListWorkflowRunsOptions): Promise<WorkflowRunPage>
  /** Carries on runs that are left behind; see {@link Workflow.recover}. */
  recover(): Promise<readonly RecoveredRun[]>
}

type InputOf<Types extends Building> = SchemaTakes<Types['input']>
type ResultOf<Types extends Building> = SchemaGives<Types['output']>

/** How often runs that nobody carries on are looked for, milliseconds. */
const takeOverEveryMs = 1_000

/** A workflow: first under construction, and once it is committed, ready to run. */
export class Workflow<Types extends Building = Building>
  extends FlowBuilder<WorkflowClass, Types>
  implements RegisteredWorkflow, RunnableWorkflow<SchemaTakes<Types['input']>, SchemaGives<Types['output']>>
{
  readonly #host: WorkflowHost
  /** Hosts of runs in the memories of agents. */
  readonly #hosts = new WeakMap<Memory, WorkflowHost>()
  #memory: Memory | null
  #container: Container | null = null

  /** The options are checked already: use {@link createWorkflow}. */
  constructor(options: WorkflowOptions<Types['id'], Types['input'], Types['output']>) {
    super(options)
    this.#memory = options.memory ?? null
    this.#host = new WorkflowHost(this, () => this.#open())
    registerWorkflow(this, (source) => calledByAgents(this.#hostFor(source)))
  }

  /** The host of runs that an agent begins: in its memory, if the workflow has none of its own. */
  #hostFor(source: Memory | null): WorkflowHost {
    if (this.#memory !== null || source === null) return this.#host
    const known = this.#hosts.get(source)
    if (known !== undefined) return known
    const host = new WorkflowHost(this, () => this.#opened(source))
    this.#hosts.set(source, host)
    return host
  }

  /** Makes the workflow one of a container's, whose memory or storage it uses unless it has a memory of its own. */
  attach(container: Container): void {
    if (this.#container !== null && this.#container !== container) {
      throw new MemoryError('conflict', {
        message: `The workflow ${shown(this.id)} belongs to another container already.`,
        fix: 'Make a separate workflow for each container.',
        details: { workflow: this.id },
      })
    }
    this.#container = container
    this.#memory ??= container.getMemory() ?? (container.getStorage() === null ? null : new Memory())
    if (this.#memory === null) return
    container.bind(this.#memory)
    const takeover = new Takeover(this.#host)
    // One that is not complete has no runs.
    const recover = async () => (this.isCommitted ? this.recover() : [])
    const round = async () => (this.isCommitted ? takeover.round() : [])
    container.recovers({ recover, round, everyMs: takeOverEveryMs })
  }

  async #open(): Promise<HostMemory> {
    if (!this.isCommitted) throw notCommitted(this.id)
    this.#memory ??= new Memory({ storage: ':memory:', embedder: false })
    return this.#opened(this.#memory)
  }

  async #opened(memory: Memory): Promise<HostMemory> {
    if (!this.isCommitted) throw notCommitted(this.id)
    const used = usableMemory(memory)
    invariant(used !== null, 'a memory is usable')
    return { memory, usable: await used.open(), closing: used.storage.closing }
  }

  /**
   * Makes a run. It is stored once it is started.
   *
   * @throws MemoryError `invalid-input` for a wrong option, or if `commit()` was not called.
   */
  async createRun(options: CreateRunOptions = {}): Promise<WorkflowRun<InputOf<Types>, ResultOf<Types>>> {
    checkCreateRunOptions(options)
    return new WorkflowRun(this.#host, await placeRun(this.#host, options))
  }

  /**
   * A run of this workflow; null if there is none.
   *
   * @param runId Its id, or the one that `createRun` was given; with its resource then, if it has one.
   */
  async getRun(
    runId: string,
    options: Pick<CreateRunOptions, 'resourceId'> = {},
  ): Promise<WorkflowRun<InputOf<Types>, ResultOf<Types>> | null> {
    const { resourceId } = checkGetRunOptions(options)
    const issued = await this.#host.issuedId(checkId(runId, 'runId'), resourceId)
    const placed = issued === null ? null : await this.#host.find(issued)
    const unique = placed === null ? null : (parseRunId(placed.run.id)?.unique ?? null)
    return placed === null || unique === null ? null : new WorkflowRun(this.#host, { runId: placed.run.id, unique })
  }

  /**
   * Runs of this workflow, the newest first.
   *
   * @throws MemoryError `invalid-input` for a wrong option; `cursor-expired` for a cursor of other options.
   */
  async listRuns(options: ListWorkflowRunsOptions = {}): Promise<WorkflowRunPage> {
    checkListRunsOptions(options)
    return listFlowRuns(this.#host, options)
  }

  /**
   * Carries on runs that nobody carries on: their process is gone, somebody resumed a step, or a sleep is over. A container
   * does so by itself.
   *
   * @returns Those that were carried on, once each has ended or waits for somebody.
   * @throws MemoryError `denied` unless the memory may administer all spaces.
   */
  recover(): Promise<readonly RecoveredRun[]> {
    return recoverRuns(this.#host)
  }
}

function notCommitted(id: string): MemoryError {
  return new MemoryError('invalid-input', {
    message: `The workflow ${shown(id)} is not complete: commit() was not called.`,
    fix: 'Call commit() after its last step.',
    details: { field: 'workflow', rule: 'must be committed', got: id },
  })
}

/** The types of a workflow without any node. */
type Begun<
  Id extends string,
  Input extends StandardSchema,
  Output extends StandardSchema,
  State extends StandardSchema | undefined,
> = BuildingOf<
  Id,
  Input,
  Output,
  State extends StandardSchema ? SchemaGives<State> : JsonObject,
  SchemaGives<Input>,
  never
>

/**
 * Begins a workflow. Add its steps, and call `commit()`.
 *
 * @throws MemoryError `invalid-input` naming the first option that is wrong.
 */
export function createWorkflow<
  const Id extends string,
  Input extends StandardSchema,
  Output extends StandardSchema,
  State extends StandardSchema | undefined = undefined,
>(options: WorkflowOptions<Id, Input, Output, State>): Workflow<Begun<Id, Input, Output, State>> {
  checkFlowOptions(options, ['memory'])
  checkMemoryOption(options.memory)
  return new Workflow(options)
}
