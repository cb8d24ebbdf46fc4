/** Reads proposals: one by its id, pages of a space, and the open ones about facts. */
import { checkId, parseProposalId, type SpaceId } from '../../domain/id.ts'
import {
  factLabel,
  openLabel,
  type ProposalStatus,
  type ProposalTarget,
  proposalNoun,
  statementOf,
  statusAt,
  targetLabel,
} from '../../domain/records/proposal.ts'
import type { RecordState } from '../../domain/records/record.ts'
import { isoTime } from '../../domain/time.ts'
import type { Proposable, ProposalRecord } from '../answers/proposals.ts'
import { decodeCursor, encodeCursor, type PageEnd, type PageStart } from '../arguments/cursor.ts'
import type { Core } from '../door/core.ts'
import { Door } from '../door/door.ts'
import { proposalFields, toProposal } from './proposal-records.ts'

/** Which proposals of a space to list. */
export interface ListProposalsRequest extends PageStart {
  /** Only those with this status. Default: `open`; null: all that are kept. */
  readonly status?: ProposalStatus | null
  /** Only those about this. With a fact, also those whose statement it is. */
  readonly target?: ProposalTarget
  /** Proposals on one page, at most 1,000. Default: 100. */
  readonly limit?: number
}

/** A page of proposals, the oldest first. */
export interface ProposalPageRecord<Time = string> extends PageEnd {
  /** The proposals, the oldest first. */
  readonly results: readonly ProposalRecord<Time>[]
}

/** A stored proposal and its space. */
interface ProposalPlace {
  readonly door: Door
  readonly record: RecordState
}

/** The stored proposal of that id; null if it is gone, or not the caller's. */
export async function findProposal(core: Core, proposalId: string): Promise<ProposalPlace | null> {
  const issued = parseProposalId(checkId(proposalId, 'proposalId'))
  const storage = await core.storage.get()
  const id = issued === null ? null : await storage.spaces.byKey(core.access, issued.spaceKey)
  if (id === null) return null
  const { record } = await storage.records.get(core.access, id, proposalNoun, proposalId)
  return record === null ? null : { door: new Door(core, id), record }
}

/** The proposal with that id, or null. */
export async function getProposal(
  core: Core,
  { proposalId }: { readonly proposalId: string },
): Promise<ProposalRecord | null> {
  const place = await findProposal(core, proposalId)
  return place === null ? null : toProposal(place.door, place.record)
}

/** The target of an open proposal, or its statement. */
function isAbout(record: RecordState, wanted: ProposalTarget): boolean {
  const { target, change } = proposalFields(record)
  if (targetLabel(target) === targetLabel(wanted)) return true
  return wanted.kind === 'fact' && wanted.id !== null && statementOf(change) === wanted.id
}

/** A page of records, and where the next one begins; null on the last. */
interface FoundPage {
  readonly items: readonly RecordState[]
  readonly asOf: number
  readonly next: string | null
}

/** Walks the proposals of a space, or the open ones, until a page is full of those that are asked for. */
async function findPage(
  door: Door,
  asked: ListProposalsRequest,
  start: string | null,
  limit: number,
): Promise<FoundPage> {
  const { storage, access, limits } = door.core
  const { records } = await storage.get()
  const { status = 'open', target } = asked
  const labels = [target === undefined ? openLabel : targetLabel(target)]
  const at = isoTime(storage.clock.now())
  const items: RecordState[] = []
  let after = start
  for (let looked = 0; ; looked += limits.pageSize) {
    const query = { after, limit: limits.pageSize }
    // Those that the sweeper has not reached are open in the index.
    const page =
      status === 'open'
        ? await records.labelled(access, door.id, proposalNoun, { ...query, labels })
        : await records.list(access, door.id, proposalNoun, { ...query, prefix: '' })
    for (const record of page.items) {
      const isWanted = status === null || statusAt(proposalFields(record), at) === status
      if (!isWanted || (target !== undefined && !isAbout(record, target))) continue
      if (items.length === limit) return { items, asOf: page.asOf, next: items.at(-1)?.key ?? null }
      items.push(record)
    }
    after = page.items.at(-1)?.key ?? after
    if (!page.more) return { items, asOf: page.asOf, next: null }
    if (looked + limits.pageSize >= limits.filterScan) return { items, asOf: page.asOf, next: after }
  }
}

const defaultLimit = 100
const cursorKind = 'proposals'

/** A page of the proposals of a space: the oldest first. */
export async function listProposals(
  core: Core,
  { space, ...asked }: ListProposalsRequest & { readonly space: SpaceId },
): Promise<ProposalPageRecord> {
  const door = new Door(core, space)
  const start = asked.cursor === undefined ? null : decodeCursor(asked.cursor, cursorKind, space)
  const limit = Math.min(asked.limit ?? defaultLimit, core.limits.pageSize)
  const { items, asOf, next } = await findPage(door, asked, start === null ? null : String(start[0]), limit)
  const results = await Promise.all(items.map((record) => toProposal(door, record)))
  return { results, asOf, ...(next === null ? {} : { nextCursor: encodeCursor(cursorKind, space, [next]) }) }
}

/** The open proposals about facts of a space, by the fact: those that would change it, and those whose statement it is. */
async function openAbout(
  core: Core,
  space: SpaceId,
  factIds: readonly string[],
): Promise<ReadonlyMap<string, readonly ProposalRecord[]>> {
  const found = new Map<string, ProposalRecord[]>()
  if (factIds.length === 0) return found
  const { storage, access, limits } = core
  const { records } = await storage.get()
  const query = { labels: factIds.map(factLabel), after: null, limit: limits.pageSize }
  const { items } = await records.labelled(access, space, proposalNoun, query)
  const wanted = new Set(factIds)
  const at = isoTime(storage.clock.now())
  const door = new Door(core, space)
  for (const record of items) {
    const { target, change, ...fields } = proposalFields(record)
    if (statusAt({ target, change, ...fields }, at) !== 'open' || target.kind !== 'fact') continue
    const proposal = await toProposal(door, record)
    for (const id of new Set([target.id, statementOf(change)])) {
      if (id !== null && wanted.has(id)) found.set(id, [...(found.get(id) ?? []), proposal])
    }
  }
  return found
}

/** Facts, each with the open proposals about it. */
export async function withProposals<Fact extends { readonly id: string; readonly space: string }>(
  core: Core,
  facts: readonly Fact[],
): Promise<readonly (Fact & Proposable)[]> {
  if (facts.length === 0) return facts
  const bySpace = Map.groupBy(facts, ({ space }) => space)
  const found = await Promise.all(
    [...bySpace].map(([space, own]) =>
      openAbout(
        core,
        space as SpaceId,
        own.map(({ id }) => id),
      ),
    ),
  )
  const proposals = new Map(found.flatMap((about) => [...about]))
  if (proposals.size === 0) return facts
  return facts.map((fact) => {
    const own = proposals.get(fact.id)
    return own === undefined ? fact : { ...fact, proposals: own }
  })
}
