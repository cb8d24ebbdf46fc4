// Faults that users of other workflows report, one test for each.
import { createStep, createWorkflow, type Memory, type StepContext } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { hour, refused } from '../memory/opened.ts'
import { anyJson, resume, started, text, workflowScene } from './scene.ts'

/** A step that notes that it runs, and answers its id and what it was given. */
function noting(ran: string[], id: string) {
  return createStep({
    id,
    inputSchema: anyJson,
    outputSchema: text,
    execute: async ({ inputData }) => {
      ran.push(id)
      return `${id} of ${JSON.stringify(inputData)}`
    },
  })
}

/** A step that asks once, and answers its id and what it was told. */
function asking(ran: string[], id: string) {
  return createStep({
    id,
    inputSchema: anyJson,
    outputSchema: text,
    execute: async ({ inputData, resumeData, suspend }) => {
      ran.push(id)
      if (resumeData === undefined) return suspend({ asks: id, about: inputData })
      return `${id} told ${JSON.stringify(resumeData)}`
    },
  })
}

function parallelOf(memory: Memory, ran: string[]) {
  return createWorkflow({ id: 'w', inputSchema: anyJson, outputSchema: anyJson, memory })
    .parallel([noting(ran, 'done'), asking(ran, 'a'), asking(ran, 'b')])
    .commit()
}

describe('parallel branches', () => {
  it('branches that are done stay done when another one is resumed', async () => {
    const scene = await workflowScene()
    const ran: string[] = []
    const workflow = parallelOf(scene.process().memory, ran)
    const runId = await started(workflow, 'go')
    const half = await resume(workflow, runId, 'a', 'yes')
    expect(half.status).toBe('suspended')
    expect([half.steps.done?.status, half.steps.a?.status, half.steps.b?.status]).toEqual([
      ...['success', 'success', 'suspended'],
    ])
    expect(half.steps.done?.output).toBe('done of "go"')
    const whole = await resume(workflow, runId, 'b', 'no')
    expect(whole).toMatchObject({
      status: 'success',
      result: { done: 'done of "go"', a: 'a told "yes"', b: 'b told "no"' },
    })
    expect(ran).toEqual(['done', 'a', 'b', 'a', 'b'])
  })

  it('a branch that waits keeps its payload while another one is resumed', async () => {
    const scene = await workflowScene()
    const workflow = parallelOf(scene.process().memory, [])
    const runId = await started(workflow, 'go')
    await resume(workflow, runId, 'a', 'yes')
    const state = await (await workflow.getRun(runId))?.state()
    expect(state?.suspended).toEqual([['b']])
    expect(state?.steps.b?.suspendPayload).toEqual({ asks: 'b', about: 'go' })
  })

  it.each([1, 2])(
    'two people who answer two branches at the same moment are both heard, in %i processes',
    async (count) => {
      const scene = await workflowScene()
      const ran: string[] = []
      const one = parallelOf(scene.process().memory, ran)
      const other = count === 1 ? one : parallelOf(scene.process().memory, ran)
      const runId = await started(one, 'go')
      await Promise.all([resume(one, runId, 'a', 'Ann'), resume(other, runId, 'b', 'Bob')])
      const state = await (await one.getRun(runId))?.state()
      expect(state).toMatchObject({
        status: 'success',
        result: { done: 'done of "go"', a: 'a told "Ann"', b: 'b told "Bob"' },
      })
      expect(ran.toSorted()).toEqual(['a', 'a', 'b', 'b', 'done'])
    },
  )

  it('of two people who answer one branch, the second is told who was first', async () => {
    const scene = await workflowScene()
    const workflow = parallelOf(scene.process().memory, [])
    const runId = await started(workflow, 'go')
    const both = await Promise.allSettled([resume(workflow, runId, 'a', 1), resume(workflow, runId, 'a', 2)])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const error = await refused('conflict', () => resume(workflow, runId, 'a', 3))
    expect(error.details.decided).toMatchObject({ by: { kind: expect.any(String) } })
  })
})

