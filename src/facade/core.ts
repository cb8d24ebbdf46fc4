/** The core that a Memory is made with. */
import { applicationActor } from '../domain/actor.ts'
import { reading } from '../domain/read-plain.ts'
import { Traces } from '../memory/answers/recollection.ts'
import type { Core } from '../memory/door/core.ts'
import { type MemoryOptions, parseMemoryOptions } from '../memory/options/options.ts'
import { checkedIds, randomId } from '../memory/options/random-id.ts'
import { MemoryStorage } from '../memory/storage/memory-storage.ts'

/** A new core for these options, or the one that `as()` passes. */
export function coreFor(options: MemoryOptions): Core {
  const acting = reading('Memory', () => (options instanceof Acting ? options.core : null))
  if (acting !== null) return acting
  const parsed = parseMemoryOptions(options)
  return {
    storage: new MemoryStorage(parsed),
    access: { actor: applicationActor, grants: 'all' },
    limits: parsed.limits,
    behaviour: parsed.options,
    waits: parsed.recall,
    createId: parsed.createId === undefined ? randomId : checkedIds(parsed.createId),
    traces: new Traces(),
  }
}

/** How `as()` passes a core to the constructor. */
export class Acting {
  readonly core: Core
  constructor(core: Core) {
    this.core = core
  }
}
