/** The facade people use: one memory for many agents. Each method calls its operation; here are the forms of arguments, and Dates. */
import { type Access, type Actor, checkActor } from '../domain/actor.ts'
import { checkId } from '../domain/id.ts'
import { fieldsOf } from '../domain/option-checks.ts'
import { withPeers } from '../domain/peer-packages.ts'
import type { MessageLike } from '../domain/records/message-input.ts'
import type { JsonOf, SchemaLike } from '../domain/schema-like.ts'
import { parseSpaceId } from '../domain/space.ts'
import type { ListRunsOptions } from '../memory/conversation/runs.ts'
import type { NamedThread } from '../memory/conversation/threads.ts'
import type { Core } from '../memory/door/core.ts'
import type { ExportOptions, ResourceExport } from '../memory/export.ts'
import type { AddedFacts } from '../memory/facts/facts-add.ts'
import type { ForgetOptions, ReceiptsOptions } from '../memory/forget.ts'
import {
  type MemoryStats,
  memoryStats,
  type ReindexOptions,
  type Settled,
  settled,
  warmUp,
} from '../memory/indexing.ts'
import type { ObservedThread, ReflectedThread } from '../memory/observations/observe.ts'
import type { SummarizeThreadOptions, ThreadSummary } from '../memory/observations/summary.ts'
import type { MemoryOptions } from '../memory/options/options.ts'
import type { ListSpacesOptions, SpacePage } from '../memory/spaces.ts'
import type {
  GetWorkingMemoryOptions,
  RestoreWorkingMemoryOptions,
  UpdateWorkingMemoryOptions,
  WorkingMemoryHistoryOptions,
} from '../memory/working-memory/working-memory.ts'
import { type UsableMemory, usableByAgents } from '../ports/agent-memory.ts'
import { call } from './call.ts'
import { Conversations, coreOf } from './conversations.ts'
import { Acting } from './core.ts'
import { type AddFactsOptions, type FactSearch, type Facts, factsOf, type SearchFactsOptions } from './facts.ts'
import { forgetOptions } from './forget-options.ts'
import { type Proposals, proposalsOf } from './proposals.ts'
import {
  datedGeneration,
  datedObservation,
  datedReceipt,
  datedRun,
  datedVersion,
  datedWorkingMemory,
  datedWrite,
  type ForgetAnswer,
  type GetObservationsOptions,
  type ObservationHistory,
  type Observations,
  type Receipt,
  type Run,
  type RunPage,
  type WorkingMemory,
  type WorkingMemoryVersion,
  type WorkingMemoryWrite,
} from './records.ts'
import { type Space, spaceOf } from './space.ts'
import { type Team, teamOf } from './team.ts'
import { timed } from './times.ts'

/** The part that serves agents, loaded by the first call of one. */
let serving: typeof import('../memory/agent-memory.ts') | undefined

function usable(core: Core): UsableMemory {
  const open = async () => {
    serving ??= await withPeers(() => import('../memory/agent-memory.ts'))
    return serving.agentMemory(core)
  }
  const proposing: UsableMemory['proposing'] = (actor, sections) => {
    return memoryOf({ ...core, access: { ...core.access, actor: checkActor(actor, 'actor') }, proposing: sections })
  }
  return { storage: core.storage, open, proposing }
}

/** A Memory with a changed copy of another's core, for example with other options. Closing either closes both. */
export function memoryOf(core: Core): Memory {
  return new Memory(new Acting(core) as MemoryOptions)
}

/**
 * Shared memory: conversations, working memory and team memory on one storage, for any number of agents at once.
 *
 * `Schema` is the type of the schema of working memory, inferred from the options.
 *
 * Opens its storage at first use; `close()` it, or declare it with `await using`.
 */
export class Memory<Schema extends SchemaLike = SchemaLike> extends Conversations implements AsyncDisposable {
  readonly #core = coreOf(this)

