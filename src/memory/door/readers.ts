/** The readers of the storage port for one space, without checking their arguments. */
import type { SpaceId } from '../../domain/id.ts'
import type { SpaceReads } from '../../ports/space-reads.ts'
import type { Core } from './core.ts'

/** A reader with access and space filled in, that opens the storage at its first use. */
export function bindReader<Name extends keyof SpaceReads>(core: Core, space: SpaceId, name: Name): SpaceReads[Name] {
  return new Proxy({} as SpaceReads[Name], {
    get: (_, method) => {
      return async (...rest: unknown[]) => {
        const { storage, access } = core
        const reader = (await storage.get())[name] as unknown as Record<PropertyKey, (...args: unknown[]) => unknown>
        return reader[method]?.(access, space, ...rest)
      }
    },
  })
}
