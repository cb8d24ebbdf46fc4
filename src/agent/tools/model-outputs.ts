/**
 * What models see of the results of tools. A tool's `toModelOutput` runs once for each call, when the tool has run. Its
 * output is stored next to the result, and every later prompt uses it, for any model.
 */
import type { ToolSet } from 'ai'

/** Makes the form of a result that a model sees. */
type ToModelOutput = (options: {
  readonly toolCallId: string
  readonly input: unknown
  readonly output: unknown
}) => unknown

function toModelOutputOf(tools: ToolSet, name: string): ToModelOutput | undefined {
  return Object.hasOwn(tools, name) ? (tools[name]?.toModelOutput as ToModelOutput | undefined) : undefined
}

/** The result of a call in the AI SDK's stream. */
export interface ToolResult {
  readonly toolName: string
  readonly toolCallId: string
  readonly input: unknown
  readonly output: unknown
}

/** The form of a result until its tool has made one, or if that fails: never the result itself. */
export const notShown = { type: 'error-text', value: 'What the tool shows of its result is missing.' } as const

/** The forms of results that the tools of one call make for models. */
export class ModelOutputs {
  readonly #tools: ToolSet
  readonly #made = new Map<string, Promise<unknown>>()

  constructor(tools: ToolSet) {
    this.#tools = tools
  }

  /** The tools, each of which gives the AI SDK the form that was already made. */
  get tools(): ToolSet {
    const own = Object.entries(this.#tools).map(([toolName, tool]) => {
      if (toModelOutputOf(this.#tools, toolName) === undefined) return [toolName, tool] as const
      const toModelOutput: ToModelOutput = (options) => this.#make({ ...options, toolName })
      return [toolName, { ...tool, toModelOutput }] as const
    })
    return Object.fromEntries(own) as ToolSet
  }

  /** Whether a tool makes the form of its results for models itself. */
  isSaidBy(toolName: string): boolean {
    return toModelOutputOf(this.#tools, toolName) !== undefined
  }

  /** The form of a result for models; undefined if its tool leaves that to the AI SDK. */
  async of(result: ToolResult): Promise<unknown> {
    if (!this.isSaidBy(result.toolName)) return undefined
    try {
      return await this.#make(result)
    } catch {
      // The AI SDK gets the same error in the same call, and ends the turn with it.
      return notShown
    }
  }

  #make({ toolName, ...options }: ToolResult): Promise<unknown> {
    const known = this.#made.get(options.toolCallId)
    if (known !== undefined) return known
    const tool = this.#tools[toolName]
    const making = (async () => toModelOutputOf(this.#tools, toolName)?.call(tool, options))()
    this.#made.set(options.toolCallId, making)
    return making
  }
}
