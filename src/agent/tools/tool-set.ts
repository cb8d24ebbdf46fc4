/** The tools of a call: the agent's, those of the call and those of its memory, each name once. */
import type { ToolSet } from 'ai'
import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import { isJsonObject } from '../../domain/json.ts'
import { toolIdOf } from './tool.ts'
import { isToolSchema } from './tool-schema.ts'

/** The tool of that name; undefined if there is none. Names such as `constructor` are names like any other. */
export function toolNamed(tools: ToolSet, name: string): ToolSet[string] | undefined {
  return Object.hasOwn(tools, name) ? tools[name] : undefined
}

function twice(agent: string, name: string): MemoryError {
  return new MemoryError('invalid-input', {
    message: `The agent ${shown(agent)} has two tools with the name ${shown(name)}.`,
    fix: 'Rename one of them, or turn off the feature of memory that brings the other one.',
    details: { field: 'tools', rule: 'must have each name once', got: name },
  })
}

function checkTool(agent: string, name: string, tool: unknown): void {
  const at = `tools.${name}`
  const fix = `Make tools of ${shown(agent)} with createTool({ id, description, inputSchema, execute }) or the AI SDK's tool().`
  if (name.trim() === '')
    throw invalidInput('tools', 'must have a name for each', name, 'Pass { weather }, for example.')
  if (name === '__proto__') throw invalidInput(at, 'must not be the name of a tool', name, 'Give it another name.')
  if (typeof tool !== 'object' || tool === null) throw invalidInput(at, 'must be a tool', tool, fix)
  const { inputSchema, type, execute } = tool as Record<string, unknown>
  // A provider's own tools bring their schema.
  if (type !== 'provider') {
    if (inputSchema === undefined) throw invalidInput(`${at}.inputSchema`, 'is required', tool, fix)
    if (!isToolSchema(inputSchema)) throw invalidInput(`${at}.inputSchema`, 'must be a schema', inputSchema, fix)
  }
  if (execute !== undefined && typeof execute !== 'function') {
    throw invalidInput(`${at}.execute`, 'must be a function', execute, fix)
  }
}

/**
 * Merges sets of tools.
 *
 * @throws MemoryError `invalid-input` for something that is not a tool, or for two tools with one name.
 */
export function checkTools(agent: string, ...sets: readonly (ToolSet | undefined)[]): ToolSet {
  const tools: ToolSet = {}
  const ids = new Set<string>()
  for (const set of sets) {
    if (set === undefined) continue
    if (!isJsonObject(set)) throw invalidInput('tools', 'must be an object of tools by name', set, 'Pass { weather }.')
    for (const [name, tool] of Object.entries(set as ToolSet)) {
      checkTool(agent, name, tool)
      const id = toolIdOf(tool)
      if (Object.hasOwn(tools, name)) throw twice(agent, name)
      if (id !== null && ids.has(id)) throw twice(agent, id)
      if (id !== null) ids.add(id)
      tools[name] = tool
    }
  }
  return tools
}
