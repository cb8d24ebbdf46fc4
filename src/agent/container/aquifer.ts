/** The container of an application: its agents and workflows, and the storage that their memories share. */

import type { TelemetryOptions } from 'ai'
import { warnOf, whenAborted } from '../../domain/detached.ts'
import { invalidInput, MemoryError } from '../../domain/error.ts'
import { check, fieldsOf, hasMethod, isText, type OptionFields } from '../../domain/option-checks.ts'
import type { Memory } from '../../facade/memory.ts'
import { SQLiteStore } from '../../open.ts'
import { type AgentStorage, usableMemory } from '../../ports/agent-memory.ts'
import type { Storage } from '../../ports/storage.ts'
import type { RecoveredRun } from '../waiting/recover.ts'
import { ContainerStorage } from './container-storage.ts'
import { Recovery } from './recovery.ts'
import type { Container, Logger, Recoverable, RegisteredAgent, RegisteredWorkflow } from './registered.ts'
import { type Registration, Registry } from './registry.ts'

/** Options of `new Aquifer()`. */
export interface AquiferOptions<
  AgentType extends RegisteredAgent = RegisteredAgent,
  Workflows extends Registration<RegisteredWorkflow> = Registration<RegisteredWorkflow>,
> {
  /** The storage of memories that have none of their own: a URL, a `SQLiteStore` or any driver. */
  readonly storage?: string | SQLiteStore | Storage
  /** Under names of your choice, or as a list. */
  readonly agents?: Registration<AgentType>
  /** Workflows under names of your choice, or as a list. */
  readonly workflows?: Workflows
  /** The memory of agents without one. */
  readonly memory?: Memory
  /** Where messages are logged. Default: nowhere. */
  readonly logger?: Logger
  /** Settings of the AI SDK's telemetry, for calls that set none. */
  readonly telemetry?: TelemetryOptions
  /**
   * Whether runs that are left behind are continued by themselves: those of agents at the start and once a minute, those of
   * workflows once a second; see {@link Aquifer.recover}. Default: true.
   */
  readonly recover?: boolean
}

type AnyOf<Workflows> = Workflows extends readonly (infer Workflow)[] ? Workflow : Workflows[keyof Workflows]

type WithId<Workflows, Id> = [Extract<AnyOf<Workflows>, { readonly id: Id }>] extends [never]
  ? AnyOf<Workflows>
  : Extract<AnyOf<Workflows>, { readonly id: Id }>

/** The workflow with that name or id, as far as types tell; otherwise any of them. */
type NamedWorkflow<Workflows, Name extends string> = string extends Name
  ? AnyOf<Workflows>
  : Name extends Exclude<keyof Workflows, keyof (readonly unknown[])>
    ? Workflows[Name]
    : WithId<Workflows, Name>

const names = ['storage', 'agents', 'workflows', 'memory', 'logger', 'telemetry', 'recover']
const levels = ['debug', 'info', 'warn', 'error'] as const
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }

function isAgent(value: unknown): value is RegisteredAgent {
  return (
    hasMethod('attach')(value) && isText((value as OptionFields).id) && typeof (value as OptionFields).name === 'string'
  )
}

function isWorkflow(value: unknown): value is RegisteredWorkflow {
  return typeof value === 'object' && value !== null && isText((value as OptionFields).id)
}

/** Checks all options except agents and workflows, which the registries check. */
function checkOptions(options: unknown): void {
  const fields = fieldsOf(options, 'Aquifer', names)
  const storageFix = `Pass 'file:./aquifer.db', for example.`
  check(fields, 'storage', 'must be a URL, a SQLiteStore or a storage driver', storageFix, (value) => {
    return isText(value) || value instanceof SQLiteStore || hasMethod('commit')(value)
  })
  check(fields, 'memory', 'must be a Memory', 'Pass new Memory().', (value) => usableMemory(value) !== null)
  check(fields, 'logger', `must have ${levels.join(', ')}`, 'Pass console, for example.', (value) => {
    return levels.every((level) => hasMethod(level)(value))
  })
  const telemetryFix = `Pass settings of the AI SDK, such as { functionId: 'support' }.`
  check(fields, 'telemetry', 'must be an object', telemetryFix, (value) => typeof value === 'object' && value !== null)
  check(fields, 'recover', 'must be true or false', 'Leave it out for true.', (value) => typeof value === 'boolean')
}

/**
 * An application: its agents, and the storage that their memories share. A memory without its own storage uses the
 * container's, if it was registered before its first use.
 */
export class Aquifer<
  AgentType extends RegisteredAgent = RegisteredAgent,
  const Workflows extends Registration<RegisteredWorkflow> = Registration<RegisteredWorkflow>,
