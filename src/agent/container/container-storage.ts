/** The storage of a container: one for all memories that are bound to it. */

import { MemoryError } from '../../domain/error.ts'
import { openStore, SQLiteStore } from '../../open.ts'
import type { Clock } from '../../ports/clock.ts'
import type { LateStorage, StorageInUse } from '../../ports/late-storage.ts'
import type { Storage } from '../../ports/storage.ts'

/** A database in memory while it is open. */
interface Kept {
  readonly clock: Clock
  readonly opening: Promise<StorageInUse>
}

/**
 * The storage that memories are bound to. Memories on `:memory:` share one database here, which lives until the
 * container closes; a store by itself opens a new one each time.
 */
export class ContainerStorage implements LateStorage {
  readonly storage: SQLiteStore | Storage
  #kept: Kept | null = null

  constructor(storage: string | SQLiteStore | Storage) {
    this.storage = typeof storage === 'string' ? new SQLiteStore({ url: storage }) : storage
  }

  get url(): string {
    return this.storage instanceof SQLiteStore ? this.storage.url : this.storage.id
  }

  get file(): string | null {
    return this.storage instanceof SQLiteStore ? this.storage.file : null
  }

  async open(clock: Clock, cacheBytes: number): Promise<StorageInUse> {
    const { storage } = this
    if (!(storage instanceof SQLiteStore)) return { storage, release: async () => {} }
    if (storage.file !== null) return openStore(storage, { clock, cacheBytes })
    this.#kept ??= { clock, opening: openStore(storage, { clock, cacheBytes }) }
    if (this.#kept.clock !== clock) throw anotherClock(this.url)
    const kept = await this.#kept.opening
    return { storage: kept.storage, release: async () => {} }
  }

  /** Closes what it opened itself. A driver that was passed in stays open. */
  async close(): Promise<void> {
    const kept = await this.#kept?.opening.catch(() => null)
    await kept?.release()
  }
}

function anotherClock(url: string): MemoryError {
  return new MemoryError('conflict', {
    message: `The memories that share ${url} must have one clock.`,
    fix: 'Give all memories of the container the same clock, or a file as storage.',
    details: { url },
  })
}
