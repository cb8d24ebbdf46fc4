// Calls that an earlier version left waiting: the file opens, each is answered, and each of their tools runs exactly once.
import { copyFileSync, readFileSync } from 'node:fs'
import { Agent, type Memory, type StoredMessage } from 'aquifer'
import { promptProblems, type ScriptedModel, scriptedModel, threadProblems } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { storageOf } from '../forget/everything.ts'
import { portOf } from '../memory/begun-run.ts'
import { hour, ManualClock, openMemory, temporaryFolder } from '../memory/opened.ts'
import {
  answerAsChat,
  goingOn,
  type Ran,
  readWaitingThreads,
  resourceId,
  type WaitingThread,
  waitingThreads,
  waitingTools,
} from './old-calls.ts'

const fixture = (name: string) => new URL(`../fixtures/${name}`, import.meta.url)

type Answers = Record<string, { readonly messages: readonly { readonly createdAt: string }[] }>

/** A thread, the calls of it that wait, and the tools that run once they are approved. */
const cases = waitingThreads.map((thread) => {
  const waiting = thread.calls.filter(([tool, to]) => tool !== 'look' && !thread.answered.includes(to))
  const runs = waiting.flatMap(([tool, to]) => (tool === 'ask' ? [] : [{ tool, to }]))
  return { thread, waiting: waiting.map(([, to]) => to), runs, name: thread.threadId }
})

const byName = (one: Ran, other: Ran) => String(one.to).localeCompare(String(other.to))

describe.each([11, 12])('schema %i', (version) => {
  const answers: Answers = JSON.parse(readFileSync(fixture(`calls-${version}.json`), 'utf8'))

  function openCopy() {
    const path = `${temporaryFolder()}/memory.db`
    copyFileSync(fixture(`calls-${version}.db`), path)
    const clock = new ManualClock()
    const times = Object.values(answers).flatMap(({ messages }) => messages.map(({ createdAt }) => createdAt))
    clock.ms = Math.max(...times.map((time) => Date.parse(time))) + hour
    const ran: Ran[] = []
    const models: ScriptedModel[] = []
    const open = () => openMemory({ storage: `file:${path}`, clock })
    const agentOn = (memory: Memory) => {
      const model = scriptedModel({ answer: () => goingOn, toolCallPrefix: 'later' })
      models.push(model)
      return new Agent({ name: 'Clerk', memory, model, tools: waitingTools(ran) })
    }
    return { open, agentOn, ran, models }
  }

  it('lists the calls that wait, with their records if they have some', async () => {
    const { open, agentOn } = openCopy()
    const { runs } = await agentOn(open()).listSuspendedRuns({ resourceId })
    const listed = runs.map(({ threadId, toolCalls }) => [
      threadId,
      toolCalls.map(({ args, status, expiresAt }) => [(args as unknown as Ran).to, status, expiresAt === null]),
    ])
    const expected = cases.map(({ name, waiting }) => [name, waiting.map((to) => [to, 'asked', version < 12])])
    expect(listed.toSorted()).toEqual(expected.toSorted())
  })

  const answerOf = async (memory: Memory, { threadId }: WaitingThread) => {
    const { messages } = await memory.listMessages({ resourceId, threadId })
    expect(threadProblems(messages)).toEqual([])
    return messages.at(-1) as StoredMessage
  }

  async function expectDone(memory: Memory, thread: WaitingThread, models: readonly ScriptedModel[]): Promise<void> {
    const answer = await answerOf(memory, thread)
    expect(answer.turnStatus).toBe('complete')
    expect(answer.parts.filter(({ type }) => type === 'text').map(({ text }) => text)).toEqual(['One moment.', goingOn])
    const { runs } = await memory.listRuns({ resourceId, threadId: thread.threadId })
    expect(runs.map(({ status }) => status)).toEqual(['complete'])
    const calls = models.flatMap((model) => model.calls)
    expect(calls).toHaveLength(1)
    expect(promptProblems(calls[0]?.messages ?? [])).toEqual([])
  }

  it('answers what the version that wrote it answered', async () => {
    const read = await readWaitingThreads(openCopy().open())
    expect(JSON.parse(JSON.stringify(read))).toMatchObject(answers)
  })

  it.each(cases)('answers at once all that waits: $name', async ({ thread, waiting, runs }) => {
    const { open, agentOn, ran, models } = openCopy()
    const memory = open()
    await answerAsChat({ agent: agentOn(memory), memory }, thread.threadId, waiting)
    expect(ran.toSorted(byName)).toEqual(runs.toSorted(byName))
    await expectDone(memory, thread, models)
  })

  it.each(cases)('answers the last call first, each in a process of its own: $name', async (one) => {
    const { thread, waiting, runs } = one
    const { open, agentOn, ran, models } = openCopy()
    let memory = open()
    for (const [index, to] of waiting.toReversed().entries()) {
      if (index > 0) expect((await answerOf(memory, thread)).turnStatus).toBe('suspended')
      await memory.close()
      memory = open()
      await answerAsChat({ agent: agentOn(memory), memory }, thread.threadId, [to])
    }
    expect(ran.toSorted(byName)).toEqual(runs.toSorted(byName))
    await expectDone(memory, thread, models)
  })

  it.each(cases)('runs nothing that is denied, and nothing twice: $name', async ({ thread, waiting }) => {
    const { open, agentOn, ran, models } = openCopy()
    const memory = open()
    const { threadId } = thread
    const before = (await answerOf(memory, thread)).parts
    const agent = agentOn(memory)
    await answerAsChat({ agent, memory }, threadId, waiting, false)
    expect(ran).toEqual([])
    await expectDone(memory, thread, models)
    // A page that was loaded before shows the calls as waiting, and approves them.
    const stale = before.map((part) => {
      const { state, approval } = part
      if (state !== 'approval-requested') return part
      return { ...part, state: 'approval-responded', approval: { ...(approval as object), approved: true } }
    })
    const { id, role, parts } = await answerOf(memory, thread)
    const sent = [{ id, role, parts: stale }]
    await expect(agent.generate(sent as never, { resourceId, threadId })).rejects.toMatchObject({ name: 'MemoryError' })
    expect(ran).toEqual([])
    expect((await answerOf(memory, thread)).parts).toEqual(parts)
  })

  it.each(cases)('carries out each call by its id, once: $name', async ({ thread, waiting, runs }) => {
    const { open, agentOn, ran, models } = openCopy()
    const memory = open()
    const agent = agentOn(memory)
    const { runs: listed } = await agent.listSuspendedRuns({ resourceId, threadId: thread.threadId })
    const { runId = '', toolCalls = [] } = listed[0] ?? {}
    expect(toolCalls).toHaveLength(waiting.length)
    for (const { toolCallId, toolName } of toolCalls) {
      const decide = () =>
        toolName === 'ask'
          ? agent.resumeGenerate('told', { runId, toolCallId })
          : agent.approveToolCallGenerate(toolCallId, { runId })
      const outcomes = await Promise.allSettled([decide(), decide()])
      const refusals = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
      expect(refusals).toMatchObject([{ code: 'conflict' }])
    }
    expect(ran.toSorted(byName)).toEqual(runs.toSorted(byName))
    await expectDone(memory, thread, models)
  })
})

