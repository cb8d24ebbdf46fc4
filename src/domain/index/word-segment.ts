/** Segments of words: the index of some dozens of records of one space, packed into a few thousand bytes. */
import type { Actor } from '../actor.ts'
import { packTurn, type Seq, unpackTurn } from '../id.ts'
import type { DaySpan } from '../time-spans/calendar.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { type Naming, namingKinds } from './naming.ts'
import { asksMark, marksOf, namesIn, replyMark, type Speech, timesIn } from './speech.ts'

/** Kinds of records that recall finds. Their place in this list is their number in a segment. */
export const recordKinds = ['message', 'fact', 'entry', 'observation'] as const
export type RecordKind = (typeof recordKinds)[number]

/** A record of a space by its kind and its place: `turnSeq.turnIndex.index` of a message, a key, an id's last part. */
export interface RecordRef {
  readonly kind: RecordKind
  readonly ref: string
}

/** What the index of words holds of one record. */
export interface IndexedRecord extends RecordRef {
  /** Seq of the commit that wrote its present content. */
  readonly seq: Seq
  /** The seq that made its thread; 0 for a record of no thread. */
  readonly thread: Seq
  readonly author: Actor
  /** Minutes since 1970, UTC. */
  readonly minute: number
  /** Length of its text in UTF-16 units. */
  readonly chars: number
  /** Its text ends in a question mark. */
  readonly isQuestion: boolean
  /** Another fact took its place. */
  readonly isSuperseded: boolean
  /** Words of the text that count, before repeats are capped. */
  readonly length: number
  /** Unsigned 32-bit hash of each of them, in any order, with a bounded number of repeats. */
  readonly terms: readonly number[]
  /** How a message was said; absent for other kinds, and for a message that has no text of its own. */
  readonly speech?: Speech
  /** Days that its text speaks of, other than its own day; absent for none. */
  readonly mentions?: readonly DaySpan[]
  /** How much a fact matters, in hundredths; absent where nobody said it. */
  readonly importance?: number
  /** The name that its author gives, or asks for; absent for none. */
  readonly naming?: Naming
  /** The minute at which a fact ended, or will; absent for one that has no end. */
  readonly until?: number
}

/** A segment read into columns; row `i` of each is record `i`. Rows are in order of `seqs`. */
export interface WordSegment {
  readonly count: number
  readonly seqs: Float64Array
  /** Index into {@link recordKinds}. */
  readonly kinds: Uint8Array
  /** Bits of {@link isQuestionFlag}, {@link isSupersededFlag} and {@link isDatedFlag}. */
  readonly flags: Uint8Array
  readonly threads: Float64Array
  /** Packed turn of a message; 0 for other kinds. */
  readonly turns: Float64Array
  /** Index in the turn; 0 for other kinds. */
  readonly indexes: Uint32Array
  readonly minutes: Int32Array
  readonly chars: Uint32Array
  readonly lengths: Uint32Array
  /** How a message was said, as {@link marksOf} packs it; 0 for what is not said. */
  readonly marks: Uint8Array
  /** How many words it has, and of these how many speak of its author and how many to somebody; 0 for what is not said. */
  readonly words: Uint16Array
  readonly firstPersons: Uint16Array
  readonly secondPersons: Uint16Array
  /** Index into `authorList`. */
  readonly authors: Uint16Array
  readonly authorList: readonly Actor[]
  /** References of records that are no messages; null for messages. */
  readonly refs: readonly (string | null)[]
  /** Record `i` has the terms from `starts[i]` up to `starts[i + 1]`. */
  readonly starts: Uint32Array
  readonly terms: Uint32Array
  /** The days that texts speak of, in order of their records; few texts do. */
  readonly mentions: readonly MentionedDays[]
  /** How much facts matter, in hundredths and one more; 0 where nobody said it. */
  readonly importances: Uint8Array
  /** Names that authors give or ask for, in order of their records. */
  readonly namings: readonly NamingAt[]
  /** When facts end, in order of their records; those without an end are not in it. */
  readonly endings: readonly EndingAt[]
}

/** Days that the text of record `i` of a segment speaks of. */
interface MentionedDays extends DaySpan {
  readonly i: number
}

/** A name that the author of record `i` of a segment gives or asks for. */
interface NamingAt extends Naming {
  readonly i: number
}

/** The minute at which the fact that is record `i` of a segment ends. */
interface EndingAt {
  readonly i: number
  readonly minute: number
}

