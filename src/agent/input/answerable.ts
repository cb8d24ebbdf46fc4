/** Checks that a call has something to answer, before anything of it is stored. */

import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import type { MessageInput, MessagePart } from '../../domain/records/message.ts'
import type { ReadMessage } from '../../domain/records/message-input.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import type { PlacedMessage } from '../../ports/storage.ts'
import type { InputPlan } from './input.ts'
import { planReplacement } from './replacement.ts'
import { readEnd } from './stored-thread.ts'

function isSaid({ type, text }: MessagePart): boolean {
  return type === 'text' ? typeof text === 'string' && text.trim() !== '' : type !== 'step-start'
}

function saysSomething({ role, parts }: MessageInput): boolean {
  if (role !== 'user') return parts.some(isSaid)
  return parts.some((part) => (part.type === 'text' || part.type === 'file') && isSaid(part))
}

/** The stored user message that a call sends again: the one with its id, otherwise the last one. */
function sameQuestion(places: readonly PlacedMessage[], { id }: MessageInput): PlacedMessage | undefined {
  return places.findLast(({ message }) => message.role === 'user' && (id === undefined || message.id === id))
}

/**
 * A stored question that is asked again, because its answer failed or never reached the client. A new turn replaces its
 * turn.
 *
 * @throws MemoryError `conflict` if the thread has continued since: storing the question twice would be wrong, and so
 *   would answering the last message.
 */
async function askedAgain(space: AgentSpace, threadId: string, last: ReadMessage, plan: InputPlan): Promise<InputPlan> {
  const isFound = (places: readonly PlacedMessage[]) => sameQuestion(places, last.input) !== undefined
  const { places } = await readEnd(space, threadId, 1, isFound)
  const place = sameQuestion(places, last.input)
  if (place !== undefined && place.turn === places.at(-1)?.turn) {
    const again = { message: last, standing: place }
    const asked = { trigger: 'regenerate-message', named: undefined } as const
    const replacement = await planReplacement(space, threadId, again, asked, new Set())
    if (replacement !== null) return { ...plan, fresh: replacement.kept, replaces: replacement.replaces }
  }
  const { id } = last.input
  throw new MemoryError('conflict', {
    message: `The message ${id === undefined ? '' : `${shown(id)} `}was sent before, and the thread has continued since.`,
    fix: `Send a new message, or pass trigger: 'regenerate-message' and the id of the answer to give again.`,
    details: { messageId: id ?? null },
  })
}

/**
 * The plan with a question to answer: a new one, or one that is asked again. Empty messages are dropped.
 *
 * @throws MemoryError `invalid-input` if there is nothing to answer.
 */
export async function answerablePlan(
  space: AgentSpace,
  threadId: string,
  input: readonly ReadMessage[],
  plan: InputPlan,
): Promise<InputPlan> {
  const fresh = plan.fresh.filter(saysSomething)
  if (fresh.length > 0) return { ...plan, fresh }
  if (plan.fresh.length > 0) {
    throw invalidInput('messages', 'must say something', 'nothing', 'Pass a text, or a message with a text or a file.')
  }
  if (plan.resumes !== null) return plan
  const last = input.findLast((message) => message.input.role !== 'system')
  if (last?.input.role === 'user') return askedAgain(space, threadId, last, plan)
  const fix = `Add a message, or pass trigger: 'regenerate-message' to get the last answer again.`
  throw invalidInput('messages', 'must say something new', 'what the thread holds', fix)
}
