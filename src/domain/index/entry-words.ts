/**
 * The words of a space's entries. Entries change often, so no segment of the file has them: a process keeps what it once
 * analysed, and analyses again what has changed.
 */
import type { Effect } from '../commit/effect.ts'
import { ownRecord, replacedBy } from '../commit/effect-names.ts'
import type { Language } from '../language.ts'
import type { EntryState } from '../records/entry.ts'
import { liveState } from '../records/keyed-state.ts'
import { indexedEntry } from './indexed.ts'
import { type IndexedRecord, packWords, unpackWords, type WordSegment } from './word-segment.ts'
import { analyserVersion } from './words.ts'

/** Entries of one segment at most. A change makes the segment of its entry again. */
const entriesTogether = 64
/** Bytes that an entry takes besides its words and its key, about. */
const overheadBytes = 400

interface KnownEntry {
  readonly record: IndexedRecord
  readonly expiresAt: string | null
}

interface Share {
  readonly entries: Map<string, KnownEntry>
  /** null after a change. */
  segment: WordSegment | null
}

/** Bytes in memory: the words stand in the record and in the segment. */
function bytesOf({ record }: KnownEntry): number {
  return overheadBytes + record.ref.length * 4 + record.terms.length * 12
}

function packed(entries: Iterable<KnownEntry>): WordSegment {
  const records = Array.from(entries, ({ record }) => record).sort((left, right) => left.seq - right.seq)
  return unpackWords(packWords(records, analyserVersion))
}

export class EntryWords {
  readonly language: Language
  readonly #shares = new Set<Share>()
  readonly #shareOf = new Map<string, Share>()
  /** Those whose segments are to be made. */
  readonly #changed = new Set<Share>()
  /** With room for another entry. */
  #open: Share | null = null
  /** The first time at which one of them expires; null if none does. */
  #nextExpiry: string | null = null
  #bytes = 0

  constructor(language: Language) {
    this.language = language
  }

  /** How much memory it takes, about. */
  get bytes(): number {
    return this.#bytes
  }

  /** Takes in an entry, or its new value. One that is deleted is left out. */
  put(entry: EntryState): void {
    const share = this.#shareOf.get(entry.key) ?? this.#shareWithRoom()
    this.#drop(entry.key)
    if (entry.deleted) return
    const known: KnownEntry = { record: indexedEntry(entry, this.language), expiresAt: entry.expiresAt }
    this.#bytes += bytesOf(known)
    share.entries.set(entry.key, known)
    this.#change(share)
    this.#shares.add(share)
    this.#shareOf.set(entry.key, share)
    this.#noteExpiry(entry.expiresAt)
  }

  /** Takes out an entry that is gone. */
  drop(key: string): void {
    this.#drop(key)
  }

  /** Makes the segments of entries that are complete already, so that not all are made at the end. */
  pack(): void {
    for (const share of this.#changed) if (share.entries.size >= entriesTogether) this.#segmentOf(share)
  }

  /** The words of the entries that are present at a time, in segments that stay the same as long as their entries do. */
  segments(at: string): readonly WordSegment[] {
    if (this.#nextExpiry !== null && this.#nextExpiry <= at) this.#dropExpired(at)
    return Array.from(this.#shares, (share) => this.#segmentOf(share))
  }

  #segmentOf(share: Share): WordSegment {
    share.segment ??= packed(share.entries.values())
    this.#changed.delete(share)
    return share.segment
  }

  #change(share: Share): void {
    share.segment = null
    this.#changed.add(share)
  }

  #drop(key: string): void {
    const share = this.#shareOf.get(key)
    const known = share?.entries.get(key)
    if (share === undefined || known === undefined) return
    this.#bytes -= bytesOf(known)
    share.entries.delete(key)
    this.#shareOf.delete(key)
    this.#change(share)
    if (share.entries.size > 0) return
    this.#shares.delete(share)
    this.#changed.delete(share)
  }

  #shareWithRoom(): Share {
    if (this.#open === null || this.#open.entries.size >= entriesTogether) {
      this.#open = { entries: new Map(), segment: null }
    }
    return this.#open
  }

  #noteExpiry(expiresAt: string | null): void {
    if (expiresAt === null) return
    if (this.#nextExpiry === null || expiresAt < this.#nextExpiry) this.#nextExpiry = expiresAt
  }

  #dropExpired(at: string): void {
    this.#nextExpiry = null
    for (const share of this.#shares) {
      for (const [key, { expiresAt }] of share.entries) {
        if (expiresAt !== null && expiresAt <= at) this.#drop(key)
        else this.#noteExpiry(expiresAt)
      }
    }
  }
}

/** The words of some entries that are present at a time: what {@link EntryWords} keeps, made at once. */
export function wordsOfEntries(entries: Iterable<EntryState>, language: Language, at: string): readonly WordSegment[] {
  const words = new EntryWords(language)
  for (const entry of entries) if (liveState(entry, at) !== null) words.put(entry)
  return words.segments(at)
}

/**
 * Adds the keys of the entries that some effects touch; false if they may have touched others, whose names were erased with
 * them.
 */
export function addEntryKeys(effects: readonly Effect[], keys: Set<string>): boolean {
  for (const effect of effects) {
    if (effect.kind === 'erase' || effect.kind === 'erased' || effect.kind === 'kept') return false
    const own = ownRecord(effect)
    if (own?.noun === 'entry') keys.add(own.key)
    for (const { noun, key } of replacedBy(effect)) if (noun === 'entry') keys.add(key)
  }
  return true
}
