// A thread that waits for an approval, and its copy: each call is approved in its own thread, and runs once.
import { tool } from 'ai'
import { Agent } from 'aquifer'
import { callTool, promptProblems, scriptedModel } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { approved } from './approvals.ts'

const original = { resourceId: 'u', threadId: 't' }

function openScene() {
  const memory = openMemory()
  const wiped: string[] = []
  const model = scriptedModel({ script: [callTool('wipe', { disk: 'a' }), 'one', 'two', 'three'] })
  const wipe = tool({
    inputSchema: z.object({ disk: z.string() }),
    needsApproval: true,
    execute: async ({ disk }) => {
      wiped.push(disk)
      return 'wiped'
    },
  })
  const agent = new Agent({ name: 'Helper', memory, model, tools: { wipe } })
  const approve = async (where: { resourceId: string; threadId: string }) => {
    const { messages } = await memory.listMessages(where)
    return agent.generate(approved(messages), where)
  }
  const states = async (where: { resourceId: string; threadId: string }) =>
    (await memory.listMessages(where)).messages.map(({ turnStatus, parts }) => [
      turnStatus,
      parts.find(({ type }) => type === 'tool-wipe')?.state,
    ])
  return { memory, wiped, model, agent, approve, states }
}

it('is answered in the copy and in the original, each once', async () => {
  const { memory, wiped, agent, approve, states } = openScene()
  await agent.generate('wipe it', original)
  const copy = { resourceId: 'u', threadId: 'copy' }
  await memory.cloneThread({ ...original, newThreadId: 'copy' })
  const waits = [
    ['suspended', undefined],
    ['suspended', 'approval-requested'],
  ]
  expect(await states(copy)).toEqual(waits)
  expect((await approve(copy)).text).toBe('one')
  expect(wiped).toEqual(['a'])
  expect(await states(original)).toEqual(waits)
  expect((await approve(original)).text).toBe('two')
  expect(wiped).toEqual(['a', 'a'])
  const done = [
    ['complete', undefined],
    ['complete', 'output-available'],
  ]
  expect([await states(copy), await states(original)]).toEqual([done, done])
  const runs = (await memory.listRuns({ resourceId: 'u' })).runs.map(({ threadId, status }) => [threadId, status])
  expect(runs.toSorted()).toEqual([
    ['copy', 'complete'],
    ['t', 'complete'],
  ])
})

it('leaves no open call behind in the copy of another resource', async () => {
  const { memory, wiped, model, agent, states } = openScene()
  await agent.generate('wipe it', original)
  const copy = { resourceId: 'v', threadId: 'copy' }
  await memory.cloneThread({ ...original, newThreadId: 'copy', to: { resourceId: 'v' } })
  expect((await states(copy)).map(([status]) => status)).toEqual(['complete', 'complete'])
  expect((await agent.generate('Something else', copy)).text).toBe('one')
  expect(promptProblems(model.calls.at(-1)?.messages ?? [])).toEqual([])
  expect(wiped).toEqual([])
})
