/** The payload hash of a commit as submitted: a retry with the same id must carry the same content. */
import { hash } from 'node:crypto'
import type { Commit } from '../domain/commit/commit.ts'

/** SHA-1 in base64 of changes and expectations, in the order given; null for a commit without an id. */
export function commitHash(commit: Commit): string | null {
  if (commit.id === null) return null
  const { changes, expect } = commit
  const text = expect === undefined ? JSON.stringify(changes) : JSON.stringify([changes, expect])
  return hash('sha1', text, 'base64')
}
