/** How quick an embedder is in this process, and whether it has answered at all. */
import type { Embedder } from '../ports/embedder.ts'
import { QuestionVectors } from './question-vectors.ts'

/** How much the newest call counts in the mean. */
const newestShare = 0.3

/** The pace of an embedder. */
export class Pace {
  /** Whether it has answered: a model that is still being loaded has not. */
  isWarm = false
  /** When the first question was put to it, on the clock of `performance`; null until then. */
  firstAskedAt: number | null = null
  /** Milliseconds that a text takes, on average; null until its second answer, since the first one loads the model. */
  msPerText: number | null = null

  /** Notes a call that is answered. */
  answered(texts: number, ms: number): void {
    if (this.isWarm && texts > 0) {
      const own = ms / texts
      this.msPerText = this.msPerText === null ? own : this.msPerText + newestShare * (own - this.msPerText)
    }
    this.isWarm = true
  }
}

/** An embedder whose pace is known, and the vectors of questions that it has made. */
export interface PacedEmbedder extends Embedder {
  readonly pace: Pace
  readonly questions: QuestionVectors
}

/** The same embedder; each call that is answered is timed. `questionBytes` is the most that vectors of questions may take. */
export function paced(embedder: Embedder, questionBytes: number): PacedEmbedder {
  const pace = new Pace()
  return {
    id: embedder.id,
    maxWords: embedder.maxWords,
    batchSize: embedder.batchSize,
    pace,
    questions: new QuestionVectors(questionBytes),
    get dimensions() {
      return embedder.dimensions
    },
    async embed(texts, options) {
      const begun = performance.now()
      if (options?.purpose === 'query') pace.firstAskedAt ??= begun
      const vectors = await embedder.embed(texts, options)
      pace.answered(texts.length, performance.now() - begun)
      return vectors
    },
    async close() {
      await embedder.close?.()
    },
  }
}
