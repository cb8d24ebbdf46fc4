/** Tells messages that a client only sends again from new ones. */
import { isToolPart, type MessagePart } from '../../domain/records/message.ts'
import type { ReadMessage } from '../../domain/records/message-input.ts'
import type { PlacedMessage } from '../../ports/storage.ts'
import { beginsAlike, type Comparable, isClosed, isSame, outcomeOf, type Unit, unitsOf } from './canonical.ts'
import { locate } from './locate.ts'
import { isBefore, type Standing, storedUnits, type ThreadEnd } from './stored-thread.ts'

/** A sent message, and where its id stands; undefined without an id. */
export interface Sent {
  readonly message: ReadMessage
  readonly standing: Standing | undefined
}

/** A call as it was sent, and the stored one. */
interface SentCall {
  readonly place: PlacedMessage
  readonly call: MessagePart
  readonly sent: MessagePart
}

/** Which sent messages are stored already, and which are not stored although others behind them are. */
export interface Resent {
  /** Messages that are not new, with their stored places as far as they are known. */
  readonly stored: ReadonlyMap<number, PlacedMessage | null>
  /** How many of them the thread does not hold. */
  readonly missing: number
  readonly calls: readonly SentCall[]
  /** New messages up to the last new answer of a model: claims, and questions before them. */
  readonly claims: readonly number[]
  /** How many messages belong to a conversation that cannot be told from the stored one, nor found in it. */
  readonly unaligned: number
  /** The stored message that stands where the last sent one would, if the client gives all messages new ids each time. */
  readonly inPlaceOfLast: PlacedMessage | null
  /** Whether more of the thread could show more. */
  readonly isPart: boolean
}

export function isKnown(sent: Sent | undefined): sent is Sent & { readonly standing: PlacedMessage } {
  return typeof sent?.standing === 'object' && sent.standing !== null
}

/** Messages whose content decides where they belong: those without an id, and those under an unknown id. */
function isByContent({ standing }: Sent): boolean {
  return standing === undefined || standing === null
}

/** Messages as they are compared. Answers to stored calls are looked up by themselves, and what is gone by its id. */
function comparable({ message, standing }: Sent): Comparable {
  return message.isAnswer === true || standing === 'gone' ? { role: 'assistant', parts: [] } : message.input
}

/** Whether a message sent under a stored id is the stored message, or less of it. */
export function isAsStored(sent: Comparable, { message }: PlacedMessage, hidden: ReadonlySet<string>): boolean {
  if (sent.role !== message.role) return false
  const [units, stored] = [unitsOf([sent], hidden), unitsOf([message], hidden)]
  if (sent.role === 'user') return units.every((unit, index) => isSame(unit, stored[index] as Unit))
  // A client may have more or less of an answer that was cut off or is still running than was stored.
  if (message.turnStatus !== 'complete') return true
  return units.every((unit, index) => {
    const other = stored[index]
    if (other === undefined) return false
    if (unit.kind === 'text' && index === units.length - 1)
      return beginsAlike(unit, other) && other.key.startsWith(unit.key)
    return isSame(unit, other) && hasSameOutcome(unit.call, other.call)
  })
}

function hasSameOutcome(sent: MessagePart | undefined, stored: MessagePart | undefined): boolean {
  if (sent === undefined || stored === undefined || !isClosed(sent) || !isClosed(stored)) return true
  // Errors of tools are often hidden from clients, which get the application's own words.
  if (sent.state === 'output-error' && stored.state === 'output-error') return true
  return outcomeOf(sent) === outcomeOf(stored)
}

/**
 * Messages before the last one whose id the thread has or had. They are no news. Those that are not found by their
 * content are missing.
 */
