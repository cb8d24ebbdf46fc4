// What the tests of workflows in several processes and their workers agree on.
import { appendFileSync, readFileSync } from 'node:fs'
import { MemoryError, type RunnableWorkflow } from '../../src/index.ts'
import type { StepWorld } from '../workflow/build.ts'
import { type Asked, answerTo, type WorkflowPlan } from '../workflow/plan.ts'

export const workflowRun = { runId: 'the-run', resourceId: 'alice' }
export const workflowInput = 'go'

/** Where a worker ends, or stands still, as the system would have it: at a commit, or in the code of a step. */
export type WorkerDeath =
  | { readonly at: 'commit'; readonly before: number; readonly isStored: boolean }
  | { readonly at: 'step'; readonly before: number; readonly signal: 'SIGKILL' | 'SIGSTOP' }

/** What a worker is told. */
export interface WorkflowTask {
  readonly plan: WorkflowPlan
  readonly path: string
  /** The file that all processes write the paths of steps to, when their code has its effect. */
  readonly effects: string
  /** How far its clock is ahead. */
  readonly offsetMs: number
  /** How far its clock is off besides, milliseconds: at each look at it by the next of these. */
  readonly jumps?: readonly number[]
  readonly death: WorkerDeath | null
  /** How long a lease lasts without renewal. Default: as applications have it. */
  readonly runLeaseMs?: number
  /** It only opens its container, and asks nobody for anything: the container finds what to do. */
  readonly isLeftAlone?: boolean
}

/** What a worker says if it lives to its end. */
export interface WorkflowLine {
  readonly status: string
  readonly result: unknown
  readonly commits: number
  readonly steps: number
  /** How many of its words were refused, and why. */
  readonly refused: readonly string[]
}

/** Every effect so far, by the path of its step. */
export function workflowEffects(path: string): readonly string[] {
  return readFileSync(path, 'utf8').split('\n').slice(0, -1)
}

/** A world outside that is a file. */
export function outsideIn(effects: string, onStep: () => void): StepWorld {
  return {
    begins(_callId, path) {
      onStep()
      // One write below the size of a pipe's buffer, at the end of the file: no two processes mix theirs.
      appendFileSync(effects, `${path}\n`)
    },
    ends() {},
    failures: () => 0,
    throws() {},
    isWrong: (problem) => appendFileSync(effects, `wrong: ${problem}\n`),
  }
}

const endings = ['success', 'failed', 'canceled']

/** Waits until the run has ended. */
export async function untilEnded(workflow: RunnableWorkflow<unknown>, pause: () => Promise<unknown>) {
  const { runId } = await workflow.createRun(workflowRun)
  for (;;) {
    const state = (await (await workflow.getRun(runId))?.state()) ?? null
    if (state !== null && endings.includes(state.status)) return { state, refused: [] }
    await pause()
  }
}

/** Starts the run or goes on with it, and answers what it asks for, until it has ended. Others may do the same. */
export async function carryOn(workflow: RunnableWorkflow<unknown>, pause: () => Promise<unknown>) {
  const refused: string[] = []
  const tried = async (work: Promise<unknown>) => {
    try {
      await work
    } catch (error) {
      if (!(error instanceof MemoryError) || !['conflict', 'closed'].includes(error.code)) throw error
      refused.push(error.message)
    }
  }
  for (;;) {
    const run = await workflow.getRun((await workflow.createRun(workflowRun)).runId)
    const state = run === null ? null : await run.state()
    if (run === null || state === null) {
      const begun = await workflow.createRun(workflowRun)
      await tried(begun.start({ inputData: workflowInput }))
    } else if (endings.includes(state.status)) return { state, refused }
    else if (state.status !== 'suspended') {
      await tried(workflow.recover())
      await pause()
    } else {
      const answers = state.suspended.map(([path]) => {
        const resumeData = answerTo(state.steps[path]?.suspendPayload as unknown as Asked)
        return tried(run.resume({ step: path, resumeData }))
      })
      await Promise.all(answers)
    }
  }
}
