/** The delegations of one call: how many there are, and how deep they go. */
import { MemoryError } from '../../domain/error.ts'
import type { JsonObject } from '../../domain/json.ts'
import { defaultLimits, type Limits } from '../../domain/limits.ts'
import type { DelegatedWork, DelegatingCall } from '../call.ts'
import { toolPrefix } from '../subagents/primitives.ts'
import type { ToolCall } from '../tools/tool.ts'
import { type DelegationEnded, tracedWork } from '../tracing.ts'
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
    const work = () => new Delegation(this.#call, task, call, this.#work).carryOut()
    return this.#traced(task, task.prompt.length, call, work)
  }

  /** Hands work to a workflow. Returns its result, or suspends the call where one of its steps waits. */
  async toWorkflow(task: WorkflowTask, call: ToolCall): Promise<unknown> {
    await this.#checkLimits(call)
    const { length } = JSON.stringify(task.inputData) ?? ''
    return this.#traced(task, length, call, () => delegateToWorkflow(this.#call, task, call))
  }

  /** Does work that is handed on, notes how large its task is, and publishes how it ended. */
  #traced<Result>(
    { primitive: { type, id } }: Pick<Task, 'primitive'>,
    promptCharacters: number,
    { runId, threadId, toolCallId, resourceId }: ToolCall,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const { agent, log } = this.#call
    const place = {
      ...(runId === undefined ? {} : { runId }),
      ...(threadId === undefined ? {} : { threadId }),
      ...(resourceId === undefined ? {} : { resourceId }),
    }
    return tracedWork<DelegationEnded, Result>(
      () => ({
        ...{ operation: 'agent.delegation', agentId: agent.id, ...place, toolCallId },
        ...{ primitiveType: type, primitiveId: id, promptCharacters },
      }),
      async () => {
        try {
          return await work()
        } finally {
          if (log.of(toolCallId) !== undefined) log.note({ toolCallId, promptCharacters })
        }
      },
      () => endOf(log.of(toolCallId) ?? {}),
    )
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

/** How work ended, by what the run notes of it. */
function endOf({ status, runId, inputTokens, outputTokens }: JsonObject): Partial<DelegationEnded> {
  return {
    status: status === 'suspended' ? 'suspended' : status === 'failed' ? 'failed' : 'done',
    ...(typeof runId === 'string' ? { childRunId: runId } : {}),
    ...(typeof inputTokens === 'number' ? { inputTokens } : {}),
    ...(typeof outputTokens === 'number' ? { outputTokens } : {}),
  }
}

function tooMuch(limit: keyof DelegationLimits, allowed: number, message: string): MemoryError {
  return new MemoryError('limit-exceeded', {
    message,
    fix: 'Do the rest yourself, or say what is left to do.',
    details: { limit, allowed },
  })
}