function resentBefore(sent: readonly Sent[], last: number, end: ThreadEnd, hidden: ReadonlySet<string>) {
  const before = new Map<number, PlacedMessage | null>()
  let missing = 0
  const known = sent.slice(0, last + 1).findLast(isKnown)
  const earlier = end.places.filter((other) => known === undefined || isBefore(other, known.standing))
  const stored = last < 0 ? [] : storedUnits(earlier)
  // The newest message of the user is said now, even if it was answered before by what is gone.
  const newest = isKnown(sent[last]) ? -1 : sent.findLastIndex(({ message }) => message.input.role === 'user')
  for (const [index, one] of sent.slice(0, Math.max(last, 0)).entries()) {
    if (!isByContent(one) || (index === newest && one.standing === null)) continue
    const units = unitsOf([comparable(one)], hidden)
    const isFound = (unit: Unit) =>
      stored.some((other) => isSame(unit, other) || (other.isCut && beginsAlike(unit, other)))
    before.set(index, null)
    if (one.message.isAnswer !== true && !units.every(isFound)) missing += 1
  }
  return { before, missing }
}

/** What is compared by content: messages behind the last one whose id the thread has or had, and the end of the thread. */
interface Rest {
  readonly start: number
  readonly messages: readonly Sent[]
  readonly places: readonly PlacedMessage[]
  /** Whether the places begin right behind a message that was sent with its stored id. */
  readonly isAnchored: boolean
}

function restBehind(sent: readonly Sent[], last: number, end: ThreadEnd): Rest {
  const known = sent[last]
  const rest = { start: last + 1, messages: sent.slice(last + 1) }
  if (!isKnown(known)) return { ...rest, places: end.places, isAnchored: false }
  const places = end.places.filter((place) => isBefore(known.standing, place))
  return { ...rest, places, isAnchored: places.length < end.places.length || end.isWhole }
}

/** Users' messages at the end whose ids are new: their ids say that they are new, unless the client gives new ids to all messages. */
function newByIdFrom(messages: readonly Sent[]): number {
  const isQuestion = ({ message }: Sent) => message.input.role === 'user'
  const questions = messages.findLastIndex((one) => !isQuestion(one)) + 1
  const named = messages.slice(questions).findIndex(({ standing }) => standing === null)
  return named === -1 ? messages.length : questions + named
}

/** Where the rest stands: the places of its messages, and how many of them are no news. */
interface Placed {
  readonly places: ReadonlyMap<number, PlacedMessage>
  readonly count: number
  readonly calls: readonly SentCall[]
  readonly isPart: boolean
}

interface Comparison {
  readonly hidden: ReadonlySet<string>
  readonly strange: ReadonlySet<string>
  readonly isLeadingUp: boolean
}

const nothing: Placed = { places: new Map(), count: 0, calls: [], isPart: false }

/** @returns null if the rest is a conversation that cannot be told from the stored one, nor found in it. */
function placeRest(rest: Rest, upTo: number, isAlone: boolean, compared: Comparison): Placed | null {
  const { places, isAnchored } = rest
  const { hidden, strange, isLeadingUp } = compared
  const messages = rest.messages.slice(0, upTo)
  // A single message is new, unless a call in it shows what it belongs to.
  const hasCall = messages.some(({ message }) =>
    message.input.parts.some((part) => isToolPart(part) && !strange.has(String(part.toolCallId))),
  )
  if (isAlone && !hasCall && !isLeadingUp) return nothing
  const units = unitsOf(messages.map(comparable), hidden)
  const stored = storedUnits(places)
  const located = locate(units, stored, { isAnchored, isLeadingUp })
  if (located === null) return null
  const found = new Map<number, PlacedMessage>()
  const calls: SentCall[] = []
  let count = located.end === 0 ? 0 : (units[located.end - 1] as Unit).index + 1
  for (const pair of located.pairs) {
    const [one, other] = [units[pair.sent] as Unit, stored[pair.stored] as Unit]
    const place = places[other.index] as PlacedMessage
    found.set(one.index, place)
    if (one.call !== undefined && other.call !== undefined) calls.push({ place, call: other.call, sent: one.call })
  }
  // An answer without compared units belongs to the one before it.
  const isEmpty = (at: number) =>
    messages[at]?.message.input.role === 'assistant' && !units.some(({ index }) => index === at)
  while (places.length > 0 && isEmpty(count)) count += 1
  return { places: found, count, calls, isPart: located.isPart }
}

