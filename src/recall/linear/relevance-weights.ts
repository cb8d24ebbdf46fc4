/**
 * The weights of relevance and of the question gate: fitted on the same conversations as the ranker's, and on as many
 * questions about nothing that was said in them. `npm run fit:ranker` fits them to other conversations.
 */
import type { GateMode } from '../../domain/question-gate.ts'
import type { GateWeights, RelevanceWeights } from './relevance.ts'

/** With a vector for each sentence. */
const sentenceRelevance: RelevanceWeights = {
  item: {
    cosine: 0.2237,
    bestSentence: 2.3348,
    windowAround: 2.4878,
    ownCoverage: 1.1352,
    coverage: 1.9498,
    words: 0.2371,
    cosineAndWords: -4.7328,
    author: 0.9448,
    length: -0.4455,
    isQuestion: -0.4257,
  },
  question: {
    cosine: 1.5193,
    bestSentence: 1.1275,
    windowAround: -2.0518,
    coverage: 0.3127,
    ownCoverage: 1.1739,
    words: -3.999,
    cosineAndWords: 0.7306,
  },
  behind: 0.7186,
  start: -5.2928,
}

/** The same for a question. */
const sentenceGate: GateWeights = {
  question: {
    cosine: 2.8472,
    bestSentence: 5.1877,
    windowAround: 1.2737,
    coverage: 2.0192,
    ownCoverage: 1.4132,
    words: -2.2422,
    cosineAndWords: 5.5579,
  },
  start: -6.0672,
}

/** With one vector a record. */
const vectorRelevance: RelevanceWeights = {
  item: {
    author: 0.7903,
    words: 1.5383,
    ownCoverage: 1.3256,
    coverage: 1.7453,
    cosine: 2.584,
    cosineAndWords: -7.9291,
    windowAround: 2.3728,
    length: -0.5896,
    isQuestion: -0.4297,
  },
  question: {
    words: -5.6262,
    ownCoverage: 2.4128,
    coverage: 0.3094,
    cosine: 2.8118,
    cosineAndWords: 1.0062,
    windowAround: -1.6036,
  },
  behind: 0.7429,
  start: -5.4598,
}

/** The same for a question. */
const vectorGate: GateWeights = {
  question: {
    words: -11.8795,
    ownCoverage: 4.6547,
    coverage: 3.0774,
    cosine: 7.1028,
    cosineAndWords: 6.787,
    windowAround: 1.8174,
  },
  start: -5.6838,
}

/** By words alone. */
const keywordRelevance: RelevanceWeights = {
  item: { author: 0.7249, words: -0.6364, ownCoverage: 1.2192, coverage: 1.8388, length: -0.3308, isQuestion: -0.2738 },
  question: { words: -5.2935, ownCoverage: 2.5126, coverage: 1.7047 },
  behind: 0.8192,
  start: -4.3901,
}

/** The same for a question. */
const keywordGate: GateWeights = {
  question: { words: -5.4738, ownCoverage: 3.5638, coverage: 4.7629 },
  start: -2.9298,
}

/** A model for one way of searching: of items, of questions, and how sure a question must be at each setting. */
export interface RelevanceModel {
  readonly items: RelevanceWeights
  readonly gate: GateWeights
  readonly least: Readonly<Record<GateMode, number>>
}

/**
 * The models. Evidence in ten that the gate loses, by models that never saw the conversation: `mild` 1 point, `strict`
 * 2.4 to 2.7. It silences some 30 and 55 of 100 questions about nothing that was said. See decision 43.
 */
export const relevanceModels = {
  sentences: { items: sentenceRelevance, gate: sentenceGate, least: { off: 0, mild: 0.12, strict: 0.25 } },
  vectors: { items: vectorRelevance, gate: vectorGate, least: { off: 0, mild: 0.11, strict: 0.25 } },
  words: { items: keywordRelevance, gate: keywordGate, least: { off: 0, mild: 0.18, strict: 0.3 } },
} as const satisfies Readonly<Record<string, RelevanceModel>>
