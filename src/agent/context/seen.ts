/** What a model saw of memory, for the record of its run: ids and numbers, never content. Plain JSON. */
import type { Author } from '../../domain/actor.ts'
import type { Seq } from '../../domain/id.ts'
import type { Shown } from './conversation.ts'
import type { Dropped } from './section.ts'
import type { SectionName, SeenInSections } from './sections.ts'

export interface SeenMessage {
  readonly id: string
  readonly author: Author
}

/** The stored messages, in the form of the record. */
export function seenMessages(shown: readonly Pick<Shown, 'utterance'>[]): readonly SeenMessage[] {
  return shown.flatMap(({ utterance: { id, author } }) => (id === null ? [] : [{ id, author }]))
}

/** Records that were dropped. */
interface DroppedItem extends Dropped {
  readonly section: SectionName
}

/** Tokens of each section, estimated. */
type SectionTokens = Readonly<Record<SectionName | 'instructions' | 'input' | 'total', number>>

/** The entries of the sections. `messages` are the history, then the stored messages of the call's own turn. */
export type SeenItems = SeenInSections & {
  readonly dropped: readonly DroppedItem[]
  readonly tokens: SectionTokens
  /** Seq of each space, as it was read. */
  readonly asOf: Readonly<Record<string, Seq>>
}
