/** Shared by every part of one Memory: its storage, its actor, the limits and the defaults. */
import type { Access } from '../../domain/actor.ts'
import type { Expectation } from '../../domain/commit/commit.ts'
import type { SpaceId } from '../../domain/id.ts'
import type { Limits } from '../../domain/limits.ts'
import type { MemoryBehaviour } from '../../ports/behaviour.ts'
import type { ProposedSection } from '../../ports/shared-memory.ts'
import type { Traces } from '../answers/recollection.ts'
import type { RecallWaits } from '../options/recall-waits.ts'
import type { MemoryStorage } from '../storage/memory-storage.ts'

/** One Memory as one actor uses it. */
export interface Core {
  readonly storage: MemoryStorage
  readonly access: Access
  readonly limits: Limits
  readonly behaviour: MemoryBehaviour
  readonly waits: RecallWaits
  readonly createId: () => string
  readonly traces: Traces
  /** An extra expectation of writes to one space: writes of a turn's tools expect the turn to be open. */
  readonly holding?: Holding
  /** Sections of which every change is a proposal. Default: none. */
  readonly proposing?: readonly ProposedSection[]
}

/** The expectations for every write to a space. */
export interface Holding {
  readonly spaceId: SpaceId
  /** Called at each write. */
  readonly expectation: () => Expectation & { readonly lease: string }
}
