/** The facade people use: one memory for many agents. Each method calls its operation; here are the forms of arguments, and Dates. */
import { type Access, type Actor, applicationActor, checkActor } from '../domain/actor.ts'
import { invalidInput } from '../domain/error.ts'
import { checkId } from '../domain/id.ts'
import { isJsonObject } from '../domain/json.ts'
import { fieldsOf } from '../domain/option-checks.ts'
import { reading, readPlain } from '../domain/read-plain.ts'
import type { MessageLike } from '../domain/records/message-input.ts'
import { parseSpaceId } from '../domain/space.ts'
import { type RecallTrace, Traces } from '../memory/answers/recollection.ts'
import type { CommitIdOption } from '../memory/arguments/commit-ids.ts'
import type { CloneThreadRequest } from '../memory/conversation/clone-thread.ts'
import type { ListMessagesRequest, MessagePageRecord } from '../memory/conversation/list-messages.ts'
import type {
  DeleteMessagesOptions,
  SavedMessagesRecord,
  SaveMessagesRequest,
  UpdateMessagesOptions,
} from '../memory/conversation/messages.ts'
import type { ListRunsOptions } from '../memory/conversation/runs.ts'
import type {
  CreateThreadOptions,
  GetThreadOptions,
  ListThreadsOptions,
  NamedThread,
  UpdateThreadOptions,
} from '../memory/conversation/threads.ts'
import type { Core } from '../memory/door/core.ts'
import type { AddedFacts } from '../memory/facts/facts-add.ts'
import type { ForgetOptions, ReceiptsOptions } from '../memory/forget.ts'
import { type ReindexOptions, type Settled, settled } from '../memory/indexing.ts'
import { type MemoryOptions, parseMemoryOptions } from '../memory/options/options.ts'
import { checkedIds, randomId } from '../memory/options/random-id.ts'
import type { RecallOptions } from '../memory/recall/recall-options.ts'
import type { ListSpacesOptions, SpacePage } from '../memory/spaces.ts'
import { MemoryStorage } from '../memory/storage/memory-storage.ts'
import type {
  GetWorkingMemoryOptions,
  RestoreWorkingMemoryOptions,
  UpdateWorkingMemoryOptions,
  WorkingMemoryHistoryOptions,
} from '../memory/working-memory/working-memory.ts'
import { type UsableMemory, usableByAgents } from '../ports/agent-memory.ts'
import { call } from './call.ts'
import { type AddFactsOptions, type FactSearch, type Facts, factsOf, type SearchFactsOptions } from './facts.ts'
import { forgetOptions } from './forget-options.ts'
import {
  datedMessage,
  datedReceipt,
  datedRecollection,
  datedRun,
  datedThread,
  datedVersion,
  datedWorkingMemory,
  datedWrite,
  type ForgetAnswer,
  type Receipt,
  type Recollection,
  type Run,
  type RunPage,
  type StoredMessage,
  type Thread,
  type ThreadPage,
  type ThreadUpdate,
  type WorkingMemory,
  type WorkingMemoryVersion,
  type WorkingMemoryWrite,
} from './records.ts'
import { type Space, spaceOf } from './space.ts'
import { type Team, teamOf } from './team.ts'
import { type Time, timedRange } from './times.ts'

/** Which thread to copy, and which of its messages. */
export interface CloneThreadOptions extends CloneThreadRequest<Time> {}

/** A copied thread. */
export interface ClonedThread {
  /** The copy. */
  readonly thread: Thread
  /** The new id of each message, by the id it has in the source. */
  readonly messageIds: ReadonlyMap<string, string>
}

/** Which messages to list. */
export interface ListMessagesOptions extends ListMessagesRequest<Time> {}

/** A page of a thread's messages. */
export interface MessagePage extends MessagePageRecord<Date> {}

/** Messages to save in one thread. */
export interface SaveMessagesOptions extends Omit<SaveMessagesRequest, 'messages'> {
  /** One message or several. They are stored together or not at all. */
  readonly messages: MessageLike | readonly MessageLike[]
}

/** Messages that were saved. */
export interface SavedMessages extends SavedMessagesRecord<Date> {}

