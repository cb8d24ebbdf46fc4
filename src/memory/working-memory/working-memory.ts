/** Working memory: blocks that agents read and keep up to date together, without losing each other's writes. */

import type { Actor } from '../../domain/actor.ts'
import type { Change, CommitResult, Expectation } from '../../domain/commit/commit.ts'
import { invalidInput, invariant, notFound } from '../../domain/error.ts'
import { checkId, type Seq } from '../../domain/id.ts'
import { type Json, type JsonObject, mergeJson, toPatch } from '../../domain/json.ts'
import type { BlockFormat, BlockState } from '../../domain/records/block.ts'
import { mainBlock } from '../../domain/records/block-key.ts'
import type { PastEvent, PastVersion } from '../../domain/replay/history.ts'
import { type SchemaIssue, schemaIssues } from '../../domain/standard-schema.ts'
import { type RecordPlace, recordPlace } from '../answers/records.ts'
import { type CommitIdOption, named } from '../arguments/commit-ids.ts'
import { failsExpectation, isReused, refused } from '../door/applied.ts'
import { committedAs } from '../door/committed.ts'
import type { Core } from '../door/core.ts'
import { type Door, resourceSpace } from '../door/door.ts'
import { traced } from '../tracing.ts'
import { checkSchema, formatOf, scopeThread } from './blocks.ts'
import { mergeTexts } from './text-merge.ts'
import { readAnswer, workingMemoryEvent, writeAnswer } from './trace-working-memory.ts'

/** Which block is meant. */
interface BlockOptions {
  readonly resourceId: string
  /** Required with `scope: 'thread'`. */
  readonly threadId?: string
  /** Default: that of the memory's options, else `resource`. */
  readonly scope?: 'resource' | 'thread'
  /** Default: `main`. */
  readonly name?: string
}

/** Options of `memory.getWorkingMemory`. */
export interface GetWorkingMemoryOptions extends BlockOptions {
  /** Read this version. Default: the current one. */
  readonly version?: number
}

/** Options of `memory.updateWorkingMemory`. */
export interface UpdateWorkingMemoryOptions extends BlockOptions, CommitIdOption {
  /** The new value: a text, or an object to merge. */
  readonly workingMemory: string | Readonly<Record<string, unknown>>
  /** `merge` deep-merges JSON and merges text by lines; `replace` writes over. Default: `merge`. */
  readonly mode?: 'merge' | 'replace'
  /**
   * The version that the value was made from. A text is merged with later changes. JSON, and anything with
   * `mode: 'replace'`, is written only if the block still has this version. Otherwise the answer is a conflict.
   */
  readonly ifVersion?: number
  /** Write only if there is no such block yet. */
  readonly ifAbsent?: boolean
}

/** Options of `memory.getWorkingMemoryHistory`. */
export interface WorkingMemoryHistoryOptions extends BlockOptions {
  /** Versions at most, the newest, up to 1,000. Default: 100. */
  readonly limit?: number
}

/** Options of `memory.restoreWorkingMemory`. */
export interface RestoreWorkingMemoryOptions extends BlockOptions, CommitIdOption {
  /** The version to write again. */
  readonly version: number
}

/** A block in its current state. */
export interface WorkingMemoryRecord<Time = string> extends RecordPlace {
  /** Text of a template block, JSON of a schema block. */
  readonly value: Json
  /** `text` or `json`. */
  readonly format: BlockFormat
  /** Seq of the commit that wrote it, for `ifVersion`. */
  readonly version: number
  /** When it was last written. */
  readonly updatedAt: Time
  /** Who wrote it last. */
  readonly updatedBy: Actor
  /** The schema's issues with the stored value, for example after a field was added. Absent if it parses. */
  readonly issues?: readonly SchemaIssue[]
}

/** The answer of a write: what it replaced, or the current block if there is a conflict. */
export type WorkingMemoryWriteRecord<Time = string> =
  | {
      /** The value was written. */
      readonly status: 'written'
      /** Seq of the commit, for `ifVersion`. */
      readonly version: number
      /** The value after the write. */
      readonly value: Json
      /** The version that this write replaced and who wrote that; it stays in history. */
      readonly replaced: { readonly version: number; readonly by: Actor } | null
    }
  | {
      /** Nothing was written: somebody else wrote since, and the changes cannot be merged. */
      readonly status: 'conflict'
      /** The current block; null if there is none. */
      readonly current: WorkingMemoryRecord<Time> | null
    }

