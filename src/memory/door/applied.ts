/** The result of one change of a commit. */
import type { Change, CommitResult, ResultOf } from '../../domain/commit/commit.ts'
import { invariant, MemoryError } from '../../domain/error.ts'

/** A committed change's result, with the seq and time of its commit. */
export type Applied<Kind extends Change['kind']> = {
  readonly seq: number
  readonly at: string
  readonly result: ResultOf<Kind>
}

/** The result of the only change of a commit without expectations. */
export function appliedOf<Kind extends Change['kind']>(commit: CommitResult, kind: Kind, index = 0): Applied<Kind> {
  if (commit.status === 'conflict') {
    throw new MemoryError('conflict', {
      message: `The commit was refused: ${commit.reason}.`,
      fix: 'Use a new commit id for new content.',
      details: { reason: commit.reason, failed: commit.failed },
    })
  }
  const result = commit.results[index]
  if (commit.replayed && commit.results.length === 0) {
    throw new MemoryError('conflict', {
      message: `The commit of that id was applied at seq ${commit.seq}, and what it stored was forgotten since.`,
      fix: 'Nothing was applied again. Use another commit id to store it anew.',
      details: { seq: commit.seq },
    })
  }
  invariant(result?.kind === kind, `the result of ${kind} is of its kind`)
  return { seq: commit.seq, at: commit.at, result: result as ResultOf<Kind> }
}
