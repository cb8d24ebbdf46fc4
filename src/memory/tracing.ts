/**
 * Publishes the operations of memory on a tracing channel of Node while there are listeners: ids, counts, tokens,
 * scores and statuses, never content.
 */

import { tracingChannel } from 'node:diagnostics_channel'
import type { Access, Actor } from '../domain/actor.ts'
import { detach, warnOf } from '../domain/detached.ts'
import { type ErrorCode, MemoryError } from '../domain/error.ts'
import type { Seq } from '../domain/id.ts'
import type { RecordKind } from '../domain/index/word-segment.ts'
import type { BlockFormat } from '../domain/records/block.ts'
import type { RecallMode } from '../recall/question.ts'
import type { Degraded } from './answers/recollection.ts'

/** The name of the channel: `tracingChannel(memoryChannel).subscribe({ asyncEnd(event) { … } })`. */
export const memoryChannel = 'aquifer:memory'

/** Fields of all events. Optional ones are set from `asyncEnd` on. The event of a failed operation has only these. */
interface OperationEvent {
  /** Who acts: `memory.as(actor)`, otherwise the application. */
  readonly actor: Pick<Actor, 'kind' | 'id'>
  /** `conflict` is an answer: nothing was written. `failed` is an error. */
  readonly status?: 'done' | 'conflict' | 'failed'
  /**
   * The code of the error of a failed operation; `other` if it is not a `MemoryError`. The message is not published: it
   * may quote content.
   */
  readonly errorCode?: ErrorCode | 'other'
  /** Milliseconds from the call to its answer. */
  readonly durationMs?: number
}

/** One thing that a recall found. */
export interface TracedFind {
  /** `message`, `fact` or `entry`. */
  readonly kind: RecordKind
  /** The id of a message or a fact, or the key of an entry. */
  readonly id: string
  /** The space it lies in. */
  readonly space: string
  /** From 0 to 1, for comparison inside one answer only. */
  readonly score: number
  /** Estimated tokens of its text. */
  readonly tokens: number
}

/** A recall of messages, facts or anything else in a space. */
export interface RecallEvent extends OperationEvent {
  /** Tells the event from others. */
  readonly operation: 'memory.recall'
  /** The spaces that are searched, such as `resource/alice`. */
  readonly spaces: readonly string[]
  /** Only messages of this thread. */
  readonly threadId?: string
  /** What is compared: words, vectors or both. */
  readonly mode: RecallMode
  /** Kinds of records that are searched. */
  readonly kinds: readonly RecordKind[]
  /** Items at most. */
  readonly topK: number
  /** Least score of an item. */
  readonly threshold: number
  /** For `memory.explain`. */
  readonly recallId?: string
  /** What was found, best first. */
  readonly items?: readonly TracedFind[]
  /** Messages that were added around the found ones. */
  readonly neighbours?: number
  /** Estimated tokens of all items and neighbours. */
  readonly tokens?: number
  /** Records in scope. */
  readonly inScope?: number
  /** Records that were compared. */
  readonly candidates?: number
  /** The legs of the ranking: words, vectors, exact terms … */
  readonly legs?: readonly string[]
  /** Why the answer may be incomplete. */
  readonly degraded?: readonly Degraded[]
  /** Records in scope whose vectors were not there yet. */
  readonly pending?: number
  /** Seq of each searched space, as it was searched. */
  readonly asOf?: Readonly<Record<string, Seq>>
}

/** Messages saved in one thread. */
export interface SaveEvent extends OperationEvent {
  /** Tells the event from others. */
  readonly operation: 'memory.save'
  /** The space of the thread. */
  readonly space: string
  readonly threadId: string
  /** The turn of the messages: stated by the caller, otherwise known with the answer. */
  readonly turnId?: string
  /** How many messages were passed. */
  readonly given: number
  /** Ids in the answer: stored now, stored before, or changed by an answer to a tool call. */
  readonly messageIds?: readonly string[]
  /** Estimated tokens of the messages in the answer. */
  readonly tokens?: number
  /** Seq of the commit. */
  readonly seq?: Seq
}

