/** Working memory: blocks that agents read and keep up to date together, without losing each other's writes. */

import type { Actor } from '../../domain/actor.ts'
import type { Change, CommitResult, Expectation } from '../../domain/commit/commit.ts'
import { invalidInput, invariant, notFound } from '../../domain/error.ts'
import { checkId } from '../../domain/id.ts'
import { type Json, type JsonObject, mergeJson, toPatch } from '../../domain/json.ts'
import type { BlockFormat, BlockState } from '../../domain/records/block.ts'
import { mainBlock } from '../../domain/records/block-key.ts'
import type { PastEvent } from '../../domain/replay/history.ts'
import { type SchemaIssue, schemaIssues } from '../../domain/standard-schema.ts'
import { dateOf } from '../../domain/time.ts'
import { type RecordPlace, recordPlace } from '../answers/records.ts'
import { type InputOf, type OutputOf, parse } from '../arguments/parse.ts'
import type { Core } from '../door/core.ts'
import { type Door, resourceSpace } from '../door/door.ts'
import { traced } from '../tracing.ts'
import { checkSchema, formatOf, scopeThread } from './blocks.ts'
import { mergeTexts } from './text-merge.ts'
import { readAnswer, workingMemoryEvent, writeAnswer } from './trace-working-memory.ts'

