/** Decides where a sent conversation stands in the stored one, and which part is new. Pure. */
import { align, type Pair, type StoredUnit } from './align.ts'
import { isClosed, type Unit } from './canonical.ts'
import { continuation, longestRun, mostPlaces } from './longest-run.ts'

/** Where units stand, in order. */
interface Located {
  readonly pairs: readonly Pair[]
  /** How many of the sent units are no news: all up to the last pair, and answers that the thread has in other words. */
  readonly end: number
  /** Whether more of the stored conversation could show more of the sent one. */
  readonly isPart: boolean
}

interface Sought {
  /** Whether the stored units follow a message that was sent with its stored id. */
  readonly isAnchored: boolean
  /** Whether the units lead up to an answer that is to be given again: a single question then counts, too. */
  readonly isLeadingUp: boolean
}

/** Whether a client that sends the conversation again must have this unit. */
export function isFirm({ isCut, call }: StoredUnit): boolean {
  return !isCut && (call === undefined || isClosed(call))
}

const isAnswer = ({ kind }: Unit) => kind !== 'user'

function located(pairs: readonly Pair[], isPart = false, end = (pairs.at(-1)?.sent ?? -1) + 1): Located {
  return { pairs, isPart, end }
}

/** The leading part that is the whole end of the stored units, unless answers follow that might stand elsewhere. */
function atTheEnd(sent: readonly Unit[], stored: readonly StoredUnit[]): Located | null {
  const aligned = align(sent, stored)
  return aligned === null || sent.slice(aligned.end).some(isAnswer) ? null : located(aligned.pairs)
}

/** Whether the run ends with a question that follows what is before it, and whose stored answer has other words. */
function endsInOtherWords(run: readonly Pair[], sent: readonly Unit[], stored: readonly StoredUnit[]): boolean {
  const [before, last] = run.slice(-2)
  const question = sent[last?.sent ?? -1]
  if (before === undefined || last === undefined || (question !== undefined && isAnswer(question))) return false
  const isNext = !stored.slice(before.stored + 1, last.stored).some((unit) => isFirm(unit) && !isAnswer(unit))
  return isNext && isAnswered(stored, last.stored)
}

function isAnswered(stored: readonly StoredUnit[], question: number): boolean {
  const next = stored.slice(question + 1).find(isFirm)
  return next !== undefined && isAnswer(next)
}

/** A conversation with answers: its longest run. null if it cannot be told where it belongs. */
function withAnswers(sent: readonly Unit[], stored: readonly StoredUnit[], isAnchored: boolean): Located | null {
  const questions = sent.findLastIndex(isAnswer) + 1
  const run = longestRun(sent.slice(0, questions), stored)
  const last = run.at(-1) ?? (isAnchored ? { sent: -1, stored: -1 } : null)
  if (last === null) return null
  const isPart = run[0]?.sent !== 0 || run.length < questions / 2
  const isShown = isAnchored || run.some(({ sent: at }) => isAnswer(sent[at] as Unit))
  const rest = sent.slice(last.sent + 1, questions)
  const anchored = isAnchored
    ? [
        { sent: -2, stored: -2 },
        { sent: -1, stored: -1 },
      ]
    : []
  const isOther = isShown && rest.every(isAnswer) && endsInOtherWords([...anchored, ...run], sent, stored)
  if (rest.length === 0 || isOther) {
    const pairs = [...run, ...continuation(sent, questions, stored, last.stored)]
    return located(pairs, isPart, Math.max(questions, (pairs.at(-1)?.sent ?? -1) + 1))
  }
  // Answers of others continue the end of a thread, and nothing else.
  if (stored.slice(last.stored + 1).some(isFirm)) return null
  return isShown || !sent.slice(0, last.sent).some(isAnswer) ? located(run, isPart) : null
}

/** Questions without an answer, which a client that stores no answers sends. They count as a history if all are stored. */
function questionsOnly(sent: readonly Unit[], stored: readonly StoredUnit[], { isAnchored, isLeadingUp }: Sought) {
  if (isAnchored) return continuation(sent, 0, stored, -1)
  if (sent.length === 1 && !isLeadingUp) return []
  const isLast = (place: number) => !stored.slice(place + 1).some((unit) => unit.kind === 'user' && !unit.isCut)
  let found: readonly Pair[] = []
  const starts = stored.flatMap(({ kind, key }, place) => (kind === 'user' && key === sent[0]?.key ? [place] : []))
  for (const place of new Set([...starts.slice(0, 1), ...starts.slice(-mostPlaces)])) {
    const pairs = [{ sent: 0, stored: place }, ...continuation(sent, 1, stored, place)]
    const isWhole = pairs.length === sent.length
    const end = pairs.at(-1)?.stored ?? place
    if (!isWhole && !isLast(end) && stored[end]?.isCut !== true) continue
    // What leads up to an answer is a thread from its beginning.
    if (isWhole && isLeadingUp && place === 0) return pairs
    if (pairs.length >= found.length) found = pairs
  }
  return found
}

/** Where the sent units stand in the stored ones. null if they are another conversation, or cannot be told from one. */
export function locate(sent: readonly Unit[], stored: readonly StoredUnit[], sought: Sought): Located | null {
  if (sent.length === 0 || stored.length === 0) return located([])
  const end = atTheEnd(sent, stored)
  if (end !== null) return end
  if (sent.some(isAnswer)) return withAnswers(sent, stored, sought.isAnchored)
  return located(questionsOnly(sent, stored, sought))
}
