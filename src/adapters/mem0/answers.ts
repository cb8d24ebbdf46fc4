/** Answers in the forms that programs for Mem0 read: each name in both spellings, times as ISO texts. */
import type { JsonObject } from '../../domain/json.ts'
import type { Fact, FactVersion } from '../../memory/facts/fact-records.ts'
import type { AddedFact } from '../../memory/facts/facts-add.ts'

/** A memory. Names stand in both spellings. */
export interface Mem0Memory {
  readonly id: string
  readonly memory: string
  readonly metadata: JsonObject
  readonly createdAt: string
  readonly created_at: string
  readonly updatedAt: string
  readonly updated_at: string
  readonly userId?: string
  readonly user_id?: string
  readonly agentId?: string
  readonly agent_id?: string
  readonly runId?: string
  readonly run_id?: string
  readonly teamId?: string
  readonly team_id?: string
  readonly role?: string
}

export interface Mem0Found extends Mem0Memory {
  readonly score: number
}

export interface Mem0Added {
  readonly id: string
  readonly memory: string
  readonly event: AddedFact['event']
  readonly previousMemory?: string
  readonly previous_memory?: string
  readonly metadata: { readonly event: AddedFact['event'] }
}

/** One step of a memory's past. */
export interface Mem0Step {
  readonly id: string
  readonly memory_id: string
  readonly event: 'ADD' | 'UPDATE' | 'DELETE'
  readonly action: 'ADD' | 'UPDATE' | 'DELETE'
  readonly old_memory: string | null
  readonly previous_value: string | null
  readonly new_memory: string | null
  readonly new_value: string | null
  readonly actor_id: string
  readonly created_at: string
  readonly updated_at: string
  readonly is_deleted: boolean
}

export function memoryOf(fact: Fact): Mem0Memory {
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

/** The past of a memory, newest first. Marks that left its words as they were are left out. */
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
