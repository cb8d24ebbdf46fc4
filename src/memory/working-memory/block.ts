/** One block of working memory: its address, how it is read, and how a write of it is committed. */

import type { Actor } from '../../domain/actor.ts'
import type { Change, CommitResult, Expectation } from '../../domain/commit/commit.ts'
import { invariant } from '../../domain/error.ts'
import { checkId, type Seq } from '../../domain/id.ts'
import type { Json } from '../../domain/json.ts'
import type { BlockFormat, BlockState } from '../../domain/records/block.ts'
import { mainBlock } from '../../domain/records/block-key.ts'
import type { PastVersion } from '../../domain/replay/history.ts'
import type { KeyedIssue, SchemaIssue } from '../../domain/standard-schema.ts'
import { type RecordPlace, recordPlace } from '../answers/records.ts'
import { named } from '../arguments/commit-ids.ts'
import { failsExpectation, refused } from '../door/applied.ts'
import type { Door } from '../door/door.ts'
import { issuesIn, scopeThread, shownIssues } from './form.ts'

/** A block in its current state. */
export interface WorkingMemoryRecord<Time = string, Value = Json> extends RecordPlace {
  /** Text of a template block, JSON of a schema block. It has the schema's type only if there are no `issues`. */
  readonly value: Value
  /** `text` or `json`. */
  readonly format: BlockFormat
  /** Seq of the commit that wrote it, for `ifVersion`. */
  readonly version: number
  /** When it was last written. */
  readonly updatedAt: Time
  /** Who wrote it last. */
  readonly updatedBy: Actor
  /**
   * What the schema says about the stored value: what does not parse, for example after the schema was changed, and fields
   * that the schema does not have. Absent if it says nothing.
   */
  readonly issues?: readonly SchemaIssue[]
}

/** The answer of a write: what it replaced, or the current block if there is a conflict. */
export type WorkingMemoryWriteRecord<Time = string, Value = Json> =
  | {
      /** The value was written. */
      readonly status: 'written'
      /** Seq of the commit, for `ifVersion`. */
      readonly version: number
      /** The value after the write. It has the schema's type only if there are no `issues`. */
      readonly value: Value
      /** The version that this write replaced and who wrote that; it stays in history. */
      readonly replaced: { readonly version: number; readonly by: Actor } | null
      /**
       * What the schema says about the value: fields that it does not have, and what was wrong before, in fields that the
       * write did not touch. Absent if it says nothing.
       */
      readonly issues?: readonly SchemaIssue[]
    }
  | {
      /** Nothing was written: somebody else wrote since, and the changes cannot be merged. */
      readonly status: 'conflict'
      /** The current block; null if there is none. */
      readonly current: WorkingMemoryRecord<Time, Value> | null
    }

/** The version that a write was made from: null for no block, undefined for the current one. */
export type Expected = number | null | undefined

/** One block's address, and the memory it is reached through. */
export interface Block {
  readonly space: Door
  readonly threadId: string | null
  readonly name: string
}

/** The name of a block in a space, as callers give it. */
export interface BlockName {
  readonly threadId?: string | undefined
  readonly scope?: 'resource' | 'thread' | undefined
  readonly name?: string | undefined
}

/** What stands in a block, as far as a write depends on it. */
export type StandingBlock = Pick<BlockState, 'version' | 'format' | 'value'>

export function blockIn(space: Door, { threadId, scope, name = mainBlock }: BlockName): Block {
  return { space, threadId: scopeThread(space.core, scope, threadId), name: checkId(name, 'name') }
}

export async function readBlock({ space, threadId, name }: Block): Promise<BlockState | null> {
  const { core, id } = space
  return (await (await core.storage.get()).blocks.get(core.access, id, threadId, name)).record
}

/** The format of a value of the past, whose version does not name it. */
export function formatOf(value: Json): BlockFormat {
  return typeof value === 'string' ? 'text' : 'json'
}

export async function toWorkingMemory(block: Block, state: BlockState | null): Promise<WorkingMemoryRecord | null> {
  if (state === null) return null
  const { value, format, version, updatedAt, updatedBy } = state
  const issues = await issuesIn(block.space.core, value)
  return { ...recordPlace(block.space.id), value, format, version, updatedAt, updatedBy, ...issues }
}

function expectationOf({ threadId, name }: Block, current: number | null): Expectation {
  const record = threadId === null ? { block: name } : { block: name, threadId }
  return current === null ? { absent: record } : { version: current, of: record }
}

/** A write of one block. */
export type BlockChange =
  | { readonly kind: 'block-write'; readonly format: BlockFormat; readonly value: Json; readonly convert?: true }
  | { readonly kind: 'block-merge'; readonly patch: Extract<Change, { kind: 'block-merge' }>['patch'] }

/** Commits a write of a block, if it still is the version expected. */
export function submitBlock(
  { space, ...at }: Block,
  { kind, ...fields }: BlockChange,
  expected: Expected,
  commitId: string | undefined,
): Promise<CommitResult> {
  const { threadId, name } = at
  const change = { kind, name, ...(threadId === null ? {} : { threadId }), ...fields } as Change
  const expect = expected === undefined ? {} : { expect: [expectationOf({ space, ...at }, expected)] }
  return space.submit([change], { ...expect, ...named(commitId) })
}

/**
 * What a write answers; null if it is not the version expected.
 *
 * @param known What the schema says about the value, if that is known.
 */
export async function written(
  { space }: Block,
  result: CommitResult,
  known?: readonly KeyedIssue[],
): Promise<WorkingMemoryWriteRecord | null> {
  if (failsExpectation(result)) return null
  if (result.status === 'conflict') throw refused(result)
  const [block] = result.results
  invariant(block?.kind === 'block-write' || block?.kind === 'block-merge', 'a block write answers a block')
  const { version, value, replaced } = block
  const issues = known === undefined ? await issuesIn(space.core, value) : shownIssues(known)
  return { status: 'written', version, value, replaced, ...issues }
}

export async function conflictAt(block: Block): Promise<WorkingMemoryWriteRecord> {
  return { status: 'conflict', current: await toWorkingMemory(block, await readBlock(block)) }
}

/** Versions of a block before a seq, newest first. */
export async function versionsBefore({ space, threadId, name }: Block, seq: Seq): Promise<readonly PastVersion[]> {
  const past = await space.blocks.history(threadId, name, 1_000)
  return past.filter(({ version }) => version < seq)
}
