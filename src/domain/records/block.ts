/** Blocks: working memory, a named text or JSON that agents keep up to date, per space or per thread. */

import type { Actor } from '../actor.ts'
import type { Seq, ThreadId } from '../id.ts'
import type { Json } from '../json.ts'
import type { RowTime } from './row-time.ts'
/** A block as drivers store it. Deleting its thread leaves an empty row, which counts as absent. */
export interface BlockState {
  readonly name: string
  readonly threadId: ThreadId | null
  readonly version: Seq
  readonly deleted: boolean
  readonly format: BlockFormat
  /** Text for `text`, any JSON for `json`; null when deleted. */
  readonly value: Json
  readonly updatedAt: string
  readonly updatedBy: Actor
  readonly patchBytes: number
}

export function blockTombstone(before: BlockState, row: RowTime): BlockState {
  return {
    ...before,
    version: row.seq,
    deleted: true,
    value: null,
    updatedAt: row.at,
    updatedBy: row.actor,
    patchBytes: 0,
  }
}

export const blockFormats = ['text', 'json'] as const

export type BlockFormat = (typeof blockFormats)[number]
