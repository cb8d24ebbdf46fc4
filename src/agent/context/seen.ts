/** What a model saw of memory, for the record of its run: references and numbers, never what was said. Plain JSON. */
import type { Author } from '../../domain/actor.ts'
import type { Seq } from '../../domain/id.ts'
import type { RecordKind } from '../../domain/index/word-segment.ts'
import type { Degraded, RecalledItem } from '../../memory/answers/recollection.ts'
import type { PartScores } from '../../recall/fuse.ts'

export interface SeenMessage {
  readonly id: string
  readonly author: Author
}

export interface SeenBlock {
  readonly name: string
  readonly scope: 'resource' | 'thread'
  /** null: there was no block yet, and its template was shown. */
  readonly version: Seq | null
}

export interface SeenFact {
  readonly id: string
  readonly version: Seq
}

export interface SeenRecalled {
  readonly kind: RecordKind
  readonly id: string
  readonly space: string
  readonly threadId?: string
  /** To four digits, as the parts are. */
  readonly score: number
  /** What adds nothing is left out. */
  readonly scores: Partial<PartScores>
  readonly tokens: number
}

const rounded = (score: number) => Math.round(score * 10_000) / 10_000

/**
 * An item as the record names it. Digits that say nothing and parts that are 0 would be more than half of a turn's row in
 * the log, which every reader of the thread parses.
 */
export function seenItem({ kind, id, space, threadId, score, scores, tokens }: RecalledItem): SeenRecalled {
  const parts = Object.entries(scores).flatMap(([part, share]) =>
    share === 0 ? [] : [[part, rounded(share)] as const],
  )
  const thread = threadId === undefined ? {} : { threadId }
  return { kind, id, space, ...thread, score: rounded(score), scores: Object.fromEntries(parts), tokens }
}

/** Why something stayed out that would have been in: `maxTokens` of the history, or the budget of the whole. */
export interface DroppedItem {
  readonly section: 'workingMemory' | 'facts' | 'recalled' | 'history'
  readonly id: string
  readonly reason: 'max-tokens' | 'budget'
}

/** Tokens of each section, estimated. */
export interface SectionTokens {
  readonly instructions: number
  readonly workingMemory: number
  readonly facts: number
  readonly recalled: number
  readonly history: number
  readonly input: number
  readonly total: number
}

export interface SeenItems {
  /** In the order in which they were shown: history, then the messages of the call's own turn that are stored. */
  readonly messages: readonly SeenMessage[]
  readonly block: SeenBlock | null
  readonly facts: readonly SeenFact[]
  readonly recalled: readonly SeenRecalled[]
  readonly dropped: readonly DroppedItem[]
  readonly tokens: SectionTokens
  /** Why recall may have missed something; empty if every leg answered, or nothing was asked. */
  readonly degraded: readonly Degraded[]
  /** For `memory.explain`; null if nothing was recalled. */
  readonly recallId: string | null
  /** Seq of each space, as it was read. */
  readonly asOf: Readonly<Record<string, Seq>>
}
