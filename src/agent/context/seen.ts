/** What a model saw of memory, for the record of its run: references and numbers, never what was said. Plain JSON. */
import type { Author } from '../../domain/actor.ts'
import type { Seq } from '../../domain/id.ts'
import type { RecordKind } from '../../domain/word-segment.ts'
import type { Degraded } from '../../memory/recollection.ts'
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
  readonly score: number
  readonly scores: PartScores
  readonly tokens: number
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
