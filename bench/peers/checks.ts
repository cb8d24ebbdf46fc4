/** What a memory must get right whatever its speed: parallel updates survive, messages keep their order. */
import { blockFields } from '../corpus.ts'
import type { PeerMemory } from './peer.ts'

export interface CheckResult {
  readonly check: string
  /** What was seen, out of `of`. */
  readonly kept: number
  readonly of: number
}

/** Eight updates at once, each of a field of its own, on the working memory of one resource: how many fields are there. */
async function parallelUpdates(memory: PeerMemory): Promise<CheckResult> {
  const resourceId = 'eight-writers'
  await Promise.all(blockFields.map((field) => memory.mergeWorkingMemory(resourceId, { [field]: `set by ${field}` })))
  const stored = await memory.readWorkingMemory(resourceId)
  const kept = blockFields.filter((field) => stored[field] === `set by ${field}`).length
  return { check: '8 parallel working-memory updates, kept', kept, of: blockFields.length }
}

/** A hundred messages with one and the same time, saved ten at a time: how many come back in the place they were saved. */
async function equalTimes(memory: PeerMemory): Promise<CheckResult> {
  const thread = { threadId: 'same-time', resourceId: 'same-time' }
  const total = 100
  const batch = 10
  const at = new Date()
  await memory.startThread(thread)
  for (let first = 0; first < total; first += batch) {
    const messages = Array.from({ length: batch }, (_, offset) => ({
      role: offset % 2 === 0 ? ('user' as const) : ('assistant' as const),
      content: `number ${first + offset}`,
    }))
    await memory.saveMessages(thread, messages, at)
  }
  const texts = await memory.lastMessages(thread, total)
  const kept = texts.filter((text, place) => text === `number ${place}`).length
  return { check: '100 messages of equal time, in their place', kept, of: total }
}

export async function runChecks(memory: PeerMemory): Promise<readonly CheckResult[]> {
  return [await parallelUpdates(memory), await equalTimes(memory)]
}
