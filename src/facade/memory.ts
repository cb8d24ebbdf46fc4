/** The facade people use: one memory for many agents. It only ever writes through the spaces' one door. */
import { type Access, type Actor, applicationActor, checkActor } from '../domain/actor.ts'
import { invalidInput } from '../domain/error.ts'
import { checkId } from '../domain/id.ts'
import { isJsonObject } from '../domain/json.ts'
import { reading, readPlain } from '../domain/read-plain.ts'
import type { MessageLike } from '../domain/records/message-input.ts'
import { parseSpaceId } from '../domain/space.ts'
import { type RecallTrace, type Recollection, Traces } from '../memory/answers/recollection.ts'
import type { StoredMessage, Thread } from '../memory/answers/records.ts'
import { type ClonedThread, type CloneThreadOptions, cloneThread } from '../memory/conversation/clone-thread.ts'
import { type ListMessagesOptions, listMessages, type MessagePage } from '../memory/conversation/list-messages.ts'
import {
  type DeleteMessagesOptions,
  deleteMessages,
  type MessageEdit,
  type SavedMessages,
  type SaveMessagesOptions,
  saveMessages,
  updateMessages,
} from '../memory/conversation/messages.ts'
import { getRun, type ListRunsOptions, listRuns, type Run, type RunPage } from '../memory/conversation/runs.ts'
import {
  archiveThread,
  type CreateThreadOptions,
  createThread,
  deleteThread,
  type GetThreadOptions,
  getThreadById,
  getThreadsByResourceId,
  type ListThreadsOptions,
  listThreads,
  type NamedThread,
  type ThreadPage,
  type ThreadUpdate,
  type UpdateThreadOptions,
  updateThread,
} from '../memory/conversation/threads.ts'
import type { Core } from '../memory/door/core.ts'
import type { AddedFacts, AddFactsOptions } from '../memory/facts/facts-add.ts'
import type { FactSearch, SearchFactsOptions } from '../memory/facts/facts-search.ts'
import {
  type ForgetAnswer,
  type ForgetOptions,
  forget,
  getReceipt,
  type Receipt,
  type ReceiptsOptions,
  receipts,
} from '../memory/forget.ts'
import { explain, type ReindexOptions, reindex, type Settled, settled } from '../memory/indexing.ts'
import { type MemoryOptions, parseMemoryOptions } from '../memory/options/options.ts'
import { checkedIds, randomId } from '../memory/options/random-id.ts'
import type { RecallOptions } from '../memory/recall/recall-options.ts'
import type { ListSpacesOptions, SpacePage } from '../memory/spaces/spaces.ts'
import { MemoryStorage } from '../memory/storage/memory-storage.ts'
import {
  type GetWorkingMemoryOptions,
  getWorkingMemory,
  getWorkingMemoryHistory,
  type RestoreWorkingMemoryOptions,
  restoreWorkingMemory,
  type UpdateWorkingMemoryOptions,
  updateWorkingMemory,
  type WorkingMemory,
  type WorkingMemoryHistoryOptions,
  type WorkingMemoryVersion,
  type WorkingMemoryWrite,
} from '../memory/working-memory/working-memory.ts'
import { call } from './call.ts'
import { type Facts, factsOf } from './facts.ts'
import { type Space, spaceOf } from './space.ts'
import { type Team, teamOf } from './team.ts'

/** The part that recalls, loaded by the first question: even a module that is there takes some microseconds to import. */
let recalling: typeof import('../memory/recall/recall-options.ts') | undefined

const searchOptions = ['scope', 'topK', 'tokenBudget', 'messageRange', 'threshold', 'filter', 'mode', 'kinds']

/** Refuses a recall that is no listing of a thread either: its question is what is missing. */
function refuseWithoutQuestion(options: unknown): void {
  const fix = `Pass what to look for, as in { resourceId: 'alice', query: 'refund' }, or only a threadId to list its messages.`
  if (!isJsonObject(options)) throw invalidInput('recall', 'must be an object', options, fix)
  const isListing = options.threadId !== undefined && !searchOptions.some((name) => options[name] !== undefined)
  if (!isListing) throw invalidInput('query', 'is required', options.query, fix)
}

/** What a Memory stands on, for the rooms that are built on it. */
export let coreOf: (memory: Memory) => Core

/** A Memory over what another stands on, changed: with other options, for one. Closing either closes both. */
export function memoryOf(core: Core): Memory {
  return new Memory(new Acting(core) as MemoryOptions)
}

/**
 * Shared memory: conversations, working memory and team memory on one storage, for any number of agents at once.
 *
 * Opens its storage at first use; `close()` it, or declare it with `await using`.
 */
export class Memory implements AsyncDisposable {
  readonly #core: Core

  static {
    coreOf = (memory) => memory.#core
  }

