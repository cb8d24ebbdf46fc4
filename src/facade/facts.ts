/** The pool of facts that agents share, as users hold it: what was learned, whose it is, who said so and how long it holds. */
import { isJsonObject } from '../domain/json.ts'
import { fieldsOf } from '../domain/option-checks.ts'
import { readPlain } from '../domain/read-plain.ts'
import type { MessageLike } from '../domain/records/message-input.ts'
import type { CommitIdOption } from '../memory/arguments/commit-ids.ts'
import type { Core } from '../memory/door/core.ts'
import type { FactIds } from '../memory/facts/fact-home.ts'
import type { AddedFacts, AddFactsRequest } from '../memory/facts/facts-add.ts'
import type {
  ConflictPageRecord,
  FactConflictRecord,
  FactPageRecord,
  GetFactOptions,
  ListConflictsOptions,
  ListFactsRequest,
} from '../memory/facts/facts-read.ts'
import type { FactSearchRecord, FoundFactRecord, SearchFactsRequest } from '../memory/facts/facts-search.ts'
import type {
  FactDeletion,
  FactDeletions,
  FactEditRecord,
  FactUpdateRecord,
  UpdateFactOptions,
} from '../memory/facts/facts-write.ts'
import { call } from './call.ts'
import { datedFact, datedVersion, type Fact, type FactVersion } from './records.ts'
import { type Time, timed, timedRecall } from './times.ts'

/** Whose facts to add, and how. */
export interface AddFactsOptions extends AddFactsRequest<Time> {}

/** Where to search, and for what kind of facts. */
export interface SearchFactsOptions extends SearchFactsRequest<Time> {}

/** Whose facts to list. */
export interface ListFactsOptions extends ListFactsRequest<Time> {}

/** A fact that was found. */
export interface FoundFact extends FoundFactRecord<Date> {}

/** The facts that a search found. */
export interface FactSearch extends FactSearchRecord<Date> {}

/** A page of facts. */
export interface FactPage extends FactPageRecord<Date> {}

/** Facts that contradict each other, the oldest first. */
export interface FactConflict extends FactConflictRecord<Date> {}

/** A page of contradictions. */
export interface ConflictPage extends ConflictPageRecord<Date> {}

/** What changes in a fact. What is left out stays as it is. */
export interface FactEdit extends FactEditRecord<Time> {}

/** The changed fact, or the current one if `ifVersion` did not match; null if it is gone. */
export type FactUpdate = FactUpdateRecord<Date>

/** The fields that an edit states; a text is a new text. */
function editOf(edit: unknown): object {
  if (typeof edit === 'string') return { text: edit }
  const read = readPlain(edit, 'update')
  const times = ['validFrom', 'validTo', 'expiresAt']
  const { options } = timed(
    'update',
    fieldsOf(read, 'update', ['text', 'metadata', 'pinned', 'importance', ...times]),
    times,
  )
  const fields = Object.entries(isJsonObject(options) ? options : {})
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined))
}

/** The facts of a memory, for code that has its core. */
export let factsOf: (core: Core) => Facts

/**
 * Facts. Each lives in one space, its home: the first given id of `userId` (or `resourceId`), `teamId`, `agentId` and
 * `taskId`. A fact keeps the other ids, and a search for one of them must match it.
 */
export class Facts {
  readonly #core: Core

  static {
    factsOf = (core) => new Facts(core)
  }

  private constructor(core: Core) {
    this.#core = core
  }

  /**
   * Adds the statements of messages, or one statement as a text. System messages are skipped. A statement that the home
   * already has is not stored twice.
   *
   * @returns What became of each statement, in order.
   * @throws MemoryError `invalid-input` without any id, among others; `unsupported` for `infer: true` without a model.
   */
  async add(messages: MessageLike | readonly MessageLike[], options: AddFactsOptions): Promise<AddedFacts> {
    const stated = { messages: readPlain(messages, 'messages') }
    return call(this.#core, 'facts.add', { ...timed('add', options, ['validFrom', 'validTo', 'expiresAt']), stated })
  }

  /**
   * Finds the facts of a home that are relevant to a question: by words at once, and by meaning as soon as the vectors
   * exist. `search({ agentId })` searches the home of that agent and never those of users; see `spaces`.
   */
  async search(query: string, options: SearchFactsOptions): Promise<FactSearch> {
    const found = await call(this.#core, 'facts.search', {
      ...timedRecall('search', options, ['asOf']),
      stated: { query },
    })
    return { ...found, results: found.results.map(datedFact) }
  }

  /** The fact with that id; null if it does not exist, is not the caller's, or was superseded. */
  async get(factId: string, options: GetFactOptions = {}): Promise<Fact | null> {
    const fact = await call(this.#core, 'facts.get', { what: 'get', options, stated: { factId } })
    return fact === null ? null : datedFact(fact)
  }

  /** A page of the facts of a home: the newest 100 unless asked otherwise. */
  async getAll(options: ListFactsOptions): Promise<FactPage> {
    const page = await call(this.#core, 'facts.list', timed('getAll', options, ['asOf']))
    return { ...page, results: page.results.map(datedFact) }
  }

  /**
   * Changes the text, the metadata or the times of a fact in place. With `ifVersion` a conflict is an answer. If another
   * fact says the new text already, the two become one: the answer is that fact, and the changed one is superseded by it.
   *
   * @throws MemoryError `not-found`; `conflict` if it was superseded, or if the actor has less trust than its text.
   */
  async update(factId: string, edit: string | FactEdit, options: UpdateFactOptions = {}): Promise<FactUpdate> {
    const stated = { factId, ...editOf(edit) }
    const update = await call(this.#core, 'facts.update', { what: 'update', options, stated })
    if (update.status === 'updated') return { status: 'updated', fact: datedFact(update.fact) }
    return { status: 'conflict', current: update.current === null ? null : datedFact(update.current) }
  }

  /** Removes a fact. Answers `deleted: false` if there is none, or if it is trusted more than the actor: then it stays. */
  delete(factId: string, options: CommitIdOption = {}): Promise<FactDeletion> {
    return call(this.#core, 'facts.delete', { what: 'delete', options, stated: { factId } })
  }

  /** Removes all facts of a home that have the other ids. At least one id is required. More trusted facts stay. */
  deleteAll(options: FactIds & CommitIdOption): Promise<FactDeletions> {
    return call(this.#core, 'facts.deleteAll', { what: 'deleteAll', options })
  }

  /** The versions of a fact, newest first: its text, time and author, and what superseded it. */
  async history(factId: string, options: { readonly limit?: number } = {}): Promise<FactVersion[]> {
    const past = await call(this.#core, 'facts.history', { what: 'history', options, stated: { factId } })
    return past.map(datedVersion)
  }

  /** Facts of a home that contradict each other and are unresolved, in groups. */
  async conflicts(options: ListConflictsOptions): Promise<ConflictPage> {
    const page = await call(this.#core, 'facts.conflicts', { what: 'conflicts', options })
    return { ...page, results: page.results.map(({ facts }) => ({ facts: facts.map(datedFact) })) }
  }
}
