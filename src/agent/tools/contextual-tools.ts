/** Tools as a call hands them to the AI SDK: run inside the call's turn, told for whom they run. */
import type { ToolSet } from 'ai'
import type { Memory } from '../../facade/memory.ts'
import type { Turn } from '../../memory/conversation/turns.ts'
import type { Call } from '../call.ts'
import type { Place } from '../options.ts'
import { insideTurn } from '../run/inside-turn.ts'
import type { ToolContext } from './tool.ts'

/** The turn and memory that a call's tools run in. */
export interface ToolPlace {
  readonly turn: Turn | null
  readonly runId: string | null
  readonly place: Place
  /** Acts as the agent. */
  readonly memory: Memory
}

type Execute = (input: unknown, options: object) => unknown

/** The tools, each of which runs inside the call's turn: what it asks of other agents there waits for nobody. */
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

/** What each tool is told, as the AI SDK's `toolsContext`. What the call says itself comes first. */
export function toolsContext(call: Call, tools: ToolSet, where: ToolPlace | null): Record<string, unknown> {
  const own: ToolContext = {
    requestContext: call.requestContext,
    ...(where === null
      ? {}
      : { memory: where.memory, resourceId: where.place.resourceId, threadId: where.place.thread.id }),
    ...(where === null || where.runId === null ? {} : { runId: where.runId }),
  }
  const given = (call.options.toolsContext ?? {}) as Record<string, unknown>
  return { ...Object.fromEntries(Object.keys(tools).map((name) => [name, own])), ...given }
}
