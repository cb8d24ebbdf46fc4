/** Reads the counts of an erasure from the answer to its commit. */

import type { CommitResult, ResultOf } from '../domain/commit/commit.ts'
import { nothingErased } from '../domain/commit/erased-counts.ts'
import { invariant, MemoryError } from '../domain/error.ts'

/** The result of an erasing commit without expectations. */
export function eraseResult(result: CommitResult): ResultOf<'erase'> {
  if (result.status === 'conflict') {
    throw new MemoryError('conflict', {
      message: `The erasure was refused: ${result.reason}.`,
      fix: 'Send it with a new commit id and without expectations.',
      details: { reason: result.reason },
    })
  }
  const [erased] = result.results
  invariant(erased?.kind === 'erase', 'a commit with a receipt erases')
  return result.replayed ? nothingErased : erased
}
