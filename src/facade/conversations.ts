import { setImmediate as oneTurn } from 'node:timers/promises'
import { invalidInput } from '../domain/error.ts'
import { checkId } from '../domain/id.ts'
import { isJsonObject } from '../domain/json.ts'
import { fieldsOf } from '../domain/option-checks.ts'
import { readPlain } from '../domain/read-plain.ts'
import type { MessageLike } from '../domain/records/message-input.ts'
import type { RecallExplanation } from '../memory/answers/recollection.ts'
import type { CommitIdOption } from '../memory/arguments/commit-ids.ts'
import type { CloneThreadRequest } from '../memory/conversation/clone-thread.ts'
import type { ListMessagesRequest, MessagePageRecord } from '../memory/conversation/list-messages.ts'
import type {
  DeleteMessagesOptions,
  SavedMessagesRecord,
  SaveMessagesRequest,
  UpdateMessagesOptions,
} from '../memory/conversation/messages.ts'
import type { RestoredTurn, RestoreTurnOptions } from '../memory/conversation/restore-turn.ts'
import type {
  CreateThreadOptions,
  GetThreadOptions,
  ListThreadsOptions,
  NamedThread,
  UpdateThreadOptions,
} from '../memory/conversation/threads.ts'
import type { Core } from '../memory/door/core.ts'
import type { MemoryOptions } from '../memory/options/options.ts'
import { call } from './call.ts'
import { coreFor } from './core.ts'
import {
  datedMessage,
  datedRecollection,
  datedThread,
  type Recollection,
  type StoredMessage,
  type Thread,
  type ThreadPage,
  type ThreadUpdate,
} from './records.ts'
import { type RecallOptions, type Time, timedRange, timedRecall } from './times.ts'

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

const searchOptions = [
  'scope',
  'topK',
  'tokenBudget',
  'messageRange',
  'threshold',
  'filter',
  'mode',
  'gate',
  'kinds',
  'from',
  'to',
  'now',
  'timeZone',
]

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
export let coreOf: (memory: Conversations) => Core

/** Threads of resources and their messages. Every {@link Memory} has these methods. */
export abstract class Conversations {
  readonly #core: Core

  static {
    coreOf = (memory) => memory.#core
  }

  /** Checks the options; see `new Memory()`. */
  protected constructor(options: MemoryOptions) {
    this.#core = coreFor(options)
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
      // There may be many pages, and none of them waits for anything.
      await oneTurn()
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

  /**
   * Copies a thread with its blocks, `to` another resource if asked: all of it, the turns `upTo` a message, those of the
   * newest `last` messages, or the messages of a `dateRange`.
   *
   * @throws MemoryError `not-found` if there is no such thread, or no such message in it; `limit-exceeded`.
   */
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

  /**
   * Brings a replaced turn back, such as an answer that was given again or a question that was edited, with its branch of the
   * thread. The turns in its place leave the thread, with all that followed them; they can be restored in turn.
   *
   * @throws MemoryError `not-found` if the thread has no such turn; `conflict` if the turn was discarded, or has no answer or
   *   nothing left to stand there with.
   */
  restoreTurn(options: RestoreTurnOptions): Promise<RestoredTurn> {
    return call(this.#core, 'turns.restore', { what: 'restoreTurn', options })
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
    return datedRecollection(await call(this.#core, 'messages.recall', timedRecall('recall', options)))
  }

  /**
   * Explains an answer in words: why each item is in it (`text`), and which items were dropped and why. Only the traces of this process's
   * latest 200 answers are kept. The recall of a prompt is kept with its run: pass the id of the run, in any process.
   *
   * @throws MemoryError `not-found` if the trace is not kept.
   */
  explain(recallId: string): Promise<RecallExplanation> {
    return call(this.#core, 'recall.explain', { what: 'explain', stated: { recallId } })
  }
}
