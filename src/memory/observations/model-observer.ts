/** The observer with a language model. What its answer does not hold in the form that was asked for is never stored. */
import { estimateTokenCount } from 'tokenx'
import { askModel, type ModelQuestion } from '../../derive/language-model.ts'
import { type Noted, observerQuestion, type Reflected, reflectorQuestion } from '../../derive/observe.ts'
import type { LanguageModelObject } from '../../derive/provider-model.ts'
import { sameActor } from '../../domain/actor.ts'
import type { NoteInput } from '../../domain/records/observation.ts'
import { lowerOf } from '../../domain/trust.ts'
import type { Core } from '../door/core.ts'
import { modelTime } from '../door/model-time.ts'
import { plainAuthor, trustOfAuthor } from './extract-notes.ts'
import type { Observer } from './observer.ts'
import { type ObservableMessage, placeOfMessage } from './unobserved.ts'

/** Tokens of earlier notes that a model sees, estimated. */
const earlierTokens = 2_000
/** UTF-16 units of a message that a model reads at once, and of all messages of one question. */
const longestPiece = 24_000
const mostAtOnce = 60_000
/** A word has about this many tokens. */
const tokensPerWord = 1.4

/** The newest notes that fit. */
function newest(notes: readonly NoteInput[]): readonly NoteInput[] {
  let left = earlierTokens
  const start = notes.findLastIndex(({ text }) => {
    left -= estimateTokenCount(text)
    return left < 0
  })
  return notes.slice(start + 1)
}

/** The messages in parts that a model reads at once: a long message is cut. */
function partsOf(messages: readonly ObservableMessage[]): readonly (readonly ObservableMessage[])[] {
  const parts: ObservableMessage[][] = []
  let length = mostAtOnce
  for (const message of messages) {
    for (let from = 0; from < message.text.length; from += longestPiece) {
      const text = message.text.slice(from, from + longestPiece).toWellFormed()
      if (text.trim() === '') continue
      if (length + text.length > mostAtOnce) {
        parts.push([])
        length = 0
      }
      length += text.length
      parts.at(-1)?.push({ ...message, text })
    }
  }
  return parts
}

function shown({ text, saidAt, refersTo, priority }: NoteInput) {
  return { text, saidAt, ...(refersTo === undefined ? {} : { refersTo }), priority }
}

const about = (refersTo: string | null) => (refersTo === null || refersTo.trim() === '' ? {} : { refersTo })

/** What a note has of the messages that it condenses: its time, its author if it is one, and the lowest trust. */
function originOf(sources: readonly ObservableMessage[]) {
  const first = sources[0] as ObservableMessage
  const last = sources.at(-1) as ObservableMessage
  const { author } = first.message
  const isOne = sources.every(({ message }) => sameActor(message.author, author))
  const trusts = sources.map(({ message }) => trustOfAuthor(message.author))
  return {
    saidAt: first.message.createdAt,
    ...(isOne ? { author: plainAuthor(author) } : {}),
    trust: trusts.reduce(lowerOf),
    from: placeOfMessage(first),
    until: placeOfMessage(last),
  }
}

function observedNotes({ notes, task, suggestion }: Noted, messages: readonly ObservableMessage[]): NoteInput[] {
  const made = notes.map(({ text, priority, refersTo, from, to }): NoteInput => {
    return { text, priority, made: 'model', ...about(refersTo), ...originOf(messages.slice(from - 1, to)) }
  })
  for (const [kind, text] of [['task', task] as const, ['suggestion', suggestion] as const]) {
    if (text === null || text.trim() === '') continue
    made.push({ text, kind, priority: 'medium', made: 'model', ...originOf(messages) })
  }
  return made
}

/** A note of a reflection has of those that it condenses what they share, the earliest time and the lowest trust. */
function reflectedNotes({ notes }: Reflected, before: readonly NoteInput[]): NoteInput[] {
  return notes.map(({ text, priority, refersTo, of }): NoteInput => {
    const sources = of.map((number) => before[number - 1] as NoteInput)
    const [first] = sources as [NoteInput, ...NoteInput[]]
    const ordered = sources.toSorted(
      (left, right) => left.from.turn - right.from.turn || left.from.index - right.from.index,
    )
    const ended = sources.toSorted(
      (left, right) => left.until.turn - right.until.turn || left.until.index - right.until.index,
    )
    const { author } = first
    const isOne =
      author !== undefined && sources.every((one) => one.author !== undefined && sameActor(one.author, author))
    return {
      text,
      priority,
      made: 'model',
      ...about(refersTo),
      saidAt: sources.map(({ saidAt }) => saidAt).toSorted()[0] as string,
      ...(isOne ? { author } : {}),
      trust: sources.map(({ trust }) => trust ?? 'tool').reduce(lowerOf),
      from: (ordered[0] as NoteInput).from,
      until: (ended.at(-1) as NoteInput).until,
    }
  })
}

/** An observer that asks a model. A failing one throws `unavailable`, and nothing is stored. */
export function modelObserver(core: Core, model: LanguageModelObject): Observer {
  const ask = async <Answer>(question: ModelQuestion<Answer>): Promise<Answer> => {
    const { signal, stop } = modelTime(core)
    try {
      return await askModel(model, question, signal)
    } finally {
      stop()
    }
  }
  return {
    claimMs: 2 * core.limits.modelTimeoutMs,
    async observe(messages, earlier) {
      const notes: NoteInput[] = []
      for (const part of partsOf(messages)) {
        const said = part.map(({ message, text }) => ({ author: message.author, at: message.createdAt, text }))
        const before = newest([...earlier, ...notes]).map(shown)
        notes.push(...observedNotes(await ask(observerQuestion(said, before)), part))
      }
      return notes
    },
    async reflect(notes, tokens) {
      const answer = await ask(reflectorQuestion(notes.map(shown), Math.round(tokens / tokensPerWord)))
      return reflectedNotes(answer, notes)
    },
  }
}
