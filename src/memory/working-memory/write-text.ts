/** Writes working memory kept as text: whole texts, merged line by line with what others wrote since. */

import { invalidInput } from '../../domain/error.ts'
import type { Seq } from '../../domain/id.ts'
import { jsonLines } from '../../domain/json-lines.ts'
import type { BlockState } from '../../domain/records/block.ts'
import { isReused, refused } from '../door/applied.ts'
import { committedAs } from '../door/committed.ts'
import type { Core } from '../door/core.ts'
import {
  type Block,
  type BlockChange,
  conflictAt,
  type Expected,
  readBlock,
  submitBlock,
  versionsBefore,
  type WorkingMemoryWriteRecord,
  written,
} from './block.ts'
import { hasForm, issuesIn } from './form.ts'
import { mergeTexts } from './text-merge.ts'

/** The write of a text. A memory with a template converts JSON, which it shows as lines. */
function writeOf(core: Core, text: string): BlockChange {
  const convert = hasForm(core) ? { convert: true as const } : {}
  return { kind: 'block-write', format: 'text', value: text, ...convert }
}

function refuseBareTemplate(core: Core, text: string, current: BlockState | null): void {
  const { template } = core.behaviour.workingMemory ?? {}
  if (template === undefined || current === null || text.trim() !== template.trim()) return
  const standing = jsonLines(current.value).trim()
  if (standing === '' || standing === template.trim()) return
  const fix = 'Send the whole text, filled in; write an empty text to clear it.'
  throw invalidInput('workingMemory', 'must not be the bare template over real content', text, fix)
}

/** The text that a write was made from: the version it names, otherwise the one read when the call began. */
async function baseText(block: Block, expected: Expected, current: BlockState | null): Promise<string | null> {
  const template = block.space.core.behaviour.workingMemory?.template ?? ''
  if (expected === null) return template
  if (expected === undefined) return current === null ? template : jsonLines(current.value)
  if (current?.version === expected) return jsonLines(current.value)
  const past = await block.space.blocks.at(block.threadId, block.name, expected)
  return past?.version === expected && past.value !== null ? jsonLines(past.value) : null
}

/** Writes a text made from a version: it replaces that version, or is merged line by line with later ones. */
export async function mergeText(
  block: Block,
  text: string,
  expected: Expected,
  commitId: string | undefined,
): Promise<WorkingMemoryWriteRecord> {
  const { core } = block.space
  const before = commitId === undefined ? null : await committedAs(block.space, commitId)
  if (before !== null) return mergedBefore(block, text, expected, before.seq)
  let current = await readBlock(block)
  refuseBareTemplate(core, text, current)
  const base = await baseText(block, expected, current)
  if (base === null) return conflictAt(block)
  const from = expected === undefined ? (current?.version ?? null) : expected
  for (;;) {
    const hasMoved = (current?.version ?? null) !== from
    const value = hasMoved ? await mergeTexts(base, text, jsonLines(current?.value ?? ''), core.limits) : text
    if (value === null || (hasMoved && current === null)) return conflictAt(block)
    const result = await submitBlock(block, writeOf(core, value), current?.version ?? null, commitId)
    if (isReused(result)) return mergedBefore(block, text, expected, result.first)
    const answer = await written(block, result)
    if (answer !== null) return answer
    current = await readBlock(block)
  }
}

/** Writes a text over what stands there. */
export async function replaceText(
  block: Block,
  text: string,
  expected: Expected,
  commitId: string | undefined,
): Promise<WorkingMemoryWriteRecord> {
  const { core } = block.space
  refuseBareTemplate(core, text, await readBlock(block))
  const result = await submitBlock(block, writeOf(core, text), expected, commitId)
  return (await written(block, result)) ?? conflictAt(block)
}

/** How many versions before a write may have been the one that its text was made from. */
const basesTried = 20

/**
 * What the write of that commit id answered, if it was of this text: what was merged depends on what stood there, so a retry
 * never looks the same. It is the same write if it gives the value that was stored, from a version that it may be made from.
 */
async function mergedBefore(
  block: Block,
  text: string,
  expected: Expected,
  first: Seq,
): Promise<WorkingMemoryWriteRecord> {
  const { space, threadId, name } = block
  const stored = await space.blocks.at(threadId, name, first)
  const otherContent = refused({ reason: 'commit-id-reused', failed: [] })
  if (stored?.version !== first || typeof stored.value !== 'string') throw otherContent
  const earlier = (await versionsBefore(block, first)).slice(0, basesTried)
  const replaced = earlier.find(({ event }) => event !== 'delete') ?? null
  const standing = replaced === null || replaced.value === null ? null : jsonLines(replaced.value)
  const template = space.core.behaviour.workingMemory?.template ?? ''
  const texts = earlier.flatMap(({ value }) => (value === null ? [] : [jsonLines(value)]))
  const bases =
    expected === undefined ? [...texts, template] : [await baseText(block, expected, await readBlock(block))]
  for (const base of bases) {
    if (base === null) continue
    const isOver = base === (standing ?? template)
    const value = isOver ? text : await mergeTexts(base, text, standing ?? '', space.core.limits)
    if (value !== stored.value) continue
    const by = replaced === null ? null : { version: replaced.version, by: replaced.by }
    return { status: 'written', version: first, value, replaced: by, ...(await issuesIn(space.core, value)) }
  }
  throw otherContent
}
