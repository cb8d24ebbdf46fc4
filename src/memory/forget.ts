/** Forgetting: erasing what a caller names, at once for every reader, and soon from the bytes of the files. */

import { isGranted } from '../access/grants.ts'
import type { Access } from '../domain/actor.ts'
import type { ForgetTarget, ReceiptCounts, ReceiptNote, StoredReceipt } from '../domain/erase/receipt.ts'
import { invalidInput, shown } from '../domain/error.ts'
import { checkId, parseFactId, parseMessageId, parseRunId, type SpaceId, turnIdOf } from '../domain/id.ts'
import { foreignId, type IssuedKind, parseIssuedId } from '../domain/issued-id.ts'
import { addressText, type RecordAddress } from '../domain/records/address.ts'
import { parseSpaceId, spaceId } from '../domain/space.ts'
import type { Storage, ThreadCopy } from '../ports/storage.ts'
import type { FoundCopy } from './answers/exported.ts'
import { unexpectedConflict } from './arguments/refusal.ts'
import { type FoundCopies, findCopies } from './copies/find-copies.ts'
import { type Forgotten, forgottenRecords, forgottenSpace, forgottenThread } from './copies/forgotten.ts'
import type { Core } from './door/core.ts'
import { Door } from './door/door.ts'
import { refuseForeignMessages } from './door/foreign-ids.ts'
import { attempted, eraseListed, erasing } from './storage/erasure.ts'

/**
 * What to forget: a whole space (`resourceId` or `userId`, `teamId`, `agentId` or `taskId` alone), or something in one, which the same
 * options name: `threadId`, `messageIds` (with `threadId` only those of that thread) or `key`. `factIds` and `run`, the id
 * of an agent's run, are named alone.
 */
export interface ForgetOptions {
  /** A user or entity: everything of theirs if passed alone, otherwise the resource of the thread, messages or key. */
  readonly resourceId?: string
  /** Another name for `resourceId`. */
  readonly userId?: string
  /** A team: all its memory if passed alone, otherwise the team of the key. */
  readonly teamId?: string
  /** An agent: the memory in its own space. */
  readonly agentId?: string
  /** A piece of work: the memory in its space. */
  readonly taskId?: string
  /** One conversation of the resource. */
  readonly threadId?: string
  /** Single messages. With `threadId`, only those of that thread. */
  readonly messageIds?: readonly string[]
  /** Single facts. Passed alone. */
  readonly factIds?: readonly string[]
  /** An entry, in all its versions. */
  readonly key?: string
  /** The record of an agent's run, by its id. Passed alone. */
  readonly run?: string
  /**
   * Erases also the copies that agents made elsewhere after they were shown what is forgotten: messages, facts, and whole
   * entries and blocks of working memory. Default: they are listed and stay.
   */
  readonly copies?: boolean
}

/** What a forget did. It names nothing that was erased. */
export interface ForgetReceiptRecord<Time = string> {
  readonly id: string
  /** What kind of thing was forgotten, such as `resource`, `thread` or `facts`. */
  readonly target: ForgetTarget
  /** `pending`: no read returns it any more, but its bytes may still be in a file of the database. */
  readonly state: 'pending' | 'complete'
  /** When it was asked for. */
  readonly requestedAt: Time
  /** null while pending. */
  readonly completedAt: Time | null
  /** For a whole space only live records count; inside a space, deleted and replaced ones too. */
  readonly erased: ReceiptCounts
  /** What this erasure cannot reach, in words. */
  readonly outOfReach: readonly string[]
}

/** A receipt, and where copies are. */
export interface ForgetAnswerRecord<Time = string> extends ForgetReceiptRecord<Time> {
  /**
   * Threads that were cloned from a forgotten one, and records with words of it that agents wrote after they were shown it.
   * With `copies: true` such records, and messages of the clones, are erased; otherwise they stay.
   */
  readonly copies: readonly FoundCopy[]
}

const outOfReach = [
  'backups and copies of the database files, and freed blocks that the file system keeps',
  'exports, and everything that was sent to other systems or shown to a model',
  'copies of the content under other ids or keys',
  'names and ids that commits of other spaces mention, such as who acted',
  'facts in other spaces that were learned from the content',
  'copies that agents made in runs of which no record is left, or outside of memory',
]

