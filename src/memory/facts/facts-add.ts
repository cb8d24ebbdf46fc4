/** Adds facts: each message, except system messages, becomes a statement in the home of the ids. */
import type { ChangeOf, CommitResult } from '../../domain/commit/commit.ts'
import { invalidInput, invariant } from '../../domain/error.ts'
import { type FactId, factIdOf, parseMessageId } from '../../domain/id.ts'
import { spokenText } from '../../domain/index/indexed.ts'
import { copyJson, type JsonObject } from '../../domain/json.ts'
import { withPeers } from '../../domain/peer-packages.ts'
import type { MessageInput } from '../../domain/records/message.ts'
import { type ReadMessage, readPlainMessages } from '../../domain/records/message-input.ts'
import { toIso } from '../../domain/time.ts'
import type { Trust } from '../../domain/trust.ts'
import type { ProposedSection } from '../../ports/shared-memory.ts'
import { type CommitIdOption, named } from '../arguments/commit-ids.ts'
import { appliedOf } from '../door/applied.ts'
import type { Core } from '../door/core.ts'
import { Door, proposedSection } from '../door/door.ts'
import { propose } from '../proposals/propose.ts'
import { isChatter } from './chatter.ts'
import { type FactIds, homeOf } from './fact-home.ts'
import type { StatedOptions } from './fact-records.ts'
import type { Inferred, LearnedFact } from './infer.ts'

/** Options of `memory.add`. */
export interface AddFactsRequest<Time = string> extends FactIds, StatedOptions<Time>, CommitIdOption {
  /** Stored with each fact; `filters` test it. A message's own metadata wins. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /**
   * Whether the memory's model extracts stand-alone statements. With `false`, each message is stored as it is. Default:
   * true if the memory has a `model`. Otherwise messages are stored as they are, apart from those that only greet, thank,
   * agree or ask.
   */
  readonly infer?: boolean
  /** Facts that this one replaces. Those of higher trust stay, marked as contradicting it. */
  readonly supersedes?: string | readonly string[]
  /** Facts that this one contradicts; both sides are marked, see `conflicts()`. */
  readonly contradicts?: string | readonly string[]
}

/** What became of one statement. */
export interface AddedFact extends LearnedFact {
  /** Facts that are now marked as contradicting it. */
  readonly conflictsWith?: readonly string[]
  /** Open proposals to replace facts of higher trust. Somebody with as much trust decides; see `memory.proposals`. */
  readonly proposalIds?: readonly string[]
}

/** What became of all statements; `queued` and `error` only if a model was used. */
export interface AddedFacts extends Omit<Inferred, 'results'> {
  /** What became of each statement. */
  readonly results: readonly AddedFact[]
}

type Parsed = AddFactsRequest

/** A statement in its stored form. */
interface Statement {
  readonly text: string
  readonly metadata: JsonObject
  readonly sources: readonly string[]
  readonly trust: Trust
  /** When it was said, if the message says so. */
  readonly validFrom?: string
}

/** The trust of the speaker: it can only lower the trust of the actor. */
function trustOfSpeaker({ author, role }: MessageInput): Trust {
  const kind = author?.kind ?? (role === 'user' ? 'user' : 'agent')
  return kind === 'user' || kind === 'agent' ? kind : 'tool'
}

/** The message as a source, if it names its thread. */
function sourcesOf({ input, threadId }: ReadMessage): readonly string[] {
  const { id } = input
  return id !== undefined && (threadId !== undefined || parseMessageId(id) !== null) ? [id] : []
}

/** The statement of a message; null for a system message, and for one with tool calls or files but no words. */
function statementOf(message: ReadMessage, field: string, shared: JsonObject): Statement | null {
  const { role, parts, metadata = {}, createdAt } = message.input
  if (role === 'system') return null
  const text = spokenText(parts).trim()
  if (text === '') {
    if (parts.some(({ type }) => type !== 'text')) return null
    throw invalidInput(field, 'must hold words', text, 'Pass a message with words.')
  }
  return {
    text,
    metadata: { role, ...shared, ...metadata },
    sources: sourcesOf(message),
    trust: trustOfSpeaker(message.input),
    ...(createdAt === undefined ? {} : { validFrom: createdAt }),
  }
}

