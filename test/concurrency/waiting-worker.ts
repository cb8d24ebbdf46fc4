// A process that decides about every waiting call it finds, in an order of its own, while others do the same.
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Memory, MemoryError } from '../../src/index.ts'
import { agentOf, answerIn, isWaiting, resourceId, type Steps, saysYes } from './waiting-shared.ts'

/** What a worker is told. */
export interface WaitingTask {
  readonly url: string
  readonly effects: string
  readonly steps: Steps
  readonly threadIds: readonly string[]
  /** Where it begins; how many threads it works in at once. */
  readonly number: number
  readonly lanes: number
}

/** What a worker says at its end: how many of its words counted, how many were refused with which code. */
export interface WaitingLine {
  readonly answered: number
  readonly refused: Readonly<Record<string, number>>
}

const { url, effects, steps, threadIds, number, lanes } = JSON.parse(process.argv[2] ?? '') as WaitingTask
const limits = { turnWaitMs: 600_000, busyTimeoutMs: 60_000 }
const memory = new Memory({ storage: url, embedder: false, limits })
let answered = 0
const refused: Record<string, number> = {}

/** The run of a thread, which has only one. */
async function runIdOf(threadId: string): Promise<string> {
  const { runs } = await memory.listRuns({ resourceId, threadId })
  return String(runs[0]?.id)
}

/** Decides about one call that waits in a thread, as a chat or by its id; answers whether there was one. */
async function decide(threadId: string): Promise<boolean> {
  const answer = await answerIn(memory, threadId)
  const waiting =
    answer?.turnStatus === 'suspended' || answer?.turnStatus === 'open' ? answer.parts.filter(isWaiting) : []
  const part = waiting[number % Math.max(1, waiting.length)]
  if (answer === undefined || part === undefined) {
    // Others are at work on it. Looking all the time would take the processors from them.
    await delay(20)
    return answer?.turnStatus === 'open'
  }
  const { agent } = agentOf(memory, steps, threadId, { effects })
  try {
    if (number % 2 === 0) await agent.generate(saysYes(answer, part.toolCallId), { resourceId, threadId })
    else await agent.approveToolCallGenerate(String(part.toolCallId), { runId: await runIdOf(threadId) })
    answered += 1
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error
    refused[error.code] = (refused[error.code] ?? 0) + 1
    await delay(20)
  }
  return true
}

const order = threadIds.map((_, index) => threadIds[(index + number * lanes) % threadIds.length] as string)
const work = Array.from({ length: lanes }, async () => {
  for (let threadId = order.shift(); threadId !== undefined; threadId = order.shift()) while (await decide(threadId));
})
await Promise.all(work)
await memory.close()
writeSync(1, `${JSON.stringify({ answered, refused } satisfies WaitingLine)}\n`)
