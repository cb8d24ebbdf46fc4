// How many times in questions are understood, and what is found then: npm run eval:time -- <file in the format of LoCoMo>
//
// 200 questions: in each of four languages, 40 for a word that was said in several sessions, with a span that has one of them, and 10
// for a span alone. What is looked for are the turns with the word in that span, and for a span alone its turns.

import { Memory, SQLiteStore } from 'aquifer'
import { isStopWord } from '../../src/domain/index/words.ts'
import { findTimes } from '../../src/domain/time-spans/find-times.ts'
import { random } from '../copies/corpus.ts'
import { recallAt } from '../measures.ts'
import { type Conversation, readConversations, type Turn } from '../questions.ts'
import {
  type MeantDays,
  type PhraseLanguage,
  phraseLanguages,
  spanForms,
  spanQuestions,
  wordQuestions,
} from './span-phrases.ts'

const dayMs = 86_400_000
const next = random(17)
const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)] as Item
const [ofWords, ofSpans] = [40, 10]
const topK = 10

interface SpanQuestion {
  readonly question: string
  readonly form: string
  readonly now: Date
  readonly meant: MeantDays
  /** Ids of the turns that it asks for. */
  readonly gold: readonly string[]
  readonly isAlone: boolean
}

interface Topics {
  readonly conversation: Conversation
  readonly topics: readonly (readonly [word: string, turns: readonly Turn[]])[]
}

const dayOfTurn = ({ at }: Turn) => Math.floor(Date.parse(at) / dayMs)
const wordsOf = (text: string) => new Set(text.toLowerCase().match(/\b[a-z]{5,}\b/g) ?? [])

/** Whether a word says neither a time nor nothing: then it can be asked for. */
function isTopic(word: string): boolean {
  const frame = { today: 20_000, reading: 'past' } as const
  const said = phraseLanguages.map((language) =>
    wordQuestions[language](word, spanForms[0]?.say[language](new Date()) ?? ''),
  )
  const found = said.map((text, i) => findTimes(text, i === 0 ? 'english' : 'all', frame))
  return !isStopWord(word, 'english') && found.every(({ times, isAll }) => times.length === 1 && !isAll)
}

/** How a word begins: words that begin alike may be forms of one. */
const beginning = (word: string) => word.slice(0, 5)

/** Words that were said in three sessions or more, by few turns of each, with no other word that begins alike. */
function topicsOf({ turns }: Conversation): ReadonlyMap<string, readonly Turn[]> {
  const found = new Map<string, Turn[]>()
  const alike = new Map<string, Set<string>>()
  for (const turn of turns)
    for (const word of wordsOf(turn.text)) {
      found.set(word, [...(found.get(word) ?? []), turn])
      alike.set(beginning(word), (alike.get(beginning(word)) ?? new Set()).add(word))
    }
  return new Map(
    [...found].filter(([word, all]) => {
      if (alike.get(beginning(word))?.size !== 1 || !isTopic(word)) return false
      const sessions = new Set(all.map(({ session }) => session))
      return sessions.size >= 3 && all.length <= 3 * sessions.size && all.length < turns.length / 30
    }),
  )
}

/** A question with a span that has a turn in it, asked some days after. */
function questionOf({ conversation, topics }: Topics, language: PhraseLanguage, isAlone: boolean): SpanQuestion {
  for (;;) {
    const [word, turns] = pick(topics)
    const turn = pick(turns)
    const day = new Date(Date.parse(turn.at))
    const now = new Date(day.getTime() + Math.floor(1 + next() * 20) * dayMs)
    const form = pick(spanForms)
    const meant = form.spanOf(day, now)
    if (meant === null) continue
    const isIn = (one: Turn) => dayOfTurn(one) >= meant.from && dayOfTurn(one) < meant.to
    const gold = (isAlone ? conversation.turns : turns).filter(isIn).map(({ id }) => id)
    const span = form.say[language](day)
    const question = isAlone ? spanQuestions[language](span) : wordQuestions[language](word, span)
    // More than ten cannot be among ten.
    if (!isAlone && gold.length > topK) continue
    return { question, form: form.name, now, meant, gold, isAlone }
  }
}

