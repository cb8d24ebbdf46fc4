/** Working memory as an agent's tool writes it, in the form that the agent keeps it in. */

import type { AgentBlock, AgentWorkingMemory } from '../../ports/agent-memory.ts'
import type { ResolvedWorkingMemory } from '../../ports/behaviour.ts'
import { heldByTurn } from './inside-turn.ts'
import type { MemoryScope } from './memory-scope.ts'
import { fillable } from './patch-schema.ts'

/** Working memory with the agent's options, which win over those of the Memory. */
export interface OwnWorkingMemory {
  /** What is written in it inside a turn needs the turn open. */
  readonly memory: () => AgentWorkingMemory
  /** null: the agent has no template, so its text is free. */
  readonly template: string | null
}

export function ownWorkingMemory(
  { space, threadId }: MemoryScope,
  { scope, template, schema }: ResolvedWorkingMemory,
): OwnWorkingMemory {
  const form = { scope, template, schema: schema === null ? null : fillable(schema) }
  return { memory: () => heldByTurn(space).workingMemory(form, threadId), template }
}

/** Expects the block to be as it was read. */
export function versionOf(block: AgentBlock | null): { readonly ifVersion: number } | { readonly ifAbsent: true } {
  return block === null ? { ifAbsent: true } : { ifVersion: block.version }
}
