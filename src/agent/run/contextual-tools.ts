/** Tools as a call passes them to the AI SDK: they run inside the call's turn and know for whom they run. */
import type { ToolSet } from 'ai'
import type { Memory } from '../../facade/memory.ts'
import { recordPlace } from '../../memory/answers/records.ts'
import type { Turn } from '../../memory/conversation/turns.ts'
import type { Door } from '../../memory/door/door.ts'
import type { Call } from '../call.ts'
import { insideTurn } from '../tools/inside-turn.ts'
import type { ToolContext } from '../tools/tool.ts'

/** The run and memory that a call's tools work for. */
interface ToolPlace {
  readonly runId: string | null
  /** Acts as the agent. */
  readonly memory: Memory
  readonly space: Door
  readonly threadId: string
}

type Execute = (input: unknown, options: object) => unknown

/**
 * The tools, each of which runs inside the call's turn, so that calls of other agents in it do not wait for that turn.
 */
export function toolsInside(turn: Turn | null, tools: ToolSet): ToolSet {
  if (turn === null) return tools
  const inside = Object.entries(tools).map(([name, tool]) => {
    const execute = tool.execute as Execute | undefined
    if (execute === undefined) return [name, tool] as const
    const run: Execute = (input, options) => insideTurn(turn, () => execute.call(tool, input, options))
    return [name, { ...tool, execute: run }] as const
  })
  return Object.fromEntries(inside) as ToolSet
}

/** The context of each tool, as the AI SDK's `toolsContext`. The call's own values win. */
export function toolsContext(call: Call, tools: ToolSet, where: ToolPlace | null): Record<string, unknown> {
  const own: ToolContext = {
    requestContext: call.requestContext,
    ...(where === null ? {} : { memory: where.memory, ...recordPlace(where.space.id), threadId: where.threadId }),
    ...(where === null || where.runId === null ? {} : { runId: where.runId }),
  }
  const given = (call.options.toolsContext ?? {}) as Record<string, unknown>
  return { ...Object.fromEntries(Object.keys(tools).map((name) => [name, own])), ...given }
}
