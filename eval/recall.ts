// How much of the evidence recall finds: npm run eval:recall -- <file in the format of LoCoMo>
import { keywordWeights, vectorWeights } from '../src/recall/linear/linear-weights.ts'
import { type RecallMode, recallModes } from '../src/recall/question.ts'
import { EmbeddingCache } from './embedding-cache.ts'
import { facadeMemory } from './facade-memory.ts'
import { type Measures, meanOf, measure, showMeasures } from './measures.ts'
import type { AskableMemory } from './memory.ts'
import { type Conversation, readConversations } from './questions.ts'
import { rankedCorpus } from './ranked-corpus.ts'
import { crossMeasured, type Taken } from './ranker-lists.ts'

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
  return `${mode.padEnd(7)}  ${showMeasures(measures)}   ${ms.toFixed(2)} ms per query`
}

/** The ranker with weights that never saw the conversation that they are tried on. */
async function showCrossed(conversations: readonly Conversation[], cache: EmbeddingCache): Promise<void> {
  const taken: Taken[] = []
  for (const conversation of conversations)
    taken.push({ conversation, ranked: await rankedCorpus(conversation, cache) })
  console.log('weights fitted to the other conversations, each in its turn')
  for (const [mode, usual] of [['hybrid', vectorWeights] as const, ['keyword', keywordWeights] as const])
    console.log(`${mode.padEnd(7)}  ${showMeasures(meanOf(await crossMeasured(taken, mode, usual)))}`)
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
  const cache = new EmbeddingCache()
  const takeIn = facadeMemory(cache, showProgress)
  const asked: Asked[] = []
  const conversations = readConversations(file)
  for (const conversation of conversations) asked.push({ conversation, memory: await takeIn(conversation) })
  const turns = asked.reduce((sum, { conversation }) => sum + conversation.turns.length, 0)
  const questions = asked.reduce((sum, { conversation }) => sum + conversation.questions.length, 0)
  console.log(`${turns} turns, ${questions} questions; in percent`)
  for (const mode of recallModes) console.log(lineOf(mode, await askAll(asked, mode)))
  if (conversations.length > 1) await showCrossed(conversations, cache)
}