function statementsOf(batch: readonly ReadMessage[], metadata: Parsed['metadata']): readonly Statement[] {
  const shared = copyJson((metadata ?? {}) as JsonObject, 'metadata')
  return batch.flatMap((message, index) => statementOf(message, `messages[${index}]`, shared) ?? [])
}

function listed(ids: string | readonly string[] | undefined): readonly string[] {
  return typeof ids === 'string' ? [ids] : (ids ?? [])
}

/** Last parts of the ids of new facts: the same for each retry of a commit with an id, otherwise made by the memory. */
async function uniquesOf(core: Core, count: number, commitId: string | undefined): Promise<readonly string[]> {
  if (commitId === undefined) return Array.from({ length: count }, core.createId)
  const digest = await globalThis.crypto.subtle.digest('SHA-256', Buffer.from(commitId))
  const name = Buffer.from(digest).toString('base64url').slice(0, 22)
  return Array.from({ length: count }, (_, index) => `${name}-${index}`)
}

/** What a request states of each fact, apart from its words, its home and its links. */
function statedOf(request: Parsed): StatedOptions {
  const { userId, resourceId, teamId, agentId, taskId, metadata, infer, commitId, ...rest } = request
  const { supersedes, contradicts, ...stated } = rest
  return stated
}

function changesOf(
  statements: readonly Statement[],
  uniques: readonly string[],
  parsed: Parsed,
): readonly ChangeOf<'fact-assert'>[] {
  const stated = statedOf(parsed)
  const supersedes = [...listed(parsed.supersedes)]
  const conflictsWith = [...listed(parsed.contradicts)]
  const { attributes } = homeOf(parsed)
  return statements.map(({ text, metadata, sources, trust, validFrom }, index) => ({
    ...(validFrom === undefined ? {} : { validFrom }),
    ...stated,
    kind: 'fact-assert',
    unique: uniques[index] as string,
    text,
    metadata,
    trust,
    attributes,
    ...(sources.length === 0 ? {} : { sources: [...sources] }),
    ...(supersedes.length === 0 ? {} : { supersedes }),
    ...(conflictsWith.length === 0 ? {} : { conflictsWith }),
  }))
}

/** The texts of facts that will be replaced, by id. */
async function textsOf(space: Door, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = await Promise.all(ids.map((id) => space.facts.get(id)))
  return new Map(found.flatMap(({ record }) => (record === null ? [] : [[record.id, record.text]])))
}

function addedFact(
  commit: CommitResult,
  index: number,
  { text }: Statement,
  texts: ReadonlyMap<string, string>,
): AddedFact {
  const { factId, known, added, endedBy, superseded, conflicts, proposed } = appliedOf(
    commit,
    'fact-assert',
    index,
  ).result
  const [first] = superseded
  const previous = first === undefined ? undefined : texts.get(first)
  return {
    id: factId,
    memory: text,
    event: first !== undefined || added !== undefined ? 'UPDATE' : known ? 'NONE' : 'ADD',
    ...(added === undefined ? {} : { added }),
    ...(endedBy === undefined ? {} : { endedBy }),
    ...(previous === undefined ? {} : { previousMemory: previous }),
    ...(superseded.length === 0 ? {} : { supersedes: superseded as readonly FactId[] }),
    ...(conflicts.length === 0 ? {} : { conflictsWith: conflicts }),
    ...(proposed === undefined ? {} : { proposalIds: proposed }),
  }
}