  static {
    usableByAgents((memory) => (memory instanceof Memory ? usable(memory.#core) : null))
  }

  /**
   * Checks the options. Nothing is opened yet.
   *
   * @param options See {@link MemoryOptions}. Default storage: that of the `Aquifer` that it was registered with before
   *   its first use, otherwise `./aquifer.db`.
   * @throws MemoryError `invalid-input` for an unknown or wrong option.
   */
  constructor(options: MemoryOptions<Schema> = {}) {
    super(options)
  }

  /** The same memory for another actor, who then signs its writes. Closing either closes both. */
  as(actor: Actor): Memory<Schema> {
    const access: Access = { ...this.#core.access, actor: checkActor(actor, 'actor') }
    return memoryOf({ ...this.#core, access }) as Memory<Schema>
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

  /** Changes that somebody proposed, for somebody else to accept or reject. */
  get proposals(): Proposals {
    return proposalsOf(this.#core)
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
   * Waits until the background has done everything that it can do now: notes, titles, facts, vectors, bytes to overwrite.
   *
   * @returns What is left, and why.
   */
  settled(): Promise<Settled> {
    return settled(this.#core)
  }

  /**
   * Loads the model of the embedder, so that the first recall need not wait for it. It loads by itself after the first
   * write.
   *
   * @throws MemoryError `unavailable` if it cannot be loaded; errors of the embedder. Does nothing with `embedder: false`.
   */
  warmUp(): Promise<void> {
    return warmUp(this.#core)
  }

  /**
   * Figures of this process, for dashboards and alarms. Reads nothing from the database.
   *
   * @returns `cache`: bytes of the `limitBytes` (`limits.cacheBytes`) that the database's caches take, about, by what they hold: `spaces` with threads
   *   and values, `words` and `vectors` of the index, words of `entries`. `questions`: bytes of questions' vectors, a 256th more at most.
   */
  stats(): Promise<MemoryStats> {
    return memoryStats(this.#core)
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

  /**
   * The notes that were condensed from a thread, or from all threads of a resource: those that are current, or were at a time.
   *
   * @throws MemoryError `not-found` for a thread that does not exist.
   */
  async getObservations(options: GetObservationsOptions): Promise<Observations> {
    const given = timed('getObservations', options, ['at'])
    const { observations } = await call(this.#core, 'observations.list', given)
    return { observations: observations.map(datedObservation) }
  }

  /**
   * The generations of a thread's notes that are there, the oldest first: each condensed the notes before it.
   *
   * @throws MemoryError `not-found` for a thread that does not exist.
   */
  async getObservationHistory(options: NamedThread): Promise<ObservationHistory> {
    const { generations } = await call(this.#core, 'observations.history', { what: 'getObservationHistory', options })
    return { generations: generations.map(datedGeneration) }
  }

  /**
   * Condenses what a thread has said since it was last observed into notes, also if it is little: by the model of the option
   * `observationalMemory`, or by rules without that option. Agents with the option do so by themselves.
   *
   * @returns `busy` if another process observes the thread, or its messages were changed meanwhile.
   * @throws MemoryError `not-found` for a thread that does not exist; `unsupported` if the option asks for a model and there is none;
   *   `unavailable` if the model fails, or its answers cannot be used. Nothing is stored of them.
   */
  observe(options: NamedThread): Promise<ObservedThread> {
    return call(this.#core, 'observations.observe', { what: 'observe', options })
  }

  /**
   * Condenses the notes of a thread into a new generation of fewer notes, also if they are few. The earlier ones stay readable.
   * Does nothing if nothing was noted since the last generation.
   *
   * @returns `busy` if another process condenses them, or what they say was changed meanwhile.
   * @throws MemoryError as {@link observe} does.
   */
  reflect(options: NamedThread): Promise<ReflectedThread> {
    return call(this.#core, 'observations.reflect', { what: 'reflect', options })
  }

  /**
   * A thread in few words: its notes, condensed if they do not fit. What was not observed yet is observed first, as {@link observe}
   * does; the summary itself is not stored.
   *
   * @throws MemoryError as {@link observe} does.
   */
  summarizeThread(options: SummarizeThreadOptions): Promise<ThreadSummary> {
    return call(this.#core, 'observations.summarize', { what: 'summarizeThread', options })
  }

  /** A block of working memory, or null while there is none. */
  async getWorkingMemory(options: GetWorkingMemoryOptions): Promise<WorkingMemory<JsonOf<Schema>> | null> {
    const block = await call(this.#core, 'workingMemory.get', { what: 'getWorkingMemory', options })
    // The schema's type, unless there are issues: a stored value is returned whatever the schema says.
    return block === null ? null : (datedWorkingMemory(block) as WorkingMemory<JsonOf<Schema>>)
  }

  /**
   * Writes working memory. JSON is deep-merged inside the commit. Text is merged line by line with the writes of others
   * since `ifVersion` (default: the version read when the call starts), or since there was no block, with `ifAbsent`.
   * `mode: 'replace'` replaces the value. A memory with a template or a schema converts a block of the other form.
   *
   * @returns `written` with what it replaced, or `conflict` with the current block if nothing was written.
   * @throws MemoryError `invalid-input` for a patch that does not fit the schema, and for a merge of fields into a text.
   */
  async updateWorkingMemory(
    options: UpdateWorkingMemoryOptions<JsonOf<Schema>>,
  ): Promise<WorkingMemoryWrite<JsonOf<Schema>>> {
    const given = { what: 'updateWorkingMemory', options }
    return datedWrite(await call(this.#core, 'workingMemory.update', given)) as WorkingMemoryWrite<JsonOf<Schema>>
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

  /**
   * Everything that is held on a resource: its space and the spaces inside of it, with all commits that are kept. As records,
   * which `JSON.stringify` writes, and as Markdown. It is read page by page and not in one moment. What an application
   * passed to calls that wait is left out.
   *
   * @throws MemoryError `denied` without the right to administer.
   */
  async exportOf(options: ExportOptions): Promise<ResourceExport> {
    return call(this.#core, 'memory.export', { what: 'exportOf', options })
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
