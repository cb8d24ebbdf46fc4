/** Fits the cycles of a model into the tokens of a day: what a cycle takes, and how many messages it may still read. */
import { type HeadFields, noteOf } from '../../domain/records/observation.ts'
import { isoTime } from '../../domain/time.ts'
import type { Cycle } from './cycle.ts'
import { tokensOfNotes } from './note-tokens.ts'
import { currentNotes, headsIn } from './read-notes.ts'

/** Tokens that a cycle takes in addition to the messages: those of the question, and of the earlier notes that the model is shown. */
export async function overheadOf({ door, observer, options }: Cycle, head: HeadFields): Promise<number> {
  const { dailyTokens, observation } = options
  // Without a budget nobody counts them exactly.
  if (!observer.isModel || dailyTokens === null) return observer.overheadTokens
  const earlier = tokensOfNotes((await currentNotes(door, head)).map(({ value }) => noteOf(value)))
  return observer.overheadTokens - Math.max(0, observation.previousObserverTokens - earlier)
}

/** Tokens that notes took today, by the clock of this process: of the thread, or of all threads of the resource. */
async function usedToday({ door, options }: Cycle, head: HeadFields): Promise<number> {
  const day = isoTime(door.core.storage.clock.now()).slice(0, 'yyyy-mm-dd'.length)
  const heads = options.scope === 'resource' ? await headsIn(door) : [head]
  return heads.reduce((sum, { spent }) => sum + (spent?.day === day ? spent.tokens : 0), 0)
}

/**
 * Tokens of messages that become one chunk: at most a batch, and no more than the rest of the day's tokens allows. At least 1, so that a
 * cycle begins all the same: the door refuses it, and that is reported.
 */
export async function batchTokens(cycle: Cycle, head: HeadFields): Promise<number> {
  const { observer, options } = cycle
  const { maxTokensPerBatch } = options.observation
  if (!observer.isModel || options.dailyTokens === null) return maxTokensPerBatch
  const left = options.dailyTokens - (await usedToday(cycle, head)) - (await overheadOf(cycle, head))
  return Math.max(1, Math.min(maxTokensPerBatch, left))
}
