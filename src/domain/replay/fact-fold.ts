/** How effects change facts. Pure; used by commits, replay and history. */

import type { ResultOf } from '../commit/commit.ts'
import type { Displaced, Effect, EffectOf, FactLinks } from '../commit/effect.ts'
import type { FactId, Seq } from '../id.ts'
import { type FactState, factOrder, unstated } from '../records/fact.ts'
import { additionsIn } from '../records/fact-merge.ts'
import type { RowTime } from '../records/row-time.ts'

type FactOf = (id: string) => FactState | null

function linked(links: FactLinks): Displaced[] {
  return [...(links.superseded ?? []), ...(links.conflicts ?? []), ...(links.resolved ?? [])]
}

/** The facts that an effect changes, each with the version it had before the commit; its own come first. */
export function touchedFacts(effect: Effect): readonly Displaced[] {
  if (effect.kind === 'fact-assert') return [{ key: effect.factId, version: effect.prev }, ...linked(effect)]
  if (effect.kind === 'fact-retire') return [...effect.retired, ...linked(effect)]
  if (effect.kind === 'fact-expire') {
    return effect.prev === 0 ? [] : [{ key: effect.factId, version: effect.prev }, ...linked(effect)]
  }
  if (effect.kind !== 'erased' || effect.factId === undefined) return []
  return [{ key: effect.factId, version: effect.prev ?? 0 }, ...linked(effect)]
}

/** The empty row that a retired or expired fact leaves. */
function tombstone({ id, createdAt, order }: Pick<FactState, 'id' | 'createdAt' | 'order'>, row: RowTime): FactState {
  return {
    ...unstated(createdAt),
    id,
    version: row.seq,
    deleted: true,
    order,
    createdAt,
    updatedAt: row.at,
    assertedBy: row.actor,
    status: 'current',
    supersededBy: null,
    conflictsWith: [],
  }
}

/** A fact before its first statement. */
function newFact(id: FactId, effect: Effect, row: RowTime): FactState {
  const order = factOrder(row.seq, effect.of ?? 0)
  return { ...tombstone({ id, createdAt: row.at, order }, row), deleted: false }
}

function asserted(before: FactState | null, effect: EffectOf<'fact-assert'>, row: RowTime): FactState {
  const base = before ?? newFact(effect.factId, effect, row)
  const { queued, ...stated } = effect.stated
  const superseded = new Set(effect.superseded?.map((link) => link.key))
  const marks = new Set([...base.conflictsWith, ...(effect.conflicts ?? []).map((link) => link.key as FactId)])
  if (effect.ended === true) marks.clear()
  return {
    ...base,
    ...stated,
    ...(queued === true ? { status: 'queued' as const } : {}),
    ...(effect.ended === true ? { status: 'superseded' as const } : {}),
    ...(effect.endedBy === undefined ? {} : { supersededBy: effect.endedBy }),
    version: row.seq,
    updatedAt: row.at,
    // A text comes with its trust; a trust alone is that of somebody who states the same.
    assertedBy: stated.trust === undefined ? base.assertedBy : row.actor,
    conflictsWith: [...marks].filter((id) => !superseded.has(id)),
  }
}

/** The facts that links change, for an effect about `own`. Facts that no longer exist are skipped. */
function* linkedAfter(links: FactLinks, own: readonly string[], row: RowTime, fact: FactOf): Generator<FactState> {
  const [by] = own as readonly FactId[]
  const now = { version: row.seq, updatedAt: row.at }
  for (const { key, validTo } of links.superseded ?? []) {
    const before = fact(key)
    const status = 'superseded' as const
    if (before !== null) yield { ...before, ...now, status, validTo, supersededBy: by ?? null, conflictsWith: [] }
  }
  for (const { key } of links.conflicts ?? []) {
    const before = fact(key)
    if (before === null || by === undefined) continue
    yield { ...before, ...now, conflictsWith: [...new Set([...before.conflictsWith, by])] }
  }
}

/** The facts that are no longer marked as contradicting `gone`. */
function* resolvedAfter(links: FactLinks, gone: ReadonlySet<string>, row: RowTime, fact: FactOf): Generator<FactState> {
  for (const { key } of links.resolved ?? []) {
    const before = fact(key)
    if (before === null) continue
    const conflictsWith = before.conflictsWith.filter((id) => !gone.has(id))
    yield { ...before, version: row.seq, updatedAt: row.at, conflictsWith }
  }
}

function* changed(effect: Effect, row: RowTime, fact: FactOf): Generator<FactState> {
  if (effect.kind === 'fact-assert' || (effect.kind === 'erased' && effect.factId !== undefined)) {
    yield* linkedAfter(effect, [effect.factId as string], row, fact)
    const gone = new Set(effect.superseded?.map((link) => link.key))
    if (effect.kind === 'fact-assert' && effect.ended === true) gone.add(effect.factId)
    yield* resolvedAfter(effect, gone, row, fact)
    if (effect.kind === 'fact-assert') yield asserted(fact(effect.factId), effect, row)
    return
  }
  if (effect.kind !== 'fact-retire' && effect.kind !== 'fact-expire') return
  const own = effect.kind === 'fact-retire' ? effect.retired.map((link) => link.key) : [effect.factId as string]
  yield* resolvedAfter(effect, new Set(own), row, fact)
  if (effect.kind === 'fact-expire' && effect.prev === 0) return
  for (const key of own) {
    const before = fact(key)
    if (before !== null) yield tombstone(before, row)
  }
}

/** Every fact that an effect changes, in its new state. `fact` returns the state before. */
export function factsAfter(effect: Effect, row: RowTime, fact: FactOf): Iterable<FactState> {
  const after = new Map<string, FactState>()
  for (const state of changed(effect, row, (id) => after.get(id) ?? fact(id))) after.set(state.id, state)
  return after.values()
}

/** The answer to a change of facts; null for any other effect. */
export function factAnswer(effect: Effect, seq: Seq): ResultOf<'fact-assert' | 'fact-retire' | 'fact-expire'> | null {
  const ids = (links: readonly Displaced[] = []) => links.map((link) => link.key as FactId)
  if (effect.kind === 'fact-assert') {
    const { factId, superseded, conflicts, proposed } = effect
    const links = { superseded: ids(superseded), conflicts: ids(conflicts) }
    const added = effect.known === true ? additionsIn(effect.stated) : []
    return {
      kind: 'fact-assert',
      factId,
      version: seq,
      known: effect.known === true,
      ...(added.length > 0 ? { added } : {}),
      ...(effect.endedBy === undefined ? {} : { endedBy: effect.endedBy }),
      ...links,
      ...(proposed === undefined ? {} : { proposed }),
    }
  }
  if (effect.kind === 'fact-known') {
    const { factId, version } = effect
    return { kind: 'fact-assert', factId, version, known: true, superseded: [], conflicts: [] }
  }
  if (effect.kind === 'fact-retire') {
    const { retired, refused, proposed } = effect
    const deleted = ids(retired.filter((link) => link.due !== true))
    const stay = { ...(refused === undefined ? {} : { refused }), ...(proposed === undefined ? {} : { proposed }) }
    return { kind: 'fact-retire', deleted, ...stay }
  }
  return effect.kind === 'fact-expire' ? { kind: 'fact-expire', factId: effect.factId, deleted: effect.prev > 0 } : null
}
