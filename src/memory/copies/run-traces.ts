/** What a run saw and wrote, by address, from its record and its turn. */
import type { Access } from '../../domain/actor.ts'
import { parseObservationId, parseTurnId, type SpaceId, type SpaceKey } from '../../domain/id.ts'
import { isJsonObject, type Json } from '../../domain/json.ts'
import type { RecordAddress } from '../../domain/records/address.ts'
import { readNoted } from '../../domain/records/noted.ts'
import type { RunState } from '../../domain/records/run.ts'
import type { WaitingRun } from '../../ports/run-queries.ts'
import type { Storage } from '../../ports/storage.ts'
import type { Moment } from './record-texts.ts'

/** Messages and facts of one turn that are read at most. */
const mostOfTurn = 500

const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : [])
const textIn = (item: Json, field: string): string | null => {
  const value = isJsonObject(item) ? item[field] : null
  return typeof value === 'string' ? value : null
}

/** Finds a space by its key; null if it is none of those that are looked through. */
type SpaceOfKey = (key: SpaceKey) => SpaceId | null

/** The notes in what a model was shown, in whichever space, and whether there were more than are named. */
function notesIn(seen: Json | undefined, spaceOf: SpaceOfKey) {
  const notes = isJsonObject(seen) ? seen.observations : undefined
  if (!isJsonObject(notes)) return { named: [], hasMore: false }
  const ids = listOf(notes.ids).filter((id) => typeof id === 'string')
  const named = ids.flatMap((id): readonly RecordAddress[] => {
    const issued = parseObservationId(id)
    const space = issued === null ? null : spaceOf(issued.spaceKey)
    return space === null ? [] : [{ kind: 'observation', space, id }]
  })
  return { named, hasMore: Number(notes.notes ?? 0) + Number(notes.ofOthers ?? 0) > ids.length }
}

/** The records in what a model was shown: see `SeenItems` of the agents. */
function shownIn(seen: Json | undefined, home: SpaceId, threadId: string | undefined): readonly RecordAddress[] {
  if (!isJsonObject(seen)) return []
  const found: RecordAddress[] = []
  for (const item of listOf(seen.messages)) {
    const id = textIn(item, 'id')
    if (id !== null && threadId !== undefined) found.push({ kind: 'message', space: home, threadId, id })
  }
  for (const item of [...listOf(seen.pinned), ...listOf(seen.facts)]) {
    const id = textIn(item, 'id')
    if (id !== null) found.push({ kind: 'fact', space: home, id })
  }
  for (const item of listOf(seen.recalled)) {
    const [kind, id, thread] = [textIn(item, 'kind'), textIn(item, 'id'), textIn(item, 'threadId')]
    const space = (textIn(item, 'space') ?? home) as SpaceId
    if (id === null) continue
    if (kind === 'fact' || kind === 'observation') found.push({ kind, space, id })
    if (kind === 'entry') found.push({ kind, space, key: id })
    if (kind === 'message' && thread !== null) found.push({ kind, space, threadId: thread, id })
  }
  const name = textIn(seen.block ?? null, 'name')
  const isOfThread = textIn(seen.block ?? null, 'scope') === 'thread'
  if (name !== null) {
    found.push({
      kind: 'working-memory',
      space: home,
      ...(isOfThread && threadId !== undefined ? { threadId } : {}),
      name,
    })
  }
  return found
}

/** A run as far as it is known what it saw and wrote. */
export interface RunTrace {
  readonly runId: string
  readonly startedAt: string
  /** When its record was last written: it saw nothing that was made later. */
  readonly until: Moment
  readonly space: SpaceId
  readonly saw: readonly RecordAddress[]
  /** Ids of messages that the run which called it forwarded, from its own thread. */
  readonly forwarded: readonly string[]
  /** The run that called it. */
  readonly parentRunId?: string
  /** Spaces of which it may have seen anything: its record does not say what. */
  readonly sawAnyOf: readonly SpaceId[]
  /** What its tools wrote. */
  readonly wrote: readonly RecordAddress[]
  /** Its own turn; null if it has none. */
  readonly turn: { readonly threadId: string; readonly turnId: string } | null
}

/** The trace of a run. One whose process was killed has left no record of what it saw. */
export function traceOf({ space, run }: WaitingRun, spaceOf: SpaceOfKey): RunTrace {
  const { details, threadId, parentRunId } = run
  const earlier = isJsonObject(details.seenEarlier) ? Object.values(details.seenEarlier) : []
  const all = [details.seen, ...earlier]
  const read = readNoted(details.read)
  const wrote = readNoted(details.wrote)
  const notes = all.map((seen) => notesIn(seen, spaceOf))
  const isUnknown = run.kind === 'agent' && (details.seen === undefined || notes.some(({ hasMore }) => hasMore))
  return {
    runId: run.id,
    startedAt: run.startedAt,
    until: { space, seq: run.version, at: run.updatedAt },
    space,
    saw: [
      ...all.flatMap((seen) => shownIn(seen, space, threadId)),
      ...notes.flatMap(({ named }) => named),
      ...read.records.map(({ address }) => address),
    ],
    forwarded: all
      .flatMap((seen) => (isJsonObject(seen) ? listOf(seen.forwarded) : []))
      .flatMap((one) => {
        return textIn(one, 'id') ?? []
      }),
    ...(parentRunId === undefined ? {} : { parentRunId }),
    sawAnyOf: isUnknown ? [space, ...read.whole] : read.whole,
    wrote: wrote.records.map(({ address }) => address),
    turn: turnOf(run),
  }
}

/** The name of the notes among forwarded messages: they stand for those that they condense. */
const forwardedNotes = 'observations'

/** What a run saw of the run that called it: forwarded messages, and its notes if they were forwarded with them. */
export function forwardedBy({ turn, space, saw }: RunTrace, { forwarded }: RunTrace): readonly RecordAddress[] {
  if (turn === null) return []
  return forwarded.flatMap((id): readonly RecordAddress[] =>
    id === forwardedNotes
      ? saw.filter(({ kind }) => kind === 'observation')
      : [{ kind: 'message', space, threadId: turn.threadId, id }],
  )
}

function turnOf({ threadId, turnId }: RunState): RunTrace['turn'] {
  return threadId === undefined || turnId === undefined ? null : { threadId, turnId }
}

/** What a run wrote: the answers of its turn, what its tools wrote, and the facts that were learned from its answers. */
export async function writtenBy(
  storage: Storage,
  access: Access,
  { space, turn, wrote }: RunTrace,
): Promise<readonly RecordAddress[]> {
  const place = turn === null ? null : parseTurnId(turn.turnId)
  if (turn === null || place === null) return wrote
  const { threadId, turnId } = turn
  const { items } = await storage.messages.list(access, space, {
    threadId,
    direction: 'asc',
    after: { turn: place.turn, index: -1 },
    asOf: null,
    limit: mostOfTurn,
    offset: 0,
    from: null,
    to: null,
    turns: 'all',
  })
  const own = items.map(({ message }) => message).filter((message) => message.turnId === turnId)
  const answers = own.filter(({ role, author }) => role === 'assistant' || author.kind !== 'user').map(({ id }) => id)
  const sources = { sources: answers, after: null, limit: mostOfTurn }
  const learned = answers.length === 0 ? [] : (await storage.facts.derivedFrom(access, space, sources)).items
  return [
    ...answers.map((id): RecordAddress => ({ kind: 'message', space, threadId, id })),
    ...wrote,
    ...learned.map(({ id }): RecordAddress => ({ kind: 'fact', space, id })),
  ]
}
