/** Checks the options that an agent is made with. */
import { invalidInput, shown } from '../domain/error.ts'
import { checkId } from '../domain/id.ts'
import { isJsonObject } from '../domain/json.ts'
import { reading } from '../domain/read-plain.ts'
import { checkAutoResume, checkCallOptions, checkRequireToolApproval } from './call-options.ts'
import { checkDelegation } from './delegation-options.ts'
import { type AgentOptions, callFields, checkMemory } from './options.ts'
import { checkSubagents, checkSubflows } from './subagents/primitives.ts'
import { isToolSchema } from './tools/tool-schema.ts'

/** A processor without a method for its list does nothing: its method is misspelt, or it belongs in the other list. */
function checkProcessors(
  options: Readonly<Record<string, unknown>>,
  field: 'inputProcessors' | 'outputProcessors',
  methods: readonly string[],
): void {
  const list = options[field]
  if (list === undefined) return
  const fix = `Pass ${field}: [{ id: 'mine', ${methods[0]}() { … } }], for example.`
  if (!Array.isArray(list)) throw invalidInput(field, 'must be a list of processors', list, fix)
  for (const [index, one] of (list as readonly unknown[]).entries()) {
    const has = (name: string) => typeof (one as Record<string, unknown>)[name] === 'function'
    if (typeof one === 'object' && one !== null && methods.some(has)) continue
    throw invalidInput(`${field}[${index}]`, `must be an object with a method ${methods.join(' or ')}`, one, fix)
  }
}

/** The model of a supervisor chooses between its tools and those that it hands work to, by what each says of itself. */
function checkDescribed({ agents, workflows, tools }: Readonly<Record<string, unknown>>): void {
  if ((agents === undefined && workflows === undefined) || !isJsonObject(tools)) return
  for (const [name, tool] of Object.entries(tools as Readonly<Record<string, unknown>>)) {
    const { type, description, inputSchema } = (tool ?? {}) as Readonly<Record<string, unknown>>
    if (type === 'provider') continue
    if (typeof description !== 'string' || description.trim() === '') {
      const rule = 'must be a text where an agent hands work on'
      const fix = 'Say what the tool does and when to use it: the model chooses by it.'
      throw invalidInput(`tools.${name}.description`, rule, description, fix)
    }
    if (isToolSchema(inputSchema)) continue
    const fix = 'Say what the tool takes, for example inputSchema: z.object({ city: z.string() }).'
    throw invalidInput(`tools.${name}.inputSchema`, 'must be a schema where an agent hands work on', inputSchema, fix)
  }
}

/** Checks the options that an agent is made with. */
export function checkAgentOptions(given: unknown): AgentOptions {
  const options = reading('options', () => (isJsonObject(given) ? { ...given } : given))
  const fix = `Pass new Agent({ name: 'Sales Specialist', instructions: '…', model, memory }).`
  if (!isJsonObject(options)) throw invalidInput('options', 'must be an object', options, fix)
  const known = [
    ...['id', 'name', 'description', 'instructions', 'model', 'memory', 'tools', 'agents', 'workflows'],
    ...['inputProcessors', 'outputProcessors', 'defaultOptions', 'requireToolApproval', 'autoResumeSuspendedTools'],
    'delegation',
  ]
  const extra = Object.keys(options).find((name) => !known.includes(name))
  if (extra !== undefined) {
    throw invalidInput(
      'Agent',
      `has an unknown option ${shown(extra)}`,
      options,
      `The options are ${known.join(', ')}.`,
    )
  }
  if (typeof options.name !== 'string' || options.name.trim() === '') {
    throw invalidInput('name', 'must be a text', options.name, fix)
  }
  checkId(options.name, 'name')
  if (options.id !== undefined) checkId(options.id, 'id')
  checkProcessors(options, 'inputProcessors', ['processInput', 'processContext'])
  checkProcessors(options, 'outputProcessors', ['processOutputStream', 'processOutputResult'])
  const { memory, defaultOptions, requireToolApproval, autoResumeSuspendedTools, agents } = options
  if (typeof agents !== 'function') checkSubagents(options.name, agents)
  if (typeof options.workflows !== 'function') checkSubflows(options.name, options.workflows)
  if (requireToolApproval !== undefined) checkRequireToolApproval(requireToolApproval, 'requireToolApproval')
  if (autoResumeSuspendedTools !== undefined) checkAutoResume(autoResumeSuspendedTools, 'autoResumeSuspendedTools')
  checkDescribed(options)
  if (options.delegation !== undefined) checkDelegation(options.delegation)
  if (memory !== undefined && typeof memory !== 'function') checkMemory(memory)
  if (defaultOptions !== undefined) {
    const fields = callFields(defaultOptions, 'defaultOptions')
    checkCallOptions(fields, 'defaultOptions', 'defaultOptions.')
  }
  return options as unknown as AgentOptions
}
