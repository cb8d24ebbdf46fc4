// The features of the messages that are compared for each question, to fit weights to, and measures with these weights.

import { gatherLegs } from '../src/recall/gather.ts'
import { type FeatureName, featureAt, featureNames, type LinearWeights } from '../src/recall/linear/features.ts'
import type { RecallMode } from '../src/recall/question.ts'
import { rank } from '../src/recall/rank.ts'
import { scoreRows } from '../src/recall/score.ts'
import { fitLinear, type Listed } from './linear-fit.ts'
import { type Measures, measure } from './measures.ts'
import type { Conversation } from './questions.ts'
import type { RankedCorpus } from './ranked-corpus.ts'

/** A conversation that is ready to be asked. */
export interface Taken {
  readonly conversation: Conversation
  readonly ranked: RankedCorpus
}

const penalty = 0.02

/** Of each question the messages with the best fused scores, as many as decide, and its evidence. */
const listed = 150

const known = new WeakMap<Taken, Map<string, Promise<readonly Listed[]>>>()

/** The features of the messages that are compared for each question of a conversation. */
function listsOf(taken: Taken, mode: RecallMode, names: readonly FeatureName[]): Promise<readonly Listed[]> {
  const own = known.get(taken) ?? new Map<string, Promise<readonly Listed[]>>()
  known.set(taken, own)
  const key = `${mode} ${names.join(' ')}`
  const lists = own.get(key) ?? madeLists(taken, mode, names)
  own.set(key, lists)
  return lists
}

async function madeLists({ conversation, ranked }: Taken, mode: RecallMode, names: readonly FeatureName[]) {
  const { corpus, rows } = ranked
  const lists: Listed[] = []
  for (const { question, evidence } of conversation.questions) {
    const asked = await ranked.ask(question, mode)
    const all = Int32Array.from({ length: corpus.count }, (_, row) => row)
    const scored = scoreRows(corpus, asked, gatherLegs(corpus, asked), all)
    const isTold = new Set(evidence.map((id) => rows.get(id) ?? -1))
    const best = [...scored.rows.keys()]
      .sort((left, right) => (scored.totals[right] as number) - (scored.totals[left] as number))
      .slice(0, listed)
      .map((i) => scored.rows[i] as number)
    const compared = [...new Set([...best, ...scored.rows.filter((row) => isTold.has(row))])]
    const features = compared.map((row) => {
      const whole = scored.measure.of(row)
      return Float64Array.from(names, (name) => whole[featureAt[name]] as number)
    })
    lists.push({ features, evidence: [...compared.keys()].filter((place) => isTold.has(compared[place] as number)) })
  }
  return lists
}

/** Weights that are set by hand: questions of conversations seldom ask for an id, or for what was said of a day. */
const setByHand = ['exact', 'dateTold', 'held'] as const satisfies readonly FeatureName[]

/** Weights for these features, fitted to all questions of the conversations, but for those that are set by hand. */
export async function fitTo(taken: readonly Taken[], mode: RecallMode, usual: LinearWeights): Promise<LinearWeights> {
  const names = featureNames.filter((name) => usual[name] !== undefined && !setByHand.some((one) => one === name))
  const lists = (await Promise.all(taken.map((one) => listsOf(one, mode, names)))).flat()
  const weights = fitLinear(lists, penalty)
  const fitted = names.map((name, j): [FeatureName, number] => [name, Number((weights[j] as number).toFixed(4))])
  const kept = setByHand.flatMap((name): [FeatureName, number][] => {
    const weight = usual[name]
    return weight === undefined ? [] : [[name, weight]]
  })
  return Object.fromEntries([...kept, ...fitted])
}

/** How well a conversation's questions are answered with some weights; with the usual ones if none are given. */
export async function measured(
  { conversation, ranked }: Taken,
  mode: RecallMode,
  weights?: LinearWeights,
): Promise<readonly Measures[]> {
  const ids = conversation.turns.map(({ id }) => id)
  const all: Measures[] = []
  for (const { question, evidence } of conversation.questions) {
    const asked = await ranked.ask(question, mode)
    const { rows } = rank(ranked.corpus, weights === undefined ? asked : { ...asked, weights: { message: weights } })
    all.push(
      measure(
        rows.slice(0, 20).map(({ row }) => ids[row] as string),
        evidence,
      ),
    )
  }
  return all
}

/** The same with weights fitted to all other conversations, each in its turn. */
export async function crossMeasured(taken: readonly Taken[], mode: RecallMode, usual: LinearWeights) {
  const all: Measures[] = []
  for (const left of taken) {
    const weights = await fitTo(
      taken.filter((one) => one !== left),
      mode,
      usual,
    )
    all.push(...(await measured(left, mode, weights)))
  }
  return all
}
