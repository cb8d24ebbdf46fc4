/**
 * What stands in a thread. A turn replaces others only once it has something to stand there with; until then they stand,
 * and afterwards they can be restored. Pure.
 */

import type { TurnId } from '../id.ts'
import type { TurnState } from './turn.ts'

/** What decides whether turns stand. `turn` orders them: a turn replaces only earlier ones. */
export type PlacedTurn = Pick<
  TurnState,
  'turn' | 'id' | 'status' | 'replaces' | 'answered' | 'replacedBy' | 'asideAt' | 'returnedAt'
>

/**
 * The turns that are replaced, each with the turn that stands in its place. A turn hides those that it replaces only if
 * it has kept a part of an answer or was completed, was not discarded, and was not set aside by a restored turn. A
 * discarded turn goes on to hide them while another turn stands in its own place.
 *
 * @param turns All turns of a thread, or a turn and those that it replaces: a turn that was replaced by none of them
 *   stays replaced.
 */
export function standing(turns: readonly PlacedTurn[]): ReadonlyMap<TurnId, TurnId> {
  const replacedBy = new Map<TurnId, TurnId>()
  const known = new Set(turns.map(({ id }) => id))
  for (const turn of turns.toSorted((left, right) => right.turn - left.turn)) {
    const { id, asideAt, replacedBy: before } = turn
    const isGiven = before !== undefined && (asideAt !== undefined || !known.has(before))
    if (isGiven) replacedBy.set(id, before)
    if (!takesPlace(turn, replacedBy)) continue
    const by = turn.status === 'discarded' ? (replacedBy.get(id) as TurnId) : id
    for (const other of turn.replaces ?? []) if (!replacedBy.has(other)) replacedBy.set(other, by)
  }
  return replacedBy
}

function takesPlace({ id, status, answered, asideAt }: PlacedTurn, replacedBy: ReadonlyMap<TurnId, TurnId>): boolean {
  return answered === true && asideAt === undefined && (status !== 'discarded' || replacedBy.has(id))
}

/** How a branch returns: turns that are set aside no longer, and turns that are set aside for it. */
interface Restoration {
  readonly back: ReadonlySet<TurnId>
  readonly aside: ReadonlySet<TurnId>
}

const nothing: Restoration = { back: new Set(), aside: new Set() }

/** All turns that replaced a turn, or one of those that did. */
function turnsAbove(id: TurnId, turns: readonly PlacedTurn[], found = new Set<PlacedTurn>()): ReadonlySet<PlacedTurn> {
  for (const turn of turns) {
    if (found.has(turn) || turn.answered !== true || turn.replaces?.includes(id) !== true) continue
    found.add(turn)
    turnsAbove(turn.id, turns, found)
  }
  return found
}

/** The turns that return with one: those that were set aside together with it, and those that it or they replaced. */
function returningWith(turns: readonly PlacedTurn[], turn: PlacedTurn): readonly PlacedTurn[] {
  const isAside = ({ asideAt }: PlacedTurn) => asideAt !== undefined && asideAt > 0
  const back = new Set([turn])
  if (isAside(turn)) {
    const above = [...turnsAbove(turn.id, turns)].filter(({ asideAt }) => asideAt === turn.asideAt)
    const end = Math.min(...above.map((other) => other.turn))
    for (const other of turns) if (other.asideAt === turn.asideAt && other.turn < end) back.add(other)
  }
  // A set grows while it is walked through.
  for (const { answered, replaces = [] } of back) {
    if (answered !== true) continue
    for (const other of turns) if (isAside(other) && replaces.includes(other.id)) back.add(other)
  }
  return [...back]
}

/**
 * What changes so that a replaced turn stands again, with the turns that were replaced or set aside together with it:
 * the turns in their place are set aside, with all that followed them. They can be restored in turn.
 *
 * @param turns All turns of a thread.
 */
export function restoration(turns: readonly PlacedTurn[], turnId: TurnId): Restoration {
  const replacedBy = standing(turns)
  const turn = turns.find(({ id }) => id === turnId)
  if (turn === undefined || !replacedBy.has(turnId)) return nothing
  const returning = returningWith(turns, turn)
  const back = new Set(returning.map(({ id }) => id))
  // A returning turn replaces these, so no other turn may.
  const hidden = new Set(returning.flatMap(({ answered, replaces = [] }) => (answered === true ? replaces : [])))
  const aside = new Set<TurnId>()
  const setAside = ({ id }: PlacedTurn) => {
    if (!back.has(id) && !hidden.has(id)) aside.add(id)
  }
  const takers = turns.filter((other) => takesPlace(other, replacedBy) && !back.has(other.id))
  for (const id of [...back, ...hidden]) for (const taker of turnsAbove(id, takers)) aside.add(taker.id)
  const isStanding = ({ id, status, replaces, answered }: PlacedTurn) =>
    status !== 'discarded' && !replacedBy.has(id) && (replaces === undefined || answered === true)
  const standingNow = turns.filter(isStanding)
  // The branch that came when the turn's own branch left.
  for (const one of standingNow) if (turn.asideAt !== undefined && one.returnedAt === turn.asideAt) setAside(one)
  const leaving = turns.filter(({ id }) => aside.has(id) || (hidden.has(id) && !replacedBy.has(id)))
  const first = Math.min(...leaving.map((one) => one.turn))
  for (const one of standingNow) if (one.turn >= first) setAside(one)
  return { back, aside }
}
