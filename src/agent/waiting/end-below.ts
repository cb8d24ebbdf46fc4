/** Work that nobody waits for any more: what a run of a supervisor has handed on ends with the turn of that run. */
import { MemoryError } from '../../domain/error.ts'
import type { RunState } from '../../domain/records/run.ts'
import type { AgentMemory } from '../../ports/agent-memory.ts'
import { type CalledAgent, memoryFor, resolved } from '../call.ts'
import { calledWorkflowOf } from '../called-workflow.ts'
import type { RequestContext } from '../request-context.ts'
import { checkSubagents, checkSubflows } from '../subagents/primitives.ts'
import { subordinate } from '../subagents/subordinate.ts'
import { below, noWork } from './calls-below.ts'
import type { FoundRun } from './continue-run.ts'
import { endRun } from './end-run.ts'

const perPage = 100

/** Whether a run waits, or was interrupted: its turn can be ended here. */
const canEnd = ({ status }: RunState) => status === 'suspended' || status === 'interrupted'

async function endUnlessContinued(found: FoundRun): Promise<void> {
  try {
    await endRun(found)
  } catch (error) {
    // Somebody has continued or ended it at this moment.
    if (!(error instanceof MemoryError) || !['conflict', 'not-found'].includes(error.code)) throw error
  }
}

/** Ends the open work below a run whose turn is over: that of its own calls first, then what stands below that. */
export async function endBelow(
  agent: CalledAgent,
  found: Pick<FoundRun, 'space' | 'run' | 'threadId' | 'turnId'>,
  requestContext: RequestContext,
): Promise<void> {
  const { runs, workflows } = await below(agent, found, requestContext, false)
  for (const one of runs) if (canEnd(one.run)) await endUnlessContinued(one)
  for (const { workflow, runId } of workflows) await workflow.cancel(runId)
}

/** Whether the turn of a run is over, so that nobody will take up what it has handed on. */
async function isOver(memory: AgentMemory, agent: CalledAgent, runId: string): Promise<boolean> {
  const space = await memory.spaceOfRun({ kind: 'agent', id: agent.id, name: agent.name }, runId)
  // Of another memory: its own supervisor ends it.
  if (space === null) return false
  const run = await space.run(runId)
  if (run === null) return true
  if (run.status !== 'running' && !canEnd(run)) return true
  const turn = run.turnId === undefined ? null : await space.messages.turn(run.turnId)
  return turn === null || turn.replacedBy !== null
}

/** Ends the open work of all subagents and workflows, at every depth, whose supervisor's turn is over. */
export async function endOrphans(agent: CalledAgent, requestContext: RequestContext): Promise<void> {
  const subagents = checkSubagents(agent.name, await resolved(agent.options.agents, requestContext))
  const subflows = checkSubflows(agent.name, await resolved(agent.options.workflows, requestContext))
  if (subagents.length + subflows.length === 0 || (agent.work !== null && agent.work.depth > deepest)) return
  const { usable, memory: source } = await memoryFor(agent, requestContext)
  for (const { workflow } of subflows) {
    await calledWorkflowOf(workflow, source)?.cancelOrphans((runId) => isOver(usable, agent, runId))
  }
  const work = { ...noWork, depth: (agent.work?.depth ?? 0) + 1 }
  for (const subagent of subagents) {
    const child = subordinate(subagent.agent, { agent, source, model: null, work })
    const { usable: own, actor } = await memoryFor(child, requestContext)
    const query = { kind: 'agent', names: [child.id], statuses: ['suspended', 'interrupted'], limit: perPage } as const
    for (let after: { startedAt: string; runId: string } | null = null; ; ) {
      const page = await own.waitingRuns(actor, { ...query, after })
      for (const { space, run } of page) {
        const { threadId, turnId, parentRunId } = run
        if (parentRunId === undefined || threadId === undefined || turnId === undefined) continue
        if (await isOver(usable, agent, parentRunId)) await endUnlessContinued({ space, run, threadId, turnId })
      }
      const last = page.at(-1)
      if (last === undefined || page.length < perPage) break
      after = { startedAt: last.run.startedAt, runId: last.run.id }
    }
    await endOrphans(child, requestContext)
  }
}

/** Agents that hand work to each other in a circle have no end. */
const deepest = 15
