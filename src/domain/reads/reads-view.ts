/** A view of a space over answered reads. It throws for anything that was not read. */

import type { LogRow } from '../commit/effect.ts'
import { factIdOf, runIdOf, type Seq, type SpaceKey, type ThreadId } from '../id.ts'
import type { BlockState } from '../records/block.ts'
import type { EntryState } from '../records/entry.ts'
import type { FactState } from '../records/fact.ts'
import { entryLease, type LeaseState } from '../records/lease.ts'
import type { RecordState } from '../records/record.ts'
import type { RunState } from '../records/run.ts'
import type { ThreadState } from '../records/thread.ts'
import type { MessagePlace } from '../records/turn.ts'
import type { SpaceView, Tombstone } from '../replay/space-view.ts'
import type { SpaceState } from '../space.ts'
import { type Answers, pageOfReads, type Read, type ReadKind, type ReadOf, readKey } from './read.ts'

/**
 * Thrown when a decision needs something that was not read. It is not an error: the caller reads it and decides again.
 * Nothing in the domain may catch it.
 */
export class NotRead extends Error {
  readonly reads: readonly Read[]

  constructor(reads: readonly Read[]) {
    super(`Not read: ${reads.map(({ of }) => of).join(', ')}.`)
    this.name = 'NotRead'
    this.reads = reads
  }
}

export class ReadsView implements SpaceView {
  readonly #answers = new Map<string, unknown>()
  readonly #rows = new Map<Seq, readonly LogRow[]>()
  readonly #facts = new Map<string, FactState>()
  readonly #leases = new Map<string, LeaseState | null>()
  space: SpaceState | null = null

  /** Takes the answers. `space` comes with every answer, because decisions also depend on settings and counters. */
  add(space: SpaceState | null, reads: readonly Read[], answers: readonly unknown[]): void {
    this.space = space
    for (const [index, read] of reads.entries()) {
      const answer = answers[index]
      this.#answers.set(readKey(read), answer)
      if (space !== null) this.#addNamed(space.key, read, answer)
      if (read.of === 'commit' || read.of === 'version') this.#addRows((answer ?? []) as readonly LogRow[])
      else if (read.of === 'rows-holding') this.#addRows((answer as Answers['rows-holding']).items)
      else if (read.of === 'fact' || read.of === 'fact-named') {
        for (const fact of answer as Answers['fact']) this.#facts.set(fact.id, fact)
      } else if (read.of === 'turn-leases') this.#addLeases(answer as Answers['turn-leases'])
      else if (read.of === 'oldest-entries') this.#addOldest(answer as Answers['oldest-entries'])
    }
  }

