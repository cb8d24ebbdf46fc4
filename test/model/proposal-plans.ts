// Random changes of proposals: of values and facts, and decisions about those that are known, most of them such as may apply.
import fc from 'fast-check'
import type { Change, ChangeResult } from '../../src/domain/commit/commit.ts'
import { proposalNoun } from '../../src/domain/records/proposal.ts'

/** A proposal that the run knows of, with the change that it would make. */
export interface KnownProposal {
  readonly id: string
  readonly change: Change
}

/** Plans of proposals of these changes; `back` draws how many places back the proposal is that is decided. */
export function proposalPlans<Plan>(weight: number, proposed: fc.Arbitrary<Plan>, back: fc.Arbitrary<number>) {
  const put = fc.record({
    kind: fc.constant('proposal-put' as const),
    proposed,
    decider: fc.constantFrom(undefined, undefined, undefined, { kind: 'agent' as const, id: 'eve' }),
    reason: fc.constantFrom(undefined, undefined, 'because'),
    livesMs: fc.constantFrom(undefined, undefined, undefined, 1, 1_500, -1),
  })
  const decide = fc.record({
    kind: fc.constant('proposal-decide' as const),
    of: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: back }),
    status: fc.constantFrom('accepted', 'accepted', 'accepted', 'rejected', 'rejected', 'expired'),
    reason: fc.constantFrom(undefined, undefined, 'because'),
    /** Whether what must follow is there. */
    isWhole: fc.constantFrom(true, true, true, true, true, true, false),
  })
  return {
    'proposal-put': { weight: 4 * weight, arbitrary: put },
    'proposal-decide': { weight: 2 * weight, arbitrary: decide },
  }
}

export type DecidePlan =
  ReturnType<typeof proposalPlans>['proposal-decide']['arbitrary'] extends fc.Arbitrary<infer Plan> ? Plan : never

/** The decision of a plan about a known proposal, with what must follow it. */
export function decisionOf(
  { status, reason, isWhole }: DecidePlan,
  known: KnownProposal | undefined,
): readonly Change[] {
  const proposalId = known?.id ?? 'proposal_000000000000_000000001000000'
  const decide = { kind: 'proposal-decide', proposalId, status, ...(reason === undefined ? {} : { reason }) } as Change
  if (known === undefined || !isWhole || status === 'expired') return [decide]
  const { change } = known
  if (status === 'accepted') return [decide, change]
  const isSuperseding = change.kind === 'fact-assert' && change.supersedes !== undefined && change.factId !== undefined
  return isSuperseding ? [decide, { kind: 'fact-retire', factIds: [change.factId as string] }] : [decide]
}

/** The proposals that a change made: its own, and those that follow from a refusal. */
export function proposalsIn(change: Change | undefined, answer: ChangeResult): readonly KnownProposal[] {
  if (answer.kind === 'record-put') {
    if (answer.noun !== proposalNoun || answer.value.status !== 'open') return []
    return [{ id: answer.key, change: answer.value.change as unknown as Change }]
  }
  if (answer.kind === 'fact-assert' && change?.kind === 'fact-assert') {
    const { factId, conflicts, proposed = [] } = answer
    const targets = conflicts.filter((id) => change.supersedes?.includes(id))
    return proposed.map((id, index) => {
      return { id, change: { kind: 'fact-assert', factId, supersedes: [targets[index] as string] } }
    })
  }
  if (answer.kind !== 'fact-retire') return []
  const { refused = [], proposed = [] } = answer
  // Words that wait for extraction are refused too, without a proposal.
  if (refused.length !== proposed.length) return []
  return proposed.map((id, index) => ({ id, change: { kind: 'fact-retire', factIds: [refused[index] as string] } }))
}
