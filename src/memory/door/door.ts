/**
 * The inside of a space: commits without parsing, reads without checks, the core. Only the library uses it, never
 * users.
 */
import type { Change, Commit, CommitResult, Expectation } from '../../domain/commit/commit.ts'
import { MemoryError, shown } from '../../domain/error.ts'
import { type CommitId, checkId, type SpaceId } from '../../domain/id.ts'
import { parseSpaceId, type SpaceAddress, type SpaceState, spaceId } from '../../domain/space.ts'
import type { ProposedSection } from '../../ports/shared-memory.ts'
import type { SpaceReads } from '../../ports/space-reads.ts'
import { type Applied, appliedOf } from './applied.ts'
import type { Core, Holding } from './core.ts'
import { bindReader } from './readers.ts'

/** The options of a commit. */
export interface SubmitOptions {
  /** An id under which a retry is never applied twice. */
  readonly id?: string
  /** What must hold for the commit to be applied. */
  readonly expect?: readonly Expectation[]
  /** Never creates a space, a thread or a turn: deleted ones stay deleted. */
  readonly background?: boolean
}

/** A conflict would make callers read again and continue; this error is final. */
function refuseUnlessHeld(result: CommitResult, { lease }: ReturnType<Holding['expectation']>): void {
  if (result.status !== 'conflict') return
  if (!result.failed.some(({ expectation }) => 'lease' in expectation && expectation.lease === lease)) return
  throw new MemoryError('conflict', {
    message: 'The turn of this write is closed, or its thread was deleted.',
    fix: 'Nothing was written. Write it in an open turn.',
    details: { lease },
  })
}

/** The section in which changes of that kind are proposals; undefined for none. */
export function proposedSection({ proposing = [] }: Core, space: SpaceId, kind: string): ProposedSection | undefined {
  return proposing.find(({ spaceId: id, noun }) => id === space && kind.startsWith(`${noun}-`))
}

/** Refuses changes that may only be proposed. A decision about a proposal makes its change. */
function refuseUnproposed(core: Core, space: SpaceId, changes: readonly Change[]): void {
  if (core.proposing === undefined || changes.some(({ kind }) => kind === 'proposal-decide')) return
  const change = changes.find(({ kind }) => proposedSection(core, space, kind) !== undefined)
  if (change === undefined) return
  const { kind, id } = core.access.actor
  throw new MemoryError('denied', {
    message: `The ${kind} ${shown(id)} may only propose such a change in ${space}: ${change.kind}.`,
    fix: 'State facts with infer: false, or use the tools that the agent has for it: both propose. space.commit can propose, too.',
    details: { space, change: change.kind },
  })
}

/** The door to one space, as one actor uses it. */
export class Door implements SpaceReads {
  readonly id: SpaceId
  readonly core: Core

  constructor(core: Core, id: SpaceId) {
    this.core = core
    this.id = id
  }

  /** The parsed id. */
  get address(): SpaceAddress {
    return parseSpaceId(this.id).address
  }

  /** The same space for another actor, with other options, or with another expectation of writes. */
  with(changes: Partial<Pick<Core, 'access' | 'behaviour' | 'holding'>>): Door {
    return new Door({ ...this.core, ...changes }, this.id)
  }

  /** Commits changes that the library made itself, or has parsed. */
  async submit(changes: readonly Change[], options: SubmitOptions = {}): Promise<CommitResult> {
    const { storage, access, limits } = this.core
    const { background } = options
    refuseUnproposed(this.core, this.id, changes)
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
    const { holding } = this.core
    return holding?.spaceId === this.id ? holding.expectation() : null
  }

  /** Commits one change without an expectation, and returns its result. */
  async apply<Kind extends Change['kind']>(change: Change & { readonly kind: Kind }): Promise<Applied<Kind>> {
    const result = await this.submit([change])
    return appliedOf(result, change.kind)
  }

  /** The space itself: seq, time, settings and counters; null if nothing was ever written to it. */
  async state(): Promise<SpaceState | null> {
    const { storage, access } = this.core
    return (await storage.get()).spaces.get(access, this.id)
  }

  get threads(): SpaceReads['threads'] {
    return bindReader(this.core, this.id, 'threads')
  }

  get messages(): SpaceReads['messages'] {
    return bindReader(this.core, this.id, 'messages')
  }

  get blocks(): SpaceReads['blocks'] {
    return bindReader(this.core, this.id, 'blocks')
  }

  get entries(): SpaceReads['entries'] {
    return bindReader(this.core, this.id, 'entries')
  }

  get facts(): SpaceReads['facts'] {
    return bindReader(this.core, this.id, 'facts')
  }

  get runs(): SpaceReads['runs'] {
    return bindReader(this.core, this.id, 'runs')
  }

  get log(): SpaceReads['log'] {
    return bindReader(this.core, this.id, 'log')
  }
}

/** The door to the space of a resource, from the application's id. */
export function resourceSpace(core: Core, resourceId: unknown): Door {
  return new Door(core, spaceId('resource', checkId(resourceId, 'resourceId')))
}
