/** The key of a block within its space. */

/** The name of the block of working memory if none is given. */
export const mainBlock = 'main'

/**
 * A key that is unique among the blocks of a space, whether they belong to the space or to a thread. Ids have no line
 * breaks.
 */
export function blockKey(threadId: string | null, name: string): string {
  return threadId === null ? name : `${threadId}\n${name}`
}
