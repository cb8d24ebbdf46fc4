/** Shared by the tools of memory: for whom they work, and how they refuse a model's bad request. */

import { MemoryError } from '../../domain/error.ts'
import type { Memory } from '../../facade/memory.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import type { ResolvedBehaviour } from '../../ports/behaviour.ts'
import type { SharedMemory } from '../../ports/shared-memory.ts'
import type { ResultReader } from './result-reader.ts'

/** For whom the tools of one call work. */
export interface MemoryScope {
  /** Acts as the agent. */
  readonly memory: Memory
  /** The options of memory for the agent. */
  readonly space: AgentSpace
  readonly threadId: string
  readonly behaviour: ResolvedBehaviour
  readonly results: ResultReader
  /** Sections that are another agent's; null for none. */
  readonly shared: SharedMemory | null
}

/** Copied to the parts of messages with such calls, so that later prompts, lists and recall leave them out. */
export const internal = { aquifer: { internal: true } } as const

/** Whether a tool is one of memory's own. */
export function isInternalTool({ metadata }: { readonly metadata?: unknown }): boolean {
  return (metadata as { aquifer?: { internal?: unknown } } | undefined)?.aquifer?.internal === true
}

/** Nothing was written, and why, in words for a model. */
interface Refusal {
  readonly status: 'refused'
  readonly reason: string
}

export function refusal(reason: string): Refusal {
  return { status: 'refused', reason }
}

/** The message of an error without the fix, which is written for programmers. */
function withoutFix({ message, fix }: MemoryError): string {
  return message.endsWith(fix) ? message.slice(0, -fix.length).trimEnd() : message
}

/** Why it was refused, and what a model can do; null for an error that a model cannot fix. */
export function reasonOf(error: MemoryError): string | null {
  if (error.code === 'limit-exceeded') return `${withoutFix(error)} Store less, or in several pieces.`
  if (error.code === 'invalid-input') return error.message
  if (error.code === 'denied' || error.code === 'not-found') return withoutFix(error)
  if (error.code === 'unavailable') return 'Memory cannot be reached right now. Go on without it, or try again later.'
  return null
}

/** The answer of some work, or a refusal that a model can act on. Errors that a model cannot fix stay errors. */
export async function orRefusal<Answer>(
  work: () => Promise<Answer>,
  reason: (error: MemoryError) => string | null = reasonOf,
): Promise<Answer | Refusal> {
  try {
    return await work()
  } catch (error) {
    const said = error instanceof MemoryError ? reason(error) : null
    if (said === null) throw error
    return refusal(said)
  }
}

/** What a tool answers for a write that somebody else decides about. */
export function proposedAnswer({ proposalId }: { readonly proposalId: string }) {
  const note = 'Not written yet: it is proposed, and who shares this memory with you decides. Go on without it.'
  return { status: 'proposed', proposalId, note } as const
}
