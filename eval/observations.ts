// How much of the evidence is in the notes of a conversation: npm run eval:observations -- <file in the format of LoCoMo>
// Without a file: conversations that are made here, and that no rule was made for.
import { Memory } from 'aquifer'
import { median } from '../bench/measure.ts'
import { condense } from '../src/derive/condense/condense.ts'
import { analyse } from '../src/domain/index/words.ts'
import { wholeShare } from '../src/recall/text/mixed-form.ts'
import { madeConversations } from './made-conversations.ts'
import {
  type Context,
  lastOf,
  notesShare,
  notesWithLast,
  notesWithRecall,
  recalledTurns,
  stableNotes,
} from './note-contexts.ts'
import { type Conversation, type EvidenceQuestion, readConversations, type Turn } from './questions.ts'

/** Tokens of a context. */
const budgets = [1_000, 2_000, 4_000]
/** A word is rare if at most this many turns of its conversation have it. */
const rareTurns = 3
const searched = 200

const wordsOf = (text: string): readonly number[] => [...new Set(analyse(text, 'english').terms)]

/** How many turns have each word. */
function turnsByWord({ turns }: Conversation): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const { text } of turns) for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}

interface Score {
  /** Share of the rare words of the evidence that are in the context. */
  readonly words: number
  /** Share of the turns of the evidence that are in it, or have a note in it. */
  readonly turns: number
  /**
   * 1 / the place of the first evidence, once what the context has of each turn is ordered by the words that it shares with the
   * question. Rare words alone do not raise it.
   */
  readonly rank: number
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length

/** Scores contexts of one conversation. */
function scorerOf(conversation: Conversation) {
  const counts = turnsByWord(conversation)
  const byId = new Map(conversation.turns.map((turn) => [turn.id, wordsOf(turn.text)]))
  const weightOf = (word: number) => Math.log(1 + conversation.turns.length / (counts.get(word) ?? 1))
  return (context: Context, { question, evidence }: EvidenceQuestion): Score | null => {
    const all = new Set(evidence.flatMap((id) => byId.get(id) ?? []))
    const rare = [...all].filter((word) => (counts.get(word) ?? 0) <= rareTurns)
    if (rare.length === 0) return null
    const there = new Set(wordsOf(context.text))
    const asked = wordsOf(question)
    const ranked = [...context.turns].map(([id, text]) => {
      const own = new Set(wordsOf(text))
      return { id, shared: asked.reduce((sum, word) => sum + (own.has(word) ? weightOf(word) : 0), 0) }
    })
    ranked.sort((left, right) => right.shared - left.shared)
    const place = ranked.findIndex(({ id }) => evidence.includes(id))
    return {
      words: rare.filter((word) => there.has(word)).length / rare.length,
      turns: evidence.filter((id) => context.turns.has(id)).length / evidence.length,
      rank: place < 0 ? 0 : 1 / (place + 1),
    }
  }
}

class Scores {
  readonly #all: { readonly of: string; readonly score: Score }[] = []

  add(of: string, score: Score | null): void {
    if (score !== null) this.#all.push({ of, score })
  }

