/** The embedder port: texts become vectors. Types only. */

/** Options of `embed`. */
export interface EmbedOptions {
  /**
   * What the texts are for. Somebody waits for a `query`, so it goes before every `record`. Default: `record`. It never
   * changes the vectors.
   */
  readonly purpose?: 'query' | 'record'
  /** Whether nobody waits for the answer: then it need not keep the process from ending. Default: false. */
  readonly isBackground?: boolean
  /** Aborts the call. */
  readonly signal?: AbortSignal
}

/** One vector: finite numbers, not all zero, of any length but zero. */
export type Embedding = readonly number[] | Float32Array

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
  /** One vector of `dimensions` numbers for each text, in order. */
  embed(texts: readonly string[], options?: EmbedOptions): Promise<readonly Embedding[]>
  /** Releases its threads and models. Safe to call twice. */
  close?(): Promise<void>
}
