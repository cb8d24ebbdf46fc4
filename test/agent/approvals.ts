// What a client sends when a person has approved what an answer asks for.
import type { StoredMessage } from 'aquifer'

/** The messages, in which everything that waits for an approval is approved. */
export function approved(messages: readonly StoredMessage[]): never {
  const sent = messages.map(({ id, role, parts }) => ({
    id,
    role,
    parts: parts.map((part) =>
      part.state === 'approval-requested'
        ? { ...part, state: 'approval-responded', approval: { ...(part.approval as object), approved: true } }
        : part,
    ),
  }))
  // Stored parts are JSON; the input's type is the closed union of the AI SDK.
  return sent as never
}
