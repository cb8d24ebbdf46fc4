/** Options of a feed over the log of a space. */
export interface FeedOptions {
  /** Continue after this seq. Default: the current one, read at the first `next()`. 0: from the beginning. */
  readonly after?: number
  /** Ends the iteration. */
  readonly signal?: AbortSignal
}
