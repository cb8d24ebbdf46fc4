/** Adds what happens inside of delegations to the stream of a call. It is for those who follow the stream; nothing stores it. */
import type { DelegationEvent, Relay } from '../relay.ts'
import type { AgentStreamPart, ToolOutputPart } from './result.ts'

function partOf(event: DelegationEvent): ToolOutputPart | null {
  if (event.kind !== 'part') return null
  const { toolCallId, toolName, part } = event
  return { type: 'tool-output', toolCallId, toolName, output: part as ToolOutputPart['output'] }
}

/** The parts of delegations come behind the call that began them, and in front of its result. */
export function withDelegationParts(relay: Relay): TransformStream<AgentStreamPart, AgentStreamPart> {
  let stop: (() => void) | null = null
  return new TransformStream<AgentStreamPart, AgentStreamPart>({
    transform: (part, controller) => {
      controller.enqueue(part)
      stop ??= relay.follow((event) => {
        const own = partOf(event)
        if (own === null) return
        try {
          controller.enqueue(own)
        } catch {
          // Its reader left.
          stop?.()
        }
      })
    },
    flush: () => stop?.(),
  })
}
