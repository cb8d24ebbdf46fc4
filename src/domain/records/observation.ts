/**
 * Observations: notes condensed from the messages of a thread, and the head that says how far a thread was observed. Notes
 * come in chunks: what one cycle made of the messages between two places. A chunk goes as a whole.
 */
import type { Author } from '../actor.ts'
import { type ObservationId, observationIdOf, type Seq, type SpaceKey } from '../id.ts'
import type { JsonObject } from '../json.ts'
import type { Trust } from '../trust.ts'
import type { RecordState } from './record.ts'
import type { ThreadState } from './thread.ts'

/** The noun of a note. */
export const observationNoun = 'observation'
/** The noun of the head of a thread. */
export const headNoun = 'observation-head'

export const observationPriorities = ['high', 'medium', 'low', 'done'] as const
/** How much a note matters; `done` is settled, and kept for the record. */
export type ObservationPriority = (typeof observationPriorities)[number]

export const observationKinds = ['note', 'task', 'suggestion'] as const
/** What a note is: something that was said, what is being done now, or how to go on. */
export type ObservationKind = (typeof observationKinds)[number]

export const observationMakers = ['model', 'extraction'] as const
/** What made a note: a language model, or rules that extract sentences. */
export type ObservationMaker = (typeof observationMakers)[number]

/** The place of a message in its thread: its packed turn, and its index there. */
export interface Place {
  readonly turn: number
  readonly index: number
}

/** The messages behind one place (null: from the first on) up to and with another. */
export interface Span {
  readonly after: Place | null
  readonly to: Place
}

/** What a cycle submits as a note. */
export interface NoteInput {
  readonly text: string
  readonly kind?: ObservationKind
  readonly priority: ObservationPriority
  readonly made: ObservationMaker
  /** ISO time at which it was said. */
  readonly saidAt: string
  /** The time that it is about: an ISO date or time, or words. */
  readonly refersTo?: string
  /** Who said it, if it was one. */
  readonly author?: Author
  /** The lowest trust of those who said it. */
  readonly trust?: Trust
  /** The first and the last message that it condenses, both inclusive. */
  readonly from: Place
  readonly until: Place
}

/** A note as drivers store it: the fields of its record. */
export interface NoteFields extends NoteInput {
  readonly threadId: string
  /** Seq of the commit that created the thread. */
  readonly created: Seq
  readonly kind: ObservationKind
  readonly trust: Trust
  /** The number of its chunk among those of its thread. 0 for a reflection. */
  readonly chunk: number
  /** The generation that a reflection made; for others the one that was current when it was observed. */
  readonly generation: number
  /** The messages of its chunk; of a reflection, all that it condenses. */
  readonly after: Place | null
  readonly to: Place
}

/** A cycle at work. Its end is refused unless the claim is still there: what changes meanwhile takes it away. */
interface CycleClaim {
  /** Seq of the commit that began the cycle. */
  readonly claim: Seq
  /** ISO time after which another process may begin. */
  readonly until: string
}

/** A generation: the last chunk that its reflection condenses. */
export interface Generation {
  readonly generation: number
  readonly chunk: number
}

/** A chunk that was made ahead: a prompt shows its messages until it is active. */
export interface BufferedChunk extends Span {
  readonly chunk: number
  /** Of its messages, estimated. */
  readonly tokens: number
}

/** Tokens that a model read and wrote for notes in one day. */
interface SpentTokens {
  /** The day in UTC, such as `2026-03-01`. */
  readonly day: string
  readonly tokens: number
}

/** The head of a thread: how far it was observed, and which notes are current. */
export interface HeadFields {
  readonly threadId: string
  /** Seq of the commit that created the thread. */
  readonly created: Seq
  /** The last message that was observed; null for none. */
  readonly cursor: Place | null
  /** What was observed and has to be again: something in it was changed, came back or went. In thread order. */
  readonly again: readonly Span[]
  /** The number of the last chunk that was put. */
  readonly chunk: number
  /** The last chunk that is active. Later ones are buffered: observed, and not shown yet. */
  readonly active: number
  /** The highest number that a generation had. */
  readonly generation: number
  /** Generations whose notes are there, oldest first. The last one is current, with the active chunks after its own. */
  readonly reflections: readonly Generation[]
  readonly observing?: CycleClaim & { readonly to: Place }
  readonly reflecting?: CycleClaim & Generation
  /** The chunks that are not active yet. Absent: none. */
  readonly buffered?: readonly BufferedChunk[]
  /** A reflection that was made ahead, and is not current yet. */
  readonly ahead?: Generation
  /** What notes cost on the last day on which a model was asked. */
  readonly spent?: SpentTokens
}

