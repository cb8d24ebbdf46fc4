/** Restores a turn that another one replaced, with its branch of the thread. */
import { checkId } from '../../domain/id.ts'
import { type CommitIdOption, named } from '../arguments/commit-ids.ts'
import { appliedOf } from '../door/applied.ts'
import type { Core } from '../door/core.ts'
import { resourceSpace } from '../door/door.ts'
import { type RestoreEvent, traced, tracedActor } from '../tracing.ts'
import type { NamedThread } from './threads.ts'

/** Options of `memory.restoreTurn`. */
export interface RestoreTurnOptions extends NamedThread, CommitIdOption {
  /** The turn to restore, as `turnId` of a message names it. */
  readonly turnId: string
}

/** The answer of `memory.restoreTurn`. */
export interface RestoredTurn {
  /** The turn. */
  readonly turnId: string
  /** Turns that stand in the thread again, in its order. None if the turn stood already. */
  readonly restored: readonly string[]
  /** Turns that stood until then, in the order of the thread. They can be restored in turn. */
  readonly replaced: readonly string[]
  /** Seq of the commit. */
  readonly seq: number
}

/** Brings a replaced turn back; the turns in its place leave the thread, with all that followed them. */
export function restoreTurn(core: Core, options: RestoreTurnOptions): Promise<RestoredTurn> {
  const space = resourceSpace(core, options.resourceId)
  const [threadId, turnId] = [checkId(options.threadId, 'threadId'), checkId(options.turnId, 'turnId')]
  const event = (): RestoreEvent => {
    return { operation: 'memory.restore', actor: tracedActor(core), space: space.id, threadId, turnId }
  }
  const restore = async (): Promise<RestoredTurn> => {
    const change = { kind: 'turn-restore', threadId, turnId } as const
    const { result, seq } = appliedOf(await space.submit([change], named(options.commitId)), 'turn-restore')
    return { turnId: result.turnId, restored: result.restored, replaced: result.replaced, seq }
  }
  return traced(event, restore, ({ restored, replaced, seq }) => {
    return { restored: [...restored], replaced: [...replaced], seq }
  })
}
