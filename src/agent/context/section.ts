/**
 * The interface of a section of the prompt. A new section is a file that makes it, and a line in `sections.ts`. Types
 * only.
 */

import type { ModelMessage, SystemModelMessage, ToolSet } from 'ai'
import type { Actor } from '../../domain/actor.ts'
import type { Seq } from '../../domain/id.ts'
import type { RecordKind } from '../../domain/index/word-segment.ts'
import type { MessageInput } from '../../domain/records/message.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import type { AgentObservations } from '../../ports/agent-notes.ts'
import type { ResolvedBehaviour } from '../../ports/behaviour.ts'
import type { ResultReader } from '../tools/result-reader.ts'
import type { Showing } from './model-messages.ts'
import type { ThreadWindow } from './thread-window.ts'

export interface ContextInput {
  /** The space of the call. */
  readonly space: AgentSpace
  readonly agent: Pick<Actor, 'id' | 'name'>
  readonly threadId: string
  readonly behaviour: ResolvedBehaviour
  /** The agent's instructions. */
  readonly instructions?: string | readonly SystemModelMessage[]
  /** New messages of this call, stored or not. None is shown twice. */
  readonly newMessages: readonly MessageInput[]
  /** The turn of this call. Messages that it has already, as after a resume, come before new ones. */
  readonly ownTurnId: string | null
  /** Turns that this call replaces: its prompt shows the thread without them. Default: none. */
  readonly replaces?: readonly string[]
  /** The stored answer that the call continues: only its approved calls run. Default: none. */
  readonly goesOnWith?: string
  /** Open calls of that answer that run now, though nobody was asked for their approval. Default: none. */
  readonly runs?: ReadonlyMap<string, unknown>
  /** What to search for. Default: the user's messages of this turn. */
  readonly question?: string
  /** Tokens of everything together, estimated. Default: no limit. */
  readonly tokenBudget?: number
  /** The tools of the call. Without any, earlier calls are written as text, because providers refuse them then. */
  readonly tools?: ToolSet
  /** Shows large results, and knows how their rest is read. Default: it cannot be read. */
  readonly results?: ResultReader
  readonly signal?: AbortSignal
}

/** The source of all sections. */
export interface Reading {
  readonly input: ContextInput
  /** The newest messages of the thread, which are read once. */
  readonly window: Promise<ThreadWindow>
  /** What was observed of the thread, and shared with it; null if threads are not observed and nothing is shared. */
  readonly observed: Promise<AgentObservations | null>
}

/** What a section may use when it is fitted. */
export interface Fitting {
  readonly input: ContextInput
  readonly window: ThreadWindow
  readonly showing: Showing
  /** Whether a section that was fitted before has a record. */
  readonly holds: (kind: RecordKind, id: string) => boolean
}

/** Why a record was dropped: `maxTokens` of the history, or the budget of the prompt. */
export type SectionDropReason = 'max-tokens' | 'budget'

export interface Dropped {
  readonly id: string
  readonly reason: SectionDropReason
}

/** The part of a section that is in the prompt. */
export interface FittedPart {
  /** Estimated. */
  readonly tokens: number
  readonly dropped: readonly Dropped[]
}

interface SectionOf<Name extends string, Found, Part extends FittedPart, Seen extends object> {
  /** Its name in the record of the run. */
  readonly name: Name
  /** Its largest share of the tokens that are left when it is fitted: 1 is all of them. */
  readonly share: number
  /** Tokens that are set aside when it is fitted. Default: 0. */
  readonly setAside?: number
  /** Whether it is fitted again at the end, into what the later sections left. */
  readonly takesRest?: true
  /** Reads it. All sections are read at once. */
  read(reading: Reading): Promise<Found>
  /** Returns the part that fits into that many tokens. */
  fit(found: Found, most: number, fitting: Fitting): Part | Promise<Part>
  /** Its entry in the record of the run: ids and numbers, never content. Plain JSON. */
  seen(part: Part, found: Found): Seen
  /** Records in it, which later sections leave out. */
  holds?(part: Part): readonly { readonly kind: RecordKind; readonly id: string }[]
  /** Seq of each space that was read for it, where that is known. */
  asOf?(found: Found): Readonly<Record<string, Seq>>
  /** Warnings for the caller. */
  warnings?(part: Part, found: Found): readonly string[]
}

/**
 * A part of the prompt. The sections of the instructions keep the same bytes until memory changes, so that providers
 * can cache the beginning of the prompt; an empty text is left out. The other sections are messages before those of the
 * turn.
 */
export type Section<Name extends string, Found, Part extends FittedPart, Seen extends object> = SectionOf<
  Name,
  Found,
  Part,
  Seen
> &
  (
    | { readonly place: 'instructions'; show(part: Part): string }
    | { readonly place: 'messages'; show(part: Part): readonly ModelMessage[] }
  )

/** A section in the list of all; only the section itself knows what it has read. */
export type AnySection = Section<string, unknown, FittedPart, object>
