/** Subagents as a supervisor calls them: with what they inherit, and in spaces and threads of their own. */
import type { LanguageModelObject } from '../../derive/provider-model.ts'
import type { Actor } from '../../domain/actor.ts'
import type { JsonObject } from '../../domain/json.ts'
import { childSpaceId, resourceOf } from '../../domain/space.ts'
import type { Memory } from '../../facade/memory.ts'
import type { AgentMemory, AgentSpace } from '../../ports/agent-memory.ts'
import type { CalledAgent, DelegatedWork, GivenRun } from '../call.ts'
import { calledAgentOf } from '../called-agent.ts'
import type { WorkflowPlace } from '../called-workflow.ts'
import { derivedUnique } from './derived-ids.ts'

/** What a supervisor gives to subagents that have none of their own. */
interface Supervisor {
  readonly agent: CalledAgent
  /** As it was given; null for a call without memory. */
  readonly source: Memory | null
  /** null where no model is called. */
  readonly model: LanguageModelObject | null
  readonly work: DelegatedWork
}

/** A subagent with what it inherits. The agent itself is not changed. */
export function subordinate(agent: object, { agent: parent, source, model, work }: Supervisor): CalledAgent {
  const own = calledAgentOf(agent)
  return {
    ...own,
    defaultMemory: source ?? own.defaultMemory,
    bind: (memory) => (memory === source ? parent : own).bind(memory),
    defaultModel: model,
    telemetry: own.telemetry ?? parent.telemetry,
    work,
  }
}

/** Whether an agent remembers elsewhere than its supervisor. */
export function hasOwnMemory(agent: object): boolean {
  return calledAgentOf(agent).options.memory !== undefined
}

/** The call of a supervisor that hands work on. */
interface HandingCall {
  /** The supervisor. */
  readonly agent: Pick<CalledAgent, 'id' | 'name'>
  readonly space: AgentSpace
  readonly threadId: string
  readonly runId: string
  readonly toolCallId: string
}

/** Where the work of a subagent is stored. */
export interface WorkPlace {
  /** In the memory of the subagent. */
  readonly spaceIn: (memory: AgentMemory, subagent: Actor) => AgentSpace
  readonly thread: { readonly id: string; readonly metadata: JsonObject }
  /** The supervisor, which says the prompt. */
  readonly author: Actor
  readonly run: GivenRun
  /** The id of the message that holds the prompt. */
  readonly promptId: string
}

/**
 * Where the work of a call is stored: the same each time that it is begun.
 *
 * @param isStable Whether all work for one thread of the supervisor is in one thread. Default: each in one of its own.
 */
export function workPlace(
  { agent, space, threadId, runId, toolCallId }: HandingCall,
  key: string,
  isStable = false,
): WorkPlace {
  const unique = derivedUnique(runId, toolCallId)
  const spaceId = childSpaceId(space.id, 'agent', key)
  const parent = { parentThreadId: threadId, parentRunId: runId, toolCallId, agent: agent.id }
  return {
    spaceIn: (memory, actor) => memory.spaceAt(actor, spaceId),
    thread: { id: isStable ? threadId : `delegation-${unique}`, metadata: { delegation: parent } },
    author: { kind: 'agent', id: agent.id, name: agent.name },
    run: { unique, parentRunId: runId },
    promptId: `prompt-${unique}`,
  }
}

/**
 * Where the run of a workflow is that a call begins: in the resource of the call, and in its thread if that is one of the
 * resource itself.
 */
export function workflowPlace({ space, threadId, runId, toolCallId }: Omit<HandingCall, 'agent'>): WorkflowPlace {
  const own = { unique: derivedUnique(runId, toolCallId), parentRunId: runId }
  const resourceId = resourceOf(space.address)
  if (resourceId === null) return own
  return space.address.path.length === 1 ? { ...own, resourceId, threadId } : { ...own, resourceId }
}
