/** The tools that memory gives an agent. Loaded by its first call that remembers, never at import. */
import type { ToolSet } from 'ai'
import type { MemoryScope } from './memory-scope.ts'
import { recallTool } from './recall-tool.ts'
import { teamTools } from './team-tools.ts'
import { updateWorkingMemoryTool } from './update-working-memory.ts'

/** All tools that the options ask for. Make them for each call: they remember what that call wrote. */
export async function memoryTools(scope: MemoryScope): Promise<ToolSet> {
  return { ...(await updateWorkingMemoryTool(scope)), ...teamTools(scope), ...recallTool(scope) }
}