/** Copied threads that an answer lists at most. */
const copiesListed = 1_000

type Parsed = ForgetOptions

const homes = ['resourceId', 'userId', 'teamId', 'agentId', 'taskId'] as const
const kinds = { resourceId: 'resource', userId: 'resource', teamId: 'team', agentId: 'agent', taskId: 'task' } as const
const named = [...homes, 'threadId', 'messageIds', 'factIds', 'key', 'run'] as const
const fix =
  'Name one thing: resourceId (or userId), teamId, agentId or taskId alone for all of it; threadId, messageIds, factIds, key or run for a part.'

/** The call that forgets the record of an issued id. */
function callFor(id: string, kind: IssuedKind): string {
  if (kind === 'message') return `Call forget({ messageIds: [${shown(id)}] }) to erase that message.`
  if (kind === 'fact') return `Call forget({ factIds: [${shown(id)}] }) to erase that fact.`
  if (kind === 'run') return `Call forget({ run: ${shown(id)} }) to erase the record of that run.`
  if (kind === 'turn') return 'A turn is forgotten with its messages: call forget({ messageIds }).'
  return 'A recollection is not stored: there is nothing to forget.'
}

/** Refuses an issued id of another kind, and says how to forget its record. */
function refuseOtherKind(field: string, id: string, kind: IssuedKind): void {
  const issued = parseIssuedId(id)
  if (issued !== null && issued.kind !== kind) throw foreignId(field, id, kind, callFor(id, issued.kind))
}

/** The space to forget, or the space of the records to forget; null if none is named. */
function homeOf(parsed: Parsed): { readonly space: SpaceId; readonly target: ForgetTarget } | null {
  const given = homes.filter((name) => parsed[name] !== undefined)
  if (given.length > 1) throw invalidInput(given[1] as string, 'must not go with another space', given.join(', '), fix)
  const [name] = given
  if (name === undefined) return null
  return { space: spaceId(kinds[name], checkId(parsed[name], name)), target: kinds[name] }
}

/**
 * Refuses an issued id as the name of a space or a thread: the receipt would say that all of it is gone. Only a record
 * that an earlier version stored under such a name is forgotten by it.
 */
async function refuseIssuedName(core: Core, storage: Storage, parsed: Parsed, home: SpaceId | null): Promise<void> {
  for (const name of [...homes, 'threadId'] as const) {
    const id = parsed[name]
    const issued = id === undefined ? null : parseIssuedId(id)
    if (id === undefined || issued === null) continue
    const isStored =
      name === 'threadId'
        ? (await storage.threads.homes(core.access, id, core.limits.pageSize)).some((one) => (home ?? one) === one)
        : home !== null && (await storage.spaces.get(core.access, home)) !== null
    if (!isStored) throw invalidInput(name, `must not be the id of a ${issued.kind}`, id, callFor(id, issued.kind))
  }
}

type Note = Pick<ReceiptNote, 'target' | 'asked' | 'outOfReach'>

/** The plan for a request: the receipt to begin, the copies to list, and the erasure itself. */
interface Plan {
  readonly target: ForgetTarget
  readonly asked: string
  readonly copies: readonly ThreadCopy[]
  /** What it erases, for a look at its copies; null if nothing of it can have any. */
  readonly forgotten: () => Promise<Forgotten | null>
  readonly erase: (note: ReceiptNote) => Promise<StoredReceipt>
}

const nothing = async () => null

/** Where messages and facts with issued ids are. */
async function issuedAt(core: Core, storage: Storage, ids: readonly string[]): Promise<readonly RecordAddress[]> {
  const found: RecordAddress[] = []
  for (const [key, own] of Map.groupBy(ids, (id) => parseIssuedId(id)?.spaceKey)) {
    const space = key === undefined ? null : await storage.spaces.byKey(core.access, key)
    if (space === null) continue
    found.push(...own.filter((id) => parseFactId(id) !== null).map((id) => ({ kind: 'fact', space, id }) as const))
    const messages = own.filter((id) => parseMessageId(id) !== null)
    found.push(...(await placesOf(core, storage, space, messages, undefined)))
  }
  return found
}

