/** Prepares commits for drivers. */
import type { Commit } from '../domain/commit/commit.ts'
import { copyJson } from '../domain/json.ts'

/** A commit for a driver: copied and checked to be JSON, so that nothing changes it while it waits. */
export function admitted(commit: Commit): Commit {
  const { id, space, background } = commit
  const changes = copyJson(commit.changes, 'changes')
  const expect = commit.expect === undefined ? {} : { expect: copyJson(commit.expect, 'expect') }
  return { id, space, changes, ...expect, ...(background === undefined ? {} : { background }) }
}
