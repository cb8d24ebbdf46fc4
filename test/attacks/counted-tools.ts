// Tools as applications have them, which note each time they run.
import { type ToolSet, tool } from 'ai'
import { z } from 'zod'

export interface Execution {
  readonly tool: string
  readonly input: unknown
}

export interface CountedTools {
  readonly tools: ToolSet
  /** Every run of a tool so far, in order. */
  readonly executions: Execution[]
}

/** Two tools that a person has to approve, one that runs by itself, and one that the client runs. */
export function countedTools(): CountedTools {
  const executions: Execution[] = []
  const inputSchema = z.object({ what: z.string() })
  const running = (name: string, needsApproval: boolean) =>
    tool({
      description: `Does ${name}.`,
      inputSchema,
      needsApproval,
      execute: async (input) => {
        executions.push({ tool: name, input })
        return `${name} is done`
      },
    })
  const tools = {
    wipe: running('wipe', true),
    transfer: running('transfer', true),
    note: running('note', false),
    locate: { description: 'Asks the client where it is.', inputSchema },
  }
  return { tools, executions }
}
