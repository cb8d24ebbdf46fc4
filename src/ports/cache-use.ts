/** What the caches of a database take. */

/** What is kept in memory of a database: spaces with their threads and rows, words and vectors of the index, words of entries. */
export type CacheKind = 'spaces' | 'words' | 'vectors' | 'entries'

/** Memory that the caches of a database take in this process, in bytes, about. */
export interface CacheUse {
  /** In all. */
  readonly bytes: number
  /** The most they may take between two transactions; `limits.cacheBytes`. */
  readonly limitBytes: number
  /** By what they hold. */
  readonly parts: Readonly<Record<CacheKind, number>>
}