/** One version of a block of working memory. */
export interface WorkingMemoryVersionRecord<Time = string> {
  /** Seq of the commit, for `restoreWorkingMemory`. */
  readonly version: number
  /** When that commit was made. */
  readonly at: Time
  /** Who made that commit. */
  readonly by: Actor
  /** What the commit did. */
  readonly event: PastEvent
  /** The value after it; null if it was removed or its content erased. */
  readonly value: Json
}

/** The version that a write was made from: null for no block, undefined for the current one. */
type Expected = number | null | undefined

/** One block's address, and the memory it is reached through. */
export interface Block {
  readonly space: Door
  readonly threadId: string | null
  readonly name: string
}

/** The name of a block in a space, as callers give it. */
interface BlockName {
  readonly threadId?: string | undefined
  readonly scope?: 'resource' | 'thread' | undefined
  readonly name?: string | undefined
}

function blockIn(space: Door, { threadId, scope, name = mainBlock }: BlockName): Block {
  return { space, threadId: scopeThread(space.core, scope, threadId), name: checkId(name, 'name') }
}

function blockAt(core: Core, { resourceId, ...block }: BlockOptions): Block {
  return blockIn(resourceSpace(core, resourceId), block)
}

async function read({ space, threadId, name }: Block): Promise<BlockState | null> {
  const { core, id } = space
  return (await (await core.storage.get()).blocks.get(core.access, id, threadId, name)).record
}

async function toWorkingMemory(block: Block, state: BlockState | null): Promise<WorkingMemoryRecord | null> {
  if (state === null) return null
  const { value, format, version: seq, updatedAt, updatedBy } = state
  const { schema } = block.space.core.behaviour.workingMemory ?? {}
  const issues = schema === undefined ? [] : await schemaIssues(schema, value)
  const found = issues.length === 0 ? {} : { issues }
  const place = recordPlace(block.space.id)
  return { ...place, value, format, version: seq, updatedAt, updatedBy, ...found }
}

function expectationOf({ threadId, name }: Block, current: number | null): Expectation {
  const record = threadId === null ? { block: name } : { block: name, threadId }
  return current === null ? { absent: record } : { version: current, of: record }
}

function place({ threadId, name }: Block) {
  return threadId === null ? { name } : { name, threadId }
}

/** What a write answers; null if it is not the version expected. */
function written(result: CommitResult): WorkingMemoryWriteRecord | null {
  if (failsExpectation(result)) return null
  if (result.status === 'conflict') throw refused(result)
  const [block] = result.results
  invariant(block?.kind === 'block-write' || block?.kind === 'block-merge', 'a block write answers a block')
  return { status: 'written', version: block.version, value: block.value, replaced: block.replaced }
}

async function conflictAt(block: Block): Promise<WorkingMemoryWriteRecord> {
  return { status: 'conflict', current: await toWorkingMemory(block, await read(block)) }
}

/** Writes the whole block, if it still is the version expected. */
async function submitBlock(
  block: Block,
  format: BlockFormat,
  value: Json,
  over: Expected,
  commitId: string | undefined,
): Promise<CommitResult> {
  const change: Change = { kind: 'block-write', ...place(block), format, value }
  const expect = over === undefined ? {} : { expect: [expectationOf(block, over)] }
  return block.space.submit([change], { ...expect, ...named(commitId) })
}

async function mergeSchema(
  block: Block,
  patch: JsonObject,
  expected: Expected,
  commitId: string | undefined,
): Promise<WorkingMemoryWriteRecord> {
  const { schema } = block.space.core.behaviour.workingMemory ?? {}
  if (schema !== undefined) {
    const current = await read(block)
    const base = current === null || current.format === 'text' ? {} : current.value
    await checkSchema(schema, mergeJson(base, patch))
  }
  const expect = expected === undefined ? {} : { expect: [expectationOf(block, expected)] }
  const change: Change = { kind: 'block-merge', ...place(block), patch }
  const result = await block.space.submit([change], { ...expect, ...named(commitId) })
  return written(result) ?? conflictAt(block)
}

