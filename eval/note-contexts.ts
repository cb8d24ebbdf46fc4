// Contexts of a given number of tokens: of last messages, of notes, and of what recall found.
import { estimateTokenCount } from 'tokenx'
import { chooseNotes } from '../src/derive/condense/choose-notes.ts'
import { condense } from '../src/derive/condense/condense.ts'
import { inFewWords } from '../src/derive/condense/few-words.ts'
import { mixedForm } from '../src/recall/text/mixed-form.ts'
import { notesText } from '../src/recall/text/notes-text.ts'
import type { Conversation, Turn } from './questions.ts'

/** Share of a context that the last messages get, next to notes. */
const recentShare = 0.3
/** Share that the stable notes get where recall is there too. */
export const notesShare = 0.05

/** A context, and what it has of each turn: its text, or the notes of it. */
export interface Context {
  readonly text: string
  readonly turns: ReadonlyMap<string, string>
}

const lineOf = ({ author, text }: Turn) => `${author}: ${text}`

/** Turns in the given order, as long as they fit. */
function fitting(turns: readonly Turn[], tokens: number): readonly Turn[] {
  let left = tokens
  const end = turns.findIndex((turn) => {
    left -= estimateTokenCount(lineOf(turn))
    return left < 0
  })
  return end < 0 ? turns : turns.slice(0, end)
}

function contextOf(turns: readonly Turn[]): Context {
  return { text: turns.map(lineOf).join('\n'), turns: new Map(turns.map(({ id, text }) => [id, text])) }
}

function joined(...contexts: readonly Context[]): Context {
  return {
    text: contexts.map(({ text }) => text).join('\n'),
    turns: new Map(contexts.flatMap(({ turns }) => [...turns])),
  }
}

/** The last messages. */
export function lastOf({ turns }: Conversation, tokens: number): Context {
  return contextOf(fitting(turns.toReversed(), tokens))
}

/** Notes of turns that fit: as many as there is room for once they are written. */
function notesOf(turns: readonly Turn[], tokens: number): Context {
  const notes = condense(turns.map(({ text, author, at }) => ({ text, speaker: author, at })))
  const written = (chosen: typeof notes) =>
    notesText(
      chosen.map(({ message, text, refersTo }) => {
        const { at, author } = turns[message] as Turn
        return { text, saidAt: at, speaker: author, ...(refersTo === undefined ? {} : { refersTo }) }
      }),
    )
  let [low, high] = [0, tokens]
  let best: typeof notes = []
  for (let step = 0; step < 8; step++) {
    const middle = (low + high) / 2
    const chosen = chooseNotes(notes, middle)
    if (estimateTokenCount(written(chosen)) <= tokens) [best, low] = [chosen, middle]
    else high = middle
  }
  const byTurn = Map.groupBy(best, ({ message }) => (turns[message] as Turn).id)
  return {
    text: written(best),
    turns: new Map([...byTurn].map(([id, own]) => [id, own.map(({ text }) => text).join('; ')])),
  }
}

/** Notes of the older turns, and the last messages as they were said. */
export function notesWithLast(conversation: Conversation, tokens: number): Context {
  const last = lastOf(conversation, Math.round(tokens * recentShare))
  const old = conversation.turns.filter(({ id }) => !last.turns.has(id))
  return joined(notesOf(old, tokens - estimateTokenCount(last.text)), last)
}

/** The notes that stand in every prompt of a conversation, for that many tokens of context. */
export function stableNotes({ turns }: Conversation, tokens: number): Context {
  return notesOf(turns, Math.round(tokens * notesShare))
}

/** The turns that recall found, the best first. */
export function recalledTurns(found: readonly Turn[], tokens: number): Context {
  return contextOf(fitting(found, tokens))
}

/** A turn in few words; null if there is nothing to note of it. */
function shortened(turn: Turn) {
  const text = inFewWords({ text: turn.text, speaker: turn.author, at: turn.at })
  return text === '' ? null : { text, tokens: estimateTokenCount(lineOf({ ...turn, text })) }
}

/** The stable notes, and recalled turns in the form in which agents are shown them: the best as they were said, the next in few words. */
export function notesWithRecall(stable: Context, found: readonly Turn[], tokens: number): Context {
  const formed = mixedForm(found, {
    mostTokens: tokens - estimateTokenCount(stable.text),
    mostWhole: Number.POSITIVE_INFINITY,
    tokensOf: (turn) => estimateTokenCount(lineOf(turn)),
    shorten: shortened,
  })
  const best = formed.flatMap(({ item, short }) => (short === undefined ? [item] : []))
  const next = formed.flatMap(({ item, short }) => (short === undefined ? [] : [{ ...item, text: short }]))
  return joined(stable, contextOf(next), contextOf(best))
}
