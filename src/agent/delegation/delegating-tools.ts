/** The tools with which a call hands work to the subagents of its agent: `agent-<key>`, one for each. */
import type { ToolSet } from 'ai'
import { z } from 'zod'
import { type DelegatingCall, resolved } from '../call.ts'
import { checkSubagents, type Subagent, toolPrefix } from '../subagents/primitives.ts'
import { createTool } from '../tools/tool.ts'
import { withTraits } from '../tools/tool-traits.ts'
import { Delegations } from './delegations.ts'

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

/**
 * The tools of one call.
 *
 * @throws MemoryError `invalid-input` for a subagent without a description, if a function chose it.
 */
export async function delegatingTools(call: DelegatingCall): Promise<ToolSet> {
  const { agent, requestContext } = call
  const subagents = checkSubagents(agent.name, await resolved(agent.options.agents, requestContext))
  const delegations = new Delegations(call)
  return Object.fromEntries(subagents.map((one) => [toolPrefix.agent + one.key, subagentTool(one, delegations)]))
}
