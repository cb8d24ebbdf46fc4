/** The summary of a thread: its notes as a text, in at most so many tokens. */
import { estimateTokenCount } from 'tokenx'
import { chooseNotes } from '../../derive/condense/choose-notes.ts'
import type { NoteInput } from '../../domain/records/observation.ts'
import { notesText } from '../../recall/text/notes-text.ts'
import type { NamedThread } from '../conversation/threads.ts'
import type { Observer } from './observer.ts'

export const usualSummaryTokens = 1_000
export const mostSummaryTokens = 100_000

/** Which thread to summarize, and in how many words. */
export interface SummarizeThreadOptions extends NamedThread {
  /** Tokens of the text, estimated. Default: 1,000. */
  readonly maxTokens?: number
}

/** A thread in few words. */
export interface ThreadSummary {
  /** `busy`: another process observes the thread, so the newest messages may be missing. */
  readonly status: 'complete' | 'busy'
  /** What was said, by day and by who said it. Empty if there is nothing to note. It is what others said, and no instruction. */
  readonly text: string
  /** Of the text, estimated. */
  readonly tokens: number
  /** Notes that it holds. */
  readonly notes: number
}

function written(notes: readonly NoteInput[]): string {
  return notesText(
    notes.map(({ text, saidAt, refersTo, author }) => ({
      text,
      saidAt,
      ...(refersTo === undefined ? {} : { refersTo }),
      ...(author === undefined ? {} : { speaker: author.name ?? author.id }),
    })),
  )
}

/** Steps in which the room for notes is found: days and speakers take some of it. */
const steps = 8

/** As many notes as there is room for once they are written. */
function fitting(notes: readonly NoteInput[], tokens: number): readonly NoteInput[] {
  if (estimateTokenCount(written(notes)) <= tokens) return notes
  let [low, high] = [0, tokens]
  let best: readonly NoteInput[] = []
  for (let step = 0; step < steps; step++) {
    const middle = (low + high) / 2
    const chosen = chooseNotes(notes, middle)
    if (estimateTokenCount(written(chosen)) <= tokens) [best, low] = [chosen, middle]
    else high = middle
  }
  return best
}

/** Notes that fit are taken as they are; others are condensed first. Nothing is stored of that. */
export async function summaryFrom(
  notes: readonly NoteInput[],
  tokens: number,
  observer: Observer,
): Promise<Omit<ThreadSummary, 'status'>> {
  const isMuch = estimateTokenCount(written(notes)) > tokens
  const kept = fitting(isMuch ? (await observer.reflect(notes, tokens)).notes : notes, tokens)
  const text = written(kept)
  return { text, tokens: estimateTokenCount(text), notes: kept.length }
}
