/** The reasons why an embedder cannot be used. They are separate, because each has its own fix. */

/** Why recall searches only words. */
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

/** The reason in an error of an embedder. */
export function troubleOf(error: unknown): Exclude<EmbedderTrouble, 'embedder-mismatch'> {
  return isUnauthorized(error) ? 'embedder-unauthorized' : 'embedder-failed'
}
