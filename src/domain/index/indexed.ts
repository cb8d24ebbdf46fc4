/** The searchable text of a record, and its entry in the index of words. */

import type { Author } from '../actor.ts'
import type { Effect, LogRow } from '../commit/effect.ts'
import { type FactId, parseFactId, type Seq } from '../id.ts'
import type { Json } from '../json.ts'
import type { Language } from '../language.ts'
import type { EntryState } from '../records/entry.ts'
import type { FactState } from '../records/fact.ts'
import { isInternal, type Message, type MessagePart } from '../records/message.ts'
import { isNoteFound, type NoteFields, noteOf } from '../records/observation.ts'
import type { RecordState } from '../records/record.ts'
import type { ThreadState } from '../records/thread.ts'
import { visibleMessages } from '../records/turn.ts'
import { type FoldSpace, foldTurn, slotsOf } from '../replay/turn-fold.ts'
import { msOf } from '../time.ts'
import { mentionsOf } from './mentions.ts'
import { namingOf } from './naming.ts'
import { speechOf } from './speech.ts'
import { type IndexedRecord, messageRef } from './word-segment.ts'
import { analyse } from './words.ts'

/** How much of one tool call's input and output is searched, UTF-16 units each. */
const toolTextLimit = 4_000

/** Texts and numbers inside a JSON value, in order, up to a length. */
function textOfJson(value: Json, limit: number): string {
  const texts: string[] = []
  let length = 0
  const visit = (inner: Json): void => {
    if (length >= limit) return
    if (typeof inner === 'string' || typeof inner === 'number') {
      const text = String(inner).slice(0, limit - length)
      texts.push(text)
      length += text.length + 1
    } else if (Array.isArray(inner)) for (const item of inner) visit(item)
    else if (typeof inner === 'object' && inner !== null) {
      for (const [key, item] of Object.entries(inner)) {
        texts.push(key)
        length += key.length + 1
        visit(item)
      }
    }
  }
  visit(value)
  return texts.join(' ')
}

/** The text parts of a message. */
export function spokenText(parts: readonly MessagePart[]): string {
  if (parts.length === 1 && parts[0]?.type === 'text') return typeof parts[0].text === 'string' ? parts[0].text : ''
  return parts.flatMap((part) => (part.type === 'text' && typeof part.text === 'string' ? [part.text] : [])).join('\n')
}

function unspokenText(part: MessagePart): string {
  if (isInternal(part)) return ''
  const isTool = part.type === 'dynamic-tool' || part.type.startsWith('tool-')
  if (isTool) {
    const { input = null, output = null, toolName = part.type.slice('tool-'.length) } = part
    return [toolName, textOfJson(input, toolTextLimit), textOfJson(output, toolTextLimit)].join(' ')
  }
  if (part.type === 'file') return typeof part.filename === 'string' ? part.filename : ''
  const isSource = part.type === 'source-url' || part.type === 'source-document'
  return isSource ? [part.title, part.url].filter((text) => typeof text === 'string').join(' ') : ''
}

/**
 * The searchable text of a message: its texts, then tool calls with their results, file names, sources. Calls of
 * memory's own tools repeat stored content, and are left out.
 */
export function messageText(parts: readonly MessagePart[]): string {
  const spoken = spokenText(parts)
  if (parts.every((part) => part.type === 'text')) return spoken
  return [spoken, ...parts.map(unspokenText)].filter((text) => text !== '').join('\n')
}

/** The days that a text speaks of, where it does. */
function mentioned(text: string, minute: number, language: Language): Pick<IndexedRecord, 'mentions'> {
  const mentions = mentionsOf(text, minute, language)
  return mentions.length === 0 ? {} : { mentions }
}

/** How a message was said, and what it says of times and names. */
function spokenFields(spoken: string, minute: number, language: Language) {
  if (spoken.trim() === '') return {}
  const naming = namingOf(spoken)
  return { speech: speechOf(spoken), ...mentioned(spoken, minute, language), ...(naming === null ? {} : { naming }) }
}

/** The minute of a time in milliseconds, as the index counts them. */
export function minuteOf(ms: number): number {
  return Math.floor(ms / 60_000)
}

/** The minute of an ISO time. */
export function minuteOfTime(iso: string): number {
  return minuteOf(msOf(iso))
}

/** A message at its place, as far as the index needs it. */
export interface IndexableMessage {
  readonly parts: readonly MessagePart[]
  readonly author: Author
  readonly createdAt: string
  readonly turn: number
  readonly index: number
  /** Seq of the commit that wrote its present content. */
  readonly seq: Seq
  readonly thread: Seq
}

/** What the index keeps of the content of a message. */
export type MessageWords = Pick<
  IndexedRecord,
  'chars' | 'isQuestion' | 'length' | 'terms' | 'speech' | 'mentions' | 'naming'
>

/** What the index keeps of the content of a message that was sent in a minute; null if it has no searchable text. */
export function messageWords(parts: readonly MessagePart[], minute: number, language: Language): MessageWords | null {
  const text = messageText(parts)
  if (text.trim() === '') return null
  const spoken = spokenText(parts)
  return {
    chars: spoken.length,
    isQuestion: spoken.trimEnd().endsWith('?'),
    ...analyse(text, language),
    ...spokenFields(spoken, minute, language),
  }
}

