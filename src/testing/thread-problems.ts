/** Finds problems of a stored thread. For tests of agents, and of code that saves messages. */

import { roles } from '../domain/records/message.ts'
import { type ShownStatus, shownStatuses } from '../domain/records/turn.ts'

/**
 * A message as `memory.listMessages` returns it, or any UI message of the AI SDK, which then counts as outside any
 * turn.
 */
export interface ThreadMessageLike {
  readonly id: string
  readonly role: string
  /** Its content. */
  readonly parts: readonly { readonly type: string }[]
  readonly turnId?: string
  /** How its turn stands; absent counts as ended. */
  readonly turnStatus?: string
  /** Stated only for a message that does not stand in its thread. */
  readonly replacedBy?: string | null
}

interface ToolPart {
  readonly type: string
  readonly toolCallId?: unknown
  readonly state?: unknown
}

const finalStates: readonly unknown[] = ['output-available', 'output-error', 'output-denied']

/** Turns that may have unfinished calls: an open one continues, the others were interrupted. */
const unfinished: readonly (string | undefined)[] = ['open', 'suspended', 'interrupted'] satisfies ShownStatus[]

function isToolPart(part: { readonly type: string }): part is ToolPart {
  return part.type.startsWith('tool-') || part.type === 'dynamic-tool'
}

function messageProblems({ id, role, parts, turnStatus }: ThreadMessageLike): string[] {
  const problems: string[] = []
  if (!roles.some((known) => known === role)) problems.push(`message ${id}: there is no role "${role}"`)
  if (parts.length === 0 && turnStatus !== 'open') problems.push(`message ${id}: has no parts`)
  for (const part of parts.filter(isToolPart)) {
    const call = `message ${id}: tool call ${part.toolCallId}`
    if (role !== 'assistant') problems.push(`${call} is not in a message of the assistant`)
    if (typeof part.toolCallId !== 'string' || part.toolCallId === '') problems.push(`${call} has no id`)
    if (!finalStates.includes(part.state) && !unfinished.includes(turnStatus)) {
      problems.push(`${call} is left at "${part.state}" in a turn that is ${turnStatus ?? 'over'}`)
    }
  }
  return problems
}

function repeated(what: string, ids: readonly unknown[]): string[] {
  const twice = new Set(ids.filter((id, index) => ids.indexOf(id) < index))
  return [...twice].map((id) => `there is more than one ${what} ${id}`)
}

/** Each turn is in one piece, in one named state, and visible. */
function turnProblems(messages: readonly ThreadMessageLike[]): string[] {
  const problems: string[] = []
  const states = new Map<string, string | undefined>()
  let last: string | undefined
  for (const { id, turnId, turnStatus } of messages) {
    if (turnId !== undefined) {
      if (!shownStatuses.some((known) => known === turnStatus)) {
        problems.push(`message ${id}: its turn ${turnId} is in no named state, but "${turnStatus}"`)
      }
      if (turnStatus === 'discarded') problems.push(`message ${id}: its turn ${turnId} was discarded`)
      if (states.has(turnId) && last !== turnId) problems.push(`message ${id}: turn ${turnId} is not in one piece`)
      if (states.has(turnId) && states.get(turnId) !== turnStatus) {
        problems.push(`message ${id}: turn ${turnId} is ${turnStatus} here and ${states.get(turnId)} before`)
      }
      states.set(turnId, turnStatus)
    }
    last = turnId
  }
  return problems
}

/**
 * The problems of a stored thread: unknown roles, ids that are not unique (of messages that stand and of their tool calls), messages
 * without parts, tool calls outside the assistant's messages or without an end in a turn that has ended, turns that lie
 * in pieces or in no named state.
 *
 * @param messages All of a thread, in order, as `memory.listMessages` answers them.
 * @returns Problems in words; empty if all is well.
 */
export function threadProblems(messages: readonly ThreadMessageLike[]): readonly string[] {
  // A turn that replaces others stores messages of theirs again, under their ids.
  const standing = messages.filter(
    ({ turnStatus, replacedBy }) => turnStatus !== 'replacing' && replacedBy === undefined,
  )
  const calls = standing.flatMap(({ parts }) => parts.filter(isToolPart).map(({ toolCallId }) => toolCallId))
  return [
    ...messages.flatMap(messageProblems),
    ...repeated(
      'message',
      standing.map(({ id }) => id),
    ),
    ...repeated('tool call', calls),
    ...turnProblems(messages),
  ]
}
