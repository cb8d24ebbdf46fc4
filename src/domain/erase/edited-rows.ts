/** The rows that an erasure changes, as it leaves them so far: nothing is written before all of it is decided. */

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

  /** The row as the erasure leaves it so far. */
  current(row: LogRow): LogRow {
    return this.#rows.get(place(row)) ?? row
  }

  /** Puts changed effects into a row; answers whether any differs. */
  replace(row: LogRow, effects: readonly Effect[], threadId: ThreadId | null = row.threadId): boolean {
    const isSame = threadId === row.threadId && effects.every((effect, index) => effect === row.effects[index])
    if (!isSame) this.#rows.set(place(row), { ...row, threadId, hash: null, effects })
    return !isSame
  }

  /** The rows to replace. A commit's payload hash covered what is gone and lies in its first row. */
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
