/**
 * Events of working memory: made from the request, and completed from the answer. They have only numbers about content.
 */

import type { Json } from '../../domain/json.ts'
import { type TokenCount, tracedActor, type WorkingMemoryEvent } from '../tracing.ts'
import type { Block, WorkingMemoryRecord, WorkingMemoryWriteRecord } from './block.ts'
export function workingMemoryEvent(action: WorkingMemoryEvent['action'], block: Block): WorkingMemoryEvent {
  const { space, threadId, name } = block
  const inThread = threadId === null ? {} : { threadId }
  return { operation: 'memory.working', actor: tracedActor(space.core), action, space: space.id, ...inThread, name }
}

function shownText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export function readAnswer(block: WorkingMemoryRecord | null, tokensOf: TokenCount): Partial<WorkingMemoryEvent> {
  if (block === null) return { version: null, tokens: 0 }
  return { version: block.version, format: block.format, tokens: tokensOf(shownText(block.value)) }
}

export function writeAnswer(write: WorkingMemoryWriteRecord, tokensOf: TokenCount): Partial<WorkingMemoryEvent> {
  if (write.status === 'conflict') return { status: 'conflict', version: write.current?.version ?? null }
  const { version, value, replaced } = write
  return { version, replaced: replaced?.version ?? null, tokens: tokensOf(shownText(value)) }
}