describe('data', () => {
  it.each([[false], [0], [''], [null]])('%j is data to resume with', async (data) => {
    const scene = await workflowScene()
    const workflow = createWorkflow({
      id: 'w',
      inputSchema: anyJson,
      outputSchema: text,
      memory: scene.process().memory,
    })
      .then(asking([], 'a'))
      .commit()
    const runId = await started(workflow, null)
    expect(await resume(workflow, runId, 'a', data)).toMatchObject({
      status: 'success',
      result: `a told ${JSON.stringify(data)}`,
    })
  })

  it('what the run was started with is there after its process died', async () => {
    const scene = await workflowScene()
    const build = (memory: Memory) =>
      createWorkflow({ id: 'w', inputSchema: z.object({ n: z.number() }), outputSchema: text, memory })
        .map(({ inputData }) => String(inputData.n))
        .then(asking([], 'a'))
        .map(({ inputData, getInitData }) => `${inputData}, ${JSON.stringify(getInitData())}`)
        .commit()
    const first = scene.process()
    const runId = await started(build(first.memory), { n: 7 })
    first.life.die()
    const workflow = build(scene.process().memory)
    const end = await resume(workflow, runId, 'a', 'yes')
    expect(end).toMatchObject({ status: 'success', input: { n: 7 }, result: 'a told "yes", {"n":7}' })
  })

  it('data that the schema refuses changes nothing', async () => {
    const scene = await workflowScene()
    const step = createStep({
      id: 'a',
      inputSchema: anyJson,
      outputSchema: z.number(),
      resumeSchema: z.object({ n: z.number() }),
      execute: async ({ resumeData, suspend }) => resumeData?.n ?? suspend(),
    })
    const workflow = createWorkflow({
      id: 'w',
      inputSchema: anyJson,
      outputSchema: z.number(),
      memory: scene.process().memory,
    })
      .then(step)
      .commit()
    const runId = await started(workflow, null)
    await refused('invalid-input', () => resume(workflow, runId, 'a', { n: 'seven' }))
    expect((await (await workflow.getRun(runId))?.state())?.status).toBe('suspended')
    expect(await resume(workflow, runId, 'a', { n: 7 })).toMatchObject({ status: 'success', result: 7 })
  })
})

describe('places', () => {
  const nestedOf = (memory: Memory, ran: string[]) => {
    const inner = createWorkflow({ id: 'inner', inputSchema: anyJson, outputSchema: text })
      .then(noting(ran, 'first'))
      .then(asking(ran, 'a'))
      .commit()
    return createWorkflow({ id: 'w', inputSchema: anyJson, outputSchema: text, memory })
      .then(inner)
      .then(noting(ran, 'last'))
      .commit()
  }

  it('a step of a nested workflow suspends the whole one, and goes on where it was', async () => {
    const scene = await workflowScene()
    const ran: string[] = []
    const begun = await nestedOf(scene.process().memory, ran).createRun()
    expect(await begun.start({ inputData: 'go' })).toMatchObject({ status: 'suspended', suspended: [['a']] })
    const workflow = nestedOf(scene.process().memory, ran)
    const state = await (await workflow.getRun(begun.runId))?.state()
    expect(state?.suspended).toEqual([['a']])
    expect(state?.steps.a).toMatchObject({ path: '0/1', status: 'suspended' })
    const end = await resume(workflow, begun.runId, '0/1', 'yes')
    expect(end).toMatchObject({ status: 'success', result: 'last of "a told \\"yes\\""' })
    expect(ran).toEqual(['first', 'a', 'a', 'last'])
  })

  it('an item of foreach is resumed by its index', async () => {
    const scene = await workflowScene()
    const ran: string[] = []
    const workflow = createWorkflow({
      id: 'w',
      inputSchema: z.array(text),
      outputSchema: z.array(text),
      memory: scene.process().memory,
    })
      .foreach(asking(ran, 'a'), { concurrency: 3 })
      .commit()
    const runId = await started(workflow, ['x', 'y', 'z'])
    const run = await workflow.getRun(runId)
    const one = await run?.resume({ step: 'a', forEachIndex: 2, resumeData: 'for z' })
    expect(one?.status).toBe('suspended')
    const [first, last] = await Promise.all([
      run?.resume({ step: 'a', forEachIndex: 0, resumeData: 'for x' }),
      run?.resume({ step: 'a', forEachIndex: 1, resumeData: 'for y' }),
    ])
    const end = first?.status === 'success' ? first : last
    expect(end?.result).toEqual(['a told "for x"', 'a told "for y"', 'a told "for z"'])
    expect(ran.length).toBe(6)
  })

  it('foreach runs as many items at once as it may, and no more', async () => {
    const scene = await workflowScene()
    const gates = Array.from({ length: 7 }, () => Promise.withResolvers<void>())
    let [atWork, most] = [0, 0]
    const step = createStep({
      id: 'a',
      inputSchema: z.number(),
      outputSchema: z.number(),
      execute: async ({ inputData }) => {
        atWork += 1
        most = Math.max(most, atWork)
        // The third of those at work lets them go, and the last ones.
        if (atWork === 3 || inputData > 5) for (const { resolve } of gates) resolve()
        await gates[inputData]?.promise
        atWork -= 1
        return 0 - inputData
      },
    })
    const schema = z.array(z.number())
    const workflow = createWorkflow({
      id: 'w',
      inputSchema: schema,
      outputSchema: schema,
      memory: scene.process().memory,
    })
      .foreach(step, { concurrency: 3 })
      .commit()
    const end = await (await workflow.createRun()).start({ inputData: [0, 1, 2, 3, 4, 5, 6] })
    expect(end).toMatchObject({ status: 'success', result: [0, -1, -2, -3, -4, -5, -6] })
    expect(most).toBe(3)
  })

  it('a step is resumed by the label that it gave', async () => {
    const scene = await workflowScene()
    const labelled = createStep({
      id: 'a',
      inputSchema: text,
      outputSchema: text,
      execute: async ({ inputData, resumeData, suspend }: StepContext<string>) => {
        return resumeData === undefined
          ? suspend(null, { resumeLabel: `about ${inputData}` })
          : `${inputData}: ${resumeData}`
      },
    })
    const workflow = createWorkflow({
      id: 'w',
      inputSchema: z.array(text),
      outputSchema: z.array(text),
      memory: scene.process().memory,
    })
      .foreach(labelled, { concurrency: 2 })
      .commit()
    const runId = await started(workflow, ['x', 'y'])
    const run = await workflow.getRun(runId)
    await run?.resume({ label: 'about y', resumeData: 1 })
    expect(await run?.resume({ label: 'about x', resumeData: 2 })).toMatchObject({
      status: 'success',
      result: ['x: 2', 'y: 1'],
    })
  })
})

