// Processes that carry a workflow on are killed or stopped anywhere, and three compete to take over: what is done is not done again.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Memory } from 'aquifer'
import { expect, it } from 'vitest'
import { hour, temporaryFolder } from '../memory/opened.ts'
import { runCommand } from '../processes.ts'
import { times } from '../run-lengths.ts'
import { workflowOf } from '../workflow/build.ts'
import { expected } from '../workflow/oracle.ts'
import { canonical } from '../workflow/plan.ts'
import { planWith } from '../workflow/plans.ts'
import { manyAskedPlan, wholePlan } from '../workflow/whole-plan.ts'
import { startWorker } from './process.ts'
import { open } from './shared.ts'
import {
  type WorkerDeath,
  type WorkflowLine,
  type WorkflowTask,
  workflowEffects,
  workflowInput,
  workflowRun,
} from './workflow-shared.ts'

type Files = Pick<WorkflowTask, 'path' | 'effects'>
type Task = Omit<WorkflowTask, 'path' | 'effects' | 'plan'>

function filesIn(folder: string, name: string): Files {
  const files = { path: join(folder, `${name}.db`), effects: join(folder, name) }
  writeFileSync(files.effects, '')
  return files
}

function start(task: Omit<WorkflowTask, 'plan'> & Partial<WorkflowTask>) {
  const whole: WorkflowTask = { plan: wholePlan, ...task }
  return startWorker<WorkflowLine>(new URL('./workflow-worker.ts', import.meta.url), whole)
}

/** What a worker says in the end; null if it died. */
async function said(worker: ReturnType<typeof start>): Promise<WorkflowLine | null> {
  const code = await worker.ended
  expect([code === 0 || code === null, worker.errors()]).toEqual([true, ''])
  return worker.lines.at(-1) ?? null
}

/** What a database says of the run. */
async function stored(path: string) {
  const storage = await open(path)
  const memory = new Memory({ storage, embedder: false, background: false })
  const outside = { begins() {}, ends() {}, failures: () => 0, throws() {}, isWrong() {} }
  const workflow = workflowOf(wholePlan, outside, { isDead: true }, memory)
  const run = await workflow.getRun((await workflow.createRun(workflowRun)).runId)
  const state = run === null ? null : await run.state()
  await memory.close()
  await storage.close()
  return state
}

function counted(effects: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const path of workflowEffects(effects)) counts.set(path, (counts.get(path) ?? 0) + 1)
  return counts
}

const threeCompete: readonly Task[] = [0, 1, 2].map(() => ({ offsetMs: hour, death: null }))

/** Other processes take over from one that died. Answers what is wrong. */
async function takeOver({ path, effects }: Files, tasks = threeCompete, plan = wholePlan): Promise<readonly string[]> {
  const wanted = expected(plan, workflowInput)
  const before = counted(effects)
  const steps = Object.values((await stored(path))?.steps ?? {})
  const isDone = (step: string) => steps.some((one) => one.path === step && one.status === 'success')
  const lines = await Promise.all(tasks.map((task) => said(start({ path, effects, plan, ...task }))))
  const after = counted(effects)
  const results = lines.map((line) => canonical([line?.status, line?.result]))
  const right = canonical(['success', 'output' in wanted.ending ? wanted.ending.output : null])
  const ran = [...new Set([...wanted.runs.keys(), ...after.keys()])].flatMap((step) => {
    const [first, last, needed] = [before.get(step) ?? 0, after.get(step) ?? 0, wanted.runs.get(step) ?? 0]
    if (isDone(step) && last > first) return [`${step} ran again after its result was stored`]
    // What was at work when its process died may have had its effect.
    const most = first > 0 ? needed + 1 : needed
    return last < needed || last > most ? [`${step} ran ${last} times, not ${needed}`] : []
  })
  return [...results.filter((result) => result !== right).map((result) => `a process says ${result}`), ...ran]
}

const places = { commits: 0, steps: 0 }

