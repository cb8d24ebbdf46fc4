/** Decides about proposals: one commit, by an actor who may. */
import { followerOf } from '../../domain/apply/proposal-changes.ts'
import { MemoryError, notFound } from '../../domain/error.ts'
import type { Json } from '../../domain/json.ts'
import type { ProposalRecord } from '../answers/proposals.ts'
import { type CommitIdOption, named } from '../arguments/commit-ids.ts'
import { refused } from '../door/applied.ts'
import type { Core } from '../door/core.ts'
import { presentOf, proposalFields, toProposal } from './proposal-records.ts'
import { findProposal } from './read-proposals.ts'

/** Options of a decision. */
export interface DecideProposalOptions extends CommitIdOption {
  /** Why, for those who read the proposal later. */
  readonly reason?: string
}

/** What became of a decision. */
export type ProposalDecisionRecord<Time = string> =
  | { readonly status: 'accepted' | 'rejected'; readonly proposal: ProposalRecord<Time> }
  | {
      /** Nothing was decided now. */
      readonly status: 'conflict'
      /** `decided`: somebody was first, or its time is over; `proposal` says who. `changed`: its target is another now. */
      readonly reason: 'decided' | 'changed'
      /** The proposal as it stands. */
      readonly proposal: ProposalRecord<Time>
      /** What is there now, in the form of `before`. */
      readonly current: Json
    }

const reasons = ['decided', 'changed'] as const

/** Why a decision was too late; null for any other error. */
function conflictOf(error: unknown): (typeof reasons)[number] | null {
  if (!(error instanceof MemoryError) || error.code !== 'conflict') return null
  return reasons.find((reason) => error.details.reason === reason) ?? null
}

const gone =
  'It was decided long ago, or forgotten, or a newer one of its author replaced it. List the open ones again.'

/**
 * Accepts or rejects a proposal. Accepting makes the change, with the trust of who decides; rejecting retires the statement
 * that was to supersede a fact.
 *
 * @throws MemoryError `denied` for its author, and for somebody with too little trust; `not-found`.
 */
export async function decideProposal(
  core: Core,
  status: 'accepted' | 'rejected',
  { proposalId, reason, commitId }: DecideProposalOptions & { readonly proposalId: string },
): Promise<ProposalDecisionRecord> {
  const found = await findProposal(core, proposalId)
  if (found === null) throw notFound('proposal', proposalId, gone)
  const { door, record } = found
  const { target, ...fields } = proposalFields(record)
  const follower = followerOf(fields, status)
  const decide = { kind: 'proposal-decide', proposalId, status, ...(reason === undefined ? {} : { reason }) } as const
  const now = async () => {
    const after = await findProposal(core, proposalId)
    if (after === null) throw notFound('proposal', proposalId, gone)
    return toProposal(door, after.record)
  }
  try {
    const result = await door.submit(follower === null ? [decide] : [decide, follower], named(commitId))
    if (result.status === 'conflict') throw refused(result)
  } catch (error) {
    const why = conflictOf(error)
    if (why === null) throw error
    return { status: 'conflict', reason: why, proposal: await now(), current: await presentOf(door, target) }
  }
  return { status, proposal: await now() }
}
