// Fits the weights of the ranker to conversations of one's own: npm run fit:ranker -- <file in the format of LoCoMo> [--sentences]
import type { LinearWeights } from '../src/recall/linear/features.ts'
import { keywordWeights, sentenceWeights, vectorWeights } from '../src/recall/linear/linear-weights.ts'
import type { RecallMode } from '../src/recall/question.ts'
import { EmbeddingCache } from './embedding-cache.ts'
import { type Measures, meanOf, showMeasures } from './measures.ts'
import { readConversations } from './questions.ts'
import { rankedCorpus } from './ranked-corpus.ts'
import { crossMeasured, fitTo, measured, type Taken } from './ranker-lists.ts'

const [file, ...flags] = process.argv.slice(2)
const bySentences = flags.includes('--sentences')

async function show(taken: readonly Taken[], name: string, mode: RecallMode, usual: LinearWeights) {
  const fitted = await fitTo(taken, mode, usual)
  const shipped: Measures[] = []
  for (const one of taken) shipped.push(...(await measured(one, mode)))
  console.log(`\n${name}`)
  console.log(`the weights that are built in    ${showMeasures(meanOf(shipped))}`)
  console.log(`fitted, each to all the others   ${showMeasures(meanOf(await crossMeasured(taken, mode, usual)))}`)
  console.log(JSON.stringify(fitted, null, 2))
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
  await show(taken, 'by words and meaning', 'hybrid', bySentences ? sentenceWeights : vectorWeights)
  if (!bySentences) await show(taken, 'by words', 'keyword', keywordWeights)
}