function refuseBareTemplate(core: Core, text: string, current: BlockState | null): void {
  const { template } = core.behaviour.workingMemory ?? {}
  if (template === undefined || current === null || text.trim() !== template.trim()) return
  if (String(current.value).trim() === '' || String(current.value).trim() === template.trim()) return
  const fix = 'Send the whole text, filled in; write an empty text to clear it.'
  throw invalidInput('workingMemory', 'must not be the bare template over real content', text, fix)
}

/** The text that a write was made from: the version it names, otherwise the one read when the call began. */
async function baseText(block: Block, expected: Expected, current: BlockState | null): Promise<string | null> {
  const template = block.space.core.behaviour.workingMemory?.template ?? ''
  if (expected === null) return template
  if (expected === undefined) return current === null ? template : String(current.value)
  if (current?.version === expected) return String(current.value)
  const past = await block.space.blocks.at(block.threadId, block.name, expected)
  return past?.version === expected && typeof past.value === 'string' ? past.value : null
}

/** Writes a text made from a version: it replaces that version, or is merged line by line with later ones. */
async function mergeText(
  block: Block,
  text: string,
  expected: Expected,
  commitId: string | undefined,
): Promise<WorkingMemoryWriteRecord> {
  const { limits } = block.space.core
  const before = commitId === undefined ? null : await committedAs(block.space, commitId)
  if (before !== null) return mergedBefore(block, text, expected, before.seq)
  let current = await read(block)
  refuseBareTemplate(block.space.core, text, current)
  const base = await baseText(block, expected, current)
  if (base === null) return conflictAt(block)
  const from = expected === undefined ? (current?.version ?? null) : expected
  for (;;) {
    const hasMoved = (current?.version ?? null) !== from
    const value = hasMoved ? await mergeTexts(base, text, String(current?.value ?? ''), limits) : text
    if (value === null || (hasMoved && current === null)) return conflictAt(block)
    const result = await submitBlock(block, 'text', value, current?.version ?? null, commitId)
    if (isReused(result)) return mergedBefore(block, text, expected, result.first)
    const answer = written(result)
    if (answer !== null) return answer
    current = await read(block)
  }
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
  const earlier = await versionsBefore(block, first)
  const replaced = earlier.find(({ event }) => event !== 'delete') ?? null
  const standing = typeof replaced?.value === 'string' ? replaced.value : null
  const template = space.core.behaviour.workingMemory?.template ?? ''
  const bases =
    expected === undefined
      ? [...earlier.map(({ value }) => value), template]
      : [await baseText(block, expected, await read(block))]
  for (const base of bases) {
    if (typeof base !== 'string') continue
    const isOver = base === (standing ?? template)
    const value = isOver ? text : await mergeTexts(base, text, standing ?? '', space.core.limits)
    if (value !== stored.value) continue
    const by = replaced === null ? null : { version: replaced.version, by: replaced.by }
    return { status: 'written', version: first, value, replaced: by }
  }
  throw otherContent
}

/** Versions of a block before a seq, newest first. */
async function versionsBefore({ space, threadId, name }: Block, seq: Seq): Promise<readonly PastVersion[]> {
  const past = await space.blocks.history(threadId, name, 1_000)
  return past.filter(({ version }) => version < seq).slice(0, basesTried)
}

/** Returns the block, or null while there is none; with `version`, the block at that version. */
export function getWorkingMemory(
  core: Core,
  { resourceId, ...asked }: GetWorkingMemoryOptions,
): Promise<WorkingMemoryRecord | null> {
  return readWorkingMemory(resourceSpace(core, resourceId), asked)
}

/** The same in a space that is at hand. */
export async function readWorkingMemory(
  space: Door,
  { version, ...name }: BlockName & { readonly version?: number },
): Promise<WorkingMemoryRecord | null> {
  const block = blockIn(space, name)
  return traced(
    () => workingMemoryEvent('get', block),
    () => readAt(block, version),
    readAnswer,
  )
}

