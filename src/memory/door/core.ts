/** What every part of one Memory shares: its storage, who acts, the limits and the defaults. */
import type { Access } from '../../domain/actor.ts'
import type { Expectation } from '../../domain/commit/commit.ts'
import type { SpaceId } from '../../domain/id.ts'
import type { Limits } from '../../domain/limits.ts'
import type { MemoryBehaviour } from '../../ports/behaviour.ts'
import type { Traces } from '../answers/recollection.ts'
import type { MemoryStorage } from '../storage/memory-storage.ts'

/** One Memory as one actor uses it. */
export interface Core {
  readonly storage: MemoryStorage
  readonly access: Access
  readonly limits: Limits
  readonly behaviour: MemoryBehaviour
  readonly createId: () => string
  readonly traces: Traces
  /** What writes to one space expect beside what each expects itself: what a turn's tools write, that the turn is open. */
  readonly holding?: Holding
}

/** What must hold in a space for whatever is written to it. */
export interface Holding {
  readonly spaceId: SpaceId
  /** Asked for at each write. */
  readonly expectation: () => Expectation & { readonly lease: string }
}
