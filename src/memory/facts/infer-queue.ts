/** Words that wait for extraction: stored as queued facts, so that no message is lost when a model fails. */

import { type ExtractedStatement, type Heard, heardInQueued, queuedText } from '../../derive/extract.ts'
import { type Actor, sameActor, savedAuthor } from '../../domain/actor.ts'
import type { Change, Expectation } from '../../domain/commit/commit.ts'
import { MemoryError } from '../../domain/error.ts'
import type { FactId, SpaceId } from '../../domain/id.ts'
import { spokenText } from '../../domain/index/indexed.ts'
import { isJsonObject, type JsonObject } from '../../domain/json.ts'
import { type FactState, guardedTrust } from '../../domain/records/fact.ts'
import type { MessageInput } from '../../domain/records/message.ts'
import { parseSpaceId } from '../../domain/space.ts'
import { isoTime } from '../../domain/time.ts'
import type { Trust } from '../../domain/trust.ts'
import { hasRecalled, withoutRecalled } from '../../recall/text/fence.ts'
import { appliedOf } from '../door/applied.ts'
import type { Core } from '../door/core.ts'
import { Door } from '../door/door.ts'
import type { FactHome } from './fact-home.ts'

/** The fields that the facts of a call get in addition to their text. */
export interface InferOptions {
  readonly metadata?: JsonObject
  /** ISO time. Default: when each statement was said. */
  readonly validFrom?: string
  /** ISO time, or null: nothing ends them. */
  readonly validTo?: string | null
  /** ISO time, or null for ever. */
  readonly expiresAt?: string | null
  /** Ids of sources in addition to the messages. */
  readonly sources?: readonly string[]
}

/** Words that wait, and the fields that their facts will get. */
export interface Queued {
  readonly id: FactId
  readonly version: number
  readonly home: FactHome
  /** The messages, without recalled text. */
  readonly heard: readonly Heard[]
  /** Whether recalled text was in the messages. */
  readonly hasRecalled: boolean
  readonly metadata: JsonObject
  readonly sources: readonly string[]
  /** As the call stated it; null if it did not. */
  readonly validFrom: string | null
  readonly validTo: string | null
  readonly expiresAt: string | null
  /** When the words were queued, if they have waited since; null if they were queued just now. */
  readonly waitsSince: string | null
  readonly queuedBy: Actor
  /** The highest trust of its facts: the actor who queued the words may be trusted less than the stated author. */
  readonly trust: Trust
  readonly attempts: number
}

/** After so many failures the words stay, but are not tried again by themselves. */
const mostAttempts = 5
/** Words are claimed for three times a model's time limit: for those before them, themselves, and storing. */
const heldTimes = 3
const queuedAPage = 100

function heldUntil(core: Core): string {
  return isoTime(core.storage.clock.now() + heldTimes * core.limits.modelTimeoutMs)
}

/** The messages to learn from, with author and time, without system messages and those without words. */
export function heardIn(core: Core, space: SpaceId, messages: readonly MessageInput[]): readonly Heard[] {
  const { actor } = core.access
  const { address } = parseSpaceId(space)
  const now = isoTime(core.storage.clock.now())
  return messages.flatMap(({ id, role, parts, author: stated, createdAt }) => {
    const text = spokenText(parts)
    if (role === 'system' || text.trim() === '') return []
    const { kind, id: authorId, name } = savedAuthor(stated, role, actor, address)
    const author = { kind, id: authorId, ...(name === undefined ? {} : { name }) }
    const at = createdAt === undefined ? { at: now } : { at: createdAt, dated: true as const }
    return [{ ...(id === undefined ? {} : { id }), author, ...at, text }]
  })
}

/** A message without the text that was recalled into it. */
export function learnable(heard: readonly Heard[]): readonly Heard[] {
  return heard.map((one) => ({ ...one, text: withoutRecalled(one.text) })).filter(({ text }) => text.trim() !== '')
}

/**
 * When a statement was said: as the call says, or the newest of its messages, if they state their times. Null if it was said
 * just now: then the order of commits decides what is newer, and not the clocks of processes.
 */
export function saidAt(item: Queued, { from }: ExtractedStatement): string | null {
  if (item.validFrom !== null) return item.validFrom
  const times = from.map((index) => item.heard[index]).map((one) => (one?.dated === true ? one.at : null))
  if (times.length === 0 || times.includes(null)) return item.waitsSince
  return times.reduce((latest, time) => ((time ?? '') > (latest ?? '') ? time : latest), null)
}

interface Bookkeeping {
  /** The call stated since when its facts hold. */
  readonly isDated: boolean
  readonly given: JsonObject
  readonly attempts: number
  /** ISO time until which somebody works on it. */
  readonly heldUntil: string | null
}

/** The state of a queued fact is in its metadata; a caller may queue a fact without it. */
function bookkeepingOf({ metadata }: FactState): Bookkeeping {
  const { given, attempts, heldUntil: held, dated } = metadata
  return {
    isDated: dated === true,
    given: isJsonObject(given) ? given : {},
    attempts: typeof attempts === 'number' ? attempts : 0,
    heldUntil: typeof held === 'string' ? held : null,
  }
}

