/** Working memory: blocks that agents read and keep up to date together, without losing each other's writes. */

import type { Actor } from '../../domain/actor.ts'
import { invalidInput, invariant, notFound } from '../../domain/error.ts'
import { type Json, type JsonObject, mergeJson } from '../../domain/json.ts'
import type { PastEvent } from '../../domain/replay/history.ts'
import type { PatchOf } from '../../domain/schema-like.ts'
import type { CommitIdOption } from '../arguments/commit-ids.ts'
import type { Core } from '../door/core.ts'
import { type Door, resourceSpace } from '../door/door.ts'
import { traced } from '../tracing.ts'
import {
  type Block,
  type BlockName,
  blockIn,
  formatOf,
  readBlock,
  submitBlock,
  toWorkingMemory,
  type WorkingMemoryRecord,
  type WorkingMemoryWriteRecord,
  written,
} from './block.ts'
import { valueIn } from './form.ts'
import { readAnswer, workingMemoryEvent, writeAnswer } from './trace-working-memory.ts'
import { mergeObject, replaceObject } from './write-json.ts'
import { mergeText, replaceText } from './write-text.ts'

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
export interface UpdateWorkingMemoryOptions<Value = Json> extends BlockOptions, CommitIdOption {
  /** The new value: a text, or an object to merge. With a schema, a text is the JSON of the object. */
  readonly workingMemory: string | (Json extends Value ? Readonly<Record<string, unknown>> : PatchOf<Value>)
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

function blockAt(core: Core, { resourceId, ...block }: BlockOptions): Block {
  return blockIn(resourceSpace(core, resourceId), block)
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
  const current = await readBlock(block)
  if (version === undefined || current === null) return toWorkingMemory(block, current)
  const past = await block.space.blocks.at(block.threadId, block.name, version)
  if (past === null || past.event === 'delete' || past.event === 'erased') return null
  const { value, version: seq, at: updatedAt, by: updatedBy } = past
  const state = { ...current, format: formatOf(value), value, version: seq, updatedAt, updatedBy }
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
  if (ifVersion !== undefined && ifAbsent === true) {
    throw invalidInput('ifAbsent', 'must not go with ifVersion', ifAbsent, 'Pass one of the two.')
  }
  const expected = ifAbsent === true ? null : ifVersion
  const value = valueIn(block.space.core, workingMemory, 'workingMemory')
  if (typeof value === 'string') {
    return mode === 'merge'
      ? mergeText(block, value, expected, commitId)
      : replaceText(block, value, expected, commitId)
  }
  if (mode === 'merge') return mergeObject(block, value, expected, commitId)
  return replaceObject(block, mergeJson({}, value) as JsonObject, expected, commitId)
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
  const current = await readBlock(block)
  const past = current === null ? null : await block.space.blocks.at(block.threadId, block.name, wanted)
  const isGone = past === null || past.event === 'delete' || past.event === 'erased'
  if (current === null || isGone || past.version !== wanted) {
    throw notFound('version', String(wanted), 'Pick one of the versions that getWorkingMemoryHistory lists.')
  }
  const { value } = past
  const change = { kind: 'block-write', format: formatOf(value), value, convert: true } as const
  const answer = await written(block, await submitBlock(block, change, undefined, commitId))
  invariant(answer !== null, 'a write without expectation has no conflict')
  return answer
}
