/**
 * Who speaks, as a model sees it, and texts that cannot pretend to be somebody else's. Pure.
 *
 * An agent's own messages have no label. Another agent's stay the assistant's, because their tool calls are valid in no
 * other role, and begin with a line that says whose they are. That line holds the kind of the author and words that
 * explain themselves, so no instruction has to, and it is not the bare `[Name]` that models take up and write
 * themselves. Whatever else begins a line in its form was written by somebody, and gets a backslash in front.
 */
import type { Author } from '../../domain/actor.ts'
import { normalise } from '../../domain/index/tokens.ts'
import type { MessagePart, Role } from '../../domain/records/message.ts'
import { withoutFences } from '../../recall/without-fences.ts'

/** Who sees the prompt, and whose conversation it is. */
export interface Reader {
  readonly agentId: string
  /** null outside any resource. */
  readonly resourceId: string | null
}

const kinds = 'user|agent|tool|system'
const anyLabel = new RegExp(`\\[\\s*from\\s+(?:${kinds})\\b`, 'i')
const labelAtStart = new RegExp(`^\\s*\\[\\s*from\\s+(?:${kinds})\\b`, 'i')
const lineBreaks = /(?<=[\n\v\f\r\u0085\u2028\u2029])/
const unseen = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu

/** A name on one line that ends no label and no fence. */
function nameOf({ id, name = id }: Author): string {
  return withoutFences(name.replace(/[[\]\uff3b\uff3d\s\p{Cc}]+/gu, ' ').trim())
}

/** The line that says whose a message is. */
export function labelOf(author: Author): string {
  return `[from ${author.kind} ${nameOf(author)}${author.claimed === true ? ', as stated by another' : ''}]`
}

/** Whether a model has to be told whose a message is: it is neither its own nor that of the user it talks to. */
export function needsLabel(role: Role, author: Author, reader: Reader): boolean {
  if (author.claimed === true || role === 'system') return true
  if (role === 'assistant') return author.kind !== 'agent' || author.id !== reader.agentId
  return author.kind !== 'user' || author.id !== reader.resourceId
}

/** A text as it looks: one spelling for look-alike letters, and none that nobody sees. */
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

/** Parts with the label in front of what is said first. */
export function labelled(parts: readonly MessagePart[], label: string): readonly MessagePart[] {
  const first = parts.findIndex(({ type }) => type !== 'step-start')
  const part = parts[first]
  if (part === undefined) return parts
  if (part.type === 'text') return parts.with(first, { ...part, text: `${label}\n${part.text}` })
  return parts.toSpliced(first, 0, { type: 'text', text: label })
}