/** Deaths all over the run: at commits, before they are stored and after, and in steps. */
function deathAt(index: number, count: number): WorkerDeath {
  const share = (index + 0.5) / count
  if (index % 3 === 0) return { at: 'step', before: Math.floor(share * places.steps), signal: 'SIGKILL' }
  return { at: 'commit', before: Math.floor(share * places.commits), isStored: index % 3 === 1 }
}

it('what a killed process has done is not done again, and the run ends', async () => {
  const folder = temporaryFolder()
  const whole = await said(start({ ...filesIn(folder, 'whole'), offsetMs: 0, death: null }))
  Object.assign(places, { commits: whole?.commits, steps: whole?.steps })
  const problems: string[] = []
  const kills = times(3)
  let killed = 0
  for (let index = 0; index < kills; index++) {
    const [death, files] = [deathAt(index, kills), filesIn(folder, `killed-${index}`)]
    // How many commits a run makes differs a little: near its end, a death may come too late.
    if ((await said(start({ ...files, offsetMs: 0, death }))) === null) killed += 1
    const found = await takeOver(files)
    problems.push(...found.map((problem) => `killed at ${JSON.stringify(death)}: ${problem}`))
  }
  expect(killed).toBeGreaterThan(kills / 2)
  expect(problems).toEqual([])
})

/** Waits until a process stands still. */
async function stopped(pid: number | undefined): Promise<void> {
  const isStopped = async () => (await runCommand('ps', ['-o', 'stat=', '-p', String(pid)])).stdout.startsWith('T')
  await expect.poll(isStopped).toBe(true)
}

it.skipIf(process.platform === 'win32')('a stopped process changes nothing after others have taken over', async () => {
  const folder = temporaryFolder()
  for (const before of [1, 12]) {
    const files = filesIn(folder, `stopped-${before}`)
    const worker = start({ ...files, offsetMs: 0, death: { at: 'step', before, signal: 'SIGSTOP' } })
    await stopped(worker.child.pid)
    const begun = Object.values((await stored(files.path))?.steps ?? {}).filter(({ status }) => status === 'running')
    expect(await takeOver(files)).toEqual([])
    const [effects, state] = [workflowEffects(files.effects), await stored(files.path)]
    worker.child.kill('SIGCONT')
    const line = await said(worker)
    expect(canonical(await stored(files.path))).toBe(canonical(state))
    expect(canonical([line?.status, line?.result])).toBe(canonical([state?.status, state?.result]))
    // What had begun before it stood still goes on: nothing else begins.
    const later = workflowEffects(files.effects).slice(effects.length)
    expect(later.filter((step) => begun.every(({ path }) => path !== step))).toEqual([])
    expect(new Set(later).size).toBe(later.length)
  }
})

it('processes that answer the same questions at the same moment are all heard, and each step goes on once', async () => {
  const files = filesIn(temporaryFolder(), 'asked')
  // A step asks once: these answers do not name a label, so one that comes late would be taken for the step's next question.
  const plan = planWith(manyAskedPlan, (step) => ({ ...step, suspends: Math.min(1, step.suspends) }))
  const workers = [0, 1, 2].map(() => start({ ...files, plan, offsetMs: 0, death: null }))
  const lines = await Promise.all(workers.map(said))
  const wanted = expected(plan, workflowInput)
  const right = canonical(['success', 'output' in wanted.ending ? wanted.ending.output : null])
  expect(lines.map((line) => canonical([line?.status, line?.result]))).toEqual([right, right, right])
  expect(Object.fromEntries(counted(files.effects))).toEqual(Object.fromEntries(wanted.runs))
})

it('applications that are left alone take over from one that was killed', async () => {
  const files = filesIn(temporaryFolder(), 'alone')
  // Nobody is asked anything: what an application does by itself is all there is.
  const plan = planWith(wholePlan, (step) => ({ ...step, suspends: 0 }))
  const task = { offsetMs: 0, death: null, runLeaseMs: 1_000 }
  const death: WorkerDeath = { at: 'step', before: 9, signal: 'SIGKILL' }
  expect(await said(start({ ...files, ...task, plan, death }))).toBeNull()
  const alone = { ...task, isLeftAlone: true }
  expect(await takeOver(files, [alone, alone], plan)).toEqual([])
})
