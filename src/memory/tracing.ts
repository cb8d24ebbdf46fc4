/**
 * What memory does, published on a tracing channel of Node's own while somebody listens: ids, counts, tokens, scores and
 * statuses, and never what was said, asked or stored.
 */

import { tracingChannel } from 'node:diagnostics_channel'
import type { Access, Actor } from '../domain/actor.ts'
import { detach, warnOf } from '../domain/detached.ts'
import { type ErrorCode, MemoryError } from '../domain/error.ts'
import type { Seq } from '../domain/id.ts'
import type { RecordKind } from '../domain/index/word-segment.ts'
import type { BlockFormat } from '../domain/records/block.ts'
import type { RecallMode } from '../recall/rank.ts'
import type { Degraded } from './answers/recollection.ts'

/** The name of the channel: `tracingChannel(memoryChannel).subscribe({ asyncEnd(event) { … } })`. */
export const memoryChannel = 'aquifer:memory'

/** What events of all operations say. What is optional is there from `asyncEnd` on; of one that failed, only this much. */
interface OperationEvent {
  /** Who acts: `memory.as(actor)`, else the application. */
  readonly actor: Pick<Actor, 'kind' | 'id'>
  /** `conflict` is an answer: nothing was written. `failed` is an error. */
  readonly status?: 'done' | 'conflict' | 'failed'
  /** Of an operation that failed; `other` for what is no `MemoryError`. Messages of errors may quote content. */
  readonly errorCode?: ErrorCode | 'other'
  /** From the call to its answer. */
  readonly durationMs?: number
}

/** One thing that a recall found. */
export interface TracedFind {
  /** `message`, `fact` or `entry`. */
  readonly kind: RecordKind
  /** Of a message or a fact its id, of an entry its key. */
  readonly id: string
  /** The space it lies in. */
  readonly space: string
  /** From 0 to 1, for comparison inside one answer only. */
  readonly score: number
  /** Of its text, estimated. */
  readonly tokens: number
}

/** A recall of messages, facts or whatever a space holds. */
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
  /** Items wanted at most. */
  readonly topK: number
  /** Least score wanted. */
  readonly threshold: number
  /** For `memory.explain`. */
  readonly recallId?: string
  /** What was found, best first. */
  readonly items?: readonly TracedFind[]
  /** Messages that came along with those that were found. */
  readonly neighbours?: number
  /** Of all items and neighbours, estimated. */
  readonly tokens?: number
  /** Records in scope. */
  readonly inScope?: number
  /** Records that were compared. */
  readonly candidates?: number
  /** What the ranking went by: words, vectors, exact terms … */
  readonly legs?: readonly string[]
  /** Why the answer may lack something. */
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
  /** The turn they go to: stated by the caller, else known with the answer. */
  readonly turnId?: string
  /** How many were given. */
  readonly given: number
  /** As the answer names them: stored now, there before, or changed by an answer to a tool call. */
  readonly messageIds?: readonly string[]
  /** Of the messages that the answer names, estimated. */
  readonly tokens?: number
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
  /** The version read or written, or in the way of a write; null while there is no block. */
  readonly version?: Seq | null
  /** The version that a write replaced; null if it is the first. */
  readonly replaced?: Seq | null
  /** How a block that was read is kept. */
  readonly format?: BlockFormat
  /** Of the value read or written, estimated. */
  readonly tokens?: number
}

/** What memory publishes about one operation on the channel `memoryChannel`. */
export type MemoryEvent = RecallEvent | SaveEvent | WorkingMemoryEvent

// Node has loaded this module before the first line of any program, so importing it costs nothing.
const channel = tracingChannel<unknown, MemoryEvent>(memoryChannel)

/** Estimates how many tokens a text takes. */
export type TokenCount = (text: string) => number

/** Loaded for the first operation that somebody listens to: 0.4 MB that nobody else pays for. */
let countTokens: TokenCount | undefined

/**
 * Runs an operation and publishes what it does: `start` and `end` around the call, then `error` if it fails, `asyncStart`
 * and `asyncEnd` when it is done, always with the same event. While nobody listens it only runs the operation.
 *
 * @param begin Makes the event; called only if somebody listens.
 * @param run The operation: an async function.
 * @param answered What the answer adds to the event, before `asyncEnd`.
 * @returns The promise of `run`, or one of the same answer or error, whatever subscribers do.
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
    // What is published of an operation is no reason for it to fail.
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

/** Does what is done for subscribers alone: an error of it is a warning of the process, and none of the operation's. */
function apart(work: () => void): void {
  detach(work, warnOf)
}

/** Who acts, as events say it: without the name, which says more than who it is. */
export function tracedActor({ access }: { readonly access: Access }): RecallEvent['actor'] {
  const { kind, id } = access.actor
  return { kind, id }
}
