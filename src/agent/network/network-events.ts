/** The events of a network: every name with its payload. Types only. */
import type { Json } from '../../domain/json.ts'
import type { DelegationMessage } from '../delegation-message.ts'
import type { CompletionReason, ScorerResult } from '../iteration-options.ts'

/** What a router may hand a task to: another agent, a workflow, or a tool of its own. */
export type NetworkPrimitiveType = 'agent' | 'workflow' | 'tool'

/** Tokens, as far as the provider counts them. */
export interface NetworkUsage {
  /** Tokens of prompts. */
  readonly inputTokens?: number | undefined
  /** Tokens of answers. */
  readonly outputTokens?: number | undefined
  /** Both. */
  readonly totalTokens?: number | undefined
}

/** What the router chose. */
interface Selection {
  /** What the network was asked; null for a stream that goes on with a run. */
  readonly task: string | null
  /** The id of the agent or workflow, or the name of the tool; empty if the router answers itself. */
  readonly primitiveId: string
  readonly primitiveType: NetworkPrimitiveType | 'none'
  /** What the router passes on: a text for an agent, JSON for a workflow or a tool. Empty if it answers itself. */
  readonly prompt: string
  /** The answer; empty if a primitive is chosen. */
  readonly result: string
  /** Whether the router takes the task for complete; a check may disagree. */
  readonly isComplete: boolean
  /** What the router said before it chose. */
  readonly selectionReason: string
  /** How many decisions came before: 0 for the first one. */
  readonly iteration: number
  readonly runId: string
  /** What the router was shown of the conversation, without its instructions and without memory. */
  readonly conversationContext: readonly DelegationMessage[]
  /** Known once the step of the model is over: null where a primitive begins before that. */
  readonly usage: NetworkUsage | null
}

/** The end of what a primitive did. */
interface PrimitiveEnd {
  readonly task: string | null
  readonly primitiveId: string
  readonly primitiveType: NetworkPrimitiveType
  /** What the router is told; null if it failed. */
  readonly result: unknown
  /** In words for the application; absent if it did not fail. */
  readonly error?: string
  /** Whether the task of the network is complete by it: only if a hook ended the network with it. */
  readonly isComplete: boolean
  readonly iteration: number
  readonly runId: string
  readonly usage: NetworkUsage | null
}

/** A call that waits for somebody, of the router or of an agent below it. */
interface WaitingPrimitive {
  /** The call that waits: `approveNetworkToolCall` and its like take it. */
  readonly toolCallId: string
  readonly toolName: string
  readonly args: Json
  /** The run of the network. */
  readonly runId: string
  readonly selectionReason: string
  /** JSON Schema, as JSON text; absent if any data will do. */
  readonly resumeSchema?: string
  /** What the tool or step passed to `suspend`; absent if it passed nothing. */
  readonly suspendPayload?: Json
  /** Of an agent: the agent whose call waits. */
  readonly agentId?: string
}

interface PrimitiveAbort {
  readonly primitiveId: string
  readonly primitiveType: NetworkPrimitiveType | 'none'
  readonly iteration: number
}