  /**
   * Checks the options. Nothing is opened yet.
   *
   * @param options Where and how; see {@link MemoryOptions}. Default storage: that of the `Aquifer` it was registered
   * with before its first use, else `./aquifer.db`.
   * @throws MemoryError `invalid-input` for an unknown or wrong option.
   */
  constructor(options: MemoryOptions = {}) {
    const acting = reading('Memory', () => (options instanceof Acting ? options.core : null))
    if (acting !== null) {
      this.#core = acting
      return
    }
    const parsed = parseMemoryOptions(options)
    this.#core = {
      storage: new MemoryStorage(parsed),
      access: { actor: applicationActor, grants: 'all' },
      limits: parsed.limits,
      behaviour: parsed.options,
      createId: parsed.createId === undefined ? randomId : checkedIds(parsed.createId),
      traces: new Traces(),
    }
  }

  /** The same memory acting as that actor: what it writes is signed by it. Closing either closes both. */
  as(actor: Actor): Memory {
    const access: Access = { ...this.#core.access, actor: checkActor(actor, 'actor') }
    return memoryOf({ ...this.#core, access })
  }

  /** A space by its id, such as `resource/alice` or `team/acme`; ids in it are percent-encoded. */
  space(id: string): Space {
    return spaceOf(this.#core, parseSpaceId(id).id)
  }

  /** The shared memory of a team. */
  team(teamId: string): Team {
    return teamOf(this.#core, checkId(teamId, 'teamId'))
  }

  /** The shared pool of facts: statements that agents learned about users, teams, each other and tasks. */
  get facts(): Facts {
    return factsOf(this.#core)
  }

  /** The same as `facts.add`. */
  add(messages: MessageLike | readonly MessageLike[], options: AddFactsOptions): Promise<AddedFacts> {
    return this.facts.add(messages, options)
  }

  /** The same as `facts.search`. */
  search(query: string, options: SearchFactsOptions): Promise<FactSearch> {
    return this.facts.search(query, options)
  }

  /** Spaces of a kind by id. Needs the right to administer. */
  listSpaces(options: ListSpacesOptions): Promise<SpacePage> {
    return call(this.#core, 'spaces.list', { what: 'listSpaces', options })
  }

  /**
   * Creates a thread. `metadata.workingMemory` seeds its working memory.
   *
   * @throws MemoryError `conflict` if the resource has a thread of that id.
   */
  createThread(options: CreateThreadOptions): Promise<Thread> {
    return createThread(this.#core, options)
  }

  /** The thread of that id, or null. Without `resourceId`: of any resource; `conflict` if several have one. */
  getThreadById(options: GetThreadOptions): Promise<Thread | null> {
    return getThreadById(this.#core, options)
  }

  /** All of a resource's threads, newest first, archived ones included. */
  getThreadsByResourceId(options: { readonly resourceId: string }): Promise<Thread[]> {
    return getThreadsByResourceId(this.#core, options)
  }

  /**
   * A page of a resource's threads: newest first, 100 a page, not archived, unless asked otherwise. `filter.metadata` takes
   * the filters of {@link Memory.recall}.
   */
  listThreads(options: ListThreadsOptions): Promise<ThreadPage> {
    return listThreads(this.#core, options)
  }

  /** Changes title and metadata (deep-merged, null deletes). With `ifVersion` a conflict is an answer. */
  updateThread(options: UpdateThreadOptions & { readonly ifVersion?: never }): Promise<Thread>
  updateThread(options: UpdateThreadOptions): Promise<ThreadUpdate>
  updateThread(options: UpdateThreadOptions): Promise<Thread | ThreadUpdate> {
    return updateThread(this.#core, options)
  }

  /** Takes a thread out of the default listing. */
  archiveThread(options: NamedThread): Promise<Thread> {
    return archiveThread(this.#core, options, true)
  }

  /** Puts an archived thread back into the default listing. */
  unarchiveThread(options: NamedThread): Promise<Thread> {
    return archiveThread(this.#core, options, false)
  }

  /** Deletes a thread with its messages and blocks. Deleting what is not there answers `deleted: false`. */
  deleteThread(options: NamedThread): Promise<{ readonly deleted: boolean }> {
    return deleteThread(this.#core, options)
  }

  /** Copies a thread (the newest `last` messages or a `dateRange`) with its blocks, `to` another resource if asked. */
  cloneThread(options: CloneThreadOptions): Promise<ClonedThread> {
    return cloneThread(this.#core, options)
  }

  /** Saves messages of one thread, whole or not at all; an id that is in the thread already is stored once. */
  saveMessages(options: SaveMessagesOptions): Promise<SavedMessages> {
    return saveMessages(this.#core, options)
  }

  /** A page of a thread's messages: the first 100 in thread order unless asked otherwise. */
  listMessages(options: ListMessagesOptions): Promise<MessagePage> {
    return listMessages(this.#core, options)
  }

  /** Changes messages in place; metadata is deep-merged. One commit for each thread. */
  updateMessages(options: {
    readonly messages: readonly MessageEdit[]
    readonly resourceId?: string
  }): Promise<StoredMessage[]> {
    return updateMessages(this.#core, options)
  }

  /** Deletes messages by id. `resourceId` may be left out only if every id was issued by us. */
  deleteMessages(
    messageIds: string | readonly (string | { readonly id: string })[],
    options: DeleteMessagesOptions = {},
  ): Promise<{ readonly deleted: string[] }> {
    return deleteMessages(this.#core, messageIds, options)
  }

  /**
   * Finds what was said that is relevant to a question, in all threads of a resource or in one: by words at once, by
   * meaning as soon as the vectors are there (`pending` counts those that are not). Without a question, the same as
   * {@link listMessages}.
   *
   * @throws MemoryError `invalid-input` for an unknown filter operator, among others.
   */
  recall(
    options: RecallOptions & ({ readonly query: string } | { readonly vectorSearchString: string }),
  ): Promise<Recollection>
  recall(options: ListMessagesOptions): Promise<MessagePage>
  async recall(given: RecallOptions | ListMessagesOptions): Promise<Recollection | MessagePage> {
    const options = readPlain(given, 'recall') as typeof given
    const asks = isJsonObject(options) && (options.query !== undefined || options.vectorSearchString !== undefined)
    if (!asks) {
      refuseWithoutQuestion(options)
      return listMessages(this.#core, options as ListMessagesOptions)
    }
    recalling ??= await import('../memory/recall/recall-options.ts')
    return recalling.recallMessages(this.#core, options as RecallOptions)
  }

  /**
   * Why each item of an answer was in, and what was dropped and why. Only the latest answers of this process are kept.
   *
   * @throws MemoryError `not-found` if the trace is not kept.
   */
  explain(recallId: string): Promise<RecallTrace> {
    return explain(this.#core, recallId)
  }

  /**
   * Waits until nothing is left to do in the background, or nothing that can be done now.
   *
   * @returns What is left, and why.
   */
  settled(): Promise<Settled> {
    return settled(this.#core)
  }

  /**
   * Makes all vectors anew with this memory's embedder, while recall goes on with the old ones, and then uses them. For
   * another embedder than the one whose vectors are stored (`degraded: 'embedder-mismatch'`). Goes on where a process
   * that was killed left it.
   *
   * @throws MemoryError `unsupported` with `embedder: false`; errors of the embedder.
   */
  reindex(options: ReindexOptions = {}): Promise<void> {
    return reindex(this.#core, options)
  }

  /** The run of that id, or null: what an agent did, what it used, and how that ended. */
  getRun(runId: string): Promise<Run | null> {
    return getRun(this.#core, runId)
  }

  /** A page of the runs of a resource or an agent, the newest first, 100 unless asked otherwise. */
  listRuns(options: ListRunsOptions): Promise<RunPage> {
    return listRuns(this.#core, options)
  }

  /** A block of working memory, or null while there is none. */
  getWorkingMemory(options: GetWorkingMemoryOptions): Promise<WorkingMemory | null> {
    return getWorkingMemory(this.#core, options)
  }

  /**
   * Writes working memory: JSON is deep-merged inside the commit, text is merged by lines with what others wrote since
   * `ifVersion` (default: the version read when the call starts), or since there was none, with `ifAbsent`. `mode:
   * 'replace'` writes over.
   *
   * @returns `written` with what it replaced, or `conflict` with the current block; then nothing was written.
   */
  updateWorkingMemory(options: UpdateWorkingMemoryOptions): Promise<WorkingMemoryWrite> {
    return updateWorkingMemory(this.#core, options)
  }

  /** The versions of a block, newest first. */
  getWorkingMemoryHistory(options: WorkingMemoryHistoryOptions): Promise<WorkingMemoryVersion[]> {
    return getWorkingMemoryHistory(this.#core, options)
  }

  /** Writes an earlier version of a block over the present one. */
  restoreWorkingMemory(options: RestoreWorkingMemoryOptions): Promise<WorkingMemoryWrite> {
    return restoreWorkingMemory(this.#core, options)
  }

  /**
   * Erases a resource, team, agent or task with all that is in it and below it, or a thread, messages, facts, a key or
   * the record of a run, in all versions and whether deleted or not. Nothing of it is read any more once this answers; the receipt is `complete`
   * once no byte of it is left in the database's files. Safe to repeat.
   *
   * @throws MemoryError `invalid-input` unless exactly one thing is named; `conflict` if an id means several, or for a
   * run that is at work.
   */
  forget(options: ForgetOptions): Promise<ForgetAnswer> {
    return forget(this.#core, options)
  }

  /** The receipt of a forget, or null: to see whether it is complete. */
  getReceipt(receiptId: string): Promise<Receipt | null> {
    return getReceipt(this.#core, receiptId)
  }

  /** Receipts, newest first, 100 unless asked otherwise. Needs the right to administer. */
  receipts(options: ReceiptsOptions = {}): Promise<Receipt[]> {
    return receipts(this.#core, options)
  }

  /** Ends feeds, finishes what was begun, and gives the storage back. Safe to call twice. */
  close(): Promise<void> {
    return this.#core.storage.close()
  }

  /** The same as {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** How `as()` hands a core to the constructor. */
class Acting {
  readonly core: Core
  constructor(core: Core) {
    this.core = core
  }
}
