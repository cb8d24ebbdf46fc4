/** Changes facts in place, and removes them. History keeps the old versions. */
import type { ChangeOf, CommitResult } from '../../domain/commit/commit.ts'
import type { LoggedCommit } from '../../domain/commit/effect.ts'
import { invalidInput, MemoryError, notFound, shown } from '../../domain/error.ts'
import { copyJson, type JsonObject } from '../../domain/json.ts'
import type { FactStatus } from '../../domain/records/fact.ts'
import { toIso } from '../../domain/time.ts'
import { type CommitIdOption, named, namedPart } from '../arguments/commit-ids.ts'
import { appliedOf, failsExpectation } from '../door/applied.ts'
import { committedAs } from '../door/committed.ts'
import type { Core } from '../door/core.ts'
import { Door, proposedSection, type SubmitOptions } from '../door/door.ts'
import { propose } from '../proposals/propose.ts'
import { type FactHome, type FactIds, homeOf } from './fact-home.ts'
import { type FactRecord, withoutRole } from './fact-records.ts'
import { type FactPlace, getFact, placeOfFact } from './facts-read.ts'

/** The changes to a fact. Fields left out stay as they are. */
export interface FactEditRecord<Time = string> {
  /** The new statement. */
  readonly text?: string
  /** Replaces all metadata of the fact. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** Since when it holds. */
  readonly validFrom?: Time
  /** Until when it holds, later than `validFrom`. Once that time is past, only `asOf` and `includeSuperseded` find it. */
  readonly validTo?: Time
  /** When it expires; null: never. */
  readonly expiresAt?: Time | null
  /** Whether every prompt of its home shows it. Agents and tools may not say so. */
  readonly pinned?: boolean
  /** How much it matters, from 0 to 1. */
  readonly importance?: number
}

/** Options of `facts.update`. */
export interface UpdateFactOptions extends CommitIdOption {
  /** Change the fact only if it has this version. Otherwise the answer is a conflict. */
  readonly ifVersion?: number
}

/** The changed fact, or the current one if `ifVersion` did not match; null if it is gone. */
export type FactUpdateRecord<Time = string> =
  | { readonly status: 'updated'; readonly fact: FactRecord<Time> }
  | {
      /** Nothing was written: an expectation did not hold. */
      readonly status: 'conflict'
      /** The current fact; null if there is none. */
      readonly current: FactRecord<Time> | null
    }

/** What became of a deletion. */
export interface FactDeletion {
  /** False if there was no such fact, or it stays. */
  readonly deleted: boolean
  /** The fact stays: it is trusted more than the agent or the tool that wanted to remove it. */
  readonly refused?: true
  /** With `refused`: the open proposal to remove it. Somebody with as much trust decides; see `memory.proposals`. */
  readonly proposalId?: string
}

/** What became of the deletion of all facts of a home. */
export interface FactDeletions {
  /** How many current facts were removed. */
  readonly deleted: number
  /** How many facts stay, since they are trusted more than the caller. Absent if none does. */
  readonly refused?: number
  /** Open proposals to remove facts that stay, at most `limits.proposalsOpen`. Absent if there are none. */
  readonly proposalIds?: readonly string[]
}

const noFact = (factId: string) => notFound('fact', factId, 'It may have been deleted or have expired; search again.')

function editOf(edit: FactEditRecord, before: JsonObject) {
  const { text, metadata, validFrom, validTo, expiresAt, pinned, importance } = edit
  const { role } = withoutRole(before)
  const kept = role === undefined ? {} : { role }
  return {
    ...(text === undefined ? {} : { text }),
    ...(metadata === undefined ? {} : { metadata: { ...kept, ...copyJson(metadata as JsonObject, 'metadata') } }),
    ...(validFrom === undefined ? {} : { validFrom: toIso(validFrom, 'validFrom') }),
    ...(validTo === undefined ? {} : { validTo: toIso(validTo, 'validTo') }),
    ...(expiresAt === undefined ? {} : { expiresAt: expiresAt === null ? null : toIso(expiresAt, 'expiresAt') }),
    ...(pinned === undefined ? {} : { pinned }),
    ...(importance === undefined ? {} : { importance }),
  }
}

