/**
 * Compares a call's input with the stored thread: what is new, which turns it replaces, which tool calls it answers.
 * Writes nothing.
 */

import { type Actor, defaultAuthor } from '../../domain/actor.ts'
import { shown } from '../../domain/error.ts'
import { spokenText } from '../../domain/index/indexed.ts'
import { foreignId } from '../../domain/issued-id.ts'
import { isJsonObject } from '../../domain/json.ts'
import {
  isToolPart,
  type Message,
  type MessageInput,
  type MessagePart,
  toolNameOf,
} from '../../domain/records/message.ts'
import type { ReadMessage } from '../../domain/records/message-input.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import type { HistoryMode } from '../../ports/behaviour.ts'
import type { PlacedMessage } from '../../ports/storage.ts'
import { unitsOf } from './canonical.ts'
import { type Compared, compare } from './compare.ts'
import {
  type CallAnswers,
  isForeignOutcome,
  noteAnswer,
  type SentAnswer,
  settleAnswers,
  withoutOutcome,
} from './completions.ts'
import { unnamed, withoutForeign } from './foreign-messages.ts'
import { isFirm } from './locate.ts'
import { newestOf } from './newest.ts'
import { type Asked, planReplacement, type Replacement } from './replacement.ts'
import { isAsStored, isKnown, type Resent, type Sent } from './resent.ts'
import { idSaidAgain, readEnd, standingOf, storedUnits, type ThreadEnd, withDeleted } from './stored-thread.ts'
import { asSaid, leftOutWarnings } from './unissued.ts'

/** What a chat sends in addition to its messages, as `useChat` does. */
export interface InputOptions {
  /** `regenerate-message`: the messages lead up to an answer that is to be given again. Default: `submit-message`. */
  readonly trigger?: 'submit-message' | 'regenerate-message'
  /**
   * With `regenerate-message` the answer to give again; default: the one that follows the messages. Otherwise the last
   * message, if it is the user's and is sent again, edited or not.
   */
  readonly messageId?: string
}

/** What the application knows about the messages of a call. A client cannot change it. */
export interface InputOrigin {
  /** Who sends them. Default: the acting user, otherwise the user of the resource. */
  readonly sender?: Actor
  /** Whether a tool runs here. A client cannot send results for such a tool. Default: none does. */
  readonly runsHere?: (toolName: string) => boolean
  /** What is stored of the messages. Default: `merge`. */
  readonly history?: HistoryMode
}

/** The plan for the messages of a call. */
export interface InputPlan {
  /**
   * Messages to store as the input of this turn, in order. None if all are stored: the turn then answers the stored
   * ones.
   */
  readonly fresh: readonly MessageInput[]
  /** Turns that this one replaces: of an edited message or a regenerated answer, and all later ones. */
  readonly replaces: readonly string[]
  /** The parts of stored calls with the results and approvals that were sent for them. */
  readonly completions: readonly SentAnswer[]
  /** What was sent for calls that had their answer before, in the order of the messages. */
  readonly late: readonly SentAnswer[]
  /** The suspended turn that the completions belong to, to be resumed; null if there is none. */
  readonly resumes: string | null
  /** The stored question that the input only repeats; null if it does not end with one. */
  readonly repeats: PlacedMessage | null
  /** System messages: instructions of the call, which are not stored. */
  readonly instructions: readonly string[]
  readonly warnings: readonly string[]
}

/** How many messages back the call of an answer is searched. */
const callsWithin = 50

/** The end of the thread, as far back as the messages may reach. */
async function endFor(space: AgentSpace, threadId: string, messages: readonly ReadMessage[]): Promise<ThreadEnd> {
  const named = messages.filter(({ input }) => input.id !== undefined).length
  const hasAnswers = messages.some(({ isAnswer }) => isAnswer)
  const count = Math.max(named, hasAnswers ? callsWithin : 0)
  const inputs = messages.map(({ input }) => input)
  const units = named === messages.length ? 0 : unitsOf(inputs, new Set()).length
  return readEnd(space, threadId, Math.max(count, units), (places) => {
    if (places.length < count) return false
    return units === 0 || storedUnits(places).filter(isFirm).length >= units
  })
}

