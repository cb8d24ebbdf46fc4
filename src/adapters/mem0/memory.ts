/** Mem0's `Memory` over ours: its names, in both of its call forms, so that its programs change only an import. */
import { invalidInput, MemoryError } from '../../domain/error.ts'
import { isJsonObject } from '../../domain/json.ts'
import type { MessageLike } from '../../domain/records/message-input.ts'
import type { AddFactsOptions, FactEdit, ListFactsOptions, SearchFactsOptions } from '../../facade/facts.ts'
import { Memory as SharedMemory } from '../../facade/memory.ts'
import {
  addedOf,
  asMem0Memory,
  type Mem0Added,
  type Mem0Found,
  type Mem0Memory,
  type Mem0Step,
  stepsOf,
} from './answers.ts'
import { type Mem0Ids, readCall, readMem0Messages, readOptions } from './calls.ts'
import { type Mem0Options, readConfig, warnIgnored } from './config.ts'

/** How often an update is tried while others write to the memory; each failure means that another write succeeded. */
const updateTries = 50

type Filters = Readonly<Record<string, unknown>>

/** A message, with the name of its speaker if it has one. */
export type Mem0Message = MessageLike | { readonly role: string; readonly content: unknown; readonly name?: string }

/** Options of `add`. */
export interface Mem0AddOptions extends Mem0Ids {
  /** Stored with each memory; `filters` test it. */
  readonly metadata?: Readonly<Record<string, unknown>> | null
  /**
   * Whether the model extracts statements; otherwise each message is stored as it is. Default: true if there is a
   * `model`.
   */
  readonly infer?: boolean
  /** ISO time after which the memory is gone. Default: never. */
  readonly expiration_date?: string | null
  /** Another spelling of `expiration_date`. */
  readonly expirationDate?: string | null
  /** Ids only. */
  readonly filters?: Filters | null
}

/** Options of `search`. */
export interface Mem0SearchOptions extends Mem0Ids {
  /** Memories found at most, up to 1,000. Default: 20. */
  readonly limit?: number
  /** Another name for `limit`. */
  readonly top_k?: number
  /** Another name for `limit`. */
  readonly topK?: number
  /** Least score, from 0 to 1: how likely a memory answers the question. Default: 0. */
  readonly threshold?: number | null
  /** Ids, and conditions on the metadata, with `AND`, `OR`, `NOT` and operators with or without `$`. */
  readonly filters?: Filters | null
}

/** Options of `getAll`. */
export interface Mem0ListOptions extends Mem0Ids {
  /** Memories on one page, at most 1,000. Default: 100. */
  readonly limit?: number
  /** Where the next page begins, as the page before said. */
  readonly cursor?: string
  /** Ids, and conditions on the metadata, as in `search`. */
  readonly filters?: Filters | null
}

/** Options of `deleteAll`. */
export interface Mem0DeleteOptions extends Mem0Ids {
  /** Ids only. */
  readonly filters?: Filters | null
}

type Named<Name extends string, Value> = { readonly [Key in Name]: Value }
type MemoryId = string | { readonly memory_id: string } | { readonly memoryId: string }
const idNames = ['memory_id', 'memoryId']

function memoryId(value: unknown): string {
  const [id] = readCall(value, undefined, idNames)
  if (typeof id === 'string') return id
  throw invalidInput('memory_id', 'must be a string', id, 'Pass the id of a memory.')
}

/** What an update changes: `data` is Mem0's other word for the text. */
function editOf(edit: unknown): string | FactEdit {
  if (typeof edit === 'string') return edit
  const { data, ...options } = readOptions(edit, 'update')
  if (data !== undefined && options.text !== undefined) {
    throw invalidInput('data', 'must not go with text', data, 'They are two names for one thing: pass one of them.')
  }
  const text = data ?? options.text
  return { ...options, ...(text === undefined ? {} : { text: text as string }) }
}

/**
 * Shared memory with Mem0's names. A memory belongs to the first given of `user_id`, `team_id`, `agent_id` and `run_id`;
 * the others must match. Unlike in Mem0, `search({ agent_id })` therefore never looks into the memories of users.
 */
export class Memory implements AsyncDisposable {
  /** The memory underneath, for everything else: conversations, team memory, conflicts between facts. */
  readonly shared: SharedMemory

  /**
   * Wraps a memory. Nothing is opened yet.
   *
   * @param memory A memory, or the options to make one with, or a configuration of Mem0: its models are taken, and one warning
   *   names what has no counterpart here. Default storage: `./aquifer.db`.
   * @throws MemoryError `invalid-input` for an unknown or wrong option.
   */
  constructor(memory: SharedMemory | Mem0Options = {}) {
    if (memory instanceof SharedMemory) this.shared = memory
    else {
      const { options, ignored } = readConfig(memory)
      this.shared = new SharedMemory(options)
      warnIgnored(ignored)
    }
  }

