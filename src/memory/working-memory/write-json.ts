/** Writes working memory kept as JSON: deep merges, each judged over the version that it is merged into. */

import { invalidInput } from '../../domain/error.ts'
import type { Seq } from '../../domain/id.ts'
import { isJsonObject, type JsonObject, mergeJson, objectOfText } from '../../domain/json.ts'
import { isReused } from '../door/applied.ts'
import { committedAs } from '../door/committed.ts'
import {
  type Block,
  type BlockChange,
  conflictAt,
  type Expected,
  formatOf,
  readBlock,
  type StandingBlock,
  submitBlock,
  versionsBefore,
  type WorkingMemoryWriteRecord,
  written,
} from './block.ts'
import { checkSchema, hasForm, refuseIssues, schemaOf } from './form.ts'
import { judgePatch } from './judge-patch.ts'

/** A try fails only because another write succeeded. */
const mergeTries = 100

/** The object that a patch is merged into: null if nothing stands there. A text counts if it is the JSON of an object. */
function baseOf(standing: StandingBlock | null): JsonObject | null {
  if (standing === null) return null
  const { format, value } = standing
  if (format === 'json') return isJsonObject(value) ? value : {}
  const text = String(value)
  if (text.trim() === '') return null
  const object = objectOfText(text)
  if (object !== null) return object
  const fix = `Read it, and write all of it as one object with mode: 'replace'. The text stays in the history.`
  throw invalidInput('workingMemory', 'cannot be merged into a text', text, fix)
}

/** The write that merges a patch into what stands there. Text becomes JSON by a whole write. */
function mergeOver(standing: StandingBlock | null, patch: JsonObject): BlockChange {
  if (standing?.format !== 'text') return { kind: 'block-merge', patch }
  return { kind: 'block-write', format: 'json', value: mergeJson(baseOf(standing) ?? {}, patch), convert: true }
}

/** What stood in a block before a seq. */
async function standingBefore(block: Block, seq: Seq): Promise<StandingBlock | null> {
  const [before] = await versionsBefore(block, seq)
  if (before === undefined || before.event === 'delete') return null
  return { version: before.version, format: formatOf(before.value), value: before.value }
}

/** Sends the commit of that id again, as it was made from what stood there then: it answers as it did. */
async function mergeAgain(block: Block, patch: JsonObject, commitId: string, first: Seq) {
  const standing = await standingBefore(block, first)
  const result = await submitBlock(block, mergeOver(standing, patch), standing?.version ?? null, commitId)
  return (await written(block, result)) ?? conflictAt(block)
}

/**
 * Merges a patch. With a schema it is checked under the version that was read, and read again if somebody else wrote in
 * between: two patches that fit alone may not fit together.
 */
export async function mergeObject(
  block: Block,
  patch: JsonObject,
  expected: Expected,
  commitId: string | undefined,
): Promise<WorkingMemoryWriteRecord> {
  const schema = schemaOf(block.space.core)
  if (schema === null) {
    const result = await submitBlock(block, { kind: 'block-merge', patch }, expected, commitId)
    return (await written(block, result)) ?? conflictAt(block)
  }
  const before = commitId === undefined ? null : await committedAs(block.space, commitId)
  if (before !== null && commitId !== undefined) return mergeAgain(block, patch, commitId, before.seq)
  for (let tries = 1; tries <= mergeTries; tries++) {
    const current = await readBlock(block)
    const version = current?.version ?? null
    if (expected !== undefined && expected !== version) break
    const base = baseOf(current)
    const { faults, issues } = await judgePatch(schema, base, patch)
    refuseIssues(faults, mergeJson(base ?? {}, patch))
    const result = await submitBlock(block, mergeOver(current, patch), version, commitId)
    if (commitId !== undefined && isReused(result)) return mergeAgain(block, patch, commitId, result.first)
    // What was judged is what was written: the commit expected the version that was read.
    const answer = await written(block, result, issues)
    if (answer !== null) return answer
  }
  return conflictAt(block)
}

/** Writes a whole object over what stands there. A memory with a schema converts text. */
export async function replaceObject(
  block: Block,
  value: JsonObject,
  expected: Expected,
  commitId: string | undefined,
): Promise<WorkingMemoryWriteRecord> {
  const { core } = block.space
  const schema = schemaOf(core)
  if (schema !== null) await checkSchema(schema, value)
  const convert = hasForm(core) ? { convert: true as const } : {}
  const result = await submitBlock(
    block,
    { kind: 'block-write', format: 'json', value, ...convert },
    expected,
    commitId,
  )
  return (await written(block, result)) ?? conflictAt(block)
}
