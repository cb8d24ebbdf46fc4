/** Proposals as cases make and read them. */
import type { Actor } from '../../domain/actor.ts'
import type { Change, ChangeOf } from '../../domain/commit/commit.ts'
import type { Seq } from '../../domain/id.ts'
import { type ProposalFields, proposalNoun } from '../../domain/records/proposal.ts'
import { expectTrue } from './assert.ts'
import { home, type Scene } from './scene.ts'

type Proposable = ChangeOf<'proposal-put'>['change']

/** A proposal of a change. */
export const proposing = (change: Change, more: Omit<ChangeOf<'proposal-put'>, 'kind' | 'change'> = {}): Change => ({
  kind: 'proposal-put',
  change: change as Proposable,
  ...more,
})

export const decideOn = (
  proposalId: string,
  status: ChangeOf<'proposal-decide'>['status'],
  reason?: string,
): Change => ({
  kind: 'proposal-decide',
  proposalId,
  status,
  ...(reason === undefined ? {} : { reason }),
})

/** Accepts a proposal by that change. */
export const accept = (proposalId: string, change: Change): readonly Change[] => [
  decideOn(proposalId, 'accepted'),
  change,
]

/** Makes a proposal, and answers its id. */
export async function proposed(scene: Scene, change: Change, actor: Actor, more = {}): Promise<string> {
  const { results } = await scene.committed(proposing(change, more), { actor })
  const [result] = results
  expectTrue(result?.kind === 'record-put' && result.noun === proposalNoun, 'the answer has the proposal')
  return result.key
}

/** A proposal, and its version; null if there is none. */
export async function foundProposal(
  scene: Scene,
  id: string,
): Promise<(ProposalFields & { readonly version: Seq }) | null> {
  const { record } = await scene.storage.records.get(scene.access, home, proposalNoun, id)
  return record === null ? null : { ...(record.value as unknown as ProposalFields), version: record.version }
}

/** The ids of the proposals that have one of these labels. */
export async function idsLabelled(scene: Scene, ...labels: readonly string[]): Promise<readonly string[]> {
  const query = { labels, after: null, limit: 1_000 }
  const { items } = await scene.storage.records.labelled(scene.access, home, proposalNoun, query)
  return items.map(({ key }) => key)
}
