/**
 * The parts that a message of a call may have: those of the AI SDK. A part that no model would see must not be lost
 * silently.
 */
import { invalidInput } from '../../domain/error.ts'
import { isToolPart, type MessageInput, type MessagePart } from '../../domain/records/message.ts'

const known = new Set([
  ...['text', 'file', 'reasoning', 'reasoning-file', 'source-url', 'source-document', 'custom'],
  ...['step-start', 'steering-message', 'tool-approval-request', 'tool-approval-response'],
])

function isKnown(part: MessagePart): boolean {
  return known.has(part.type) || part.type.startsWith('data-') || isToolPart(part)
}

/**
 * @throws MemoryError `invalid-input` naming the first type of part that no model would see, such as one of another
 *   package.
 */
export function checkParts(messages: readonly Pick<MessageInput, 'parts'>[]): void {
  const foreign = messages.flatMap(({ parts }) => parts).find((part) => !isKnown(part))
  if (foreign === undefined) return
  const fix = `Pass a file as { type: 'file', mediaType, url }, a call as { type: 'tool-call', toolCallId, toolName, input }, your own data as { type: 'data-…', data }.`
  throw invalidInput('messages', 'must hold parts of the AI SDK', foreign.type, fix)
}
