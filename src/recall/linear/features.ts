/** What the linear ranker knows of a message and a question: one number each, and what it means in a few words. */

/** The parts of a score that people see; each feature adds to one of them. */
type FeaturePart =
  | 'keyword'
  | 'coverage'
  | 'vector'
  | 'exact'
  | 'author'
  | 'date'
  | 'length'
  | 'question'
  | 'session'
  | 'context'
  | 'details'

interface Feature {
  readonly part: FeaturePart
  readonly means: string
}

function of(part: FeaturePart, means: string): Feature {
  return { part, means }
}

/** Every feature: the part that it adds to, and its meaning. Runs are those of `runs.ts`. */
export const features = {
  author: of('author', 'the one person whom the question names wrote it'),
  subject: of('author', 'its text names whom the question names, or it is stated by that person'),
  authorsOwn: of('author', 'the same, times the share of its words that speak of its author'),
  firstPerson: of('author', 'share of words such as I, my, we; at most 0.3, times 3'),
  secondPerson: of('author', 'share of words such as you, your; at most 0.3, times 3'),
  date: of('date', 'it was said at the date that the question names'),
  held: of('date', 'a fact that held in the days that the question names, whenever it began'),
  dateTold: of('date', 'its text speaks of the days that the question names'),
  exact: of('exact', 'share of the exact and rare terms of the question that it has'),
  keyword: of('keyword', 'the leg of words: its BM25 and its neighbours’, from 0 to 1'),
  words: of('keyword', 'its own BM25, as a share of the most that the question allows'),
  rarestWord: of('keyword', 'the largest share of the question’s rarity that one of its words has'),
  wordsFound: of('keyword', 'words of the question that it has, at most 6, divided by 3'),
  runKeyword: of('keyword', 'its BM25 and that of the runs around it, from 0 to 1'),
  ownCoverage: of('coverage', 'share of the question that stands in the message itself'),
  coverage: of('coverage', 'share of the question that stands in it or in the runs around it, rare words more'),
  coverageBefore: of('coverage', 'the same in it or in the run before'),
  meaning: of('vector', 'the leg of meaning: its cosine and its neighbours’, from 0 to 1'),
  cosine: of('vector', 'its own cosine with the question'),
  cosineAndWords: of('vector', 'its cosine times its words: they say the same twice'),
  windowBefore: of('vector', 'cosine of it and the message before together'),
  windowAround: of('vector', 'cosine of it and the messages on both sides together'),
  bestSentence: of('vector', 'best cosine of one of its sentences'),
  sentence: of('vector', 'best cosine of one of its sentences, in deviations from the mean'),
  sentenceAround: of('vector', 'best cosine of a sentence, and of the runs around, from 0 to 1'),
  length: of('length', 'how long it is: long messages say more'),
  runLength: of('length', 'how long its run is around it'),
  isQuestion: of('question', 'it ends in a question mark'),
  isReply: of('question', 'it begins as an answer to somebody does: thanks, yes, great'),
  answers: of('question', 'the run before asks something, and it is among the first three of its run'),
  answersNear: of('question', 'the same, times the best cosine of the run before'),
  answersWords: of('question', 'the same, times the best words of the run before'),
  wordsBefore: of('context', 'words of the run before'),
  wordsAfter: of('context', 'words of the run behind'),
  cosineBefore: of('context', 'best cosine of the run before'),
  cosineAfter: of('context', 'best cosine of the run behind'),
  sentenceBefore: of('context', 'best cosine of a sentence of the run before'),
  sessionKeyword: of('session', 'the best of its session by the words of runs'),
  sessionMeaning: of('session', 'the best of its session by meaning'),
  sessionBest: of('session', 'the best fused score of its session, less the best of all'),
  times: of('details', 'words that say a time, at most 3, divided by 3'),
  names: of('details', 'names and quoted titles, at most 3, divided by 3'),
  timesAsked: of('details', 'times, where the question asks when'),
  daysAsked: of('details', 'it speaks of certain days, where the question asks when'),
  namesAsked: of('details', 'names, where the question asks for a place'),
} as const satisfies Readonly<Record<string, Feature>>

export type FeatureName = keyof typeof features

/** In the order of a row of features. */
export const featureNames = Object.keys(features) as readonly FeatureName[]

/** The place of each feature in a row of them. */
export const featureAt = Object.fromEntries(featureNames.map((name, at) => [name, at])) as Readonly<
  Record<FeatureName, number>
>

/** What one unit of each feature adds to a score; a feature that is not named adds nothing. */
export type LinearWeights = Readonly<Partial<Record<FeatureName, number>>>
