/** How effects change blocks. Pure; used by commits, replay and history. */

import type { ChangeResult } from '../commit/commit.ts'
import type { Effect, EffectOf } from '../commit/effect.ts'
import type { ThreadId } from '../id.ts'
import { jsonLength, mergeJson } from '../json.ts'
import { type BlockState, blockTombstone } from '../records/block.ts'
import { blockKey } from '../records/block-key.ts'
import type { RowTime } from '../records/row-time.ts'
import type { Answering, KeyedNoun } from './keyed-noun.ts'
export type BlockEffect = EffectOf<'block-write' | 'block-merge'>

export function foldBlock(
  before: BlockState | null,
  effect: EffectOf<'block-write' | 'block-merge'>,
  threadId: ThreadId | null,
  row: RowTime,
): BlockState {
  const shared = {
    name: effect.name,
    threadId,
    version: row.seq,
    deleted: false,
    updatedAt: row.at,
    updatedBy: row.actor,
  }
  if (effect.kind === 'block-write') return { ...shared, format: effect.format, value: effect.value, patchBytes: 0 }
  if (effect.full !== undefined) return { ...shared, format: 'json', value: effect.full, patchBytes: 0 }
  const base = effect.absent || before === null || before.deleted ? null : before
  const patchBytes = (base?.patchBytes ?? 0) + jsonLength(effect.patch)
  return { ...shared, format: 'json', value: mergeJson(base?.value ?? {}, effect.patch), patchBytes }
}

/** The effects that write the blocks of a copied thread. */
function copiedBlocks(effect: Effect): readonly BlockEffect[] {
  if (effect.kind !== 'thread-clone') return []
  return effect.blocks.map((block) => ({ ...block, kind: 'block-write', inThread: true, prev: 0 }))
}

function answer(effect: BlockEffect, { row, past }: Answering): ChangeResult {
  const name = { block: effect.name, threadId: effect.inThread ? row.threadId : null }
  const value = past(name, row.seq)?.value ?? null
  const before = effect.prev === 0 ? null : past(name, effect.prev)
  const replaced = before === null || before.event === 'delete' ? null : { version: before.version, by: before.by }
  return { kind: effect.kind, name: effect.name, version: row.seq, value, replaced }
}

export const blockNoun: KeyedNoun<BlockState, BlockEffect['kind']> = {
  noun: 'block',
  deeds: { 'block-write': 'put', 'block-merge': 'patch' },
  keyOf: ({ name, inThread }, { threadId }) => blockKey(inThread ? threadId : null, name),
  displacedKey: (name, { threadId }) => blockKey(threadId, name),
  mapOf: (records) => records.blocks,
  keep: (block) => ({ block }),
  kept: (effect) => {
    return 'block' in effect ? { key: blockKey(effect.block.threadId, effect.block.name), state: effect.block } : null
  },
  fold: (before, effect, row) => foldBlock(before, effect, effect.inThread ? row.threadId : null, row),
  tombstone: blockTombstone,
  answer,
  standsFor: copiedBlocks,
  past: {
    isBase: (effect) => effect.kind === 'block-write' || effect.full !== undefined || effect.absent === true,
    valueAfter: (base, effect) => {
      if (effect.kind === 'block-write') return effect.value
      return effect.full ?? mergeJson(effect.absent ? {} : (base ?? {}), effect.patch)
    },
    valueOf: (block) => block.value,
  },
}
