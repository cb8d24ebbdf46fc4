/** All keyed nouns. Replay, answers, history and compaction go through this list. */

import { blockNoun } from './block-fold.ts'
import { entryNoun } from './entry-fold.ts'
import { type Keyed, keyed } from './keyed-noun.ts'
import { recordNoun } from './record-fold.ts'
import { runNoun } from './run-fold.ts'

export const keyedNouns = {
  entry: keyed(entryNoun),
  block: keyed(blockNoun),
  run: keyed(runNoun),
  record: keyed(recordNoun),
} as const satisfies Readonly<Record<string, Keyed>>

export const allKeyedNouns = Object.values(keyedNouns)
