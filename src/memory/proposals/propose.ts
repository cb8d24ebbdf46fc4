/** Keeps a change for somebody else to decide about: of facts, entries, and working memory. */
import type { Actor } from '../../domain/actor.ts'
import type { ChangeOf, Expectation } from '../../domain/commit/commit.ts'
import { invariant } from '../../domain/error.ts'
import { proposalNoun } from '../../domain/records/proposal.ts'
import { type CommitIdOption, named } from '../arguments/commit-ids.ts'
import { failsExpectation, refused } from '../door/applied.ts'
import type { Door } from '../door/door.ts'

/** A change to propose. Its author is the actor of the door. */
interface ProposeRequest extends CommitIdOption {
  /** A change of a fact, an entry or a block, as a commit would make it. */
  readonly change: ChangeOf<'proposal-put'>['change']
  /** Of agents and tools, only these may decide. Default: all that have the trust that it takes. */
  readonly deciders?: readonly Actor[]
  /** Why. */
  readonly reason?: string
  /** What its author has seen, such as the version of its target. If it does not hold, the answer is a conflict. */
  readonly expect?: readonly Expectation[]
}

/** The open proposal, which may have been there before; or a conflict with what its author has seen. */
type Proposed = { readonly status: 'proposed'; readonly proposalId: string } | { readonly status: 'conflict' }

/**
 * Proposes a change of the door's space. Of the same author there is one open proposal of a kind about one target: the same
 * again is answered with its id, and another one replaces it.
 *
 * @throws MemoryError `invalid-input`, `not-found`, `limit-exceeded`.
 */
export async function propose(
  door: Door,
  { change, deciders, reason, expect, commitId }: ProposeRequest,
): Promise<Proposed> {
  const said = {
    ...(deciders === undefined ? {} : { deciders: [...deciders] }),
    ...(reason === undefined ? {} : { reason }),
  }
  const options = { ...(expect === undefined ? {} : { expect }), ...named(commitId) }
  const result = await door.submit([{ kind: 'proposal-put', change, ...said }], options)
  if (failsExpectation(result)) return { status: 'conflict' }
  if (result.status === 'conflict') throw refused(result)
  const [answer] = result.results
  invariant(answer?.kind === 'record-put' && answer.noun === proposalNoun, 'a proposal is answered by its record')
  return { status: 'proposed', proposalId: answer.key }
}
