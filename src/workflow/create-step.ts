/** Makes the steps of workflows: of functions, of agents and of tools. */

import type { Tool } from 'ai'
import { Agent } from '../agent/agent.ts'
import { invalidInput } from '../domain/error.ts'
import { fieldsOf } from '../domain/option-checks.ts'
import { reading } from '../domain/read-plain.ts'
import type { StandardSchema } from '../domain/standard-schema.ts'
import { type AgentStep, type AgentStepOptions, agentStep } from './definition/agent-step.ts'
import { isStep, type WorkflowStep } from './definition/step.ts'
import { type CreateStepOptions, checkStepId, functionStep, type StepOf } from './definition/step-options.ts'
import { type ToolStepOptions, toolStep } from './definition/tool-step.ts'

/**
 * Makes a step of an agent. It takes `{ prompt }` and gives `{ text }`, or with `structuredOutput` what its schema describes.
 * If the run has a resource and a thread, the exchange is stored there, once. Where calls of the agent wait, the step is
 * suspended; it is resumed with `{ approved }` or `{ data }`.
 *
 * @throws MemoryError `invalid-input` naming the first option that is wrong.
 */
export function createStep<const Id extends string = string, Schema extends StandardSchema | undefined = undefined>(
  agent: Agent,
  options?: AgentStepOptions<Id, Schema>,
): AgentStep<Id, Schema>
/**
 * Makes a step of a tool. It takes the input of the tool and gives its result. A tool that needs an approval suspends the step
 * first, and is resumed with `{ approved }`; one that suspends itself is resumed with its data.
 *
 * @throws MemoryError `invalid-input` for a tool without an `execute`, and for a wrong option.
 */
export function createStep<Input, Output, const Id extends string = string>(
  tool: Tool<Input, Output>,
  options?: ToolStepOptions<Id>,
): WorkflowStep<Id, Input, Output, unknown>
/**
 * Makes a step of a function.
 *
 * @throws MemoryError `invalid-input` naming the first option that is wrong.
 */
export function createStep<
  const Id extends string,
  Input extends StandardSchema,
  Output extends StandardSchema,
  State extends StandardSchema | undefined = undefined,
  Suspend extends StandardSchema | undefined = undefined,
  Resume extends StandardSchema | undefined = undefined,
>(
  options: CreateStepOptions<Id, { input: Input; output: Output; state: State; suspend: Suspend; resume: Resume }>,
): StepOf<Id, { input: Input; output: Output; state: State; suspend: Suspend; resume: Resume }>
export function createStep(given: unknown, options: object = {}): WorkflowStep {
  return reading('createStep', () => {
    if (given instanceof Agent) return agentStep(given, options)
    if (isTool(given)) return toolStep(given, options)
    return functionStep(given as Parameters<typeof functionStep>[0])
  })
}

/** Tools have no field `id`, and steps must have one. */
function isTool(given: unknown): given is Tool {
  return typeof given === 'object' && given !== null && 'inputSchema' in given && !('id' in given)
}

/**
 * The same step under another id, to stand in a workflow a second time with results of its own.
 *
 * @throws MemoryError `invalid-input` for what is no step, or a wrong id.
 */
export function cloneStep<Step extends WorkflowStep, const Id extends string>(
  step: Step,
  options: { readonly id: Id },
): Omit<Step, 'id'> & { readonly id: Id } {
  return reading('cloneStep', () => {
    if (!isStep(step)) throw invalidInput('step', 'must be a step', step, 'Pass what createStep() answers.')
    const { id } = fieldsOf(options ?? null, 'cloneStep', ['id'])
    return { ...step, id: checkStepId(id, 'id') as Id }
  })
}
