/** The answer of a recall, and the traces of the latest ones. */
import type { EmbedderTrouble } from '../../derive/embedder-trouble.ts'
import type { Author } from '../../domain/actor.ts'
import type { Seq, SpaceKey } from '../../domain/id.ts'
import type { RecordKind } from '../../domain/index/word-segment.ts'
import type { Json } from '../../domain/json.ts'
import type { GateMode } from '../../domain/question-gate.ts'
import type { FactState } from '../../domain/records/fact.ts'
import { textKey } from '../../domain/records/fact-text.ts'
import type { GateOutcome } from '../../recall/judge.ts'
import type { PartScores } from '../../recall/parts.ts'
import type { RecallMode } from '../../recall/question.ts'
import type { PackDropReason } from '../../recall/text/pack.ts'
import type { Proposable } from './proposals.ts'
import type { MessageRecord, ObservationRecord, RecordPlace } from './records.ts'

/** Why an answer may be incomplete: vectors were not compared, or the question was cut. */
export type Degraded = 'no-embedder' | EmbedderTrouble | 'embedder-loading' | 'query-cut'

/** How well an item answers the question. */
export interface ItemScores {
  /**
   * How likely it answers the question: a probability from 0 to 1, comparable between questions. Fitted with the default
   * embedder; with another one it is a rough guide. An item that is better placed is not always more likely.
   */
  readonly relevance: number
  /** Cosine of its meaning and the question's; null if it has no vector yet, or if meanings were not compared. */
  readonly similarity: number | null
  /** The words of the question that stand in it. */
  readonly matched: readonly string[]
  /** What it was ranked by, from 0 to 1; comparable inside one answer only. */
  readonly score: number
  /** What each part added to the score. */
  readonly scores: PartScores
}

/** One found item. */
export interface RecalledItemRecord<Time = string> extends RecordPlace, Proposable<Time>, ItemScores {
  /** `message`, `fact`, `entry` or `observation`. */
  readonly kind: RecordKind
  /** The id of a message, a fact or a note, or the key of an entry. */
  readonly id: string
  /** Its text. If it is too long for the token budget, the passage that matches the question best. */
  readonly text: string
  /** Who said or wrote it. */
  readonly author: Author
  readonly threadId?: string
  /** When it was said or written. */
  readonly at: Time
  /**
   * Set if `text` is a passage: where it begins and ends in the whole text, and the length of that, in UTF-16 units.
   * `message.parts` then has only this passage, and an entry has no `value`: read the message or the key for the whole.
   */
  readonly excerpt?: { readonly start: number; readonly end: number; readonly length: number }
  /** Tokens of `text`, estimated. */
  readonly tokens: number
  /** The message, if it is one. */
  readonly message?: MessageRecord<Time>
  /** The fact, if it is one. */
  readonly fact?: FactState
  /** The note, if it is one that was observed. */
  readonly observation?: ObservationRecord<Time>
  /** The value of an entry. */
  readonly value?: Json
  /** Set if it was not found itself, but is next to a found message; see `messageRange`. */
  readonly isNeighbour?: true
}

/** A message that was found, with its score. */
export type RecalledMessageRecord<Time = string> = MessageRecord<Time> &
  ItemScores &
  Pick<RecalledItemRecord, 'isNeighbour'>

/** Why an item is not in the answer. */
export type DropReason = PackDropReason | 'filter' | 'in-prompt'

/** One item of a trace: in or out, and why. */
export interface TracedItem
  extends Omit<
    RecalledItemRecord,
    'resourceId' | 'message' | 'fact' | 'observation' | 'proposals' | 'value' | 'text' | 'author' | 'at' | 'tokens'
  > {
  /** Place in the ranking, from 1. */
  readonly rank: number
  /** What it is, of whom and of when, such as "message of Ann, 12 May 2025". */
  readonly said: string
  /** Why it is not in the answer; null if it is. */
  readonly dropped: DropReason | null
  /** Set if exact or rare terms of the question moved it up into the answer. */
  readonly isPulledIn?: true
  /** It may not rank above this item: a fact that replaced what it says. */
  readonly limitedBy?: string
}