const searchOptions = ['scope', 'topK', 'tokenBudget', 'messageRange', 'threshold', 'filter', 'mode', 'kinds']

/** Refuses a recall without a question that does not list a thread either. */
function refuseWithoutQuestion(options: unknown): void {
  const fix = `Pass a question, as in { resourceId: 'alice', query: 'refund' }, or only a threadId to list its messages.`
  if (!isJsonObject(options)) throw invalidInput('recall', 'must be an object', options, fix)
  const isListing = options.threadId !== undefined && !searchOptions.some((name) => options[name] !== undefined)
  if (!isListing) throw invalidInput('query', 'is required', options.query, fix)
}

/** The ids of messages, given as one id, as a list of ids, or as messages. */
function messageIdsOf(given: unknown): readonly string[] {
  const plain = readPlain(given, 'messageIds')
  const list = typeof plain === 'string' ? [plain] : plain
  if (!Array.isArray(list) || list.length === 0) {
    throw invalidInput('messageIds', 'must be an id or a list of ids', given, 'Pass the ids of the messages.')
  }
  return list.map((item: unknown) => checkId(isJsonObject(item) ? item.id : item, 'messageIds'))
}

/** The core of a Memory, for the rooms that are built on it. */
export let coreOf: (memory: Memory) => Core

/** The part that serves agents, loaded by the first call of one. */
let serving: typeof import('../memory/agent-memory.ts') | undefined

function usable(core: Core): UsableMemory {
  const open = async () => {
    serving ??= await import('../memory/agent-memory.ts')
    return serving.agentMemory(core)
  }
  return { storage: core.storage, open }
}

