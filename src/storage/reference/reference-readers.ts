/** Readers of the reference driver: plain filters and sorts over all records. */

import type { LogRow } from '../../domain/commit/effect.ts'
import { recordName } from '../../domain/commit/effect-names.ts'
import { compileFilter } from '../../domain/filter.ts'
import { factIdOf, type Seq, type SpaceId, type ThreadId } from '../../domain/id.ts'
import { wordsOfEntries } from '../../domain/index/entry-words.ts'
import { indexedFact, indexedNote, indexedTurn } from '../../domain/index/indexed.ts'
import { packVectors, shareOutVectors, unpackVectors } from '../../domain/index/vector-segment.ts'
import { packWords, parseMessageRef, shareToSegments, unpackWords } from '../../domain/index/word-segment.ts'
import { analyserVersion } from '../../domain/index/words.ts'
import { emptyView } from '../../domain/reads/empty-view.ts'
import { blockKey } from '../../domain/records/block-key.ts'
import { type FactState, liveFact } from '../../domain/records/fact.ts'
import { liveState } from '../../domain/records/keyed-state.ts'
import { isAllInternal } from '../../domain/records/message.ts'
import { isNoteFound, noteIdOf, observationNoun } from '../../domain/records/observation.ts'
import type { ThreadSource, ThreadState } from '../../domain/records/thread.ts'
import type { TurnState } from '../../domain/records/turn.ts'
import { groupBySeq } from '../../domain/replay/compact.ts'
import { type ChainName, isThereSince, versionAt, versionsOf } from '../../domain/replay/history.ts'
import { savesMessages } from '../../domain/replay/turn-fold.ts'
import { isoTime } from '../../domain/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type {
  BlockReader,
  EntryReader,
  IndexReader,
  LogReader,
  MessageQuery,
  MessageReader,
  PlacedMessage,
  SpaceReader,
  ThreadCopySource,
  ThreadOrder,
  ThreadReader,
} from '../../ports/storage.ts'
import { deletedBehind, deletedIds } from '../deleted-ids.ts'
import { requireAbove } from '../horizon.ts'
import { placeToShow, shownMessages } from '../shown-messages.ts'
import type { ReferenceSpace } from './reference-space.ts'
import { lastSeqAt } from './reference-times.ts'

/** What the readers need of the driver. */
export interface ReferenceDatabase {
  readonly clock: Clock
  all(): ReferenceSpace[]
  readonly listeners: Map<SpaceId, Set<() => void>>
  at(space: SpaceId): ReferenceSpace | null
}

