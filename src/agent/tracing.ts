/**
 * Publishes what agents do on a tracing channel of Node while there are listeners: each step of a model, each check and each
 * delegation, with ids, counts, tokens, scores and times, never content.
 */
import { tracingChannel } from 'node:diagnostics_channel'
import { detach, warnOf } from '../domain/detached.ts'

/** The name of the channel: `tracingChannel(agentChannel).subscribe({ asyncEnd(event) { … } })`. */
export const agentChannel = 'aquifer:agent'

/** Fields of all events. Optional ones are set when the work is done, as far as they apply. */
interface WorkEvent {
  /** The agent whose call it is. */
  readonly agentId: string
  /** Its run, thread and resource; absent for a call that stores nothing. */
  readonly runId?: string
  readonly threadId?: string
  readonly resourceId?: string
  /** Whether it came to its end. Work that waits for somebody is `suspended`. */
  readonly status?: 'done' | 'suspended' | 'failed'
  /** Milliseconds. */
  readonly durationMs?: number
}

/** Work that an agent hands to a subagent or a workflow. One that waits has an event each time that it goes on. */
export interface DelegationEnded extends WorkEvent {
  /** Tells the event from others. */
  readonly operation: 'agent.delegation'
  /** The call that hands it on. */
  readonly toolCallId: string
  /** What it is handed to. */
  readonly primitiveType: 'agent' | 'workflow'
  /** The id of the subagent or the workflow. */
  readonly primitiveId: string
  /** Letters of what it is asked. */
  readonly promptCharacters: number
  /** The run of the work. */
  readonly childRunId?: string
  /** Tokens of the prompts of its own steps. */
  readonly inputTokens?: number
  /** Tokens of their answers. */
  readonly outputTokens?: number
}

/** A step of a model: what it decided. Published when the step is over. */
export interface IterationEnded extends WorkEvent {
  /** Tells the event from others. */
  readonly operation: 'agent.iteration'
  /** The number of the step in its run, from 1. */
  readonly iteration: number
  /** `<provider>/<id>`. */
  readonly model: string
  /** Names of the tools that it called. */
  readonly tools: readonly string[]
  /** Messages of its prompt. */
  readonly promptMessages: number
  /** Letters in them. */
  readonly promptCharacters: number
  /** Notes of memory in its prompt, in place of messages. */
  readonly promptNotes?: number
  /** Ids of the last of them, at most 200. */
  readonly promptNoteIds?: readonly string[]
  /** Tokens of the prompt. */
  readonly inputTokens?: number
  /** Tokens of the answer. */
  readonly outputTokens?: number
}

/** A check whether a task is complete. */
export interface CheckEnded extends WorkEvent {
  /** Tells the event from others. */
  readonly operation: 'agent.check'
  /** The step that is checked, from 1. */
  readonly iteration: number
  /** The ids of the scorers. */
  readonly scorers: readonly string[]
  /** One for each scorer. */
  readonly scores?: readonly number[]
  /** Whether it passed. */
  readonly passed?: boolean
}

/** What agents publish on the channel `agentChannel`. */
export type AgentEvent = DelegationEnded | IterationEnded | CheckEnded

// Node has loaded this module before the first line of any program, so importing it costs nothing.
const channel = tracingChannel<unknown, AgentEvent>(agentChannel)

/** Adds fields and publishes the end. Subscribers never change the outcome of the work. */
function conclude(event: AgentEvent, fields: () => object): void {
  detach(() => Object.assign(event, fields()), warnOf)
  if (event.status === 'failed') channel.error.publish(event)
  channel.asyncStart.publish(event)
  channel.asyncEnd.publish(event)
}

/**
 * Does work and publishes its event: `start` and `end` around the call, `asyncStart` and `asyncEnd` when it is done. Without a
 * listener it only does the work.
 *
 * @param ended The fields that its end adds to the event; `failed` tells whether it threw.
 */
export async function tracedWork<Event extends AgentEvent, Result>(
  begin: () => Event,
  work: () => Promise<Result>,
  ended: (result: Result | null, failed: boolean) => Partial<Event>,
): Promise<Result> {
  if (!channel.hasSubscribers) return work()
  const startedAt = performance.now()
  const event = begin()
  const since = () => ({ durationMs: performance.now() - startedAt })
  return channel.start.runStores(event, async () => {
    const working = work()
    channel.end.publish(event)
    try {
      const result = await working
      conclude(event, () => ({ ...since(), status: 'done', ...ended(result, false) }))
      return result
    } catch (error) {
      conclude(event, () => ({ ...since(), status: 'failed', ...ended(null, true) }))
      throw error
    }
  })
}

/** Publishes work that is over: all moments at once, with the time that it took. */
export function publishEnded(event: () => AgentEvent): void {
  if (!channel.hasSubscribers) return
  const ended = event()
  channel.start.runStores(ended, () => channel.end.publish(ended))
  conclude(ended, () => ({}))
}
