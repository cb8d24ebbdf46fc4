/** The observer with a language model. What its answer does not hold in the form that was asked for is never stored. */
import { estimateTokenCount } from 'tokenx'
import { askModel, type ModelQuestion } from '../../derive/language-model.ts'
import {
  type Noted,
  observerQuestion,
  questionTokens,
  type Reflected,
  reflectorQuestion,
} from '../../derive/observe.ts'
import type { LanguageModelObject } from '../../derive/provider-model.ts'
import { sameActor } from '../../domain/actor.ts'
import { after, whenAborted } from '../../domain/detached.ts'
import { MemoryError } from '../../domain/error.ts'
import type { NoteInput } from '../../domain/records/observation.ts'
import { timePassedBefore } from '../../domain/time-passed.ts'
import { lowerOf } from '../../domain/trust.ts'
import type { ResolvedObservation } from '../../ports/observational-memory.ts'
import type { Core } from '../door/core.ts'
import { modelTime } from '../door/model-time.ts'
import { plainAuthor, trustOfAuthor } from './extract-notes.ts'
import type { Observer } from './observer.ts'
import { type ObservableMessage, placeOfMessage } from './unobserved.ts'

/** A message is not cut into pieces of fewer tokens than these. */
const leastPiece = 1_000
/** A word has about this many tokens. */
const tokensPerWord = 1.4
/** How long to wait before a model that failed is asked again, milliseconds. */
const pausesMs = [250, 1_000]

/** A message as the model is shown it. */
function saidIn({ message, text }: ObservableMessage, passed: ReadonlyMap<string, string>) {
  const time = passed.get(message.id)
  const before = time === undefined ? {} : { timePassed: time }
  return { author: message.author, at: message.createdAt, ...before, text }
}

/** The newest notes that fit. */
function newest(notes: readonly NoteInput[], most: number): readonly NoteInput[] {
  let left = most
  const start = notes.findLastIndex(({ text }) => {
    left -= estimateTokenCount(text)
    return left < 0
  })
  return notes.slice(start + 1)
}

/** A message in pieces of about so many tokens. */
function piecesOf(message: ObservableMessage, most: number): readonly ObservableMessage[] {
  const { text } = message
  const count = Math.max(1, Math.ceil(estimateTokenCount(text) / most))
  const length = Math.ceil(text.length / count)
  const pieces: ObservableMessage[] = []
  for (let from = 0; from < text.length; from += length) {
    const own = text.slice(from, from + length).toWellFormed()
    if (own.trim() !== '') pieces.push({ ...message, text: own, tokens: estimateTokenCount(own) })
  }
  return pieces
}

/** The messages in parts that a model reads at once: a long message is cut. */
function partsOf(messages: readonly ObservableMessage[], most: number): readonly (readonly ObservableMessage[])[] {
  const parts: ObservableMessage[][] = []
  let tokens = Number.POSITIVE_INFINITY
  for (const piece of messages.flatMap((message) => piecesOf(message, most))) {
    if (tokens + piece.tokens > most) {
      parts.push([])
      tokens = 0
    }
    tokens += piece.tokens
    parts.at(-1)?.push(piece)
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

/** Whether asking again may help: the model failed, or its answer could not be used. */
const isFailure = (error: unknown) => error instanceof MemoryError && error.code === 'unavailable'

/** Asks a model until it answers, a few times, with pauses that grow. Answers the tokens that all of it took. */
async function askPatiently<Answer>(core: Core, model: LanguageModelObject, question: ModelQuestion<Answer>) {
  let spent = 0
  const counted = {
    ...question,
    spend: (tokens: number) => {
      spent += tokens
    },
  }
  for (let attempt = 0; ; attempt++) {
    const { signal, stop } = modelTime(core)
    try {
      return { answer: await askModel(model, counted, signal), spent }
    } catch (error) {
      const pauseMs = pausesMs[attempt]
      if (pauseMs === undefined || !isFailure(error) || core.storage.closing.aborted) throw error
      await pause(pauseMs, core.storage.closing)
    } finally {
      stop()
    }
  }
}

/** Waits, or less long if the memory closes. */
async function pause(ms: number, closing: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>()
  const timer = after(ms, over.resolve, over.reject)
  const stopListening = whenAborted([closing], over.resolve, over.reject)
  try {
    await over.promise
  } finally {
    timer.stop()
    stopListening()
  }
}

/**
 * An observer that asks a model. One that fails is asked again a few times, with growing pauses; then it throws `unavailable`, and
 * nothing is stored.
 */
export function modelObserver(core: Core, model: LanguageModelObject, options: ResolvedObservation): Observer {
  const { previousObserverTokens, maxTokensPerBatch, instruction } = options.observation
  return {
    isModel: true,
    claimMs: 2 * core.limits.modelTimeoutMs,
    questionTokens,
    overheadTokens: previousObserverTokens + questionTokens,
    async observe(messages, earlier) {
      const notes: NoteInput[] = []
      let all = 0
      const passed = timePassedBefore(options.temporalMarkers ? messages.map(({ message }) => message) : [])
      for (const part of partsOf(messages, Math.max(leastPiece, maxTokensPerBatch))) {
        const said = part.map((piece) => saidIn(piece, passed))
        const before = newest([...earlier, ...notes], previousObserverTokens).map(shown)
        const { answer, spent } = await askPatiently(core, model, observerQuestion(said, before, instruction))
        notes.push(...observedNotes(answer, part))
        all += spent
      }
      return { notes, spent: all }
    },
    async reflect(notes, tokens) {
      const words = Math.max(1, Math.round(tokens / tokensPerWord))
      const question = reflectorQuestion(notes.map(shown), words, options.reflection.instruction)
      const { answer, spent } = await askPatiently(core, model, question)
      return { notes: reflectedNotes(answer, notes), spent }
    },
  }
}