/** Order of texts by code point, as databases have it; JavaScript's own is by UTF-16 unit. */
function compareText(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

export function spaceReader(database: ReferenceDatabase): SpaceReader {
  return {
    get: async (_, space) => database.at(space)?.space ?? null,
    byKey: async (_, key) => database.all().find((space) => space.space.key === key)?.id ?? null,
    list: async (_, { kind, prefix, after, limit }) =>
      database
        .all()
        .map((space) => space.space)
        .filter((space) => space.id.startsWith(`${kind}/${prefix}`) && (after === null || space.id > after))
        .sort((left, right) => (left.id < right.id ? -1 : 1))
        .slice(0, limit),
    changedSince: async (_, { at, after, limit }) => {
      const changed = database
        .all()
        .map(({ space }) => space)
        .filter((space) => space.at > at && (after === null || space.id > after))
        .sort((left, right) => (left.id < right.id ? -1 : 1))
      const items = changed.slice(0, limit)
      return { items, next: changed.length > limit ? (items.at(-1)?.id ?? null) : null }
    },
  }
}

/** The thread's place in an order as it was at a seq: its last save then, or its creation. */
function orderAt(space: ReferenceSpace, thread: ThreadState, orderBy: ThreadOrder, asOf: Seq): Seq {
  if (orderBy === 'createdAt') return thread.createdSeq
  if (thread.order <= asOf) return thread.order
  const isSave = (row: LogRow) => row.threadId === thread.id && row.seq <= asOf && row.effects.some(savesMessages)
  return Math.max(space.rows.findLast(isSave)?.seq ?? 0, thread.createdSeq)
}

export function threadReader(database: ReferenceDatabase): ThreadReader {
  return {
    get: async (_, id, threadId) => {
      const thread = database.at(id)?.thread(threadId) ?? null
      return { record: thread?.deleted ? null : thread, asOf: database.at(id)?.space.seq ?? 0 }
    },
    list: async (_, id, query) => {
      const space = database.at(id)
      if (space === null) return { items: [], asOf: 0, key: null, more: false, total: 0, next: null }
      const asOf = query.after?.asOf ?? space.space.seq
      requireAbove(space.space, asOf)
      const { after, metadata, scanLimit, offset, limit } = query
      const test = metadata === null ? null : compileFilter(metadata, 'metadata')
      const inScope = [...space.records.threads.values()].filter((thread) => {
        return !thread.deleted && (query.archived === 'any' || (thread.archivedAt !== null) === query.archived)
      })
      const passes = ({ metadata: own }: ThreadState) => test === null || test(own)
      const sign = query.direction === 'asc' ? 1 : -1
      const ordered = inScope
        .filter((thread) => thread.createdSeq <= asOf)
        .map((thread) => ({ thread, order: orderAt(space, thread, query.orderBy, asOf) }))
        .sort((left, right) => sign * (left.order - right.order))
        .filter(({ thread, order }) => {
          return after === null || (sign * (order - after.order) > 0 && thread.id !== after.threadId)
        })
      const looked = test === null ? ordered : ordered.slice(0, scanLimit)
      const rest = looked.filter(({ thread }) => passes(thread)).slice(after === null ? offset : 0)
      const page = rest.slice(0, limit)
      const isFull = rest.length > page.length
      const more = isFull || ordered.length > looked.length
      const last = isFull ? page.at(-1) : looked.at(-1)
      return {
        items: page.map(({ thread }) => thread),
        asOf,
        key: space.space.key,
        more,
        total: test !== null && inScope.length > scanLimit ? null : inScope.filter(passes).length,
        next: more && last !== undefined ? { asOf, order: last.order, threadId: last.thread.id } : null,
      }
    },
    find: async (_, threadId, limit) =>
      database
        .all()
        .flatMap((space) => {
          const thread = space.thread(threadId)
          return thread === null || thread.deleted ? [] : [{ space: space.id, thread }]
        })
        .slice(0, limit),
    homes: async (_, threadId, limit) =>
      database
        .all()
        .filter((space) => space.thread(threadId) !== null)
        .map((space) => space.id)
        .sort()
        .slice(0, limit),
    copies: async (_, source, limit) =>
      database
        .all()
        .flatMap((space) => [...space.records.threads.values()].map((thread) => ({ space: space.id, thread })))
        .filter(({ thread }) => !thread.deleted && thread.source !== undefined && isFrom(thread.source, source))
        .map(({ space, thread }) => ({ space, threadId: thread.id }))
        .slice(0, limit),
  }
}

function isFrom(own: ThreadSource, { space, threadId }: ThreadCopySource): boolean {
  if (threadId !== undefined) return own.space === space && own.threadId === threadId
  return own.space === space || own.space.startsWith(`${space}/`)
}

interface Placed extends PlacedMessage {
  readonly state: TurnState
}

function placed(space: ReferenceSpace, query: Pick<MessageQuery, 'threadId' | 'turns'>): Placed[] {
  const turns = space.turns(query.threadId, space.space.seq)
  return turns.flatMap((state) =>
    shownMessages(state, query).flatMap((message, index) => {
      return message === null ? [] : [{ message, turn: state.turn, index, state }]
    }),
  )
}

const withoutState = ({ state: _, ...place }: Placed): PlacedMessage => place

export function messageReader(database: ReferenceDatabase): MessageReader {
  return {
    list: async (_, id, query) => {
      const space = database.at(id)
      if (space === null) return { items: [], asOf: 0, key: null, more: false }
      const asOf = query.asOf ?? space.space.seq
      requireAbove(space.space, asOf)
      const { after, from, to } = query
      const sign = query.direction === 'asc' ? 1 : -1
      const all = placed(space, query).filter(
        ({ message }) =>
          message.seq <= asOf &&
          (from === null || message.createdAt >= from) &&
          (to === null || message.createdAt <= to) &&
          !(query.skipInternal === true && isAllInternal(message.parts)),
      )
      if (sign < 0) all.reverse()
      const rest = all.filter(
        (item) => after === null || sign * (item.turn - after.turn || item.index - after.index) > 0,
      )
      const items = rest.slice(query.offset, query.offset + query.limit).map(withoutState)
      return { items, asOf, key: space.space.key, more: rest.length > query.offset + items.length }
    },
    find: async (_, id, messageId) => {
      const space = database.at(id)
      if (space === null) return []
      return [...space.records.threads.keys()].flatMap((threadId) => {
        const places = placed(space, { threadId, turns: 'shown' }).filter(({ message }) => message.id === messageId)
        const found = placeToShow(places)
        return found === null ? [] : [withoutState(found)]
      })
    },
    deletedIds: async (_, id, threadId, ids) => {
      return deletedIds(database.at(id) ?? emptyView, threadId, ids, isoTime(database.clock.now()))
    },
    deletedBehind: async (_, id, threadId, after) => {
      return deletedBehind(database.at(id) ?? emptyView, threadId, after, isoTime(database.clock.now()))
    },
    openTurns: async (_, id, threadId) => {
      const leases = [...(database.at(id)?.records.leases.values() ?? [])]
      return leases
        .filter((lease) => lease.threadId === threadId)
        .map((lease) => ({ turnId: lease.name.slice('turn/'.length) as never, threadId: threadId as ThreadId, lease }))
    },
    turn: async (_, id, turnId) => {
      const space = database.at(id)
      const threads = [...(space?.records.threads.keys() ?? [])]
      const turns = threads.flatMap((threadId) => space?.turns(threadId, space.space.seq) ?? [])
      const turn = turns.find((candidate) => candidate.id === turnId)
      if (turn === undefined) return null
      const { threadId, status, actor, runId = null, replacedBy = null } = turn
      return { threadId, status, actor, runId, replacedBy }
    },
  }
}

export function blockReader(database: ReferenceDatabase): BlockReader {
  const chain = (threadId: string | null, name: string): ChainName => ({ block: name, threadId: threadId as ThreadId })
  const find = (id: SpaceId, threadId: string | null, name: string) => {
    const thread = threadId === null ? null : database.at(id)?.thread(threadId)
    if (thread?.deleted) return undefined
    return database.at(id)?.records.blocks.get(blockKey(threadId, name))
  }
  return {
    get: async (_, id, threadId, name) => {
      const block = find(id, threadId, name) ?? null
      return { record: block?.deleted ? null : block, asOf: database.at(id)?.space.seq ?? 0 }
    },
    list: async (_, id, threadId, query = {}) => {
      const space = database.at(id)
      if (space === null) return { items: [], asOf: 0, key: null, more: false }
      const { asOf = space.space.seq } = query
      requireAbove(space.space, asOf)
      const items = space
        .threadBlocks(threadId as ThreadId | null)
        .filter(({ name, version }) => isThereSince(space, chain(threadId, name), version, asOf))
        .sort((left, right) => compareText(left.name, right.name))
      return { items, asOf, key: space.space.key, more: false }
    },
    history: async (_, id, threadId, name, limit) => {
      const space = database.at(id)
      const block = find(id, threadId, name)
      if (space === null || block === undefined) return []
      return versionsOf(space, chain(threadId, name), block.version, limit)
    },
    at: async (_, id, threadId, name, seq) => {
      const space = database.at(id)
      const block = find(id, threadId, name)
      if (space === null || block === undefined) return null
      requireAbove(space.space, seq)
      return versionAt(space, chain(threadId, name), block.version, seq)
    },
  }
}

export function entryReader(database: ReferenceDatabase): EntryReader {
  const now = () => isoTime(database.clock.now())
  return {
    get: async (_, id, key) => {
      const space = database.at(id)
      return { record: liveState(space?.entry(key) ?? null, now()), asOf: space?.space.seq ?? 0 }
    },
    list: async (_, id, { prefix, after, limit, asOf }) => {
      const space = database.at(id)
      if (space === null) return { items: [], asOf: 0, key: null, more: false }
      requireAbove(space.space, asOf ?? space.space.seq)
      const at = now()
      const all = [...space.records.entries.values()]
        .filter((entry) => liveState(entry, at) !== null && entry.key.startsWith(prefix))
        .filter((entry) => after === null || compareText(entry.key, after) > 0)
        .filter(({ key, version }) => asOf === undefined || isThereSince(space, { entry: key }, version, asOf))
        .sort((left, right) => compareText(left.key, right.key))
      return {
        items: all.slice(0, limit),
        asOf: asOf ?? space.space.seq,
        key: space.space.key,
        more: all.length > limit,
      }
    },
    history: async (_, id, key, limit) => {
      const space = database.at(id)
      const entry = space?.entry(key)
      return space === null || entry === null || entry === undefined
        ? []
        : versionsOf(space, { entry: key }, entry.version, limit)
    },
    at: async (_, id, key, seq) => {
      const space = database.at(id)
      if (space === null) return null
      requireAbove(space.space, seq)
      const entry = space.entry(key)
      return entry === null ? null : versionAt(space, { entry: key }, entry.version, seq)
    },
  }
}

export function logReader(database: ReferenceDatabase): LogReader {
  return {
    read: async (_, id, { after, limit }) => {
      const space = database.at(id)
      if (space === null) return { items: [], asOf: 0, key: null, more: false }
      requireAbove(space.space, after)
      const commits = groupBySeq(space.rows.filter((row) => row.seq > after))
      const items = commits.slice(0, limit).flatMap((rows) => {
        const first = rows[0]
        if (first === undefined) return []
        const { seq, at, actor, commitId } = first
        return [{ seq, at, actor, commitId, rows }]
      })
      return { items, asOf: space.space.seq, key: space.space.key, more: commits.length > limit }
    },
    seqAt: async (_, id, at) => {
      const space = database.at(id)
      return lastSeqAt(space?.rows ?? [], space?.space.horizon ?? 0, at, isoTime(database.clock.now()))
    },
    subscribe: (space, wake) => {
      const listeners = database.listeners.get(space) ?? new Set()
      database.listeners.set(space, listeners)
      listeners.add(wake)
      return () => listeners.delete(wake)
    },
  }
}

function factOf(space: ReferenceSpace | null, ref: string): FactState | null {
  return space === null ? null : space.fact(factIdOf(space.space.key, ref))
}

/** All records that recall may find, made from the log at every scan. */
export function indexReader(database: ReferenceDatabase): IndexReader {
  return {
    scan: async (_, id, fingerprint) => {
      const space = database.at(id)
      if (space === null) return { asOf: 0, key: null, language: 'english', words: [], vectors: [] }
      const { seq, key, settings } = space.space
      const records = [...space.records.threads.values()].flatMap((thread) =>
        space.turns(thread.id, seq).flatMap((turn) => {
          const rows = space.turnRows(thread.id, turn.turn)
          return indexedTurn(rows, space.fold, thread, 0, settings.language)
        }),
      )
      for (const fact of space.records.facts.values())
        records.push(...[indexedFact(fact, settings.language) ?? []].flat())
      for (const record of space.records.records.values())
        records.push(...[indexedNote(record, settings.language) ?? []].flat())
      const ordered = records.sort((left, right) => left.seq - right.seq)
      const words = shareToSegments(ordered).map((share) => unpackWords(packWords(share, analyserVersion)))
      const made = fingerprint === null ? [] : (space.vectors.get(fingerprint) ?? [])
      const isThere = new Set(ordered.map((record) => `${record.kind} ${record.seq} ${record.ref}`))
      const current = made.filter((record) => {
        const entry = record.kind === 'entry' ? space.entry(record.ref) : null
        if (record.kind === 'entry') return entry !== null && !entry.deleted && entry.version === record.seq
        return isThere.has(`${record.kind} ${record.seq} ${record.ref}`)
      })
      const dimensions = current.find((record) => record.vectors.length > 0)?.vectors[0]?.values.length ?? 0
      const vectors = shareOutVectors(current).map((share) => unpackVectors(packVectors(share, dimensions)))
      return { asOf: seq, key, language: settings.language, words, vectors }
    },
    entryWords: async (_, id) => {
      const space = database.at(id)
      if (space === null) return []
      const { language } = space.space.settings
      return wordsOfEntries(space.records.entries.values(), language, isoTime(database.clock.now()))
    },
    read: async (_, id, refs) => {
      const space = database.at(id)
      return refs.map(({ kind, ref }) => {
        const entry = kind === 'entry' ? liveState(space?.entry(ref) ?? null, isoTime(database.clock.now())) : null
        if (entry !== null) return { kind: 'entry', entry }
        const fact = kind === 'fact' ? liveFact(factOf(space, ref), isoTime(database.clock.now())) : null
        if (fact !== null) return { kind: 'fact', fact }
        const note = kind === 'observation' ? (space?.record(recordName(observationNoun, ref)) ?? null) : null
        if (space === null) return null
        if (note !== null && isNoteFound(note)) {
          return { kind: 'observation', id: noteIdOf(space.space.key, ref), note }
        }
        if (kind !== 'message') return null
        const place = parseMessageRef(ref)
        const threads = [...space.records.threads.keys()]
        const all = threads.flatMap((threadId) => placed(space, { threadId }))
        const found = all.find((item) => item.turn === place.turn && item.index === place.index)
        return found === undefined ? null : { kind: 'message', message: found.message }
      })
    },
  }
}
