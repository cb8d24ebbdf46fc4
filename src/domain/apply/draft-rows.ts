/** The log rows of a draft: one for each turn that a commit touches, and one for all effects that belong to no turn. */
import type { Actor } from '../actor.ts'
import type { Effect, LogRow } from '../commit/effect.ts'
import type { CommitId, Seq, ThreadId } from '../id.ts'
import type { TurnStatus } from '../records/turn.ts'

/** The fields that all rows of a commit share. */
interface RowHead {
  readonly seq: Seq
  readonly at: string
  readonly logAt?: string
  readonly actor: Actor
  readonly threadId: ThreadId | null
}

interface RowDraft {
  status: TurnStatus | null
  readonly effects: Effect[]
}

function rowOf({ seq, at, logAt, actor, threadId }: RowHead, turn: number, { status, effects }: RowDraft): LogRow {
  const later = logAt === undefined ? {} : { logAt }
  return { seq, at, ...later, actor, commitId: null, hash: null, threadId, turn, status, effects }
}

export class DraftRows {
  #rows = new Map<number, RowDraft>()

  /** Adds an effect to a turn's row, and sets the turn's status after it. Turn 0: the effect belongs to no turn. */
  add(turn: number, status: TurnStatus | null, effect: Effect): void {
    const row = this.#rows.get(turn)
    if (row === undefined) this.#rows.set(turn, { status, effects: [effect] })
    else {
      row.effects.push(effect)
      row.status = status
    }
  }

  /** What happened so far, by turn. Turn 0: what belongs to no turn. */
  byTurn(): readonly (readonly [turn: number, effects: readonly Effect[]])[] {
    return [...this.#rows].map(([turn, { effects }]) => [turn, effects])
  }

  /** The row of a turn so far; null if the commit has not touched it. */
  of(turn: number, head: RowHead): LogRow | null {
    const row = this.#rows.get(turn)
    return row === undefined ? null : rowOf(head, turn, row)
  }

  /** The rows to append: one for the commit, or one for each turn if it touches several. The first names the commit. */
  all(head: RowHead, commitId: CommitId | null, hash: string | null): readonly LogRow[] {
    if (this.#rows.size === 1) {
      for (const [turn, row] of this.#rows) return [{ ...rowOf(head, turn, row), commitId, hash }]
    }
    const outside = this.#rows.get(0)
    const [only, ...others] = [...this.#rows.keys()].filter((turn) => turn !== 0)
    if (outside !== undefined && only !== undefined && others.length === 0) {
      const row = this.#rows.get(only) as RowDraft
      const effects = [...outside.effects, ...row.effects].sort((left, right) => (left.of ?? 0) - (right.of ?? 0))
      this.#rows = new Map([[only, { status: row.status, effects }]])
    }
    const turns = [...this.#rows.keys()].sort((left, right) => left - right)
    return turns.map((turn, index) => {
      const row = rowOf(head, turn, this.#rows.get(turn) as RowDraft)
      return index === 0 ? { ...row, commitId, hash } : row
    })
  }
}
