// Makes segments of records as commits would, from what was said.
import type { Actor } from '../../src/domain/actor.ts'
import { packTurn } from '../../src/domain/id.ts'
import { mentionsOf } from '../../src/domain/index/mentions.ts'
import { speechOf } from '../../src/domain/index/speech.ts'
import {
  type IndexedRecord,
  messageRef,
  packWords,
  type RecordKind,
  unpackWords,
  type WordSegment,
} from '../../src/domain/index/word-segment.ts'
import { analyse, analyserVersion } from '../../src/domain/index/words.ts'
import type { Language } from '../../src/domain/language.ts'
import { planOf } from '../../src/recall/question/plan.ts'
import type { Question } from '../../src/recall/question.ts'
import { rank } from '../../src/recall/rank.ts'
import type { Ranking } from '../../src/recall/ranking.ts'
import { type Corpus, corpusOf, type RecordFilter } from '../../src/recall/records/corpus.ts'

export const ann: Actor = { kind: 'user', id: 'u1', name: 'Ann Lee' }
export const bob: Actor = { kind: 'user', id: 'u2', name: 'Bob' }

/** 1 May 2023, in minutes since 1970. */
export const firstOfMay = Date.UTC(2023, 4, 1) / 60_000

export interface Said {
  readonly text: string
  readonly kind?: RecordKind
  readonly author?: Actor
  readonly minute?: number
  readonly thread?: number
  /** Place in the thread; the place in the list by default. */
  readonly turnSeq?: number
  readonly index?: number
  readonly isSuperseded?: boolean
  readonly until?: number
}

export function recordsOf(said: readonly Said[], language: Language = 'english'): readonly IndexedRecord[] {
  return said.map((one, place) => {
    const kind = one.kind ?? 'message'
    const minute = one.minute ?? firstOfMay + place
    const mentions = mentionsOf(one.text, minute, language)
    const turn = packTurn({ turnSeq: one.turnSeq ?? place + 2, turnIndex: 0 })
    return {
      kind,
      ref: kind === 'message' ? messageRef(turn, one.index ?? 0) : `k${place}`,
      seq: place + 100_000,
      thread: kind === 'message' ? (one.thread ?? 1) : 0,
      author: one.author ?? ann,
      minute,
      ...(mentions.length === 0 ? {} : { mentions }),
      chars: one.text.length,
      isQuestion: one.text.endsWith('?'),
      ...(kind === 'message' ? { speech: speechOf(one.text) } : {}),
      isSuperseded: one.isSuperseded ?? false,
      ...(one.until === undefined ? {} : { until: one.until }),
      ...analyse(one.text, language),
    }
  })
}

/** Segments of `size` records each. */
export function segmentsOf(records: readonly IndexedRecord[], size = 40): WordSegment[] {
  const segments: WordSegment[] = []
  for (let start = 0; start < records.length; start += size)
    segments.push(unpackWords(packWords(records.slice(start, start + size), analyserVersion)))
  return segments
}

/** One space with these records. */
export function corpusOfSaid(said: readonly (Said | string)[], filter: RecordFilter = {}, size = 40): Corpus {
  const all = said.map((one) => (typeof one === 'string' ? { text: one } : one))
  return corpusOf([{ segments: segmentsOf(recordsOf(all), size) }], filter)
}

/** Ranks a corpus for a question in English. */
export function ask(corpus: Corpus, question: string, more: Partial<Question> = {}): Ranking {
  const plan = planOf(corpus, question, 'english')
  return rank(corpus, { plan, mode: 'hybrid', similarities: null, limit: 50, topK: 20, ...more })
}

export const rowsOf = (ranking: Ranking): readonly number[] => ranking.rows.map(({ row }) => row)

/** Random numbers from 0 to 1 that a seed decides (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
