/** Checks that a call has something to answer, before anything of it is stored. */

import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import type { Message, MessageInput, MessagePart } from '../../domain/records/message.ts'
import type { ReadMessage } from '../../domain/records/message-input.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import type { PlacedMessage } from '../../ports/storage.ts'
import type { InputPlan } from './input.ts'
import { planReplacement } from './replacement.ts'
import { lastMessage, messageAfter } from './stored-thread.ts'

function isSaid({ type, text }: MessagePart): boolean {
  return type === 'text' ? typeof text === 'string' && text.trim() !== '' : type !== 'step-start'
}

function saysSomething({ role, parts }: MessageInput): boolean {
  if (role !== 'user') return parts.some(isSaid)
  return parts.some((part) => (part.type === 'text' || part.type === 'file') && isSaid(part))
}

/** How a turn stands whose answer is still to come. */
const atWork: ReadonlySet<string> = new Set(['open', 'replacing'])

/** How a turn ended that gave no whole answer. Such a question may be asked again. */
const cut: ReadonlySet<string> = new Set(['aborted', 'failed', 'interrupted'])

/** A history that says nothing new, and whose question was answered before, or is being answered. */
function answeredBefore({ message }: PlacedMessage, answer: Message | null): MemoryError {
  const isRunning = atWork.has(message.turnStatus)
  const how = answer === null ? 'the thread has continued since' : `${shown(answer.id)} answers it`
  return new MemoryError('conflict', {
    message: `The message ${shown(message.id)} was sent before, and ${isRunning ? 'is being answered' : how}.`,
    fix: `Read the answer with listMessages. Send a new message, or pass trigger: 'regenerate-message' and the id of the answer to give again.`,
    details: { messageId: message.id, answeredBy: answer?.id ?? null },
    retryable: isRunning,
  })
}

/**
 * A stored question that is asked again because it got no whole answer. A new turn replaces its turn.
 *
 * @throws MemoryError `conflict` with `answeredBy` if it was answered, or the thread has continued since: storing the
 *   question twice would be wrong, and so would answering the last message.
 */
async function askedAgain(
  space: AgentSpace,
  threadId: string,
  last: ReadMessage,
  place: PlacedMessage,
  plan: InputPlan,
): Promise<InputPlan> {
  const [next, end] = await Promise.all([messageAfter(space, threadId, place), lastMessage(space, threadId)])
  const reply = next?.message.role === 'assistant' ? next : null
  const answer = reply?.message ?? null
  const isAnswered = answer !== null && !cut.has(answer.turnStatus)
  if (!isAnswered && !atWork.has(place.message.turnStatus) && end?.turn === (reply ?? place).turn) {
    const again = { message: last, standing: place }
    const asked = { trigger: 'regenerate-message', named: undefined } as const
    const known = { hidden: new Set<string>(), inPlaceOfLast: null }
    const replacement = await planReplacement(space, threadId, again, asked, known)
    if (replacement !== null) return { ...plan, fresh: replacement.kept, replaces: replacement.replaces }
  }
  throw answeredBefore(place, answer)
}

/**
 * The plan with a question to answer: a new one, or one that is asked again. Empty messages are dropped.
 *
 * @throws MemoryError `invalid-input` if there is nothing to answer; `conflict` if it was answered before.
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
  if (last !== undefined && plan.repeats !== null) return askedAgain(space, threadId, last, plan.repeats, plan)
  const fix = `Add a message, or pass trigger: 'regenerate-message' to get the last answer again.`
  throw invalidInput('messages', 'must say something new', 'what the thread holds', fix)
}
