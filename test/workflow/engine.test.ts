/** Workflows, each kind of node once: what it gives, which events it sends, and what is stored of it. */
import { createStep, createWorkflow, Memory, type WorkflowEvent } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const number = z.object({ n: z.number() })
const add = <const Id extends string>(id: Id, by: number) =>
  createStep({ id, inputSchema: number, outputSchema: number, execute: ({ inputData }) => ({ n: inputData.n + by }) })

function flow(id: string) {
  return createWorkflow({ id, inputSchema: number, outputSchema: number, memory: new Memory({ storage: ':memory:' }) })
}

describe('a workflow', () => {
  it('runs its steps in order', async () => {
    const workflow = flow('in-order').then(add('one', 1)).then(add('ten', 10)).commit()
    const run = await workflow.createRun()
    const result = await run.start({ inputData: { n: 1 } })
    expect(result).toMatchObject({ status: 'success', result: { n: 12 }, input: { n: 1 } })
    expect(Object.keys(result.steps)).toEqual(['one', 'ten'])
    expect(result.steps.one).toMatchObject({ path: '0', status: 'success', output: { n: 2 }, attempt: 1 })
  })

  it('runs steps in parallel, and gives their outputs by their ids', async () => {
    const workflow = flow('parallel')
      .parallel([add('a', 1), add('b', 2)])
      .map(async ({ inputData }) => ({ n: inputData.a.n + inputData.b.n }))
      .commit()
    const result = await (await workflow.createRun()).start({ inputData: { n: 0 } })
    expect(result).toMatchObject({ status: 'success', result: { n: 3 } })
  })

  it('runs the branches whose conditions hold', async () => {
    const workflow = flow('branch')
      .branch([
        [async ({ inputData }) => inputData.n > 5, add('large', 100)],
        [({ inputData }) => inputData.n <= 5, add('small', 1)],
      ])
      .map(({ inputData }) => ({ n: inputData.large?.n ?? inputData.small?.n ?? 0 }))
      .commit()
    const large = await (await workflow.createRun()).start({ inputData: { n: 6 } })
    const small = await (await workflow.createRun()).start({ inputData: { n: 1 } })
    expect([large, small]).toMatchObject([{ result: { n: 106 } }, { result: { n: 2 } }])
  })

  it('repeats steps, and runs one for each item', async () => {
    const workflow = flow('loops')
      .dountil(add('up', 1), ({ inputData }) => inputData.n >= 3)
      .dowhile(add('further', 2), ({ inputData, iterationCount }) => inputData.n < 9 && iterationCount < 100)
      .map(({ inputData }) => [inputData, inputData, inputData])
      .foreach(add('each', 1), { concurrency: 2 })
      .map(({ inputData }) => ({ n: inputData.reduce((sum, { n }) => sum + n, 0) }))
      .commit()
    const result = await (await workflow.createRun()).start({ inputData: { n: 0 } })
    expect(result).toMatchObject({ status: 'success', result: { n: 30 } })
    expect(Object.keys(result.steps)).toHaveLength(3 + 3 + 3)
  })

  it('sleeps', async () => {
    const workflow = flow('sleeps').sleep(20).then(add('one', 1)).sleepUntil(new Date(0)).commit()
    const result = await (await workflow.createRun()).start({ inputData: { n: 0 } })
    expect(result).toMatchObject({ status: 'success', result: { n: 1 } })
  })

  it('is suspended for a person, and goes on with what the person says', async () => {
    const ask = createStep({
      id: 'ask',
      inputSchema: number,
      outputSchema: number,
      suspendSchema: z.object({ question: z.string() }),
      resumeSchema: z.object({ by: z.number() }),
      execute: async ({ inputData, resumeData, suspend }) => {
        if (resumeData === undefined) return suspend({ question: 'How many?' })
        return { n: inputData.n + resumeData.by }
      },
    })
    const workflow = flow('asks').then(add('one', 1)).then(ask).then(add('ten', 10)).commit()
    const run = await workflow.createRun()
    const asked = await run.start({ inputData: { n: 0 } })
    expect(asked).toMatchObject({ status: 'suspended', suspended: [['ask']] })
    expect(asked.steps.ask).toMatchObject({ status: 'suspended', suspendPayload: { question: 'How many?' } })
    await expect(run.resume({ step: 'ask', resumeData: { by: 'x' } })).rejects.toMatchObject({ code: 'invalid-input' })
    const result = await run.resume({ step: ask, resumeData: { by: 5 } })
    expect(result).toMatchObject({ status: 'success', result: { n: 16 } })
    expect(result.steps.one).toMatchObject({ attempt: 1 })
    await expect(run.resume({ resumeData: { by: 5 } })).rejects.toMatchObject({ code: 'conflict' })
  })

  it('tells what happens, in order', async () => {
    const workflow = flow('tells').then(add('one', 1)).then(add('ten', 10)).commit()
    const run = await workflow.createRun()
    const stream = run.stream({ inputData: { n: 0 } })
    const events: WorkflowEvent[] = []
    for await (const event of stream) events.push(event)
    expect(events.map(({ type }) => type)).toEqual([
      'workflow-start',
      'workflow-step-start',
      'workflow-step-result',
      'workflow-step-start',
      'workflow-step-result',
      'workflow-finish',
    ])
    expect(await stream.result).toMatchObject({ status: 'success', result: { n: 11 } })
    const watched: string[] = []
    for await (const { type } of run.watch()) watched.push(type)
    expect(watched.at(-1)).toBe('workflow-finish')
  })

  it('shares state, ends early, and repeats what fails', async () => {
    let failures = 2
    const flaky = createStep({
      id: 'flaky',
      inputSchema: number,
      outputSchema: number,
      retries: 2,
      execute: ({ inputData, setState }) => {
        setState({ seen: failures })
        if (failures-- > 0) throw new Error('not yet')
        return inputData
      },
    })
    const leave = createStep({
      id: 'leave',
      inputSchema: number,
      outputSchema: number,
      execute: ({ bail, state }) => bail({ n: Number(state.seen) + 40 }),
    })
    const workflow = flow('flaky').then(flaky).then(leave).then(add('never', 1)).commit()
    const result = await (await workflow.createRun()).start({ inputData: { n: 0 } })
    expect(result).toMatchObject({ status: 'success', result: { n: 40 }, state: { seen: 0 } })
    expect(result.steps.flaky).toMatchObject({ attempt: 3 })
    expect(result.steps.never).toBeUndefined()
  })

  it('fails with the error of its step, and goes on from there when it is restarted', async () => {
    let isBroken = true
    const broken = createStep({
      id: 'broken',
      inputSchema: number,
      outputSchema: number,
      execute: ({ inputData }) => {
        if (isBroken) throw new TypeError('out of paper')
        return inputData
      },
    })
    const workflow = flow('breaks').then(add('one', 1)).then(broken).then(add('ten', 10)).commit()
    const run = await workflow.createRun()
    const failed = await run.start({ inputData: { n: 0 } })
    expect(failed).toMatchObject({ status: 'failed', error: { name: 'TypeError', message: 'out of paper' } })
    isBroken = false
    const result = await run.restart()
    expect(result).toMatchObject({ status: 'success', result: { n: 11 } })
    expect(result.steps.one).toMatchObject({ attempt: 1 })
  })

  it('is a step of another one', async () => {
    const inner = flow('inner').then(add('one', 1)).then(add('two', 2)).commit()
    const workflow = flow('outer').then(inner).then(add('ten', 10)).commit()
    const result = await (await workflow.createRun()).start({ inputData: { n: 0 } })
    expect(result).toMatchObject({ status: 'success', result: { n: 13 } })
    expect(result.steps.two).toMatchObject({ path: '0/1' })
  })
})

