/** Rows of spaces, read into domain records and made from them. */
import type { SpaceId, SpaceKey } from '../../domain/id.ts'
import { laterSettings, parentOf, type SpaceSettings, type SpaceState } from '../../domain/space.ts'
import { isoTime, msOf } from '../../domain/time.ts'
import { storedJson, storedSeq } from '../stored-json.ts'
import { settingsShape } from '../stored-shapes.ts'

export type SpaceColumns = readonly [
  n: number,
  id: string,
  key: string,
  created: number,
  floor: number,
  horizon: number,
  settings: string,
  settingsVersion: number,
  threads: number,
  archived: number,
  entries: number,
  ordered: number,
  folded: number,
]

export const spaceColumns =
  'n, id, key, created, floor, horizon, settings, settingsVersion, threads, archived, entries, ordered, folded'

/** Seq and time of the last commit in a space's log. */
export type LastCommit = readonly [seq: number, at: number]

/** A space; without a last commit nothing was committed to it since its row was made. */
export function spaceStateOf(columns: SpaceColumns, last: LastCommit | undefined): SpaceState {
  const [, id, key, created, floor, horizon, settings, settingsVersion, threads, archived, entries] = columns
  const [seq, at] = last ?? [floor, created]
  return {
    id: id as SpaceId,
    key: key as SpaceKey,
    createdAt: isoTime(created),
    seq: storedSeq(seq, 'space'),
    at: isoTime(at),
    floor: storedSeq(floor, 'space'),
    horizon: storedSeq(horizon, 'space'),
    settings: {
      ...laterSettings,
      ...storedJson<Omit<SpaceSettings, keyof typeof laterSettings>>(settings, 'space', settingsShape),
    },
    settingsVersion,
    threads,
    archivedThreads: archived,
    entries,
  }
}

export const newSpaceColumns = 'id, key, parent, created, floor, horizon, ordered, folded, settings'

/** The values of a new space's row, in the order of `newSpaceColumns`; the others begin at 0. */
export function newSpaceValues({ id, key, createdAt, horizon, settings }: SpaceState) {
  const seqs = [horizon, horizon, horizon, horizon] as const
  return [id, key, parentOf(id), msOf(createdAt), ...seqs, JSON.stringify(settings)] as const
}
