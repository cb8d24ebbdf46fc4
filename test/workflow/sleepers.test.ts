// A process that owns a run falls asleep at any commit, another one takes over, and the first one wakes: it changes nothing more.
import { Memory, MemoryError, type RunnableWorkflow } from 'aquifer'
import { expect, it } from 'vitest'
import { loops } from '../agent/interleaving-gates.ts'
import { pausingStorage } from '../agent/pausing-storage.ts'
import { everyNth } from '../run-lengths.ts'
import { Outside, type StepProcess, workflowOf } from './build.ts'
import { problemsOfRun } from './checks.ts'
import { type Asked, answerTo } from './plan.ts'
import { observedStorage, workflowScene } from './scene.ts'
import { wholePlan } from './whole-plan.ts'

type Runs = RunnableWorkflow<unknown>

/** Answers what is asked first, or carries on what is left. Answers whether the run had ended already. */
async function answerOne(workflow: Runs, runId: string): Promise<boolean> {
  const run = await workflow.getRun(runId)
  const state = run === null ? null : await run.state()
  if (run === null || state === null) throw new Error('There is no run.')
  if (['success', 'failed', 'canceled'].includes(state.status)) return true
  const [name] = state.suspended[0] ?? []
  if (name === undefined) await workflow.recover()
  else await run.resume({ step: name, resumeData: answerTo(state.steps[name]?.suspendPayload as unknown as Asked) })
  return false
}

/** Carries the run on to its end. Answers its state. */
async function finish(workflow: Runs, runId: string) {
  for (let round = 0; round < 20; round++) {
    if (await answerOne(workflow, runId)) return (await (await workflow.getRun(runId))?.state()) ?? null
  }
  return null
}

/** When the owner wakes: the other one has carried the run on to its end, or until it waits, or stands before that commit. */
type Waking = 'at the end' | 'in between' | number

/** The owner sleeps before its nth commit. Answers what is wrong; null if it makes fewer commits. */
async function sleepsBefore(commit: number, waking: Waking): Promise<readonly string[] | null> {
  const scene = await workflowScene()
  const outside = new Outside()
  const shared = observedStorage(scene.storage, outside)
  const sleeper = pausingStorage(shared, commit)
  const first: { isDead: boolean; hasLost: boolean } = { isDead: false, hasLost: false }
  const processOn = (storage: typeof shared, process: StepProcess) => {
    const memory = new Memory({ storage, clock: scene.clock, background: false, embedder: false })
    return { memory, workflow: workflowOf(wholePlan, outside, process, memory) }
  }
  const taker = pausingStorage(shared, typeof waking === 'number' ? waking : -1)
  const [one, other] = [processOn(sleeper.storage, first), processOn(taker.storage, { isDead: false })]
  let runId = ''
  const work = async () => {
    const run = await one.workflow.createRun({ resourceId: 'alice' })
    runId = run.runId
    await run.start({ inputData: 'go' })
    // Once it has lost the run, nobody asks it for more.
    while (!first.hasLost && !(await answerOne(one.workflow, runId)));
  }
  const noted = work().then(
    () => null,
    (error: unknown) => error,
  )
  const isAsleep = await Promise.race([sleeper.reached.then(() => true), noted.then(() => false)])
  if (isAsleep && runId !== '' && (await other.workflow.getRun(runId)) !== null) {
    const run = await other.workflow.getRun(runId)
    // Of a run that waits for people nobody is the owner.
    first.hasLost = waking === 'at the end' || (await run?.state())?.status === 'running'
    await scene.leasesEnd()
    const taking = waking === 'at the end' ? finish(other.workflow, runId) : other.workflow.recover()
    await Promise.race([taking, taker.reached])
    sleeper.goOn()
    if (typeof waking === 'number') await loops(100)
    taker.goOn()
    await taking
  }
  sleeper.goOn()
  const error = await noted
  const isRefused = error === null || (error instanceof MemoryError && error.code === 'conflict')
  const state = await finish(other.workflow, runId)
  const turns = [{ answers: [], isStreamed: false, death: { afterCommits: commit, isStored: false } }]
  const problems = [
    ...(isRefused ? [] : [`the owner fails with ${String(error)}`]),
    ...outside.problems,
    ...(state === null
      ? ['it never ends']
      : problemsOfRun({ workflow: wholePlan, input: 'go', turns }, state, outside)),
  ]
  for (const { memory } of [one, other]) await memory.close()
  return isAsleep ? problems.map((problem) => `before commit ${commit}: ${problem}`) : null
}

it.each<[string, Waking]>([
  ['the run has ended', 'at the end'],
  ['another process has carried it on until it waits', 'in between'],
  ['another process has just taken it over', 1],
  ['another process is at work on a step', 2],
])('an owner that wakes when %s changes nothing', async (_, waking) => {
  const problems: string[] = []
  let commits = 0
  for (let before = 0; ; before += everyNth(1)) {
    const found = await sleepsBefore(before, waking)
    if (found === null) break
    problems.push(...found)
    commits += 1
  }
  expect(commits).toBeGreaterThan(20)
  expect(problems).toEqual([])
})