/** The payload of each event, by its name. */
export interface NetworkPayloads {
  /** The router begins to decide. */
  'routing-agent-start': {
    readonly networkId: string
    readonly agentId: string
    readonly runId: string
    readonly inputData: { readonly task: string | null; readonly iteration: number }
  }
  /** The router begins to speak. */
  'routing-agent-text-start': { readonly runId: string }
  /** A piece of what the router says. */
  'routing-agent-text-delta': { readonly runId: string; readonly text: string }
  /** The router has decided, or answered. */
  'routing-agent-end': Selection
  /** The network was aborted while the router decided. */
  'routing-agent-abort': PrimitiveAbort
  /** A subagent begins. */
  'agent-execution-start': { readonly agentId: string; readonly args: unknown; readonly runId: string }
  /** A subagent is done, or failed. */
  'agent-execution-end': PrimitiveEnd & { readonly agentId: string }
  /** A call of a subagent waits for an approval. */
  'agent-execution-approval': WaitingPrimitive
  /** A call of a subagent waits for data. */
  'agent-execution-suspended': WaitingPrimitive
  /** The network was aborted while a subagent was at work. */
  'agent-execution-abort': PrimitiveAbort
  /** A workflow begins. */
  'workflow-execution-start': { readonly workflowId: string; readonly args: unknown; readonly runId: string }
  /** A workflow is done, or failed. */
  'workflow-execution-end': PrimitiveEnd & { readonly name: string }
  /** A call of a workflow waits for an approval. */
  'workflow-execution-approval': WaitingPrimitive
  /** A call of a workflow waits for data. */
  'workflow-execution-suspended': WaitingPrimitive
  /** The network was aborted while a workflow was at work. */
  'workflow-execution-abort': PrimitiveAbort
  /** A tool begins. */
  'tool-execution-start': {
    readonly toolName: string
    readonly toolCallId: string
    readonly args: unknown
    readonly runId: string
  }
  /** A tool is done, or failed. */
  'tool-execution-end': PrimitiveEnd & { readonly toolCallId: string; readonly toolName: string }
  /** A call of a tool waits for an approval. */
  'tool-execution-approval': WaitingPrimitive
  /** A call of a tool waits for data. */
  'tool-execution-suspended': WaitingPrimitive
  /** The network was aborted while a tool was at work. */
  'tool-execution-abort': PrimitiveAbort
  /** The check begins whether the task is complete. Never there unless something is checked. */
  'network-validation-start': {
    readonly runId: string
    readonly iteration: number
    /** Scorers; 1 for a check of the form of an object. */
    readonly checksCount: number
  }
  /** The check is over. */
  'network-validation-end': {
    readonly runId: string
    readonly iteration: number
    readonly passed: boolean
    /** One for each scorer. */
    readonly results: readonly ScorerResult[]
    /** Milliseconds. */
    readonly duration: number
    /** Whether a scorer was too late. */
    readonly timedOut: boolean
    /** The reasons of those that did not pass, or why the check passed. */
    readonly reason: string
    /** Whether it did not pass, and no step was left to do more. */
    readonly maxIterationReached: boolean
    /** Whether the router is not told why it did not pass. */
    readonly suppressFeedback: boolean
  }
  /** A piece of the object that was asked for: all that is known of it. */
  'network-object': { readonly object: unknown }
  /** The whole object that was asked for. */
  'network-object-result': { readonly object: unknown }
  /** The task is complete: once, with the final text. */
  'network-execution-event-step-finish': {
    readonly task: string | null
    /** The final text. */
    readonly result: string
    readonly isComplete: true
    readonly iteration: number
    readonly runId: string
  }
  /** The network has ended. */
  'network-execution-event-finish': {
    readonly task: string | null
    readonly isComplete: boolean
    /** null only for a run that was ended by nothing that is known. */
    readonly completionReason: CompletionReason | null
    readonly result: string
    readonly primitiveId: string
    readonly primitiveType: NetworkPrimitiveType | 'none'
    readonly iteration: number
    /** Whether no primitive was needed. */
    readonly isOneOff: boolean
    readonly threadId: string
    /** null for a network that was called without ids. */
    readonly threadResourceId: string | null
    /** Whether the last check passed. Absent if nothing was checked. */
    readonly validationPassed?: boolean
    /** Absent unless `structuredOutput` asked for one. */
    readonly object?: unknown
    readonly usage: NetworkUsage
  }
  /** Something failed. */
  error: { readonly error: unknown }
}

/** The name of an event, except those from inside of primitives. */
export type NetworkEventType = keyof NetworkPayloads

/** What happens inside of an agent or a workflow: a part of its own stream, under the name that it has there. */
export interface NetworkInnerEvent {
  /** The type of the inner event behind a prefix. Steps of models are `step-start` and `step-finish`. */
  readonly type: `agent-execution-event-${string}` | `workflow-execution-event-${string}`
  readonly runId: string
  /** The same for each event. */
  readonly from: 'NETWORK'
  /** The part of the inner stream. */
  readonly payload: {
    readonly type: string
    readonly runId: string
    readonly from: 'AGENT' | 'WORKFLOW'
    readonly payload: unknown
  }
}

/** An event of a network. */
export type NetworkEvent =
  | NetworkInnerEvent
  | {
      readonly [Name in NetworkEventType]: {
        readonly type: Name
        /** The run of the network. */
        readonly runId: string
        readonly from: 'NETWORK'
        readonly payload: NetworkPayloads[Name]
      }
    }[NetworkEventType]
