/** The payload hash of a commit as submitted: a retry with the same id must carry the same content. */
import type { Commit } from '../domain/commit/commit.ts'
import { digestOf } from '../domain/digest.ts'

/** SHA-1 in base64 of changes and expectations, in the order given; null for a commit without an id. */
export function commitHash(commit: Commit): string | null {
  if (commit.id === null) return null
  const { changes, expect } = commit
  const text = expect === undefined ? JSON.stringify(changes) : JSON.stringify([changes, expect])
  return digestOf('sha1', text, 'base64')
}
