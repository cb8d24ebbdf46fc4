// What the tests of processes that learn and forget together and their workers agree on.
import { Memory } from '../../src/facade/memory.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { scriptedEmbedder } from '../../src/testing/scripted-embedder.ts'

export const userId = 'alice'

export interface ForgettingTask {
  readonly path: string
  /** Tells the worker from the others, and from those killed before it. */
  readonly name: string
}

/** What a worker says of a word that only one record has: before and after it stores it, and forgets it. */
export interface ForgotOrStored {
  readonly word: string
  readonly state: 'storing' | 'stored' | 'forgetting' | 'forgotten'
}

export const ownThread = (name: string, turn: number) => `thread-${name}-${turn}`

export function openShared(path: string, options: { readonly clock?: Clock } = {}): Memory {
  return new Memory({ storage: `file:${path}`, embedder: scriptedEmbedder({ batchSize: 4, delayMs: 2 }), ...options })
}
