/** What can be read of one space: the storage port's readers, with access and space filled in. Types only. */
import type { Storage } from './storage.ts'

type Tail<Parameters> = Parameters extends readonly [unknown, unknown, ...infer Rest] ? Rest : never
type Bound<Reader> = {
  readonly [Name in keyof Reader]: Reader[Name] extends (...args: infer Parameters) => infer Result
    ? (...args: Tail<Parameters>) => Result
    : never
}

/** The readers of one space, one for each kind of record. */
export interface SpaceReads {
  /** Threads, by id or as a page. */
  readonly threads: Bound<Pick<Storage['threads'], 'get' | 'list'>>
  /** Messages and turns of a thread. */
  readonly messages: Bound<Omit<Storage['messages'], 'deletedIds' | 'deletedBehind'>>
  /** Blocks of working memory, their versions included. */
  readonly blocks: Bound<Storage['blocks']>
  /** Entries, their versions included. */
  readonly entries: Bound<Storage['entries']>
  /** Facts, their versions included. */
  readonly facts: Bound<Storage['facts']>
  /** Runs of agents and workflows. */
  readonly runs: Bound<Pick<Storage['runs'], 'get' | 'list'>>
  /** The log of commits. */
  readonly log: Bound<Pick<Storage['log'], 'read' | 'seqAt'>>
}
