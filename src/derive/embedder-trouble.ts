/** What keeps an embedder from being used: told from each other, because each is mended elsewhere. */

/** Why recall has words only, while it has. */
export type EmbedderTrouble = 'embedder-mismatch' | 'embedder-unauthorized' | 'embedder-failed'

/** Causes of causes that are looked at. */
const deepest = 8

/** HTTP statuses by which a provider says that it does not know the key, or that the key may not do this. */
const unauthorizedStatuses: readonly unknown[] = [401, 403]

/**
 * Whether a provider refused the key, or there is none: an error of the AI SDK with the status 401 or 403, one that says
 * that no key was found, or an error with one of them as its cause or as the last of its tries.
 */
export function isUnauthorized(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > deepest) return false
  const { name, statusCode, cause, lastError } = error as Readonly<Record<string, unknown>>
  if (name === 'AI_LoadAPIKeyError' || unauthorizedStatuses.includes(statusCode)) return true
  return isUnauthorized(cause, depth + 1) || isUnauthorized(lastError, depth + 1)
}

/** What an error of an embedder tells about it. */
export function troubleOf(error: unknown): Exclude<EmbedderTrouble, 'embedder-mismatch'> {
  return isUnauthorized(error) ? 'embedder-unauthorized' : 'embedder-failed'
}
