// What it takes to break a driver in one way: a sound one, with some of its parts replaced.
import type { Access } from '../../src/domain/actor.ts'
import type { Change, Commit, CommitResult } from '../../src/domain/commit/commit.ts'
import type { CommitId } from '../../src/domain/id.ts'
import type { Limits } from '../../src/domain/limits.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type {
  EntryReader,
  FactReader,
  LogReader,
  MessageReader,
  RunReader,
  Storage,
  ThreadReader,
} from '../../src/ports/storage.ts'
import { openReference } from './drivers.ts'

/** The parts that are broken, over a sound driver. */
export type Break = (sound: Storage, clock: Clock) => Partial<Storage>

/** By name: the case that must fail on the driver (and pass on the sound one), and how it is broken. */
export type BrokenDrivers = Readonly<Record<string, readonly [caughtBy: string, broken: Break]>>

/** A driver that does as the sound one does, but for the parts that are broken. */
export async function openBroken(clock: Clock, broken: Break): Promise<Storage> {
  const sound = await openReference(clock)
  const parts: Storage = {
    id: sound.id,
    spaces: sound.spaces,
    threads: sound.threads,
    messages: sound.messages,
    blocks: sound.blocks,
    entries: sound.entries,
    facts: sound.facts,
    runs: sound.runs,
    records: sound.records,
    log: sound.log,
    index: sound.index,
    vectors: sound.vectors,
    commit: (...call) => sound.commit(...call),
    renewLease: (...call) => sound.renewLease(...call),
    due: (...call) => sound.due(...call),
    compact: (...call) => sound.compact(...call),
    erase: (...call) => sound.erase(...call),
    reclaim: (...call) => sound.reclaim(...call),
    receipts: sound.receipts,
    cacheUse: () => sound.cacheUse(),
    close: () => sound.close(),
  }
  return { ...parts, ...broken(sound, clock) }
}

export type Door = (access: Access, commit: Commit, limits: Limits) => Promise<CommitResult>

/** Breaks the door alone. */
export function door(make: (commit: Door, sound: Storage, clock: Clock) => Door): Break {
  return (sound, clock) => ({ commit: make((...call) => sound.commit(...call), sound, clock) })
}

/** Breaks the door by altering each change before it goes through. */
export function changed(alter: (change: Change, commit: Commit) => Change): Break {
  return door((commit) => (access, submitted, limits) => {
    const changes = submitted.changes.map((change) => alter(change, submitted))
    return commit(access, { ...submitted, changes }, limits)
  })
}

/** Breaks the door by altering each change by what is stored. */
export function changedBy(
  alter: (change: Change, commit: Commit, access: Access, sound: Storage, clock: Clock) => Promise<Change>,
): Break {
  return door((commit, sound, clock) => async (access, submitted, limits) => {
    const changes: Change[] = []
    for (const change of submitted.changes) changes.push(await alter(change, submitted, access, sound, clock))
    return commit(access, { ...submitted, changes }, limits)
  })
}

export function entryReader(make: (entries: EntryReader, sound: Storage, clock: Clock) => Partial<EntryReader>): Break {
  return (sound, clock) => ({ entries: { ...sound.entries, ...make(sound.entries, sound, clock) } })
}

export function factReader(make: (facts: FactReader, sound: Storage) => Partial<FactReader>): Break {
  return (sound) => ({ facts: { ...sound.facts, ...make(sound.facts, sound) } })
}

export function messageReader(make: (messages: MessageReader, sound: Storage) => Partial<MessageReader>): Break {
  return (sound) => ({ messages: { ...sound.messages, ...make(sound.messages, sound) } })
}

export function runReader(make: (runs: RunReader, sound: Storage) => Partial<RunReader>): Break {
  return (sound) => ({ runs: { ...sound.runs, ...make(sound.runs, sound) } })
}

export function threadReader(make: (threads: ThreadReader, sound: Storage) => Partial<ThreadReader>): Break {
  return (sound) => ({ threads: { ...sound.threads, ...make(sound.threads, sound) } })
}

export function logReader(make: (log: LogReader, sound: Storage, clock: Clock) => Partial<LogReader>): Break {
  return (sound, clock) => ({ log: { ...sound.log, ...make(sound.log, sound, clock) } })
}

let commits = 0

/** A commit id that nobody used. */
export function freshId(): CommitId {
  commits += 1
  return `fresh-${commits}` as CommitId
}
