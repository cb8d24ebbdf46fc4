/** Tells messages that a client only sends again from new ones. */
import { isToolPart, type MessagePart } from '../../domain/records/message.ts'
import type { ReadMessage } from '../../domain/records/message-input.ts'
import type { PlacedMessage } from '../../ports/storage.ts'
import { type Alignment, align } from './align.ts'
import { beginsAlike, type Comparable, isClosed, isSame, outcomeOf, type Unit, unitsOf } from './canonical.ts'
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

/** Which sent messages are stored already, and which fit nowhere. */
export interface Resent {
  readonly stored: ReadonlySet<number>
  readonly unplaced: ReadonlySet<number>
  readonly calls: readonly SentCall[]
}

export function isKnown(sent: Sent | undefined): sent is Sent & { readonly standing: PlacedMessage } {
  return typeof sent?.standing === 'object' && sent.standing !== null
}

/** Messages whose content decides where they belong: those without an id, and answers under an unknown id. */
function isByContent({ message, standing }: Sent): boolean {
  return standing === undefined || (standing === null && message.input.role === 'assistant')
}

/** Messages as they are compared: the answers to stored calls are looked up by themselves. */
function comparable({ message }: Sent): Comparable {
  return message.isAnswer === true ? { role: 'assistant', parts: [] } : message.input
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

/** Messages before the last one with a stored id. Those found before it are history. */
function resentBefore(sent: readonly Sent[], last: number, end: ThreadEnd, hidden: ReadonlySet<string>): number[] {
  const place = sent[last]?.standing as PlacedMessage
  const stored = storedUnits(end.places.filter((other) => isBefore(other, place)))
  return sent.slice(0, last).flatMap((one, index) => {
    if (!isByContent(one)) return []
    const units = unitsOf([comparable(one)], hidden)
    const isFound = (unit: Unit) =>
      stored.some((other) => isSame(unit, other) || (other.isCut && beginsAlike(unit, other)))
    return units.every(isFound) ? [index] : []
  })
}

interface Run {
  readonly start: number
  readonly messages: readonly Sent[]
  /** The end of the thread, after the last message with a stored id. */
  readonly places: readonly PlacedMessage[]
}

/** The messages after the last one with a stored id, as far as their content decides where they belong. */
function runBehind(sent: readonly Sent[], last: number, end: ThreadEnd): Run {
  const rest = sent.slice(last + 1)
  const stop = rest.findIndex((one) => !isByContent(one))
  const known = sent[last]
  const places = isKnown(known) ? end.places.filter((place) => isBefore(known.standing, place)) : end.places
  return { start: last + 1, messages: stop === -1 ? rest : rest.slice(0, stop), places }
}

/** How many messages of a run are stored already; `isAligned` if any compared unit shows it. */
interface AlignedRun extends Alignment {
  readonly isAligned: boolean
}

function alignRun(
  { messages, places }: Run,
  isAlone: boolean,
  hidden: ReadonlySet<string>,
  strange: ReadonlySet<string>,
): AlignedRun {
  const units = unitsOf(messages.map(comparable), hidden)
  // A single message is new, unless a call in it shows what it belongs to.
  const hasCall = messages.some(({ message }) =>
    message.input.parts.some((part) => isToolPart(part) && !strange.has(String(part.toolCallId))),
  )
  if (isAlone && !hasCall) return { count: 0, calls: [], isAligned: false }
  const aligned = align(units, storedUnits(places))
  let count = aligned?.count ?? 0
  // An answer without compared units belongs to the one before it.
  const isEmpty = (at: number) =>
    messages[at]?.message.input.role === 'assistant' && !units.some(({ index }) => index === at)
  while (places.length > 0 && isEmpty(count)) count += 1
  return { count, calls: aligned?.calls ?? [], isAligned: aligned !== null }
}

function isAnswerOfModel({ message }: Sent): boolean {
  return message.input.role === 'assistant' && message.isAnswer !== true
}

/**
 * Sorts messages whose id does not say whether they are stored.
 *
 * @param hidden Calls that are not compared.
 * @param strange Those of them that memory did not issue.
 */
export function sortByContent(
  sent: readonly Sent[],
  end: ThreadEnd,
  hidden: ReadonlySet<string>,
  strange: ReadonlySet<string>,
): Resent {
  const last = sent.findLastIndex(isKnown)
  const stored = new Set(last === -1 ? [] : resentBefore(sent, last, end, hidden))
  const unplaced = new Set<number>()
  for (let index = 0; index < last; index++) {
    const { message, standing } = sent[index] as Sent
    const isNew = standing === null || (standing === undefined && message.isAnswer !== true)
    if (isNew && !stored.has(index)) unplaced.add(index)
  }
  const run = runBehind(sent, last, end)
  const aligned = alignRun(run, sent.length === 1, hidden, strange)
  for (let index = 0; index < aligned.count; index++) stored.add(run.start + index)
  const calls = aligned.calls.flatMap(({ sent: one, stored: other }): SentCall[] => {
    const place = run.places[other.index]
    if (place === undefined || one.call === undefined || other.call === undefined) return []
    return [{ place, call: other.call, sent: one.call }]
  })
  // A history that differs from the stored one. A user message continues any history.
  const isStrange = !aligned.isAligned && run.places.length > 0
  const start = run.start + aligned.count
  const behind = sent.slice(start)
  if (isStrange && sent.length > 1 && behind.some(isAnswerOfModel)) {
    for (const [index, { message, standing }] of behind.entries()) {
      if (message.isAnswer !== true && standing !== 'gone') unplaced.add(start + index)
    }
  }
  return { stored, unplaced, calls }
}
