// Makes real workflows of plain descriptions. Each step notes what it does in a record that all processes share.
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { createStep, createWorkflow, type Memory, type RunnableWorkflow, type StepContext } from '../../src/index.ts'
import {
  type Asked,
  act,
  answerTo,
  canonical,
  endsLoop,
  type FlowPlan,
  holds,
  listed,
  mapped,
  type NodePlan,
  type StepPlan,
  type WorkflowPlan,
} from './plan.ts'

/** What steps tell the world outside of the storage, and what it knows of them. */
export interface StepWorld {
  /** The code of a step begins. */
  begins(callId: string, path: string, process: StepProcess): void
  ends(callId: string): void
  /** How often the step has thrown. */
  failures(callId: string): number
  throws(callId: string): void
  /** Something is not as it must be. */
  isWrong(problem: string): void
}

/** What steps have done, in all processes of one test. */
export class Outside implements StepWorld {
  /** How often the code of each step has begun, by the path of the step. */
  readonly runs = new Map<string, number>()
  readonly problems: string[] = []
  readonly #thrown = new Map<string, number>()
  readonly #stored = new Set<string>()
  readonly #atWork = new Map<string, StepProcess>()

  /** A result was stored: from now on, the step must not run again. */
  stored(callId: string): void {
    this.#stored.add(callId)
  }

  isStored(callId: string): boolean {
    return this.#stored.has(callId)
  }

  /** Others may take over what is at work. */
  leasesEnd(): void {
    this.#atWork.clear()
  }

  begins(callId: string, path: string, process: StepProcess): void {
    this.runs.set(path, (this.runs.get(path) ?? 0) + 1)
    if (this.#stored.has(callId)) this.problems.push(`${path} runs again after its result was stored`)
    const other = this.#atWork.get(callId)
    if (process.hasLost === true) this.problems.push(`${path} begins in a process that has lost the run`)
    if (other !== undefined && !other.isDead && other.hasLost !== true)
      this.problems.push(`${path} runs twice at the same time`)
    this.#atWork.set(callId, process)
  }

  ends(callId: string): void {
    this.#atWork.delete(callId)
  }

  isWrong(problem: string): void {
    this.problems.push(problem)
  }

  failures(callId: string): number {
    return this.#thrown.get(callId) ?? 0
  }

  throws(callId: string): void {
    this.#thrown.set(callId, this.failures(callId) + 1)
  }
}

/** The process that a step runs in. */
export interface StepProcess {
  readonly isDead: boolean
  /** Another process has taken the run over while this one slept: what is at work here may end, and nothing may begin. */
  readonly hasLost?: boolean
}

/** What the tests need of a builder whose types are only known when the test runs. */
interface AnyBuilder {
  then(step: unknown): AnyBuilder
  map(make: (context: NodeGiven) => unknown): AnyBuilder
  parallel(steps: readonly unknown[]): AnyBuilder
  branch(arms: readonly unknown[]): AnyBuilder
  foreach(step: unknown, options: { concurrency: number }): AnyBuilder
  dountil(step: unknown, when: (context: NodeGiven & { iterationCount: number }) => boolean): AnyBuilder
  dowhile(step: unknown, when: (context: NodeGiven & { iterationCount: number }) => boolean): AnyBuilder
  sleep(ms: number | (() => number)): AnyBuilder
  sleepUntil(at: Date | (() => Date)): AnyBuilder
  commit(): RunnableWorkflow<unknown>
}

interface NodeGiven {
  readonly inputData: unknown
  readonly state: Readonly<Record<string, unknown>>
  readonly getInitData: () => unknown
}

const anything = z.unknown()

/** A process that never goes on. */
const never = () => new Promise<never>(() => {})

function executeOf(plan: StepPlan, outside: StepWorld, process: StepProcess) {
  return async (context: StepContext): Promise<unknown> => {
    const { inputData, state, setState, suspend, resumeData, suspendData, bail, callId, runId } = context
    if (process.isDead) await never()
    outside.begins(callId, callId.slice(runId.length + 1), process)
    if (plan.takesMs > 0) await delay(plan.takesMs)
    if (process.isDead) await never()
    const asked = suspendData as Asked | undefined
    if (resumeData !== undefined && asked !== undefined && canonical(resumeData) !== canonical(answerTo(asked))) {
      outside.isWrong(`${callId} is told ${canonical(resumeData)} after it asked ${canonical(asked)}`)
    }
    const failures = outside.failures(callId)
    const done = act(plan, { input: inputData, state, failures, asked, answer: resumeData })
    outside.ends(callId)
    if (done.does === 'throw') {
      outside.throws(callId)
      throw new Error(done.message)
    }
    if (Object.keys(done.state).length > 0) setState(done.state as never)
    if (done.does === 'suspend') return suspend(done.asked)
    return done.does === 'bail' ? bail(done.output) : done.output
  }
}

/** The workflow of a plan, as one process has it. */
export function workflowOf(
  plan: WorkflowPlan,
  outside: StepWorld,
  process: StepProcess,
  memory?: Memory,
): RunnableWorkflow<unknown> {
  const flow = (one: FlowPlan): unknown => {
    if (one.kind === 'workflow') return workflowOf(one, outside, process)
    const execute = executeOf(one, outside, process)
    return createStep({ id: one.id, inputSchema: anything, outputSchema: anything, retries: one.retries, execute })
  }
  const options = { id: plan.id, inputSchema: anything, outputSchema: anything }
  const begun = createWorkflow(memory === undefined ? options : { ...options, memory }) as unknown as AnyBuilder
  return plan.nodes.reduce((builder, node) => withNode(builder, node, flow), begun).commit()
}

function withNode(builder: AnyBuilder, node: NodePlan, flow: (plan: FlowPlan) => unknown): AnyBuilder {
  switch (node.kind) {
    case 'step':
      return builder.then(flow(node.step))
    case 'map':
      return builder.map(({ inputData, state, getInitData }) => mapped(node.of, inputData, getInitData(), state))
    case 'list':
      return builder.map(({ inputData }) => listed(node.items, inputData))
    case 'parallel':
      return builder.parallel(node.steps.map(flow))
    case 'branch':
      return builder.branch(
        node.arms.map((arm) => [({ inputData }: NodeGiven) => holds(arm, inputData), flow(arm.step)]),
      )
    case 'foreach':
      return builder.foreach(flow(node.step), { concurrency: node.concurrency })
    case 'loop': {
      const ends = ({ inputData, iterationCount }: NodeGiven & { iterationCount: number }) =>
        endsLoop(node.rounds, inputData, iterationCount)
      return node.until
        ? builder.dountil(flow(node.step), ends)
        : builder.dowhile(flow(node.step), (context) => !ends(context))
    }
    case 'sleep':
      if (node.by === 'date') return builder.sleepUntil(() => new Date(Date.now() + node.ms))
      return builder.sleep(node.by === 'function' ? () => node.ms : node.ms)
  }
}
