// How much of the evidence is in the notes of a conversation: npm run eval:observations -- <file in the format of LoCoMo>
import { estimateTokenCount } from 'tokenx'
import { chooseNotes } from '../src/derive/condense/choose-notes.ts'
import { condense } from '../src/derive/condense/condense.ts'
import { analyse } from '../src/domain/index/words.ts'
import { notesText } from '../src/recall/text/notes-text.ts'
import { EmbeddingCache } from './embedding-cache.ts'
import { facadeMemory } from './facade-memory.ts'
import type { AskableMemory } from './memory.ts'
import { type Conversation, type EvidenceQuestion, readConversations, type Turn } from './questions.ts'

/** Tokens of a context. */
const budgets = [1_000, 2_000, 4_000]
/** Share of it that the last messages get, beside notes. */
const recentShare = 0.3
/** Share that notes get where recall is beside them; the rest is recalled. */
const notesShares = [0.05, 0.1, 0.2]
/** A word is rare if at most this many turns of its conversation have it. */
const rareTurns = 3
const searched = 200

const wordsOf = (text: string): readonly number[] => [...new Set(analyse(text, 'english').terms)]
const lineOf = ({ author, text }: Turn) => `${author}: ${text}`

/** A context, and the ids of the turns that it has, or has notes of. */
interface Context {
  readonly text: string
  readonly turns: ReadonlySet<string>
}

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
  return { text: turns.map(lineOf).join('\n'), turns: new Set(turns.map(({ id }) => id)) }
}

const lastOf = ({ turns }: Conversation, tokens: number) => contextOf(fitting(turns.toReversed(), tokens))

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
  return { text: written(best), turns: new Set(best.map(({ message }) => (turns[message] as Turn).id)) }
}

function joined(...contexts: readonly Context[]): Context {
  return {
    text: contexts.map(({ text }) => text).join('\n'),
    turns: new Set(contexts.flatMap(({ turns }) => [...turns])),
  }
}

function notesWithLast(conversation: Conversation, tokens: number): Context {
  const last = lastOf(conversation, Math.round(tokens * recentShare))
  const old = conversation.turns.filter(({ id }) => !last.turns.has(id))
  return joined(notesOf(old, tokens - estimateTokenCount(last.text)), last)
}

/** The words of the evidence that at most a few turns have. */
function rareWords({ turns }: Conversation): (question: EvidenceQuestion) => readonly number[] {
  const counts = new Map<number, number>()
  const words = new Map(turns.map(({ id, text }) => [id, wordsOf(text)]))
  for (const own of words.values()) for (const word of own) counts.set(word, (counts.get(word) ?? 0) + 1)
  return ({ evidence }) => {
    const all = new Set(evidence.flatMap((id) => words.get(id) ?? []))
    return [...all].filter((word) => (counts.get(word) ?? 0) <= rareTurns)
  }
}

interface Score {
  /** Share of the rare words of the evidence that are in the context. */
  readonly words: number
  /** Share of the turns of the evidence that are in it, or have a note in it. */
  readonly turns: number
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length

class Scores {
  readonly #all: { readonly of: string; readonly score: Score }[] = []

  add(of: string, { text, turns }: Context, rare: readonly number[], { evidence }: EvidenceQuestion): void {
    if (rare.length === 0) return
    const there = new Set(wordsOf(text))
    const words = rare.filter((word) => there.has(word)).length / rare.length
    this.#all.push({ of, score: { words, turns: evidence.filter((id) => turns.has(id)).length / evidence.length } })
  }

  show(): string {
    const by = [...Map.groupBy(this.#all, ({ of }) => of).values()].map((own) =>
      mean(own.map((one) => one.score.words)),
    )
    const percent = (share: number) => (100 * share).toFixed(1).padStart(5)
    const all = this.#all.map(({ score }) => score)
    const least = percent(Math.min(...by))
    return `${percent(mean(all.map(({ words }) => words)))} (least ${least})  ${percent(mean(all.map(({ turns }) => turns)))}`
  }
}

async function recalledFor(memory: AskableMemory, { turns }: Conversation, { question }: EvidenceQuestion) {
  const byId = new Map(turns.map((turn) => [turn.id, turn]))
  const { ids } = await memory.recall(question, 'keyword', searched)
  return ids.flatMap((id) => byId.get(id) ?? [])
}

async function show(conversations: readonly Conversation[], memories: readonly AskableMemory[]): Promise<void> {
  console.log('share of rare words of the evidence (of the worst conversation), and of its turns, in %')
  for (const tokens of budgets) {
    const scores = new Map<string, Scores>()
    const scoresOf = (name: string) => {
      const own = scores.get(name) ?? new Scores()
      scores.set(name, own)
      return own
    }
    for (const [at, conversation] of conversations.entries()) {
      const rareOf = rareWords(conversation)
      const last = lastOf(conversation, tokens)
      const notes = notesWithLast(conversation, tokens)
      const beside = notesShares.map((share) => notesOf(conversation.turns, Math.round(tokens * share)))
      for (const question of conversation.questions) {
        const rare = rareOf(question)
        const add = (name: string, context: Context) => scoresOf(name).add(conversation.name, context, rare, question)
        const found = await recalledFor(memories[at] as AskableMemory, conversation, question)
        add('last messages', last)
        add('notes, last messages', notes)
        add('recall by words', contextOf(fitting(found, tokens)))
        for (const [place, context] of beside.entries()) {
          const rest = contextOf(fitting(found, tokens - estimateTokenCount(context.text)))
          add(`recall, ${notesShares[place]} notes`, joined(context, rest))
        }
      }
    }
    for (const [name, own] of scores) console.log(`${tokens} tokens  ${name.padEnd(22)} ${own.show()}`)
  }
}

const [file] = process.argv.slice(2)
if (file === undefined) {
  console.error('Which file? npm run eval:observations -- conversations.json')
  process.exitCode = 2
} else {
  const conversations = readConversations(file)
  const takeIn = facadeMemory(new EmbeddingCache(), () => {})
  const memories: AskableMemory[] = []
  for (const conversation of conversations) memories.push(await takeIn(conversation))
  await show(conversations, memories)
}
