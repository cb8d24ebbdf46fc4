// How much of the evidence recall finds: npm run eval:recall -- <file in the format of LoCoMo>
import { type RecallMode, recallModes } from '../src/recall/rank.ts'
import { EmbeddingCache } from './embedding-cache.ts'
import { facadeMemory } from './facade-memory.ts'
import { type Measures, meanOf, measure } from './measures.ts'
import type { AskableMemory } from './memory.ts'
import { type Conversation, readConversations } from './questions.ts'

const topK = 20

interface Asked {
  readonly conversation: Conversation
  readonly memory: AskableMemory
}

async function askAll(asked: readonly Asked[], mode: RecallMode) {
  const measures: Measures[] = []
  let ms = 0
  for (const { conversation, memory } of asked) {
    for (const { question, evidence } of conversation.questions) {
      const found = await memory.recall(question, mode, topK)
      measures.push(measure(found.ids, evidence))
      ms += found.ms
    }
  }
  return { measures: meanOf(measures), questions: measures.length, ms: ms / measures.length }
}

function lineOf(mode: RecallMode, { measures, ms }: Awaited<ReturnType<typeof askAll>>): string {
  const percent = (share: number) => (100 * share).toFixed(1).padStart(5)
  const figures = [
    ['R@5', measures.recallAt5],
    ['R@10', measures.recallAt10],
    ['R@20', measures.recallAt20],
    ['MRR', measures.reciprocalRank],
    ['nDCG@10', measures.gainAt10],
  ] as const
  const columns = figures.map(([name, share]) => `${name} ${percent(share)}`)
  return `${mode.padEnd(7)}  ${columns.join('   ')}   ${ms.toFixed(2)} ms per query`
}

/** Vectors that are made for the first time take about a tenth of a second each. */
function showProgress(name: string, turns: number): void {
  console.error(`taking in conversation ${name}: ${turns} turns`)
}

const [file] = process.argv.slice(2)
if (file === undefined) {
  console.error('Which file? npm run eval:recall -- conversations.json')
  process.exitCode = 2
} else {
  const takeIn = facadeMemory(new EmbeddingCache(), showProgress)
  const asked: Asked[] = []
  for (const conversation of readConversations(file)) asked.push({ conversation, memory: await takeIn(conversation) })
  const turns = asked.reduce((sum, { conversation }) => sum + conversation.turns.length, 0)
  const questions = asked.reduce((sum, { conversation }) => sum + conversation.questions.length, 0)
  console.log(`${turns} turns, ${questions} questions; in percent`)
  for (const mode of recallModes) console.log(lineOf(mode, await askAll(asked, mode)))
}
