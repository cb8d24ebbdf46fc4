/** Erasures: everything that leaves the log and the small tables of a space. */

import type { LogRow } from '../commit/effect.ts'
import type { RunId, ThreadId } from '../id.ts'
import type { ThreadState } from '../records/thread.ts'
import type { MessagePlace } from '../records/turn.ts'
/** A message that an erasure removes. */
export interface ErasedMessage extends MessagePlace {
  /** Its id if a caller chose it. */
  readonly id: string | null
}

/** A block that an erasure removes; `threadId` is null for a block of the space. */
export interface ErasedBlock {
  readonly threadId: ThreadId | null
  readonly name: string
}

/** What an erasure asks of a driver: rows to replace, and records to remove from the small tables and every index. */
export interface Erasure {
  readonly rows: readonly LogRow[]
  /** Threads, with their blocks, leases and messages. */
  readonly threads: readonly ThreadId[]
  /** Messages one by one, in threads that stay. */
  readonly messages: readonly ErasedMessage[]
  readonly entries: readonly string[]
  /** Blocks of the space, or of threads that stay. */
  readonly blocks: readonly ErasedBlock[]
  /** Runs, with their leases. */
  readonly runs: readonly RunId[]
  /** Records by name; see `recordName`. */
  readonly records: readonly string[]
  /** Threads that stay, with the number of messages they have left. */
  readonly recounted: readonly ThreadState[]
}