export const isQuestionFlag = 1
export const isSupersededFlag = 2
/** Its text speaks of days. */
export const isDatedFlag = 4
/** It has an importance, a naming or an end. */
const hasMoreFlag = 8
/** The kind stands above the flags. */
const kindUnit = 16

const minutesPerDay = 1_440

/** The day of a minute, in UTC. */
export function dayOfMinute(minute: number): number {
  return Math.floor(minute / minutesPerDay)
}

/** Largest segment of more than one record, bytes: with its row it fits one page of 4,096. */
export const segmentBytes = 3_900

export function messageRef(turn: number, index: number): string {
  const { turnSeq, turnIndex } = unpackTurn(turn)
  return `${turnSeq}.${turnIndex}.${index}`
}

/** The turn and index that a message's reference names. */
export function parseMessageRef(ref: string): { readonly turn: number; readonly index: number } {
  const first = ref.indexOf('.')
  const second = ref.indexOf('.', first + 1)
  const turnSeq = Number(ref.slice(0, first))
  const turnIndex = Number(ref.slice(first + 1, second))
  return { turn: packTurn({ turnSeq, turnIndex }), index: Number(ref.slice(second + 1)) }
}

/** The reference of record `i` of a segment. */
export function refAt(segment: WordSegment, i: number): string {
  return segment.refs[i] ?? messageRef(segment.turns[i] as number, segment.indexes[i] as number)
}

/** How message `i` of a segment was said; null for what is not said. */
function speechAt({ marks, words, firstPersons, secondPersons }: WordSegment, i: number): Speech | null {
  const count = words[i] as number
  if (count === 0) return null
  const own = marks[i] as number
  return {
    asks: (own & asksMark) !== 0,
    isReply: (own & replyMark) !== 0,
    times: timesIn(own),
    names: namesIn(own),
    words: count,
    firstPerson: firstPersons[i] as number,
    secondPerson: secondPersons[i] as number,
  }
}

/** Record `i` of a segment, as it was packed. */
export function recordAt(segment: WordSegment, i: number): IndexedRecord {
  const at = (column: { readonly [row: number]: number }) => column[i] as number
  const flags = at(segment.flags)
  const speech = speechAt(segment, i)
  const mentions = segment.mentions.flatMap(({ i: place, from, to }) => (place === i ? [{ from, to }] : []))
  const importance = at(segment.importances)
  const naming = segment.namings.find((one) => one.i === i)
  const ending = segment.endings.find((one) => one.i === i)
  return {
    kind: recordKinds[at(segment.kinds)] as RecordKind,
    ref: refAt(segment, i),
    seq: at(segment.seqs),
    thread: at(segment.threads),
    author: segment.authorList[at(segment.authors)] as Actor,
    minute: at(segment.minutes),
    chars: at(segment.chars),
    isQuestion: (flags & isQuestionFlag) !== 0,
    isSuperseded: (flags & isSupersededFlag) !== 0,
    length: at(segment.lengths),
    terms: [...segment.terms.subarray(at(segment.starts), segment.starts[i + 1])],
    ...(speech === null ? {} : { speech }),
    ...(mentions.length === 0 ? {} : { mentions }),
    ...(importance === 0 ? {} : { importance: importance - 1 }),
    ...(naming === undefined ? {} : { naming: { kind: naming.kind, name: naming.name } }),
    ...(ending === undefined ? {} : { until: ending.minute }),
  }
}

/** Bytes that an author takes in a segment's dictionary, about. */
const authorBytes = 80

function hasMore({ importance, naming, until }: IndexedRecord): boolean {
  return importance !== undefined || naming !== undefined || until !== undefined
}

/** Bytes that a record takes in a segment, about: exact to the few bytes of its dictionary's share. */
function sizeOf(record: IndexedRecord): number {
  return (
    14 +
    (record.kind === 'message' ? 5 : record.ref.length * 2) +
    (record.speech === undefined ? 0 : 3) +
    (record.mentions === undefined ? 0 : 1 + 4 * record.mentions.length) +
    (hasMore(record) ? 8 + 3 * (record.naming?.name.length ?? 0) : 0) +
    4 * record.terms.length
  )
}

/** Whether two authors are one to the index; records of one author seldom share the object. */
function isSameAuthor(left: Actor, right: Actor): boolean {
  return left === right || (left.id === right.id && left.kind === right.kind && left.name === right.name)
}

