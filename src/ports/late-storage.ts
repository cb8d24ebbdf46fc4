/** A storage that is chosen after the memory was made: by a container, or at the first use. Types only. */
import type { Clock } from './clock.ts'
import type { Storage } from './storage.ts'

/** A storage in use. The last user that releases it closes it. */
export interface StorageInUse {
  readonly storage: Storage
  release(): Promise<void>
}

/** A storage that is opened when a memory is first used. */
export interface LateStorage {
  /** Its name in errors. */
  readonly url: string
  /** The full path of its file, to tell when two are the same; null without a file. */
  readonly file: string | null
  /** @param cacheBytes Bytes that the caches of the file may take, about. */
  open(clock: Clock, cacheBytes: number): Promise<StorageInUse>
}
