/** Notes for the record of a run what its tools read and wrote in memory, in whichever space. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Change, ChangeResult, CommitResult } from '../../domain/commit/commit.ts'
import type { SpaceId } from '../../domain/id.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { RecordAddress } from '../../domain/records/address.ts'
import { NotedRecords } from '../../domain/records/noted.ts'
import type { FoundRecord, Storage } from '../../ports/storage.ts'

/** The notes of one run. */
export class RunNotes {
  readonly read = new NotedRecords()
  readonly wrote = new NotedRecords()

  /** For the details of the run; empty if its tools used no memory. */
  get details(): JsonObject {
    const [read, wrote] = [this.read.details, this.wrote.details]
    return { ...(read === null ? {} : { read }), ...(wrote === null ? {} : { wrote }) }
  }
}

/** The notes of the work around this code. A tool's own Memory is noted too, so this is no argument. */
const notesAround = new AsyncLocalStorage<readonly RunNotes[]>()

/** Does some work, and notes what it reads and writes; also for the work around it. */
export function noting<Result>(notes: RunNotes, act: () => Result): Result {
  return notesAround.run([...(notesAround.getStore() ?? []), notes], act)
}

/** Whether somebody notes what is read here. */
export function isNoting(): boolean {
  return notesAround.getStore() !== undefined
}

/** The records that a change wrote; none for changes of other kinds. */
function written(space: SpaceId, change: Change, result: ChangeResult): readonly RecordAddress[] {
  if (result.kind === 'fact-assert') return [{ kind: 'fact', space, id: result.factId }]
  if ('key' in result && 'pruned' in result) return [{ kind: 'entry', space, key: result.key }]
  if (change.kind === 'block-write' || change.kind === 'block-merge') {
    const thread = change.threadId === undefined ? {} : { threadId: change.threadId }
    return [{ kind: 'working-memory', space, ...thread, name: change.name }]
  }
  if (change.kind === 'message-append' && result.kind === 'message-append') {
    return result.messages.map(({ id }) => ({ kind: 'message', space, threadId: change.threadId, id }))
  }
  if (change.kind !== 'message-extend' && change.kind !== 'message-edit') return []
  return [{ kind: 'message', space, threadId: change.threadId, id: change.messageId }]
}

function noteCommit(space: SpaceId, changes: readonly Change[], result: CommitResult): void {
  const around = notesAround.getStore()
  if (around === undefined || result.status !== 'committed') return
  for (const [index, change] of changes.entries()) {
    const answer = result.results[index]
    if (answer === undefined) continue
    for (const address of written(space, change, answer)) {
      for (const notes of around) notes.wrote.add(address, result.seq)
    }
  }
}

function noteRead(addresses: () => readonly RecordAddress[]): void {
  const around = notesAround.getStore()
  if (around === undefined) return
  for (const address of addresses()) for (const notes of around) notes.read.add(address)
}

/** A read that notes the records which it returned. */
function noted<Rest extends readonly unknown[], Result>(
  read: (access: Parameters<Storage['facts']['get']>[0], space: SpaceId, ...rest: Rest) => Promise<Result>,
  addresses: (space: SpaceId, result: Result, rest: Rest) => readonly RecordAddress[],
): typeof read {
  return (access, space, ...rest) => {
    const found = read(access, space, ...rest)
    // Outside of tools a read must not wait for another step of the event loop.
    if (notesAround.getStore() === undefined) return found
    return found.then((result) => {
      noteRead(() => addresses(space, result, rest))
      return result
    })
  }
}

const factAddress = (space: SpaceId, id: string): RecordAddress => ({ kind: 'fact', space, id })
const entryAddress = (space: SpaceId, key: string): RecordAddress => ({ kind: 'entry', space, key })
const blockAddress = (space: SpaceId, threadId: string | null, name: string): RecordAddress => {
  return { kind: 'working-memory', space, ...(threadId === null ? {} : { threadId }), name }
}
const messageAddress = (space: SpaceId, { threadId, id }: { threadId: string; id: string }): RecordAddress => {
  return { kind: 'message', space, threadId, id }
}

function foundAddress(space: SpaceId, found: FoundRecord): RecordAddress {
  if (found.kind === 'message') return messageAddress(space, found.message)
  if (found.kind === 'fact') return factAddress(space, found.fact.id)
  if (found.kind === 'observation') return { kind: found.kind, space, id: found.id }
  return entryAddress(space, found.entry.key)
}

/** A storage that notes what tools read and write of it, and otherwise is the storage it wraps. */
export function notedStorage(storage: Storage): Storage {
  const { facts, entries, blocks, messages, index } = storage
  return {
    ...storage,
    commit: (access, commit, limits) => {
      const answered = storage.commit(access, commit, limits)
      if (notesAround.getStore() === undefined) return answered
      return answered.then((result) => {
        noteCommit(commit.space, commit.changes, result)
        return result
      })
    },
    facts: {
      ...facts,
      get: noted(facts.get, (space, { record }) => (record === null ? [] : [factAddress(space, record.id)])),
      list: noted(facts.list, (space, { items }) => items.map(({ id }) => factAddress(space, id))),
      history: noted(facts.history, (space, _, [id]) => [factAddress(space, id)]),
      derivedFrom: noted(facts.derivedFrom, (space, { items }) => items.map(({ id }) => factAddress(space, id))),
      conflicts: noted(facts.conflicts, (space, { items }) => items.map(({ id }) => factAddress(space, id))),
    },
    entries: {
      get: noted(entries.get, (space, { record }, [key]) => (record === null ? [] : [entryAddress(space, key)])),
      list: noted(entries.list, (space, { items }) => items.map(({ key }) => entryAddress(space, key))),
      history: noted(entries.history, (space, _, [key]) => [entryAddress(space, key)]),
      at: noted(entries.at, (space, _, [key]) => [entryAddress(space, key)]),
    },
    blocks: {
      get: noted(blocks.get, (space, _, [threadId, name]) => [blockAddress(space, threadId, name)]),
      list: noted(blocks.list, (space, { items }, [threadId]) => {
        return items.map(({ name }) => blockAddress(space, threadId, name))
      }),
      history: noted(blocks.history, (space, _, [threadId, name]) => [blockAddress(space, threadId, name)]),
      at: noted(blocks.at, (space, _, [threadId, name]) => [blockAddress(space, threadId, name)]),
    },
    messages: {
      ...messages,
      list: noted(messages.list, (space, { items }) => items.map(({ message }) => messageAddress(space, message))),
      find: noted(messages.find, (space, found) => found.map(({ message }) => messageAddress(space, message))),
    },
    index: {
      ...index,
      read: noted(index.read, (space, found) => {
        return found.flatMap((one) => (one === null ? [] : [foundAddress(space, one)]))
      }),
    },
  }
}