/**
 * Two questions or more with new ids, if the thread has all of them, or all but the last one: a client that gives new ids to
 * all messages says at most the last one now. null if it has not.
 */
function placeQuestions(rest: Rest, compared: Comparison): Placed | null {
  const { length } = rest.messages
  for (const upTo of length < 2 ? [] : [length, length - 1]) {
    const placed = placeRest(rest, upTo, false, { ...compared, isLeadingUp: upTo < length })
    if (placed?.places.size === upTo) return placed
  }
  return null
}

/** Whether the client gives new ids to all messages: a question of another id than its stored one is found by its content. */
function givesNewIds({ messages }: Rest, { places }: Placed): boolean {
  return [...places.keys()].some((index) => {
    const one = messages[index]
    return one?.standing === null && one.message.input.role === 'user'
  })
}

/** The first message of a user behind the last one that was found: where the last sent one would stand. */
function standsNext({ places, messages }: Rest, placed: Placed): PlacedMessage | null {
  if (placed.count !== messages.length - 1) return null
  const last = [...placed.places.values()].at(-1)
  return places.find((place) => last !== undefined && isBefore(last, place) && place.message.role === 'user') ?? null
}

/**
 * Sorts messages whose id does not say whether they are stored.
 *
 * @param compared What is compared: calls that are `hidden` are not, and memory did not issue those that are `strange`.
 */
export function sortByContent(sent: readonly Sent[], end: ThreadEnd, compared: Comparison): Resent {
  const last = sent.findLastIndex((one) => isKnown(one) || one.standing === 'gone')
  const { before, missing } = resentBefore(sent, last, end, compared.hidden)
  const rest = restBehind(sent, last, end)
  const isAlone = sent.length === 1
  const upTo = compared.isLeadingUp ? rest.messages.length : newByIdFrom(rest.messages)
  let placed = placeRest(rest, upTo, isAlone, compared)
  let inPlaceOfLast: PlacedMessage | null = null
  if (placed?.count === 0 && upTo === 0 && !isAlone) placed = placeQuestions(rest, compared) ?? placed
  if (placed !== null && givesNewIds(rest, placed)) {
    placed = placeRest(rest, rest.messages.length, isAlone, compared)
    if (placed !== null) inPlaceOfLast = standsNext(rest, placed)
  }
  const isFar = !rest.isAnchored && isKnown(sent[last])
  if (placed === null) {
    const unaligned = rest.messages.filter(({ message }) => message.isAnswer !== true).length
    return { stored: before, missing, calls: [], claims: [], unaligned, inPlaceOfLast: null, isPart: true }
  }
  const stored = new Map(before)
  let absent = missing
  for (let index = 0; index < placed.count; index++) {
    const place = placed.places.get(index) ?? null
    if (rest.messages[index]?.standing === 'gone') continue
    stored.set(rest.start + index, place)
    if (place === null && isSeen(rest.messages[index] as Sent, compared.hidden)) absent += 1
  }
  const { calls, isPart } = placed
  const claims = claimedIn(sent, stored)
  return { stored, missing: absent, calls, claims, unaligned: 0, inPlaceOfLast, isPart: isPart || (isFar && upTo > 0) }
}

/** What is new up to the last new answer of a model. */
function claimedIn(sent: readonly Sent[], stored: ReadonlyMap<number, unknown>): readonly number[] {
  const isNew = (one: Sent, index: number) => isByContent(one) && one.message.isAnswer !== true && !stored.has(index)
  const last = sent.findLastIndex((one, index) => isNew(one, index) && one.message.input.role === 'assistant')
  return sent.slice(0, last + 1).flatMap((one, index) => (isNew(one, index) ? [index] : []))
}

/** Whether a message has anything to compare. */
function isSeen(one: Sent, hidden: ReadonlySet<string>): boolean {
  return unitsOf([comparable(one)], hidden).length > 0
}
