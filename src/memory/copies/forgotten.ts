/** The records that a forget erases, by address: those that are named, and the facts and notes that go with them. */
import type { Access } from '../../domain/actor.ts'
import { parseMessageId, type SpaceId } from '../../domain/id.ts'
import { addressText, type RecordAddress } from '../../domain/records/address.ts'
import { factStatuses } from '../../domain/records/fact.ts'
import {
  comparePlaces,
  headKey,
  noteIdOf,
  noteOf,
  observationNoun,
  type Place,
} from '../../domain/records/observation.ts'
import type { Storage } from '../../ports/storage.ts'

/** Records of a space or a thread that are listed at most. */
const mostListed = 5_000
const pageSize = 500

/** What is forgotten. */
export interface Forgotten {
  /** The spaces that it is in. */
  readonly spaces: readonly SpaceId[]
  has(address: RecordAddress): boolean
  /** Its records, at most 5,000 of a thread, the newest; of a space its newest facts, its entries and its blocks. */
  list(): Promise<readonly RecordAddress[]>
}

/** The messages of a thread, the newest first, also replaced ones: at most {@link mostListed}. */
export async function messagesOf(
  storage: Storage,
  access: Access,
  space: SpaceId,
  threadId: string,
): Promise<readonly RecordAddress[]> {
  const found: RecordAddress[] = []
  for (let after: { turn: number; index: number } | null = null; found.length < mostListed; ) {
    const query = { threadId, direction: 'desc', asOf: null, limit: pageSize, offset: 0, from: null, to: null } as const
    const page = await storage.messages.list(access, space, { ...query, after, turns: 'all' })
    found.push(
      ...page.items.map(({ message }): RecordAddress => ({ kind: 'message', space, threadId, id: message.id })),
    )
    const last = page.items.at(-1)
    if (!page.more || last === undefined) break
    after = { turn: last.turn, index: last.index }
  }
  return found
}

async function blocksOf(
  storage: Storage,
  access: Access,
  space: SpaceId,
  threadId: string | null,
): Promise<readonly RecordAddress[]> {
  const { items } = await storage.blocks.list(access, space, threadId)
  return items.map(({ name }) => {
    return { kind: 'working-memory', space, ...(threadId === null ? {} : { threadId }), name }
  })
}

/** Facts that were learned from these records alone, directly or from such facts: they are erased with them. */
async function learnedFrom(
  storage: Storage,
  access: Access,
  space: SpaceId,
  ids: readonly string[],
): Promise<readonly RecordAddress[]> {
  const gone = new Set(ids)
  const found: RecordAddress[] = []
  for (let fresh = [...gone]; fresh.length > 0 && found.length < mostListed; ) {
    const query = { sources: fresh, after: null, limit: pageSize }
    const { items } = await storage.facts.derivedFrom(access, space, query)
    const alone = items.filter(({ id, unsourced, sources }) => {
      return !gone.has(id) && unsourced !== true && sources.every((source) => gone.has(source))
    })
    for (const { id } of alone) gone.add(id)
    found.push(...alone.map(({ id }): RecordAddress => ({ kind: 'fact', space, id })))
    fresh = alone.map(({ id }) => id)
  }
  return found
}

type MessageAddress = RecordAddress & { readonly kind: 'message' }

/** The place of a message in its thread; null if it is gone. */
async function placeOf(storage: Storage, access: Access, { space, threadId, id }: MessageAddress) {
  const issued = parseMessageId(id)
  if (issued !== null) return { turn: issued.turn, index: issued.index }
  const found = await storage.messages.find(access, space, id)
  return found.find(({ message }) => message.threadId === threadId) ?? null
}