/** Whether the days that are understood are those that are meant. */
function isUnderstood({ question, now, meant }: SpanQuestion, language: PhraseLanguage): boolean {
  const today = Math.floor(now.getTime() / dayMs)
  const languages = language === 'english' ? 'english' : 'all'
  const { times } = findTimes(question, languages, { today, reading: 'past' })
  return times.length === 1 && times[0]?.from === meant.from && times[0].to === meant.to
}

async function memoryOf({ name, turns }: Conversation, language: PhraseLanguage): Promise<Memory> {
  const storage = new SQLiteStore({ url: ':memory:', language: language === 'english' ? 'english' : 'none' })
  const memory = new Memory({ storage, embedder: false })
  const messages = turns.map(({ id, author, at, text }) => ({
    ...{ id, role: 'user' as const, content: text, createdAt: at },
    author: { kind: 'user' as const, id: author, name: author },
  }))
  for (let start = 0; start < messages.length; start += 50)
    await memory.saveMessages({ resourceId: name, threadId: 't', messages: messages.slice(start, start + 50) })
  return memory
}

/** The share of what is looked for that is among the first ten; of a span alone, the share of these that are of it. */
async function foundOf(memory: Memory, name: string, { question, now, gold, isAlone }: SpanQuestion): Promise<number> {
  const { items } = await memory.recall({ resourceId: name, query: question, now, topK, tokenBudget: 1_000_000 })
  const ids = items.map(({ id }) => id)
  if (!isAlone) return recallAt(ids, gold, topK)
  return ids.filter((id) => gold.includes(id)).length / Math.min(topK, gold.length)
}

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('Pass a file in the format of LoCoMo: npm run eval:time -- FILE')
const conversations = readConversations(file)
const known = conversations.map((conversation): Topics => ({ conversation, topics: [...topicsOf(conversation)] }))
const rows: { language: string; understood: number; word: number[]; alone: number[] }[] = []
const missed: string[] = []
for (const language of phraseLanguages) {
  const row = { language, understood: 0, word: [] as number[], alone: [] as number[] }
  for (const [place, conversation] of conversations.entries()) {
    await using memory = await memoryOf(conversation, language)
    const share = (count: number) =>
      Math.floor((count * (place + 1)) / conversations.length) - Math.floor((count * place) / conversations.length)
    for (const [isAlone, count] of [
      [false, share(ofWords)],
      [true, share(ofSpans)],
    ] as const) {
      for (let i = 0; i < count; i++) {
        const asked = questionOf(known[place] as Topics, language, isAlone)
        const found = await foundOf(memory, conversation.name, asked)
        const isClear = isUnderstood(asked, language)
        if (isClear) row.understood++
        row[isAlone ? 'alone' : 'word'].push(found)
        if (!isClear || found < 1)
          missed.push(`${isClear ? 'found' : 'not understood'} ${found.toFixed(2)} ${asked.form}: ${asked.question}`)
      }
    }
  }
  rows.push(row)
}
const percent = (numbers: readonly number[]) =>
  ((100 * numbers.reduce((sum, one) => sum + one, 0)) / numbers.length).toFixed(1)
console.table(
  rows.map(({ language, understood, word, alone }) => ({
    language,
    questions: word.length + alone.length,
    'understood, %': ((100 * understood) / (word.length + alone.length)).toFixed(1),
    'gold in ten, %': percent([...word, ...alone]),
    'with a word': percent(word),
    'span alone': percent(alone),
  })),
)
const all = rows.flatMap(({ word, alone }) => [...word, ...alone])
const understood = rows.reduce((sum, row) => sum + row.understood, 0)
console.log(`all: ${((100 * understood) / all.length).toFixed(1)} % understood, gold in ten ${percent(all)} %`)
if (process.argv.includes('--missed')) console.log(missed.join('\n'))
