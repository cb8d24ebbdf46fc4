/** In which form recalled items are shown: as they were said, or next to notes some of them in few words. */
import { estimateTokenCount } from 'tokenx'
import { inFewWords } from '../../derive/condense/few-words.ts'
import { parseTurnId } from '../../domain/id.ts'
import { msOf } from '../../domain/time.ts'
import type { FoundItem } from '../../ports/agent-memory.ts'
import type { ResolvedRecallOptions } from '../../ports/behaviour.ts'
import { fenced } from '../../recall/text/fence.ts'
import { type FormedItem, mixedForm } from '../../recall/text/mixed-form.ts'
import { notesText } from '../../recall/text/notes-text.ts'

/** A recalled item in the form in which it is shown. */
export type FormedRecall = FormedItem<FoundItem>

/** Who said an item, on a line with others. */
function speakerOf({ author }: FoundItem): string {
  return `${author.name ?? author.id}${author.claimed === true ? ' (claimed)' : ''}`
}

function shorten(item: FoundItem) {
  if (item.kind !== 'message' || item.isNeighbour === true) return null
  const speaker = speakerOf(item)
  const text = inFewWords({ text: item.text, speaker, at: item.at })
  return text === '' ? null : { text, tokens: estimateTokenCount(`${speaker}: ${text}`) }
}

/** Where the items begin of which there are more than are wanted. Neighbours count with the item that they belong to. */
function placeBehind(items: readonly FoundItem[], topK: number): number {
  let found = 0
  const place = items.findIndex(({ isNeighbour }) => {
    if (isNeighbour !== true) found += 1
    return found > topK
  })
  return place < 0 ? items.length : place
}

/** The best items as they were said, and the next ones in few words. */
export function withFewWords(
  items: readonly FoundItem[],
  { topK, tokenBudget }: ResolvedRecallOptions,
): readonly FormedRecall[] {
  return mixedForm(items, {
    mostTokens: tokenBudget,
    mostWhole: placeBehind(items, topK),
    tokensOf: ({ tokens }) => tokens,
    shorten,
  })
}

/** The best items that fit as they were said, at most `topK`. */
export function wholeItems(
  items: readonly FoundItem[],
  { topK, tokenBudget }: ResolvedRecallOptions,
): readonly FormedRecall[] {
  let left = tokenBudget
  let found = 0
  return items.flatMap((item) => {
    const { tokens } = item
    const isNeighbour = item.isNeighbour === true
    if (tokens > left || (!isNeighbour && found === topK)) return []
    if (!isNeighbour) found += 1
    left -= tokens
    return [{ item, tokens }]
  })
}

/** An item and its place in its thread, computed once. */
interface Placed {
  readonly formed: FormedRecall
  readonly turn: number
  readonly seq: number
  readonly time: number
}

function placed(formed: FormedRecall): Placed {
  const { message, at } = formed.item
  const turn = message === undefined ? 0 : (parseTurnId(message.turnId)?.turn ?? 0)
  return { formed, turn, seq: message?.seq ?? 0, time: msOf(at) }
}

/** Places of a batch's messages, from their ids: they are one turn and one commit. */
function comparePlaceInTurn(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : Number(left > right))
}

/** In thread order: times may come from an import. */
function compareInThread(left: Placed, right: Placed): number {
  return (
    left.turn - right.turn ||
    left.seq - right.seq ||
    left.time - right.time ||
    comparePlaceInTurn(left.formed.item.id, right.formed.item.id)
  )
}

/** The items of one thread in its order; those without a thread. */
interface OfThread {
  readonly threadId: string | undefined
  readonly items: readonly FormedRecall[]
}

/** Items without a thread first, then other threads by their last time, and this thread last, next to its history. */
function byThread(items: readonly FormedRecall[], threadId: string): readonly OfThread[] {
  const threads = [...Map.groupBy(items.map(placed), ({ formed }) => formed.item.threadId)].map(([id, found]) => {
    const time = id === undefined ? Number.NEGATIVE_INFINITY : Math.max(...found.map((one) => one.time))
    return { id, found, time: id === threadId ? Number.POSITIVE_INFINITY : time }
  })
  threads.sort((left, right) => left.time - right.time)
  return threads.map(({ id, found }) => ({
    threadId: id,
    items: found.sort(compareInThread).map(({ formed }) => formed),
  }))
}

/** What items of a thread say in few words: by day and speaker, as notes are written. */
function inShort({ threadId, items }: OfThread) {
  const notes = items.map(({ item, short = '' }) => ({ text: short, saidAt: item.at, speaker: speakerOf(item) }))
  return { ...(threadId === undefined ? {} : { threadId }), text: notesText(notes) }
}

/** Recalled items as one block of a prompt: those in few words first. */
export function writeRecalled(items: readonly FormedRecall[], threadId: string): string {
  const [whole, few] = [false, true].map((isShort) =>
    byThread(
      items.filter(({ short }) => (short !== undefined) === isShort),
      threadId,
    ),
  )
  return fenced(
    (whole ?? []).flatMap((of) => of.items.map(({ item }) => item)),
    (few ?? []).map(inShort),
  )
}

/** Tokens of an item's markup, author, thread and time. */
const markupTokens = 36

/** Tokens of fenced items, without reading their texts again. */
export function roughTokens(items: readonly FormedRecall[]): number {
  return items.reduce((sum, { tokens, short }) => sum + tokens + (short === undefined ? markupTokens : 0), markupTokens)
}
