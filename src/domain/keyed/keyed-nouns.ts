/** All keyed nouns. Replay, answers, history and compaction go through this list. */
import { blockNoun } from '../records/block.ts'
import { entryNoun } from '../records/entry.ts'
import { runNoun } from '../records/run.ts'
import { keyed } from './keyed-noun.ts'
import { recordNoun } from './record.ts'

export const keyedNouns = {
  entry: keyed(entryNoun),
  block: keyed(blockNoun),
  run: keyed(runNoun),
  record: keyed(recordNoun),
} as const

export const allKeyedNouns = Object.values(keyedNouns)
