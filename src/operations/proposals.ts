/** Operations on proposals: changes that somebody proposed and somebody else decides about. */
import { z } from 'zod'
import { limitTable } from '../domain/limits.ts'
import { proposalStatuses } from '../domain/records/proposal.ts'
import { homeOf } from '../memory/facts/fact-home.ts'
import { decideProposal } from '../memory/proposals/decide.ts'
import { getProposal, listProposals } from '../memory/proposals/read-proposals.ts'
import { commitId, cursor, id, json, optional, seq } from './fields.ts'
import { operation, type Touched } from './operation.ts'
import { ownerIds, proposal, proposalTarget } from './records.ts'

const issued = ({ proposalId }: { readonly proposalId: string }): Touched => ({ issuedIds: [proposalId] })

/** The input of a decision. */
const decision = z.strictObject({
  proposalId: id,
  reason: optional(z.string().max(limitTable.titleLength.max)).describe('Why, for those who read it later.'),
  commitId,
})

const decided = z.discriminatedUnion('status', [
  z.strictObject({ status: z.enum(['accepted', 'rejected']), proposal }),
  z.strictObject({
    status: z.literal('conflict'),
    reason: z.enum(['decided', 'changed']),
    proposal,
    current: json,
  }),
])

export const proposalOperations = [
  operation({
    name: 'proposals.list',
    title: 'List proposals',
    description:
      'Changes that were proposed for a user, team, agent or task, the oldest first: the open ones unless asked otherwise.',
    effect: 'read',
    input: z.strictObject({
      ...ownerIds,
      status: optional(z.enum(proposalStatuses).nullable()).describe('Default: open. Null: all that are kept.'),
      target: optional(proposalTarget),
      limit: optional(z.int().min(1).max(1_000)),
      cursor,
    }),
    output: z.strictObject({ results: z.array(proposal), asOf: seq, nextCursor: cursor }),
    space: (input) => [homeOf(input).space],
    run: (core, { userId, resourceId, teamId, agentId, taskId, ...asked }) => {
      const given = { userId, resourceId, teamId, agentId, taskId }
      const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
      return listProposals(core, { ...asked, space: homeOf(named).space })
    },
  }),
  operation({
    name: 'proposals.get',
    title: 'Read a proposal',
    description: 'The proposal of that id, or null if it is not there.',
    effect: 'read',
    input: z.strictObject({ proposalId: id }),
    output: proposal.nullable(),
    space: issued,
    run: getProposal,
  }),
  operation({
    name: 'proposals.accept',
    title: 'Accept a proposal',
    description: 'Makes the change that somebody else proposed, if what it is about has not changed since.',
    effect: 'write',
    input: decision,
    output: decided,
    space: issued,
    run: (core, input) => decideProposal(core, 'accepted', input),
  }),
  operation({
    name: 'proposals.reject',
    title: 'Reject a proposal',
    description: 'Rejects a change that somebody else proposed. A statement that was to replace a fact is removed.',
    effect: 'write',
    input: decision,
    output: decided,
    space: issued,
    run: (core, input) => decideProposal(core, 'rejected', input),
  }),
] as const
