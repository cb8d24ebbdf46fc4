/** What a container and what is registered with it know of each other. */
import type { TelemetryOptions } from 'ai'
import type { Memory } from '../../facade/memory.ts'

/** Where an application's messages go. `console` is one. */
export interface Logger {
  /** Details for finding a fault. */
  debug(message: string, details?: unknown): void
  /** What happens in normal work. */
  info(message: string, details?: unknown): void
  /** Something that works on, but not as it should. */
  warn(message: string, details?: unknown): void
  /** Something that failed. */
  error(message: string, details?: unknown): void
}

/** What an agent or a workflow gets from the container that it is registered with. */
export interface Container {
  /** Where messages go. */
  readonly logger: Logger
  /** The AI SDK's, for calls that state none; null: its defaults. */
  readonly telemetry: TelemetryOptions | null
  /** The memory of agents without one, bound; null: there is none. */
  getMemory(): Memory | null
  /**
   * Binds a memory without a storage of its own to the container's, and answers it. Call it for each memory before its
   * first use: for one that a function chooses, when it was chosen. The container closes it from then on.
   *
   * @throws MemoryError `conflict` if it lives elsewhere already; `closed` if the container is.
   */
  bind(memory: Memory): Memory
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
