/** Opens the storage of a Memory, and resolves its models. */

import { defaultLimits } from '../../domain/limits.ts'
import { openStore, SQLiteStore } from '../../open.ts'
import type { Clock } from '../../ports/clock.ts'
import type { StorageInUse } from '../../ports/late-storage.ts'
import type { MemoryOptions } from '../options/options.ts'
import type { MemoryModels } from './background.ts'
import type { LateChoice } from './late-storage.ts'

export interface OpenedMemory extends StorageInUse {
  readonly models: MemoryModels
}

async function openGiven(
  { storage, durability, limits }: MemoryOptions,
  late: LateChoice,
  clock: Clock,
): Promise<StorageInUse> {
  const { cacheBytes } = { ...defaultLimits, ...limits }
  if (storage === undefined) return late.open(clock, cacheBytes)
  if (storage instanceof SQLiteStore) return openStore(storage, { clock, cacheBytes })
  // A driver that was passed in stays open: its owner closes it.
  if (typeof storage === 'object') return { storage, release: async () => {} }
  const store = new SQLiteStore({ url: storage, ...(durability === undefined ? {} : { durability }) })
  return openStore(store, { clock, cacheBytes })
}

/** If its models cannot be resolved, the storage is released. */
export async function openStorage(options: MemoryOptions, late: LateChoice, clock: Clock): Promise<OpenedMemory> {
  const opened = await openGiven(options, late, clock)
  try {
    const { modelsOf } = await import('./background.ts')
    return { ...opened, models: modelsOf(options) }
  } catch (error) {
    await opened.release()
    throw error
  }
}