  show(): string {
    const by = [...Map.groupBy(this.#all, ({ of }) => of).values()].map((own) =>
      mean(own.map((one) => one.score.words)),
    )
    const percent = (share: number) => (100 * share).toFixed(1).padStart(5)
    const of = (field: keyof Score) => percent(mean(this.#all.map(({ score }) => score[field])))
    return `${of('words')} (least ${percent(Math.min(...by))})  ${of('turns')}  ${of('rank')}`
  }
}

type Recall = (question: string) => Promise<readonly Turn[]>

/** Recall by words over a conversation: the turns that it finds, the best first. */
async function recallOf({ name, turns }: Conversation): Promise<Recall> {
  const memory = new Memory({ storage: ':memory:', embedder: false })
  const where = { resourceId: name, threadId: 'conversation' }
  const messages = turns.map(({ id, author, at, text }) => {
    return { id, role: 'user' as const, content: text, createdAt: at, author: { kind: 'user' as const, id: author } }
  })
  for (let start = 0; start < messages.length; start += 100) {
    await memory.saveMessages({ ...where, messages: messages.slice(start, start + 100) })
  }
  const byId = new Map(turns.map((turn) => [turn.id, turn]))
  return async (query) => {
    const options = { resourceId: name, query, topK: searched, tokenBudget: 1_000_000, gate: 'off' } as const
    const found = await memory.recall(options)
    return found.messages.flatMap(({ id }) => byId.get(id) ?? [])
  }
}

async function show(conversations: readonly Conversation[], recalls: readonly Recall[]): Promise<void> {
  console.log(
    'of the evidence, in %: its rare words (of the worst conversation), its turns, its rank by words of the question',
  )
  for (const tokens of budgets) {
    const scores = new Map<string, Scores>()
    for (const [at, conversation] of conversations.entries()) {
      const score = scorerOf(conversation)
      const last = lastOf(conversation, tokens)
      const notes = notesWithLast(conversation, tokens)
      const stable = stableNotes(conversation, tokens)
      for (const question of conversation.questions) {
        const found = await (recalls[at] as Recall)(question.question)
        const contexts: Readonly<Record<string, Context>> = {
          'last messages': last,
          'notes, last messages': notes,
          recall: recalledTurns(found, tokens),
          'recall, notes': notesWithRecall(stable, found, tokens),
        }
        for (const [name, context] of Object.entries(contexts)) {
          const own = scores.get(name) ?? new Scores()
          scores.set(name, own)
          own.add(conversation.name, score(context, question))
        }
      }
    }
    for (const [name, own] of scores) console.log(`${tokens} tokens  ${name.padEnd(22)} ${own.show()}`)
  }
}

/** Least share of the analyser's rate, and rounds in which both are measured. */
const leastRatio = 0.5
const rounds = 30

/** How fast notes are made by rules, next to the analyser of words on the same texts in the same run. */
function showRate(conversations: readonly Conversation[]): void {
  const messages = conversations.flatMap(({ turns }) =>
    turns.map(({ text, author, at }) => ({ text, speaker: author, at })),
  )
  const bytes = messages.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
  const work = {
    condenser: () => void condense(messages),
    analyser: () => messages.forEach(({ text }) => void analyse(text, 'english')),
  }
  const rateOf = (once: () => void) => {
    const started = process.cpuUsage()
    once()
    const { user, system } = process.cpuUsage(started)
    return bytes / (user + system)
  }
  // In turns, so that both have the same machine. The first rounds are those of a cold program.
  const rates = Array.from({ length: rounds }, () => ({
    condenser: rateOf(work.condenser),
    analyser: rateOf(work.analyser),
  })).slice(rounds / 3)
  const [condenser, analyser, ratio] = [
    median(rates.map((one) => one.condenser)),
    median(rates.map((one) => one.analyser)),
    median(rates.map((one) => one.condenser / one.analyser)),
  ]
  const verdict = ratio >= leastRatio ? 'reached' : 'missed'
  console.log(
    `condenser ${condenser.toFixed(1)} MB/s, analyser of words ${analyser.toFixed(1)} MB/s: ratio ${ratio.toFixed(2)}, at least ${leastRatio} ${verdict}`,
  )
}

const [file] = process.argv.slice(2)
const conversations = file === undefined ? madeConversations() : readConversations(file)
console.log(file === undefined ? 'made conversations' : `conversations of ${file}`)
console.log(
  `with recall, notes have ${100 * notesShare} % of the tokens; ${100 * wholeShare} % of the rest is recalled as it was said`,
)
showRate(conversations)
const recalls: Recall[] = []
for (const conversation of conversations) recalls.push(await recallOf(conversation))
await show(conversations, recalls)
