/** A space as callers hold it: one door to write, readers, the feed. The rest of the facade goes through here. */

import type { Change, Commit, CommitResult, Expectation, ResultOf } from '../domain/commit.ts'
import type { LoggedCommit } from '../domain/effect.ts'
import { invariant, MemoryError } from '../domain/error.ts'
import { type CommitId, checkId, type SpaceId } from '../domain/id.ts'
import { type SpaceSettings, type SpaceState, spaceId } from '../domain/space.ts'
import type { Storage } from '../ports/storage.ts'
import type { Core, Holding } from './core.ts'
import { type FeedOptions, followLog, stoppable } from './feed.ts'
import { parse } from './parse.ts'
import type { SpaceRecallOptions } from './recall-options.ts'
import type { Recollection } from './recollection.ts'

export interface CommitOptions {
  /** An id of your own: a retry with it never applies twice. Default: none; then every call is a commit of its own. */
  readonly id?: string
  /** What must hold for the commit to be applied. */
  readonly expect?: readonly Expectation[]
}

type Tail<Parameters> = Parameters extends readonly [unknown, unknown, ...infer Rest] ? Rest : never
type Bound<Reader> = {
  readonly [Name in keyof Reader]: Reader[Name] extends (...args: infer Parameters) => infer Result
    ? (...args: Tail<Parameters>) => Result
    : never
}

/** The readers of one space, as the storage port has them, without the space in front. */
export interface SpaceReaders {
  readonly threads: Bound<Pick<Storage['threads'], 'get' | 'list'>>
  readonly messages: Bound<Storage['messages']>
  readonly blocks: Bound<Storage['blocks']>
  readonly entries: Bound<Storage['entries']>
  readonly facts: Bound<Storage['facts']>
  readonly runs: Bound<Storage['runs']>
  readonly log: Bound<Pick<Storage['log'], 'read' | 'seqAt'>>
}

type Reader = 'threads' | 'messages' | 'blocks' | 'entries' | 'facts' | 'runs' | 'log'

/** A conflict would have its callers read again and go on; this one stays. */
function refuseUnlessHeld(result: CommitResult, { lease }: ReturnType<Holding['expectation']>): void {
  if (result.status !== 'conflict') return
  if (!result.failed.some(({ expectation }) => 'lease' in expectation && expectation.lease === lease)) return
  throw new MemoryError('conflict', {
    message: 'The turn that this was written in is over, or its thread was deleted.',
    fix: 'Nothing was written. Write it in a turn that is open.',
    details: { lease },
  })
}

/** One space of a memory, acting as the memory's actor. */
export class Space implements SpaceReaders {
  readonly id: SpaceId
  readonly #core: Core

  constructor(core: Core, id: SpaceId) {
    this.#core = core
    this.id = id
  }

  get core(): Core {
    return this.#core
  }

  /**
   * Applies changes whole or not at all.
   *
   * @returns `committed` with a result for each change, or `conflict` with what stood in the way of `expect`.
   * @throws MemoryError `invalid-input`, `not-found`, `conflict`, `limit-exceeded`, `denied`, `unavailable`, `closed`.
   */
  async commit(changes: readonly Change[], options: CommitOptions = {}): Promise<CommitResult> {
    const { id, expect } = await parse('commit', options)
    const parsed = await parse('changes', changes)
    if (id !== undefined) checkId(id, 'id')
    const stated = expect === undefined ? {} : { expect: expect as readonly Expectation[] }
    return this.submit(parsed, { ...stated, ...(id === undefined ? {} : { id }) })
  }

  /** Commits changes that the facade made itself and that need no parsing. */
  async submit(
    changes: readonly Change[],
    options: CommitOptions & { background?: boolean } = {},
  ): Promise<CommitResult> {
    const { storage, access, limits } = this.#core
    const { background } = options
    const held = this.#held()
    const expect = held === null ? options.expect : [...(options.expect ?? []), held]
    const commit: Commit = {
      id: (options.id as CommitId | undefined) ?? null,
      space: this.id,
      changes,
      ...(expect === undefined ? {} : { expect }),
      ...(background === true ? { background } : {}),
    }
    const result = await (await storage.get()).commit(access, commit, limits)
    if (held !== null) refuseUnlessHeld(result, held)
    storage.wrote()
    return result
  }

