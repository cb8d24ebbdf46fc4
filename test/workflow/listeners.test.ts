// Own process: it hears the warnings of its process.
// What listens to a run: functions that follow it, and signals that end it.
import { createStep, createWorkflow, type WorkflowEvent } from 'aquifer'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'

const text = z.object({ text: z.string() })
const options = { id: 'listening', inputSchema: text, outputSchema: text }
const inputData = { text: 'hi' }

/** The messages of the warnings from here on. */
function warnings(): string[] {
  const heard: string[] = []
  const hear = (warning: Error & { readonly detail?: string }) => heard.push(warning.detail ?? warning.message)
  process.on('warning', hear)
  onTestFinished(() => void process.off('warning', hear))
  return heard
}

const copy = createStep({ ...options, id: 'copy', execute: async ({ inputData: given }) => given })

it('a function that throws does the run no harm, and is told as a warning', async () => {
  const heard = warnings()
  const run = await createWorkflow({ ...options, memory: openMemory() })
    .then(copy)
    .commit()
    .createRun()
  const seen: WorkflowEvent[] = []
  run.watch(() => {
    throw new Error('of the first')
  })
  run.watch(async (event) => {
    seen.push(event)
    throw new Error('of the second')
  })
  expect((await run.start({ inputData })).status).toBe('success')
  await expect.poll(() => heard.length).toBe(8)
  expect(heard.filter((detail) => detail.includes('of the first'))).toHaveLength(4)
  expect(seen.map(({ type }) => type)).toEqual([
    ...['workflow-start', 'workflow-step-start', 'workflow-step-result', 'workflow-finish'],
  ])
})

it('a run that cannot be read is told to no function, but as a warning', async () => {
  const heard = warnings()
  const memory = openMemory()
  const run = await createWorkflow({ ...options, memory })
    .then(copy)
    .commit()
    .createRun()
  await memory.close()
  const seen: WorkflowEvent[] = []
  run.watch((event) => seen.push(event))
  await expect.poll(() => heard.length).toBe(1)
  expect([seen, heard[0]]).toEqual([[], expect.stringContaining('closed')])
})

it('a signal cancels a run that it was started with, and none that has ended', async () => {
  const begun = Promise.withResolvers<AbortSignal>()
  const wait = createStep({
    ...options,
    id: 'wait',
    execute: async ({ inputData: given, abortSignal }) => {
      begun.resolve(abortSignal)
      return given.text === 'wait' ? new Promise<never>(() => {}) : given
    },
  })
  const workflow = createWorkflow({ ...options, memory: openMemory() })
    .then(wait)
    .commit()
  const controller = new AbortController()
  const run = await workflow.createRun()
  const result = run.start({ inputData: { text: 'wait' }, abortSignal: controller.signal })
  const ofStep = await begun.promise
  controller.abort(new Error('enough'))
  expect([(await result).status, ofStep.aborted]).toEqual(['canceled', true])
  const other = await workflow.createRun()
  const late = new AbortController()
  await other.start({ inputData, abortSignal: late.signal })
  late.abort()
  expect((await other.state())?.status).toBe('success')
  await expect(workflow.createRun().then((one) => one.start({ inputData, abortSignal: late.signal }))).rejects.toThrow()
})

it('an attempt that takes too long has failed, and is told by its signal', async () => {
  const signals: AbortSignal[] = []
  const slow = createStep({
    ...options,
    id: 'slow',
    timeoutMs: 10,
    retries: 1,
    execute: async ({ abortSignal, attempt, inputData: given }) => {
      signals.push(abortSignal)
      return attempt === 1 ? new Promise<never>(() => {}) : given
    },
  })
  const run = await createWorkflow({ ...options, memory: openMemory() })
    .then(slow)
    .commit()
    .createRun()
  const { status, steps } = await run.start({ inputData })
  expect([status, steps.slow?.attempt, signals.map(({ aborted }) => aborted)]).toEqual(['success', 2, [true, false]])
})
