// Fits how likely an item answers a question, and whether a question is about anything that was said.
import { gatherLegs } from '../src/recall/gather.ts'
import { type FeatureName, featureAt, featureNames, type LinearWeights } from '../src/recall/linear/features.ts'
import { scale } from '../src/recall/linear/linear.ts'
import { type GateWeights, highestOf, type RelevanceWeights } from '../src/recall/linear/relevance.ts'
import type { RecallMode } from '../src/recall/question.ts'
import { rank } from '../src/recall/rank.ts'
import { scoreRows } from '../src/recall/score.ts'
import { solve } from './linear-fit.ts'
import { noiseFor } from './noise-questions.ts'
import type { Taken } from './ranker-lists.ts'

/** One question: its highest features, and the items of its answer. */
export interface JudgedQuestion {
  readonly isNoise: boolean
  /** It names a date: the gate lets it through. */
  readonly isSure: boolean
  readonly evidence: number
  readonly highest: Float64Array
  readonly items: readonly JudgedItem[]
}

interface JudgedItem {
  readonly features: Float64Array
  readonly behind: number
  readonly isEvidence: boolean
}

const itemsEach = 20
const rounds = 15
const penalty = 1e-3

/** All questions of a conversation, and as many about nothing that was said in it. */
export async function judgedQuestions(
  { conversation, ranked }: Taken,
  all: readonly Taken[],
  mode: RecallMode,
): Promise<readonly JudgedQuestion[]> {
  const { corpus, rows } = ranked
  const judge = async (question: string, evidence: readonly string[], isNoise: boolean) => {
    const asked = await ranked.ask(question, mode)
    const told = new Set(evidence.map((id) => rows.get(id)))
    const everyRow = Int32Array.from({ length: corpus.count }, (_, row) => row)
    const { measure, first, rows: compared, totals } = scoreRows(corpus, asked, gatherLegs(corpus, asked), everyRow)
    const totalOf = new Map(Array.from(compared, (row, i) => [row, totals[i] as number]))
    const best = totals.reduce((most, total) => Math.max(most, total), Number.NEGATIVE_INFINITY)
    const items = rank(corpus, { ...asked, gate: 'off' })
      .rows.slice(0, itemsEach)
      .map(({ row }) => {
        const features = measure.of(row).slice()
        return { features, behind: ((totalOf.get(row) ?? 0) - best) / scale.unit, isEvidence: told.has(row) }
      })
    return {
      isNoise,
      isSure: asked.plan.times.spans.length > 0,
      evidence: evidence.length,
      highest: highestOf(measure, first),
      items,
    }
  }
  const judged: JudgedQuestion[] = []
  for (const { question, evidence } of conversation.questions) judged.push(await judge(question, evidence, false))
  const conversations = all.map((one) => one.conversation)
  for (const question of noiseFor(conversation, conversations)) judged.push(await judge(question, [], true))
  return judged
}

/** Weights of a logistic model by Newton's method; the last one is added to every case. */
function fitLogistic(cases: readonly { readonly values: readonly number[]; readonly isTrue: boolean }[]) {
  const count = (cases[0]?.values.length ?? 0) + 1
  const withOne = cases.map(({ values, isTrue }) => ({ values: [...values, 1], target: isTrue ? 1 : 0 }))
  let weights = new Float64Array(count)
  for (let round = 0; round < rounds; round++) {
    const gradient = weights.map((weight) => weight * penalty)
    const curvature = Array.from({ length: count }, (_, j) => {
      const line = new Float64Array(count)
      line[j] = penalty
      return line
    })
    for (const { values, target } of withOne) {
      const odds = values.reduce((sum, value, j) => sum + value * (weights[j] as number), 0)
      const chance = 1 / (1 + Math.exp(-odds))
      const sureness = Math.max(1e-6, chance * (1 - chance))
      for (let j = 0; j < count; j++) {
        gradient[j] = (gradient[j] as number) + (chance - target) * (values[j] as number)
        const line = curvature[j] as Float64Array
        for (let k = 0; k <= j; k++)
          line[k] = (line[k] as number) + sureness * (values[j] as number) * (values[k] as number)
      }
    }
    const step = solve(curvature, gradient)
    weights = weights.map((weight, j) => weight - (step[j] as number))
  }
  return weights
}

const rounded = (weight: number | undefined) => Number((weight ?? 0).toFixed(4))

function named(names: readonly FeatureName[], weights: Float64Array, from: number): LinearWeights {
  return Object.fromEntries(names.map((name, i) => [name, rounded(weights[from + i])]))
}

const valuesOf = (names: readonly FeatureName[], row: Float64Array) =>
  names.map((name) => row[featureAt[name]] as number)

/** The weights of the same features as `usual`. */
export function fitRelevance(judged: readonly JudgedQuestion[], usual: RelevanceWeights): RelevanceWeights {
  const item = featureNames.filter((name) => usual.item[name] !== undefined)
  const question = featureNames.filter((name) => usual.question[name] !== undefined)
  const cases = judged.flatMap(({ highest, items }) =>
    items.map(({ features, behind, isEvidence }) => ({
      values: [...valuesOf(item, features), ...valuesOf(question, highest), behind],
      isTrue: isEvidence,
    })),
  )
  const weights = fitLogistic(cases)
  return {
    item: named(item, weights, 0),
    question: named(question, weights, item.length),
    behind: rounded(weights.at(-2)),
    start: rounded(weights.at(-1)),
  }
}

/** The same for the gate. */
export function fitGate(judged: readonly JudgedQuestion[], usual: GateWeights): GateWeights {
  const question = featureNames.filter((name) => usual.question[name] !== undefined)
  const cases = judged.map(({ highest, isNoise }) => ({ values: valuesOf(question, highest), isTrue: !isNoise }))
  const weights = fitLogistic(cases)
  return { question: named(question, weights, 0), start: rounded(weights.at(-1)) }
}