  #held(): ReturnType<Holding['expectation']> | null {
    const { holding } = this.#core
    return holding?.spaceId === this.id ? holding.expectation() : null
  }

  /** Commits one change that has no expectation, and answers its result. */
  async apply<Kind extends Change['kind']>(change: Change & { readonly kind: Kind }): Promise<Applied<Kind>> {
    const result = await this.submit([change])
    return appliedOf(result, change.kind)
  }

  /** The space itself: seq, time, settings and counters; null if nothing was ever written to it. */
  async state(): Promise<SpaceState | null> {
    const { storage, access } = this.#core
    return (await storage.get()).spaces.get(access, this.id)
  }

  /**
   * Changes the settings that live with the data.
   *
   * @param settings Any of `entriesPerSpace`, `entryTtlMs` (null: for ever) and `logDays` (0: keep everything).
   * @param options `ifVersion` refuses if the settings were changed since.
   */
  async configure(
    settings: Partial<SpaceSettings>,
    options: { readonly ifVersion?: number } = {},
  ): Promise<CommitResult> {
    const { ifVersion } = await parse('configure', options)
    const expect = ifVersion === undefined ? {} : { expect: [{ version: ifVersion, of: { settings: true } } as const] }
    return this.commit([{ kind: 'configure', settings }], expect)
  }

  /**
   * Follows the log: every commit once, in order, then those to come. Ends when `signal` aborts or the memory closes.
   *
   * @param options `after`: the seq to go on from; absent: from now on, as of the first `next()`; 0: from the beginning.
   * @throws MemoryError `cursor-expired` if `after` lies below the horizon, or the space is erased meanwhile.
   */
  changes(options: FeedOptions = {}): AsyncIterableIterator<LoggedCommit> {
    return stoppable((stop) => followLog(this, options, stop))
  }

  /**
   * Recalls what is relevant to a question, of every kind: messages, facts, entries, observations.
   *
   * @throws MemoryError `invalid-input`, `denied`.
   */
  async recall(query: string, options: SpaceRecallOptions = {}): Promise<Recollection> {
    const { recallSpace } = await import('./recall-options.ts')
    return recallSpace(this.#core, this.id, query, options)
  }

  get threads(): SpaceReaders['threads'] {
    return this.#bind('threads')
  }

  get messages(): SpaceReaders['messages'] {
    return this.#bind('messages')
  }

  get blocks(): SpaceReaders['blocks'] {
    return this.#bind('blocks')
  }

  get entries(): SpaceReaders['entries'] {
    return this.#bind('entries')
  }

  get facts(): SpaceReaders['facts'] {
    return this.#bind('facts')
  }

  get runs(): SpaceReaders['runs'] {
    return this.#bind('runs')
  }

  get log(): SpaceReaders['log'] {
    return this.#bind('log')
  }

  /** A reader with access and space filled in. */
  #bind<Name extends Reader>(name: Name): SpaceReaders[Name] {
    const { storage, access } = this.#core
    return new Proxy({} as SpaceReaders[Name], {
      get: (_, method) => {
        return async (...rest: unknown[]) => {
          const reader = (await storage.get())[name] as unknown as Record<PropertyKey, (...args: unknown[]) => unknown>
          return reader[method]?.(access, this.id, ...rest)
        }
      },
    })
  }
}

/** The space of a resource, from the id that its application knows it by. */
export function resourceSpace(core: Core, resourceId: unknown): Space {
  return new Space(core, spaceId('resource', checkId(resourceId, 'resourceId')))
}

/** A committed change's result, with the seq and time of its commit. */
export type Applied<Kind extends Change['kind']> = {
  readonly seq: number
  readonly at: string
  readonly result: ResultOf<Kind>
}

/** The result of the only change of a commit that nobody put an expectation on. */
export function appliedOf<Kind extends Change['kind']>(commit: CommitResult, kind: Kind, index = 0): Applied<Kind> {
  if (commit.status === 'conflict') {
    throw new MemoryError('conflict', {
      message: `The commit was refused: ${commit.reason}.`,
      fix: 'Use a new commit id for new content.',
      details: { reason: commit.reason, failed: commit.failed },
    })
  }
  const result = commit.results[index]
  if (commit.replayed && commit.results.length === 0) {
    throw new MemoryError('conflict', {
      message: `The commit of that id was applied at seq ${commit.seq}, and what it stored was forgotten since.`,
      fix: 'Nothing was applied again. Use another commit id to store it anew.',
      details: { seq: commit.seq },
    })
  }
  invariant(result?.kind === kind, `the result of ${kind} is of its kind`)
  return { seq: commit.seq, at: commit.at, result: result as ResultOf<Kind> }
}
