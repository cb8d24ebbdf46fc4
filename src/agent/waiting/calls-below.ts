/** The calls of subagents below a run: those that wait are decided through the run of the supervisor, at any depth. */
import { runIdIn } from '../../domain/id.ts'
import type { RunStep } from '../../ports/agent-memory.ts'
import { type CalledAgent, type DelegatedWork, memoryFor, resolved } from '../call.ts'
import { type CalledWorkflow, calledWorkflowOf } from '../called-workflow.ts'
import type { RequestContext } from '../request-context.ts'
import { checkSubagents, checkSubflows, toolPrefix } from '../subagents/primitives.ts'
import { subordinate, workflowPlace, workPlace } from '../subagents/subordinate.ts'
import type { DelegationLink } from '../suspension/pending-calls.ts'
import type { FoundRun } from './continue-run.ts'

/** What is known of a call that waits, or has waited. */
export type StepBelow = Pick<RunStep, 'runId' | 'path' | 'tool' | 'stepKind' | 'status'>

/** A step of a workflow that waits, or has waited. */
export interface WaitBelow {
  readonly workflow: CalledWorkflow
  readonly step: StepBelow
  readonly chain: readonly DelegationLink[]
}

/** A call of a subagent that waits, or has waited. */
export interface CallBelow {
  /** The subagent, and its run. */
  readonly agent: CalledAgent
  readonly found: FoundRun
  readonly step: RunStep
  /** From the supervisor to the subagent. */
  readonly chain: readonly DelegationLink[]
}

/** What stands below a run. */
interface Below {
  readonly calls: readonly (CallBelow | WaitBelow)[]
  /** The runs of subagents, each in front of those below it. */
  readonly runs: readonly FoundRun[]
  /** The runs of workflows. */
  readonly workflows: readonly { readonly workflow: CalledWorkflow; readonly runId: string }[]
  /** Whether some work came to something that its supervisor has not taken up: a decision, an answer, a lost process. */
  readonly isMoved: boolean
}

/** For reading, no depth matters. */
export const noWork: DelegatedWork = { depth: 0, begun: { count: 0 }, forwarded: [], kept: null, shared: null }

/** The run that a step began; null if it has not come to that. */
async function runBelow(
  agent: CalledAgent,
  { space, threadId, run }: FoundRun,
  { path: toolCallId }: RunStep,
  child: CalledAgent,
  key: string,
  requestContext: RequestContext,
): Promise<FoundRun | null> {
  const place = workPlace({ agent, space, threadId, runId: run.id, toolCallId }, key)
  const { usable, actor } = await memoryFor(child, requestContext)
  const below = place.spaceIn(usable, actor)
  const [prompt] = await below.messages.find(place.promptId)
  if (prompt === undefined) return null
  const { turnId } = prompt.message
  const turn = await below.messages.turn(turnId)
  const runId = runIdIn(turnId, turn?.runId ?? null)
  const record = runId === null ? null : (await below.runs.get(runId)).record
  return record === null ? null : { space: below, run: record, threadId: prompt.message.threadId, turnId }
}

/** The steps of the run of a workflow that wait. */
async function waitsOf(
  workflow: CalledWorkflow,
  workflowId: string,
  { space, threadId, run }: FoundRun,
  { path: toolCallId }: RunStep,
): Promise<Below> {
  const none = { runs: [], workflows: [] }
  const standing = await workflow.standing(workflowPlace({ space, threadId, runId: run.id, toolCallId }))
  if (standing === null) return { ...none, calls: [], isMoved: true }
  const { runId, status, waits } = standing
  const chain = [{ agentId: workflowId, runId, toolCallId }]
  const calls = waits.map(({ path, stepId, status: stands }): WaitBelow => {
    const step = { runId, path, tool: stepId, stepKind: 'suspension', status: stands } as const
    return { workflow, step, chain }
  })
  return { ...none, workflows: [{ workflow, runId }], calls, isMoved: status !== 'suspended' }
}

/** Whether a run that is not over came to something that nobody has taken up. */
function isLeft({ run }: FoundRun, steps: readonly RunStep[]): boolean {
  if (run.status === 'running') return false
  if (run.status !== 'suspended') return true
  return steps.some(({ status }) => status === 'decided' || status === 'expired')
}

/**
 * What stands below a run of a supervisor.
 *
 * @param open Only the work that is not over.
 */
export async function below(
  agent: CalledAgent,
  found: FoundRun,
  requestContext: RequestContext,
  open: boolean,
): Promise<Below> {
  const subagents = checkSubagents(agent.name, await resolved(agent.options.agents, requestContext))
  const byTool = new Map(subagents.map((one) => [toolPrefix.agent + one.key, one]))
  const calls: (CallBelow | WaitBelow)[] = []
  const runs: FoundRun[] = []
  const workflows: Below['workflows'][number][] = []
  let isMoved = false
  const subflows = checkSubflows(agent.name, await resolved(agent.options.workflows, requestContext))
  if (subagents.length + subflows.length === 0) return { calls, runs, workflows, isMoved }
  const { memory: source } = await memoryFor(agent, requestContext)
  for (const step of await found.space.steps(found.run.id)) {
    const subagent = byTool.get(step.tool)
    const subflow = subflows.find(({ key }) => step.tool === toolPrefix.workflow + key)
    const isOpen = step.status === 'started'
    if (step.status === 'asked' || (open && !isOpen)) continue
    if (subflow !== undefined) {
      const called = calledWorkflowOf(subflow.workflow, source)
      const under = called === null ? null : await waitsOf(called, subflow.workflow.id, found, step)
      isMoved ||= isOpen && under?.isMoved !== false
      calls.push(...(under?.calls ?? []))
      workflows.push(...(under?.workflows ?? []))
    }
    if (subagent === undefined) continue
    const child = subordinate(subagent.agent, { agent, source, model: agent.defaultModel, work: noWork })
    const run = await runBelow(agent, found, step, child, subagent.key, requestContext)
    if (run === null) {
      isMoved ||= isOpen
      continue
    }
    runs.push(run)
    const steps = await run.space.steps(run.run.id)
    isMoved ||= isOpen && isLeft(run, steps)
    const link = { agentId: child.id, runId: run.run.id, toolCallId: step.path }
    const own = steps.filter(({ stepKind }) => stepKind !== 'plain')
    calls.push(...own.map((one) => ({ agent: child, found: run, step: one, chain: [link] })))
    const deeper = await below(child, run, requestContext, open)
    isMoved ||= isOpen && deeper.isMoved
    runs.push(...deeper.runs)
    workflows.push(...deeper.workflows)
    calls.push(...deeper.calls.map((one) => ({ ...one, chain: [link, ...one.chain] })))
  }
  return { calls, runs, workflows, isMoved }
}
