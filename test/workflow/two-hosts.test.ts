/** A run and two processes that could carry it on: two memories on one file stand for them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStep, createWorkflow, Memory } from 'aquifer'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'

const number = z.object({ n: z.number() })
/** Short, so that a lease that nobody renews is over soon. */
const limits = { runLeaseMs: 300, closeWaitMs: 100 }

/** What the steps of the workflow do, as the test decides. */
interface Script {
  /** Called by each attempt of the step `work`, which ends when it resolves. */
  work: (call: { attempt: number; abortSignal: AbortSignal }) => Promise<void>
}

/** A process with the workflow: a step that works, beside two that ask, and one after them. */
function host(file: string, script: Script) {
  const memory = new Memory({ storage: file, embedder: false, limits })
  const work = createStep({
    id: 'work',
    inputSchema: number,
    outputSchema: number,
    execute: async ({ inputData, attempt, abortSignal }) => {
      await script.work({ attempt, abortSignal })
      return { n: inputData.n + attempt }
    },
  })
  const ask = <const Id extends string>(id: Id) =>
    createStep({
      id,
      inputSchema: number,
      outputSchema: number,
      resumeSchema: z.number(),
      execute: async ({ resumeData, suspend }) => (resumeData === undefined ? suspend() : { n: resumeData }),
    })
  const workflow = createWorkflow({ id: 'shared', inputSchema: number, outputSchema: number, memory })
    .parallel([work, ask('left'), ask('right')])
    .map(({ inputData }) => ({ n: inputData.work.n + inputData.left.n + inputData.right.n }))
    .commit()
  return { memory, workflow }
}

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aquifer-hosts-'))
  file = `file:${join(folder, 'shared.db')}`
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('two hosts of a run', () => {
  it('hear both of two people who answer two branches at the same moment', async () => {
    const script: Script = { work: async () => {} }
    const [one, other] = [host(file, script), host(file, script)]
    const run = await one.workflow.createRun()
    expect(await run.start({ inputData: { n: 0 } })).toMatchObject({ status: 'suspended' })
    const there = await other.workflow.getRun(run.runId)
    const [left, right] = await Promise.all([
      run.resume({ step: 'left', resumeData: 10 }),
      there?.resume({ step: 'right', resumeData: 20 }),
    ])
    expect([left.status, right?.status]).toContain('success')
    expect(await run.state()).toMatchObject({ status: 'success', result: { n: 31 } })
    await Promise.all([one.memory.close(), other.memory.close()])
  })

  it('hand a decision to the one that drives the run', async () => {
    const working = Promise.withResolvers<void>()
    const script: Script = { work: () => working.promise }
    const [one, other] = [host(file, script), host(file, script)]
    const run = await one.workflow.createRun()
    const started = run.start({ inputData: { n: 0 } })
    const there = await untilFound(other.workflow, run.runId, 'left')
    const resumed = there.resume({ step: 'left', resumeData: 10 })
    await until(async () => (await run.state())?.steps.left?.status === 'success')
    working.resolve()
    expect([(await started).status, (await resumed).status]).toEqual(['suspended', 'suspended'])
    expect(await run.resume({ resumeData: 5 })).toMatchObject({ status: 'success', result: { n: 16 } })
    await Promise.all([one.memory.close(), other.memory.close()])
  })

  it('take over from one that is closed, and its step does not count any more', async () => {
    const forever = Promise.withResolvers<void>()
    const calls: number[] = []
    const aborted: boolean[] = []
    const one = host(file, {
      work: async ({ attempt, abortSignal }) => {
        calls.push(attempt)
        await forever.promise
        aborted.push(abortSignal.aborted)
      },
    })
    const run = await one.workflow.createRun()
    const lost = run.start({ inputData: { n: 0 } }).catch((error: { code: string }) => error.code)
    await until(async () => calls.length === 1)
    await one.memory.close()
    expect(await lost).toBe('closed')
    const other = host(file, { work: async ({ attempt }) => void calls.push(attempt) })
    const there = await other.workflow.getRun(run.runId)
    await until(async () => (await other.workflow.recover()).length > 0)
    expect(await there?.state()).toMatchObject({ status: 'suspended', steps: { work: { output: { n: 2 } } } })
    forever.resolve()
    await until(async () => aborted.length === 1)
    expect([calls, aborted]).toEqual([[1, 2], [true]])
    await other.memory.close()
  })

  it('end the waiting for a run that sleeps when the memory is closed', async () => {
    const memory = new Memory({ storage: file, embedder: false })
    const options = { id: 'sleeper', inputSchema: number, outputSchema: number, memory }
    const run = await createWorkflow(options).sleep(86_400_000).commit().createRun()
    const started = run.start({ inputData: { n: 0 } }).catch((error: { code: string }) => error.code)
    await until(async () => (await run.state())?.status === 'waiting')
    await memory.close()
    expect(await started).toBe('closed')
  })

  it('cancel each other’s runs', async () => {
    const signals: AbortSignal[] = []
    const one = host(file, {
      work: async ({ abortSignal }) => {
        signals.push(abortSignal)
        await new Promise((resolve) => abortSignal.addEventListener('abort', resolve))
      },
    })
    const other = host(file, { work: async () => {} })
    const run = await one.workflow.createRun()
    const started = run.start({ inputData: { n: 0 } })
    const there = await untilFound(other.workflow, run.runId, 'left')
    await there.cancel()
    expect(await started).toMatchObject({ status: 'canceled' })
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    await expect(there.resume({ step: 'left', resumeData: 1 })).rejects.toMatchObject({ code: 'conflict' })
    await expect(there.cancel()).rejects.toMatchObject({ code: 'conflict' })
    await Promise.all([one.memory.close(), other.memory.close()])
  })

  it('follow a run from the other one', async () => {
    const working = Promise.withResolvers<void>()
    const script: Script = { work: () => working.promise }
    const [one, other] = [host(file, script), host(file, script)]
    const run = await one.workflow.createRun()
    const started = run.start({ inputData: { n: 0 } })
    const there = await untilFound(other.workflow, run.runId, 'left')
    const types: string[] = []
    const watching = (async () => {
      for await (const { type } of there.watch()) types.push(type)
    })()
    await until(async () => types.length >= 4)
    working.resolve()
    await started
    await run.resume({ step: 'left', resumeData: 1 })
    await run.resume({ step: 'right', resumeData: 2 })
    await watching
    expect([types[0], types.at(-1)]).toEqual(['workflow-start', 'workflow-finish'])
    expect(types.filter((type) => type === 'workflow-step-result')).toHaveLength(3)
    await Promise.all([one.memory.close(), other.memory.close()])
  })
})

type Hosted = ReturnType<typeof host>['workflow']

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** The run as the other host finds it, once a step of it waits for a person. */
async function untilFound(workflow: Hosted, runId: string, stepId: string) {
  for (;;) {
    const run = await workflow.getRun(runId)
    if ((await run?.state())?.steps[stepId]?.status === 'suspended' && run !== null) return run
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