it('keeps the runs of workflows of schema 12 apart from those of the agent of the same name', async () => {
  const path = `${temporaryFolder()}/memory.db`
  copyFileSync(fixture('calls-12.db'), path)
  const clock = new ManualClock()
  clock.ms = Date.parse('2026-12-01T03:00:00.000Z')
  const memory = openMemory({ storage: `file:${path}`, clock, background: false })
  const port = await portOf(memory)
  const app = { kind: 'system', id: 'app' } as const
  const asked = {
    names: ['clerk'],
    statuses: ['suspended', 'interrupted', 'pending'],
    after: null,
    limit: 100,
  } as const
  const waiting = async (kind: 'agent' | 'workflow') =>
    (await port.waitingRuns(app, { ...asked, kind })).map(({ run }) => run)
  expect((await waiting('agent')).map(({ kind }) => kind)).toEqual(Array(waitingThreads.length).fill('agent'))
  const [run, ...others] = await waiting('workflow')
  expect(others).toEqual([])
  expect(run).toMatchObject({ kind: 'workflow', status: 'suspended', continuation: { at: 'step-2' }, expiresAt: null })
  const { runs } = await memory.listRuns({ resourceId, status: ['running', 'failed'] })
  expect(runs.map(({ kind, status }) => [kind, status])).toEqual([
    ['workflow', 'failed'],
    ['workflow', 'running'],
  ])
  // It is found by its deadline, but no run has it.
  expect(await sweep(await storageOf(memory))).toBe(0)
  const space = port.spaceAt(app, 'resource/alice' as never)
  const put = { kind: 'run-put', runId: run?.id ?? '', leaseMs: 60_000 } as const
  expect(await space.submit([put])).toMatchObject({ status: 'committed' })
  expect(await space.run(put.runId)).toMatchObject({ status: 'running', continuation: { at: 'step-2' } })
})