describe('crashes', () => {
  it('a run whose process died does not stay running', async () => {
    const scene = await workflowScene()
    const ran: string[] = []
    const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const build = (memory: Memory, waits: boolean) =>
      createWorkflow({ id: 'w', inputSchema: anyJson, outputSchema: text, memory })
        .then(noting(ran, 'first'))
        .map(async ({ inputData }) => {
          reached.resolve()
          if (waits) await gate.promise
          return inputData
        })
        .then(noting(ran, 'last'))
        .commit()
    const first = scene.process()
    const begun = await build(first.memory, true).createRun()
    const start = begun.start({ inputData: 'go' }).catch(() => null)
    await reached.promise
    // What comes after a step may take as long as it likes: what the step gave is stored meanwhile.
    await expect.poll(async () => (await begun.state())?.steps.first?.status).toBe('success')
    first.life.die()
    await scene.leasesEnd()
    const workflow = build(scene.process().memory, false)
    expect((await (await workflow.getRun(begun.runId))?.state())?.status).toBe('pending')
    await workflow.recover()
    const end = await (await workflow.getRun(begun.runId))?.state()
    expect(end).toMatchObject({ status: 'success', input: 'go', result: expect.stringContaining('last of') })
    expect(ran).toEqual(['first', 'last'])
    gate.resolve()
    await start
  })

  it('a sleep outlives its process', async () => {
    const scene = await workflowScene()
    const ran: string[] = []
    const build = (memory: Memory) =>
      createWorkflow({ id: 'w', inputSchema: anyJson, outputSchema: text, memory })
        .then(noting(ran, 'first'))
        .sleep(hour)
        .then(noting(ran, 'last'))
        .commit()
    const first = scene.process()
    const begun = await build(first.memory).createRun()
    const stream = begun.stream({ inputData: 'go' })
    const dies = stream.result.catch((error: Error) => error.message)
    await expect.poll(async () => (await begun.state())?.status).toBe('waiting')
    first.life.die()
    const workflow = build(scene.process().memory)
    await workflow.recover()
    expect(ran).toEqual(['first'])
    scene.clock.pass(hour)
    await scene.leasesEnd()
    await workflow.recover()
    expect(await (await workflow.getRun(begun.runId))?.state()).toMatchObject({ status: 'success' })
    expect(ran).toEqual(['first', 'last'])
    void dies
  })

  it('a run goes on in a workflow that has got more steps at its end', async () => {
    const scene = await workflowScene()
    const ran: string[] = []
    const { memory } = scene.process()
    const begin = () =>
      createWorkflow({ id: 'w', inputSchema: anyJson, outputSchema: text, memory }).then(asking(ran, 'a'))
    const runId = await started(begin().commit(), 'go')
    const longer = begin().then(noting(ran, 'new')).commit()
    expect(await resume(longer, runId, 'a', 'yes')).toMatchObject({ status: 'success' })
    expect(ran).toEqual(['a', 'a', 'new'])
  })

  it('a run whose steps have changed is not carried on by steps that do not fit', async () => {
    const scene = await workflowScene()
    const build = (memory: Memory, inputSchema: z.ZodType<string | number>) => {
      const ask = createStep({
        id: 'a',
        inputSchema,
        outputSchema: text,
        execute: async ({ resumeData, suspend }) => (resumeData === undefined ? suspend() : 'done'),
      })
      return createWorkflow({ id: 'w', inputSchema, outputSchema: text, memory }).then(ask).commit()
    }
    const { memory } = scene.process()
    const runId = await started(build(memory, z.string()), 'go')
    const error = await refused('conflict', () => resume(build(memory, z.number()), runId, 'a', 'yes'))
    expect(error.details).toMatchObject({
      reason: 'definition-changed',
      path: '0',
      stored: { stepId: 'a', definition: expect.any(String) },
      current: { stepId: 'a', definition: expect.any(String) },
    })
    expect(await resume(build(memory, z.string()), runId, 'a', 'yes')).toMatchObject({
      status: 'success',
      result: 'done',
    })
  })
})