/** Where messages of a space are, as far as they stand. */
async function placesOf(
  core: Core,
  storage: Storage,
  space: SpaceId,
  messageIds: readonly string[],
  threadId: string | undefined,
): Promise<readonly RecordAddress[]> {
  if (!isGranted(core.access, 'read', space)) return []
  const found: RecordAddress[] = []
  for (const id of messageIds) {
    // A message that was replaced is found by its turn alone.
    const issued = parseMessageId(id)
    const turnId = issued === null ? null : turnIdOf(issued.spaceKey, issued.turn)
    const turn = turnId === null ? null : await storage.messages.turn(core.access, space, turnId)
    if (turn !== null && (threadId ?? turn.threadId) === turn.threadId) {
      found.push({ kind: 'message', space, threadId: turn.threadId, id })
      continue
    }
    for (const { message } of await storage.messages.find(core.access, space, id)) {
      if (threadId !== undefined && message.threadId !== threadId) continue
      found.push({ kind: 'message', space, threadId: message.threadId, id })
    }
  }
  return found
}

/** The spaces inside of a space. Only who may read everything can list them. */
async function spacesInside(storage: Storage, access: Access, space: SpaceId): Promise<readonly SpaceId[]> {
  if (access.grants !== 'all') return []
  const { address, id } = parseSpaceId(space)
  const prefix = `${id.slice(id.indexOf('/') + 1)}/`
  const query = { kind: address.kind, prefix, after: null, limit: copiesListed }
  return (await storage.spaces.list(access, query)).map((inside) => inside.id)
}

async function planSpace(core: Core, storage: Storage, space: SpaceId, target: ForgetTarget): Promise<Plan> {
  const found = await storage.threads.copies(core.access, { space }, copiesListed)
  return {
    target,
    asked: JSON.stringify([space]),
    copies: found.filter((copy) => copy.space !== space && !copy.space.startsWith(`${space}/`)),
    forgotten: async () => forgottenSpace(storage, core.access, space, await spacesInside(storage, core.access, space)),
    erase: (note) => storage.erase(core.access, erasing(space, {}), core.limits, note),
  }
}

/** The resource that has the thread, or had it. */
async function homeOfThread(core: Core, storage: Storage, threadId: string): Promise<SpaceId | null> {
  const all = await storage.threads.homes(core.access, threadId, core.limits.pageSize)
  const found = all.filter((space) => {
    const { kind, path } = parseSpaceId(space).address
    return kind === 'resource' && path.length === 1
  })
  if (found.length <= 1) return found[0] ?? null
  throw unexpectedConflict(
    'Several resources have a thread with that id.',
    'Pass the resourceId of the one you mean.',
    {
      threadId,
      resources: found.length,
    },
  )
}

async function planThread(core: Core, storage: Storage, threadId: string, home: SpaceId | null): Promise<Plan> {
  checkId(threadId, 'threadId')
  const space = home ?? (await homeOfThread(core, storage, threadId))
  const copies = space === null ? [] : await storage.threads.copies(core.access, { space, threadId }, copiesListed)
  const commit = space === null ? null : erasing(space, { threadIds: [threadId] })
  return {
    target: 'thread',
    asked: JSON.stringify(['thread', home, threadId]),
    copies,
    forgotten: async () => (space === null ? null : forgottenThread(storage, core.access, space, threadId)),
    erase: (note) => storage.erase(core.access, commit, core.limits, note),
  }
}

/** Refuses ids that occur in several threads if no thread is named. */
async function refuseAmbiguous(core: Core, storage: Storage, space: SpaceId, ids: readonly string[]): Promise<void> {
  for (const messageId of ids) {
    const places = await storage.messages.find(core.access, space, messageId)
    if (places.length < 2) continue
    const threads = places.map(({ message }) => message.threadId)
    const message = 'Several threads have a message with that id.'
    throw unexpectedConflict(message, 'Pass the threadId of the one you mean.', { messageId, threads })
  }
}

