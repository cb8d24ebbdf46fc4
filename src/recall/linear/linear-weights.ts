/**
 * The weights of the linear ranker: fitted on conversations, in the units of `features.ts`, which says what each
 * feature means. A negative weight takes back what another feature counts too. `npm run fit:ranker` fits them to other
 * conversations. Two are set by hand. `exact` outweighs the nearest meaning, so that a record with an exact term of the question
 * comes first. `dateTold` has what it had in a fit of its own. `docs/decisions/038-a-ranker-that-learned.md` has what they were fitted on and what they reach.
 */
import type { LinearWeights } from './features.ts'

/** By words and one vector a message: the default. */
export const vectorWeights: LinearWeights = {
  exact: 13,
  dateTold: 1.2,
  author: 1.8624,
  authorsOwn: 1.2549,
  date: 3.6307,
  keyword: 1.125,
  wordsFound: 0.9348,
  coverage: 3.0336,
  coverageBefore: 0.7777,
  meaning: 0.692,
  cosine: 0.5252,
  cosineAndWords: -9.9744,
  windowBefore: 3.1814,
  windowAround: 2.7046,
  length: -0.303,
  isQuestion: -0.5428,
  answers: -0.1676,
  answersNear: 2.8235,
  wordsBefore: -1.7266,
  wordsAfter: -2.6784,
  cosineBefore: -1.9242,
  cosineAfter: 0.6964,
  sessionKeyword: 0.5374,
  sessionMeaning: 0.5615,
  sessionBest: 2.0342,
  times: 1.0337,
  names: 1.0966,
  timesAsked: 1.3694,
  daysAsked: 1.4646,
}

/** With a vector for each sentence too. */
export const sentenceWeights: LinearWeights = {
  exact: 10,
  author: 1.8581,
  date: 3.6069,
  dateTold: 1.2,
  keyword: 0.6769,
  isQuestion: -0.5737,
  answers: -0.3399,
  wordsBefore: -1.7176,
  rarestWord: -0.9572,
  wordsFound: 0.6829,
  coverage: 2.7193,
  coverageBefore: 1.2828,
  cosineBefore: -1.8259,
  sentence: 0.1017,
  sentenceBefore: 1.0302,
  sentenceAround: 1.8879,
  windowBefore: 1.7694,
  windowAround: 1.9244,
  sessionKeyword: 0.4759,
  sessionMeaning: 0.7532,
  times: 1.0512,
  names: 1.1353,
  answersNear: 3.0718,
  timesAsked: 3.6378,
  authorsOwn: 1.3063,
  cosineAndWords: -8.0101,
  sessionBest: 1.9408,
}

/** By words alone. */
export const keywordWeights: LinearWeights = {
  exact: 10,
  dateTold: 1.3,
  author: 1.843,
  authorsOwn: 1.9658,
  firstPerson: -0.9529,
  secondPerson: -0.9248,
  date: 4.3039,
  keyword: 2.6952,
  words: -4.6953,
  rarestWord: 0.1778,
  wordsFound: 1.0083,
  runKeyword: 0.1746,
  coverage: 3.7423,
  coverageBefore: 0.7735,
  length: 0.2576,
  runLength: 0.3337,
  isQuestion: -0.5536,
  isReply: -0.3128,
  answersWords: 5.8627,
  wordsBefore: -4.6987,
  wordsAfter: -1.6376,
  sessionKeyword: 1.7278,
  times: 0.8858,
  names: 1.0663,
  timesAsked: 3.3393,
  namesAsked: 2.058,
}

/**
 * Facts by words and one vector each. `held` is set by hand: a fact that held in the time of the question, next to one that began
 * then. The text and not the author says whom a fact is about (`subject`). The length of a statement is left out, because only in
 * conversations does it tell what is worth knowing.
 */
export const factVectorWeights: LinearWeights = {
  exact: 13,
  dateTold: 1.2,
  held: 0.5,
  subject: 1.5702,
  date: 3.5759,
  keyword: 1.0611,
  ownCoverage: 0.9475,
  meaning: 3.3792,
  cosine: 2.36,
  daysAsked: 0.6073,
}

/** Facts by words alone. */
export const factKeywordWeights: LinearWeights = {
  exact: 10,
  dateTold: 1.2,
  held: 0.5,
  subject: 1.7087,
  date: 3.322,
  keyword: 2.7068,
  wordsFound: 1.1915,
  ownCoverage: 1.7278,
  daysAsked: 1.1719,
}

/**
 * What a fact begins with, in units of the fusion, where meanings are compared and where they are not. Chosen so that of
 * conversations, one half of which is there as messages and the other as facts, the most is found. See decision 59.
 */
export const factStarts = { vectors: 0.62, words: 0.7 } as const