  /** Entries that may be pruned: those without a lease in the answer. */
  #addOldest({ items, leases }: Answers['oldest-entries']): void {
    for (const { key } of items) this.#leases.set(entryLease(key), null)
    this.#addLeases(leases)
  }

  #addLeases(leases: readonly LeaseState[]): void {
    for (const lease of leases) this.#leases.set(lease.name, lease)
  }

  /** A read by the last part of an id also answers the read by the whole id. */
  #addNamed(key: SpaceKey, read: Read, answer: unknown): void {
    if (read.of === 'fact-named') this.#answers.set(readKey({ of: 'fact', id: factIdOf(key, read.unique) }), answer)
    if (read.of === 'run-named') this.#answers.set(readKey({ of: 'run', id: runIdOf(key, read.unique) }), answer)
  }

  /** Rows of whole commits. */
  #addRows(rows: readonly LogRow[]): void {
    for (const [seq, ofCommit] of Map.groupBy(rows, (row) => row.seq)) this.#rows.set(seq, ofCommit)
  }

  has(read: Read): boolean {
    return this.#answers.has(readKey(read))
  }

  /** The answer of a read if it was read; undefined otherwise. */
  peek<Kind extends ReadKind>(read: ReadOf<Kind>): Answers[Kind] | undefined {
    return this.#answers.get(readKey(read as unknown as Read)) as Answers[Kind] | undefined
  }

  #get<Kind extends ReadKind>(read: ReadOf<Kind>): Answers[Kind] {
    const answer = this.peek(read)
    if (answer === undefined) throw new NotRead([read as unknown as Read])
    return answer
  }

  /** The answers of reads of one kind; all that are missing are asked for at once. */
  #all<Kind extends ReadKind>(reads: readonly ReadOf<Kind>[]): readonly Answers[Kind][] {
    const missing = reads.filter((read) => this.peek(read) === undefined)
    if (missing.length > 0) throw new NotRead(missing as unknown as readonly Read[])
    return reads.map((read) => this.#get(read))
  }

  *#pages<Item>(
    pageAt: (offset: number) => { readonly items: readonly Item[]; readonly more: boolean },
  ): Generator<Item> {
    for (let offset = 0; ; offset += pageOfReads) {
      const { items, more } = pageAt(offset)
      yield* items
      if (!more) return
    }
  }

  committed(id: string): readonly LogRow[] | null {
    return this.#get({ of: 'commit', id })
  }

  rowsAt(seq: Seq): readonly LogRow[] {
    return this.#rows.get(seq) ?? this.#get({ of: 'rows', seq })
  }

  thread(id: string): ThreadState | null {
    return this.#get({ of: 'thread', id })
  }

  turnRows(threadId: ThreadId, turn: number): readonly LogRow[] {
    return this.#get({ of: 'turn', threadId, turn })
  }

  threadRows(threadId: ThreadId): readonly LogRow[] {
    return [...this.#pages((offset) => this.#get({ of: 'thread-rows', threadId, offset }))]
  }

  rowsHolding(texts: readonly string[]): readonly LogRow[] {
    return [...this.#pages((offset) => this.#get({ of: 'rows-holding', texts, offset }))]
  }

  callerMessages(threadId: string, id: string): readonly MessagePlace[] {
    return this.#get({ of: 'message-id', threadId, id })
  }

  block(threadId: ThreadId | null, name: string): BlockState | null {
    return this.#get({ of: 'block', threadId, name })
  }

  threadBlocks(threadId: ThreadId): readonly BlockState[] {
    return this.#get({ of: 'thread-blocks', threadId })
  }

  entry(key: string): EntryState | null {
    return this.#get({ of: 'entry', key })
  }

  expiredEntries(at: string): Iterable<EntryState> {
    return this.#pages((offset) => this.#get({ of: 'expired-entries', at, offset }))
  }

  oldestEntries(): Iterable<EntryState> {
    return this.#pages((offset) => this.#get({ of: 'oldest-entries', offset }))
  }

  fact(id: string): FactState | null {
    return this.#facts.get(id) ?? this.#get({ of: 'fact', id })[0] ?? null
  }

  factsFrom(sources: readonly string[]): Iterable<FactState> {
    return this.#pages((offset) => this.#get({ of: 'facts-from', sources, offset }))
  }

  factsByText(key: number): Iterable<FactState> {
    const facts = this.#get({ of: 'facts-by-text', key })
    for (const fact of facts) if (!this.#facts.has(fact.id)) this.#facts.set(fact.id, fact)
    return facts
  }

  lastFactSeq(): Seq {
    return this.#get({ of: 'last-fact' })
  }

  record(name: string): RecordState | null {
    return this.#get({ of: 'record', name })
  }

  recordsUnder(noun: string, prefix: string): Iterable<RecordState> {
    return this.#pages((offset) => this.#get({ of: 'records-under', noun, prefix, offset }))
  }

  recordsLabelled(noun: string, label: string): Iterable<RecordState> {
    return this.#pages((offset) => this.#get({ of: 'records-labelled', noun, label, offset }))
  }

  keyedHash(text: string): string {
    return this.#get({ of: 'keyed-hash', text })
  }

  keyedHashes(texts: readonly string[]): readonly string[] {
    return this.#all(texts.map((text): ReadOf<'keyed-hash'> => ({ of: 'keyed-hash', text })))
  }

  tombstones(texts: readonly string[]): readonly Tombstone[] {
    return this.#all(texts.map((text): ReadOf<'tombstone'> => ({ of: 'tombstone', text })))
  }

  callerIds(threadId: ThreadId): Iterable<string> {
    return this.#pages((offset) => this.#get({ of: 'caller-ids', threadId, offset }))
  }

  hasRecords(): boolean {
    return this.#get({ of: 'any-record' })
  }

  run(id: string): RunState | null {
    return this.#get({ of: 'run', id })
  }

  threadRuns(threadId: ThreadId): Iterable<RunState> {
    return this.#pages((offset) => this.#get({ of: 'thread-runs', threadId, offset }))
  }

  lease(name: string): LeaseState | null {
    const known = this.#leases.get(name)
    return known === undefined ? this.#get({ of: 'lease', name }) : known
  }

  turnLeases(threadId: ThreadId): readonly string[] {
    return this.#get({ of: 'turn-leases', threadId }).map(({ name }) => name)
  }
}
