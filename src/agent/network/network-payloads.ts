/** What the events of a network say: the pieces that several of them share. Pure. */
import type { Json } from '../../domain/json.ts'
import type { IterationEvent } from '../call-iterations.ts'
import type { CompletionReason } from '../iteration-options.ts'
import type { DelegationEvent } from '../relay.ts'
import type { PendingCall } from '../suspension/pending-calls.ts'
import type { NetworkInnerEvent, NetworkPayloads, NetworkPrimitiveType, NetworkUsage } from './network-events.ts'

/** What the events say of their network. */
export interface NetworkRun {
  readonly agentId: string
  readonly runId: string
  /** What it was asked; null for a stream that goes on with a run. */
  readonly task: string | null
  readonly threadId: string
  readonly resourceId: string | null
  /** How many decisions its run had before this stream of it. */
  readonly before: number
  /** What the router is shown of the conversation. */
  readonly conversation: NetworkPayloads['routing-agent-end']['conversationContext']
  /** What the tools that hand work on lead to, by their names. */
  readonly primitives: ReadonlyMap<string, { readonly type: 'agent' | 'workflow'; readonly id: string }>
}

/** What a primitive was asked, and what came of it. */
export interface NetworkStep {
  /** What did it. */
  readonly primitiveType: NetworkPrimitiveType
  /** The id of the agent or workflow, or the name of the tool. */
  readonly primitiveId: string
  /** The call of the router that handed it on. */
  readonly toolCallId: string
  /** How many decisions of the router came before. */
  readonly iteration: number
  /** What the router passed on. */
  readonly args: unknown
  /** Absent for a step that failed, or waits. */
  readonly result?: unknown
  /** In words. Absent for one that did not fail. */
  readonly error?: string
}

/** A step while it runs. */
export type RunningStep = { -readonly [Field in keyof NetworkStep]: NetworkStep[Field] } & {
  /** What the router said before it chose. */
  reason: string
  isStarted: boolean
  isOver: boolean
}

const innerNames: Readonly<Record<string, string>> = { 'start-step': 'step-start', 'finish-step': 'step-finish' }

export function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

export function usageOf(usage: NetworkUsage | undefined): NetworkUsage {
  const { inputTokens, outputTokens, totalTokens } = usage ?? {}
  return { inputTokens, outputTokens, totalTokens }
}

export function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

/** What a router passes to a primitive. */
export function promptOf(args: unknown): string {
  const { prompt } = (args ?? {}) as { readonly prompt?: unknown }
  return typeof prompt === 'string' ? prompt : asText(args ?? '')
}

/** What happens inside of a primitive, under its name there. */
export function innerEvent(
  { runId }: NetworkRun,
  { primitive, part }: DelegationEvent & { readonly kind: 'part' },
): NetworkInnerEvent {
  const name = innerNames[part.type] ?? part.type
  const { type: _, ...payload } = part
  const from = primitive.type === 'agent' ? 'AGENT' : 'WORKFLOW'
  return {
    type: `${primitive.type}-execution-event-${name}`,
    ...{ runId, from: 'NETWORK', payload: { type: name, runId, from, payload } },
  }
}

/** The end of a step. */
export function endOfStep(
  { task, runId }: NetworkRun,
  { primitiveId, primitiveType, iteration, result = null, error }: RunningStep,
  usage: NetworkUsage | null,
) {
  const failed = error === undefined ? {} : { error }
  return { task, primitiveId, primitiveType, result, ...failed, isComplete: false, iteration, runId, usage }
}

/** A call that waits. */
export function waitingOf(
  { runId }: NetworkRun,
  { toolCallId, toolName, args, suspendPayload, resumeSchema, chain }: Omit<PendingCall, 'kind'>,
  selectionReason: string,
): NetworkPayloads['agent-execution-approval'] {
  const agentId = chain?.at(-1)?.agentId
  return {
    ...{ toolCallId, toolName, args, runId, selectionReason },
    ...(resumeSchema === undefined ? {} : { resumeSchema: asText(resumeSchema) }),
    ...(suspendPayload === undefined ? {} : { suspendPayload: suspendPayload as Json }),
    ...(agentId === undefined ? {} : { agentId }),
  }
}

/** What was at work when the network was aborted: the primitives, or else the router. */
export function abortsOf(steps: readonly RunningStep[], iteration: number) {
  const open = steps.filter(({ isOver }) => !isOver)
  const router = { primitiveId: '', primitiveType: 'none', iteration } as const
  if (open.length === 0) return [['routing-agent', router] as const]
  return open.map(({ primitiveId, primitiveType, iteration: at }) => {
    return [`${primitiveType}-execution` as const, { primitiveId, primitiveType, iteration: at }] as const
  })
}

/** The end of a check whether the task is complete. */
export function validationOf(
  { runId }: NetworkRun,
  iteration: number,
  { check, suppressFeedback }: IterationEvent & { readonly kind: 'check-ended' },
): NetworkPayloads['network-validation-end'] {
  const { passed, results, duration, timedOut, reason, maxIterationReached } = check
  return { runId, iteration, passed, results, duration, timedOut, reason, maxIterationReached, suppressFeedback }
}

/** The end of the check whether an answer has its form: the AI SDK makes it, and a stream whose check fails has no end. */
export function formChecked({ runId }: NetworkRun, iteration: number): NetworkPayloads['network-validation-end'] {
  return {
    ...{ runId, iteration, passed: true, results: [], duration: 0, timedOut: false },
    ...{ reason: 'The answer has the form that was asked for.', maxIterationReached: false, suppressFeedback: false },
  }
}

const complete: ReadonlySet<CompletionReason | null> = new Set(['answered', 'validated', 'ended-by-hook'] as const)

/** Whether a task is complete by that end of its run. */
export function isCompleteBy(reason: CompletionReason | null): boolean {
  return complete.has(reason)
}

/** What the last event of a network says, apart from the object. */
export function finishOf(
  { task, threadId, resourceId }: NetworkRun,
  ended: Pick<NetworkPayloads['network-execution-event-finish'], 'completionReason' | 'result' | 'iteration'> & {
    /** The step that ended the network; null if the router did. */
    readonly last: RunningStep | null
    readonly usage: NetworkUsage
    /** Of the last check; null if nothing was checked. */
    readonly passed: boolean | null
  },
) {
  const { completionReason, result, iteration, last, usage, passed } = ended
  return {
    ...{ task, isComplete: isCompleteBy(completionReason), completionReason, result, iteration },
    ...(passed === null ? {} : { validationPassed: passed }),
    ...{ primitiveId: last?.primitiveId ?? '', primitiveType: last?.primitiveType ?? ('none' as const) },
    ...{ threadId, threadResourceId: resourceId, usage: usageOf(usage) },
  }
}
