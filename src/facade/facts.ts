/** The pool of facts that agents share: what was learned, whose it is, who said so and how long it holds. */

import type { MessageLike } from '../domain/records/message-input.ts'
import type { Core } from '../memory/door/core.ts'
import type { FactIds } from '../memory/facts/fact-home.ts'
import type { Fact, FactVersion } from '../memory/facts/fact-records.ts'
import { type AddedFacts, type AddFactsOptions, addFacts } from '../memory/facts/facts-add.ts'
import {
  type ConflictPage,
  type FactPage,
  factHistory,
  type GetFactOptions,
  getFact,
  type ListConflictsOptions,
  type ListFactsOptions,
  listConflicts,
  listFacts,
} from '../memory/facts/facts-read.ts'
import type { FactSearch, SearchFactsOptions } from '../memory/facts/facts-search.ts'
import { deleteAllFacts, deleteFact, type FactEdit, type FactUpdate, updateFact } from '../memory/facts/facts-write.ts'

/** The facts of a memory, for those who have its core. */
export let factsOf: (core: Core) => Facts

/**
 * Facts. Each lives in one space, its home: the first given of `userId` (or `resourceId`), `teamId`, `agentId` and
 * `taskId`; the other ids are carried by it and must match wherever they are asked for.
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
   * Adds what messages state, or one statement given as a text; system messages are passed over. A statement that the
   * home holds already is not stored twice.
   *
   * @returns What became of each statement, in order.
   * @throws MemoryError `invalid-input` without any id, among others; `unsupported` for `infer: true` without a model.
   */
  add(messages: MessageLike | readonly MessageLike[], options: AddFactsOptions): Promise<AddedFacts> {
    return addFacts(this.#core, messages, options)
  }

  /**
   * Finds the facts of a home that are relevant to a question: by words at once, by meaning as soon as the vectors are
   * there. `search({ agentId })` looks in the home of that agent and never in those of users; see `spaces`.
   */
  async search(query: string, options: SearchFactsOptions): Promise<FactSearch> {
    const { searchFacts } = await import('../memory/facts/facts-search.ts')
    return searchFacts(this.#core, query, options)
  }

  /** The fact of that id; null if it is not there, not the caller's, or another one has taken its place. */
  get(factId: string, options: GetFactOptions = {}): Promise<Fact | null> {
    return getFact(this.#core, factId, options)
  }

  /** A page of the facts of a home: the newest 100 unless asked otherwise. */
  getAll(options: ListFactsOptions): Promise<FactPage> {
    return listFacts(this.#core, options)
  }

  /**
   * Changes a fact in place, its words or its metadata or its expiry. With `ifVersion` a conflict is an answer.
   *
   * @throws MemoryError `not-found`; `conflict` if another fact has taken its place, or if the actor's words have less
   * trust than those that are there.
   */
  update(factId: string, edit: string | FactEdit, options: { readonly ifVersion?: number } = {}): Promise<FactUpdate> {
    return updateFact(this.#core, factId, edit, options)
  }

  /** Removes a fact. Removing what is not there answers `deleted: false`. */
  delete(factId: string): Promise<{ readonly deleted: boolean }> {
    return deleteFact(this.#core, factId)
  }

  /** Removes all facts of a home that carry the other ids. At least one id is required. */
  deleteAll(options: FactIds): Promise<{ readonly deleted: number }> {
    return deleteAllFacts(this.#core, options)
  }

  /** The versions of a fact, newest first: what was said when and by whom, and what took its place. */
  history(factId: string, options: { readonly limit?: number } = {}): Promise<FactVersion[]> {
    return factHistory(this.#core, factId, options)
  }

  /** Facts of a home that contradict each other and are unresolved, in groups. */
  conflicts(options: ListConflictsOptions): Promise<ConflictPage> {
    return listConflicts(this.#core, options)
  }
}
