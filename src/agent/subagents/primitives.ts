/** What an agent hands work to: its subagents and workflows by their keys, checked where they are stated. */
import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import { isJsonObject } from '../../domain/json.ts'
import { isCallable } from '../called-agent.ts'
import { isWorkflow, type WorkflowPrimitive } from '../called-workflow.ts'

/** What the names of tools that hand work on begin with. */
export const toolPrefix = { agent: 'agent-', workflow: 'workflow-' } as const

/** A subagent, and the key under which it was given. */
export interface Subagent {
  readonly key: string
  readonly agent: object & { readonly id: string; readonly name: string; readonly description: string }
}

const plainKey = /^[\w-]{1,55}$/

/** Names of tools go to providers, which take letters, digits, `_` and `-`, at most 64 in all. */
function checkKey(field: string, key: string): void {
  if (plainKey.test(key)) return
  const rule = 'must have keys of 1 to 55 letters, digits, "_" and "-"'
  throw invalidInput(field, rule, key, 'The key is a part of the name of a tool: give it another one.')
}

function noDescription(agent: string, { id, name }: Subagent['agent']): MemoryError {
  return new MemoryError('invalid-input', {
    message: `The agent ${shown(name)} has no description, and ${shown(agent)} is to hand work to it.`,
    fix: `Say what it is good at: new Agent({ id: ${shown(id)}, description: '…', … }). The model chooses by it.`,
    details: { field: `agents`, agentId: id, rule: 'must have a description each', got: 'undefined' },
  })
}

/**
 * The subagents of an agent.
 *
 * @param agent Its name, for errors.
 * @throws MemoryError `invalid-input` that names the first one that is wrong.
 */
export function checkSubagents(agent: string, given: unknown): readonly Subagent[] {
  if (given === undefined) return []
  const fix = 'Pass agents: { research: new Agent({ … }) }.'
  if (!isJsonObject(given)) throw invalidInput('agents', 'must be an object of agents by key', given, fix)
  return Object.entries(given as Readonly<Record<string, unknown>>).map(([key, one]) => {
    checkKey('agents', key)
    if (!isCallable(one)) throw invalidInput(`agents.${key}`, 'must be an Agent', one, fix)
    const subagent = one as Subagent['agent']
    const { description } = subagent as { readonly description: string | undefined }
    if (description === undefined || description.trim() === '') throw noDescription(agent, subagent)
    return { key, agent: subagent }
  })
}

/** A workflow, and the key under which it was given. */
export interface Subflow {
  readonly key: string
  readonly workflow: WorkflowPrimitive & { readonly description: string }
}

/**
 * The workflows of an agent.
 *
 * @param agent Its name, for errors.
 * @throws MemoryError `invalid-input` that names the first one that is wrong.
 */
export function checkSubflows(agent: string, given: unknown): readonly Subflow[] {
  if (given === undefined) return []
  const fix = 'Pass workflows: { report: createWorkflow({ … }) … .commit() }.'
  if (!isJsonObject(given)) throw invalidInput('workflows', 'must be an object of workflows by key', given, fix)
  return Object.entries(given as Readonly<Record<string, unknown>>).map(([key, one]) => {
    checkKey('workflows', key)
    if (!isWorkflow(one)) throw invalidInput(`workflows.${key}`, 'must be a workflow', one, fix)
    const { description, id } = one
    if (description === undefined || description.trim() === '') {
      throw new MemoryError('invalid-input', {
        message: `The workflow ${shown(id)} has no description, and ${shown(agent)} is to hand work to it.`,
        fix: `Say what it does: createWorkflow({ id: ${shown(id)}, description: '…', … }). The model chooses by it.`,
        details: { field: 'workflows', workflow: id, rule: 'must have a description each', got: 'undefined' },
      })
    }
    return { key, workflow: one as Subflow['workflow'] }
  })
}