/** How an answer came about. Has no text of found items. */
export interface RecallTrace {
  /** The question as it was asked. */
  readonly question: string
  /** The question without names, as it was embedded. */
  readonly bare: string
  /** Words of the question that were searched. */
  readonly terms: readonly string[]
  /** People in scope whom the question names. */
  readonly names: readonly string[]
  /** The days that the question names: the first, and the one behind the last, as ISO days; `..` for an open end. */
  readonly times: readonly string[]
  /** What was compared: words, vectors or both. */
  readonly mode: RecallMode
  /** Legs that found anything. */
  readonly legs: readonly string[]
  /** The spaces that were searched. */
  readonly spaces: readonly string[]
  /** Records in scope. */
  readonly inScope: number
  /** Records that were compared. */
  readonly candidates: number
  /** Of the best records, those left out because nothing of the question is in them or around them, or near them. */
  readonly unmatched: number
  /** How likely it is that the question is about anything that was said; closed: nothing was answered. */
  readonly gate: GateOutcome & { readonly mode: GateMode }
  /** What else could have been searched and was not. */
  readonly note?: string
  /** The items that were read. `memory.explain` adds those that ranked next. */
  readonly items: readonly TracedItem[]
}

/** A trace in words: what `memory.explain` answers. */
export interface RecallExplanation extends RecallTrace {
  /** How the answer came about, in one line. */
  readonly summary: string
  /** Each with its own line in `text`: why it is in the answer or not. */
  readonly items: readonly (TracedItem & { readonly text: string })[]
}

/** The answer to a recall. */
export interface RecollectionRecord<Time = string> {
  /** Best first; neighbours follow the item they belong to. */
  readonly items: readonly RecalledItemRecord<Time>[]
  /** The messages among the items. */
  readonly messages: readonly RecalledMessageRecord<Time>[]
  /** Seq of each searched space, as it was searched. */
  readonly asOf: Readonly<Record<string, Seq>>
  /** Why the answer may be incomplete; empty if it is complete. */
  readonly degraded: readonly Degraded[]
  /** Records in scope without a vector yet; only their words were searched. */
  readonly pending: number
  /** For `memory.explain`. */
  readonly recallId: string
  /** How the answer came about. */
  readonly trace: RecallTrace
  /** Tokens of all items, estimated. */
  readonly tokens: number
}

const rememberedTraces = 200

/** A trace, and the keys that its spaces had: a space with another key is not the one that was searched. */
interface KeptTrace {
  readonly trace: RecallTrace
  readonly keys: readonly (SpaceKey | null)[]
  /** The items that ranked below all that were read. */
  readonly behind: readonly UnreadItem[]
}

/** An item that was ranked and not read: named by its reference in the index. */
export interface UnreadItem extends Pick<TracedItem, 'kind' | 'space' | 'rank' | keyof ItemScores> {
  readonly ref: string
}

/** The place of a recalled fact. */
type RecalledFact = Pick<RecalledItemRecord, 'space' | 'id'>

/** The latest traces of a process, oldest first, and which facts were recalled, by a hash of their words. */
export class Traces {
  readonly #traces = new Map<string, KeptTrace>()
  readonly #facts = new Map<string, ReadonlyMap<number, RecalledFact>>()

  keep(recallId: string, { items, ...kept }: KeptTrace & { readonly items: readonly RecalledItemRecord[] }): void {
    const facts = items.flatMap(({ kind, text, space, id }): [number, RecalledFact][] => {
      return kind === 'fact' ? [[textKey(text), { space, id }]] : []
    })
    this.#traces.set(recallId, kept)
    if (facts.length > 0) this.#facts.set(recallId, new Map(facts))
    for (const oldest of this.#traces.keys()) {
      if (this.#traces.size <= rememberedTraces) return
      this.#drop(oldest)
    }
  }

  #drop(recallId: string): void {
    this.#traces.delete(recallId)
    this.#facts.delete(recallId)
  }

  /** Recently recalled facts that may have said this, each once: read them to be sure. */
  recalled(text: string): readonly RecalledFact[] {
    const key = textKey(text)
    const found = [...this.#facts.values()].flatMap((facts) => facts.get(key) ?? [])
    return [...new Map(found.map((fact) => [`${fact.space} ${fact.id}`, fact])).values()]
  }

  get(recallId: string): KeptTrace | null {
    return this.#traces.get(recallId) ?? null
  }

  /** Drops all of them: their records may have been forgotten, and their questions may contain forgotten content. */
  clear(): void {
    this.#traces.clear()
    this.#facts.clear()
  }
}
