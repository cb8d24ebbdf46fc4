// Many processes decide about the same waiting calls and carry them out at once: each call has its effect once.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Memory } from 'aquifer'
import { threadProblems } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { openMemory, temporaryFolder } from '../memory/opened.ts'
import { isUsual } from '../run-lengths.ts'
import { startWorker } from './process.ts'
import { agentOf, answerIn, effectsIn, nameOf, question, resourceId, type Steps } from './waiting-shared.ts'
import type { WaitingLine, WaitingTask } from './waiting-worker.ts'

const size = isUsual ? { processes: 4, threads: 8, callsOfEach: 5 } : { processes: 16, threads: 50, callsOfEach: 10 }

it(`${size.processes} processes carry out ${size.threads * size.callsOfEach} waiting calls, each once`, async () => {
  const folder = temporaryFolder()
  const url = `file:${join(folder, 'team.db')}`
  const effects = join(folder, 'effects')
  writeFileSync(effects, '')
  const steps: Steps = [Array.from({ length: size.callsOfEach }, () => 'approval' as const)]
  const threadIds = Array.from({ length: size.threads }, (_, index) => `thread-${index}`)
  const seeding = new Memory({ storage: url, embedder: false, background: false })
  for (const threadId of threadIds) {
    await agentOf(seeding, steps, threadId, { effects }).agent.generate(question, { resourceId, threadId })
  }
  await seeding.close()

  const tasks = Array.from({ length: size.processes }, (_, number): WaitingTask => {
    return { url, effects, steps, threadIds, number, lanes: 4 }
  })
  const workers = tasks.map((task) => startWorker<WaitingLine>(new URL('./waiting-worker.ts', import.meta.url), task))
  for (const worker of workers) expect([await worker.ended, worker.errors()]).toEqual([0, ''])

  const calls = threadIds.flatMap((threadId) => {
    return Array.from({ length: size.callsOfEach }, (_, place) => nameOf({ threadId, step: 0, place }))
  })
  expect(effectsIn(effects).toSorted()).toEqual(calls.toSorted())
  const lines = workers.flatMap(({ lines: said }) => said)
  const refused = lines.flatMap((line) => Object.keys(line.refused))
  expect(refused.filter((code) => !['conflict', 'invalid-input'].includes(code))).toEqual([])
  const memory = openMemory({ storage: url })
  for (const threadId of threadIds) {
    const { messages } = await memory.listMessages({ resourceId, threadId })
    expect(threadProblems(messages)).toEqual([])
    const answer = await answerIn(memory, threadId)
    expect([
      answer?.turnStatus,
      answer?.parts.map(({ text }) => text).filter((text) => text === 'All is done.'),
    ]).toEqual(['complete', ['All is done.']])
    const { runs } = await memory.listRuns({ resourceId, threadId })
    expect(runs.map(({ status }) => status)).toEqual(['complete'])
  }
})
