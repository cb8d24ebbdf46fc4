/** The embedder port: texts become vectors. Types only. */

/** Makes vectors of texts. Two embedders with the same `id` and `dimensions` give comparable vectors. */
export interface Embedder {
  /** Names model, weights and the way texts are prepared, such as `minilm-l6-v2/1`. Stored with every vector. */
  readonly id: string
  /** Length of its vectors; null while unknown, which is until the first text was embedded. */
  readonly dimensions: number | null
  /** Longest text taken in one piece, in words; longer ones are cut into pieces before they come here. */
  readonly maxWords: number
  /** Texts worth sending in one call. */
  readonly batchSize: number
  /** One vector of `dimensions` finite numbers for each text, in order, of any length but zero. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<readonly (readonly number[] | Float32Array)[]>
  /** Gives back what it holds: threads, models. Safe to call twice. */
  close?(): Promise<void>
}
