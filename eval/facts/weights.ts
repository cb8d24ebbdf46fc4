// Measures what importance and age do as weights of a search for facts: each turn of a conversation is a fact with its time.
import { Memory } from 'aquifer'
import { random } from '../copies/corpus.ts'
import { readConversations } from '../questions.ts'

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('Pass a file in the format of LoCoMo: npm run eval:weights -- FILE')
const topK = 10
const day = 86_400_000

type Weights = Parameters<Memory['facts']['search']>[1]['weights']
const settings: Readonly<Record<string, Weights>> = {
  none: undefined,
  'half-life 30 days': { decay: { halfLife: '30d' } },
  'half-life 180 days': { decay: { halfLife: '180d' } },
  'half-life 2 years': { decay: { halfLife: '730d' } },
  'importance at random, 0.1': { importance: 0.1 },
  'importance at random, 0.3': { importance: 0.3 },
  'importance at random, 1': { importance: 1 },
}

const recalls = new Map<string, { all: number[]; late: number[] }>()
for (const { name, turns, questions } of readConversations(file)) {
  const end = Math.max(...turns.map(({ at }) => Date.parse(at)))
  await using memory = new Memory({ storage: ':memory:', embedder: false, clock: { now: () => end + day } })
  const next = random(11)
  const ids = new Map<string, string>()
  const late = new Set(turns.slice(Math.floor(turns.length * 0.75)).map(({ id }) => id))
  for (const { id, author, at, text } of turns) {
    const options = { userId: name, infer: false, validFrom: at, importance: next(), metadata: { turn: id } }
    const { results } = await memory.add(`${author}: ${text}`, options)
    ids.set(results[0]?.id ?? '', id)
  }
  for (const [setting, weights] of Object.entries(settings)) {
    const kept = recalls.get(setting) ?? { all: [], late: [] }
    recalls.set(setting, kept)
    for (const { question, evidence } of questions) {
      const { results } = await memory.search(question, {
        userId: name,
        topK,
        ...(weights === undefined ? {} : { weights }),
      })
      const found = new Set(results.map(({ id }) => ids.get(id)))
      const recall = evidence.filter((id) => found.has(id)).length / evidence.length
      kept.all.push(recall)
      if (evidence.every((id) => late.has(id))) kept.late.push(recall)
    }
  }
}
const mean = (numbers: readonly number[]) => {
  return Number((numbers.reduce((sum, one) => sum + one, 0) / numbers.length).toFixed(3))
}
console.table(
  [...recalls].map(([setting, { all, late }]) => {
    return { setting, questions: all.length, 'recall at 10': mean(all), 'of the last quarter': mean(late) }
  }),
)
