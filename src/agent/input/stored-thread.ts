/**
 * The parts of the stored thread that a call's input is compared with: its end, messages by id, turns. Never the whole
 * thread.
 */

import { defaultAuthor, sameActor } from '../../domain/actor.ts'
import { MemoryError } from '../../domain/error.ts'
import { checkId, parseTurnId, type SpaceKey, type TurnId } from '../../domain/id.ts'
import { isForeignId, parseIssuedId } from '../../domain/issued-id.ts'
import type { Message, MessageInput } from '../../domain/records/message.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import type { MessagePosition, MessageQuery, PlacedMessage } from '../../ports/storage.ts'
import type { StoredUnit } from './align.ts'
import { internalCalls, unitsOf } from './canonical.ts'

/** The end of a thread, in its order. */
export interface ThreadEnd {
  readonly places: readonly PlacedMessage[]
  /** Whether it is the whole thread. */
  readonly isWhole: boolean
  readonly spaceKey: SpaceKey | null
}

const mostAPage = 1_000
const leastAPage = 16

function queryOf(threadId: string, more: Partial<MessageQuery>): MessageQuery {
  const whole = { after: null, asOf: null, limit: mostAPage, offset: 0, from: null, to: null } as const
  return { threadId, direction: 'asc', ...whole, ...more }
}

/** Reads backwards until there is enough, in pages that grow. */
export async function readEnd(
  space: AgentSpace,
  threadId: string,
  first: number,
  isEnough: (newestFirst: readonly PlacedMessage[]) => boolean,
): Promise<ThreadEnd> {
  const places: PlacedMessage[] = []
  let limit = Math.min(Math.max(first, leastAPage), mostAPage)
  let [after, asOf]: [PlacedMessage | null, number | null] = [null, null]
  for (;;) {
    const page = await space.messages.list(queryOf(threadId, { direction: 'desc', after, asOf, limit }))
    places.push(...page.items)
    after = places.at(-1) ?? null
    if (!page.more || isEnough(places)) {
      return { places: places.toReversed(), isWhole: !page.more, spaceKey: page.key }
    }
    asOf = page.asOf
    limit = Math.min(limit * 2, mostAPage)
  }
}

/**
 * What is known of a sent id. Its message in the thread, even if that was stored again under another id. `gone`: its
 * message is no longer in the thread. `foreign`: memory issued it for something else, or never. null: new.
 */
export type Standing = PlacedMessage | 'gone' | 'foreign' | null

/**
 * The id of a message that a client sends again after the message with this issued id is gone. It is always the same
 * for that id, so a client that retries or sends everything again finds its message.
 */
export function idSaidAgain(gone: string): string {
  return `again-${gone}`
}