function metadataOf({ isDated, given, attempts, heldUntil: held }: Bookkeeping): JsonObject {
  return { given, attempts, ...(isDated ? { dated: true } : {}), ...(held === null ? {} : { heldUntil: held }) }
}

function queuedOf(space: SpaceId, fact: FactState, version: number, isFresh = false): Queued {
  const raw = heardInQueued(fact.text) ?? [{ author: fact.assertedBy, at: fact.createdAt, text: fact.text }]
  const { given, attempts, isDated } = bookkeepingOf(fact)
  const { id, attributes, sources, validFrom, validTo, expiresAt, assertedBy } = fact
  return {
    id,
    version,
    home: { space, attributes },
    heard: learnable(raw),
    hasRecalled: raw.some(({ text }) => hasRecalled(text)),
    metadata: given,
    sources,
    validFrom: isDated ? validFrom : null,
    validTo,
    expiresAt,
    waitsSince: isFresh ? null : validFrom,
    queuedBy: assertedBy,
    // The application states who spoke. Others cannot give more trust than they have.
    trust: guardedTrust(fact),
    attempts,
  }
}

/** Commits the words, claimed by the caller, before anything else is done. */
export async function enqueue(
  core: Core,
  home: FactHome,
  heard: readonly Heard[],
  options: InferOptions,
): Promise<Queued> {
  const { metadata = {}, validFrom, validTo, expiresAt, sources = [] } = options
  const isDated = validFrom !== undefined
  const own = heard.flatMap(({ id }) => id ?? [])
  const all = [...new Set([...own, ...sources])]
  const change: Change = {
    kind: 'fact-assert',
    unique: core.createId(),
    queued: true,
    text: queuedText(heard),
    metadata: metadataOf({ isDated, given: metadata, attempts: 0, heldUntil: heldUntil(core) }),
    attributes: home.attributes,
    sources: all,
    ...(validFrom === undefined ? {} : { validFrom }),
    ...(validTo === undefined ? {} : { validTo }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
  const { result } = await new Door(core, home.space).apply(change)
  const storage = await core.storage.get()
  const { record } = await storage.facts.get(core.access, home.space, result.factId)
  if (record !== null) return queuedOf(home.space, record, record.version, true)
  throw new MemoryError('conflict', {
    message: 'What was said was deleted before it could be learned.',
    fix: 'Add it again if it should be known.',
  })
}

/** Writes the state again. Returns the new version, or null if the words are claimed by another or gone. */
async function rewrite(core: Core, item: Queued, bookkeeping: Bookkeeping): Promise<number | null> {
  const change: Change = { kind: 'fact-assert', factId: item.id, metadata: metadataOf(bookkeeping) }
  const expect: Expectation[] = [{ version: item.version, of: { fact: item.id } }]
  try {
    const result = await new Door(core, item.home.space).submit([change], { expect, background: true })
    return result.status === 'conflict' ? null : appliedOf(result, 'fact-assert').seq
  } catch (error) {
    if (error instanceof MemoryError && error.code === 'not-found') return null
    throw error
  }
}

/** Returns words to the queue after a failure. */
export async function release(core: Core, item: Queued): Promise<void> {
  const { metadata: given, attempts, validFrom } = item
  const isDated = validFrom !== null
  await rewrite(core, item, { isDated, given, attempts: attempts + 1, heldUntil: null })
}

/** Claims words to learn from; null if somebody else has claimed them. */
export async function hold(core: Core, item: Queued): Promise<Queued | null> {
  const { metadata: given, attempts, validFrom } = item
  const isDated = validFrom !== null
  const version = await rewrite(core, item, { isDated, given, attempts, heldUntil: heldUntil(core) })
  return version === null ? null : { ...item, version }
}

/** Words that wait in a space. */
interface Waiting {
  /** Unclaimed words that may be tried, oldest first. */
  readonly free: readonly Queued[]
  /** Words that are claimed, or left to the actor who queued them. */
  readonly held: number
  /** They failed too often to be tried again. */
  readonly failed: number
}

/**
 * The core that acts as the actor who queued the words; null if this memory may not. A trusted process may act as
 * anybody.
 */
export function coreForQueued(core: Core, { queuedBy }: Queued): Core | null {
  if (sameActor(core.access.actor, queuedBy)) return core
  return core.access.grants === 'all' ? { ...core, access: { ...core.access, actor: queuedBy } } : null
}

/** The words that wait in a space. */
export async function waitingIn(core: Core, space: SpaceId): Promise<Waiting> {
  const storage = await core.storage.get()
  const now = isoTime(core.storage.clock.now())
  const free: Queued[] = []
  let [held, failed] = [0, 0]
  for (let after: number | null = null; ; ) {
    const query = { attributes: {}, statuses: ['queued'], order: 'oldest', after, limit: queuedAPage } as const
    const page = await storage.facts.list(core.access, space, query)
    for (const fact of page.items) {
      const { attempts, heldUntil: until } = bookkeepingOf(fact)
      const item = queuedOf(space, fact, fact.version)
      if (attempts >= mostAttempts) failed += 1
      else if ((until !== null && until > now) || coreForQueued(core, item) === null) held += 1
      else free.push(item)
    }
    after = page.items.at(-1)?.order ?? null
    if (!page.more || after === null) return { free, held, failed }
  }
}
