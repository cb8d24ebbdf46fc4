/** Changes facts in place, and removes them. History keeps the old versions. */
import type { Change } from '../../domain/commit/commit.ts'
import { invalidInput, notFound } from '../../domain/error.ts'
import { copyJson, type JsonObject } from '../../domain/json.ts'
import { toIso } from '../../domain/time.ts'
import { type OutputOf, parse } from '../arguments/parse.ts'
import { appliedOf } from '../door/applied.ts'
import type { Core } from '../door/core.ts'
import { Door } from '../door/door.ts'
import { type FactIds, homeOf } from './fact-home.ts'
import { type Fact, withoutRole } from './fact-records.ts'
import { type FactPlace, getFact, placeOfFact } from './facts-read.ts'

/** The changes to a fact. Fields left out stay as they are. */
export interface FactEdit {
  /** The new statement. */
  readonly text?: string
  /** Replaces all metadata of the fact. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** When it expires; When it expires; When it expires; null: never. */
  readonly expiresAt?: Date | string | number | null
}

/** The changed fact, or the current one if `ifVersion` did not match; null if it is gone. */
export type FactUpdate =
  | { readonly status: 'updated'; readonly fact: Fact }
  | { readonly status: 'conflict'; readonly current: Fact | null }

const noFact = (factId: string) => notFound('fact', factId, 'It may have been deleted or have expired; search again.')

function editOf({ text, metadata, expiresAt }: OutputOf<'factEdit'>, before: JsonObject) {
  const { role } = withoutRole(before)
  const kept = role === undefined ? {} : { role }
  return {
    ...(text === undefined ? {} : { text }),
    ...(metadata === undefined ? {} : { metadata: { ...kept, ...copyJson(metadata as JsonObject, 'metadata') } }),
    ...(expiresAt === undefined ? {} : { expiresAt: expiresAt === null ? null : toIso(expiresAt, 'expiresAt') }),
  }
}

/** The fact's place and its metadata; refused if it does not exist, or waits for extraction. */
async function findFact(core: Core, factId: string): Promise<FactPlace & { readonly metadata: JsonObject }> {
  const place = await placeOfFact(core, factId)
  const record = place === null ? null : (await place.space.facts.get(factId)).record
  if (place === null || record === null || record.status === 'queued') throw noFact(factId)
  return { ...place, metadata: record.metadata }
}

/** Changes a fact in place: the same id, a new version. */
export async function updateFact(
  core: Core,
  factId: string,
  edit: string | FactEdit,
  options: { readonly ifVersion?: number },
): Promise<FactUpdate> {
  const { ifVersion } = await parse('updateFact', options, 'update')
  const parsed = await parse('factEdit', typeof edit === 'string' ? { text: edit } : edit, 'update')
  if (Object.keys(parsed).length === 0) {
    throw invalidInput('update', 'must change something', edit, 'Pass a text, or text, metadata or expiresAt.')
  }
  const { space, metadata } = await findFact(core, factId)
  const change: Change = { kind: 'fact-assert', factId, ...editOf(parsed, metadata) }
  const expect = ifVersion === undefined ? {} : { expect: [{ version: ifVersion, of: { fact: factId } }] }
  const result = await space.submit([change], expect)
  const current = await getFact(core, factId, { includeSuperseded: true })
  if (result.status === 'conflict' && ifVersion !== undefined) return { status: 'conflict', current }
  appliedOf(result, 'fact-assert')
  if (current === null) throw noFact(factId)
  return { status: 'updated', fact: current }
}

/** Removes a fact. Answers `deleted: false` if it does not exist or is not the caller's. */
export async function deleteFact(core: Core, factId: string): Promise<{ readonly deleted: boolean }> {
  const place = await placeOfFact(core, factId)
  if (place === null || (await place.space.facts.get(factId)).record === null) return { deleted: false }
  const { result } = await place.space.apply({ kind: 'fact-retire', factIds: [factId] })
  return { deleted: result.deleted.length > 0 }
}

/**
 * Removes all facts of a home that have the other ids, including superseded and queued ones. The count is of current
 * ones.
 */
export async function deleteAllFacts(core: Core, options: FactIds): Promise<{ readonly deleted: number }> {
  const home = homeOf(await parse('deleteAllFacts', options, 'deleteAll'))
  const space = new Door(core, home.space)
  const query = { attributes: home.attributes, statuses: ['current', 'superseded', 'queued'], order: 'oldest' } as const
  const limit = Math.min(core.limits.pageSize, core.limits.factLinks)
  let deleted = 0
  for (let after: number | null = null; ; ) {
    const { items, more } = await space.facts.list({ ...query, after, limit })
    if (items.length === 0) return { deleted }
    const current = new Set<string>(items.filter(({ status }) => status === 'current').map(({ id }) => id))
    const factIds = items.map(({ id }) => id as string)
    const { result } = await space.apply({ kind: 'fact-retire', factIds })
    deleted += result.deleted.filter((id) => current.has(id)).length
    after = items.at(-1)?.order ?? after
    if (!more) return { deleted }
  }
}
