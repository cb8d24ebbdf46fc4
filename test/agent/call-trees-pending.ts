// The calls that wait in a thread, as its parts show them, and a person's word on one of them.
import type { Agent, AgentResult, AgentStream, MessagePart, Run, StoredMessage } from 'aquifer'
import type { Decision, Request } from './call-trees-plan.ts'
import type { CallData, CallInput } from './call-trees-tools.ts'

export interface PendingCall {
  readonly message: StoredMessage
  readonly part: MessagePart
  readonly kind: 'approval' | 'suspension' | 'client'
  readonly input: CallInput
  readonly runId: string
  /** What its tool asked with. */
  readonly payload: CallData | null
}

function kindOf({ type, state }: MessagePart, payload: CallData | null): PendingCall['kind'] | null {
  if (state === 'approval-requested') return 'approval'
  if (state !== 'input-available' && state !== 'approval-responded') return null
  if (type === 'tool-client') return 'client'
  return payload === null ? null : 'suspension'
}

function payloadOf(message: StoredMessage, toolCallId: unknown): CallData | null {
  const said = message.parts.findLast(({ type, id }) => type === 'data-tool-call-suspended' && id === toolCallId)
  return (said?.data as { suspendPayload?: CallData } | undefined)?.suspendPayload ?? null
}

/** The calls that wait in turns that are suspended. */
export function pendingIn(stored: readonly StoredMessage[], runs: readonly Run[]): readonly PendingCall[] {
  return stored.flatMap((message) => {
    const run = runs.find(({ turnId }) => turnId === message.turnId)
    if (message.turnStatus !== 'suspended' || run === undefined) return []
    return message.parts.flatMap((part) => {
      if (part.toolCallId === undefined) return []
      const payload = payloadOf(message, part.toolCallId)
      const kind = kindOf(part, payload)
      const input = part.input as unknown as CallInput
      return kind === null ? [] : [{ message, part, kind, input, runId: run.id, payload }]
    })
  })
}

/** A part with a client's word on it. */
export function answered(part: MessagePart, { approved, output }: Pick<Decision, 'approved' | 'output'>): object {
  const { type, state } = part
  if (type === 'tool-client' && state === 'input-available') return { ...part, state: 'output-available', output }
  if (state !== 'approval-requested') return part
  return { ...part, state: 'approval-responded', approval: { ...(part.approval as object), approved } }
}

type Way = Request['way']

/** Decides by a method of the agent. */
export function decideByProgram(
  agent: Agent,
  { kind, part, runId, payload }: PendingCall,
  { approved, output, way }: Pick<Decision, 'approved' | 'output'> & { readonly way: Way },
  quiet: object,
): Promise<AgentResult | AgentStream> {
  const options = { runId, toolCallId: String(part.toolCallId), ...quiet }
  if (!approved) return way === 'stream' ? agent.declineToolCall(options) : agent.declineToolCallGenerate(options)
  if (kind === 'approval')
    return way === 'stream' ? agent.approveToolCall(options) : agent.approveToolCallGenerate(options)
  const data = kind === 'client' ? output : payload
  return way === 'stream' ? agent.resumeStream(data, options) : agent.resumeGenerate(data, options)
}
