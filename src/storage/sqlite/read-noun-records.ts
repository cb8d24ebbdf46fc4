/** Records of a noun: point reads, and pages by key. */

import { recordName } from '../../domain/commit/effect-names.ts'
import { liveState } from '../../domain/records/keyed-state.ts'
import { isoTime } from '../../domain/time.ts'
import type { RecordReader } from '../../ports/storage.ts'
import { recordOf } from '../rows/record-rows.ts'
import type { SqliteDatabase } from './database.ts'
import { inNameOrder } from './row-order.ts'
import { textAfter } from './text-after.ts'
import { SqliteView } from './view.ts'

export function recordReader(database: SqliteDatabase): RecordReader {
  const { clock } = database
  return {
    get: (_, id, noun, key) =>
      database.read(() => {
        const view = new SqliteView(database, id)
        const record = liveState(view.record(recordName(noun, key)), isoTime(clock.now()))
        return { record, asOf: view.space?.seq ?? 0 }
      }),
    list: (_, id, noun, { prefix, after, limit }) =>
      database.read(() => {
        const space = database.space(id)
        if (space === null) return { items: [], asOf: 0, key: null, more: false }
        const range = [noun, prefix, after ?? '', textAfter(prefix)] as const
        const found = database.statements.recordsInRange.all(space.n, ...range, clock.now(), limit + 1)
        const rows = inNameOrder(found, 'record', after ?? '', (columns) => columns[1])
        const { seq, key } = space.state
        return { items: rows.slice(0, limit).map(recordOf), asOf: seq, key, more: rows.length > limit }
      }),
    labelled: (_, id, noun, { labels, after, limit }) =>
      database.read(() => {
        const space = database.space(id)
        if (space === null) return { items: [], asOf: 0, key: null, more: false }
        const labelled = [space.n, noun, JSON.stringify(labels)] as const
        const page = [space.n, noun, after ?? '', clock.now(), ...labelled, limit + 1] as const
        const found = database.statements.recordsWithLabels.all(...page)
        const { seq, key } = space.state
        return { items: found.slice(0, limit).map(recordOf), asOf: seq, key, more: found.length > limit }
      }),
  }
}
