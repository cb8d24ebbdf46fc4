// Drivers that are wrong on purpose, each in one way, about proposals.
import { type BrokenDrivers, changed, door } from './broken-driver.ts'

/** Wrong about proposals: who decides, how they are found, and when they are over. */
export const brokenProposals: BrokenDrivers = {
  'lets anybody decide about a proposal': [
    'who may decide: nobody with less trust than the fact, and never the author',
    door((commit) => (access, submitted, limits) => {
      const decides = submitted.changes.some(({ kind }) => kind === 'proposal-decide')
      return commit(decides ? { ...access, actor: { kind: 'system', id: 'app' } } : access, submitted, limits)
    }),
  ],
  'drops who may decide': [
    'of agents and tools only the named ones decide',
    changed((change) => {
      if (change.kind !== 'proposal-put') return change
      const { deciders: _, ...rest } = change
      return rest
    }),
  ],
  'does not look for the first label': [
    'a statement that may not supersede is a proposal to, in the same commit',
    ({ records }) => ({
      records: {
        ...records,
        labelled: (access, space, noun, query) =>
          records.labelled(access, space, noun, { ...query, labels: query.labels.slice(1) }),
      },
    }),
  ],
  'says that no proposal is due': [
    'a proposal that nobody decides about in time expires, and is kept for as long again',
    (sound) => ({ due: async (...call) => ({ ...(await sound.due(...call)), proposals: [] }) }),
  ],
  'keeps every proposal of an author': [
    'an author who has too many open proposals loses the oldest',
    door((commit) => (access, submitted, limits) => commit(access, submitted, { ...limits, proposalsOpen: 1_000 })),
  ],
}