/** Lets the memory's model extract the facts from the messages. */
async function learnFacts(core: Core, batch: readonly ReadMessage[], parsed: Parsed): Promise<AddedFacts> {
  for (const field of ['supersedes', 'contradicts', 'commitId', 'pinned', 'importance'] as const) {
    if (parsed[field] === undefined) continue
    const fix = 'Pass infer: false to store the words as they are, or leave it out: the model decides.'
    throw invalidInput(field, 'must not go with infer: true', parsed[field], fix)
  }
  const { validFrom, validTo, expiresAt } = parsed
  const { inferFacts } = await withPeers(() => import('./infer.ts'))
  // Later, when the words are stored, a missing AI SDK would look like a model that failed.
  await withPeers(() => import('ai'))
  const home = homeOf(parsed)
  const learned = await inferFacts(
    core,
    home,
    batch.map(({ input }) => input),
    {
      metadata: copyJson((parsed.metadata ?? {}) as JsonObject, 'metadata'),
      sources: batch.flatMap(sourcesOf),
      ...(validFrom === undefined ? {} : { validFrom: toIso(validFrom, 'validFrom') }),
      ...(validTo === undefined ? {} : { validTo: validTo === null ? null : toIso(validTo, 'validTo') }),
      ...(expiresAt === undefined ? {} : { expiresAt: expiresAt === null ? null : toIso(expiresAt, 'expiresAt') }),
    },
  )
  if (learned.queued !== undefined) core.storage.waiting.add(home.space)
  return learned
}

/** `supersedes` and `contradicts` need a single statement. */
function refuseNaming(parsed: Parsed, count: number): void {
  for (const field of ['supersedes', 'contradicts'] as const) {
    if (count === 1 || listed(parsed[field]).length === 0) continue
    const fix = 'Add the statement that the ids belong to by a call of its own.'
    throw invalidInput(field, `must go with one statement, not ${count}`, parsed[field], fix)
  }
}

/** Proposes statements, each by a commit of its own. They have their ids already. */
async function proposeFacts(
  space: Door,
  { deciders }: ProposedSection,
  statements: readonly Statement[],
  changes: readonly ChangeOf<'fact-assert'>[],
): Promise<readonly AddedFact[]> {
  const proposalIds: string[] = []
  for (const change of changes) {
    const proposed = await propose(space, { change, deciders })
    invariant(proposed.status === 'proposed', 'a new fact has no version that could differ')
    proposalIds.push(proposed.proposalId)
  }
  const key = (await space.state())?.key
  invariant(key !== undefined, 'a space with a proposal is there')
  return statements.map(({ text }, index) => ({
    id: factIdOf(key, changes[index]?.unique as string),
    memory: text,
    event: 'NONE',
    proposalIds: [proposalIds[index] as string],
  }))
}

/** Adds the statements of messages, in one commit. */
export async function addFacts(
  core: Core,
  { messages, ...parsed }: AddFactsRequest & { readonly messages?: unknown },
): Promise<AddedFacts> {
  const home = homeOf(parsed)
  const batch = readPlainMessages(messages)
  if (parsed.infer ?? core.storage.hasModel) return learnFacts(core, batch, parsed)
  // A text is a statement that the caller makes. Messages were said to somebody, and a model would look through them.
  const isUnread = parsed.infer === undefined && typeof messages !== 'string'
  const all = statementsOf(batch, parsed.metadata)
  const statements = isUnread ? all.filter(({ text }) => !isChatter(text)) : all
  const how = isUnread ? { degraded: ['no-model'] as const } : {}
  refuseNaming(parsed, all.length)
  if (statements.length === 0) return { results: [], ...how }
  const { commitId } = parsed
  const space = new Door(core, home.space)
  const changes = changesOf(statements, await uniquesOf(core, statements.length, commitId), parsed)
  const section = proposedSection(core, home.space, 'fact-assert')
  if (section !== undefined) return { results: await proposeFacts(space, section, statements, changes), ...how }
  const texts = await textsOf(space, listed(parsed.supersedes))
  const result = await space.submit(changes, named(commitId))
  return { results: statements.map((statement, index) => addedFact(result, index, statement, texts)), ...how }
}
