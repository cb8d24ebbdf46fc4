/**
 * Labels that tell a model who speaks, and texts that cannot fake such a label. Pure.
 *
 * An agent's own messages have no label. Another agent's messages keep the role of the assistant, because tool calls
 * are valid in no other role, and begin with a line that names the agent. The line explains itself, so no instruction
 * has to, and it is not the bare `[Name]` that models begin to write themselves. Any other line in this form was
 * written by somebody, and gets a backslash in front. Markers of time are guarded in the same way.
 */
import { type Author, isUnknownUser, isUnnamedAgent } from '../../domain/actor.ts'
import { normalise } from '../../domain/index/tokens.ts'
import type { MessagePart, Role } from '../../domain/records/message.ts'
import { withoutFences } from '../../recall/text/without-fences.ts'

/** Who sees the prompt, and who takes part in the conversation. */
export interface Reader {
  readonly agentId: string
  /** null outside any resource. */
  readonly resourceId: string | null
  /** Whether no other agent speaks in the conversation: then the answers of an agent that nobody named are its own. */
  readonly isOnlyAgent: boolean
}

const kinds = 'user|agent|tool|system'
const label = `\\[\\s*(?:from\\s+(?:${kinds})|time\\s+passed)\\b`
const anyLabel = new RegExp(label, 'i')
const labelAtStart = new RegExp(`^\\s*${label}`, 'i')
const lineBreaks = /(?<=[\n\v\f\r\u0085\u2028\u2029])/
const unseen = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu

/** A name on one line that cannot end a label or a fence. */
function nameOf({ id, name = id }: Author): string {
  return withoutFences(name.replace(/[[\]\uff3b\uff3d\s\p{Cc}]+/gu, ' ').trim())
}

/** The line that names the author of a message. */
export function labelOf(author: Author): string {
  return `[from ${author.kind} ${nameOf(author)}${author.claimed === true ? ', as stated by another' : ''}]`
}

/** Whether an agent is the only one that speaks in these messages, apart from one that nobody named. */
export function isOnlyAgentIn(
  messages: readonly { readonly role: Role; readonly author: Author }[],
  agentId: string,
): boolean {
  return messages.every(({ role, author }) => role !== 'assistant' || author.id === agentId || isUnnamedAgent(author))
}

/** Whether a message needs a label: it is neither the agent's own, nor that of the user it talks to. */
export function needsLabel(role: Role, author: Author, reader: Reader): boolean {
  // Outside any resource the user whom nobody named is the one that the agent talks to.
  if (role === 'user' && reader.resourceId === null && isUnknownUser(author)) return false
  if (author.claimed === true || role === 'system') return true
  if (role === 'assistant' && reader.isOnlyAgent && isUnnamedAgent(author)) return false
  if (role === 'assistant') return author.kind !== 'agent' || author.id !== reader.agentId
  return author.kind !== 'user' || author.id !== reader.resourceId
}

/** A text as it looks: one spelling for look-alike letters, without invisible ones. */
function asRead(text: string): string {
  return normalise(text).replace(unseen, '')
}

/** A text in which no line looks like a label, and nothing like memory. */
export function guarded(text: string): string {
  const unfenced = withoutFences(text)
  if (!anyLabel.test(asRead(unfenced))) return unfenced
  return unfenced
    .split(lineBreaks)
    .map((line) => (labelAtStart.test(asRead(line)) ? `\\${line}` : line))
    .join('')
}

/** Parts with the label in front of the first text. */
export function labelled(parts: readonly MessagePart[], label: string): readonly MessagePart[] {
  const first = parts.findIndex(({ type }) => type !== 'step-start')
  const part = parts[first]
  if (part === undefined) return parts
  if (part.type === 'text') {
    // What a provider knows of the text is of the text without the label.
    const { providerMetadata: _, ...text } = part
    return parts.with(first, { ...text, type: part.type, text: `${label}\n${part.text}` })
  }
  return parts.toSpliced(first, 0, { type: 'text', text: label })
}
