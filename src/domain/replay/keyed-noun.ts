/**
 * Keyed nouns: records with a key, each version of which names the version before. Their replay, history and compaction
 * are here, once.
 */

import type { ChangeResult } from '../commit/commit.ts'
import type { Effect, EffectKind, EffectOf, Kept } from '../commit/effect.ts'
import { displacedBy, ownRecord, versionReplaced } from '../commit/effect-names.ts'
import type { Noun } from '../commit/marks.ts'
import type { Seq, ThreadId } from '../id.ts'
import type { Json } from '../json.ts'
import type { RowTime } from '../records/row-time.ts'
import type { ChainName, PastEvent, PastVersion } from './history.ts'
import type { SpaceRecords } from './replay.ts'

/** How an effect changes its record: a new value, a change of the value, a removal, or an expiry. */
type Deed = 'put' | 'patch' | 'remove' | 'expire'

/** The fields of an effect's row that folding needs. */
interface EffectRow extends RowTime {
  readonly threadId: ThreadId | null
}

interface KeyedState {
  readonly version: Seq
  readonly deleted: boolean
}

/** What an answer needs in addition to its effect. */
export interface Answering {
  readonly row: EffectRow
  /** The version of a record that the commit with that seq made; null if it is gone. */
  past(name: ChainName, version: Seq): PastVersion | null
}

/** How history reads the effects of a noun. */
interface PastOf<Own> {
  /** Whether the value after the effect needs no earlier version. */
  isBase(effect: Own): boolean
  /** The value after it; `base` is undefined if there was none. */
  valueAfter(base: Json | undefined, effect: Own): Json
}

/** The declaration of a noun. `Own` are its effects. */
export interface KeyedNoun<State extends KeyedState, Kind extends EffectKind> {
  readonly noun: Noun
  readonly deeds: Readonly<Record<Kind, Deed>>
  /** The key of its record among those of the space. */
  keyOf(effect: EffectOf<Kind>, row: Pick<EffectRow, 'threadId'>): string
  mapOf(records: SpaceRecords): Map<string, State>
  /** The key of its record when another effect displaced it. */
  displacedKey(key: string, row: Pick<EffectRow, 'threadId'>): string
  keep(state: State): Kept
  /** The record that compaction kept; null if it is of another noun. */
  kept(effect: EffectOf<'kept'>): { readonly key: string; readonly state: State } | null
  fold(before: State | null, effect: EffectOf<Kind>, row: EffectRow): State
  /** The empty row that a removed or expired record leaves. */
  tombstone(before: State, row: EffectRow): State
  answer(effect: EffectOf<Kind>, answering: Answering): ChangeResult
  /** Effects of this noun that an effect of another noun implies: a copied thread brings its blocks. */
  standsFor?(effect: Effect): readonly EffectOf<Kind>[]
  /** Absent for a noun without history. */
  readonly past?: PastOf<EffectOf<Kind>> & { valueOf(state: State): Json }
}

/** One version of a chain, as an effect made it. */
export interface VersionStep {
  readonly event: PastEvent
  readonly prev: Seq
  /** The value after it, from the value before; null for a removal. */
  readonly next: ((base: Json | undefined) => Json) | null
  readonly isBase: boolean
}

/** A keyed noun as the rest of the domain sees it, without its own types. */
export interface Keyed {
  readonly noun: Noun
  owns(effect: Effect): boolean
  /** Applies an effect to the records: of this noun, or one that displaced records of it. */
  replay(records: SpaceRecords, row: EffectRow, effect: Effect): void
  replayKept(records: SpaceRecords, effect: EffectOf<'kept'>): void
  answer(effect: Effect, answering: Answering): ChangeResult | null
  /** The records that compaction keeps: every existing one, at its version. */
  keep(records: SpaceRecords): Iterable<{ readonly version: Seq; readonly kept: Kept }>
  /** Removes tombstones up to a seq. */
  dropTombstones(records: SpaceRecords, upTo: Seq): void
  /** How an effect changed the record of that key; null if it did not. */
  step(effect: Effect, row: EffectRow, key: string): VersionStep | null
}

class KeyedByNoun<State extends KeyedState, Kind extends EffectKind> implements Keyed {
  readonly noun: Noun
  readonly #noun: KeyedNoun<State, Kind>

  constructor(noun: KeyedNoun<State, Kind>) {
    this.noun = noun.noun
    this.#noun = noun
  }

