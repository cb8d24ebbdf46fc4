/** Calls of a stored answer that run when it is continued. */
import type { MessagePart } from '../../domain/records/message.ts'

/** The parts as the AI SDK is to see them: it runs approved calls before it asks the model. */
export function withRuns(parts: readonly MessagePart[], runs: ReadonlyMap<string, unknown>): readonly MessagePart[] {
  if (runs.size === 0) return parts
  return parts.map((part) => {
    if (typeof part.toolCallId !== 'string' || !runs.has(part.toolCallId)) return part
    const approval = { id: `runs-${part.toolCallId}`, approved: true }
    return { ...part, state: 'approval-responded', approval } as MessagePart
  })
}
