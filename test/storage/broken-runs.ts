// Drivers that are wrong on purpose, each in one way, about runs.

import { parseRunId } from '../../src/domain/id.ts'
import { hasEnded } from '../../src/domain/records/run.ts'
import type { WaitingRun } from '../../src/ports/run-queries.ts'
import { type BrokenDrivers, changed, changedBy, door, runReader } from './broken-driver.ts'

/** Wrong about runs: who goes on with one, what is kept of it and how long, who may read it. */
export const brokenRuns: BrokenDrivers = {
  'lets anybody go on with a run': [
    'only the actor that began a run goes on with it',
    door((commit, sound) => async (access, submitted, limits) => {
      const [change] = submitted.changes
      const runId = change?.kind === 'run-put' ? change.runId : undefined
      const run = runId === undefined ? null : (await sound.runs.get(access, submitted.space, runId)).record
      return commit(run === null ? access : { ...access, actor: run.actor }, submitted, limits)
    }),
  ],
  'replaces details instead of merging them': [
    'a run begins, goes on and ends: what is stated is merged, the rest stays',
    changedBy(async (change, commit, access, sound) => {
      if (change.kind !== 'run-put' || change.runId === undefined) return change
      const { record } = await sound.runs.get(access, commit.space, change.runId)
      const gone = Object.fromEntries(Object.keys(record?.details ?? {}).map((name) => [name, null]))
      return { ...change, details: { ...gone, ...change.details } }
    }),
  ],
  'keeps what an ended run needed to go on': [
    'what a run needs to go on leaves the log once it is complete',
    changed((change) => {
      if (change.kind !== 'run-put' || change.status === undefined || !hasEnded(change.status)) return change
      return { ...change, status: 'suspended' }
    }),
  ],
  'forgets which turn the commit opens for a run': [
    'a run is put in the commits that open, fill and close its turn',
    changed((change) => {
      if (change.kind !== 'run-put') return change
      const { opened: _, ...rest } = change
      return rest
    }),
  ],
  'makes a space for the run of a thread that is gone': [
    'a run of its own makes its space; one of a thread, and an old one, make none',
    changed((change) => {
      if (change.kind !== 'run-put') return change
      const { threadId: _, ...rest } = change
      return rest
    }),
  ],
  'lets a suspended run expire': [
    'a run lives as long again after each put, and for ever while it is suspended',
    runReader((runs) => ({
      get: async (...call) => {
        const found = await runs.get(...call)
        return found.record?.status === 'suspended' ? { ...found, record: null } : found
      },
    })),
  ],
  'lists expired runs until they are swept': [
    'an expired run is absent at once, for reads and for commits',
    (sound, clock) => {
      const seen = new Map<string, Awaited<ReturnType<typeof sound.runs.get>>['record']>()
      return {
        runs: {
          ...sound.runs,
          list: async (access, space, query) => {
            const page = await sound.runs.list(access, space, query)
            for (const run of page.items) seen.set(run.id, run)
            return clock.now() > 0 ? { ...page, items: [...seen.values()].flatMap((run) => run ?? []) } : page
          },
        },
      }
    },
  ],
  'reads a run wherever its id says it is': [
    'a space reads and changes none of another’s runs',
    runReader((runs, sound) => ({
      get: async (access, space, runId) => {
        const issued = parseRunId(runId)
        const home = issued === null ? null : await sound.spaces.byKey(access, issued.spaceKey)
        return runs.get(access, home ?? space, runId)
      },
    })),
  ],
  'orders runs by their last put': [
    'runs are listed in the order in which they began, in pages of every size',
    runReader((runs) => ({
      list: async (...call) => {
        const page = await runs.list(...call)
        return { ...page, items: page.items.toSorted((left, right) => left.version - right.version) }
      },
    })),
  ],
  'lists runs that began later than asked for': [
    'runs as of a seq are those that had begun by then',
    runReader((runs) => ({ list: (access, space, { asOf: _, ...query }) => runs.list(access, space, query) })),
  ],
  'looks at the first state of a query only': [
    'a list takes runs of one thread, of one name and in some states',
    runReader((runs) => ({
      list: (access, space, query) => runs.list(access, space, { ...query, statuses: query.statuses.slice(0, 1) }),
    })),
  ],
  'never says of a run that it was interrupted': [
    'runs that wait are found in every space: those suspended and those interrupted',
    runReader((runs) => ({
      waiting: async (...call) => (await runs.waiting(...call)).filter(({ run }) => run.status === 'suspended'),
    })),
  ],
  'looks for what runs mention in values only': [
    'runs are found in every space by what their details mention, in pages of every size',
    runReader((runs) => ({
      mentioning: async (access, query) => {
        const page = await runs.mentioning(access, query)
        const holds = ({ run }: WaitingRun) =>
          query.texts.some((text) => JSON.stringify(run.details.seen).includes(text))
        return { ...page, items: page.items.filter((one) => query.spaces.includes(one.space) || holds(one)) }
      },
    })),
  ],
  'looks for runs of the first name only': [
    'runs that wait are listed oldest first, of the names asked for, in pages of every size',
    runReader((runs) => ({
      waiting: (access, query) => runs.waiting(access, { ...query, names: query.names.slice(0, 1) }),
    })),
  ],
  'begins each page of waiting runs at a time, not behind a run': [
    'runs that wait are listed oldest first, of the names asked for, in pages of every size',
    runReader((runs) => ({
      waiting: (access, { after, ...query }) =>
        runs.waiting(access, { ...query, after: after === null ? null : { ...after, runId: 'z' } }),
    })),
  ],
  'keeps interrupted runs waiting after they have expired': [
    'a run that was interrupted waits until it expires',
    runReader((runs) => {
      const seen = new Map<string, WaitingRun>()
      return {
        waiting: async (...call) => {
          for (const one of await runs.waiting(...call)) seen.set(one.run.id, one)
          return [...seen.values()]
        },
      }
    }),
  ],
  'never finds a step due': [
    'due names the steps whose time to decide is over, and forgets what was dealt with',
    (sound) => ({ due: async (...call) => ({ ...(await sound.due(...call)), steps: [] }) }),
  ],
  'never finds a run due': [
    'due names runs that have expired, and forgets what was dealt with',
    (sound) => ({ due: async (...call) => ({ ...(await sound.due(...call)), runs: [] }) }),
  ],
  'erases a thread and leaves its runs': [
    'erasing a thread takes its runs, in all their versions, and what was derived from them',
    changed((change) => (change.kind === 'run-put' && change.threadId === 't' ? { ...change, threadId: 'x' } : change)),
  ],
}
