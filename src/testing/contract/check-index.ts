/** Compares the index of words of a space with its readers: every record once, with its present words. */

import type { Access } from '../../domain/actor.ts'
import type { SpaceId } from '../../domain/id.ts'
import { indexedEntry, messageText, spokenText } from '../../domain/index/indexed.ts'
import { mentionsOf } from '../../domain/index/mentions.ts'
import { namingOf } from '../../domain/index/naming.ts'
import { speechOf } from '../../domain/index/speech.ts'
import { vectorRecordAt } from '../../domain/index/vector-segment.ts'
import { type IndexedRecord, messageRef, recordAt } from '../../domain/index/word-segment.ts'
import { analyse } from '../../domain/index/words.ts'
import type { Language } from '../../domain/language.ts'
import type { FactState } from '../../domain/records/fact.ts'
import type { Message } from '../../domain/records/message.ts'
import { noteOf, observationNoun } from '../../domain/records/observation.ts'
import type { RecordState } from '../../domain/records/record.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import type { FoundRecord, PlacedMessage, Storage } from '../../ports/storage.ts'
import { allThreads } from './all-threads.ts'
import { expectEqual, expectTrue } from './assert.ts'

type Expected = Omit<IndexedRecord, 'seq'>

const sorted = (terms: readonly number[]) => terms.toSorted((left, right) => left - right)

/** The days that a text speaks of. */
function daysIn(text: string, saidAt: string, language: Language): Pick<Expected, 'mentions'> {
  const mentions = mentionsOf(text, Math.floor(Date.parse(saidAt) / 60_000), language)
  return mentions.length === 0 ? {} : { mentions }
}

function expectedSpeech(spoken: string, saidAt: string, language: Language): Partial<Expected> {
  if (spoken.trim() === '') return {}
  const naming = namingOf(spoken)
  return { speech: speechOf(spoken), ...daysIn(spoken, saidAt, language), ...(naming === null ? {} : { naming }) }
}

function expectedOf({ message, turn, index }: PlacedMessage, thread: ThreadState, language: Language): Expected | null {
  const text = messageText(message.parts)
  if (text.trim() === '') return null
  const { length, terms } = analyse(text, language)
  const { kind, id, name } = message.author
  return {
    kind: 'message',
    ref: messageRef(turn, index),
    thread: thread.createdSeq,
    author: { kind, id, ...(name === undefined ? {} : { name }) },
    minute: Math.floor(Date.parse(message.createdAt) / 60_000),
    chars: spokenText(message.parts).length,
    isQuestion: spokenText(message.parts).trimEnd().endsWith('?'),
    isSuperseded: false,
    length,
    terms: sorted(terms),
    ...expectedSpeech(spokenText(message.parts), message.createdAt, language),
  }
}

function expectedFact(fact: FactState, language: Language): Expected {
  const { length, terms } = analyse(fact.text, language)
  const { kind, id, name } = fact.assertedBy
  return {
    kind: 'fact',
    ref: fact.id.split('_').slice(2).join('_'),
    thread: 0,
    author: { kind, id, ...(name === undefined ? {} : { name }) },
    minute: Math.floor(Date.parse(fact.validFrom) / 60_000),
    chars: fact.text.length,
    isQuestion: false,
    isSuperseded: fact.status === 'superseded',
    length,
    terms: sorted(terms),
    ...daysIn(fact.text, fact.validFrom, language),
    ...(fact.importance === undefined ? {} : { importance: Math.round(fact.importance * 100) }),
    ...(fact.validTo === null ? {} : { until: Math.floor(Date.parse(fact.validTo) / 60_000) }),
  }
}

function expectedNote({ key, value, writtenBy }: RecordState, language: Language): Expected {
  const note = noteOf(value)
  const { length, terms } = analyse(
    note.refersTo === undefined ? note.text : `${note.text} (${note.refersTo})`,
    language,
  )
  const { kind, id, name } = note.author ?? writtenBy
  return {
    kind: 'observation',
    ref: key,
    thread: note.created,
    author: { kind, id, ...(name === undefined ? {} : { name }) },
    minute: Math.floor(Date.parse(note.saidAt) / 60_000),
    chars: note.text.length,
    isQuestion: false,
    isSuperseded: false,
    length,
    terms: sorted(terms),
    ...daysIn(note.text, note.saidAt, language),
  }
}

async function factsOf(storage: Storage, access: Access, space: SpaceId): Promise<readonly FactState[]> {
  const all = { attributes: {}, statuses: ['current', 'superseded'], order: 'oldest', after: null } as const
  return (await storage.facts.list(access, space, { ...all, limit: 100_000 })).items
}

