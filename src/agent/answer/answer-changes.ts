/** Changes of an open turn that turn the stored parts of an answer into the new ones. */

import type { Change } from '../../domain/commit/commit.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { MessagePart } from '../../domain/records/message.ts'
import type { AgentTurn } from '../../ports/agent-memory.ts'
import { growthOf } from './answer-parts.ts'

/** An answer as stored. Without parts there is no message. */
export interface StoredAnswer {
  readonly messageId: string
  readonly parts: readonly MessagePart[]
}

/**
 * The last changes that give the stored answer these parts. Earlier ones are committed here.
 *
 * @param metadata What is added to the metadata of the answer; null for nothing.
 */
export async function changesTo(
  turn: AgentTurn,
  { messageId, parts: stored }: StoredAnswer,
  parts: readonly MessagePart[],
  metadata: JsonObject | null = null,
): Promise<readonly Change[]> {
  const { threadId } = turn
  const about = metadata === null ? {} : { metadata }
  if (stored.length === 0) {
    if (parts.length === 0) return []
    return [{ kind: 'message-append', threadId, turnId: turn.id, messages: [{ role: 'assistant', parts, ...about }] }]
  }
  if (parts.length === 0) return [{ kind: 'message-delete', threadId, messageIds: [messageId] }]
  // A commit changes a message once.
  if (metadata !== null) await turn.commit([{ kind: 'message-edit', threadId, messageId, metadata }])
  const growth = growthOf(stored, parts)
  if (growth === null) return [{ kind: 'message-edit', threadId, messageId, parts: [...parts] }]
  const added = growth.added.length === 0 ? {} : { parts: [...growth.added] }
  const [first, ...others] = growth.completed
  if (first === undefined && growth.added.length === 0) return []
  const complete = first === undefined ? {} : { complete: others.length === 0 ? first : [first, ...others] }
  return [{ kind: 'message-extend', threadId, messageId, ...complete, ...added }]
}
