/** The messages of this turn as a prompt shows them, each once. */
import { isDeepStrictEqual } from 'node:util'
import { type Actor, savedAuthor, unknownUser } from '../../domain/actor.ts'
import { invalidInput } from '../../domain/error.ts'
import type { Message, MessageInput } from '../../domain/records/message.ts'
import { type Showing, type ShownMessage, shownMessage, type Utterance } from './model-messages.ts'
import { withRuns } from './runs.ts'
import type { ContextInput } from './section.ts'

/** A stored message; without `ownTurnId` as one of the history. */
export function storedUtterance(
  { id, role, parts, author, turnStatus, turnId }: Message,
  { ownTurnId, goesOnWith, runs }: Pick<ContextInput, 'ownTurnId' | 'goesOnWith' | 'runs'>,
): Utterance {
  // A claimed assistant message in this turn is not a step of the call's answer.
  const isOwnTurn = turnId === ownTurnId && !(role === 'assistant' && author.claimed === true)
  const goesOn = isOwnTurn && id === goesOnWith
  const shown = goesOn && runs !== undefined ? withRuns(parts, runs) : parts
  return { id, role, parts: shown, author, turnStatus, isOwnTurn, goesOn }
}

/** A new message with its stored author, so that it looks the same now and later as history. */
function newUtterance({ id, role, parts, author }: MessageInput, { space }: ContextInput): Utterance {
  const said = savedAuthor(author, role, space.actor, space.address)
  const isOwnTurn = role !== 'assistant'
  return { id: id ?? null, role, parts, author: said, turnStatus: 'open', isOwnTurn, goesOn: false }
}

/** A message of a call that stores nothing. */
export function unstoredUtterance({ role, parts, author }: MessageInput, sender: Actor | undefined): Utterance {
  const said = author ?? sender ?? unknownUser
  return { id: null, role, parts, author: said, turnStatus: 'complete', isOwnTurn: false, goesOn: false }
}

function isSame(stored: Utterance, given: Utterance): boolean {
  if (given.id !== null) return stored.id === given.id
  return stored.role === given.role && isDeepStrictEqual(stored.parts, given.parts)
}

/** The messages of this turn, each once: stored ones first, then the others. */
export function inputOf(input: ContextInput, own: readonly Message[]): Utterance[] {
  const stored = own.map((message) => storedUtterance(message, input))
  const unmatched = [...stored]
  const unsaved = input.newMessages.flatMap((message) => {
    const given = newUtterance(message, input)
    const at = unmatched.findIndex((one) => isSame(one, given))
    if (at < 0) return [given]
    unmatched.splice(at, 1)
    return []
  })
  return [...stored, ...unsaved]
}

/** A message, and its form in the prompt. */
export interface Shown extends ShownMessage {
  readonly utterance: Utterance
}

export function shownTokens(shown: readonly Pick<Shown, 'tokens'>[]): number {
  return shown.reduce((sum, { tokens }) => sum + tokens, 0)
}

/** Tokens of each note that makes a user the first or the last to speak. */
export const noteTokens = 10

/** Tokens of this turn, with the notes that it needs if an agent begins or ends it. */
export function tokensOfTurn(turn: readonly Shown[]): number {
  const roles = [turn[0]?.messages[0]?.role !== 'user', turn.at(-1)?.messages.at(-1)?.role === 'assistant']
  return roles.reduce((sum, needsNote) => sum + (needsNote ? noteTokens : 0), shownTokens(turn))
}

/** Shows the messages of this turn, all of them. */
export async function showInput(utterances: readonly Utterance[], showing: Showing): Promise<Shown[]> {
  const shown: Shown[] = []
  for (const utterance of utterances.toReversed()) {
    const message = await shownMessage(utterance, showing, shown.length === 0)
    if (message.messages.length > 0) shown.unshift({ ...message, utterance })
  }
  if (shown.length > 0) return shown
  throw invalidInput('messages', 'must say something', 'nothing', 'Pass a text, or a message with a text or a file.')
}
