/** The interfaces between a container and the agents and workflows registered with it. */
import type { TelemetryOptions } from 'ai'
import type { Memory } from '../../facade/memory.ts'
import type { RecoveredRun } from '../waiting/recover.ts'

/** Where an application logs. `console` is one. */
export interface Logger {
  /** Details for finding a fault. */
  debug(message: string, details?: unknown): void
  /** What happens in normal work. */
  info(message: string, details?: unknown): void
  /** Something went wrong, but the work continues. */
  warn(message: string, details?: unknown): void
  /** Something that failed. */
  error(message: string, details?: unknown): void
}

/** What continues the runs of an agent or a workflow that are left behind. */
export interface Recoverable {
  /** Continues all of them, and answers what they came to; see `Aquifer.recover`. */
  readonly recover: () => Promise<readonly RecoveredRun[]>
  /** Begins to continue them, in the background, and answers what it knows then. */
  readonly round: () => Promise<readonly RecoveredRun[]>
  /** How often that is done, in milliseconds. */
  readonly everyMs: number
}

/** What a container gives to its agents and workflows. */
export interface Container {
  /** Where messages go. */
  readonly logger: Logger
  /** The AI SDK's telemetry settings, for calls that set none; null: its defaults. */
  readonly telemetry: TelemetryOptions | null
  /** The memory of agents without one, bound to the storage; null without one. */
  getMemory(): Memory | null
  /**
   * Binds a memory without its own storage to the container's, and returns it. Call it for each memory before its first
   * use; if a function chooses the memory, when it was chosen. The container closes the memory from then on.
   *
   * @throws MemoryError `conflict` if it has another storage already; `closed` if the container is closed.
   */
  bind(memory: Memory): Memory
  /** The storage of memories that have none of their own; null without one. */
  getStorage(): object | null
  /** Takes what continues runs that are left behind. */
  recovers(recovered: Recoverable): void
}

/** An agent as a container sees it. */
export interface RegisteredAgent {
  readonly id: string
  /** Shown to people and to other agents. */
  readonly name: string
  /** Called once, by the container's constructor: time to `bind` the agent's memory. */
  attach(container: Container): void
}

/** A workflow as a container sees it. */
export interface RegisteredWorkflow {
  readonly id: string
  /** Shown to people. */
  readonly name?: string
  /** Called once, by the container's constructor. */
  attach?(container: Container): void
}