/** The notes of a thread that say something of messages of it; with null, all of them. */
async function notesOn(
  storage: Storage,
  access: Access,
  { space, threadId }: Omit<MessageAddress, 'kind' | 'id'>,
  places: readonly Place[] | null,
): Promise<readonly RecordAddress[]> {
  const [{ record: thread }, state] = await Promise.all([
    storage.threads.get(access, space, threadId),
    storage.spaces.get(access, space),
  ])
  if (thread === null || state === null) return []
  const found: RecordAddress[] = []
  for (let after: string | null = null; ; ) {
    const query = { prefix: headKey(thread.createdSeq), after, limit: pageSize }
    const page = await storage.records.list(access, space, observationNoun, query)
    for (const { key, value } of page.items) {
      const { from, until } = noteOf(value)
      const isOn = places?.some((place) => comparePlaces(from, place) <= 0 && comparePlaces(place, until) <= 0) ?? true
      if (isOn) found.push({ kind: 'observation', space, id: noteIdOf(state.key, key) })
    }
    after = page.items.at(-1)?.key ?? null
    if (!page.more || after === null) return found
  }
}

/** The notes that say something of some messages. */
async function notesOnMessages(
  storage: Storage,
  access: Access,
  named: readonly RecordAddress[],
): Promise<readonly RecordAddress[]> {
  const messages = named.filter((address) => address.kind === 'message')
  const notes: RecordAddress[] = []
  for (const own of Map.groupBy(messages, ({ space, threadId }) => `${space}\n${threadId}`).values()) {
    const places = await Promise.all(own.map((message) => placeOf(storage, access, message)))
    const there = places.flatMap((place) => place ?? [])
    notes.push(...(await notesOn(storage, access, own[0] as MessageAddress, there)))
  }
  return notes
}

const idsIn = (addresses: readonly RecordAddress[]) =>
  addresses.flatMap((address) => ('id' in address ? [address.id] : []))

/** Single records of any spaces, what was learned from them alone, and the notes that were made of them. */
export async function forgottenRecords(
  storage: Storage,
  access: Access,
  named: readonly RecordAddress[],
): Promise<Forgotten> {
  const bySpace = Map.groupBy(named, ({ space }) => space)
  const all = [...named]
  for (const [space, own] of bySpace) all.push(...(await learnedFrom(storage, access, space, idsIn(own))))
  all.push(...(await notesOnMessages(storage, access, named)))
  const names = new Set(all.map(addressText))
  return {
    spaces: [...bySpace.keys()],
    has: (address) => names.has(addressText(address)),
    list: async () => all,
  }
}

/** A conversation, with its working memory. */
export async function forgottenThread(
  storage: Storage,
  access: Access,
  space: SpaceId,
  threadId: string,
): Promise<Forgotten> {
  const messages = await messagesOf(storage, access, space, threadId)
  const learned = await learnedFrom(storage, access, space, idsIn(messages))
  const notes = await notesOn(storage, access, { space, threadId }, null)
  const derived = new Set([...learned, ...notes].map(addressText))
  const isIn = (address: RecordAddress) => 'threadId' in address && address.threadId === threadId
  return {
    spaces: [space],
    has: (address) => (address.space === space && isIn(address)) || derived.has(addressText(address)),
    list: async () => [...messages, ...(await blocksOf(storage, access, space, threadId)), ...learned, ...notes],
  }
}

/** A space, with those inside of it. */
export function forgottenSpace(
  storage: Storage,
  access: Access,
  space: SpaceId,
  inside: readonly SpaceId[],
): Forgotten {
  return {
    spaces: [space, ...inside],
    has: (address) => address.space === space || address.space.startsWith(`${space}/`),
    list: async () => {
      const facts = await storage.facts.list(access, space, {
        attributes: {},
        statuses: factStatuses,
        order: 'newest',
        after: null,
        limit: pageSize,
      })
      const entries = await storage.entries.list(access, space, { prefix: '', after: null, limit: pageSize })
      return [
        ...facts.items.map(({ id }): RecordAddress => ({ kind: 'fact', space, id })),
        ...entries.items.map(({ key }): RecordAddress => ({ kind: 'entry', space, key })),
        ...(await blocksOf(storage, access, space, null)),
      ]
    },
  }
}