/** Shares out records, in order, to segments of at most `limit` bytes; a record larger than that has its own. */
export function shareToSegments(
  records: readonly IndexedRecord[],
  limit = segmentBytes,
): readonly (readonly IndexedRecord[])[] {
  const shares: IndexedRecord[][] = []
  let authors: Actor[] = []
  let size = 0
  for (const record of records) {
    const own = sizeOf(record)
    const last = shares.at(-1)
    const isKnown = authors.some((author) => isSameAuthor(author, record.author))
    const added = own + (isKnown ? 0 : authorBytes)
    if (last === undefined || size + added > limit - 100) {
      shares.push([record])
      authors = [record.author]
      size = own + authorBytes
    } else {
      last.push(record)
      if (!isKnown) authors.push(record.author)
      size += added
    }
  }
  return shares
}

/** The version of the analyser that made a segment's terms; see {@link packWords}. */
export function segmentVersion(bytes: Uint8Array): number {
  return bytes[0] ?? 0
}

function authorKey({ kind, id, name }: Actor): string {
  return JSON.stringify(name === undefined ? [kind, id] : [kind, id, name])
}

/** The first authors of a segment are compared one by one, which is all that most segments need. */
const fewAuthors = 8

/** The dictionary of a segment's authors, and the place of each record's. */
function authorsOf(records: readonly IndexedRecord[]) {
  const authors: Actor[] = []
  const others = new Map<string, number>()
  const places = Uint16Array.from(records, ({ author }) => {
    const place = authors.findIndex((known, i) => i < fewAuthors && isSameAuthor(known, author))
    if (place !== -1) return place
    if (authors.length < fewAuthors) return authors.push(author) - 1
    const key = authorKey(author)
    const known = others.get(key)
    if (known !== undefined) return known
    others.set(key, authors.length)
    return authors.push(author) - 1
  })
  return { authors, places }
}

function writeSpeech(writer: ByteWriter, speech: Speech | undefined): void {
  writer.number(speech?.words ?? 0)
  if (speech === undefined) return
  writer.number(marksOf(speech))
  writer.number(speech.firstPerson)
  writer.number(speech.secondPerson)
}

function readSpeech(reader: ByteReader, { words, marks, firstPersons, secondPersons }: WordSegment, i: number): void {
  const count = reader.number()
  if (count === 0) return
  words[i] = count
  marks[i] = reader.number()
  firstPersons[i] = reader.number()
  secondPersons[i] = reader.number()
}

function flagsOf(record: IndexedRecord): number {
  return (
    (record.isQuestion ? isQuestionFlag : 0) +
    (record.isSuperseded ? isSupersededFlag : 0) +
    (record.mentions === undefined ? 0 : isDatedFlag) +
    (hasMore(record) ? hasMoreFlag : 0)
  )
}

/** Days are counted from that of the record. */
function writeMentions(writer: ByteWriter, { mentions = [], minute }: IndexedRecord): void {
  writer.number(mentions.length)
  for (const { from, to } of mentions) {
    writer.signed(from - dayOfMinute(minute))
    writer.number(to - from)
  }
}

function readMentions(reader: ByteReader, i: number, minute: number, into: MentionedDays[]): void {
  for (let left = reader.count(); left > 0; left--) {
    const from = dayOfMinute(minute) + reader.signed()
    into.push({ i, from, to: from + reader.number() })
  }
}

function writeMore(writer: ByteWriter, { importance, naming, until, minute }: IndexedRecord): void {
  writer.number(importance === undefined ? 0 : importance + 1)
  writer.number(naming === undefined ? 0 : namingKinds.indexOf(naming.kind) + 1)
  if (naming !== undefined) writer.text(naming.name)
  writer.number(until === undefined ? 0 : 1)
  if (until !== undefined) writer.signed(until - minute)
}

function readMore(reader: ByteReader, i: number, { importances, minutes }: WordSegment, lists: GrowingLists): void {
  importances[i] = reader.number()
  const kind = namingKinds[reader.number() - 1]
  if (kind !== undefined) lists.namings.push({ i, kind, name: reader.text() })
  if (reader.number() === 1) lists.endings.push({ i, minute: (minutes[i] as number) + reader.signed() })
}

