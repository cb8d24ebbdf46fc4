// Workflows as the users of other frameworks write them: only the imports are others.
import { createStep, createWorkflow, type WorkflowEvent } from 'aquifer'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory, refused } from '../memory/opened.ts'

const formatStep = createStep({
  id: 'format-step',
  description: 'Formats a message.',
  inputSchema: z.object({ message: z.string() }),
  outputSchema: z.object({ formatted: z.string() }),
  execute: async ({ inputData }) => {
    const { message } = inputData
    return { formatted: message.toUpperCase() }
  },
})

const approvalStep = createStep({
  id: 'approval-step',
  inputSchema: z.object({ formatted: z.string() }),
  outputSchema: z.object({ output: z.string() }),
  resumeSchema: z.object({ approved: z.boolean(), approver: z.string().optional() }),
  suspendSchema: z.object({ reason: z.string() }),
  execute: async ({ inputData, resumeData, suspend }) => {
    const { approved } = resumeData ?? {}
    if (!approved) {
      return await suspend({ reason: 'A person must approve this.' })
    }
    return { output: `${inputData.formatted} - approved` }
  },
})

function openWorkflow() {
  const testWorkflow = createWorkflow({
    id: 'test-workflow',
    inputSchema: z.object({ message: z.string() }),
    outputSchema: z.object({ output: z.string() }),
    memory: openMemory(),
  })
    .then(formatStep)
    .then(approvalStep)
  // Written in two statements, as starter projects do.
  testWorkflow.commit()
  return testWorkflow
}

it('is started, suspended and resumed by the path that the result names', async () => {
  const run = await openWorkflow().createRun()
  const result = await run.start({ inputData: { message: 'hello' } })
  expect(result.status).toBe('suspended')
  if (result.status !== 'suspended') return
  const suspended = result.suspended[0]
  expect(suspended).toEqual(['approval-step'])
  // Not approved yet: it asks again.
  const again = await run.resume({ step: suspended ?? [], resumeData: { approved: false } })
  expect([again.status, again.steps['approval-step']?.suspendPayload]).toEqual([
    'suspended',
    { reason: 'A person must approve this.' },
  ])
  const resumed = await run.resume({ step: approvalStep, resumeData: { approved: true } })
  expect(resumed.status).toBe('success')
  if (resumed.status === 'success') expect(resumed.result.output).toBe('HELLO - approved')
})

it('is streamed, with the events in their order', async () => {
  const run = await openWorkflow().createRun()
  const stream = run.stream({ inputData: { message: 'hello' } })
  const types: string[] = []
  for await (const chunk of stream.fullStream) types.push(chunk.type)
  expect(types).toEqual([
    'workflow-start',
    ...['workflow-step-start', 'workflow-step-result', 'workflow-step-start', 'workflow-step-suspended'],
    'workflow-finish',
  ])
  expect([await stream.status, (await stream.result).status]).toEqual(['suspended', 'suspended'])
  const resumed = run.resumeStream({ step: 'approval-step', resumeData: { approved: true } })
  const then: string[] = []
  for await (const chunk of resumed) then.push(chunk.type)
  expect(then).toEqual(['workflow-step-start', 'workflow-step-result', 'workflow-finish'])
  expect(await resumed.status).toBe('success')
})

it('is followed by a function, before it is started or afterwards', async () => {
  const workflow = openWorkflow()
  const run = await workflow.createRun()
  const [early, late, never]: WorkflowEvent[][] = [[], [], []]
  run.watch((event) => early?.push(event))
  run.watch((event) => never?.push(event))()
  await run.start({ inputData: { message: 'hello' } })
  const other = await workflow.getRun(run.runId)
  other?.watch((event) => late?.push(event))
  await run.resume({ resumeData: { approved: true } })
  const types = (events: readonly WorkflowEvent[] | undefined) => events?.map(({ type }) => type)
  await expect.poll(() => types(late)?.at(-1)).toBe('workflow-finish')
  expect(types(early)?.at(-1)).toBe('workflow-finish')
  expect(types(early)?.slice(0, 2)).toEqual(['workflow-start', 'workflow-step-start'])
  expect([types(late)?.[0], never]).toEqual(['workflow-start', []])
})

it('tells what is wrong with a call', async () => {
  const workflow = openWorkflow()
  const wrong = [
    [async () => (await workflow.createRun()).start({} as never), 'The schema refuses the inputData of the workflow'],
    [async () => (await workflow.createRun()).start({ inputData: { message: 5 } as never }), 'message: '],
    [async () => (await workflow.createRun()).start({ input: 1 } as never), 'unknown option "input"'],
    [async () => (await workflow.createRun()).resume({ resumeData: {} }), 'There is no run'],
    [async () => workflow.createRun({ resourceId: '' }), '"resourceId" must be a text'],
    [async () => workflow.createRun({ user: 'ann' } as never), 'unknown option "user"'],
  ] as const
  for (const [call, message] of wrong) await expect(call()).rejects.toThrow(message)
  const uncommitted = createWorkflow({ id: 'open', inputSchema: z.object({}), outputSchema: z.object({}) })
  const error = await refused('invalid-input', () => uncommitted.createRun())
  expect(error.message).toContain('commit() was not called')
  const run = await workflow.createRun()
  await run.start({ inputData: { message: 'hello' } })
  const nothing = await refused('invalid-input', () => run.resume({ step: 'format-step', resumeData: {} }))
  expect(nothing.message).toContain('these wait: "approval-step"')
  const data = await refused('invalid-input', () => run.resume({ resumeData: { approved: 'yes' } }))
  expect(data.message).toContain('The schema refuses the resumeData of the step "approval-step": approved: ')
  await run.resume({ resumeData: { approved: true } })
  const ended = await refused('conflict', () => run.resume({ resumeData: { approved: true } }))
  expect(ended.message).toContain('has ended')
  const twice = await refused('conflict', () => run.start({ inputData: { message: 'hello' } }))
  expect(twice.message).toContain('was started before')
})

it('fails where a step gives what its schema refuses, and says which', async () => {
  const bad = createStep({
    id: 'bad',
    inputSchema: z.object({}),
    outputSchema: z.object({ n: z.number() }),
    execute: async () => ({ n: 'many' }) as never,
  })
  const options = { id: 'refusing', inputSchema: z.object({}), outputSchema: z.object({ n: z.number() }) }
  const workflow = createWorkflow({ ...options, memory: openMemory() })
    .then(bad)
    .commit()
  const { status, error } = await (await workflow.createRun()).start({ inputData: {} })
  expect([status, error?.code]).toEqual(['failed', 'invalid-input'])
  expect(error?.message).toContain('The schema refuses the output of the step "bad": n: ')
})
