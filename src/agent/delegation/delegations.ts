/** The delegations of one call: how many there are, and how deep they go. */
import { MemoryError } from '../../domain/error.ts'
import { defaultLimits, type Limits } from '../../domain/limits.ts'
import type { DelegatedWork, DelegatingCall } from '../call.ts'
import { toolPrefix } from '../subagents/primitives.ts'
import type { ToolCall } from '../tools/tool.ts'
import { Delegation, type Task } from './delegation.ts'
import { delegateToWorkflow, type WorkflowTask } from './workflow-delegation.ts'

const prefixes = Object.values(toolPrefix)

type DelegationLimits = Pick<Limits, 'delegationDepth' | 'delegationsPerRun'>

export class Delegations {
  readonly #call: DelegatingCall
  readonly #limits: DelegationLimits
  readonly #work: Pick<DelegatedWork, 'depth' | 'begun'>
  /** Delegations of the same run before this call of it. */
  #before: Promise<number> | null = null

  constructor(call: DelegatingCall) {
    this.#call = call
    this.#limits = call.remembered?.space.limits ?? defaultLimits
    const { depth, begun } = call.agent.work ?? { depth: 0, begun: { count: 0 } }
    this.#work = { depth: depth + 1, begun }
  }

  /** Hands a task to a subagent. Returns its answer, or suspends the call where the subagent waits. */
  async toAgent(task: Task, call: ToolCall): Promise<string> {
    await this.#checkLimits(call)
    return new Delegation(this.#call, task, call, this.#work).carryOut()
  }

  /** Hands work to a workflow. Returns its result, or suspends the call where one of its steps waits. */
  async toWorkflow(task: WorkflowTask, call: ToolCall): Promise<unknown> {
    await this.#checkLimits(call)
    return delegateToWorkflow(this.#call, task, call)
  }

  /** @throws MemoryError `limit-exceeded`, in words for a model. */
  async #checkLimits({ runId, toolCallId }: ToolCall): Promise<void> {
    const { depth, begun } = this.#work
    const { delegationDepth, delegationsPerRun } = this.#limits
    if (depth > delegationDepth) {
      throw tooMuch('delegationDepth', delegationDepth, 'The task was handed on too often, from one agent to the next.')
    }
    this.#before ??= this.#countBefore(runId, toolCallId)
    begun.count += 1
    if ((await this.#before) + begun.count > delegationsPerRun) {
      throw tooMuch('delegationsPerRun', delegationsPerRun, 'Too many tasks were handed on.')
    }
  }

  async #countBefore(runId: string | undefined, toolCallId: string): Promise<number> {
    const { agent, remembered } = this.#call
    if (agent.work !== null || remembered === null || runId === undefined) return 0
    const steps = await remembered.space.steps(runId)
    const isBefore = ({ path, tool, status }: (typeof steps)[number]) => {
      return status === 'settled' && path !== toolCallId && prefixes.some((prefix) => tool.startsWith(prefix))
    }
    return steps.filter(isBefore).length
  }
}

function tooMuch(limit: keyof DelegationLimits, allowed: number, message: string): MemoryError {
  return new MemoryError('limit-exceeded', {
    message,
    fix: 'Do the rest yourself, or say what is left to do.',
    details: { limit, allowed },
  })
}
