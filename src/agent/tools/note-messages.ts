/** Reads the messages behind a note, page by page: forwards from its first message, and backwards before it. */
import { spokenText } from '../../domain/index/indexed.ts'
import { withoutInternal } from '../../domain/records/message.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import type { NotePlace } from '../../ports/agent-notes.ts'
import type { PlacedMessage } from '../../ports/storage.ts'
import { fenced } from '../../recall/text/fence.ts'
import { headAndTail } from './result-text.ts'

/** Messages of one page, and characters of one message: a longer one is shown by its beginning and its end. */
const pageSize = 10
const longestMessage = 2_000
/** Pages that are read at most, in either direction. */
export const mostPages = 1_000

/** The messages of a page. Page 0 begins with the first message of the note, page -1 ends before it. */
async function pageOf(space: AgentSpace, { threadId, from }: NotePlace, page: number) {
  const isBack = page < 0
  const { items, more } = await space.messages.list({
    threadId,
    direction: isBack ? 'desc' : 'asc',
    after: isBack ? from : { turn: from.turn, index: from.index - 1 },
    asOf: null,
    limit: pageSize,
    offset: pageSize * (isBack ? -page - 1 : page),
    from: null,
    to: null,
    skipInternal: true,
  })
  // An open turn is visible only to its owner, who sees it in the prompt.
  const closed = items.filter(({ message }) => message.turnStatus !== 'open')
  return { messages: isBack ? closed.toReversed() : closed, more }
}

function shown({ message }: PlacedMessage, threadId: string) {
  const text = spokenText(withoutInternal(message.parts))
  const { author, createdAt: at } = message
  return { kind: 'message' as const, text: headAndTail(text, longestMessage, () => '') ?? text, author, threadId, at }
}

/**
 * The messages behind a note, as a model is shown them.
 *
 * @param note The words of the note, or its id.
 * @param inThread Whether only notes of this thread are found.
 */
export async function messagesOfNote(
  space: AgentSpace,
  threadId: string,
  { note, page, inThread }: { readonly note: string; readonly page: number; readonly inThread: boolean },
): Promise<string> {
  const place = await space.note(note, inThread ? threadId : null)
  if (place === null) return 'There is no such note. Pass the words of a note as they are shown to you.'
  const { messages, more } = await pageOf(space, place, page)
  if (messages.length === 0) return page < 0 ? 'Nothing was said before.' : 'Nothing was said after.'
  const next = page < 0 ? page - 1 : page + 1
  const rest = more
    ? `More with page ${next}.`
    : page < 0
      ? 'The conversation begins here.'
      : 'The conversation ends here.'
  return `${fenced(messages.map((message) => shown(message, place.threadId)))}\n${rest}`
}