describe('a run', () => {
  it('is found by the id that it was given, and is not started twice', async () => {
    const workflow = flow('named').then(add('one', 1)).commit()
    const run = await workflow.createRun({ runId: 'order-7', resourceId: 'ann' })
    expect(await run.start({ inputData: { n: 1 } })).toMatchObject({ status: 'success' })
    const again = await workflow.createRun({ runId: 'order-7', resourceId: 'ann' })
    expect(again.runId).toBe(run.runId)
    await expect(again.start({ inputData: { n: 1 } })).rejects.toMatchObject({ code: 'conflict' })
    const found = await workflow.getRun('order-7', { resourceId: 'ann' })
    expect(await found?.state()).toMatchObject({ runId: run.runId, status: 'success', resourceId: 'ann' })
    expect(await workflow.getRun('order-7')).toBeNull()
    expect(await workflow.getRun(run.runId)).not.toBeNull()
  })
})

describe('the memory of a step', () => {
  it('acts as the workflow, and what it writes names the run', async () => {
    const memory = new Memory({ storage: ':memory:', embedder: false })
    const note = createStep({
      id: 'note',
      inputSchema: number,
      outputSchema: number,
      execute: async ({ inputData, memory: own }) => {
        await own.team('desk').write('note', inputData)
        await own.add('Ann likes tea.', { userId: 'ann', infer: false })
        return inputData
      },
    })
    const options = { id: 'notes', inputSchema: number, outputSchema: number, memory }
    const run = await createWorkflow(options).then(note).commit().createRun({ resourceId: 'ann' })
    await run.start({ inputData: { n: 1 } })
    const author = { kind: 'agent', id: 'notes', name: `notes (${run.runId})` }
    expect((await memory.team('desk').get('note'))?.writtenBy).toEqual(author)
    const { results } = await memory.facts.getAll({ userId: 'ann' })
    expect(results.map(({ assertedBy }) => assertedBy)).toEqual([author])
    await memory.close()
  })
})

describe('a run that is started wrongly', () => {
  it('says what is missing', async () => {
    const run = await flow('wrong').then(add('one', 1)).commit().createRun()
    await expect(run.start(undefined as never)).rejects.toMatchObject({ code: 'invalid-input' })
    await expect(run.start({} as never)).rejects.toMatchObject({ code: 'invalid-input' })
    await expect(run.resume()).rejects.toMatchObject({ code: 'not-found' })
  })

  it('is canceled by a signal that aborts before the run is stored', async () => {
    const never = createStep({
      id: 'never',
      inputSchema: number,
      outputSchema: number,
      execute: () => new Promise<never>(() => {}),
    })
    const run = await flow('aborted').then(never).commit().createRun()
    const controller = new AbortController()
    const started = run.start({ inputData: { n: 1 }, abortSignal: controller.signal })
    controller.abort()
    expect(await started).toMatchObject({ status: 'canceled' })
  })
})
