/** The reference driver's reader of records: plain filters over all of a space's. */

import { recordName } from '../../domain/commit/effect-names.ts'
import { labelsOf } from '../../domain/commit/record-nouns.ts'
import { liveState } from '../../domain/records/keyed-state.ts'
import { isoTime } from '../../domain/time.ts'
import type { RecordReader } from '../../ports/storage.ts'
import type { ReferenceDatabase } from './reference-readers.ts'

/** In order of code points, as SQL compares texts. */
function isAfter(key: string, other: string): boolean {
  return Buffer.compare(Buffer.from(key), Buffer.from(other)) > 0
}

export function recordReader(database: ReferenceDatabase): RecordReader {
  const now = () => isoTime(database.clock.now())
  return {
    get: async (_, id, noun, key) => {
      const space = database.at(id)
      return { record: liveState(space?.record(recordName(noun, key)) ?? null, now()), asOf: space?.space.seq ?? 0 }
    },
    list: async (_, id, noun, { prefix, after, limit }) => {
      const space = database.at(id)
      const { seq = 0, key = null } = space?.space ?? {}
      const at = now()
      const live = [...(space?.records.records.values() ?? [])].filter((record) => {
        if (record.noun !== noun || !record.key.startsWith(prefix) || liveState(record, at) === null) return false
        return after === null || isAfter(record.key, after)
      })
      live.sort((left, right) => Buffer.compare(Buffer.from(left.key), Buffer.from(right.key)))
      return { items: live.slice(0, limit), asOf: seq, key, more: live.length > limit }
    },
    labelled: async (_, id, noun, { labels, after, limit }) => {
      const space = database.at(id)
      const { seq = 0, key = null } = space?.space ?? {}
      const at = now()
      const found = [...(space?.records.records.values() ?? [])].filter((record) => {
        const isFound = record.noun === noun && labelsOf(record).some((label) => labels.includes(label))
        return isFound && liveState(record, at) !== null && (after === null || isAfter(record.key, after))
      })
      found.sort((left, right) => Buffer.compare(Buffer.from(left.key), Buffer.from(right.key)))
      return { items: found.slice(0, limit), asOf: seq, key, more: found.length > limit }
    },
  }
}
