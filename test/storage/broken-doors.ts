// Drivers that are wrong on purpose, each in one way, at the door.
import type { Change, Commit, CommitResult } from '../../src/domain/commit/commit.ts'
import type { SpaceId } from '../../src/domain/id.ts'
import { type JsonObject, mergeJson } from '../../src/domain/json.ts'
import type { Storage } from '../../src/ports/storage.ts'
import { alice } from '../../src/testing/contract/contract-case.ts'
import { type BrokenDrivers, changed, changedBy, door, freshId } from './broken-driver.ts'
import { openReference } from './drivers.ts'

/** Wrong at the door: what they commit, and what they answer. */
export const brokenDoors: BrokenDrivers = {
  'forgets commit ids': [
    'a retry of entry-increment gets the first answer',
    door((commit) => (access, submitted, limits) => commit(access, { ...submitted, id: freshId() }, limits)),
  ],
  'replays a known id with other content': [
    'a known commit id with other content or another actor is refused',
    door((commit) => {
      const answers = new Map<string, CommitResult>()
      return async (access, submitted, limits) => {
        const key = `${submitted.space} ${submitted.id}`
        const known = answers.get(key)
        if (known?.status === 'committed') return { ...known, replayed: true }
        const answer = await commit(access, submitted, limits)
        answers.set(key, answer)
        return answer
      }
    }),
  ],
  'answers stale versions': [
    'entries answer version, value, expiry and pruned keys',
    door((commit) => async (...call) => {
      const answer = await commit(...call)
      if (answer.status === 'conflict') return answer
      const stale = answer.results.map((one) => ('version' in one ? { ...one, version: one.version - 1 } : one))
      return { ...answer, results: stale }
    }),
  ],
  'lets expectations pass': [
    'version of an entry: holds, then is refused with the actual version',
    door(
      (commit) =>
        (access, { expect: _, ...submitted }, limits) =>
          commit(access, submitted, limits),
    ),
  ],
  'looks only at the first expectation': [
    'one failed expectation refuses all, and only the failed are named',
    door((commit) => (access, submitted, limits) => {
      const expect = submitted.expect?.slice(0, 1)
      return commit(access, { ...submitted, ...(expect === undefined ? {} : { expect }) }, limits)
    }),
  ],
  'hides what it was asked to erase': [
    'erasing a thread takes its messages, blocks, title and metadata, and leaves all else of the same commits',
    changed((change) => {
      const [threadId] = change.kind === 'erase' ? (change.threadIds ?? []) : []
      return threadId === undefined ? change : { kind: 'thread-delete', threadId }
    }),
  ],
  'erases only the present value of a key': [
    'erasing a key takes all of its versions and its name, live or deleted, swept or pruned',
    changed((change) => {
      const [key] = change.kind === 'erase' ? (change.keys ?? []) : []
      return key === undefined ? change : { kind: 'entry-delete', key }
    }),
  ],
  'erases a message in threads that were not meant': [
    'an id of a caller’s is erased in every thread, or in one',
    changed((change) => {
      if (change.kind !== 'erase' || change.messageIds === undefined) return change
      return { kind: 'erase', messageIds: change.messageIds }
    }),
  ],
  'loses the last change of a commit': [
    'all kinds of change go into one commit, in one space and one thread',
    door((commit) => (access, submitted, limits) => {
      const { changes } = submitted
      return commit(access, { ...submitted, changes: changes.length > 1 ? changes.slice(0, -1) : changes }, limits)
    }),
  ],
  'keeps half a batch': [
    'a change that cannot apply takes its whole commit with it',
    door((commit) => async (access, submitted, limits) => {
      try {
        return await commit(access, submitted, limits)
      } catch (error) {
        for (const change of submitted.changes) {
          await commit(access, { ...submitted, id: freshId(), changes: [change] }, limits).catch(() => null)
        }
        throw error
      }
    }),
  ],
  'takes a seq for a refused commit': [
    'commits of one tick stand each alone',
    door((commit, sound) => async (access, submitted, limits) => {
      try {
        return await commit(access, submitted, limits)
      } catch (error) {
        const configure: Change = { kind: 'configure', settings: {} }
        if ((await sound.spaces.get(access, submitted.space)) !== null) {
          await commit(access, { id: freshId(), space: submitted.space, changes: [configure] }, limits)
        }
        throw error
      }
    }),
  ],
  'fails a whole group for one of its members': [
    'commits of one tick stand each alone',
    door((commit) => {
      let group: Promise<unknown>[] = []
      return async (...call) => {
        const mine = commit(...call)
        group.push(mine)
        const members = group
        await Promise.resolve()
        group = []
        await Promise.all(members)
        return mine
      }
    }),
  ],
  'applies commits of one tick in any order': [
    'commits of one tick apply in the order of their arrival',
    door((commit) => {
      let arrivals = 0
      return async (...call) => {
        if (arrivals++ % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
        return commit(...call)
      }
    }),
  ],
  'lets background commits create': [
    'background commits never create a space, a thread or a turn',
    door(
      (commit) =>
        (access, { background: _, ...submitted }, limits) =>
          commit(access, submitted, limits),
    ),
  ],
  'merges before the commit instead of inside': [
    'parallel merges, appends and increments all survive',
    changedBy(async (change, { space }, access, sound) => {
      if (change.kind !== 'entry-merge') return change
      const { record } = await sound.entries.get(access, space, change.key)
      await new Promise((resolve) => setTimeout(resolve, 0))
      const { patch, ...rest } = change
      return { ...rest, kind: 'entry-write', value: mergeJson(record?.value ?? {}, patch) }
    }),
  ],
  'merges shallowly': [
    'merge is deep: objects recurse, arrays and scalars replace, null deletes',
    changedBy(async (change, { space }, access, sound) => {
      if (change.kind !== 'entry-merge') return change
      const { record } = await sound.entries.get(access, space, change.key)
      const { patch, ...rest } = change
      return { ...rest, kind: 'entry-write', value: { ...(record?.value as JsonObject), ...patch } }
    }),
  ],
  'stores the id of a message no more than the message': [
    'a message id is stored once in its thread',
    changed((change) => {
      if (change.kind !== 'message-append') return change
      return { ...change, messages: change.messages.map(({ id: _, ...message }) => message) }
    }),
  ],
  'saves the first message of a batch only': [
    'a thread counts its messages and knows when the last was saved',
    changed((change) =>
      change.kind === 'message-append' ? { ...change, messages: change.messages.slice(0, 1) } : change,
    ),
  ],
  'moves a message to the space that saves its id again': [
    'the same id in another thread or space is another message, and touches nobody else’s',
    door((commit, sound) => async (access, submitted, limits) => {
      const spaces = (['team', 'resource'] as const).map((kind) =>
        sound.spaces.list(access, { kind, prefix: '', after: null, limit: 100 }),
      )
      const saves = submitted.changes.flatMap((change) => (change.kind === 'message-append' ? change.messages : []))
      for (const { id: space } of (await Promise.all(spaces)).flat()) {
        for (const { id } of saves) {
          const places = id === undefined ? [] : await sound.messages.find(access, space, id)
          for (const { message } of places) {
            const { threadId } = message
            const changes: Change[] = [{ kind: 'message-delete', threadId, messageIds: [message.id] }]
            if (space !== submitted.space) await commit(access, { id: freshId(), space, changes }, limits)
          }
        }
      }
      return commit(access, submitted, limits)
    }),
  ],
  'forgets to hide replaced turns': [
    'a replaced turn leaves the lists and frees its ids',
    changed((change) => {
      if (change.kind !== 'turn-open') return change
      const { replaces: _, ...open } = change
      return open
    }),
  ],
  'accepts steps of another actor': [
    'only the actor that opened a turn continues it',
    door((commit) => (access, submitted, limits) => commit({ ...access, actor: alice }, submitted, limits)),
  ],
  'closes the live turn of another': [
    'others may close a turn as interrupted, once its lease is over',
    door((commit, sound) => async (access, submitted, limits) => {
      const [change] = submitted.changes
      if (change?.kind !== 'turn-close') return commit(access, submitted, limits)
      const [open] = await sound.messages.openTurns(access, submitted.space, change.threadId)
      return commit({ ...access, actor: open?.lease.holder ?? access.actor }, submitted, limits)
    }),
  ],
  'takes a lease that is held': [
    'a lease held is refused to others until it is over, and stolen on demand',
    changed((change) => (change.kind === 'lease-take' ? { ...change, steal: true } : change)),
  ],
  'renews a lease that is lost': ['a lease lost is not renewed', () => ({ renewLease: async () => true })],
  'keeps a thread in the lists after its deletion': [
    'a deleted thread is gone from every reader',
    changed((change) => (change.kind === 'thread-delete' ? { ...change, kind: 'thread-put', archived: true } : change)),
  ],
  'begins again at 1 after an erasure': [
    'a space made again begins above all that was erased',
    (first, clock) => {
      let sound = Promise.resolve(first)
      const lives: Promise<Storage>[] = [sound]
      return {
        commit: async (access, commit, limits) => {
          if (commit.changes[0]?.kind === 'erase') {
            sound = openReference(clock)
            lives.push(sound)
          }
          return (await sound).commit(access, commit, limits)
        },
        spaces: { ...first.spaces, get: async (...call) => (await sound).spaces.get(...call) },
        close: async () => {
          for (const life of lives) await (await life).close()
        },
      }
    },
  ],
  'erases what only begins with the name': [
    'erasing a space takes all of it and its children, and nothing else',
    door((commit, sound) => async (access, submitted, limits) => {
      if (submitted.changes[0]?.kind === 'erase') {
        const spaces = await sound.spaces.list(access, { kind: 'team', prefix: '', after: null, limit: 100 })
        for (const { id: space } of spaces) {
          const isNeighbour = space.startsWith(`${submitted.space}-`)
          if (isNeighbour) await commit(access, { ...submitted, space, id: freshId() }, limits)
        }
      }
      return commit(access, submitted, limits)
    }),
  ],
  'gives every space one store of keys': [
    'spaces share no key, thread, message, block, lease or commit id',
    (sound) => {
      const shared = 'team/shared' as SpaceId
      const isEntries = (commit: Commit) => commit.changes.every((change) => change.kind.startsWith('entry-'))
      return {
        commit: (access, commit, limits) =>
          sound.commit(access, isEntries(commit) ? { ...commit, space: shared } : commit, limits),
        entries: { ...sound.entries, get: (access, _, key) => sound.entries.get(access, shared, key) },
      }
    },
  ],
}
