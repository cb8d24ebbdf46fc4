/** Compares the messages of a call with as much of the stored thread as it takes to find them. */
import { MemoryError } from '../../domain/error.ts'
import { isToolPart } from '../../domain/records/message.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import { type Comparable, internalCalls } from './canonical.ts'
import { isKnown, type Resent, type Sent, sortByContent } from './resent.ts'
import { readEnd, type ThreadEnd } from './stored-thread.ts'

/** How many messages back a history is looked for. */
const mostRead = 4_096

/** How the messages are compared. */
interface Comparing {
  /** Whether they lead up to an answer that is to be given again. */
  readonly isLeadingUp: boolean
  /** Whether tool calls that memory did not issue are kept. */
  readonly keepsCalls: boolean
}

/** The sent messages, the end of the thread, and what the one is of the other. */
export interface Compared {
  readonly sent: readonly Sent[]
  readonly end: ThreadEnd
  /** Calls that are not compared: those of memory itself, and strange ones. */
  readonly hidden: ReadonlySet<string>
  /** Ids of sent calls that memory did not issue. */
  readonly strange: ReadonlySet<string>
  readonly resent: Resent
}

/** Ids of calls in messages of assistants. */
function callsIn(messages: readonly Comparable[]): ReadonlySet<string> {
  const ids = messages.flatMap(({ role, parts }) => {
    if (role !== 'assistant') return []
    return parts.flatMap((part) => (isToolPart(part) && typeof part.toolCallId === 'string' ? [part.toolCallId] : []))
  })
  return new Set(ids)
}

function compareWith(sent: readonly Sent[], end: ThreadEnd, { isLeadingUp, keepsCalls }: Comparing): Compared {
  const known = sent.flatMap((one) => (isKnown(one) ? [one.standing.message] : []))
  const stored = [...end.places.map(({ message }) => message), ...known]
  const issued = callsIn(stored)
  const sentCalls = keepsCalls ? [] : callsIn(sent.map(({ message }) => message.input))
  const strange = new Set([...sentCalls].filter((id) => !issued.has(id)))
  // A call that memory did not issue is never stored, so it does not show what is stored.
  const hidden = new Set([...internalCalls(stored), ...strange])
  return { sent, end, hidden, strange, resent: sortByContent(sent, end, { hidden, strange, isLeadingUp }) }
}

function unaligned(threadId: string, count: number): MemoryError {
  const what = count === 1 ? '1 message was sent as a history that' : `${count} messages were sent as a history that`
  return new MemoryError('conflict', {
    message: `${what} is not the history of this thread: it neither continues the thread nor stands anywhere in it.`,
    fix: `Send only the new message, with memory: { history: 'new-only' } for example. To continue from what is stored, load the thread with listMessages. For another conversation use another threadId; to store these messages as well, call saveMessages.`,
    details: { threadId, unaligned: count },
  })
}

/**
 * Finds the messages in the thread.
 *
 * @param end The end of the thread, as it was read first.
 * @throws MemoryError `conflict` if the messages are a history that cannot be found in the thread: stored as new, it
 *   would double what is there.
 */
export async function compare(
  space: AgentSpace,
  threadId: string,
  sent: readonly Sent[],
  end: ThreadEnd,
  comparing: Comparing,
): Promise<Compared> {
  let compared = compareWith(sent, end, comparing)
  while (compared.resent.isPart && !compared.end.isWhole && compared.end.places.length < mostRead) {
    const more = compared.end.places.length * 4
    const further = await readEnd(space, threadId, more, (places) => places.length >= more)
    compared = compareWith(sent, further, comparing)
  }
  const { unaligned: count, claims } = compared.resent
  if (count > 0) throw unaligned(threadId, count)
  // A trusted caller may bring back what was deleted.
  if (claims.length === 0 || comparing.keepsCalls) return compared
  return { ...compared, resent: await withoutDeleted(space, threadId, compared) }
}

/**
 * Answers of others that would continue the thread, and questions before them, are what the client still shows of
 * messages that were deleted there.
 */
async function withoutDeleted(space: AgentSpace, threadId: string, { sent, end, resent }: Compared): Promise<Resent> {
  const gone = await space.deletedBehind(threadId, end.places.at(-1) ?? null)
  // Of a thread that is gone itself, only what has no id may be a part; a tombstone says so of the rest.
  const isMeant = ({ standing }: Sent) => gone === 'messages' || (gone === 'thread' && standing === undefined)
  const old = resent.claims.filter((index) => isMeant(sent[index] as Sent))
  const stored = new Map([...resent.stored, ...old.map((index) => [index, null] as const)])
  return { ...resent, stored, missing: resent.missing + old.length }
}