async function readAt(block: Block, version: number | undefined): Promise<WorkingMemoryRecord | null> {
  const current = await read(block)
  if (version === undefined || current === null) return toWorkingMemory(block, current)
  const past = await block.space.blocks.at(block.threadId, block.name, version)
  if (past === null || past.event === 'delete' || past.event === 'erased') return null
  const state = { ...current, value: past.value, version: past.version, updatedAt: past.at, updatedBy: past.by }
  return toWorkingMemory(block, state)
}

/** Writes working memory: JSON is deep-merged, text is merged line by line; `mode: 'replace'` replaces the value. */
export function updateWorkingMemory(
  core: Core,
  { resourceId, ...change }: UpdateWorkingMemoryOptions,
): Promise<WorkingMemoryWriteRecord> {
  return writeWorkingMemory(resourceSpace(core, resourceId), change)
}

type Update = Pick<UpdateWorkingMemoryOptions, 'workingMemory' | 'mode' | 'ifVersion' | 'ifAbsent' | 'commitId'>

/** The same in a space that is at hand. */
export async function writeWorkingMemory(
  space: Door,
  { threadId, scope, name, ...change }: BlockName & Update,
): Promise<WorkingMemoryWriteRecord> {
  const block = blockIn(space, { threadId, scope, name })
  return traced(
    () => workingMemoryEvent('update', block),
    () => update(block, change),
    writeAnswer,
  )
}

async function update(
  block: Block,
  { workingMemory, mode = 'merge', ifVersion, ifAbsent, commitId }: Update,
): Promise<WorkingMemoryWriteRecord> {
  const { core } = block.space
  if (ifVersion !== undefined && ifAbsent === true) {
    throw invalidInput('ifAbsent', 'must not go with ifVersion', ifAbsent, 'Pass one of the two.')
  }
  const expected = ifAbsent === true ? null : ifVersion
  const format = formatOf(core, workingMemory)
  if ((format === 'text') !== (typeof workingMemory === 'string')) {
    const rule = format === 'text' ? 'must be text' : 'must be an object'
    throw invalidInput('workingMemory', rule, workingMemory, `This memory keeps working memory as ${format}.`)
  }
  if (typeof workingMemory === 'string') {
    if (mode === 'merge') return mergeText(block, workingMemory, expected, commitId)
    refuseBareTemplate(core, workingMemory, await read(block))
    const result = await submitBlock(block, 'text', workingMemory, expected, commitId)
    return written(result) ?? conflictAt(block)
  }
  const patch = toPatch(workingMemory, 'workingMemory')
  if (mode === 'merge') return mergeSchema(block, patch, expected, commitId)
  const { schema } = core.behaviour.workingMemory ?? {}
  const value = mergeJson({}, patch)
  if (schema !== undefined) await checkSchema(schema, value)
  return written(await submitBlock(block, 'json', value, expected, commitId)) ?? conflictAt(block)
}

/** The versions of a block, newest first, as far as the log goes back. */
export async function getWorkingMemoryHistory(
  core: Core,
  { limit = 100, ...rest }: WorkingMemoryHistoryOptions,
): Promise<WorkingMemoryVersionRecord[]> {
  const { space, threadId, name } = blockAt(core, rest)
  const past = await space.blocks.history(threadId, name, limit)
  return past.map(({ version: seq, at, by, event, value }) => ({ version: seq, at, by, event, value }))
}

/** Writes an earlier version over the present one. */
export async function restoreWorkingMemory(
  core: Core,
  { version, commitId, ...rest }: RestoreWorkingMemoryOptions,
): Promise<WorkingMemoryWriteRecord> {
  const block = blockAt(core, rest)
  return traced(
    () => workingMemoryEvent('restore', block),
    () => restore(block, version, commitId),
    writeAnswer,
  )
}

async function restore(block: Block, wanted: number, commitId: string | undefined): Promise<WorkingMemoryWriteRecord> {
  const current = await read(block)
  const past = current === null ? null : await block.space.blocks.at(block.threadId, block.name, wanted)
  if (current === null || past === null || past.version !== wanted || past.event === 'delete') {
    throw notFound('version', String(wanted), 'Pick one of the versions that getWorkingMemoryHistory lists.')
  }
  const result = written(await submitBlock(block, current.format, past.value, undefined, commitId))
  invariant(result !== null, 'a write without expectation has no conflict')
  return result
}
