/** The tools with which a call hands work on: `agent-<key>` for each subagent of its agent, `workflow-<key>` for each workflow. */
import type { FlexibleSchema, ToolSet } from 'ai'
import { z } from 'zod'
import { invariant } from '../../domain/error.ts'
import { type DelegatingCall, resolved } from '../call.ts'
import { type CalledWorkflow, calledWorkflowOf } from '../called-workflow.ts'
import { delegationOptions } from '../hooks.ts'
import { checkSubagents, checkSubflows, type Subagent, type Subflow, toolPrefix } from '../subagents/primitives.ts'
import { createTool } from '../tools/tool.ts'
import { withTraits } from '../tools/tool-traits.ts'
import { Delegations } from './delegations.ts'
import { proposalTools } from './sharing.ts'

const inputSchema = z.object({
  prompt: z.string().min(1).describe('The task, whole and by itself: what to do, and what to answer.'),
})

function subagentTool({ key, agent }: Subagent, delegations: Delegations): ToolSet[string] {
  const primitive = { type: 'agent', id: agent.id, key } as const
  const toolName = toolPrefix.agent + key
  const tool = createTool({
    id: toolName,
    description: agent.description,
    inputSchema,
    execute: ({ prompt }, call) => delegations.toAgent({ agent, primitive, toolName, prompt }, call),
  })
  // A call that goes on, after whatever kept it, meets the work that it began.
  return withTraits(tool, { retry: 'safe', delegates: true }) as ToolSet[string]
}

function workflowTool({ key, workflow }: Subflow, called: CalledWorkflow, delegations: Delegations): ToolSet[string] {
  const { id, description, inputSchema } = workflow
  const primitive = { type: 'workflow', id, key } as const
  const toolName = toolPrefix.workflow + key
  const tool = createTool({
    ...{ id: toolName, description },
    inputSchema: inputSchema as FlexibleSchema<unknown>,
    execute: (inputData, call) => delegations.toWorkflow({ workflow: called, primitive, toolName, inputData }, call),
  })
  return withTraits(tool, { retry: 'safe', delegates: true }) as ToolSet[string]
}

/**
 * The tools of one call.
 *
 * @throws MemoryError `invalid-input` for a subagent or a workflow without a description, if a function chose it.
 */
export async function delegatingTools(call: DelegatingCall): Promise<ToolSet> {
  const { agent, requestContext } = call
  const subagents = checkSubagents(agent.name, await resolved(agent.options.agents, requestContext))
  const delegations = new Delegations(call)
  const tools = subagents.map((one) => [toolPrefix.agent + one.key, subagentTool(one, delegations)] as const)
  const source = call.remembered?.source ?? null
  const subflows = checkSubflows(agent.name, await resolved(agent.options.workflows, requestContext))
  for (const one of subflows) {
    const called = calledWorkflowOf(one.workflow, source)
    invariant(called !== null, 'a checked workflow is one')
    tools.push([toolPrefix.workflow + one.key, workflowTool(one, called, delegations)] as const)
  }
  return { ...Object.fromEntries(tools), ...proposalTools(call, delegationOptions(call).memory) }
}
