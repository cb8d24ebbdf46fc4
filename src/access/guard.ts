/** A storage that checks access before every read and every commit, and otherwise is the storage it guards. */
import type { Access, Right } from '../domain/actor.ts'
import type { Commit } from '../domain/commit/commit.ts'
import { MemoryError, shown } from '../domain/error.ts'
import type { SpaceId } from '../domain/id.ts'
import type { FactReader, ReceiptReader, RunReader, Storage, ThreadReader } from '../ports/storage.ts'
import { isGranted, isGrantedBelow, requireAdministrator, requireRight, rightFor } from './grants.ts'

type SpaceRead<Rest extends readonly unknown[], Result> = (
  access: Access,
  space: SpaceId,
  ...rest: Rest
) => Promise<Result>

/** The read, refused without the right in its space. */
function guarded<Rest extends readonly unknown[], Result>(read: SpaceRead<Rest, Result>, right: Right = 'read') {
  const checked: SpaceRead<Rest, Result> = (access, space, ...rest) => {
    if (access.grants === 'all') return read(access, space, ...rest)
    return refusing(() => requireRight(access, right, space)).then(() => read(access, space, ...rest))
  }
  return checked
}

/** A check whose refusal is a rejection, as all refusals of the port are. */
async function refusing(check: () => void): Promise<void> {
  check()
}

/** For reads across spaces. */
function administered<Rest extends readonly unknown[], Result>(
  read: (access: Access, ...rest: Rest) => Promise<Result>,
) {
  return async (access: Access, ...rest: Rest): Promise<Result> => {
    requireAdministrator(access)
    return read(access, ...rest)
  }
}

/** The index of a storage: an actor that may read a space may search it, and only administrators make vectors. */
function guardIndex({ index, vectors }: Storage): Pick<Storage, 'index' | 'vectors'> {
  return {
    index: { scan: guarded(index.scan), entryWords: guarded(index.entryWords), read: guarded(index.read) },
    vectors: {
      embeddings: (access) => vectors.embeddings(access),
      addEmbedding: administered(vectors.addEmbedding),
      activate: administered(vectors.activate),
      put: guarded(vectors.put, 'administer'),
      claimWork: administered(vectors.claimWork),
      finishWork: guarded(vectors.finishWork, 'administer'),
      openWork: administered(vectors.openWork),
      releaseWork: administered(vectors.releaseWork),
    },
  }
}

function guardThreads(threads: ThreadReader): ThreadReader {
  return {
    get: guarded(threads.get),
    list: guarded(threads.list),
    find: async (access, threadId, limit) => {
      const found = await threads.find(access, threadId, limit)
      return found.filter(({ space }) => isGranted(access, 'read', space))
    },
    homes: async (access, threadId, limit) => {
      const homes = await threads.homes(access, threadId, limit)
      return homes.filter((space) => isGranted(access, 'erase', space))
    },
    copies: async (access, source, limit) => {
      const copies = await threads.copies(access, source, limit)
      return copies.filter(({ space }) => isGranted(access, 'read', space))
    },
  }
}

function guardFacts(facts: FactReader): FactReader {
  return {
    get: guarded(facts.get),
    list: guarded(facts.list),
    history: guarded(facts.history),
    derivedFrom: guarded(facts.derivedFrom),
    conflicts: guarded(facts.conflicts),
    byText: guarded(facts.byText),
  }
}

function guardRuns(runs: RunReader): RunReader {
  return {
    get: guarded(runs.get),
    list: guarded(runs.list),
    waiting: administered(runs.waiting),
    mentioning: async (access, query) => {
      const { items, next } = await runs.mentioning(access, query)
      return { items: items.filter(({ space }) => isGranted(access, 'read', space)), next }
    },
  }
}

function guardReceipts({ get, list, asked }: ReceiptReader): ReceiptReader {
  // Only the caller of the erasure gets the id, and a receipt names nothing.
  return { get, list: administered(list), asked }
}

/** Spaces: those below one may be listed by who may read all of them, all others by administrators alone. */
function guardSpaces(spaces: Storage['spaces']): Storage['spaces'] {
  return {
    get: guarded(spaces.get),
    byKey: async (access, key) => {
      const space = await spaces.byKey(access, key)
      return space !== null && isGranted(access, 'read', space) ? space : null
    },
    list: async (access, query) => {
      const isBelow = query.prefix.endsWith('/')
      const parent = `${query.kind}/${query.prefix.slice(0, -1)}`
      if (!isBelow || !isGrantedBelow(access, 'read', parent)) requireAdministrator(access)
      return spaces.list(access, query)
    },
    changedSince: administered(spaces.changedSince),
  }
}

/** Refuses to let an agent or a tool erase all that is held on a person, whatever it was granted. */
function refuseErasingPerson({ actor }: Access, { space, changes }: Commit): void {
  const [change] = changes
  if (change?.kind !== 'erase' || (actor.kind !== 'agent' && actor.kind !== 'tool')) return
  const isWhole = Object.entries(change).every(([field, value]) => field === 'kind' || value === undefined)
  if (!isWhole || !space.startsWith('resource/')) return
  throw new MemoryError('denied', {
    message: `${actor.kind} ${shown(actor.id)} may not erase all of ${shown(space)}.`,
    fix: 'Let the user or the application forget it.',
    details: { right: 'erase', space },
  })
}

function requireErasing(access: Access, commit: Commit): void {
  requireRight(access, 'erase', commit.space)
  refuseErasingPerson(access, commit)
}

/** Wraps a storage so that no reader and no commit passes without the grant it takes. */
export function guardStorage(storage: Storage): Storage {
  const { spaces, threads, messages, blocks, entries, facts, runs, records, log } = storage
  return {
    id: storage.id,
    commit: (access, commit, limits) => {
      refuseErasingPerson(access, commit)
      if (access.grants !== 'all') {
        for (const change of commit.changes) requireRight(access, rightFor(change), commit.space)
      }
      return storage.commit(access, commit, limits)
    },
    renewLease: guarded(storage.renewLease.bind(storage), 'write'),
    due: administered(storage.due.bind(storage)),
    erase: async (access, commit, limits, note) => {
      if (commit !== null) requireErasing(access, commit)
      for (const change of commit?.changes ?? []) requireRight(access, rightFor(change), (commit as Commit).space)
      return storage.erase(access, commit, limits, note)
    },
    reclaim: administered(storage.reclaim.bind(storage)),
    receipts: guardReceipts(storage.receipts),
    compact: guarded(storage.compact.bind(storage), 'administer'),
    spaces: guardSpaces(spaces),
    threads: guardThreads(threads),
    messages: {
      list: guarded(messages.list),
      find: guarded(messages.find),
      deletedIds: guarded(messages.deletedIds),
      deletedBehind: guarded(messages.deletedBehind),
      openTurns: guarded(messages.openTurns),
      turn: guarded(messages.turn),
    },
    blocks: {
      get: guarded(blocks.get),
      list: guarded(blocks.list),
      history: guarded(blocks.history),
      at: guarded(blocks.at),
    },
    entries: {
      get: guarded(entries.get),
      list: guarded(entries.list),
      history: guarded(entries.history),
      at: guarded(entries.at),
    },
    facts: guardFacts(facts),
    runs: guardRuns(runs),
    records: { get: guarded(records.get), list: guarded(records.list), labelled: guarded(records.labelled) },
    log: {
      read: guarded(log.read),
      seqAt: guarded(log.seqAt),
      subscribe: log.subscribe,
    },
    ...guardIndex(storage),
    cacheUse: () => storage.cacheUse(),
    close: () => storage.close(),
  }
}
