/**
 * What models see of the results of tools. A tool's `toModelOutput` runs once for each call, when the tool has run. Its
 * output is stored next to the result, and every later prompt uses it, for any model.
 */
import type { ToolSet } from 'ai'
import { MemoryError, shown } from '../../domain/error.ts'
import { type JsonObject, jsonBytes } from '../../domain/json.ts'
import { isInternalTool } from './memory-scope.ts'
import { storedModelOutput } from './result-json.ts'
import type { ResultReader } from './result-reader.ts'
import type { ResultRoom } from './result-room.ts'
import { type ModelOutput, plainOutput } from './result-text.ts'
import { toolNamed } from './tool-set.ts'

/** Makes the form of a result that a model sees. */
type ToModelOutput = (options: {
  readonly toolCallId: string
  readonly input: unknown
  readonly output: unknown
}) => unknown

function toModelOutputOf(tools: ToolSet, name: string): ToModelOutput | undefined {
  return toolNamed(tools, name)?.toModelOutput as ToModelOutput | undefined
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

/** The form of a result as the AI SDK gets it, and as it is stored; null if it is nothing that the AI SDK would take. */
interface Form {
  readonly made: unknown
  readonly stored: JsonObject | null
}

/** How large results are shown in the turn that made them. */
interface Shortened {
  readonly results: ResultReader
  /** The answer that holds their calls. */
  readonly messageId: string
}

/** The forms of results that the tools of one call make for models. */
export class ModelOutputs {
  readonly #tools: ToolSet
  readonly #room: ResultRoom | null
  readonly #shortened: Shortened | null
  readonly #forms = new Map<string, Promise<Form>>()

  /**
   * @param room Of the answer that stores the forms. Default: none, for forms that are stored elsewhere.
   * @param shortened What models see of large results. Default: all of them.
   */
  constructor(tools: ToolSet, room: ResultRoom | null = null, shortened: Shortened | null = null) {
    this.#tools = tools
    this.#room = room
    this.#shortened = shortened
  }

  /** The tools, each of which gives the AI SDK the form that was already made. */
  get tools(): ToolSet {
    const own = Object.entries(this.#tools).map(([toolName, tool]) => {
      const isPlain = toModelOutputOf(this.#tools, toolName) === undefined
      if (isPlain && (this.#shortened === null || isInternalTool(tool))) return [toolName, tool] as const
      const toModelOutput: ToModelOutput = async (options) => (await this.#form({ ...options, toolName })).made
      return [toolName, { ...tool, toModelOutput }] as const
    })
    return Object.fromEntries(own) as ToolSet
  }

  /** Whether a tool makes the form of its results for models itself. */
  isSaidBy(toolName: string): boolean {
    return toModelOutputOf(this.#tools, toolName) !== undefined
  }

  /** The form of a result for models, as it is stored; null if its tool leaves that to the AI SDK. */
  async of(result: ToolResult): Promise<JsonObject | null> {
    if (!this.isSaidBy(result.toolName)) return null
    try {
      return (await this.#form(result)).stored
    } catch {
      // The AI SDK gets the same error in the same call, and ends the turn with it.
      return notShown
    }
  }

  #form(result: ToolResult): Promise<Form> {
    const known = this.#forms.get(result.toolCallId)
    if (known !== undefined) return known
    const making = this.#make(result)
    this.#forms.set(result.toolCallId, making)
    return making
  }

  async #make(result: ToolResult): Promise<Form> {
    const form = this.isSaidBy(result.toolName)
      ? await this.#said(result)
      : { made: plainOutput(result.output), stored: null }
    if (this.#shortened === null || (form.stored === null && this.isSaidBy(result.toolName))) return form
    const { results, messageId } = this.#shortened
    return { ...form, made: results.made(form.made as ModelOutput, { messageId, toolCallId: result.toolCallId }) }
  }

  /** What a tool says itself, if it can be stored. */
  async #said({ toolName, ...options }: ToolResult): Promise<Form> {
    const made = await toModelOutputOf(this.#tools, toolName)?.call(this.#tools[toolName], options)
    const what = `What the tool ${shown(toolName)} shows of its result`
    try {
      const stored = storedModelOutput(made)
      if (stored !== null) this.#room?.take(what, jsonBytes(stored))
      return { made, stored }
    } catch (error) {
      // The tool ran, and its result is kept: only models see nothing of it, and why.
      const why = error instanceof MemoryError ? error.message : `${what} is no JSON.`
      const instead = { type: 'error-text', value: why } as const
      return { made: instead, stored: instead }
    }
  }
}