/** Fails unless every vector is of the present content of an existing record, once for each embedder. */
async function checkVectors(
  storage: Storage,
  access: Access,
  space: SpaceId,
  indexed: readonly IndexedRecord[],
): Promise<void> {
  const nameOf = ({ kind, seq, ref }: Pick<IndexedRecord, 'kind' | 'seq' | 'ref'>) => `${kind} ${ref} at ${seq}`
  const there = new Set(indexed.map(nameOf))
  for (const { fingerprint, dimensions } of await storage.vectors.embeddings(access)) {
    const { vectors } = await storage.index.scan(access, space, fingerprint)
    const seen = new Set<string>()
    for (const segment of vectors) {
      expectEqual(segment.dimensions, dimensions, 'the dimensions of a segment')
      for (let row = 0; row < segment.count; row++) {
        const record = vectorRecordAt(segment, row)
        const name = nameOf(record)
        const entry = record.kind === 'entry' ? (await storage.entries.get(access, space, record.ref)).record : null
        const isThere = record.kind === 'entry' ? entry === null || entry.version === record.seq : there.has(name)
        expectTrue(isThere, `the vector of ${name} is of no record that is there`)
        expectTrue(!seen.has(name), `${name} has vectors of ${fingerprint} twice`)
        seen.add(name)
      }
    }
  }
}

interface Records {
  readonly expected: Map<string, Expected>
  /** The expected result of reading each of them. */
  readonly content: Map<string, Message | FactState | RecordState>
}

/** Everything with words that readers list, in the form of the index. */
async function listedRecords(storage: Storage, access: Access, space: SpaceId, language: Language): Promise<Records> {
  const records: Records = { expected: new Map(), content: new Map() }
  const add = (record: Expected | null, content: Message | FactState | RecordState) => {
    if (record === null) return
    records.expected.set(record.ref, record)
    records.content.set(record.ref, content)
  }
  const threads = await storage.threads.list(access, space, allThreads)
  for (const thread of threads.items) {
    const all = { after: null, asOf: null, limit: 100_000, offset: 0, from: null, to: null } as const
    const page = await storage.messages.list(access, space, { threadId: thread.id, direction: 'asc', ...all })
    for (const place of page.items) add(expectedOf(place, thread, language), place.message)
  }
  for (const fact of await factsOf(storage, access, space)) add(expectedFact(fact, language), fact)
  const notes = await storage.records.list(access, space, observationNoun, { prefix: '', after: null, limit: 100_000 })
  for (const note of notes.items) if (noteOf(note.value).chunk > 0) add(expectedNote(note, language), note)
  return records
}

/** The content of a record that was read. */
function contentOf(read: FoundRecord | null): Message | FactState | RecordState | null {
  if (read?.kind === 'message') return read.message
  if (read?.kind === 'observation') return read.note
  return read?.kind === 'fact' ? read.fact : null
}

/** Fails unless the words of entries are those of exactly the entries that are listed. */
async function checkEntries(storage: Storage, access: Access, space: SpaceId, language: Language): Promise<void> {
  const words = await storage.index.entryWords(access, space)
  const { items } = await storage.entries.list(access, space, { prefix: '', after: null, limit: 100_000 })
  const indexed = words.flatMap((segment) => Array.from({ length: segment.count }, (_, row) => recordAt(segment, row)))
  const inOrder = (records: readonly IndexedRecord[]) =>
    new Map(records.map((record) => [record.ref, { ...record, terms: sorted(record.terms) }]))
  const expected = inOrder(items.map((entry) => indexedEntry(entry, language)))
  expectEqual(indexed.length, expected.size, 'as many entries have words as are listed')
  for (const [key, record] of inOrder(indexed)) expectEqual(record, expected.get(key), `the words of entry ${key}`)
  for (const { seqs } of words) expectEqual([...seqs], sorted([...seqs]), 'entries of a segment are in order of seq')
}

/** Fails unless a scan of the space gives exactly the existing records, and reading them gives their content. */
export async function checkIndex(storage: Storage, access: Access, space: SpaceId): Promise<void> {
  const { words, language } = await storage.index.scan(access, space, null)
  const indexed = words.flatMap((segment) => Array.from({ length: segment.count }, (_, row) => recordAt(segment, row)))
  const seqs = indexed.map(({ seq }) => seq)
  expectEqual(seqs, sorted(seqs), 'indexed records are in order of seq')
  const { expected, content } = await listedRecords(storage, access, space, language)
  const found = await storage.index.read(access, space, indexed)
  for (const [at, { seq, ...record }] of indexed.entries()) {
    const there = expected.get(record.ref)
    const read = found[at] ?? null
    // A fact that has expired and was not swept yet is in the index, and nobody can read it.
    if (record.kind === 'fact' && there === undefined && read === null) continue
    expectTrue(there !== undefined, `${record.kind} ${record.ref} is indexed at ${seq}, but not there, or twice`)
    expectEqual({ ...record, terms: sorted(record.terms) }, there, `${record.kind} ${record.ref} in the index`)
    expectEqual(contentOf(read), content.get(record.ref), `${record.kind} ${record.ref} as it is read`)
    expected.delete(record.ref)
  }
  expectEqual([...expected.keys()], [], 'every record that is there is indexed')
  await checkEntries(storage, access, space, language)
  await checkVectors(storage, access, space, indexed)
}
