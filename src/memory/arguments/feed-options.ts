/** What a feed over the log of a space is asked with. */
export interface FeedOptions {
  /** Go on after this seq. Absent: from the current one, read at the first `next()`. 0: from the beginning. */
  readonly after?: number
  /** Ends the iteration. */
  readonly signal?: AbortSignal
}
