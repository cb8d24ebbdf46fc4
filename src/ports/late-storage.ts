/** A storage that is chosen after the memory was made: by a container, or at the first use. Types only. */
import type { Clock } from './clock.ts'
import type { Storage } from './storage.ts'

/** A storage in use, and the way to give it back. The last one to do so closes it. */
export interface StorageInUse {
  readonly storage: Storage
  release(): Promise<void>
}

/** A storage that is opened when a memory is first used. */
export interface LateStorage {
  /** What errors call it. */
  readonly url: string
  /** The whole path of its file, by which two of them are the same; null if it has none. */
  readonly file: string | null
  open(clock: Clock): Promise<StorageInUse>
}