  /** Adds the statements of messages, or one text; `add({ messages, … })` is the same. */
  add(call: Named<'messages', Mem0Message | readonly Mem0Message[]> & Mem0AddOptions): Promise<{ results: Mem0Added[] }>
  add(messages: Mem0Message | readonly Mem0Message[], options?: Mem0AddOptions): Promise<{ results: Mem0Added[] }>
  async add(first: unknown, second?: unknown): Promise<{ results: Mem0Added[] }> {
    const [messages, options] = readCall(first, second, ['messages'])
    const read = readOptions(options, 'add') as AddFactsOptions
    const added = await this.shared.facts.add(readMem0Messages(messages), read)
    return { ...added, results: added.results.map(addedOf) }
  }

  /** Finds memories; `search({ query, … })` is the same. */
  search(call: Named<'query', string> & Mem0SearchOptions): Promise<{ results: Mem0Found[] }>
  search(query: string, options?: Mem0SearchOptions): Promise<{ results: Mem0Found[] }>
  async search(first: unknown, second?: unknown): Promise<{ results: Mem0Found[] }> {
    const [query, options] = readCall(first, second, ['query'])
    const read = readOptions(options, 'search') as SearchFactsOptions
    const { results, ...found } = await this.shared.facts.search(query as string, read)
    return { ...found, results: results.map((fact) => ({ ...asMem0Memory(fact), score: fact.relevance })) }
  }

  /** The memory of that id, or null. */
  async get(id: MemoryId): Promise<Mem0Memory | null> {
    const fact = await this.shared.facts.get(memoryId(id))
    return fact === null ? null : asMem0Memory(fact)
  }

  /** The newest 100 memories, or `limit`; pass `next_cursor` as `cursor` for more. */
  async getAll(options?: Mem0ListOptions): Promise<{ results: Mem0Memory[]; next_cursor?: string }> {
    const { results, nextCursor } = await this.shared.facts.getAll(readOptions(options, 'getAll') as ListFactsOptions)
    return { results: results.map(asMem0Memory), ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }) }
  }

  /** The same as {@link getAll}. */
  get_all(options?: Mem0ListOptions): Promise<{ results: Mem0Memory[]; next_cursor?: string }> {
    return this.getAll(options)
  }

  /** Changes a memory in place: a text, or `{ text | data, metadata }`. Metadata are added to those that are there. */
  update(call: Exclude<MemoryId, string> & (Named<'data', string> | FactEdit)): Promise<{ message: string }>
  update(id: string, edit: string | Named<'data', string> | FactEdit): Promise<{ message: string }>
  async update(first: unknown, second?: unknown): Promise<{ message: string }> {
    const isText = typeof second === 'string'
    const [id, edit] = isText ? [memoryId(first), second] : readCall(first, second, idNames)
    await this.#update(memoryId(id), editOf(edit))
    return { message: 'Memory updated successfully!' }
  }

  /** Adds to the metadata that are there, as Mem0 does. If others change the memory meanwhile, it is read again. */
  async #update(id: string, edit: string | FactEdit): Promise<void> {
    const { facts } = this.shared
    const metadata = typeof edit === 'string' ? undefined : edit.metadata
    for (let tries = 0; tries < updateTries; tries++) {
      const before = metadata === undefined ? null : await facts.get(id)
      if (before === null || !isJsonObject(metadata)) {
        await facts.update(id, edit)
        return
      }
      const whole = { ...(edit as FactEdit), metadata: { ...before.metadata, ...metadata } }
      const { status } = await facts.update(id, whole, { ifVersion: before.version })
      if (status === 'updated') return
    }
    throw new MemoryError('unavailable', {
      message: 'Others changed this memory at each attempt to update it.',
      fix: 'Update it again.',
      details: { memory_id: id },
    })
  }

  /** Removes a memory. */
  async delete(id: MemoryId): Promise<{ message: string; deleted: boolean }> {
    const { deleted } = await this.shared.facts.delete(memoryId(id))
    return { message: deleted ? 'Memory deleted successfully!' : 'There was no such memory.', deleted }
  }

  /** Removes all memories that have these ids. At least one is required. */
  async deleteAll(options?: Mem0DeleteOptions): Promise<{ message: string; deleted: number }> {
    const { deleted } = await this.shared.facts.deleteAll(readOptions(options, 'deleteAll'))
    return { message: 'Memories deleted successfully!', deleted }
  }

  /** The same as {@link deleteAll}. */
  delete_all(options?: Mem0DeleteOptions): Promise<{ message: string; deleted: number }> {
    return this.deleteAll(options)
  }

  /** What happened to a memory, newest first. */
  async history(id: MemoryId): Promise<Mem0Step[]> {
    const factId = memoryId(id)
    return stepsOf(factId, await this.shared.facts.history(factId))
  }

  /**
   * Refused: it would remove the memories of everybody, in one call that cannot be undone.
   *
   * @throws MemoryError `unsupported`, always.
   */
  async reset(): Promise<never> {
    throw new MemoryError('unsupported', {
      message: 'reset() would remove the memories of all users, teams and agents.',
      fix: 'Remove those of one with deleteAll({ user_id }), or close the memory and remove its file.',
      details: { method: 'reset' },
    })
  }

  /** Closes the storage. A memory that was passed in is closed too. */
  close(): Promise<void> {
    return this.shared.close()
  }

  /** The same as {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
