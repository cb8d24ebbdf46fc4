/** How blocks of a space are told apart. */

/** The block that working memory is when no name is given. */
export const mainBlock = 'main'

/** A key that tells blocks of a space apart: those of a thread lie beside the space's own. Ids hold no line breaks. */
export function blockKey(threadId: string | null, name: string): string {
  return threadId === null ? name : `${threadId}\n${name}`
}
