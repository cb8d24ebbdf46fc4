/** The tool with which an agent keeps working memory up to date, in parallel with other agents. */

import type { ToolSet } from 'ai'
import { jsonTool } from './json-memory-tool.ts'
import type { MemoryScope } from './memory-scope.ts'
import { ownWorkingMemory } from './own-working-memory.ts'
import { textTool } from './text-memory-tool.ts'

/** `updateWorkingMemory`, if the agent keeps working memory; one set of tools for each call of the agent. */
export async function updateWorkingMemoryTool(scope: MemoryScope): Promise<ToolSet> {
  const { workingMemory } = scope.behaviour
  if (workingMemory === null || !workingMemory.agentManaged) return {}
  const own = ownWorkingMemory(scope, workingMemory)
  const { schema } = workingMemory
  return { updateWorkingMemory: schema === null ? textTool(own) : await jsonTool(own, schema) }
}
