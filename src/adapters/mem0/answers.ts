/** Answers in the form of Mem0: each name in both spellings, times as ISO texts. */
import type { JsonObject } from '../../domain/json.ts'
import type { Fact, FactVersion } from '../../facade/records.ts'
import type { AddedFact } from '../../memory/facts/facts-add.ts'

/** A memory. Names have both spellings. */
export interface Mem0Memory {
  readonly id: string
  /** The statement. */
  readonly memory: string
  /** Data of the application. `{}` if there is none. */
  readonly metadata: JsonObject
  /** Another spelling of `created_at`. */
  readonly createdAt: string
  /** ISO time at which it was added. */
  readonly created_at: string
  /** Another spelling of `updated_at`. */
  readonly updatedAt: string
  /** ISO time of its last change. */
  readonly updated_at: string
  /** Another spelling of `user_id`. */
  readonly userId?: string
  /** The user whose memory it is. */
  readonly user_id?: string
  /** Another spelling of `agent_id`. */
  readonly agentId?: string
  /** The agent whose memory it is. */
  readonly agent_id?: string
  /** Another spelling of `run_id`. */
  readonly runId?: string
  /** The piece of work that it belongs to; `taskId` in `aquifer`. */
  readonly run_id?: string
  /** Another spelling of `team_id`. */
  readonly teamId?: string
  /** The team whose memory it is. */
  readonly team_id?: string
  /** The role of the message that it came from, if it was stored as it was said. */
  readonly role?: string
}

/** A memory that a search found. */
export interface Mem0Found extends Mem0Memory {
  /** How likely it answers the question, from 0 to 1. */
  readonly score: number
}

/** What became of one statement that was added. */
export interface Mem0Added {
  readonly id: string
  /** The statement. */
  readonly memory: string
  /** `ADD`: new. `UPDATE`: it replaced another. `DELETE`: that one no longer holds. `NONE`: it was known. */
  readonly event: AddedFact['event']
  /** What the memory said before. Absent for a new one. */
  readonly previousMemory?: string
  /** Another spelling of `previousMemory`. */
  readonly previous_memory?: string
  /** The event again, where Mem0 has it. */
  readonly metadata: { readonly event: AddedFact['event'] }
}

/** One step of a memory's past. */
export interface Mem0Step {
  readonly id: string
  /** The memory that changed. */
  readonly memory_id: string
  /** What was done. */
  readonly event: 'ADD' | 'UPDATE' | 'DELETE'
  /** Another name for `event`. */
  readonly action: 'ADD' | 'UPDATE' | 'DELETE'
  /** What it said before; null for `ADD`. */
  readonly old_memory: string | null
  /** Another name for `old_memory`. */
  readonly previous_value: string | null
  /** What it said after; null for `DELETE`. */
  readonly new_memory: string | null
  /** Another name for `new_memory`. */
  readonly new_value: string | null
  /** Who did it. */
  readonly actor_id: string
  /** ISO time at which the memory was added. */
  readonly created_at: string
  /** ISO time of this step. */
  readonly updated_at: string
  /** Whether the memory was deleted by this step. */
  readonly is_deleted: boolean
}

export function asMem0Memory(fact: Fact): Mem0Memory {
  const { id, memory, metadata, userId, agentId, taskId: runId, teamId, role } = fact
  const createdAt = fact.createdAt.toISOString()
  const updatedAt = fact.updatedAt.toISOString()
  return {
    id,
    memory,
    metadata,
    createdAt,
    created_at: createdAt,
    updatedAt,
    updated_at: updatedAt,
    ...(userId === undefined ? {} : { userId, user_id: userId }),
    ...(agentId === undefined ? {} : { agentId, agent_id: agentId }),
    ...(runId === undefined ? {} : { runId, run_id: runId }),
    ...(teamId === undefined ? {} : { teamId, team_id: teamId }),
    ...(role === undefined ? {} : { role }),
  }
}

export function addedOf({ id, memory, event, previousMemory }: AddedFact): Mem0Added {
  const previous = previousMemory === undefined ? {} : { previousMemory, previous_memory: previousMemory }
  return { id, memory, event, ...previous, metadata: { event } }
}

const steps = {
  assert: 'ADD',
  update: 'UPDATE',
  supersede: 'DELETE',
  retire: 'DELETE',
  expire: 'DELETE',
  conflict: null,
  resolve: null,
  erased: null,
} as const satisfies Record<FactVersion['event'], Mem0Step['event'] | null>

/** The history of a memory, newest first. Steps that did not change its text are left out. */
export function stepsOf(id: string, past: readonly FactVersion[]): Mem0Step[] {
  return past.flatMap(({ version, at, by, event, memory }, index) => {
    const step = steps[event]
    if (step === null) return []
    const before = past[index + 1]?.memory ?? null
    const after = step === 'DELETE' ? null : memory
    const time = at.toISOString()
    const values = { old_memory: before, previous_value: before, new_memory: after, new_value: after }
    const times = { created_at: past.at(-1)?.at.toISOString() ?? time, updated_at: time }
    const what = { id: `${id}.${version}`, memory_id: id, event: step, action: step }
    return [{ ...what, ...values, actor_id: by.id, ...times, is_deleted: step === 'DELETE' }]
  })
}
