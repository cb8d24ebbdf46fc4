/** The result of one change of a commit. */
import type { Change, CommitResult, ResultOf } from '../../domain/commit/commit.ts'
import { invariant, MemoryError } from '../../domain/error.ts'
import type { Seq } from '../../domain/id.ts'

/** A committed change's result, with the seq and time of its commit. */
export type Applied<Kind extends Change['kind']> = {
  readonly seq: number
  readonly at: string
  readonly result: ResultOf<Kind>
}

/** The result of the only change of a commit without expectations. */
export function appliedOf<Kind extends Change['kind']>(commit: CommitResult, kind: Kind, index = 0): Applied<Kind> {
  if (commit.status === 'conflict') throw refused(commit)
  const result = commit.results[index]
  if (commit.replayed && commit.results.length === 0) {
    throw new MemoryError('conflict', {
      message: `The commit with that id was applied at seq ${commit.seq}, and its content was forgotten since.`,
      fix: 'Nothing was applied again. Use another commit id to store it again.',
      details: { seq: commit.seq },
    })
  }
  invariant(result?.kind === kind, `the result of ${kind} is of its kind`)
  return { seq: commit.seq, at: commit.at, result: result as ResultOf<Kind> }
}

type Conflict = CommitResult & { readonly status: 'conflict' }
/** The conflict of a commit id that was used for something else. */
type ReusedId = Conflict & { readonly first: Seq }

/** The error for a conflict that no caller asked about. */
export function refused({ reason, failed }: Pick<Conflict, 'reason' | 'failed'>): MemoryError {
  return new MemoryError('conflict', {
    message: `The commit was refused: ${reason}.`,
    fix: 'Use a new commit id for new content.',
    details: { reason, failed },
  })
}

/** Whether an expectation does not hold. Not so where the commit id was used for other content. */
export function failsExpectation(result: CommitResult): boolean {
  return result.status === 'conflict' && result.reason === 'expectation'
}

/** Whether another commit has the id. */
export function isReused(result: CommitResult): result is ReusedId {
  return result.status === 'conflict' && result.first !== undefined
}