/** The fact's place and its metadata; refused if it does not exist, or waits for extraction. */
async function findFact(core: Core, factId: string): Promise<FactPlace & { readonly metadata: JsonObject }> {
  const place = await placeOfFact(core, factId)
  const record = place === null ? null : (await place.space.facts.get(factId)).record
  if (place === null || record === null || record.status === 'queued') throw noFact(factId)
  return { ...place, metadata: record.metadata }
}

/** Whether a change was refused since its actor has less trust than the current fact. */
function isTooLittleTrusted(error: unknown): error is MemoryError {
  return error instanceof MemoryError && error.code === 'conflict' && error.details.given !== undefined
}

/**
 * Commits a change of a fact. One that takes more trust is kept as a proposal, which the error names.
 *
 * @throws MemoryError `conflict` with `proposalId` in its details.
 */
async function submitOrPropose(
  space: Door,
  change: ChangeOf<'fact-assert'>,
  options: SubmitOptions,
): Promise<CommitResult> {
  const section = proposedSection(space.core, space.id, change.kind)
  try {
    return await space.submit([change], options)
  } catch (error) {
    const isRefused = section !== undefined && error instanceof MemoryError && error.code === 'denied'
    if (!isRefused && !isTooLittleTrusted(error)) throw error
    const { expect } = options
    const deciders = section === undefined ? {} : { deciders: section.deciders }
    const proposed = await propose(space, { change, ...deciders, ...(expect === undefined ? {} : { expect }) })
    if (proposed.status === 'conflict') throw error
    const { proposalId } = proposed
    throw new MemoryError('conflict', {
      message: error.message.slice(0, -error.fix.length).trim(),
      fix: `It is kept as the proposal ${shown(proposalId)}: let somebody decide who may, by memory.proposals.`,
      details: { ...error.details, proposalId },
      cause: error,
    })
  }
}

/** Changes a fact in place: the same id, a new version. With the words of another fact the two become that one. */
export async function updateFact(
  core: Core,
  { factId, ifVersion, commitId, ...edit }: UpdateFactOptions & FactEditRecord & { readonly factId: string },
): Promise<FactUpdateRecord> {
  if (Object.keys(edit).length === 0) {
    throw invalidInput(
      'update',
      'must change something',
      edit,
      'Pass a text, or an object with text, metadata, validFrom, validTo, expiresAt, pinned or importance.',
    )
  }
  const { space, metadata } = await findFact(core, factId)
  const change = { kind: 'fact-assert', factId, ...editOf(edit, metadata) } as const
  const expect = ifVersion === undefined ? {} : { expect: [{ version: ifVersion, of: { fact: factId } }] }
  const result = await submitOrPropose(space, change, { ...expect, ...named(commitId) })
  if (ifVersion !== undefined && failsExpectation(result)) {
    return { status: 'conflict', current: await getFact(core, { factId, includeSuperseded: true }) }
  }
  // Another fact, if one says these words already.
  const { factId: kept } = appliedOf(result, 'fact-assert').result
  const fact = await getFact(core, { factId: kept, includeSuperseded: true })
  if (fact === null) throw noFact(kept)
  return { status: 'updated', fact }
}

/** Proposes to remove facts, where that may only be proposed. Answers the ids of the proposals; none where it may be done. */
async function proposeRetiring(space: Door, factIds: readonly string[]): Promise<readonly string[]> {
  const section = proposedSection(space.core, space.id, 'fact-retire')
  if (section === undefined) return []
  const { deciders } = section
  const ids: string[] = []
  for (const factId of factIds) {
    const proposed = await propose(space, { change: { kind: 'fact-retire', factIds: [factId] }, deciders })
    if (proposed.status === 'proposed') ids.push(proposed.proposalId)
  }
  return ids
}