/** The stored call that a part of a `tool` message is about, the newest first. */
function callFor(answer: MessagePart, end: ThreadEnd): { place: PlacedMessage; call: MessagePart } | null {
  const isAbout = (call: MessagePart) =>
    answer.type === 'tool-approval-response'
      ? isJsonObject(call.approval) && call.approval.id === answer.approvalId
      : call.toolCallId !== undefined && call.toolCallId === answer.toolCallId
  for (const place of end.places.toReversed()) {
    if (place.message.role !== 'assistant') continue
    const call = place.message.parts.find(isAbout)
    if (call !== undefined) return { place, call }
  }
  return null
}

/** Everything known about the input while its plan is made. */
interface Sorting extends Compared {
  readonly sender: Actor
  readonly runsHere: (toolName: string) => boolean
  readonly history: HistoryMode
  readonly answers: CallAnswers
  readonly late: SentAnswer[]
  readonly leftOut: MessagePart[]
  readonly warnings: string[]
}

/** Takes what a client sends for a stored call, as far as a client may. */
function takeAnswer(
  { answers, late, runsHere, warnings }: Sorting,
  stored: Message,
  call: MessagePart,
  sent: MessagePart,
) {
  const isForeign = isForeignOutcome(call, sent, runsHere)
  if (isForeign) {
    const name = shown(toolNameOf(call))
    warnings.push(`The tool ${name} does not run on the client; the result that the client sent was left out.`)
  }
  const before = noteAnswer(answers, stored, call, isForeign ? withoutOutcome(sent) : sent)
  if (before !== null) late.push(before)
}

/** Places the answers of a message to the stored calls that they are for. Answers to unknown calls are not stored. */
function placeAnswers(sorting: Sorting, input: MessageInput): void {
  for (const answer of input.parts) {
    const found = callFor(answer, sorting.end)
    if (found !== null) takeAnswer(sorting, found.place.message, found.call, answer)
    else if (answer.type === 'tool-approval-response') {
      sorting.warnings.push(`Nobody asked for the approval ${shown(answer.approvalId)}; it was ignored.`)
    } else {
      sorting.warnings.push(`No stored call has the id ${shown(answer.toolCallId)}; the answer to it was left out.`)
    }
  }
}

/** Takes answers to open calls from a message that is stored, and warns about its other changes. */
function takeKnown(sorting: Sorting, { message, standing }: Sent & { standing: PlacedMessage }): MessageInput | null {
  const { hidden, warnings } = sorting
  const { input } = message
  const stored = standing.message
  for (const part of input.parts) {
    const call = stored.parts.find(({ toolCallId }) => toolCallId !== undefined && toolCallId === part.toolCallId)
    if (call !== undefined && stored.role === 'assistant') takeAnswer(sorting, stored, call, part)
  }
  if (isAsStored(input, standing, hidden)) return null
  const isSaidNow = message === sorting.sent.at(-1)?.message && input.role === 'user'
  if (isSaidNow) {
    warnings.push(
      `The id ${shown(stored.id)} belongs to a message of another author; the new message is stored under a new id.`,
    )
    return unnamed(message).input
  }
  warnings.push(
    `The message ${shown(stored.id)} is stored with other content; the message sent with its id was ignored.`,
  )
  return null
}

/** Calls in a message that is stored without them. */
function strangeCalls({ strange }: Sorting, { role, parts }: MessageInput): readonly MessagePart[] {
  return role !== 'assistant' ? [] : parts.filter((part) => isToolPart(part) && strange.has(String(part.toolCallId)))
}

