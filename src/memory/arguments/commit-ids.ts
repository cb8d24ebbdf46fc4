/** Commit ids of callers, and ids derived from them: the same for each retry. */
import { checkId } from '../../domain/id.ts'

/** The option that every write has. */
export interface CommitIdOption {
  /** An id of your own: sent again with the same content, the call is applied once and returns the first answer. */
  readonly commitId?: string
}

/** The id of a commit, for the door. */
export function named(commitId: string | undefined): { readonly id?: string } {
  return commitId === undefined ? {} : { id: checkId(commitId, 'commitId') }
}

/** A short text that is the same for the same parts, and for no others. */
async function digestOf(...parts: readonly string[]): Promise<string> {
  const digest = await globalThis.crypto.subtle.digest('SHA-256', Buffer.from(JSON.stringify(parts)))
  return Buffer.from(digest).toString('base64url').slice(0, 22)
}

/** The id of one of several commits of a call, which differ by their parts. */
export async function namedPart(
  commitId: string | undefined,
  ...parts: readonly string[]
): Promise<{ readonly id?: string }> {
  if (commitId === undefined) return {}
  return { id: await digestOf(checkId(commitId, 'commitId'), ...parts) }
}

/**
 * The last part of an id that we issue: derived from the commit id of the call, and from parts that tell several ids of one
 * call apart; otherwise made by the memory.
 */
export async function uniquePartOf(
  createId: () => string,
  commitId: string | undefined,
  ...parts: readonly string[]
): Promise<string> {
  return commitId === undefined ? createId() : digestOf(checkId(commitId, 'commitId'), ...parts)
}
