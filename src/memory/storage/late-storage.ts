/** The storage of a memory that was made without one: decided once, by a container or at first use. */
import { openStore, SQLiteStore } from '../../open.ts'
import type { Clock } from '../../ports/clock.ts'
import type { LateStorage, StorageInUse } from '../../ports/late-storage.ts'
import type { Durability } from '../../ports/storage.ts'
import { durabilityElsewhere, secondStorage } from './storage-errors.ts'

const defaultUrl = 'file:./aquifer.db'

function defaultStorage(durability: Durability | undefined): LateStorage {
  const store = new SQLiteStore({ url: defaultUrl, ...(durability === undefined ? {} : { durability }) })
  return { url: store.url, file: store.file, open: (clock, cacheBytes) => openStore(store, { clock, cacheBytes }) }
}

/** The late storage of one memory, once it is known. */
export class LateChoice {
  readonly #durability: Durability | undefined
  #chosen: LateStorage | null = null

  /** @param durability The stated durability, which is allowed only with the default storage. */
  constructor(durability: Durability | undefined) {
    this.#durability = durability
  }

  /** @throws MemoryError `conflict` if another one was chosen; `invalid-input` if the memory states a durability. */
  bind(late: LateStorage): void {
    const chosen = this.#chosen
    if (chosen === null) {
      if (this.#durability !== undefined) throw durabilityElsewhere(this.#durability, late)
      this.#chosen = late
      return
    }
    const isSame = chosen === late || (chosen.file !== null && chosen.file === late.file)
    if (!isSame) throw secondStorage(chosen, late)
  }

  async open(clock: Clock, cacheBytes: number): Promise<StorageInUse> {
    const bound = this.#chosen
    const late = bound ?? defaultStorage(this.#durability)
    this.#chosen = late
    try {
      return await late.open(clock, cacheBytes)
    } catch (error) {
      // Nothing is stored yet: a container may still choose another storage.
      this.#chosen = bound
      throw error
    }
  }
}
