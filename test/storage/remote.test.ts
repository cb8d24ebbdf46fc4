// Decisions without reads at hand: a driver whose reads are round trips keeps the whole contract, and takes few trips.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Access } from '../../src/domain/actor.ts'
import type { Change, ChangeKind } from '../../src/domain/commit/commit.ts'
import type { CommitId, SpaceId } from '../../src/domain/id.ts'
import { defaultLimits } from '../../src/domain/limits.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { runStorageCase } from '../../src/testing/contract/contract-case.ts'
import { storageContract } from '../../src/testing/contract/storage-contract.ts'
import { work } from '../model/plans.ts'
import { runWork } from '../model/run.ts'
import type { World } from '../model/world.ts'
import { runRandom } from '../random-runs.ts'
import { openRemote, RemoteDatabase, type Trips } from './remote-reference.ts'

const seen: Trips[] = []

/** One trip more where keys must give way, and one for each further page of them. */
const forPruning = 1

/** The most trips that reads of a decision may take, where nobody writes to the space meanwhile. */
const mostTrips: Readonly<Record<ChangeKind, number | 'formula'>> = {
  'thread-put': 1,
  // Of a thread that was observed, one more for its notes; so for messages. The others are for what waits in it: runs, and what they hold.
  'thread-delete': 8,
  // One more for the runs of turns that wait.
  'thread-clone': 2,
  'turn-open': 2,
  'turn-close': 3,
  'turn-resume': 1,
  'turn-discard': 5,
  // One for each id that a caller chose, and that returns.
  'turn-restore': 'formula',
  'message-append': 3,
  'message-extend': 3,
  'message-edit': 3,
  'message-delete': 3,
  'block-write': 1,
  'block-merge': 1,
  'entry-write': 1,
  'entry-merge': 1,
  'entry-append': 1,
  'entry-increment': 1,
  'entry-delete': 1,
  'entry-expire': 1,
  // Two more if it is refused, and so becomes a proposal: for hashes, and for the proposals of the author.
  'fact-assert': 3,
  'fact-retire': 3,
  'fact-expire': 1,
  'run-put': 1,
  'run-expire': 1,
  'run-interrupt': 1,
  // One more for the thread of a run that has one.
  'work-begin': 2,
  'work-end': 2,
  'work-wait': 2,
  'step-put': 1,
  'step-patch': 1,
  'proposal-put': 3,
  // One for what it is about, once the proposal is known, and one for hashes.
  'proposal-decide': 3,
  // One more for the head, whose key is made of when the thread was created, and one for what was spent today.
  'observation-begin': 3,
  'observation-put': 3,
  'observation-activate': 2,
  'observation-reflect': 4,
  'observation-release': 2,
  'lease-take': 1,
  'lease-release': 1,
  configure: 1,
  erase: 'formula',
}

describe('the reference driver over round trips', () => {
  for (const one of storageContract) {
    it(one.name, async () => {
      const databases: RemoteDatabase[] = []
      await runStorageCase(one, async (clock) => {
        const database = new RemoteDatabase(clock)
        databases.push(database)
        return openRemote(database)
      })
      for (const { trips, restarts } of databases) if (restarts === 0) seen.push(...trips)
    })
  }
})

it('decides every kind of change in as few trips as the table says', () => {
  const most = new Map<string, number>()
  for (const { kinds, trips, prunes, replayed } of seen) {
    if (replayed || kinds.length !== 1) continue
    const [kind = ''] = kinds
    most.set(kind, Math.max(most.get(kind) ?? 0, trips - (prunes ? forPruning : 0)))
  }
  const untried = Object.keys(mostTrips).filter((kind) => !most.has(kind))
  expect(untried, 'kinds that the contract never commits alone').toEqual([])
  const over = [...most].filter(([kind, trips]) => {
    const allowed = mostTrips[kind as ChangeKind]
    return allowed !== 'formula' && trips > allowed
  })
  expect(over, 'kinds that take more trips').toEqual([])
})

describe.each<[string, number]>([
  ['over one connection', 1],
  ['over two connections', 2],
])('model runs %s', (_, connections) => {
  it('answers as the reference does', () =>
    runRandom(
      fc.asyncProperty(work, (actions) => {
        const open = async ({ clock }: World) => {
          const database = new RemoteDatabase(clock)
          return Array.from({ length: connections }, () => openRemote(database))
        }
        return runWork({ open }, actions)
      }),
      20,
    ))
})

const clock: Clock = { now: () => Date.parse('2026-03-01T00:00:00.000Z') }
const access: Access = { actor: { kind: 'agent', id: 'bot' }, grants: 'all' }

/** Adds one to a counter as often as asked, at once and over two connections; answers where it ends and how often it began again. */
async function countTo(times: number, options: { readonly skipsCheck?: boolean }) {
  const database = new RemoteDatabase(clock)
  const connections = [openRemote(database, options), openRemote(database, options)]
  const space = 'team/acme' as SpaceId
  const increment: Change = { kind: 'entry-increment', key: 'n', by: 1 }
  const commits = Array.from({ length: times }, (_, index) => {
    const commit = { id: `c${index}` as CommitId, space, changes: [increment] }
    return (connections[index % 2] as (typeof connections)[0]).commit(access, commit, defaultLimits)
  })
  await Promise.allSettled(commits)
  const { record } = await (connections[0] as (typeof connections)[0]).entries.get(access, space, 'n')
  return { value: record?.value, restarts: database.restarts }
}

it('loses nothing where many write at once, for it decides again or takes the lock', async () => {
  const { value, restarts } = await countTo(40, {})
  expect(value).toBe(40)
  expect(restarts).toBeGreaterThan(0)
})

it('fails the contract where it writes without looking', async () => {
  expect((await countTo(40, { skipsCheck: true })).value).not.toBe(40)
  const failed: string[] = []
  for (const one of storageContract.filter(({ name }) => /parallel|at once/.test(name))) {
    const open = async (at: Clock) => openRemote(new RemoteDatabase(at), { skipsCheck: true })
    await runStorageCase(one, open).catch(() => failed.push(one.name))
  }
  expect(failed).not.toEqual([])
})