/** A replaced turn that was restored. */
export interface RestoreEvent extends OperationEvent {
  /** Tells the event from others. */
  readonly operation: 'memory.restore'
  /** The space of the thread. */
  readonly space: string
  readonly threadId: string
  /** The turn that was asked for. */
  readonly turnId: string
  /** Ids of the turns that stand again. */
  readonly restored?: readonly string[]
  /** Ids of the turns that stood until then. */
  readonly replaced?: readonly string[]
  /** Seq of the commit. */
  readonly seq?: Seq
}

/** A block of working memory read or written. */
export interface WorkingMemoryEvent extends OperationEvent {
  /** Tells the event from others. */
  readonly operation: 'memory.working'
  /** Whether it was read, written, or an earlier version was written again. */
  readonly action: 'get' | 'update' | 'restore'
  /** The space of the block. */
  readonly space: string
  /** Absent for the block of the whole space. */
  readonly threadId?: string
  /** The block's name. */
  readonly name: string
  /** The version that was read or written, or that stopped a write; null while there is no block. */
  readonly version?: Seq | null
  /** The version that a write replaced; null if it is the first. */
  readonly replaced?: Seq | null
  /** The format of a block that was read. */
  readonly format?: BlockFormat
  /** Estimated tokens of the value that was read or written. */
  readonly tokens?: number
}

/** What memory publishes about one operation on the channel `memoryChannel`. */
export type MemoryEvent = RecallEvent | SaveEvent | RestoreEvent | WorkingMemoryEvent

// Node has loaded this module before the first line of any program, so importing it costs nothing.
const channel = tracingChannel<unknown, MemoryEvent>(memoryChannel)

/** Estimates how many tokens a text takes. */
export type TokenCount = (text: string) => number

/** Loaded for the first operation with a listener: 0.4 MB that others need not pay for. */
let countTokens: TokenCount | undefined

/**
 * Runs an operation and publishes its event: `start` and `end` around the call, then `error` if it fails, `asyncStart`
 * and `asyncEnd` when it is done, always with the same event. Without a listener it only runs the operation.
 *
 * @param begin Makes the event; called only if somebody listens.
 * @param run The operation: an async function.
 * @param answered The fields that the answer adds to the event, before `asyncEnd`.
 * @returns The promise of `run`, or one with the same answer or error, whatever subscribers do.
 */
export function traced<Event extends MemoryEvent, Result>(
  begin: () => Event,
  run: () => Promise<Result>,
  answered: (result: Result, tokensOf: TokenCount) => Partial<Event>,
): Promise<Result> {
  return channel.hasSubscribers ? published(begin, run, answered) : run()
}

async function published<Event extends MemoryEvent, Result>(
  begin: () => Event,
  run: () => Promise<Result>,
  answered: (result: Result, tokensOf: TokenCount) => Partial<Event>,
): Promise<Result> {
  const startedAt = performance.now()
  let event: Event
  try {
    countTokens ??= (await import('tokenx')).estimateTokenCount
    event = begin()
  } catch (error) {
    // Publishing an operation must not make it fail.
    warnOf(error)
    return run()
  }
  const tokensOf = countTokens
  const { start, end, asyncStart, asyncEnd, error } = channel
  const conclude = (fields: () => Partial<OperationEvent>) => {
    const durationMs = performance.now() - startedAt
    apart(() => Object.assign(event, { durationMs, status: 'done' }, fields()))
    if (event.status === 'failed') error.publish(event)
    asyncStart.publish(event)
    asyncEnd.publish(event)
  }
  // Not `tracePromise`: it publishes the answer and the error themselves, and both hold content.
  return start.runStores(event, async () => {
    const running = run()
    end.publish(event)
    try {
      const result = await running
      conclude(() => answered(result, tokensOf))
      return result
    } catch (cause) {
      conclude(() => ({ status: 'failed', errorCode: cause instanceof MemoryError ? cause.code : 'other' }))
      throw cause
    }
  })
}

/** Does work for subscribers only: an error is a warning of the process, not an error of the operation. */
function apart(work: () => void): void {
  detach(work, warnOf)
}

/** The actor in events: without its name, which may be private. */
export function tracedActor({ access }: { readonly access: Access }): RecallEvent['actor'] {
  const { kind, id } = access.actor
  return { kind, id }
}
