/** What the model of a call is shown and says, for those that the call hands work to. */
import { isToolPart, type MessagePart } from '../domain/records/message.ts'
import type { Utterance } from './context/model-messages.ts'

/** The answer of a call so far. */
interface AnswerSoFar {
  readonly id: string
  readonly parts: readonly MessagePart[]
}

/** What was said before a call of a tool: in the step of the call only words, the same whenever it is asked. */
function saidBefore(parts: readonly MessagePart[], toolCallId: string): readonly MessagePart[] {
  const at = parts.findIndex((part) => part.toolCallId === toolCallId)
  const before = at < 0 ? parts : parts.slice(0, at)
  const step = before.findLastIndex(({ type }) => type === 'step-start')
  return before.filter((part, index) => index < step || !isToolPart(part))
}

/** Names the notes among the messages of a conversation. */
export const notesId = 'observations'

export class ShownConversation {
  /** The instructions of the agent, without memory. */
  instructions = ''
  /** Working memory as it was shown; empty without one. */
  workingMemory = ''
  /** Writes the notes in place of the messages of the conversation that they condense; empty without any. */
  notes: () => string = () => ''
  /** How many notes the prompt shows, and the ids of the last ones; null without any. */
  seenNotes: { readonly count: number; readonly ids: readonly string[] } | null = null
  /** The messages of the conversation, those of this turn last. */
  said: readonly Utterance[] = []
  /** Whether a hook has ended the run after this step. */
  isBailed = false
  /** The answer so far; null for a call that stores none. */
  answer: (() => AnswerSoFar) | null = null

  /** The conversation before a call of a tool: the notes on its beginning, then its messages. */
  before(toolCallId: string, author: Utterance['author']): readonly Utterance[] {
    const said = this.#messagesBefore(toolCallId, author)
    const text = this.notes()
    if (text === '') return said
    const told = { role: 'user', turnStatus: 'complete', isOwnTurn: false, goesOn: false } as const
    return [{ ...told, id: notesId, parts: [{ type: 'text', text }], author }, ...said]
  }

  #messagesBefore(toolCallId: string, author: Utterance['author']): readonly Utterance[] {
    const answer = this.answer?.() ?? null
    // The answer that the call goes on with is one of the messages, and is shown as it stands now.
    const said = this.said.filter(({ id }) => answer === null || id !== answer.id)
    const parts = answer === null ? [] : saidBefore(answer.parts, toolCallId)
    if (answer === null || !parts.some(({ type }) => type !== 'step-start')) return said
    const own: Utterance = {
      ...{ id: answer.id, role: 'assistant', parts, author },
      ...{ turnStatus: 'complete', isOwnTurn: false, goesOn: false },
    }
    return [...said, own]
  }

  /** Which step of the model a call of a tool belongs to, from 1. */
  stepOf(toolCallId: string): number {
    const parts = this.answer?.().parts ?? []
    const at = parts.findIndex((part) => part.toolCallId === toolCallId)
    const before = at < 0 ? parts : parts.slice(0, at)
    return Math.max(1, before.filter(({ type }) => type === 'step-start').length)
  }
}
