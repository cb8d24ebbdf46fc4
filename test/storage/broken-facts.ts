// Drivers that are wrong on purpose, each in one way, about facts.
import { parseFactId } from '../../src/domain/id.ts'
import { carol } from '../../src/testing/contract/contract-case.ts'
import { type BrokenDrivers, changed, door, factReader } from './broken-driver.ts'

let stated = 0

/** Wrong about facts: what is one, what gives way, who may read it. */
export const brokenFacts: BrokenDrivers = {
  'stores the same statement twice': [
    'five equal adds at once leave one fact',
    changed((change) => (change.kind === 'fact-assert' ? { ...change, metadata: { stated: ++stated } } : change)),
  ],
  'takes words alone for the statement': [
    'the same statement again is known, however it is written',
    changed((change) => {
      if (change.kind !== 'fact-assert') return change
      const { metadata: _, attributes: _attributes, ...words } = change
      return words
    }),
  ],
  'lists all facts as pinned': [
    'pinned facts are listed alone, until they are released, superseded or gone',
    factReader((facts) => ({ list: (access, space, { pinned: _, ...query }) => facts.list(access, space, query) })),
  ],
  'lists superseded facts among the current': [
    'a superseded fact stays, but is listed only when asked for',
    factReader((facts) => ({
      list: (access, space, query) => facts.list(access, space, { ...query, statuses: ['current', 'superseded'] }),
    })),
  ],
  'lists facts that were stated later than asked for': [
    'facts as of a seq are those that were stated by then',
    factReader((facts) => ({
      list: async (access, space, { asOf, ...query }) => {
        const page = await facts.list(access, space, query)
        return { ...page, asOf: asOf ?? page.asOf }
      },
    })),
  ],
  'supersedes whatever the trust': [
    'a fact of higher trust is not superseded: both stay, and contradict each other',
    door(
      (commit) =>
        (access, ...call) =>
          commit({ ...access, actor: { ...access.actor, kind: 'user' } }, ...call),
    ),
  ],
  'believes the trust that is named': [
    'trust is that of the actor’s kind, and naming one only lowers it',
    door((commit) => (access, submitted, limits) => {
      const named = submitted.changes.some((change) => change.kind === 'fact-assert' && change.trust === 'user')
      return commit(named ? { ...access, actor: carol } : access, submitted, limits)
    }),
  ],
  'forgets the contradiction that it was told of': [
    'contradictions are marked on both sides, until one gives way',
    changed((change) => {
      if (change.kind !== 'fact-assert') return change
      const { conflictsWith: _, ...rest } = change
      return rest
    }),
  ],
  'keeps the marks of what was retired': [
    'contradictions are marked on both sides, until one gives way',
    factReader((facts) => ({
      get: async (access, space, factId) => {
        const found = await facts.get(access, space, factId)
        const past = await facts.history(access, space, factId, 100)
        const marks = new Set(past.flatMap((one) => one.fact?.conflictsWith ?? []))
        return found.record === null ? found : { ...found, record: { ...found.record, conflictsWith: [...marks] } }
      },
    })),
  ],
  'reads expired facts until they are swept': [
    'an expired fact is absent at once, for reads and for commits',
    factReader((facts) => ({
      get: async (access, space, factId) => {
        const found = await facts.get(access, space, factId)
        const [last] = await facts.history(access, space, factId, 1)
        return { ...found, record: found.record ?? last?.fact ?? null }
      },
    })),
  ],
  'lists contradictions with what has expired': [
    'an expired fact is absent at once, for reads and for commits',
    factReader((facts) => ({
      conflicts: async (access, space, query) => {
        const all = { ...query, statuses: ['current'], order: 'oldest' } as const
        const page = await facts.list(access, space, all)
        return { ...page, items: page.items.filter((fact) => fact.conflictsWith.length > 0) }
      },
    })),
  ],
  'reads a fact wherever its id says it is': [
    'a space reads and changes none of another’s facts',
    factReader((facts, sound) => ({
      get: async (access, space, factId) => {
        const issued = parseFactId(factId)
        const home = issued === null ? null : await sound.spaces.byKey(access, issued.spaceKey)
        return facts.get(access, home ?? space, factId)
      },
    })),
  ],
  'orders facts by their last change': [
    'facts are listed in the order of their first statement, in pages of every size',
    factReader((facts) => ({
      list: async (access, space, query) => {
        const page = await facts.list(access, space, query)
        return { ...page, items: page.items.toSorted((left, right) => left.version - right.version) }
      },
    })),
  ],
  'looks at one id of a fact only': [
    'a list takes facts that carry every id asked for',
    factReader((facts) => ({
      list: (access, space, query) => {
        const [first] = Object.entries(query.attributes)
        return facts.list(access, space, { ...query, attributes: first === undefined ? {} : { [first[0]]: first[1] } })
      },
    })),
  ],
  'finds what was derived from the first source only': [
    'facts are found by what they were derived from',
    factReader((facts) => ({
      derivedFrom: (access, space, query) =>
        facts.derivedFrom(access, space, { ...query, sources: query.sources.slice(0, 1) }),
    })),
  ],
  'answers the present fact for every version': [
    'the history of a fact has every version, what made it, and who',
    factReader((facts) => ({
      history: async (access, space, factId, limit) => {
        const past = await facts.history(access, space, factId, limit)
        const last = past.find((one) => one.fact !== null)?.fact ?? null
        return past.map((one) => ({ ...one, fact: one.fact === null ? null : last }))
      },
    })),
  ],
  'never finds a fact due': [
    'due names facts that have expired, and forgets what was dealt with',
    (sound) => ({ due: async (...call) => ({ ...(await sound.due(...call)), facts: [] }) }),
  ],
}
