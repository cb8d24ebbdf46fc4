// Drivers that are wrong on purpose, each in one way, about workflows.

import type { Change, Commit, CommitResult } from '../../src/domain/commit/commit.ts'
import { type BrokenDrivers, changed, door, runReader } from './broken-driver.ts'

/** The tokens of the last takes, by run. */
function noteTokens(tokens: Map<string, number>, result: CommitResult): void {
  if (result.status !== 'committed') return
  for (const one of result.results) {
    if (one.kind === 'run-put' && one.token !== undefined) tokens.set(one.runId, one.token)
  }
}

const withToken = (change: Change, tokens: Map<string, number>): Change => {
  const token = 'token' in change && 'runId' in change ? tokens.get(change.runId ?? '') : undefined
  return token === undefined ? change : ({ ...change, token } as Change)
}

const all = (commit: Commit, alter: (change: Change) => Change): Commit => ({
  ...commit,
  changes: commit.changes.map(alter),
})

/** Wrong about workflows: who works on them, what wakes them, and how they are found. */
export const brokenWorks: BrokenDrivers = {
  'lets a stopped owner write': [
    'a stopped owner writes nothing after another one took its run over',
    door((commit) => {
      const tokens = new Map<string, number>()
      return async (access, submitted, limits) => {
        const result = await commit(
          access,
          all(submitted, (change) => withToken(change, tokens)),
          limits,
        )
        noteTokens(tokens, result)
        return result
      }
    }),
  ],
  'takes the lease of a run from whoever holds it': [
    'a stopped owner writes nothing after another one took its run over',
    changed((change) => {
      return change.kind === 'run-put' && change.leaseMs !== undefined ? { ...change, steal: true } : change
    }),
  ],
  'lets anybody interrupt a run': [
    'a workflow whose lease is over is due, and may be interrupted, by the application alone',
    door((commit) => (access, submitted, limits) => {
      const isInterrupt = submitted.changes.some(({ kind }) => kind === 'run-interrupt')
      return commit(isInterrupt ? { ...access, actor: { kind: 'system', id: 'app' } } : access, submitted, limits)
    }),
  ],
  'says that no lease of a run is over': [
    'a workflow whose lease is over is due, and may be interrupted, by the application alone',
    (sound) => ({ due: async (...call) => ({ ...(await sound.due(...call)), leases: [] }) }),
  ],
  'does not tell runs of agents from those of workflows': [
    'runs of agents and of workflows that wait are found apart, by status',
    runReader((runs) => ({
      waiting: async (access, query) => {
        const [one, other] = [
          await runs.waiting(access, { ...query, kind: 'agent' }),
          await runs.waiting(access, { ...query, kind: 'workflow' }),
        ]
        return [...one, ...other]
      },
    })),
  ],
  'finds runs that wait with whatever status': [
    'runs of agents and of workflows that wait are found apart, by status',
    runReader((runs) => ({
      waiting: (access, query) => runs.waiting(access, { ...query, statuses: ['suspended', 'interrupted', 'pending'] }),
    })),
  ],
  'takes false for no data': [
    'a suspended step keeps what it was told over a crash after its next beginning',
    changed((change) => {
      if (change.kind !== 'step-patch' || change.decision?.data !== false) return change
      return { ...change, decision: { approved: true } }
    }),
  ],
  'renews a lease whatever its token': [
    'a workflow is forgotten with its steps, once nobody works on it',
    () => ({ renewLease: async () => true }),
  ],
}
