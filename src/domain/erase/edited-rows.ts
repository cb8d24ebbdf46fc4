/** The rows that an erasure has changed so far. Nothing is written before everything is decided. */

import type { Effect, LogRow } from '../commit/effect.ts'
import type { ThreadId } from '../id.ts'
import type { SpaceView } from '../replay/space-view.ts'

const place = (row: LogRow) => `${row.seq} ${row.turn}`

export class EditedRows {
  readonly #view: SpaceView
  readonly #rows = new Map<string, LogRow>()

  constructor(view: SpaceView) {
    this.#view = view
  }

  /** The row with the changes of the erasure so far. */
  current(row: LogRow): LogRow {
    return this.#rows.get(place(row)) ?? row
  }

  /** Puts changed effects into a row; returns whether any differs. */
  replace(row: LogRow, effects: readonly Effect[], threadId: ThreadId | null = row.threadId): boolean {
    const isSame = threadId === row.threadId && effects.every((effect, index) => effect === row.effects[index])
    if (!isSame) this.#rows.set(place(row), { ...row, threadId, hash: null, effects })
    return !isSame
  }

  /** The rows to replace. A commit's payload hash is in its first row and covered the erased content. */
  all(): { readonly rows: readonly LogRow[]; readonly commits: number } {
    const seqs = new Set([...this.#rows.values()].map((row) => row.seq))
    for (const seq of seqs) {
      const [stored] = this.#view.rowsAt(seq)
      if (stored === undefined || stored.hash === null) continue
      const first = this.current(stored)
      this.#rows.set(place(first), { ...first, hash: null })
    }
    return { rows: [...this.#rows.values()], commits: seqs.size }
  }
}
