/** Calls that ask the same of the same as the step before: they are refused, because the answer would be the same. */
import type { ToolSet } from 'ai'
import { MemoryError, shown } from '../../domain/error.ts'
import { canonicalJson, type Json } from '../../domain/json.ts'
import { isInternalTool } from '../tools/memory-scope.ts'
import { isDelegating } from '../tools/tool-traits.ts'
import type { StepSaid } from './step-said.ts'

type Execute = (input: unknown, options: { readonly toolCallId: string }) => unknown

function keyOf(name: string, input: unknown): string {
  const text = JSON.stringify(input)
  return `${name} ${text === undefined ? '' : canonicalJson(JSON.parse(text) as Json)}`
}

function refusedAgain(name: string): MemoryError {
  return new MemoryError('conflict', {
    message: `${shown(name)} was asked exactly this in the step before. Its answer would be the same.`,
    fix: 'Use the answer that is there, ask for something else, or answer the user.',
    details: { tool: name },
    retryable: false,
  })
}

export class RepeatedCalls {
  readonly #isNetwork: boolean
  /** What the step before asked, and got an answer to. */
  #before: ReadonlySet<string> = new Set()
  #refused = new Set<string>()

  /** @param isNetwork Whether calls of all tools count, or only those that hand work on. */
  constructor(isNetwork: boolean) {
    this.#isNetwork = isNetwork
  }

  /** Whether a call was refused. */
  isRefused(toolCallId: string): boolean {
    return this.#refused.has(toolCallId)
  }

  /** Notes what a step has asked: the next one may not ask it again. What failed may be asked again. */
  ended({ toolCalls, toolResults }: StepSaid): void {
    const failed = new Set(toolResults.flatMap(({ id, error }) => (error === undefined ? [] : [id])))
    const asked = toolCalls.filter(({ id }) => !failed.has(id) || this.#refused.has(id))
    this.#before = new Set(asked.map(({ name, args }) => keyOf(name, args)))
  }

  /**
   * The tools, which refuse a call that only repeats.
   *
   * @param earlier Calls of an earlier step that run now.
   */
  tools(tools: ToolSet, earlier: ReadonlySet<string>): ToolSet {
    const guarded = Object.entries(tools).map(([name, tool]) => {
      const execute = tool.execute as Execute | undefined
      const counts = isDelegating(tool) || (this.#isNetwork && !isInternalTool(tool))
      if (execute === undefined || !counts) return [name, tool] as const
      const run: Execute = (input, options) => {
        const { toolCallId } = options
        if (earlier.has(toolCallId) || !this.#before.has(keyOf(name, input))) return execute.call(tool, input, options)
        this.#refused.add(toolCallId)
        throw refusedAgain(name)
      }
      return [name, { ...tool, execute: run }] as const
    })
    return Object.fromEntries(guarded) as ToolSet
  }
}