/** The part of one sent message to store; null if nothing. */
function freshOf(sorting: Sorting, index: number): MessageInput | null {
  const { sent, resent, hidden, warnings } = sorting
  const one = sent[index] as Sent
  const { input, isAnswer } = one.message
  if (isAnswer === true) {
    placeAnswers(sorting, input)
    return null
  }
  const isStored = isKnown(one) || resent.stored.has(index)
  if (isStored) sorting.leftOut.push(...strangeCalls(sorting, input))
  if (isKnown(one)) return takeKnown(sorting, one)
  if (isStored) return null
  if (one.standing === 'gone' && !(input.role === 'user' && index === sent.length - 1)) {
    // If an answer ended before its first word, a client has only its id.
    const isEmpty = input.role === 'assistant' && unitsOf([input], hidden).length === 0
    if (!isEmpty || strangeCalls(sorting, input).length > 0)
      warnings.push(`The message ${shown(input.id)} was replaced or deleted; it is not stored again.`)
    return null
  }
  // An issued id names one message for ever. If that message is gone and is sent again, it gets another id.
  if (one.standing === 'gone') return { ...input, id: idSaidAgain(String(input.id)) }
  if (input.id !== undefined && sent.findIndex(({ message }) => message.input.id === input.id) < index) {
    warnings.push(`The message ${shown(input.id)} was sent twice; the first is stored.`)
    return null
  }
  return input
}

function freshMessages(sorting: Sorting, replacement: Replacement | null): MessageInput[] {
  const { sent, resent, warnings } = sorting
  const edit = replacement?.isEdit === true ? sent.at(-1)?.message.input : undefined
  const said = sent.slice(0, edit === undefined ? sent.length : -1)
  const sentNow = said.flatMap((_, index) => freshOf(sorting, index) ?? [])
  const fresh = [...sentNow, ...(edit === undefined ? [] : [edit])].flatMap((input) => {
    const { input: left, leftOut } = asSaid(input, sorting.sender, sorting.history === 'import')
    sorting.leftOut.push(...leftOut)
    return left ?? []
  })
  const { missing } = resent
  if (missing > 0) {
    const what = missing === 1 ? '1 message of the history is' : `${missing} messages of the history are`
    warnings.push(`${what} not in the thread as sent; ${missing === 1 ? 'it was' : 'they were'} left out.`)
  }
  return [...(replacement?.kept ?? []), ...fresh]
}

/** The last sent message, at its place in the thread, also if only its content shows that. */
function lastOf(sent: readonly Sent[], { stored }: Resent): Sent | undefined {
  const last = sent.at(-1)
  const place = stored.get(sent.length - 1) ?? null
  return last === undefined || place === null ? last : { message: last.message, standing: place }
}

/** Whether a message is said now, whatever its id: the newest one of the user, or the one that the call names. */
function isSaidNow(messages: readonly ReadMessage[], index: number, { trigger, messageId }: InputOptions): boolean {
  const { role, id } = (messages[index] as ReadMessage).input
  if (role !== 'user') return false
  const newest = messages.findLastIndex((message) => message.input.role === 'user')
  return index === newest || (trigger !== 'regenerate-message' && id !== undefined && id === messageId)
}

