// What the question gate silences and what it costs: node --conditions=aquifer-source eval/noise.ts <file in the format of LoCoMo> [--sentences]
import { gateModes } from '../src/domain/question-gate.ts'
import { gateChance } from '../src/recall/linear/relevance.ts'
import { relevanceModels } from '../src/recall/linear/relevance-weights.ts'
import { rank } from '../src/recall/rank.ts'
import { EmbeddingCache } from './embedding-cache.ts'
import { recallAt } from './measures.ts'
import { noiseFor } from './noise-questions.ts'
import { readConversations } from './questions.ts'
import { rankedCorpus } from './ranked-corpus.ts'
import type { Taken } from './ranker-lists.ts'
import { fitGate, type JudgedQuestion, judgedQuestions } from './relevance-fit.ts'

type Mode = 'hybrid' | 'keyword'

const [file, ...flags] = process.argv.slice(2)
const bySentences = flags.includes('--sentences')
const { vectors, sentences, words } = relevanceModels
const models = { hybrid: bySentences ? sentences : vectors, keyword: words } as const
const settings = [0.06, 0.08, 0.1, 0.11, 0.12, 0.15, 0.18, 0.2, 0.25, 0.3, 0.4, 0.5]
const percent = (share: number) => (100 * share).toFixed(1).padStart(5)

/** How sure a gate is of each question that it was not fitted to: it knows the other conversations alone. */
function crossedChances(judged: readonly (readonly JudgedQuestion[])[], mode: Mode) {
  return judged.flatMap((own) => {
    const gate = fitGate(judged.filter((one) => one !== own).flat(), models[mode].gate)
    return own.map((question) => ({ question, chance: question.isSure ? 1 : gateChance(gate, question.highest) }))
  })
}

function foundIn({ items, evidence }: JudgedQuestion): number {
  return items.slice(0, 10).filter(({ isEvidence }) => isEvidence).length / evidence
}

/** For each setting: questions about nothing that are silenced, and evidence in ten that is lost. */
function showCurve(judged: readonly (readonly JudgedQuestion[])[], mode: Mode): void {
  const all = crossedChances(judged, mode)
  const noise = all.filter(({ question }) => question.isNoise)
  const real = all.filter(({ question }) => !question.isNoise)
  console.log('least chance   silenced   R@10 lost (the gate fitted to the other conversations)')
  for (const least of settings) {
    const silenced = noise.filter(({ chance }) => chance < least).length / noise.length
    const lost = real.reduce((sum, { question, chance }) => sum + (chance < least ? foundIn(question) : 0), 0)
    console.log(`${least.toFixed(2).padStart(12)}   ${percent(silenced)}      ${percent(lost / real.length)}`)
  }
}

/** The same with the settings that are built in, and with what has nothing to do with a question left out. */
async function showSettings(taken: readonly Taken[], mode: Mode): Promise<void> {
  console.log('setting   R@10    silenced (as built in)')
  for (const gate of gateModes) {
    const found: number[] = []
    const silent: number[] = []
    for (const { conversation, ranked } of taken) {
      const ids = conversation.turns.map(({ id }) => id)
      const ask = async (question: string) =>
        rank(ranked.corpus, { ...(await ranked.ask(question, mode)), gate, matchesOnly: true }).rows
      for (const { question, evidence } of conversation.questions) {
        const rows = await ask(question)
        const names = rows.map(({ row }) => ids[row] as string)
        found.push(recallAt(names, evidence, 10))
      }
      const conversations = taken.map((one) => one.conversation)
      for (const question of noiseFor(conversation, conversations))
        silent.push((await ask(question)).length === 0 ? 1 : 0)
    }
    const mean = (all: readonly number[]) => percent(all.reduce((sum, one) => sum + one, 0) / all.length)
    console.log(`${gate.padEnd(7)}   ${mean(found)}   ${mean(silent)}`)
  }
}

/** Whether items of some relevance are evidence as often as it says. */
async function showCalibration(taken: readonly Taken[], mode: Mode): Promise<void> {
  const bins = Array.from({ length: 10 }, () => ({ count: 0, said: 0, was: 0 }))
  for (const { conversation, ranked } of taken) {
    const ids = conversation.turns.map(({ id }) => id)
    for (const { question, evidence } of conversation.questions)
      for (const { row, relevance } of rank(ranked.corpus, await ranked.ask(question, mode)).rows.slice(0, 20)) {
        const bin = bins[Math.min(9, Math.floor(relevance * 10))] as (typeof bins)[number]
        bin.count++
        bin.said += relevance
        bin.was += evidence.includes(ids[row] as string) ? 1 : 0
      }
  }
  console.log('relevance   evidence   items')
  for (const { count, said, was } of bins)
    if (count > 0)
      console.log(`${(said / count).toFixed(2).padStart(9)}   ${(was / count).toFixed(2).padStart(8)}   ${count}`)
}

if (file === undefined) {
  console.error('Which file? node --conditions=aquifer-source eval/noise.ts conversations.json')
  process.exitCode = 2
} else {
  const cache = new EmbeddingCache()
  const taken: Taken[] = []
  for (const conversation of readConversations(file))
    taken.push({ conversation, ranked: await rankedCorpus(conversation, cache, bySentences) })
  for (const mode of bySentences ? (['hybrid'] as const) : (['hybrid', 'keyword'] as const)) {
    console.log(`\n${mode}`)
    const judged: (readonly JudgedQuestion[])[] = []
    for (const one of taken) judged.push(await judgedQuestions(one, taken, mode))
    showCurve(judged, mode)
    await showSettings(taken, mode)
    await showCalibration(taken, mode)
  }
}