  owns(effect: Effect): effect is EffectOf<Kind> & Effect {
    return Object.hasOwn(this.#noun.deeds, effect.kind)
  }

  #displacedIn(effect: Effect) {
    return displacedBy(effect).filter((gone) => gone.noun === this.noun)
  }

  #remove(records: SpaceRecords, row: EffectRow, key: string): void {
    const map = this.#noun.mapOf(records)
    const before = map.get(key)
    if (before !== undefined) map.set(key, this.#noun.tombstone(before, row))
  }

  #replayOwn(records: SpaceRecords, row: EffectRow, effect: EffectOf<Kind>): void {
    const noun = this.#noun
    const key = noun.keyOf(effect, row)
    const map = noun.mapOf(records)
    const deed = noun.deeds[kindOf(effect)]
    if (deed === 'put' || deed === 'patch') map.set(key, noun.fold(map.get(key) ?? null, effect, row))
    else if (versionReplaced(effect as Effect) > 0) this.#remove(records, row, key)
  }

  replay(records: SpaceRecords, row: EffectRow, effect: Effect): void {
    for (const { key } of this.#displacedIn(effect)) this.#remove(records, row, this.#noun.displacedKey(key, row))
    for (const other of this.#noun.standsFor?.(effect) ?? []) this.#replayOwn(records, row, other)
    if (this.owns(effect)) this.#replayOwn(records, row, effect)
  }

  replayKept(records: SpaceRecords, effect: EffectOf<'kept'>): void {
    const kept = this.#noun.kept(effect)
    if (kept !== null) this.#noun.mapOf(records).set(kept.key, kept.state)
  }

  answer(effect: Effect, answering: Answering): ChangeResult | null {
    return this.owns(effect) ? this.#noun.answer(effect, answering) : null
  }

  *keep(records: SpaceRecords): Iterable<{ readonly version: Seq; readonly kept: Kept }> {
    for (const state of this.#noun.mapOf(records).values()) {
      if (!state.deleted) yield { version: state.version, kept: this.#noun.keep(state) }
    }
  }

  dropTombstones(records: SpaceRecords, upTo: Seq): void {
    const map = this.#noun.mapOf(records)
    for (const [key, state] of map) if (state.deleted && state.version <= upTo) map.delete(key)
  }

  #ownStep(effect: EffectOf<Kind>, past: PastOf<EffectOf<Kind>>): VersionStep | null {
    const kind = kindOf(effect)
    const deed = this.#noun.deeds[kind]
    const event = kind.slice(kind.indexOf('-') + 1) as PastEvent
    const prev = versionReplaced(effect as Effect)
    if (deed === 'remove' || deed === 'expire') return prev === 0 ? null : { event, prev, next: null, isBase: true }
    return { event, prev, next: (base) => past.valueAfter(base, effect), isBase: past.isBase(effect) }
  }

  #keptStep(effect: EffectOf<'kept'>, key: string, valueIn: (state: State) => Json): VersionStep | null {
    const kept = this.#noun.kept(effect)
    if (kept === null || kept.key !== key) return null
    const value = valueIn(kept.state)
    return { event: 'write', prev: 0, next: () => value, isBase: true }
  }

  step(effect: Effect, row: EffectRow, key: string): VersionStep | null {
    const { past, keyOf, displacedKey, standsFor } = this.#noun
    if (past === undefined) return null
    if (effect.kind === 'kept') return this.#keptStep(effect, key, past.valueOf)
    const stated = this.owns(effect) ? [effect] : (standsFor?.(effect) ?? [])
    const own = stated.find((candidate) => keyOf(candidate, row) === key)
    if (own !== undefined) return this.#ownStep(own, past)
    const erased = effect.kind === 'erased' ? ownRecord(effect) : null
    if (erased?.noun === this.noun && displacedKey(erased.key, row) === key) {
      return { event: 'erased', prev: versionReplaced(effect), next: null, isBase: true }
    }
    const gone = this.#displacedIn(effect).find((other) => displacedKey(other.key, row) === key)
    if (gone === undefined) return null
    const event = gone.field === 'pruned' ? 'prune' : gone.field === 'expired' ? 'expire' : 'delete'
    return { event, prev: gone.version, next: null, isBase: true }
  }
}

function kindOf<Kind extends EffectKind>(effect: EffectOf<Kind>): Kind {
  return (effect as Effect).kind as Kind
}

export function keyed<State extends KeyedState, Kind extends EffectKind>(noun: KeyedNoun<State, Kind>): Keyed {
  return new KeyedByNoun(noun)
}
