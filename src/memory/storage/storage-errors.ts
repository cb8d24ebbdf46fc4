/** Errors of opening the storage of a Memory, with their fixes. */

import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import type { LateStorage } from '../../ports/late-storage.ts'
import type { Durability } from '../../ports/storage.ts'

export function durabilityElsewhere(durability: Durability, { url }: LateStorage): MemoryError {
  const fix = `Pass it there: new SQLiteStore({ url: '${url}', durability: '${durability}' }).`
  return invalidInput('durability', 'must go with the storage that the memory is bound to', durability, fix)
}

export function secondStorage(present: LateStorage, second: LateStorage): MemoryError {
  return new MemoryError('conflict', {
    message: `The memory uses ${shown(present.url)} and cannot use ${shown(second.url)} as well.`,
    fix: 'Register it before its first use, with one storage only; or give it its own: new Memory({ storage }).',
    details: { present: present.url, second: second.url },
  })
}

export function closedMemory(): MemoryError {
  return new MemoryError('closed', {
    message: 'The memory is closed.',
    fix: 'Open a new Memory; close it only when all work with it is done.',
  })
}
