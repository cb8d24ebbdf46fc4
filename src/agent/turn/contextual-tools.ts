/** Tools as a call passes them to the AI SDK: they run inside the call's turn and know for whom they run. */

import type { ToolSet } from 'ai'
import { resourceOf } from '../../domain/space.ts'
import type { Memory } from '../../facade/memory.ts'
import type { AgentSpace, AgentTurn } from '../../ports/agent-memory.ts'
import type { Call } from '../call.ts'
import type { DataParts } from '../tools/data-parts.ts'
import { insideTurn } from '../tools/inside-turn.ts'
import type { ToolContext } from '../tools/tool.ts'

/** The run and memory that a call's tools work for. */
interface ToolPlace {
  readonly runId: string | null
  /** Acts as the agent. */
  readonly memory: Memory
  readonly space: AgentSpace
  readonly threadId: string
}

type Execute = (input: unknown, options: object) => unknown

/**
 * The tools, each of which runs inside the call's turn, so that calls of other agents in it do not wait for that turn.
 */
export function toolsInside(turn: AgentTurn | null, tools: ToolSet): ToolSet {
  if (turn === null) return tools
  const inside = Object.entries(tools).map(([name, tool]) => {
    const execute = tool.execute as Execute | undefined
    if (execute === undefined) return [name, tool] as const
    const run: Execute = (input, options) => insideTurn(turn, () => execute.call(tool, input, options))
    return [name, { ...tool, execute: run }] as const
  })
  return Object.fromEntries(inside) as ToolSet
}

/** The space that a tool works for, and the resource that it belongs to. */
function placeOf({ id, address }: AgentSpace): Pick<ToolContext, 'space' | 'resourceId'> {
  const resourceId = resourceOf(address)
  return resourceId === null ? { space: id } : { space: id, resourceId }
}

/** The context of each tool, as the AI SDK's `toolsContext`. The call's own values win. */
export function toolsContext(
  call: Call,
  tools: ToolSet,
  dataParts: DataParts,
  where: ToolPlace | null,
): Record<string, unknown> {
  const own: ToolContext = {
    requestContext: call.requestContext,
    write: (part) => dataParts.write(part),
    ...(where === null ? {} : { memory: where.memory, ...placeOf(where.space), threadId: where.threadId }),
    ...(where === null || where.runId === null ? {} : { runId: where.runId }),
  }
  const given = (call.options.toolsContext ?? {}) as Record<string, unknown>
  return { ...Object.fromEntries(Object.keys(tools).map((name) => [name, own])), ...given }
}