/** Packs records, in order of seq, into one segment. `version` (below 128) is the analyser's. */
export function packWords(records: readonly IndexedRecord[], version: number): Uint8Array {
  const writer = new ByteWriter()
  const { authors, places } = authorsOf(records)
  const threads = new Map<Seq, number>()
  for (const { thread } of records) if (!threads.has(thread)) threads.set(thread, threads.size)
  writer.number(version)
  writer.number(records.length)
  writer.number(authors.length)
  for (const author of authors) writer.text(authorKey(author))
  writer.number(threads.size)
  for (const thread of threads.keys()) writer.number(thread)
  let seq = 0
  let minute = 0
  for (const [i, record] of records.entries()) {
    writer.number(recordKinds.indexOf(record.kind) * kindUnit + flagsOf(record))
    writer.number(record.seq - seq)
    seq = record.seq
    if (record.kind === 'message') {
      const { turn, index } = parseMessageRef(record.ref)
      const { turnSeq, turnIndex } = unpackTurn(turn)
      writer.number(seq - turnSeq)
      writer.number(turnIndex)
      writer.number(index)
    } else writer.text(record.ref)
    writer.number(threads.get(record.thread) as number)
    writer.number(places[i] as number)
    writer.signed(record.minute - minute)
    minute = record.minute
    writer.number(record.chars)
    writer.number(record.length)
    writer.number(record.terms.length)
    if (record.kind === 'message') writeSpeech(writer, record.speech)
    if (record.mentions !== undefined) writeMentions(writer, record)
    if (hasMore(record)) writeMore(writer, record)
  }
  const terms = new Uint32Array(records.reduce((sum, record) => sum + record.terms.length, 0))
  let at = 0
  for (const record of records) {
    terms.set(record.terms, at)
    at += record.terms.length
  }
  writer.align(4)
  writer.bytes(new Uint8Array(terms.buffer))
  return writer.done()
}

/** The lists of a segment that grow while it is read. */
interface GrowingLists {
  readonly refs: (string | null)[]
  readonly mentions: MentionedDays[]
  readonly namings: NamingAt[]
  readonly endings: EndingAt[]
}

function emptySegment(count: number, authorList: readonly Actor[], lists: GrowingLists): WordSegment {
  return {
    count,
    seqs: new Float64Array(count),
    kinds: new Uint8Array(count),
    flags: new Uint8Array(count),
    threads: new Float64Array(count),
    turns: new Float64Array(count),
    indexes: new Uint32Array(count),
    minutes: new Int32Array(count),
    chars: new Uint32Array(count),
    lengths: new Uint32Array(count),
    marks: new Uint8Array(count),
    words: new Uint16Array(count),
    firstPersons: new Uint16Array(count),
    secondPersons: new Uint16Array(count),
    authors: new Uint16Array(count),
    authorList,
    ...lists,
    importances: new Uint8Array(count),
    starts: new Uint32Array(count + 1),
    terms: new Uint32Array(0),
  }
}

function readAuthor(text: string): Actor {
  const [kind, id, name] = JSON.parse(text) as [Actor['kind'], string, string | undefined]
  return name === undefined ? { kind, id } : { kind, id, name }
}

/** Reads a segment back into columns. */
export function unpackWords(bytes: Uint8Array): WordSegment {
  const reader = new ByteReader(bytes)
  reader.number()
  const count = reader.count()
  const authorList = Array.from({ length: reader.count() }, () => readAuthor(reader.text()))
  const threads = Array.from({ length: reader.count() }, () => reader.number())
  const lists: GrowingLists = { refs: [], mentions: [], namings: [], endings: [] }
  const { refs, mentions } = lists
  const segment = emptySegment(count, authorList, lists)
  let seq = 0
  let minute = 0
  let start = 0
  for (let i = 0; i < count; i++) {
    const head = reader.number()
    const kind = Math.floor(head / kindUnit)
    segment.kinds[i] = kind
    segment.flags[i] = head % kindUnit
    seq += reader.number()
    segment.seqs[i] = seq
    if (kind === 0) {
      const turnSeq = seq - reader.number()
      segment.turns[i] = packTurn({ turnSeq, turnIndex: reader.number() })
      segment.indexes[i] = reader.number()
      refs.push(null)
    } else refs.push(reader.text())
    segment.threads[i] = threads[reader.number()] as number
    segment.authors[i] = reader.number()
    minute += reader.signed()
    segment.minutes[i] = minute
    segment.chars[i] = reader.number()
    segment.lengths[i] = reader.number()
    start += reader.number()
    segment.starts[i + 1] = start
    if (kind === 0) readSpeech(reader, segment, i)
    if ((head & isDatedFlag) !== 0) readMentions(reader, i, minute, mentions)
    if ((head & hasMoreFlag) !== 0) readMore(reader, i, segment, lists)
  }
  return { ...segment, terms: reader.words(start) }
}
