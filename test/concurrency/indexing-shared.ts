// What the tests of killed indexers and their workers agree on.
import { Memory } from '../../src/facade/memory.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { scriptedEmbedder } from '../../src/testing/scripted-embedder.ts'

export const resourceId = 'alice'
export const threads = ['one', 'two']

/** What a worker says: that it begins to give a message a text (null: to delete it), and that it was acknowledged. */
export interface Said {
  readonly id: string
  readonly text: string | null
  readonly isDone: boolean
}

export interface IndexingTask {
  readonly path: string
  readonly round: number
  /** Names the embedder. */
  readonly version: number
  /** Whether to make all vectors anew, beside writing. */
  readonly reindexes: boolean
}

export function openMemory(path: string, version: number, options: { delayMs?: number; clock?: Clock } = {}): Memory {
  const { delayMs, clock } = options
  const embedder = scriptedEmbedder({
    id: `v${version}`,
    dimensions: 64,
    batchSize: 4,
    ...(delayMs === undefined ? {} : { delayMs }),
  })
  const storage = `file:${path}`
  // Without a delay it works only when asked to settle.
  return new Memory({ storage, embedder, background: delayMs !== undefined, ...(clock === undefined ? {} : { clock }) })
}
