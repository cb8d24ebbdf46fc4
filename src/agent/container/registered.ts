/** What a container and what is registered with it know of each other. */
import type { TelemetryOptions } from 'ai'
import type { Memory } from '../../facade/memory.ts'

/** Where an application's messages go. `console` is one. */
export interface Logger {
  debug(message: string, details?: unknown): void
  info(message: string, details?: unknown): void
  warn(message: string, details?: unknown): void
  error(message: string, details?: unknown): void
}

/** What an agent or a workflow gets from the container that it is registered with. */
export interface Container {
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
  readonly name: string
  /** Called once, by the container's constructor: time to `bind` the agent's memory. */
  attach(container: Container): void
}

/** A workflow as a container sees it. */
export interface RegisteredWorkflow {
  readonly id: string
  readonly name?: string
  attach?(container: Container): void
}