/** A Memory with a changed copy of another's core, for example with other options. Closing either closes both. */
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
    usableByAgents((memory) => (memory instanceof Memory ? usable(memory.#core) : null))
  }

  /**
   * Checks the options. Nothing is opened yet.
   *
   * @param options See {@link MemoryOptions}. Default storage: that of the `Aquifer` that it was registered with before
   *   its first use, otherwise `./aquifer.db`.
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

  /** The same memory for another actor, who then signs its writes. Closing either closes both. */
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
  async createThread(options: CreateThreadOptions): Promise<Thread> {
    return datedThread(await call(this.#core, 'threads.create', { what: 'createThread', options }))
  }

  /**
   * The thread with that id, or null. Without `resourceId` it may be of any resource; `conflict` if several have one.
   */
  async getThreadById(options: GetThreadOptions): Promise<Thread | null> {
    const thread = await call(this.#core, 'threads.get', { what: 'getThreadById', options })
    return thread === null ? null : datedThread(thread)
  }

  /** All of a resource's threads, newest first, archived ones included. */
  async getThreadsByResourceId(options: { readonly resourceId: string }): Promise<Thread[]> {
    const { resourceId } = fieldsOf(options, 'getThreadsByResourceId', ['resourceId'])
    const threads: Thread[] = []
    for (let cursor: string | undefined; ; ) {
      const more = { perPage: false, archived: 'any', cursor }
      const given = { what: 'getThreadsByResourceId', options: { resourceId, ...more } }
      const page = await call(this.#core, 'threads.list', given)
      threads.push(...page.threads.map(datedThread))
      cursor = page.nextCursor
      if (cursor === undefined) return threads
    }
  }

  /**
   * A page of a resource's threads: newest first, 100 a page, not archived, unless asked otherwise. `filter.metadata` takes
   * the filters of {@link Memory.recall}.
   */
  async listThreads(options: ListThreadsOptions): Promise<ThreadPage> {
    const page = await call(this.#core, 'threads.list', { what: 'listThreads', options })
    return { ...page, threads: page.threads.map(datedThread) }
  }

  /** Changes title and metadata (deep-merged, null deletes). With `ifVersion` a conflict is an answer. */
  updateThread(options: UpdateThreadOptions & { readonly ifVersion?: never }): Promise<Thread>
  updateThread(options: UpdateThreadOptions): Promise<ThreadUpdate>
  async updateThread(options: UpdateThreadOptions): Promise<Thread | ThreadUpdate> {
    const update = await call(this.#core, 'threads.update', { what: 'updateThread', options })
    if (update.status === 'updated') return { status: 'updated', ...datedThread(update) }
    return { status: 'conflict', current: update.current === null ? null : datedThread(update.current) }
  }

  /** Archives a thread: the default listing leaves it out. */
  async archiveThread(options: NamedThread & CommitIdOption): Promise<Thread> {
    return datedThread(await call(this.#core, 'threads.archive', { what: 'archiveThread', options }))
  }

  /** Brings an archived thread back into the default listing. */
  async unarchiveThread(options: NamedThread & CommitIdOption): Promise<Thread> {
    return datedThread(await call(this.#core, 'threads.unarchive', { what: 'unarchiveThread', options }))
  }

  /** Deletes a thread with its messages and blocks. Answers `deleted: false` if there is none. */
  deleteThread(options: NamedThread & CommitIdOption): Promise<{ readonly deleted: boolean }> {
    return call(this.#core, 'threads.delete', { what: 'deleteThread', options })
  }

  /** Copies a thread (the newest `last` messages or a `dateRange`) with its blocks, `to` another resource if asked. */
  async cloneThread(options: CloneThreadOptions): Promise<ClonedThread> {
    const { thread, messageIds } = await call(this.#core, 'threads.clone', timedRange('cloneThread', options))
    return { thread: datedThread(thread), messageIds: new Map(messageIds.map(({ from, to }) => [from, to])) }
  }

  /**
   * Saves messages of one thread, whole or not at all; a message whose id is already in the thread is not stored again.
   */
  async saveMessages(options: SaveMessagesOptions): Promise<SavedMessages> {
    const saved = await call(this.#core, 'messages.save', { what: 'saveMessages', options })
    return { ...saved, messages: saved.messages.map(datedMessage) }
  }

  /** A page of a thread's messages: the first 100 in thread order unless asked otherwise. */
  async listMessages(options: ListMessagesOptions): Promise<MessagePage> {
    const page = await call(this.#core, 'messages.list', timedRange('listMessages', options))
    return { ...page, messages: page.messages.map(datedMessage) }
  }

  /** Changes messages in place; metadata is deep-merged. One commit for each thread. */
  async updateMessages(options: UpdateMessagesOptions): Promise<StoredMessage[]> {
    const changed = await call(this.#core, 'messages.update', { what: 'updateMessages', options })
    return changed.map(datedMessage)
  }

  /** Deletes messages by id. Leave out `resourceId` only if memory issued every id. */
  async deleteMessages(
    messageIds: string | readonly (string | { readonly id: string })[],
    options: DeleteMessagesOptions = {},
  ): Promise<{ readonly deleted: string[] }> {
    const stated = { messageIds: messageIdsOf(messageIds) }
    const { deleted } = await call(this.#core, 'messages.delete', { what: 'deleteMessages', options, stated })
    return { deleted: [...deleted] }
  }

  /**
   * Finds messages that are relevant to a question, in all threads of a resource or in one: by words at once, and by
   * meaning as soon as the vectors exist (`pending` counts the missing ones). Without a question, the same as {@link
   * listMessages}.
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
      return this.listMessages(options as ListMessagesOptions)
    }
    return datedRecollection(await call(this.#core, 'messages.recall', { what: 'recall', options, isRead: true }))
  }

  /**
   * Explains an answer: why each item is in it, and which items were dropped and why. Only the traces of this process's
   * latest 200 answers are kept.
   *
   * @throws MemoryError `not-found` if the trace is not kept.
   */
  explain(recallId: string): Promise<RecallTrace> {
    return call(this.#core, 'recall.explain', { what: 'explain', stated: { recallId } })
  }

  /**
   * Waits until the background has done everything that it can do now.
   *
   * @returns What is left, and why.
   */
  settled(): Promise<Settled> {
    return settled(this.#core)
  }

  /**
   * Makes all vectors again with this memory's embedder, and then uses them. Recall uses the old ones meanwhile. Call
   * it after changing the embedder (`degraded: 'embedder-mismatch'`). After a kill, it continues where the killed
   * process stopped.
   *
   * @throws MemoryError `unsupported` with `embedder: false`; errors of the embedder.
   */
  async reindex(options: ReindexOptions = {}): Promise<void> {
    const { onProgress } = fieldsOf(options, 'reindex', ['onProgress']) as ReindexOptions
    await call(
      this.#core,
      'memory.reindex',
      { what: 'reindex', options: {} },
      onProgress === undefined ? {} : { onProgress },
    )
  }

  /** The run with that id, or null: what an agent did, what it used, and how it ended. */
  async getRun(runId: string): Promise<Run | null> {
    const run = await call(this.#core, 'runs.get', { what: 'getRun', stated: { runId } })
    return run === null ? null : datedRun(run)
  }

  /** A page of the runs of a resource or an agent, the newest first, 100 unless asked otherwise. */
  async listRuns(options: ListRunsOptions): Promise<RunPage> {
    const page = await call(this.#core, 'runs.list', { what: 'listRuns', options })
    return { ...page, runs: page.runs.map(datedRun) }
  }

  /** A block of working memory, or null while there is none. */
  async getWorkingMemory(options: GetWorkingMemoryOptions): Promise<WorkingMemory | null> {
    const block = await call(this.#core, 'workingMemory.get', { what: 'getWorkingMemory', options })
    return block === null ? null : datedWorkingMemory(block)
  }

  /**
   * Writes working memory. JSON is deep-merged inside the commit. Text is merged line by line with the writes of others
   * since `ifVersion` (default: the version read when the call starts), or since there was no block, with `ifAbsent`.
   * `mode: 'replace'` replaces the value.
   *
   * @returns `written` with what it replaced, or `conflict` with the current block if nothing was written.
   */
  async updateWorkingMemory(options: UpdateWorkingMemoryOptions): Promise<WorkingMemoryWrite> {
    const given = { what: 'updateWorkingMemory', options }
    return datedWrite(await call(this.#core, 'workingMemory.update', given))
  }

  /** The versions of a block, newest first. */
  async getWorkingMemoryHistory(options: WorkingMemoryHistoryOptions): Promise<WorkingMemoryVersion[]> {
    const past = await call(this.#core, 'workingMemory.history', { what: 'getWorkingMemoryHistory', options })
    return past.map(datedVersion)
  }

  /** Writes an earlier version of a block over the present one. */
  async restoreWorkingMemory(options: RestoreWorkingMemoryOptions): Promise<WorkingMemoryWrite> {
    const given = { what: 'restoreWorkingMemory', options }
    return datedWrite(await call(this.#core, 'workingMemory.restore', given))
  }

  /**
   * Erases a resource, team, agent or task with everything in it and in its child spaces; or a thread, messages, facts,
   * a key or the record of a run, in all versions, deleted or not. Once this returns, no read finds any of it. The
   * receipt is `complete` once no byte of it is left in the database's files. Safe to repeat.
   *
   * @throws MemoryError `invalid-input` unless exactly one thing is named; `conflict` if an id is ambiguous, or for a
   *   run that is running.
   */
  async forget(options: ForgetOptions): Promise<ForgetAnswer> {
    return datedReceipt(await call(this.#core, 'memory.forget', forgetOptions(options)))
  }

  /** The receipt of a forget, or null: to see whether it is complete. */
  async getReceipt(receiptId: string): Promise<Receipt | null> {
    const receipt = await call(this.#core, 'receipts.get', { what: 'getReceipt', stated: { receiptId } })
    return receipt === null ? null : datedReceipt(receipt)
  }

  /** Receipts, newest first, 100 unless asked otherwise. Needs the right to administer. */
  async receipts(options: ReceiptsOptions = {}): Promise<Receipt[]> {
    const found = await call(this.#core, 'receipts.list', { what: 'receipts', options })
    return found.map(datedReceipt)
  }

  /** Ends feeds, finishes started work, and closes the storage. Safe to call twice. */
  close(): Promise<void> {
    return this.#core.storage.close()
  }

  /** The same as {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** How `as()` passes a core to the constructor. */
class Acting {
  readonly core: Core
  constructor(core: Core) {
    this.core = core
  }
}