/** Looks up ids: in the end that was read, otherwise one by one. Never in another space, even if an id names one. */
export async function standingOf(
  space: AgentSpace,
  threadId: string,
  end: ThreadEnd,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Standing>> {
  const near = new Map(end.places.map((place) => [place.message.id as string, place]))
  const found = ids.map(async (id): Promise<[string, Standing]> => {
    checkId(id, 'messages.id')
    const place = near.get(id)
    if (place !== undefined) return [id, place]
    const issued = parseIssuedId(id)
    if (end.isWhole && issued === null) return [id, null]
    const isHere = ({ message }: PlacedMessage) => message.threadId === threadId
    const places = await space.messages.find(id)
    const here = places.find(isHere)
    if (here !== undefined || issued === null) return [id, here ?? null]
    const isOfOthers = places.length > 0 || isForeignId(id, 'message', end.spaceKey)
    if (isOfOthers) return [id, 'foreign']
    return [id, (await space.messages.find(idSaidAgain(id))).find(isHere) ?? 'gone']
  })
  return new Map(await Promise.all(found))
}

/**
 * Marks the ids of messages that were deleted, discarded or forgotten. An id that a client chose shows that only by what
 * memory keeps of it.
 *
 * @param ids Those that count as deleted if they were: not the one of a message that is said now.
 */
export async function withDeleted(
  space: AgentSpace,
  threadId: string,
  standings: ReadonlyMap<string, Standing>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Standing>> {
  const unknown = ids.filter((id) => standings.get(id) === null)
  if (unknown.length === 0) return standings
  const deleted = await space.deletedIds(threadId, unknown)
  return new Map([...standings, ...deleted.map((id) => [id, 'gone'] as const)])
}

/** The places as units to compare; each names its place by its index. */
export function storedUnits(places: readonly PlacedMessage[]): readonly StoredUnit[] {
  const messages = places.map(({ message }) => message)
  return unitsOf(messages, internalCalls(messages)).map((unit) => {
    return { ...unit, isCut: messages[unit.index]?.turnStatus !== 'complete' }
  })
}

export function isBefore(left: MessagePosition, right: MessagePosition): boolean {
  return left.turn < right.turn || (left.turn === right.turn && left.index < right.index)
}

/** The message that follows a place; null at the end of the thread. */
export async function messageAfter(
  space: AgentSpace,
  threadId: string,
  after: MessagePosition,
): Promise<PlacedMessage | null> {
  return (await space.messages.list(queryOf(threadId, { after, limit: 1, skipInternal: true }))).items[0] ?? null
}

/** A message to store again, unchanged. */
function again(space: AgentSpace, { id, role, parts, metadata, author, createdAt }: Message): MessageInput {
  const usual = defaultAuthor(role, space.actor, space.address)
  const isUsual = sameActor(usual, author) && author.name === usual.name && author.claimed === undefined
  return {
    id,
    role,
    parts,
    ...(metadata === undefined ? {} : { metadata }),
    ...(isUsual ? {} : { author }),
    createdAt,
  }
}

/** The newest message of the thread; null if it has none. */
export async function lastMessage(space: AgentSpace, threadId: string): Promise<PlacedMessage | null> {
  return (
    (await space.messages.list(queryOf(threadId, { direction: 'desc', limit: 1, skipInternal: true }))).items[0] ?? null
  )
}

/** The messages of a turn that stand in its thread. */
export async function turnMessages(space: AgentSpace, threadId: string, turnId: TurnId): Promise<readonly Message[]> {
  const turn = parseTurnId(turnId)?.turn ?? 0
  const found: Message[] = []
  let after: MessagePosition = { turn, index: -1 }
  for (;;) {
    const { items, more } = await space.messages.list(queryOf(threadId, { after, limit: leastAPage }))
    for (const { message } of items) {
      if (message.turnId !== turnId) return found
      found.push(message)
    }
    after = items.at(-1) ?? after
    if (!more) return found
  }
}

/** The last message of a user before a place, in whichever turn it was saved; null if there is none. */
export async function questionBefore(
  space: AgentSpace,
  threadId: string,
  place: MessagePosition,
): Promise<PlacedMessage | null> {
  let after: MessagePosition = place
  // Nearly always it is in the same turn.
  for (let limit = Math.max(place.index, 1); ; limit = Math.min(Math.max(limit * 2, leastAPage), mostAPage)) {
    const { items, more } = await space.messages.list(queryOf(threadId, { direction: 'desc', after, limit }))
    const question = items.find(({ message }) => message.role === 'user')
    if (question !== undefined || !more) return question ?? null
    after = items.at(-1) ?? after
  }
}

/** The messages from the beginning of a turn up to a place, for the turn that replaces them to store again. */
export async function messagesBetween(
  space: AgentSpace,
  threadId: string,
  turn: number,
  place: MessagePosition,
): Promise<MessageInput[]> {
  const inputs: MessageInput[] = []
  let after: MessagePosition = { turn, index: -1 }
  for (;;) {
    const limit = turn === place.turn ? Math.max(place.index, 1) : leastAPage
    const { items, more } = await space.messages.list(queryOf(threadId, { after, limit }))
    for (const item of items) {
      if (!isBefore(item, place)) return inputs
      inputs.push(again(space, item.message))
      after = item
    }
    if (!more) return inputs
  }
}

/** How many turns one turn may replace. */
const mostReplaced = 1_000

/**
 * The turn at a place and all later ones, including open turns without a message.
 *
 * @throws MemoryError `limit-exceeded` if they are more than one turn may replace.
 */
export async function turnsFrom(space: AgentSpace, threadId: string, turn: number): Promise<string[]> {
  const turns = new Set<string>()
  let after: MessagePosition | null = { turn, index: -1 }
  while (after !== null && turns.size <= mostReplaced) {
    const page = await space.messages.list(queryOf(threadId, { after }))
    for (const { message } of page.items) turns.add(message.turnId)
    after = page.more ? (page.items.at(-1) ?? null) : null
  }
  for (const { turnId } of await space.messages.openTurns(threadId)) {
    if ((parseTurnId(turnId)?.turn ?? 0) > turn) turns.add(turnId)
  }
  if (turns.size <= mostReplaced) return [...turns]
  throw new MemoryError('limit-exceeded', {
    message: `More than ${mostReplaced} turns follow the message that is edited or answered again.`,
    fix: 'Clone the thread up to there with cloneThread, and continue in the copy.',
    details: { threadId, allowed: mostReplaced },
  })
}
