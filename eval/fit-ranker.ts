// Fits the weights of the ranker to conversations of one's own: npm run fit:ranker -- <file in the format of LoCoMo> [--sentences]
import type { LinearWeights } from '../src/recall/linear/features.ts'
import { keywordWeights, sentenceWeights, vectorWeights } from '../src/recall/linear/linear-weights.ts'
import { type RelevanceModel, relevanceModels } from '../src/recall/linear/relevance-weights.ts'
import type { RecallMode } from '../src/recall/question.ts'
import { EmbeddingCache } from './embedding-cache.ts'
import { type Measures, meanOf, showMeasures } from './measures.ts'
import { readConversations } from './questions.ts'
import { rankedCorpus } from './ranked-corpus.ts'
import { crossMeasured, fitTo, measured, type Taken } from './ranker-lists.ts'
import { fitGate, fitRelevance, judgedQuestions } from './relevance-fit.ts'

const [file, ...flags] = process.argv.slice(2)
const bySentences = flags.includes('--sentences')

interface Fitted {
  readonly name: string
  readonly mode: RecallMode
  readonly usual: LinearWeights
  readonly model: RelevanceModel
}

async function show(taken: readonly Taken[], { name, mode, usual, model }: Fitted) {
  const fitted = await fitTo(taken, mode, usual)
  const shipped: Measures[] = []
  for (const one of taken) shipped.push(...(await measured(one, mode)))
  console.log(`\n${name}`)
  console.log(`the weights that are built in    ${showMeasures(meanOf(shipped))}`)
  console.log(`fitted, each to all the others   ${showMeasures(meanOf(await crossMeasured(taken, mode, usual)))}`)
  const judged = (await Promise.all(taken.map((one) => judgedQuestions(one, taken, mode)))).flat()
  const weights = { ranker: fitted, items: fitRelevance(judged, model.items), gate: fitGate(judged, model.gate) }
  console.log(JSON.stringify(weights, null, 2))
}

if (file === undefined) {
  console.error('Which file? npm run fit:ranker -- conversations.json')
  process.exitCode = 2
} else {
  const cache = new EmbeddingCache()
  const taken: Taken[] = []
  for (const conversation of readConversations(file)) {
    console.error(`taking in conversation ${conversation.name}: ${conversation.turns.length} turns`)
    taken.push({ conversation, ranked: await rankedCorpus(conversation, cache, bySentences) })
  }
  if (taken.length < 2)
    throw new Error('Weights are tried on conversations they were not fitted to: pass at least two.')
  const { sentences, vectors, words } = relevanceModels
  const whole = { name: 'by words and meaning', mode: 'hybrid', usual: vectorWeights, model: vectors } as const
  await show(taken, bySentences ? { ...whole, usual: sentenceWeights, model: sentences } : whole)
  if (!bySentences) await show(taken, { name: 'by words', mode: 'keyword', usual: keywordWeights, model: words })
}