> implements Container, AsyncDisposable
{
  /** Where agents log. Default: nowhere. */
  readonly logger: Logger
  /** The AI SDK's telemetry settings, for calls that set none; null: the SDK's defaults. */
  readonly telemetry: TelemetryOptions | null
  readonly #storage: ContainerStorage | null
  readonly #agents: Registry<AgentType>
  readonly #workflows: Registry<RegisteredWorkflow>
  readonly #memory: Memory | null
  /** Its memories that are not closed. */
  readonly #open = new Set<AgentStorage>()
  /** What continues the runs of its agents and workflows. */
  readonly #recoverable: Recoverable[] = []
  readonly #recoveries: readonly Recovery[]
  #closing: Promise<void> | null = null

  /**
   * Registers the agents and workflows, and binds their memories to the storage. Nothing is opened yet. Unless `recover` is
   * false, the storage is opened soon after, to look for runs that are left behind.
   *
   * @throws MemoryError `invalid-input` for an unknown or wrong option; `conflict` for a memory that has another
   *   storage already, such as one that was used before.
   */
  constructor(options: AquiferOptions<AgentType, Workflows> = {}) {
    checkOptions(options)
    const { storage, agents, workflows, memory, logger, telemetry } = options
    const isItem = isAgent as (value: unknown) => value is AgentType
    this.#agents = new Registry(agents, 'agents', { word: 'agent', isItem })
    this.#workflows = new Registry(workflows, 'workflows', { word: 'workflow', isItem: isWorkflow })
    this.#storage = storage === undefined ? null : new ContainerStorage(storage)
    this.logger = logger ?? silent
    this.telemetry = telemetry ?? null
    this.#memory = memory === undefined ? null : this.bind(memory)
    for (const agent of this.#agents.all) agent.attach(this)
    for (const workflow of this.#workflows.all) workflow.attach?.(this)
    const background = options.recover === false ? [] : this.#recoverable
    const periods = new Set(background.map(({ everyMs }) => everyMs))
    this.#recoveries = [...periods].map((everyMs) => {
      const rounds = background.filter((one) => one.everyMs === everyMs).map(({ round }) => round)
      return new Recovery(() => allOf(rounds), everyMs, this.logger)
    })
  }

  /** Agents and workflows call it: each says what continues its runs. */
  recovers(recovered: Recoverable): void {
    this.#recoverable.push(recovered)
  }

  /**
   * Continues runs of its agents and workflows that nobody carries on, and waits for them: see `agent.recover` and
   * `workflow.recover`. Agents whose memory is chosen by a function are left out, for it may differ from request to request.
   *
   * @returns The runs that were continued.
   */
  recover(): Promise<readonly RecoveredRun[]> {
    return allOf(this.#recoverable.map(({ recover }) => recover))
  }

  /**
   * Binds a memory without its own storage to the container's, and returns it. Agents call it; call it yourself for a
   * memory that a function chooses, before its first use. `close()` closes it too.
   *
   * @throws MemoryError `conflict` if it has another storage already; `closed` if the container is closed.
   */
  bind(memory: Memory): Memory {
    if (this.#closing !== null) throw closedContainer()
    const usable = usableMemory(memory)
    if (usable === null) throw invalidInput('memory', 'must be a Memory', memory, 'Pass new Memory().')
    const { storage } = usable
    if (this.#storage !== null) storage.bind(this.#storage)
    if (this.#open.has(storage) || storage.closing.aborted) return memory
    this.#open.add(storage)
    // A memory that was made for a request and closed with it is not kept.
    whenAborted([storage.closing], () => this.#open.delete(storage), warnOf)
    return memory
  }

  /**
   * The agent registered under that name; otherwise the agent with that id; otherwise the one with that `name`.
   *
   * @throws MemoryError `not-found`, with the ones that there are; `invalid-input` if several have that name.
   */
  getAgent(nameOrId: string): AgentType {
    return this.#agents.get(nameOrId)
  }

  /**
   * The agent with that id.
   *
   * @throws MemoryError `not-found`, with the ones that there are.
   */
  getAgentById(id: string): AgentType {
    return this.#agents.getById(id)
  }

  /** All agents, by the name they were registered under. */
  listAgents(): Readonly<Record<string, AgentType>> {
    return this.#agents.list()
  }

  /** Like {@link getAgent}, for workflows. */
  getWorkflow<Name extends string>(nameOrId: Name): NamedWorkflow<Workflows, Name> {
    return this.#workflows.get(nameOrId) as NamedWorkflow<Workflows, Name>
  }

  /** Like {@link getAgentById}, for workflows. */
  getWorkflowById<Id extends string>(id: Id): WithId<Workflows, Id> {
    return this.#workflows.getById(id) as WithId<Workflows, Id>
  }

  /** All workflows, by the name they were registered under. */
  listWorkflows(): Workflows extends readonly unknown[] ? Readonly<Record<string, AnyOf<Workflows>>> : Workflows {
    return this.#workflows.list() as never
  }

  /** The memory of agents without one; null if none was given. */
  getMemory(): Memory | null {
    return this.#memory
  }

  /** The `storage` that was passed, a URL as its store; null without one. */
  getStorage(): SQLiteStore | Storage | null {
    return this.#storage?.storage ?? null
  }

  /** Closes the memories of its agents, then the storage. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const stopped = Promise.all(this.#recoveries.map((recovery) => recovery.stop()))
    await Promise.all([...this.#open].map((storage) => storage.close()))
    await stopped
    await this.#storage?.close()
  }

  /** The same as {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

async function allOf(recoverers: readonly Recoverable['recover'][]): Promise<readonly RecoveredRun[]> {
  const recovered: RecoveredRun[] = []
  for (const recover of recoverers) recovered.push(...(await recover()))
  return recovered
}

function closedContainer(): MemoryError {
  return new MemoryError('closed', {
    message: 'The container is closed.',
    fix: 'Make a new Aquifer; close it only when all work with its agents is done.',
  })
}
