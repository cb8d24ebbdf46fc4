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

/** A workflow, and the key under which it was given. */
export interface Subflow {
  readonly key: string
  readonly workflow: WorkflowPrimitive & { readonly description: string }
}

/** How a kind of primitive is checked and named in errors. */
interface PrimitiveKind<Kept> {
  readonly field: 'agents' | 'workflows'
  readonly noun: 'agent' | 'workflow'
  /** The key of its id in the details of an error. */
  readonly idField: 'agentId' | 'workflow'
  /** What one is called in errors. */
  readonly rule: string
  readonly fix: string
  /** How a description is given, up to the id. */
  readonly fixDescription: (id: string) => string
  readonly nameOf: (one: Described) => string
  readonly check: (one: unknown) => boolean
  readonly keep: (key: string, one: Described) => Kept
}

interface Described {
  readonly id: string
  readonly name?: string
  readonly description?: string
}

const agentKind: PrimitiveKind<Subagent> = {
  ...{ field: 'agents', noun: 'agent', idField: 'agentId', rule: 'must be an Agent' },
  fix: 'Pass agents: { research: new Agent({ … }) }.',
  fixDescription: (id) => `Say what it is good at: new Agent({ id: ${id}, description: '…', … }).`,
  nameOf: ({ name, id }) => name ?? id,
  check: isCallable,
  keep: (key, one) => ({ key, agent: one as Subagent['agent'] }),
}

const workflowKind: PrimitiveKind<Subflow> = {
  ...{ field: 'workflows', noun: 'workflow', idField: 'workflow', rule: 'must be a workflow' },
  fix: 'Pass workflows: { report: createWorkflow({ … }) … .commit() }.',
  fixDescription: (id) => `Say what it does: createWorkflow({ id: ${id}, description: '…', … }).`,
  nameOf: ({ id }) => id,
  check: isWorkflow,
  keep: (key, one) => ({ key, workflow: one as unknown as Subflow['workflow'] }),
}

function checkPrimitives<Kept>(agent: string, given: unknown, kind: PrimitiveKind<Kept>): readonly Kept[] {
  const { field, noun, fix } = kind
  if (given === undefined) return []
  if (!isJsonObject(given)) throw invalidInput(field, `must be an object of ${field} by key`, given, fix)
  return Object.entries(given as Readonly<Record<string, unknown>>).map(([key, one]) => {
    checkKey(field, key)
    if (!kind.check(one)) throw invalidInput(`${field}.${key}`, kind.rule, one, fix)
    const primitive = one as Described
    const { id, description } = primitive
    if (description !== undefined && description.trim() !== '') return kind.keep(key, primitive)
    throw new MemoryError('invalid-input', {
      message: `The ${noun} ${shown(kind.nameOf(primitive))} has no description, and ${shown(agent)} is to hand work to it.`,
      fix: `${kind.fixDescription(shown(id))} The model chooses by it.`,
      details: { field, [kind.idField]: id, rule: 'must have a description each', got: 'undefined' },
    })
  })
}

/**
 * The subagents of an agent.
 *
 * @param agent Its name, for errors.
 * @throws MemoryError `invalid-input` that names the first one that is wrong.
 */
export function checkSubagents(agent: string, given: unknown): readonly Subagent[] {
  return checkPrimitives(agent, given, agentKind)
}

/**
 * The workflows of an agent.
 *
 * @param agent Its name, for errors.
 * @throws MemoryError `invalid-input` that names the first one that is wrong.
 */
export function checkSubflows(agent: string, given: unknown): readonly Subflow[] {
  return checkPrimitives(agent, given, workflowKind)
}
