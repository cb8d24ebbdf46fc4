/** The calls that a suspended answer waits for, as its parts tell, and how streams show them. Pure. */
import { isJsonObject, type Json } from '../../domain/json.ts'
import { isToolPart, type MessagePart, toolNameOf } from '../../domain/records/message.ts'
import { suspendedPart } from '../tools/data-parts.ts'

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
}

/** A part of `fullStream`: a call waits for a person's approval. */
export interface ToolCallApprovalPart {
  /** Tells it from the AI SDK's parts. */
  readonly type: 'tool-call-approval'
  /** The run that waits. */
  readonly runId: string
  /** The call. */
  readonly payload: Pick<PendingCall, 'toolCallId' | 'toolName' | 'args'>
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

function pendingCall(part: MessagePart, parts: readonly MessagePart[]): PendingCall | null {
  const { toolCallId, state, input } = part
  if (!isToolPart(part) || typeof toolCallId !== 'string') return null
  const call = { toolCallId, toolName: toolNameOf(part), args: input ?? null }
  if (state === 'approval-requested') return { ...call, kind: 'approval' }
  if (state !== 'input-available' || part.providerExecuted === true) return null
  const said = suspensionOf(parts, toolCallId)?.data
  if (!isJsonObject(said)) return { ...call, kind: 'client' }
  const { suspendPayload, resumeSchema } = said
  return {
    ...call,
    kind: 'suspension',
    ...(suspendPayload === undefined ? {} : { suspendPayload }),
    ...(resumeSchema === undefined ? {} : { resumeSchema }),
  }
}

/** The calls of an answer that wait, in the order in which they were made. */
export function pendingCallsOf(parts: readonly MessagePart[]): readonly PendingCall[] {
  return parts.flatMap((part) => pendingCall(part, parts) ?? [])
}

/** The parts of `fullStream` for calls that wait for an approval or for data. */
export function pendingParts(
  runId: string,
  calls: readonly PendingCall[],
): readonly (ToolCallApprovalPart | ToolCallSuspendedPart)[] {
  return calls.flatMap(({ kind, ...call }): readonly (ToolCallApprovalPart | ToolCallSuspendedPart)[] => {
    const { toolCallId, toolName, args } = call
    if (kind === 'client') return []
    if (kind === 'suspension') return [{ type: 'tool-call-suspended', runId, payload: call }]
    return [{ type: 'tool-call-approval', runId, payload: { toolCallId, toolName, args } }]
  })
}
