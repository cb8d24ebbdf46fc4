/** When a record changed, and by whom. */
import type { Actor } from '../actor.ts'
import type { Seq } from '../id.ts'
/** Who wrote, and when: folding an effect needs both. */
export interface RowTime {
  readonly seq: Seq
  readonly at: string
  readonly actor: Actor
}
