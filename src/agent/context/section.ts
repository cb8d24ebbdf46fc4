/** What a section of a prompt is. A new one is a file that makes one, and a line in `sections.ts`. Types only. */

import type { ModelMessage, SystemModelMessage, ToolSet } from 'ai'
import type { Actor } from '../../domain/actor.ts'
import type { Seq } from '../../domain/id.ts'
import type { RecordKind } from '../../domain/index/word-segment.ts'
import type { MessageInput } from '../../domain/records/message.ts'
import type { Door } from '../../memory/door/door.ts'
import type { ResolvedBehaviour } from '../../ports/behaviour.ts'
import type { Showing } from './model-messages.ts'
import type { ThreadWindow } from './thread-window.ts'

export interface ContextInput {
  /** As the agent uses it. */
  readonly space: Door
  readonly agent: Pick<Actor, 'id' | 'name'>
  readonly threadId: string
  readonly behaviour: ResolvedBehaviour
  /** The agent's own. */
  readonly instructions?: string | readonly SystemModelMessage[]
  /** What is new in this call, stored already or not: none of it is shown twice. */
  readonly newMessages: readonly MessageInput[]
  /** The turn of this call. What it holds already, as after a resume, stands before what is new. */
  readonly ownTurnId: string | null
  /** The stored answer that the call goes on with: only its approved calls are carried out. Default: none. */
  readonly goesOnWith?: string
  /** What to recall for. Default: what the user says in this turn. */
  readonly question?: string
  /** Tokens of everything together, estimated. Default: no limit. */
  readonly tokenBudget?: number
  /** The tools of the call. With none at all, earlier calls are told in words, because providers refuse them then. */
  readonly tools?: ToolSet
  readonly signal?: AbortSignal
}

/** What all sections are read from. */
export interface Reading {
  readonly input: ContextInput
  /** The newest messages of the thread, which are read once. */
  readonly window: Promise<ThreadWindow>
}

/** What is known when a section is fitted. */
export interface Fitting {
  readonly input: ContextInput
  readonly window: ThreadWindow
  readonly showing: Showing
  /** Whether a section that was fitted before holds a record. */
  readonly holds: (kind: RecordKind, id: string) => boolean
}

/** Why something stayed out that would have been in: `maxTokens` of the history, or the budget of the whole. */
export type SectionDropReason = 'max-tokens' | 'budget'

export interface Dropped {
  readonly id: string
  readonly reason: SectionDropReason
}

/** What of a section is in the prompt. */
export interface FittedPart {
  /** Estimated. */
  readonly tokens: number
  readonly dropped: readonly Dropped[]
}

interface SectionOf<Name extends string, Found, Part extends FittedPart, Seen extends object> {
  /** What the record of the run calls it. */
  readonly name: Name
  /** The most it may take of what is left when its turn comes: 1 is all. */
  readonly share: number
  /** Tokens that are set aside when it is fitted. Default: 0. */
  readonly setAside?: number
  /** Whether it is fitted again at the end, into what the later sections left. */
  readonly takesRest?: true
  /** Reads it. All sections are read at once. */
  read(reading: Reading): Promise<Found>
  /** What of it fits into so many tokens. */
  fit(found: Found, most: number, fitting: Fitting): Part | Promise<Part>
  /** What the record of the run says of it: references and numbers, never what was said. Plain JSON. */
  seen(part: Part, found: Found): Seen
  /** Records in it, which later sections leave out. */
  holds?(part: Part): readonly { readonly kind: RecordKind; readonly id: string }[]
  /** Seq of each space that was read for it, where that is known. */
  asOf?(found: Found): Readonly<Record<string, Seq>>
  /** What the caller is told. */
  warnings?(part: Part, found: Found): readonly string[]
}

/**
 * A part of what a model sees. The sections of the instructions are the same bytes as long as memory is, so that providers
 * keep the beginning of the prompt cached; an empty text is left out. The others are messages before those of the turn.
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

/** Any section, as the list of them holds it: what it has read is its own. */
export type AnySection = Section<string, unknown, FittedPart, object>