async function planMessages(core: Core, storage: Storage, parsed: Parsed, home: SpaceId | null): Promise<Plan> {
  const { threadId } = parsed
  const messageIds = [...new Set(parsed.messageIds)].sort()
  for (const id of messageIds) {
    checkId(id, 'messageIds')
    if (threadId === undefined) refuseOtherKind('messageIds', id, 'message')
  }
  if (threadId !== undefined) checkId(threadId, 'threadId')
  const asked = JSON.stringify(['messages', home, threadId ?? null, messageIds])
  const plan = { target: 'messages', asked, copies: [] } as const
  if (home === null) {
    const chosen = messageIds.find((id) => parseMessageId(id) === null)
    if (chosen !== undefined || threadId !== undefined) {
      const rule = 'is required: a message or thread id of your own is unique only in its resource'
      throw invalidInput('resourceId', rule, undefined, 'Pass the resourceId of the messages.')
    }
    const forgotten = async () => forgottenRecords(storage, core.access, await issuedAt(core, storage, messageIds))
    return { ...plan, forgotten, erase: (note) => eraseListed(storage, core.access, core.limits, messageIds, note) }
  }
  if (threadId === undefined) {
    const ids = messageIds.map((id) => ({ id, field: 'messageIds' }))
    await refuseForeignMessages(new Door(core, home), undefined, ids)
    await refuseAmbiguous(core, storage, home, messageIds)
  }
  const inThread = threadId === undefined ? {} : { inThread: threadId }
  const commit = erasing(home, { messageIds, ...inThread })
  const forgotten = async () => {
    return forgottenRecords(storage, core.access, await placesOf(core, storage, home, messageIds, threadId))
  }
  return { ...plan, forgotten, erase: (note) => storage.erase(core.access, commit, core.limits, note) }
}

/** Facts and runs by id: the id names the space, so nothing else may be named. */
function refuseBeside(parsed: Parsed, own: 'factIds' | 'run'): void {
  const other = named.find((name) => name !== own && parsed[name] !== undefined)
  if (other !== undefined) throw invalidInput(other, `must not go with ${own}`, parsed[other], fix)
}

/** The record of a run. Its messages stay in their thread. */
function planRun(storage: Storage, core: Core, parsed: Parsed): Plan {
  refuseBeside(parsed, 'run')
  const run = checkId(parsed.run, 'run')
  refuseOtherKind('run', run, 'run')
  if (parseRunId(run) === null) {
    const how = 'Pass the runId that a call of an agent returned; a piece of work is named by taskId.'
    throw invalidInput('run', 'must be the id of a run', run, how)
  }
  return {
    target: 'run',
    asked: JSON.stringify(['run', run]),
    copies: [],
    forgotten: nothing,
    erase: (note) => eraseListed(storage, core.access, core.limits, [run], note),
  }
}

function planFacts(storage: Storage, core: Core, parsed: Parsed): Plan {
  refuseBeside(parsed, 'factIds')
  const factIds = [...new Set(parsed.factIds)].sort()
  for (const id of factIds) {
    if (parseFactId(checkId(id, 'factIds')) !== null) continue
    refuseOtherKind('factIds', id, 'fact')
    throw invalidInput('factIds', 'must be ids that were issued for facts', id, 'Pass ids that add or search returned.')
  }
  const asked = JSON.stringify(['facts', factIds])
  return {
    target: 'facts',
    asked,
    copies: [],
    forgotten: async () => forgottenRecords(storage, core.access, await issuedAt(core, storage, factIds)),
    erase: (note) => eraseListed(storage, core.access, core.limits, factIds, note),
  }
}

