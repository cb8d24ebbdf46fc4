/**
 * Span names and attributes. Names of the GenAI semantic conventions (in development, as of September 2026) are used
 * where there is one: `gen_ai.*` and `error.type`. Those that begin with `aquifer.` are ours.
 */
import type { MemoryEvent, RecallEvent, RestoreEvent, SaveEvent, WorkingMemoryEvent } from '../../memory/tracing.ts'

type Value = string | number | string[] | number[]
type MaybeValues = Readonly<Record<string, Value | undefined>>
type SpanAttributes = Record<string, Value>

/** Attributes that may lack a value, in two lots: ids can be left out as a whole. */
interface Lots {
  readonly ids: MaybeValues
  readonly numbers: MaybeValues
}

const writes = { update: 'upsert_memory', restore: 'update_memory' } as const

/**
 * The conventions' name of the operation, which is also the span's name. A save stores new messages and completes
 * stored tool calls, and an update creates a missing block: the caller does not choose which. The conventions have no
 * name for reading a record by its address, so `get_memory` is ours.
 */
export function spanName(event: MemoryEvent): string {
  if (event.operation === 'memory.recall') return 'search_memory'
  if (event.operation === 'memory.save') return 'upsert_memory'
  if (event.operation === 'memory.restore') return 'update_memory'
  return event.action === 'get' ? 'get_memory' : writes[event.action]
}

function recallLots(event: RecallEvent): Lots {
  const { spaces, threadId, recallId, items, neighbours } = event
  return {
    ids: {
      // A store is a space. The conventions do not cover several.
      'gen_ai.memory.store.id': spaces.length === 1 ? spaces[0] : undefined,
      'aquifer.recall.spaces': spaces.length === 1 ? undefined : [...spaces],
      'gen_ai.conversation.id': threadId,
      'aquifer.recall.id': recallId,
      'aquifer.recall.item.ids': items?.map(({ id }) => id),
    },
    numbers: {
      'gen_ai.memory.record.count': items === undefined ? undefined : items.length + (neighbours ?? 0),
      'aquifer.recall.mode': event.mode,
      'aquifer.recall.kinds': [...event.kinds],
      'aquifer.recall.top_k': event.topK,
      'aquifer.recall.threshold': event.threshold,
      'aquifer.recall.item.scores': items?.map(({ score }) => score),
      'aquifer.recall.neighbours': neighbours,
      'aquifer.recall.in_scope': event.inScope,
      'aquifer.recall.candidates': event.candidates,
      'aquifer.recall.legs': event.legs && [...event.legs],
      'aquifer.recall.degraded': event.degraded && [...event.degraded],
      'aquifer.recall.pending': event.pending,
      'aquifer.tokens': event.tokens,
    },
  }
}

function saveLots(event: SaveEvent): Lots {
  return {
    ids: {
      'gen_ai.memory.store.id': event.space,
      'gen_ai.conversation.id': event.threadId,
      'aquifer.turn.id': event.turnId,
      'aquifer.save.message.ids': event.messageIds && [...event.messageIds],
    },
    numbers: {
      'gen_ai.memory.record.count': event.given,
      'aquifer.seq': event.seq,
      'aquifer.tokens': event.tokens,
    },
  }
}

function restoreLots(event: RestoreEvent): Lots {
  return {
    ids: {
      'gen_ai.memory.store.id': event.space,
      'gen_ai.conversation.id': event.threadId,
      'aquifer.turn.id': event.turnId,
      'aquifer.restore.turn.ids': event.restored && [...event.restored],
      'aquifer.restore.replaced.ids': event.replaced && [...event.replaced],
    },
    numbers: {
      'gen_ai.memory.record.count': event.restored?.length,
      'aquifer.restore.replaced': event.replaced?.length,
      'aquifer.seq': event.seq,
    },
  }
}

/** For a read, the returned records; for a write, the records to write. */
function blockCount({ action, status, version }: WorkingMemoryEvent): number | undefined {
  if (action !== 'get') return 1
  if (status !== 'done') return undefined
  return typeof version === 'number' ? 1 : 0
}

function workingMemoryLots(event: WorkingMemoryEvent): Lots {
  return {
    ids: {
      'gen_ai.memory.store.id': event.space,
      // A record is a block; versions of it are ours.
      'gen_ai.memory.record.id': event.name,
      'gen_ai.conversation.id': event.threadId,
    },
    numbers: {
      'gen_ai.memory.record.count': blockCount(event),
      'aquifer.block.action': event.action,
      'aquifer.block.format': event.format,
      'aquifer.block.version': event.version ?? undefined,
      'aquifer.block.replaced': event.replaced ?? undefined,
      'aquifer.tokens': event.tokens,
    },
  }
}

function lotsOf(event: MemoryEvent): Lots {
  switch (event.operation) {
    case 'memory.recall':
      return recallLots(event)
    case 'memory.save':
      return saveLots(event)
    case 'memory.restore':
      return restoreLots(event)
    case 'memory.working':
      return workingMemoryLots(event)
  }
}

/** The attributes of an event so far. */
export function spanAttributes(event: MemoryEvent, captureIds: boolean): SpanAttributes {
  const { operation, actor, status, errorCode } = event
  const { ids, numbers } = lotsOf(event)
  const all: MaybeValues = {
    'gen_ai.operation.name': spanName(event),
    'error.type': errorCode === 'other' ? '_OTHER' : errorCode,
    'aquifer.operation': operation,
    'aquifer.status': status,
    'aquifer.actor.kind': actor.kind,
    ...numbers,
    ...(captureIds ? { [actor.kind === 'agent' ? 'gen_ai.agent.id' : 'aquifer.actor.id']: actor.id, ...ids } : {}),
  }
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, Value] => entry[1] !== undefined))
}
