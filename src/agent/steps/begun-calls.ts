/** The calls of a turn whose start is stored: no tool runs before that. */
import type { ToolSet } from 'ai'
import { MemoryError, shown } from '../../domain/error.ts'
import type { StartingCall } from './call-steps.ts'

interface ExecuteOptions {
  readonly toolCallId: string
  readonly abortSignal?: AbortSignal
}

type Execute = (input: unknown, options: ExecuteOptions) => unknown

export class BegunCalls {
  readonly #begun = new Set<string>()
  /** Why the start of a call could not be stored. */
  readonly #refused = new Map<string, unknown>()

  /**
   * Stores the start of a call. Never throws: the tool itself fails then.
   *
   * @param store Stores it; null if calls of the tool need no record.
   */
  async begin({ toolCallId }: StartingCall, store: (() => Promise<void>) | null): Promise<void> {
    try {
      await store?.()
      this.#begun.add(toolCallId)
    } catch (error) {
      this.#refused.set(toolCallId, error)
    }
  }

  /** The tools, each of which runs only for a call that has begun, and for that once. */
  tools(tools: ToolSet): ToolSet {
    const all = Object.entries(tools).map(([name, tool]) => {
      const execute = tool.execute as Execute | undefined
      if (execute === undefined) return [name, tool] as const
      const run: Execute = (input, options) => {
        this.#take(options.toolCallId)
        // Aborted while its start was stored.
        options.abortSignal?.throwIfAborted()
        return execute.call(tool, input, options)
      }
      return [name, { ...tool, execute: run }] as const
    })
    return Object.fromEntries(all) as ToolSet
  }

  #take(toolCallId: string): void {
    if (this.#begun.delete(toolCallId)) return
    const refused = this.#refused.get(toolCallId)
    if (refused instanceof Error) throw refused
    throw new MemoryError('conflict', {
      message: `The start of the call ${shown(toolCallId)} is not stored, so its tool did not run.`,
      fix: 'Let the agent run its tools itself.',
      details: { toolCallId },
    })
  }
}