export function comparePlaces(left: Place | null, right: Place | null): number {
  if (left === null || right === null) return (left === null ? 0 : 1) - (right === null ? 0 : 1)
  return left.turn - right.turn || left.index - right.index
}

/** Whether any of the messages from one place to another, both inclusive, is in a span. */
export function touches({ after, to }: Span, from: Place, until: Place): boolean {
  return comparePlaces(until, after) > 0 && comparePlaces(from, to) <= 0
}

/** Spans in order, those that overlap or meet joined. */
export function joinSpans(spans: readonly Span[]): readonly Span[] {
  const joined: Span[] = []
  for (const span of spans.toSorted((left, right) => comparePlaces(left.after, right.after))) {
    const last = joined.at(-1)
    if (last === undefined || comparePlaces(span.after, last.to) > 0) joined.push(span)
    else if (comparePlaces(span.to, last.to) > 0) joined[joined.length - 1] = { after: last.after, to: span.to }
  }
  return joined
}

/** The head of a thread that was never observed. */
export function newHead({ id: threadId, createdSeq: created }: ThreadState): HeadFields {
  return { threadId, created, cursor: null, again: [], chunk: 0, active: 0, generation: 0, reflections: [] }
}

/** The generation that is current. 0 with the chunk 0: none, all active chunks are current. */
export function currentGeneration({ reflections }: HeadFields): Generation {
  return reflections.at(-1) ?? { generation: 0, chunk: 0 }
}

const digits = 16
const padded = (number: number) => String(number).padStart(digits, '0')

/**
 * What the keys of a thread's notes begin with: by when the thread was created, since keys stay in the log when the name of the
 * thread must not.
 */
function notePrefix(created: Seq): string {
  return `${padded(created)}/`
}

/** The key of a thread's head. The keys of all of its notes begin so. */
export function headKey(created: Seq): string {
  return notePrefix(created)
}

/** What the keys of the notes of chunks begin with. */
export function chunkPrefix(created: Seq): string {
  return `${notePrefix(created)}chunk/`
}

/** The key that the notes of all later chunks follow. */
export function afterChunk(created: Seq, chunk: number): string {
  return `${chunkPrefix(created)}${padded(chunk)}0`
}

export function chunkNoteKey(created: Seq, chunk: number, number: number): string {
  return `${chunkPrefix(created)}${padded(chunk)}/${padded(number)}`
}

/** What the keys of the notes of a generation begin with. */
export function generationPrefix(created: Seq, generation: number): string {
  return `${notePrefix(created)}generation/${padded(generation)}/`
}

export function reflectedNoteKey(created: Seq, generation: number, number: number): string {
  return `${generationPrefix(created, generation)}${padded(number)}`
}

/** What the key of a note says: when its thread was created, of which chunk or generation it is, and its number there. */
export function noteNumbers(key: string) {
  const [created, kind, of, number] = key.split('/')
  const lane = kind === 'chunk' ? ('chunk' as const) : ('generation' as const)
  return { created: Number(created), lane, of: Number(of), number: Number(number) }
}

/** The id of a note, by its key, which holds the numbers of the id. */
export function noteIdOf(spaceKey: SpaceKey, key: string): ObservationId {
  return observationIdOf({ spaceKey, ...noteNumbers(key) })
}

export function noteOf(value: JsonObject): NoteFields {
  return value as unknown as NoteFields
}

export function headOf(value: JsonObject): HeadFields {
  return value as unknown as HeadFields
}

/** Whether words find the note under a key: those of chunks; a reflection only repeats them. */
export function isFoundKey(key = ''): boolean {
  return key.includes('/chunk/')
}

export function isNoteFound({ noun, deleted, key }: RecordState): boolean {
  return noun === observationNoun && !deleted && isFoundKey(key)
}
