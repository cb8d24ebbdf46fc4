/** Erases records: those that refer to erased records are erased too, in all their versions. */

import {
  isOf,
  type Named,
  ownRecord,
  recordName,
  refersTo,
  splitRecordName,
  versionReplaced,
} from '../commit/effect-names.ts'
import type { Noun } from '../commit/marks.ts'
import type { Seq } from '../id.ts'
import type { RecordState } from '../records/record.ts'
import type { SpaceView } from '../replay/space-view.ts'
import type { EditedRows } from './edited-rows.ts'
import { erasedEffect } from './erased-form.ts'

/** Something that records may refer to, by its id or its name. Null: whatever has that id. */
interface Referred {
  readonly noun: Noun | null
  readonly key: string
}

export class RecordEraser {
  readonly #view: SpaceView
  readonly #rows: EditedRows
  /** Names of the erased records; see `recordName`. */
  readonly names = new Set<string>()
  /** How many of them existed. */
  count = 0

  constructor(view: SpaceView, rows: EditedRows) {
    this.#view = view
    this.#rows = rows
  }

  /**
   * Erases every record that refers to one of these ids, or to an entry or a block of one of these names; then those that
   * refer to an erased record.
   */
  referringTo(ids: Iterable<string>, named: readonly Named[]): void {
    // Spaces without records need not search their log.
    if (!this.#view.hasRecords()) return
    const all = [...[...ids].map((key) => ({ noun: null, key })), ...named]
    for (let fresh: readonly Referred[] = all; fresh.length > 0; ) {
      const found: Named[] = []
      for (const stored of this.#view.rowsHolding([...new Set(fresh.map(({ key }) => key))])) {
        for (const effect of this.#rows.current(stored).effects) {
          const own = ownRecord(effect)
          if (own?.noun !== 'record' || this.names.has(own.key)) continue
          if (!fresh.some(({ noun, key }) => refersTo(effect, noun, key))) continue
          this.#take(own, stored.seq)
          found.push(own)
        }
      }
      fresh = found.map(({ key }) => ({ noun: null, key: splitRecordName(key).key }))
    }
  }

  /** Erases records that were found otherwise. */
  take(states: Iterable<RecordState>): void {
    for (const { noun, key, version } of states) {
      const record: Named = { noun: 'record', key: recordName(noun, key) }
      if (!this.names.has(record.key)) this.#take(record, version)
    }
  }

  /** Erases all versions of a record, from its last one back. */
  #take(record: Named, found: Seq): void {
    this.names.add(record.key)
    const state = this.#view.record(record.key)
    if (state?.deleted === false) this.count += 1
    for (let seq = Math.max(found, state?.version ?? 0); seq > 0; ) {
      let next = 0
      for (const stored of this.#view.rowsAt(seq)) {
        const row = this.#rows.current(stored)
        const hit = row.effects.find((effect) => isOf(effect, record))
        if (hit === undefined) continue
        next = versionReplaced(hit)
        const effects = row.effects.map((effect) => (effect === hit ? erasedEffect(effect, record) : effect))
        this.#rows.replace(row, effects)
      }
      seq = next
    }
  }
}