/** Options of `memory.getWorkingMemory`. */
export interface GetWorkingMemoryOptions extends InputOf<'getWorkingMemory'> {
  /** The resource that the memory belongs to. */
  readonly resourceId: string
  /** The thread, with `scope: 'thread'`. */
  readonly threadId?: string
  /** Whose block: the resource's, or the thread's. Default: the scope in the memory's options, else `resource`. */
  readonly scope?: 'resource' | 'thread'
  /** Name of the block. Default: `main`. */
  readonly name?: string
  /** Read this version. Default: the current one. */
  readonly version?: number
}
/** Options of `memory.updateWorkingMemory`. */
export interface UpdateWorkingMemoryOptions extends InputOf<'updateWorkingMemory'> {
  /** The resource that the memory belongs to. */
  readonly resourceId: string
  /** The thread, with `scope: 'thread'`. */
  readonly threadId?: string
  /** Whose block: the resource's, or the thread's. Default: the scope in the memory's options, else `resource`. */
  readonly scope?: 'resource' | 'thread'
  /** Name of the block. Default: `main`. */
  readonly name?: string
  /** The new value: a text, or an object to merge. */
  readonly workingMemory: string | Record<string, unknown>
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
export interface WorkingMemoryHistoryOptions extends InputOf<'getWorkingMemoryHistory'> {
  /** The resource that the memory belongs to. */
  readonly resourceId: string
  /** The thread, with `scope: 'thread'`. */
  readonly threadId?: string
  /** Whose block: the resource's, or the thread's. Default: the scope in the memory's options, else `resource`. */
  readonly scope?: 'resource' | 'thread'
  /** Name of the block. Default: `main`. */
  readonly name?: string
  /** Versions at most, the newest, up to 1,000. Default: 100. */
  readonly limit?: number
}
/** Options of `memory.restoreWorkingMemory`. */
export interface RestoreWorkingMemoryOptions extends InputOf<'restoreWorkingMemory'> {
  /** The resource that the memory belongs to. */
  readonly resourceId: string
  /** The thread, with `scope: 'thread'`. */
  readonly threadId?: string
  /** Whose block: the resource's, or the thread's. Default: the scope in the memory's options, else `resource`. */
  readonly scope?: 'resource' | 'thread'
  /** Name of the block. Default: `main`. */
  readonly name?: string
  /** The version to write again. */
  readonly version: number
}

/** A block in its current state. */
export interface WorkingMemory extends RecordPlace {
  /** Text of a template block, JSON of a schema block. */
  readonly value: Json
  /** `text` or `json`. */
  readonly format: BlockFormat
  /** Seq of the commit that wrote it, for `ifVersion`. */
  readonly version: number
  /** When it was last written. */
  readonly updatedAt: Date
  /** Who wrote it last. */
  readonly updatedBy: Actor
  /** The schema's issues with the stored value, for example after a field was added. Absent if it parses. */
  readonly issues?: readonly SchemaIssue[]
}

/** The answer of a write: what it replaced, or the current block if there is a conflict. */
export type WorkingMemoryWrite =
  | {
      readonly status: 'written'
      readonly version: number
      readonly value: Json
      /** The version that this write replaced and who wrote that; it stays in history. */
      readonly replaced: { readonly version: number; readonly by: Actor } | null
    }
  | { readonly status: 'conflict'; readonly current: WorkingMemory | null }

/** One version of a block of working memory. */
export interface WorkingMemoryVersion {
  /** Seq of the commit, for `restoreWorkingMemory`. */
  readonly version: number
  /** When that commit was made. */
  readonly at: Date
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

interface BlockName {
  readonly threadId?: string | undefined
  readonly scope?: 'resource' | 'thread' | undefined
  readonly name?: string | undefined
}

function blockIn(space: Door, { threadId, scope, name = mainBlock }: BlockName): Block {
  return { space, threadId: scopeThread(space.core, scope, threadId), name: checkId(name, 'name') }
}

function blockAt(core: Core, { resourceId, ...block }: BlockName & { readonly resourceId: string }): Block {
  return blockIn(resourceSpace(core, resourceId), block)
}

async function read({ space, threadId, name }: Block): Promise<BlockState | null> {
  const { core, id } = space
  return (await (await core.storage.get()).blocks.get(core.access, id, threadId, name)).record
}

async function toWorkingMemory(block: Block, state: BlockState | null): Promise<WorkingMemory | null> {
  if (state === null) return null
  const { value, format, version: seq, updatedAt, updatedBy } = state
  const { schema } = block.space.core.behaviour.workingMemory ?? {}
  const issues = schema === undefined ? [] : await schemaIssues(schema, value)
  const found = issues.length === 0 ? {} : { issues }
  const place = recordPlace(block.space.id)
  return { ...place, value, format, version: seq, updatedAt: dateOf(updatedAt), updatedBy, ...found }
}

function expectationOf({ threadId, name }: Block, current: number | null): Expectation {
  const record = threadId === null ? { block: name } : { block: name, threadId }
  return current === null ? { absent: record } : { version: current, of: record }
}

function place({ threadId, name }: Block) {
  return threadId === null ? { name } : { name, threadId }
}

function written(result: CommitResult): WorkingMemoryWrite | null {
  if (result.status === 'conflict') return null
  const [block] = result.results
  invariant(block?.kind === 'block-write' || block?.kind === 'block-merge', 'a block write answers a block')
  return { status: 'written', version: block.version, value: block.value, replaced: block.replaced }
}

async function conflictAt(block: Block): Promise<WorkingMemoryWrite> {
  return { status: 'conflict', current: await toWorkingMemory(block, await read(block)) }
}

/** Writes the whole block if it still has the expected version; otherwise returns null. */
async function writeOver(block: Block, format: BlockFormat, value: Json, over: number | null | undefined) {
  const change: Change = { kind: 'block-write', ...place(block), format, value }
  const expect = over === undefined ? {} : { expect: [expectationOf(block, over)] }
  return written(await block.space.submit([change], expect))
}

async function mergeSchema(block: Block, patch: JsonObject, expected: Expected): Promise<WorkingMemoryWrite> {
  const { schema } = block.space.core.behaviour.workingMemory ?? {}
  if (schema !== undefined) {
    const current = await read(block)
    const base = current === null || current.format === 'text' ? {} : current.value
    await checkSchema(schema, mergeJson(base, patch))
  }
  const expect = expected === undefined ? {} : { expect: [expectationOf(block, expected)] }
  const result = await block.space.submit([{ kind: 'block-merge', ...place(block), patch }], expect)
  return written(result) ?? conflictAt(block)
}

function refuseBareTemplate(core: Core, text: string, current: BlockState | null): void {
  const { template } = core.behaviour.workingMemory ?? {}
  if (template === undefined || current === null || text.trim() !== template.trim()) return
  if (String(current.value).trim() === '' || String(current.value).trim() === template.trim()) return
  const fix = 'Send the whole text with what is known filled in; write an empty text to clear it.'
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
async function mergeText(block: Block, text: string, expected: Expected): Promise<WorkingMemoryWrite> {
  const { limits } = block.space.core
  let current = await read(block)
  refuseBareTemplate(block.space.core, text, current)
  const base = await baseText(block, expected, current)
  if (base === null) return conflictAt(block)
  const from = expected === undefined ? (current?.version ?? null) : expected
  for (;;) {
    const hasMoved = (current?.version ?? null) !== from
    const value = hasMoved ? await mergeTexts(base, text, String(current?.value ?? ''), limits) : text
    if (value === null || (hasMoved && current === null)) return conflictAt(block)
    const result = await writeOver(block, 'text', value, current?.version ?? null)
    if (result !== null) return result
    current = await read(block)
  }
}

/** Returns the block, or null while there is none; with `version`, the block at that version. */
export async function getWorkingMemory(core: Core, options: GetWorkingMemoryOptions): Promise<WorkingMemory | null> {
  const { resourceId, ...asked } = await parse('getWorkingMemory', options)
  return readWorkingMemory(resourceSpace(core, resourceId), asked)
}

/** The same as {@link getWorkingMemory}, for a resolved space and without parsing. */
export async function readWorkingMemory(
  space: Door,
  { version, ...name }: BlockName & { readonly version?: number },
): Promise<WorkingMemory | null> {
  const block = blockIn(space, name)
  return traced(
    () => workingMemoryEvent('get', block),
    () => readAt(block, version),
    readAnswer,
  )
}

async function readAt(block: Block, version: number | undefined): Promise<WorkingMemory | null> {
  const current = await read(block)
  if (version === undefined || current === null) return toWorkingMemory(block, current)
  const past = await block.space.blocks.at(block.threadId, block.name, version)
  if (past === null || past.event === 'delete' || past.event === 'erased') return null
  const state = { ...current, value: past.value, version: past.version, updatedAt: past.at, updatedBy: past.by }
  return toWorkingMemory(block, state)
}

/** Writes working memory: JSON is deep-merged, text is merged line by line; `mode: 'replace'` replaces the value. */
export async function updateWorkingMemory(
  core: Core,
  options: UpdateWorkingMemoryOptions,
): Promise<WorkingMemoryWrite> {
  const { resourceId, ...change } = await parse('updateWorkingMemory', options)
  return writeWorkingMemory(resourceSpace(core, resourceId), change)
}

type Update = Pick<OutputOf<'updateWorkingMemory'>, 'workingMemory' | 'mode' | 'ifVersion' | 'ifAbsent'>

/** The same as {@link updateWorkingMemory}, for a resolved space and without parsing. */
export async function writeWorkingMemory(
  space: Door,
  { threadId, scope, name, ...change }: BlockName & Update,
): Promise<WorkingMemoryWrite> {
  const block = blockIn(space, { threadId, scope, name })
  return traced(
    () => workingMemoryEvent('update', block),
    () => update(block, change),
    writeAnswer,
  )
}

async function update(
  block: Block,
  { workingMemory, mode = 'merge', ifVersion, ifAbsent }: Update,
): Promise<WorkingMemoryWrite> {
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
    if (mode === 'merge') return mergeText(block, workingMemory, expected)
    refuseBareTemplate(core, workingMemory, await read(block))
    return (await writeOver(block, 'text', workingMemory, expected)) ?? conflictAt(block)
  }
  const patch = toPatch(workingMemory, 'workingMemory')
  if (mode === 'merge') return mergeSchema(block, patch, expected)
  const { schema } = core.behaviour.workingMemory ?? {}
  const value = mergeJson({}, patch)
  if (schema !== undefined) await checkSchema(schema, value)
  return (await writeOver(block, 'json', value, expected)) ?? conflictAt(block)
}

/** The versions of a block, newest first, as far as the log goes back. */
export async function getWorkingMemoryHistory(
  core: Core,
  options: WorkingMemoryHistoryOptions,
): Promise<WorkingMemoryVersion[]> {
  const { limit = 100, ...rest } = await parse('getWorkingMemoryHistory', options)
  const { space, threadId, name } = blockAt(core, rest)
  const past = await space.blocks.history(threadId, name, limit)
  return past.map(({ version: seq, at, by, event, value }) => ({ version: seq, at: dateOf(at), by, event, value }))
}

/** Writes an earlier version over the present one. */
export async function restoreWorkingMemory(
  core: Core,
  options: RestoreWorkingMemoryOptions,
): Promise<WorkingMemoryWrite> {
  const { version, ...rest } = await parse('restoreWorkingMemory', options)
  const block = blockAt(core, rest)
  return traced(
    () => workingMemoryEvent('restore', block),
    () => restore(block, version),
    writeAnswer,
  )
}

async function restore(block: Block, wanted: number): Promise<WorkingMemoryWrite> {
  const current = await read(block)
  const past = current === null ? null : await block.space.blocks.at(block.threadId, block.name, wanted)
  if (current === null || past === null || past.version !== wanted || past.event === 'delete') {
    throw notFound('version', String(wanted), 'Pick one of the versions that getWorkingMemoryHistory lists.')
  }
  const result = await writeOver(block, current.format, past.value, undefined)
  invariant(result !== null, 'a write without expectation has no conflict')
  return result
}
