/** What the benchmark asks of every memory, ours and others alike. An adapter is one file that answers it. */
import type { Utterance } from '../corpus.ts'

export interface ThreadAddress {
  readonly threadId: string
  readonly resourceId: string
}

/** A memory on one file, open. */
export interface PeerMemory {
  /** Makes a thread; does nothing where saving the first message makes it. */
  startThread(thread: ThreadAddress): Promise<unknown>
  createThread(thread: ThreadAddress, metadata: Readonly<Record<string, string | number>>): Promise<unknown>
  /** Saves messages in one call; `at` gives all of them the same time. */
  saveMessages(thread: ThreadAddress, messages: readonly Utterance[], at?: Date): Promise<unknown>
  /** The texts of the last messages, oldest first. */
  lastMessages(thread: ThreadAddress, count: number): Promise<readonly string[]>
  pageOfThreads(resourceId: string, perPage: number): Promise<readonly unknown[]>
  threadById(thread: ThreadAddress): Promise<unknown>
  /** Puts a whole block in the place of the old one. */
  replaceWorkingMemory(resourceId: string, value: Readonly<Record<string, string>>): Promise<unknown>
  /** Merges some fields into the block. */
  mergeWorkingMemory(resourceId: string, patch: Readonly<Record<string, string>>): Promise<unknown>
  readWorkingMemory(resourceId: string): Promise<Readonly<Record<string, unknown>>>
  close(): Promise<void>
}

export interface Peer {
  readonly name: string
  /** Versions of the packages that are measured. */
  versions(): Readonly<Record<string, string>>
  open(file: string): Promise<PeerMemory>
}
