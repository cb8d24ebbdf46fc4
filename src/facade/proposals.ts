/** Proposals, as users hold them: changes that somebody proposed and somebody else decides about. */
import type { Core } from '../memory/door/core.ts'
import type { FactIds } from '../memory/facts/fact-home.ts'
import type { DecideProposalOptions, ProposalDecisionRecord } from '../memory/proposals/decide.ts'
import type { ListProposalsRequest, ProposalPageRecord } from '../memory/proposals/read-proposals.ts'
import { call } from './call.ts'
import { datedProposal, type Proposal } from './records.ts'

/** Whose proposals to list: those of one space, which the first given id names. */
export interface ListProposalsOptions extends FactIds, ListProposalsRequest {}

/** A page of proposals, the oldest first. */
export interface ProposalPage extends ProposalPageRecord<Date> {}

/** What became of a decision: it was made, or somebody was first, or what the proposal is about has changed. */
export type ProposalDecision = ProposalDecisionRecord<Date>

function datedDecision(decision: ProposalDecisionRecord): ProposalDecision {
  return { ...decision, proposal: datedProposal(decision.proposal) }
}

/** The proposals of a memory, for code that has its core. */
export let proposalsOf: (core: Core) => Proposals

/**
 * Proposals: changes of facts, entries and working memory that their author may not make, or wants somebody else to decide
 * about. Who decides is who acts: see `memory.as`. It is never the author, and takes the trust of the fact that would change.
 */
export class Proposals {
  readonly #core: Core

  static {
    proposalsOf = (core) => new Proposals(core)
  }

  private constructor(core: Core) {
    this.#core = core
  }

  /** A page of the open proposals of a user, team, agent or task: the oldest 100 unless asked otherwise. */
  async list(options: ListProposalsOptions): Promise<ProposalPage> {
    const page = await call(this.#core, 'proposals.list', { what: 'list', options })
    return { ...page, results: page.results.map(datedProposal) }
  }

  /** The proposal with that id; null if it does not exist, or is not the caller's. Decided ones are kept for some days. */
  async get(proposalId: string): Promise<Proposal | null> {
    const proposal = await call(this.#core, 'proposals.get', { what: 'get', stated: { proposalId } })
    return proposal === null ? null : datedProposal(proposal)
  }

  /**
   * Makes the proposed change, in one commit, with the trust of who accepts it. If somebody decided first, or what it is about
   * has changed, the answer is a conflict, and nothing is changed.
   *
   * @throws MemoryError `denied` for its author, and for somebody with less trust than it takes; `not-found`.
   */
  async accept(proposalId: string, options: DecideProposalOptions = {}): Promise<ProposalDecision> {
    return datedDecision(
      await call(this.#core, 'proposals.accept', { what: 'accept', options, stated: { proposalId } }),
    )
  }

  /**
   * Rejects a proposal. A statement that was to replace a fact is removed.
   *
   * @throws MemoryError `denied` for its author, and for somebody with less trust than it takes; `not-found`.
   */
  async reject(proposalId: string, options: DecideProposalOptions = {}): Promise<ProposalDecision> {
    return datedDecision(
      await call(this.#core, 'proposals.reject', { what: 'reject', options, stated: { proposalId } }),
    )
  }
}
