/** Blocks: working memory, a named text or JSON that agents keep up to date, per space or per thread. */
import type { Actor } from '../actor.ts'
import type { ChangeOf, ChangeResult, ResultOf } from '../commit/commit.ts'
import type { Draft } from '../commit/draft.ts'
import type { BlockFormat, Effect, EffectOf } from '../commit/effect.ts'
import { invalidInput, MemoryError, shown } from '../error.ts'
import { checkId, type Seq, type ThreadId } from '../id.ts'
import { type Json, jsonLength, mergeJson } from '../json.ts'
import { applyValue } from '../keyed/apply-value.ts'
import type { Answering, KeyedNoun } from '../keyed/keyed-noun.ts'
import { blockKey } from './block-key.ts'
import type { RowTime } from './entry.ts'

/** A block as drivers keep it. Deleting its thread leaves an empty row, counted as absent. */
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

function otherFormat(name: string, has: BlockFormat, wants: BlockFormat): MemoryError {
  return new MemoryError('invalid-input', {
    message: `The block ${shown(name)} holds ${has}, and this write is ${wants}.`,
    fix: `Write ${has}, or use another block name, such as ${shown(`${name}-${wants}`)}.`,
    details: { field: 'format', rule: `must be ${has}`, got: wants, name },
  })
}

function checkBlock(draft: Draft, change: ChangeOf<'block-write' | 'block-merge'>, format: BlockFormat) {
  const name = checkId(change.name, 'name')
  const threadId = change.threadId === undefined ? null : draft.liveThread(change.threadId).id
  draft.claim({ block: blockKey(threadId, name) })
  const before = draft.view.block(threadId, name)
  const isLive = before !== null && !before.deleted
  if (isLive && before.format !== format) throw otherFormat(name, before.format, format)
  return { name, threadId, before, live: isLive ? before : null }
}

/** Decides a whole write (`block-write`) or a deep merge (`block-merge`). */
export function applyBlock(
  draft: Draft,
  change: ChangeOf<'block-write' | 'block-merge'>,
): ResultOf<'block-write' | 'block-merge'> {
  const format = change.kind === 'block-merge' ? 'json' : change.format
  const { name, threadId, before, live } = checkBlock(draft, change, format)
  const prev = before?.version ?? 0
  const where = threadId === null ? { name, prev } : { name, prev, inThread: true as const }
  let effect: BlockEffect
  if (change.kind === 'block-write') {
    if (format === 'text' && typeof change.value !== 'string') {
      throw invalidInput('value', 'must be text', change.value, 'Pass a string, or write the block as json.')
    }
    effect = { kind: 'block-write', ...where, format, value: change.value }
  } else {
    effect = { kind: 'block-merge', ...where, ...(live === null ? { absent: true as const } : {}), patch: change.patch }
  }
  const fold = (settled: BlockEffect) => foldBlock(live, settled, threadId, draft)
  const settled = applyValue(draft, effect, fold, 'blockBytes', `The block ${shown(name)}`)
  draft.blocks.set(blockKey(threadId, name), settled.after)
  draft.add(settled.effect)
  const replaced = live === null ? null : { version: live.version, by: live.updatedBy }
  return { kind: change.kind, name, version: draft.seq, value: settled.after.value, replaced }
}

type BlockEffect = EffectOf<'block-write' | 'block-merge'>

/** The effects of writing the blocks that a copied thread brings. */
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
