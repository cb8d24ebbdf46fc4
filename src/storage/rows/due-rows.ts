/** Rows of what has expired, read into work for the sweeper. */
import { factIdOf, type RunId, runIdOf, type Seq, type SpaceId, type SpaceKey } from '../../domain/id.ts'
import type { JsonObject } from '../../domain/json.ts'
import { leasedRun } from '../../domain/records/lease.ts'
import { proposalNoun } from '../../domain/records/proposal.ts'
import { type CommonStep, stepNoun } from '../../domain/records/step.ts'
import type { DueWork } from '../../ports/due-work.ts'
import { storedJson } from '../stored-json.ts'
import { fieldsShape } from '../stored-shapes.ts'

/** Of an entry: its space, key and version. */
export type DueEntryColumns = readonly [space: string, key: string, version: Seq]
/** Of a record: its space, noun, key and version. */
export type DueRecordColumns = readonly [space: string, noun: string, key: string, version: Seq]
/** Of a record that stays, on which the sweeper has work: its space, its noun, its key, its fields and its version. */
export type WakingColumns = readonly [space: string, noun: string, key: string, json: string, version: Seq]
/** Of the lease of a run: its space, its name and its token. */
export type DueLeaseColumns = readonly [space: string, name: string, token: Seq]
/** Of a fact or a run: its space, the space's key, the last part of its id, and its version. */
export type DueIssuedColumns = readonly [space: string, spaceKey: string, unique: string, version: Seq]

export function dueEntryOf([space, key, version]: DueEntryColumns): DueWork['entries'][number] {
  return { space: space as SpaceId, key, version }
}

export function dueRecordOf([space, noun, key, version]: DueRecordColumns): DueWork['records'][number] {
  return { space: space as SpaceId, noun, key, version }
}

/** What the sweeper has to do about records that stay, by their nouns. */
export function wakingOf(rows: readonly WakingColumns[]): Pick<DueWork, 'steps' | 'proposals'> {
  const steps = rows.filter(([, noun]) => noun === stepNoun)
  const proposals = rows.filter(([, noun]) => noun === proposalNoun)
  return {
    steps: steps.map(([space, , , json, version]) => {
      const { runId, path } = storedJson<CommonStep & JsonObject>(json, 'step', fieldsShape)
      return { space: space as SpaceId, runId, path, version }
    }),
    proposals: proposals.map(([space, , key, , version]) => ({ space: space as SpaceId, proposalId: key, version })),
  }
}

export function dueLeaseOf([space, name, token]: DueLeaseColumns): DueWork['leases'][number] {
  return { space: space as SpaceId, runId: leasedRun(name) as RunId, token }
}

export function dueFactOf([space, spaceKey, unique, version]: DueIssuedColumns): DueWork['facts'][number] {
  return { space: space as SpaceId, factId: factIdOf(spaceKey as SpaceKey, unique), version }
}

export function dueRunOf([space, spaceKey, unique, version]: DueIssuedColumns): DueWork['runs'][number] {
  return { space: space as SpaceId, runId: runIdOf(spaceKey as SpaceKey, unique), version }
}