async function sortMessages(
  space: AgentSpace,
  threadId: string,
  messages: readonly ReadMessage[],
  options: InputOptions,
  { sender, runsHere, history }: Required<InputOrigin>,
): Promise<Omit<InputPlan, 'instructions'>> {
  const isRegenerated = options.trigger === 'regenerate-message'
  const answerId = isRegenerated ? options.messageId : undefined
  const end = await endFor(space, threadId, messages)
  const ids = messages.flatMap(({ input }) => input.id ?? [])
  const found = await standingOf(space, threadId, end, [...ids, ...(answerId === undefined ? [] : [answerId])])
  // A trusted caller may use the id of a deleted message again.
  const old = history === 'import' ? [] : messages.filter((_, index) => !isSaidNow(messages, index, options))
  const standings = await withDeleted(
    space,
    threadId,
    found,
    old.flatMap(({ input }) => input.id ?? []),
  )
  const named = answerId === undefined ? undefined : standings.get(answerId)
  if (named === 'foreign') {
    const fix = 'Pass the id of an answer in this thread, or leave it out to get the last one again.'
    throw foreignId('messageId', answerId as string, 'message', fix)
  }
  const { sent, warnings } = withoutForeign(messages, standings)
  const comparing = { isLeadingUp: isRegenerated, keepsCalls: history === 'import' }
  const compared = await compare(space, threadId, sent, end, comparing)
  const { resent, hidden } = compared
  const about = { ...compared, sender, runsHere, history }
  const sorting: Sorting = { ...about, answers: new Map(), late: [], leftOut: [], warnings: [...warnings] }
  // It may be stored under an id other than the client's.
  const isLastNamed = options.messageId !== undefined && options.messageId === messages.at(-1)?.input.id
  const asked: Asked = isRegenerated
    ? { trigger: 'regenerate-message', named }
    : { trigger: 'submit-message', messageId: isLastNamed ? sent.at(-1)?.message.input.id : options.messageId }
  const last = lastOf(sent, resent)
  const replacement = await planReplacement(space, threadId, last, asked, {
    hidden,
    inPlaceOfLast: resent.inPlaceOfLast,
  })
  const fresh = freshMessages(sorting, replacement)
  if (isRegenerated && replacement === null) sorting.warnings.push('There is no stored answer to give again.')
  for (const { place, call, sent: one } of resent.calls) takeAnswer(sorting, place.message, call, one)
  const replaces = replacement?.replaces ?? []
  sorting.warnings.push(...leftOutWarnings(sorting.leftOut))
  const repeats = isKnown(last) && last.message.input.role === 'user' && last.standing.message.role === 'user'
  return {
    fresh,
    replaces,
    ...settleAnswers(sorting.answers, replaces),
    late: sorting.late,
    repeats: repeats && replacement === null ? last.standing : null,
    warnings: sorting.warnings,
  }
}

/** The default author of messages without one. */
function usualSender(space: AgentSpace): Actor {
  return defaultAuthor('user', space.actor, space.address)
}

/**
 * Finds the new messages of a call among those that a client only sends again.
 *
 * Messages with ids count by their ids, others by their content: two or more are looked for in the thread, and what
 * follows the longest run of them that it holds is new. If all is history, nothing is new. A single message without an id
 * is always new. A client that gives all messages new ids each time is recognised by the content of what it sends.
 *
 * The words of a new assistant message are stored as a claim of the sender. Tool calls, and other parts that only a run
 * of an agent makes, are dropped with a warning. A client may answer a stored call only with an answer to its approval,
 * or with the result of a tool that does not run here.
 *
 * @param messages As `readMessages` reads them.
 * @throws MemoryError `conflict` for a history that is not that of the thread; `limit-exceeded` if more than 1,000 turns would be replaced; `invalid-input` for a bad id, and
 *   for a `messageId` to regenerate that memory issued for something else.
 */
export async function planInput(
  space: AgentSpace,
  threadId: string,
  messages: readonly ReadMessage[],
  options: InputOptions = {},
  { sender = usualSender(space), runsHere = () => false, history = 'merge' }: InputOrigin = {},
): Promise<InputPlan> {
  if (history === 'new-only') {
    const newest = newestOf(messages)
    const plan = await planInput(space, threadId, newest.messages, options, { sender, runsHere })
    return { ...plan, warnings: [...newest.warnings, ...plan.warnings] }
  }
  const isSystem = ({ input }: ReadMessage) => input.role === 'system'
  const instructions = messages.filter(isSystem).map(({ input }) => spokenText(input.parts))
  const said = messages.filter((message) => !isSystem(message))
  const [first] = said
  // The thread has nothing to compare it with.
  const isAlone = said.length === 1 && first?.input.id === undefined && first?.input.role === 'user'
  if (said.length === 0 || (isAlone && options.trigger !== 'regenerate-message')) {
    const all = said.map(({ input }) => asSaid(input, sender, history === 'import'))
    const fresh = all.flatMap(({ input }) => input ?? [])
    const warnings = leftOutWarnings(all.flatMap(({ leftOut }) => leftOut))
    return { fresh, replaces: [], completions: [], late: [], resumes: null, repeats: null, instructions, warnings }
  }
  return { ...(await sortMessages(space, threadId, said, options, { sender, runsHere, history })), instructions }
}
