/** The reference driver's reader of facts: plain filters over all of a space's. */

import type { FactId, Seq, SpaceId } from '../../domain/id.ts'
import {
  type FactAttributes,
  type FactState,
  factAttributes,
  factOrder,
  liveFact,
  liveFacts,
} from '../../domain/records/fact.ts'
import { comparedText } from '../../domain/records/fact-text.ts'
import { factVersions } from '../../domain/replay/fact-history.ts'
import { isoTime } from '../../domain/time.ts'
import type { FactReader, Listed } from '../../ports/storage.ts'
import { requireAbove } from '../horizon.ts'
import type { ReferenceDatabase } from './reference-readers.ts'

function carries(fact: FactState, attributes: FactAttributes): boolean {
  return factAttributes.every((name) => attributes[name] === undefined || fact.attributes[name] === attributes[name])
}

export function factReader(database: ReferenceDatabase): FactReader {
  const now = () => isoTime(database.clock.now())
  const live = (id: SpaceId) => {
    const at = now()
    return liveFacts(database.at(id)?.allFacts() ?? [], at)
  }
  const page = (id: SpaceId, facts: readonly FactState[], limit: number, asOf?: Seq): Listed<FactState> => {
    const { seq = 0, key = null } = database.at(id)?.space ?? {}
    return { items: facts.slice(0, limit), asOf: key === null ? 0 : (asOf ?? seq), key, more: facts.length > limit }
  }
  const isAfter = (fact: FactState, after: number | null) => after === null || fact.order > after
  return {
    get: async (_, id, factId) => {
      const space = database.at(id)
      return { record: liveFact(space?.fact(factId) ?? null, now()), asOf: space?.space.seq ?? 0 }
    },
    list: async (_, id, { attributes, statuses, pinned, order, after, limit, asOf }) => {
      const space = database.at(id)
      if (space !== null) requireAbove(space.space, asOf ?? space.space.seq)
      const matching = live(id)
        .filter((fact) => statuses.includes(fact.status) && carries(fact, attributes))
        .filter((fact) => pinned !== true || fact.pinned === true)
        .filter((fact) => asOf === undefined || fact.order < factOrder(asOf + 1, 0))
      if (order === 'oldest')
        return page(
          id,
          matching.filter((fact) => isAfter(fact, after)),
          limit,
          asOf,
        )
      const rest = matching.filter((fact) => after === null || fact.order < after)
      return page(id, rest.toReversed(), limit, asOf)
    },
    history: async (_, id, factId, limit) => {
      const space = database.at(id)
      const fact = space?.fact(factId) ?? null
      return space === null || fact === null ? [] : factVersions(space, fact.id, fact.version, limit)
    },
    derivedFrom: async (_, id, { sources, after, limit }) => {
      const derived = live(id).filter((fact) => fact.sources.some((source) => sources.includes(source)))
      return page(
        id,
        derived.filter((fact) => isAfter(fact, after)),
        limit,
      )
    },
    conflicts: async (_, id, { attributes, after, limit }) => {
      const facts = live(id)
      const ids = new Set<FactId>(facts.map((fact) => fact.id))
      const open = facts.filter(
        (fact) => fact.status === 'current' && fact.conflictsWith.some((other) => ids.has(other)),
      )
      return page(
        id,
        open.filter((fact) => carries(fact, attributes) && isAfter(fact, after)),
        limit,
      )
    },
    byText: async (_, id, text) => {
      const wanted = comparedText(text)
      const same = live(id).filter((fact) => fact.status === 'current' && comparedText(fact.text) === wanted)
      return page(id, same, same.length)
    },
  }
}
