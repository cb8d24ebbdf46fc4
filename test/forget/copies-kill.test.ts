// Kill -9 while a forget erases copies in several spaces: once it has begun, the next process ends it.

import { setTimeout as delay } from 'node:timers/promises'
import { Agent, createTool, type Memory } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { startWorker } from '../concurrency/process.ts'
import { openMemory, temporaryUrl } from '../memory/opened.ts'
import { times } from '../run-lengths.ts'
import { foundIn, pathOf } from './planted.ts'

const rounds = times(8)
const spaces = 12

/** A user says the mark, and an agent writes it into many spaces. */
async function spread(memory: Memory, mark: string, round: number): Promise<string> {
  const work = createTool({
    id: 'work',
    description: 'Works.',
    inputSchema: z.object({}),
    execute: async (_, { memory: given }) => {
      for (let at = 0; at < spaces; at += 1) {
        await (given as Memory).team(`team-${round}-${at}`).write('note', `the code is ${mark}`)
        await (given as Memory).add(`The code is ${mark}`, { taskId: `task-${round}-${at}`, infer: false })
      }
      return 'done'
    },
  })
  const model = scriptedModel({ script: [callTool('work'), `I have ${mark}`] })
  const where = { resourceId: 'ada', threadId: `t${round}` }
  await new Agent({ name: 'bot', model, memory, tools: { work } }).generate(`The code is ${mark}`, where)
  return (await memory.listMessages(where)).messages[0]?.id as string
}

it(`copies go with what is forgotten, after ${rounds} kills`, async () => {
  const url = temporaryUrl()
  const path = pathOf(url)
  let begun = 0
  for (let round = 0; round < rounds; round += 1) {
    const mark = `zq${7_000 + round}mark`
    const first = openMemory({ storage: url })
    const asked = { messageIds: [await spread(first, mark, round)], copies: true }
    await first.close()
    const worker = startWorker<{ step: string }>(new URL('./kill-worker.ts', import.meta.url), { url, asked })
    const last = round === rounds - 1
    await expect.poll(() => worker.lines.map(({ step }) => step)).toContain(last ? 'erased' : 'opened')
    await delay((round * 60) / rounds)
    worker.child.kill('SIGKILL')
    expect([await worker.ended, worker.errors()]).toEqual([null, ''])

    const next = openMemory({ storage: url })
    const { messages } = await next.listMessages({ resourceId: 'ada', threadId: `t${round}` })
    const isBegun = messages[0]?.id !== asked.messageIds[0]
    if (isBegun) begun += 1
    else await next.forget(asked)
    await next.settled()
    expect(foundIn(path, [mark])).toEqual([])
    expect(await next.receipts({ state: 'pending' })).toEqual([])
    await next.close()
  }
  expect(begun).toBeGreaterThan(0)
})