async function planOf(core: Core, storage: Storage, parsed: Parsed): Promise<Plan> {
  const home = homeOf(parsed)
  const { threadId, messageIds, factIds, key, run } = parsed
  if (run !== undefined) return planRun(storage, core, parsed)
  if (factIds !== undefined) return planFacts(storage, core, parsed)
  await refuseIssuedName(core, storage, parsed, home?.space ?? null)
  if (key !== undefined && (threadId ?? messageIds) !== undefined) {
    throw invalidInput('key', 'must not be passed with another thing to forget', key, fix)
  }
  if (messageIds !== undefined) return planMessages(core, storage, parsed, home?.space ?? null)
  if (threadId !== undefined) return planThread(core, storage, threadId, home?.space ?? null)
  if (key !== undefined) {
    checkId(key, 'key')
    if (home === null) throw invalidInput('teamId', 'is required: a key is unique only in its team', undefined, fix)
    const commit = erasing(home.space, { keys: [key] })
    const asked = JSON.stringify(['key', home.space, key])
    const named = [{ kind: 'entry', space: home.space, key }] as const
    return {
      target: 'key',
      asked,
      copies: [],
      forgotten: async () => forgottenRecords(storage, core.access, named),
      erase: (note) => storage.erase(core.access, commit, core.limits, note),
    }
  }
  if (home === null) throw invalidInput('forget', 'must name what to forget', parsed, fix)
  return planSpace(core, storage, home.space, home.target)
}

/** What the receipt says of copies: how many stay, and whether there may be more. */
function noteOf({ target, asked, copies }: Plan, found: FoundCopies, erased: readonly RecordAddress[]): Note {
  const cloned = copies.length === 0 ? [] : [`${copies.length} copied threads, which are threads of their own`]
  const left = found.copies.length - erased.length
  const written = left === 0 ? [] : [`${left} records with its words, which agents wrote after they were shown it`]
  const more = found.isCut ? ['copies beyond those that one look finds, or in spaces that the caller may not read'] : []
  return { target, asked, outOfReach: [...outOfReach, ...cloned, ...written, ...more] }
}

/**
 * Erases what the options name. Repeated while its receipt is pending, it adds to that receipt and tries once to
 * complete it.
 */
export async function forget(core: Core, parsed: ForgetOptions): Promise<ForgetAnswerRecord> {
  const storage = await core.storage.get()
  const plan = await planOf(core, storage, parsed)
  const forgotten = await plan.forgotten()
  const withClones = parsed.copies === true || plan.target === 'messages'
  const none = { copies: [], isCut: false }
  const found = forgotten === null ? none : await findCopies(core, storage, forgotten, withClones)
  const erased =
    parsed.copies === true ? found.copies.filter(({ space }) => isGranted(core.access, 'erase', space)) : []
  const pending = await storage.receipts.asked(core.access, plan.asked)
  const id = pending?.id ?? `receipt_${core.createId()}`
  // What an interrupted call left to do stays in the receipt: nothing would find it again.
  const note = { id, ...noteOf(plan, found, erased) }
  const left = [...new Set([...(pending?.left ?? []), ...erased.map(addressText)])]
  let receipt = await plan.erase({ ...note, left })
  if (left.length > 0) receipt = await eraseListed(storage, core.access, core.limits, left, { ...note, left: [] })
  if (pending !== null) receipt = await attempted(storage, receipt)
  core.traces.clear()
  if (receipt.state === 'pending') core.storage.wakeEraser()
  const threads = plan.copies.map((copy): FoundCopy => ({ kind: 'thread', ...copy }))
  return { ...toReceipt(receipt), copies: [...threads, ...found.copies] }
}

function toReceipt({ left: _, ...receipt }: StoredReceipt): ForgetReceiptRecord {
  return receipt
}

/** The receipt of that id, or null. */
export async function getReceipt(
  core: Core,
  { receiptId }: { readonly receiptId: string },
): Promise<ForgetReceiptRecord | null> {
  checkId(receiptId, 'receiptId')
  const receipt = await (await core.storage.get()).receipts.get(core.access, receiptId)
  return receipt === null ? null : toReceipt(receipt)
}

/** Options of `memory.receipts`. */
export interface ReceiptsOptions {
  /** Only receipts in this state. Default: all. */
  readonly state?: 'pending' | 'complete'
  /** Receipts at most, the newest. Default: 100. */
  readonly limit?: number
}

/** Receipts, newest first. Needs the right to administer. */
export async function listReceipts(
  core: Core,
  { state, limit = 100 }: ReceiptsOptions,
): Promise<ForgetReceiptRecord[]> {
  const found = await (await core.storage.get()).receipts.list(core.access, { state: state ?? null, limit })
  return found.map(toReceipt)
}
