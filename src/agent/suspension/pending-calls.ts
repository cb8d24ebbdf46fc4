/** The calls that a suspended answer waits for, as its parts tell, and how streams show them. Pure. */
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { isToolPart, type MessagePart, toolNameOf } from '../../domain/records/message.ts'
import { suspendedPart } from '../tools/data-parts.ts'

/** A step of the way from an agent to the subagent whose call waits. */
export interface DelegationLink {
  /** The subagent that work was handed to. */
  readonly agentId: string
  /** Its run. */
  readonly runId: string
  /** The call that handed the work on. Its id names the call that waits, too, if no other call waits behind it. */
  readonly toolCallId: string
}

/** A call of a tool that waits. */
export interface PendingCall {
  /** Its id, by which it is approved, declined or resumed. */
  readonly toolCallId: string
  /** The tool's name. */
  readonly toolName: string
  /** The input of the call. */
  readonly args: Json
  /** What it waits for: a person's approval, data that its tool asked for, or the result of a tool that the client runs. */
  readonly kind: 'approval' | 'suspension' | 'client'
  /** What the tool passed to `suspend`. Absent without a payload. */
  readonly suspendPayload?: Json
  /** The JSON Schema of the data that it is resumed with. Absent if any JSON will do. */
  readonly resumeSchema?: Json
  /** Of a subagent's call: the way to that subagent, the first one first. Absent for a call of the agent itself. */
  readonly chain?: readonly DelegationLink[]
}

/** A part of `fullStream`: a call waits for a person's approval. */
export interface ToolCallApprovalPart {
  /** Tells it from the AI SDK's parts. */
  readonly type: 'tool-call-approval'
  /** The run that waits. */
  readonly runId: string
  /** The call. */
  readonly payload: Omit<PendingCall, 'kind'>
}

/** A part of `fullStream`: a call waits for data. */
export interface ToolCallSuspendedPart {
  /** Tells it from the AI SDK's parts. */
  readonly type: 'tool-call-suspended'
  /** The run that waits. */
  readonly runId: string
  /** The call, and what its tool says about it. */
  readonly payload: Omit<PendingCall, 'kind'>
}

/** What the parts of an answer say of the suspension of a call; null if they say nothing. */
function suspensionOf(parts: readonly MessagePart[], toolCallId: string): MessagePart | null {
  return parts.findLast(({ type, id }) => type === suspendedPart && id === toolCallId) ?? null
}

/** The calls that work waits for which a call has handed on. */
function callsBehind(toolCallId: string, { agentId, runId, calls }: JsonObject): readonly PendingCall[] {
  if (!Array.isArray(calls)) return []
  const link = { agentId: String(agentId), runId: String(runId), toolCallId }
  // They were written by the call that handed the work on.
  return (calls as unknown as readonly PendingCall[]).map((call) => ({ ...call, chain: [link, ...(call.chain ?? [])] }))
}

function pendingCall(part: MessagePart, parts: readonly MessagePart[]): readonly PendingCall[] {
  const { toolCallId, state, input } = part
  if (!isToolPart(part) || typeof toolCallId !== 'string') return []
  const call = { toolCallId, toolName: toolNameOf(part), args: input ?? null }
  if (state === 'approval-requested') return [{ ...call, kind: 'approval' }]
  const said = suspensionOf(parts, toolCallId)?.data
  const isOpen = state === 'input-available' || state === 'approval-responded'
  if (isOpen && isJsonObject(said) && isJsonObject(said.delegation)) return callsBehind(toolCallId, said.delegation)
  if (state !== 'input-available' || part.providerExecuted === true) return []
  if (!isJsonObject(said)) return [{ ...call, kind: 'client' }]
  const { suspendPayload, resumeSchema } = said
  const told = {
    ...(suspendPayload === undefined ? {} : { suspendPayload }),
    ...(resumeSchema === undefined ? {} : { resumeSchema }),
  }
  return [{ ...call, kind: 'suspension', ...told }]
}

/** The calls of an answer that wait, in the order in which they were made. */
export function pendingCallsOf(parts: readonly MessagePart[]): readonly PendingCall[] {
  return parts.flatMap((part) => pendingCall(part, parts))
}

/** The parts of `fullStream` for calls that wait for an approval or for data. */
export function pendingParts(
  runId: string,
  calls: readonly PendingCall[],
): readonly (ToolCallApprovalPart | ToolCallSuspendedPart)[] {
  return calls.flatMap(({ kind, ...call }): readonly (ToolCallApprovalPart | ToolCallSuspendedPart)[] => {
    if (kind === 'client') return []
    const type = kind === 'suspension' ? 'tool-call-suspended' : 'tool-call-approval'
    return [{ type, runId, payload: call }]
  })
}
