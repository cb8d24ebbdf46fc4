/** Proposals as operations answer them: the domain's, with what is there before and after the change. */
import type { Actor } from '../../domain/actor.ts'
import type { Seq } from '../../domain/id.ts'
import type { Json } from '../../domain/json.ts'
import type { ProposalAction, ProposalStatus, ProposalTarget } from '../../domain/records/proposal.ts'

/** A change that somebody proposed, and what became of it. Times are ISO texts, and Dates in the facade. */
export interface ProposalRecord<Time = string> {
  readonly id: string
  /** The space that it would change, such as `resource/alice`. */
  readonly space: string
  /** Who proposes it. Somebody else decides. */
  readonly author: Actor
  /** When it was proposed. */
  readonly at: Time
  /** When it expires without a decision. */
  readonly expiresAt: Time
  /** What it is about: a fact (`id` is null for a new one), an entry of a team, or a block of working memory. */
  readonly target: ProposalTarget
  /** What it would do. `supersede`: a statement that is stored replaces the fact. */
  readonly action: ProposalAction
  /**
   * What was there when it was proposed: the value, or of a fact `{ memory, validFrom, validTo, expiresAt }`. Null if there was
   * nothing, or if it is no longer known.
   */
  readonly before: Json
  /** What would be there then, in the same form. Null if nothing would be. */
  readonly after: Json
  /** The statement that would supersede the fact. Only for `supersede`. */
  readonly statementId?: string
  /** The version of its target that it was made against; 0 if there was none. */
  readonly baseVersion: Seq
  /** Why, in the words of its author. */
  readonly reason?: string
  /** Of agents and tools, only these may decide. */
  readonly deciders?: readonly Actor[]
  /** `open` until somebody decides, or nobody does in time. */
  readonly status: ProposalStatus
  /** Who decided. Absent while it is open; the sweeper for one that has expired. */
  readonly decidedBy?: Actor
  /** When it was decided. */
  readonly decidedAt?: Time
  /** Why it was decided so. */
  readonly decisionReason?: string
}

/** What shows the open proposals about it. */
export interface Proposable<Time = string> {
  /**
   * Open proposals about it, until somebody decides: to change, remove or replace it, or to let it replace another fact. Absent
   * if there are none.
   */
  readonly proposals?: readonly ProposalRecord<Time>[]
}