/** Removes a fact. Answers `deleted: false` if it does not exist, is not the caller's, or is trusted more than the caller. */
export async function deleteFact(
  core: Core,
  { factId, commitId }: CommitIdOption & { readonly factId: string },
): Promise<FactDeletion> {
  const place = await placeOfFact(core, factId)
  if (place === null) return { deleted: false }
  // What is not there needs no commit; a retry must find its own.
  if (commitId === undefined && (await place.space.facts.get(factId)).record === null) return { deleted: false }
  const [open] = await proposeRetiring(place.space, [factId])
  if (open !== undefined) return { deleted: false, refused: true, proposalId: open }
  const commit = await place.space.submit([{ kind: 'fact-retire', factIds: [factId] }], named(commitId))
  const { deleted, refused, proposed = [] } = appliedOf(commit, 'fact-retire').result
  const [proposalId] = proposed
  const kept = proposalId === undefined ? {} : { proposalId }
  return { deleted: deleted.length > 0, ...(refused === undefined ? {} : { refused: true as const, ...kept }) }
}

/** How many facts a commit retired that had not expired. */
function retiredBy({ rows }: LoggedCommit): number {
  const effects = rows.flatMap((row) => row.effects)
  return effects.reduce((sum, effect) => {
    return effect.kind === 'fact-retire' ? sum + effect.retired.filter(({ due }) => due !== true).length : sum
  }, 0)
}

/**
 * Removes all facts of these statuses, page by page, and counts them, and those that stay. A retry counts what it removed
 * before.
 */
async function retireAll(
  { space: id, attributes }: FactHome,
  core: Core,
  statuses: readonly FactStatus[],
  commitId: string | undefined,
): Promise<Required<FactDeletions>> {
  const proposalIds: string[] = []
  const space = new Door(core, id)
  const limit = Math.min(core.limits.pageSize, core.limits.factLinks)
  let [deleted, refused] = [0, 0]
  for (let [page, after] = [0, null as number | null]; ; page++) {
    const own = await namedPart(commitId, JSON.stringify([attributes, statuses]), String(page))
    const before = own.id === undefined ? null : await committedAs(space, own.id)
    if (before !== null) {
      deleted += retiredBy(before)
      continue
    }
    const { items } = await space.facts.list({ attributes, statuses, order: 'oldest', after, limit })
    if (items.length === 0) return { deleted, refused, proposalIds: proposalIds.slice(-core.limits.proposalsOpen) }
    const proposed = await proposeRetiring(
      space,
      items.map((fact) => fact.id),
    )
    if (proposed.length > 0) {
      refused += items.length
      proposalIds.push(...proposed)
      after = items.at(-1)?.order ?? after
      continue
    }
    const commit = await space.submit([{ kind: 'fact-retire', factIds: items.map((fact) => fact.id) }], own)
    const { result } = appliedOf(commit, 'fact-retire')
    deleted += result.deleted.length
    refused += result.refused?.length ?? 0
    proposalIds.push(...(result.proposed ?? []))
    // Those that stay are passed over.
    after = items.at(-1)?.order ?? after
  }
}

/**
 * Removes all facts of a home that have the other ids, including superseded and queued ones. The count is of current
 * ones.
 */
export async function deleteAllFacts(
  core: Core,
  { commitId, ...ids }: FactIds & CommitIdOption,
): Promise<FactDeletions> {
  const home = homeOf(ids)
  const current = await retireAll(home, core, ['current'], commitId)
  const others = await retireAll(home, core, ['superseded', 'queued'], commitId)
  const refused = current.refused + others.refused
  const { deleted, proposalIds } = current
  return { deleted, ...(refused > 0 ? { refused } : {}), ...(proposalIds.length > 0 ? { proposalIds } : {}) }
}
