/** Rows of blocks, read into domain records and made from them. */

import type { ThreadId } from '../../domain/id.ts'
import type { BlockFormat, BlockState } from '../../domain/records/block.ts'
import { isoTime, msOf } from '../../domain/time.ts'
import { storedJson, storedSeq } from '../stored-json.ts'
import { valueShape } from '../stored-shapes.ts'
import { actorOf, actorText } from './actor-text.ts'

export type BlockColumns = readonly [
  name: string,
  version: number,
  deleted: number,
  at: number,
  actor: string,
  format: string,
  patchBytes: number,
  json: string,
]

export const blockColumns = 'name, version, deleted, at, actor, format, patchBytes, json'

export function blockOf(columns: BlockColumns, threadId: ThreadId | null): BlockState {
  const [name, version, deleted, at, actor, format, patchBytes, json] = columns
  return {
    name,
    threadId,
    version: storedSeq(version, 'block'),
    deleted: deleted === 1,
    format: format as BlockFormat,
    value: storedJson(json, 'block', valueShape),
    updatedAt: isoTime(at),
    updatedBy: actorOf(actor),
    patchBytes,
  }
}

/** The values of a block's row, in the order of `blockColumns`. Its thread is a column of the driver's own. */
export function blockValues(block: BlockState): BlockColumns {
  const { name, version, deleted, updatedAt, updatedBy, format, patchBytes, value } = block
  const [at, actor, json] = [msOf(updatedAt), actorText(updatedBy), JSON.stringify(value)]
  return [name, version, deleted ? 1 : 0, at, actor, format, patchBytes, json]
}
