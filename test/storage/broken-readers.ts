// Drivers that are wrong on purpose, each in one way, about what is stored.

import type { Access } from '../../src/domain/actor.ts'
import type { Change } from '../../src/domain/commit/commit.ts'
import type { LoggedCommit, LogRow } from '../../src/domain/commit/effect.ts'
import { parseTurnId, type SpaceId } from '../../src/domain/id.ts'
import { wordsOfEntries } from '../../src/domain/index/entry-words.ts'
import type { WordSegment } from '../../src/domain/index/word-segment.ts'
import type { Json } from '../../src/domain/json.ts'
import { limitTable } from '../../src/domain/limits.ts'
import type { EntryState } from '../../src/domain/records/entry.ts'
import { isoTime, msOf } from '../../src/domain/time.ts'
import type { PlacedMessage } from '../../src/ports/storage.ts'
import {
  type BrokenDrivers,
  changed,
  changedBy,
  door,
  entryReader,
  freshId,
  logReader,
  messageReader,
  threadReader,
} from './broken-driver.ts'

/** Wrong about what is stored: limits, expiry, lists, the past, the log. */
export const brokenReaders: BrokenDrivers = {
  'forgets that a message was deleted': [
    'a deleted, discarded or forgotten message leaves a tombstone of its id, and of nothing else',
    messageReader(() => ({ deletedIds: async () => [] })),
  ],
  'does not know of messages that were deleted behind a place': [
    'that messages behind a place are gone is known, however they went',
    messageReader(() => ({ deletedBehind: async () => null })),
  ],
  'takes an id of another thread for a deleted one': [
    'a deleted, discarded or forgotten message leaves a tombstone of its id, and of nothing else',
    messageReader((messages) => ({
      deletedIds: (access, space, _, ids) => messages.deletedIds(access, space, 't', ids),
    })),
  ],
  'keeps the words of an entry as they once were': [
    'an entry is found by its key and the words of its present value, however it came to it',
    (sound) => {
      let known: readonly WordSegment[] = []
      const entryWords = async (access: Access, space: SpaceId) => {
        if (known.length === 0) known = await sound.index.entryWords(access, space)
        return known
      }
      return { index: { ...sound.index, entryWords } }
    },
  ],
  'finds entries by their words after they have expired': [
    'an expired entry has no words at once, and a pruned one has none',
    (sound) => {
      const entryWords = async (access: Access, space: SpaceId) => {
        const { items } = await sound.entries.list(access, space, { prefix: '', after: null, limit: 1_000 })
        for (const entry of items) seen.set(entry.key, entry)
        return wordsOfEntries(seen.values(), 'english', '')
      }
      const seen = new Map<string, EntryState>()
      return { index: { ...sound.index, entryWords } }
    },
  ],
  'takes a commit at exactly a time for a later one': [
    'spaces with a commit after a time are named once each, in pages of every size',
    (sound) => ({
      spaces: {
        ...sound.spaces,
        changedSince: (access, query) => {
          return sound.spaces.changedSince(access, { ...query, at: isoTime(msOf(query.at) - 1) })
        },
      },
    }),
  ],
  'ends with the first page of changed spaces': [
    'spaces with a commit after a time are named once each, in pages of every size',
    (sound) => ({
      spaces: {
        ...sound.spaces,
        changedSince: async (...call) => ({ ...(await sound.spaces.changedSince(...call)), next: null }),
      },
    }),
  ],
  'lists entries that were made later than asked for': [
    'entries as of a seq are those that were there, as they are now',
    entryReader((entries) => ({
      list: async (access, space, { asOf, ...query }) => {
        const page = await entries.list(access, space, query)
        return { ...page, asOf: asOf ?? page.asOf }
      },
    })),
  ],
  'takes an entry that was changed since for a later one': [
    'entries as of a seq are those that were there, as they are now, within one millisecond',
    entryReader((entries) => ({
      list: async (access, space, query) => {
        const page = await entries.list(access, space, query)
        return { ...page, items: page.items.filter(({ version }) => version <= (query.asOf ?? version)) }
      },
    })),
  ],
  'lists blocks that were made later than asked for': [
    'blocks as of a seq are those that were there, of a space and of a thread',
    (sound) => ({
      blocks: {
        ...sound.blocks,
        list: async (access, space, threadId, query) => {
          const page = await sound.blocks.list(access, space, threadId)
          return { ...page, asOf: query?.asOf ?? page.asOf }
        },
      },
    }),
  ],
  'answers a list as of a seq whose log is gone': [
    'lists as of the horizon are whole, and below it they are refused',
    entryReader((entries, sound) => ({
      list: async (access, space, { asOf, ...query }) => {
        const { horizon = 0 } = (await sound.spaces.get(access, space)) ?? {}
        const then = asOf === undefined ? {} : { asOf: Math.max(asOf, horizon) }
        const page = await entries.list(access, space, { ...query, ...then })
        return { ...page, asOf: asOf ?? page.asOf }
      },
    })),
  ],
  'does not prune': [
    'a new key prunes the least recently written, whatever was read or created first',
    changed((change) => {
      if (change.kind !== 'configure') return change
      return { ...change, settings: { ...change.settings, entriesPerSpace: limitTable.entriesPerSpace.max } }
    }),
  ],
  'prunes the key written last': [
    'a new key prunes the least recently written, whatever was read or created first',
    door((commit, sound) => async (access, submitted, limits) => {
      const state = await sound.spaces.get(access, submitted.space)
      const [change] = submitted.changes
      const query = { prefix: '', after: null, limit: 1_000 }
      const { items } = await sound.entries.list(access, submitted.space, query)
      const isFull = state !== null && items.length >= state.settings.entriesPerSpace
      const isNew = change?.kind === 'entry-write' && items.every((entry) => entry.key !== change.key)
      const last = items.toSorted((left, right) => right.version - left.version)[0]
      if (!isFull || !isNew || last === undefined) return commit(access, submitted, limits)
      const changes: Change[] = [{ kind: 'entry-delete', key: last.key }, ...submitted.changes]
      const answer = await commit(access, { ...submitted, changes }, limits)
      return answer.status === 'committed' ? { ...answer, results: answer.results.slice(1) } : answer
    }),
  ],
  'prunes keys under a lease': [
    'pruning never takes a key under a lease',
    changed((change) => (change.kind === 'lease-take' ? { ...change, name: `x-${change.name}` } : change)),
  ],
  'reads expired entries until they are swept': [
    'an expired entry is absent at once: for reads, lists and history’s present',
    entryReader((entries) => ({
      get: async (access, space, key) => {
        const found = await entries.get(access, space, key)
        const [last] = await entries.history(access, space, key, 1)
        if (found.record !== null || last === undefined || last.value === null) return found
        return { ...found, record: { key, value: last.value, version: last.version } as EntryState }
      },
    })),
  ],
  'does not renew the ttl of what is merged': [
    'merge, append and increment renew the entry’s own ttl',
    changedBy(async (change, { space }, access, sound, clock) => {
      if (change.kind !== 'entry-merge' || change.ttlMs !== undefined) return change
      const { record } = await sound.entries.get(access, space, change.key)
      const until = record?.expiresAt ?? null
      return until === null ? change : { ...change, ttlMs: Date.parse(until) - clock.now() }
    }),
  ],
  'takes the limit of the caller over the stored one': [
    'settings are those of the memory that made the space, and then win over others’',
    door((commit, sound) => async (access, submitted, limits) => {
      const { entriesPerSpace } = limits
      const configure: Change = { kind: 'configure', settings: { entriesPerSpace } }
      if ((await sound.spaces.get(access, submitted.space)) === null) return commit(access, submitted, limits)
      await commit(access, { id: freshId(), space: submitted.space, changes: [configure] }, limits)
      return commit(access, submitted, limits)
    }),
  ],
  'leaks a space into one whose name it begins': [
    'a list shows neither deleted keys nor those of another space',
    entryReader((entries, sound) => ({
      list: async (access, space, query) => {
        const spaces = await sound.spaces.list(access, { kind: 'team', prefix: '', after: null, limit: 100 })
        const own = spaces.filter(({ id }) => id.startsWith(space))
        const pages = await Promise.all(own.map(({ id }) => entries.list(access, id, query)))
        return { items: pages.flatMap((page) => page.items), asOf: 0, key: null, more: false }
      },
    })),
  ],
  'answers the patch where history wants the value': [
    'the history of an entry has every version, its value, and who made it',
    entryReader((entries, sound) => ({
      history: async (access, space, key, limit) => {
        const past = await entries.history(access, space, key, limit)
        const { items } = await sound.log.read(access, space, { after: 0, limit: 1_000 })
        return past.map((one) => {
          const effects = items.find((commit) => commit.seq === one.version)?.rows.flatMap((row) => row.effects)
          const patched = effects?.find((effect) => effect.kind === 'entry-merge' && effect.key === key)
          return patched?.kind === 'entry-merge' ? { ...one, value: patched.patch as Json } : one
        })
      },
    })),
  ],
  'answers the present where a seq of the past was asked for': [
    'the history of a block has every version and value',
    (sound) => ({
      blocks: {
        ...sound.blocks,
        at: (access, space, threadId, name) =>
          sound.blocks.history(access, space, threadId, name, 1).then(([last]) => last ?? null),
      },
    }),
  ],
  'loses what was current below the horizon': [
    'nothing that is current changes by one great compaction',
    entryReader((entries) => ({
      list: async (access, space, query) => {
        const page = await entries.list(access, space, query)
        const versions = await Promise.all(
          page.items.map((entry) => entries.history(access, space, entry.key, 5).then((past) => past.length > 1)),
        )
        return { ...page, items: page.items.filter((_, index) => versions[index]) }
      },
    })),
  ],
  'orders messages by their dates': [
    'times given on import serve dates, never order',
    messageReader((messages) => ({
      list: async (...call) => {
        const page = await messages.list(...call)
        const byDate = (left: PlacedMessage, right: PlacedMessage) =>
          left.message.createdAt < right.message.createdAt ? -1 : 1
        return { ...page, items: page.items.toSorted(byDate) }
      },
    })),
  ],
  'orders messages by commit instead of turn': [
    'messages stand by turn and place in it, however steps interleave',
    messageReader((messages) => ({
      list: async (...call) => {
        const page = await messages.list(...call)
        return { ...page, items: page.items.toSorted((left, right) => left.message.seq - right.message.seq) }
      },
    })),
  ],
  'pages messages as of now instead of the first page': [
    'messages asc, 1 at a time: pinned while others save, edit and open turns',
    messageReader((messages) => ({
      list: async (access, space, query) => {
        const page = await messages.list(access, space, { ...query, asOf: null })
        return { ...page, asOf: query.asOf ?? page.asOf }
      },
    })),
  ],
  'answers one message more than a page may hold': [
    'messages asc: pages of every size are the whole',
    messageReader((messages) => ({
      list: (access, space, query) => messages.list(access, space, { ...query, limit: query.limit + 1 }),
    })),
  ],
  'pages threads as of now instead of the first page': [
    'threads by lastMessageAt desc: no shift while threads are saved to and made',
    threadReader((threads, sound) => ({
      list: async (access, space, query) => {
        const asOf = (await sound.spaces.get(access, space))?.seq ?? 0
        const after = query.after === null ? null : { ...query.after, asOf }
        const page = await threads.list(access, space, { ...query, after })
        return { ...page, asOf: query.after?.asOf ?? page.asOf }
      },
    })),
  ],
  'counts the threads of a page as the total': [
    'threads by createdAt asc: pages of every size are the whole',
    threadReader((threads) => ({
      list: async (...call) => {
        const page = await threads.list(...call)
        return { ...page, total: page.items.length }
      },
    })),
  ],
  'filters threads as far as the first page and no further': [
    'threads by createdAt asc: a filter looks through so many at most',
    threadReader((threads) => ({
      list: async (access, space, query) => {
        const page = await threads.list(access, space, query)
        const isCut = query.metadata !== null && page.items.length < query.limit
        return isCut ? { ...page, more: false, next: null } : page
      },
    })),
  ],
  'takes the operators of a filter for values': [
    'a metadata filter is one of recall, and counts what matches',
    threadReader((threads) => ({
      list: (access, space, query) => {
        const fields = Object.entries(query.metadata ?? {}).map(([name, value]) => [name, { $eq: value }])
        return threads.list(access, space, { ...query, metadata: query.metadata && Object.fromEntries(fields) })
      },
    })),
  ],
  'lists archived threads among the others': [
    'archived threads are listed apart, or with the others',
    threadReader((threads) => ({
      list: (access, space, query) => threads.list(access, space, { ...query, archived: 'any' }),
    })),
  ],
  'reads a thread of another space': [
    'spaces share no key, thread, message, block, lease or commit id',
    threadReader((threads) => ({
      get: async (access, space, threadId) => {
        const [found] = await threads.find(access, threadId, 1)
        return { record: found?.thread ?? null, asOf: (await threads.get(access, space, threadId)).asOf }
      },
    })),
  ],
  'keeps erased content in the log': [
    'sweeping removes every value of an expired life from the log, and leaves that it happened',
    (sound) => {
      const first = new Map<number, LoggedCommit>()
      return {
        commit: async (access, commit, limits) => {
          const answer = await sound.commit(access, commit, limits)
          const query = { after: answer.seq - 1, limit: 1 }
          for (const one of (await sound.log.read(access, commit.space, query)).items) first.set(one.seq, one)
          return answer
        },
        log: {
          ...sound.log,
          read: async (...call) => {
            const page = await sound.log.read(...call)
            return { ...page, items: page.items.map((one) => first.get(one.seq) ?? one) }
          },
        },
      }
    },
  ],
  'leaves a gap in the log': [
    'the log is read in pages of every size, from any seq',
    logReader((log) => ({
      read: async (...call) => {
        const page = await log.read(...call)
        return { ...page, items: page.items.filter((one) => one.seq !== 4) }
      },
    })),
  ],
  'counts rows of the log as commits': [
    'a commit has one row for each turn it touches',
    logReader((log) => ({
      read: async (access, space, query) => {
        const page = await log.read(access, space, query)
        return { ...page, items: page.items.flatMap((one) => one.rows.map((row) => ({ ...one, rows: [row] }))) }
      },
    })),
  ],
  'lets time go back in the log': [
    'time never goes back within a space, whatever the clock does',
    logReader((log) => ({
      read: async (...call) => {
        const page = await log.read(...call)
        const unordered = (rows: readonly LogRow[]) => rows.map(({ logAt, ...row }) => row)
        return { ...page, items: page.items.map((one) => ({ ...one, rows: unordered(one.rows) })) }
      },
    })),
  ],
  'answers nothing below the horizon instead of an error': [
    'reading below the horizon is cursor-expired, with what to do instead',
    logReader((log) => ({
      read: (...call) => log.read(...call).catch(() => ({ items: [], asOf: 0, key: null, more: false })),
    })),
  ],
  'remembers commit ids below the horizon': [
    'commit ids below the horizon are forgotten, those above are known',
    (sound) => ({ compact: async (...call) => sound.compact(call[0], call[1], 0) }),
  ],
  'wakes nobody': [
    'followers wake for commits to their space, and for no other',
    logReader(() => ({ subscribe: () => () => {} })),
  ],
  'wakes followers of every space': [
    'followers wake for commits to their space, and for no other',
    (sound) => {
      const wakers = new Set<() => void>()
      return {
        commit: async (...call) => {
          const answer = await sound.commit(...call)
          for (const wake of wakers) wake()
          return answer
        },
        log: {
          ...sound.log,
          subscribe: (_, wake) => {
            wakers.add(wake)
            return () => wakers.delete(wake)
          },
        },
      }
    },
  ],
  'takes a prefix for a pattern': [
    'a prefix is taken literally',
    entryReader((entries) => ({
      list: async (access, space, query) => {
        const page = await entries.list(access, space, { ...query, prefix: '' })
        const pattern = new RegExp(`^${query.prefix.replaceAll('%', '.*').replaceAll('_', '.')}`)
        return { ...page, items: page.items.filter((entry) => pattern.test(entry.key)) }
      },
    })),
  ],
  'goes on after it was closed': [
    'closing waits for commits under way, and may be asked for twice',
    (sound) => {
      let isClosed = false
      return {
        commit: async (...call) => {
          if (isClosed) throw new Error('lost')
          await new Promise((resolve) => setTimeout(resolve, 1))
          if (isClosed) throw new Error('lost')
          return sound.commit(...call)
        },
        close: async () => {
          isClosed = true
        },
      }
    },
  ],
  'takes any id': [
    'a bad id is refused wherever it stands: a wildcard',
    changed((change) => ('key' in change && change.key === '*' ? { ...change, key: 'star' } : change)),
  ],
  'stores null for what is not JSON': [
    'what is not JSON is refused wherever it stands: NaN',
    changed((change) => JSON.parse(JSON.stringify(change))),
  ],
  'answers how a turn stood when it was opened': [
    'a turn is read by its id: where, by whom, for which run, how it ended, what replaced it',
    messageReader((messages) => ({
      turn: async (...call) => {
        const turn = await messages.turn(...call)
        return turn === null ? null : { ...turn, status: 'open' }
      },
    })),
  ],
  'reads turns wherever their id says they are': [
    'a turn is not read under another space, under a place where none is, or once its thread is gone',
    messageReader((messages, sound) => ({
      turn: async (access, space, turnId) => {
        const issued = parseTurnId(turnId)
        const home = issued === null ? null : await sound.spaces.byKey(access, issued.spaceKey)
        return messages.turn(access, home ?? space, turnId)
      },
    })),
  ],
}