/** Words of messages that are known already; undefined for others. */
export interface KnownWords {
  wordsOf(parts: readonly MessagePart[], minute: number, language: Language): MessageWords | null | undefined
}

/** The message's entry in the index; null if it has no searchable text. */
export function indexedMessage(
  message: IndexableMessage,
  language: Language,
  known: KnownWords | null = null,
): IndexedRecord | null {
  const minute = minuteOfTime(message.createdAt)
  const ahead = known?.wordsOf(message.parts, minute, language)
  const words = ahead === undefined ? messageWords(message.parts, minute, language) : ahead
  if (words === null) return null
  return {
    kind: 'message',
    ref: messageRef(message.turn, message.index),
    seq: message.seq,
    thread: message.thread,
    author: message.author,
    minute,
    isSuperseded: false,
    ...words,
  }
}

/** How much of an entry's value is searched, UTF-16 units. */
const entryTextLimit = 8_000

/** The searchable text of an entry: its key, and the texts and numbers in its value. */
export function entryText({ key, value }: Pick<EntryState, 'key' | 'value'>): string {
  return `${key} ${textOfJson(value, entryTextLimit)}`
}

/** The entry's place among the records that recall scans. Entries are few and change often, so they are in no segment. */
export function indexedEntry(entry: EntryState, language: Language): IndexedRecord {
  const text = entryText(entry)
  const minute = minuteOfTime(entry.updatedAt)
  return {
    kind: 'entry',
    ref: entry.key,
    seq: entry.version,
    thread: 0,
    author: entry.writtenBy,
    minute,
    chars: text.length,
    isQuestion: false,
    isSuperseded: false,
    ...analyse(text, language),
    ...mentioned(text, minute, language),
  }
}

/** Whether words find a fact: none that is deleted, or waits for extraction. */
export function isFactIndexed({ deleted, status }: FactState): boolean {
  return !deleted && status !== 'queued'
}

/** The fact's entry in the index; null where there is none. */
export function indexedFact(fact: FactState, language: Language): IndexedRecord | null {
  if (!isFactIndexed(fact)) return null
  const { importance, validTo } = fact
  const minute = minuteOfTime(fact.validFrom)
  return {
    kind: 'fact',
    ref: factRef(fact.id),
    seq: fact.version,
    thread: 0,
    author: fact.assertedBy,
    minute,
    chars: fact.text.length,
    isQuestion: false,
    isSuperseded: fact.status === 'superseded',
    ...analyse(fact.text, language),
    ...mentioned(fact.text, minute, language),
    ...(importance === undefined ? {} : { importance: Math.round(100 * importance) }),
    ...(validTo === null ? {} : { until: minuteOfTime(validTo) }),
  }
}

/** The text of a note that words find. */
export function noteText({ text, refersTo }: Pick<NoteFields, 'text' | 'refersTo'>): string {
  return refersTo === undefined ? text : `${text} (${refersTo})`
}

/** The note's entry in the index; null for other records, and for notes that words do not find. */
export function indexedNote(record: RecordState, language: Language): IndexedRecord | null {
  if (!isNoteFound(record)) return null
  const note = noteOf(record.value)
  const minute = minuteOfTime(note.saidAt)
  return {
    kind: 'observation',
    ref: record.key,
    seq: record.version,
    thread: note.created,
    author: note.author ?? record.writtenBy,
    minute,
    chars: note.text.length,
    isQuestion: false,
    isSuperseded: false,
    ...analyse(noteText(note), language),
    ...mentioned(note.text, minute, language),
  }
}

/** How the index names a fact: by the last part of its id. */
export function factRef(id: FactId): string {
  return parseFactId(id)?.unique ?? id
}

function touchedBy(effect: Effect, count: number): readonly number[] {
  // Its messages left the index, or were not in it: now they are indexed as if they were new.
  if (effect.kind === 'turn-restored' || effect.kind === 'turn-answered')
    return Array.from({ length: count }, (_, i) => i)
  if (effect.kind === 'message-extend' || effect.kind === 'message-edit') return [effect.index]
  return slotsOf(effect).map((_, index) => count + index)
}

/**
 * For each message of a turn, the seq under which it is indexed: of the row that last wrote its content, or since which
 * its turn stands. `rows` are the turn's, by seq.
 */
export function contentSeqs(rows: readonly LogRow[]): readonly Seq[] {
  const seqs: Seq[] = []
  for (const row of rows) {
    for (const effect of row.effects) for (const index of touchedBy(effect, seqs.length)) seqs[index] = row.seq
  }
  return seqs
}

/** The entries of a turn's messages that are there now and were last written after a seq. */
export function indexedTurn(
  rows: readonly LogRow[],
  space: FoldSpace,
  thread: ThreadState | null,
  after: Seq,
  language: Language,
): readonly IndexedRecord[] {
  const turn = foldTurn(rows, space)
  if (turn === null || thread === null || thread.deleted) return []
  const seqs = contentSeqs(rows)
  const visible = new Set<Message>(visibleMessages(turn))
  return turn.messages.flatMap((message, index) => {
    const seq = seqs[index] ?? 0
    if (message === null || !visible.has(message) || seq <= after) return []
    const place = { turn: turn.turn, index, seq, thread: thread.createdSeq }
    return indexedMessage({ ...message, ...place }, language) ?? []
  })
}
