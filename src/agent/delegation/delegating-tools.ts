/** The tools with which a call hands work to the subagents of its agent: `agent-<key>`, one for each. */
import type { ToolSet } from 'ai'
import { z } from 'zod'
import { type DelegatingCall, resolved } from '../call.ts'
import { createTool } from '../tools/tool.ts'
import { Delegations } from './delegations.ts'
import { checkSubagents, type Subagent } from './primitives.ts'

const inputSchema = z.object({
  prompt: z.string().min(1).describe('The task, whole and by itself: what to do, and what to answer.'),
})

function subagentTool({ key, agent }: Subagent, delegations: Delegations): ToolSet[string] {
  const primitive = { type: 'agent', id: agent.id, key } as const
  const toolName = `agent-${key}`
  return createTool({
    id: toolName,
    description: agent.description,
    inputSchema,
    // A call that is interrupted meets the work that it began.
    retry: 'safe',
    execute: ({ prompt }, call) => delegations.toAgent(agent, primitive, prompt, call),
  })
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
  return Object.fromEntries(subagents.map((one) => [`agent-${one.key}`, subagentTool(one, delegations)]))
}
