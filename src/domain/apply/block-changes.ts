/** Decides changes of blocks: writing and merging working memory. */

import type { ChangeOf, ResultOf } from '../commit/commit.ts'
import { invalidInput, MemoryError, shown } from '../error.ts'
import { checkId } from '../id.ts'
import type { BlockFormat } from '../records/block.ts'
import { blockKey } from '../records/block-key.ts'
import { type BlockEffect, foldBlock } from '../replay/block-fold.ts'
import { applyValue } from './apply-value.ts'
import type { Draft } from './draft.ts'

function otherFormat(name: string, has: BlockFormat, wants: BlockFormat): MemoryError {
  return new MemoryError('invalid-input', {
    message: `The block ${shown(name)} holds ${has}, and this write is ${wants}.`,
    fix: `Write ${has}, or use another block name, such as ${shown(`${name}-${wants}`)}. A memory with a template or a schema converts it.`,
    details: { field: 'format', rule: `must be ${has}`, got: wants, name },
  })
}

function checkBlock(draft: Draft, change: ChangeOf<'block-write' | 'block-merge'>, format: BlockFormat) {
  const name = checkId(change.name, 'name')
  const threadId = change.threadId === undefined ? null : draft.liveThread(change.threadId).id
  draft.claim({ block: blockKey(threadId, name) })
  const before = draft.view.block(threadId, name)
  const isLive = before !== null && !before.deleted
  const mayConvert = change.kind === 'block-write' && change.convert === true
  if (isLive && before.format !== format && !mayConvert) throw otherFormat(name, before.format, format)
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
