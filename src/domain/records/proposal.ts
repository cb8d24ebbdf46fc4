/**
 * Proposals: changes that somebody wants made and may not make, kept until somebody who may decides. Rows of the log hold
 * them as records. What they are about keeps its content: a proposal has only its own words, and the version it was made against.
 */
import { type Actor, sameActor } from '../actor.ts'
import { MemoryError, shown } from '../error.ts'
import type { Seq } from '../id.ts'
import { canonicalJson, type Json, type JsonObject } from '../json.ts'
import { higherOf, isHigher, type Trust, trustOfActor } from '../trust.ts'
import { blockKey } from './block-key.ts'
import type { FactState } from './fact.ts'

/** The noun of these records. */
export const proposalNoun = 'proposal'

/** The changes of a commit that can be proposed. */
const proposedKinds = [
  'fact-assert',
  'fact-retire',
  'entry-write',
  'entry-merge',
  'entry-append',
  'entry-increment',
  'entry-delete',
  'block-write',
  'block-merge',
] as const
type ProposedKind = (typeof proposedKinds)[number]

/** What a proposal would do, in one word. `supersede`: a statement that is stored replaces another one. */
export const proposalActions = [
  'add',
  'update',
  'supersede',
  'delete',
  'write',
  'merge',
  'append',
  'increment',
] as const
export type ProposalAction = (typeof proposalActions)[number]

export const proposalStatuses = ['open', 'accepted', 'rejected', 'expired'] as const
export type ProposalStatus = (typeof proposalStatuses)[number]

/** What a proposal is about. A fact without an id is a new one. A block of working memory is of its space, or of a thread. */
export type ProposalTarget =
  | { readonly kind: 'fact'; readonly id: string | null }
  | { readonly kind: 'entry'; readonly key: string }
  | { readonly kind: 'working-memory'; readonly name: string; readonly threadId?: string }

/** The change of a commit that a proposal holds, as it was submitted. */
export type ProposedChange = JsonObject & { readonly kind: ProposedKind }

/** What was decided about a proposal, or that nobody decided in time. */
interface ProposalDecision {
  readonly by: Actor
  /** ISO time. */
  readonly at: string
  /** Why, in the words of who decided. */
  readonly reason?: string
}

/** The fields of a proposal. */
export interface ProposalFields {
  readonly author: Actor
  /** ISO time at which it was made. */
  readonly at: string
  /** ISO time at which it expires without a decision. */
  readonly expiresAt: string
  readonly target: ProposalTarget
  readonly change: ProposedChange
  /** The version of its target that it was made against; 0 if there was none. */
  readonly base: Seq
  /** Binds it to what a fact said then; see `factBaseText`. A mark on a fact makes a version too, and does not count. */
  readonly baseHmac?: string
  /** The same of the statement that is to supersede its target. */
  readonly statementHmac?: string
  /** Of agents and tools, only these may decide. */
  readonly deciders?: readonly Actor[]
  /** Why, in the words of its author. */
  readonly reason?: string
  readonly status: ProposalStatus
  readonly decision?: ProposalDecision
}

/** What a change is about. */
export function targetOf(change: ProposedChange): ProposalTarget {
  if (change.kind === 'fact-assert') {
    const [superseded] = (change.supersedes ?? []) as readonly string[]
    return { kind: 'fact', id: superseded ?? (change.factId as string | undefined) ?? null }
  }
  if (change.kind === 'fact-retire') return { kind: 'fact', id: (change.factIds as readonly string[])[0] ?? null }
  if (change.kind === 'block-write' || change.kind === 'block-merge') {
    const { name, threadId } = change as { readonly name?: string; readonly threadId?: string }
    return { kind: 'working-memory', name: name as string, ...(threadId === undefined ? {} : { threadId }) }
  }
  return { kind: 'entry', key: change.key as string }
}

/** The stored statement that is to supersede the target of a change; null for every other change. */
export function statementOf(change: ProposedChange): string | null {
  const supersedes = (change.supersedes ?? []) as readonly string[]
  return change.kind === 'fact-assert' && supersedes.length > 0 ? ((change.factId as string | undefined) ?? null) : null
}

const actionOf = {
  'fact-retire': 'delete',
  'entry-write': 'write',
  'entry-merge': 'merge',
  'entry-append': 'append',
  'entry-increment': 'increment',
  'entry-delete': 'delete',
  'block-write': 'write',
  'block-merge': 'merge',
} as const satisfies Record<Exclude<ProposedKind, 'fact-assert'>, ProposalAction>

/** What a change would do. */
export function proposalAction(change: ProposedChange): ProposalAction {
  if (change.kind !== 'fact-assert') return actionOf[change.kind]
  if (statementOf(change) !== null) return 'supersede'
  return change.factId === undefined ? 'add' : 'update'
}

/** The text whose keyed hash binds a proposal to what a fact says. It begins unlike any other text that is hashed. */
export function factBaseText({ text, validFrom, validTo, expiresAt, status }: FactState): string {
  return `proposal-base\n${canonicalJson({ text, validFrom, validTo, expiresAt, status } as Json)}`
}

/** The label of what open proposals are about. */
export function targetLabel(target: ProposalTarget): string {
  if (target.kind === 'fact') return factLabel(target.id ?? '')
  if (target.kind === 'entry') return `entry/${target.key}`
  return `block/${blockKey(target.threadId ?? null, target.name)}`
}

/** The label of open proposals about a fact, of which it is the target or the statement. */
export function factLabel(factId: string): string {
  return `fact/${factId}`
}

export function authorLabel({ kind, id }: Actor): string {
  return `author/${kind}/${id}`
}

/** The label of all open proposals. */
export const openLabel = 'open'

/** The labels by which an open proposal is found; none of one that is decided. */
export function proposalLabels({ status, target, change, author }: ProposalFields): readonly string[] {
  if (status !== 'open') return []
  const statement = statementOf(change)
  const facts = statement === null ? [] : [factLabel(statement)]
  return [...new Set([openLabel, authorLabel(author), targetLabel(target), ...facts])]
}

/** When a proposal needs the sweeper: at the end of the time to decide. null for one that is decided. */
export function proposalDueAt({ status, expiresAt }: ProposalFields): string | null {
  return status === 'open' ? expiresAt : null
}

/** The status at a time, swept or not. */
export function statusAt({ status, expiresAt }: ProposalFields, at: string): ProposalStatus {
  return status === 'open' && expiresAt <= at ? 'expired' : status
}

/** Who decided, and what, in words. */
function toldOf(status: ProposalStatus, decision: ProposalDecision | undefined): string {
  if (decision === undefined || status === 'expired') return 'expired: nobody decided in time'
  return `${status} by ${decision.by.kind} ${shown(decision.by.id)} at ${decision.at}`
}

/** The error for a decision about a proposal that is decided. Its details say who decided. */
export function alreadyDecided(id: string, proposal: ProposalFields, at: string): MemoryError {
  const status = statusAt(proposal, at)
  const { decision } = proposal
  return new MemoryError('conflict', {
    message: `The proposal ${shown(id)} is ${toldOf(status, decision)}.`,
    fix: 'A decision is made once. List the open proposals again.',
    details: { proposalId: id, reason: 'decided', status, decided: decision ?? null },
  })
}

/**
 * The trust that it takes to decide: that of the fact that would change. Entries, working memory and facts that are new have none of
 * their own: there it is the author's, and at least that of an agent.
 */
export function trustToDecide({ author }: ProposalFields, ofFact: Trust | null): Trust {
  return ofFact ?? higherOf(trustOfActor(author), 'agent')
}

function denied(id: string, message: string, fix: string, details: object): MemoryError {
  return new MemoryError('denied', { message, fix, details: { proposalId: id, ...details } })
}

/**
 * Checks who decides about a proposal: never its author, and only somebody with the trust that it takes. Of agents and tools only
 * those that it names, if it names any.
 *
 * @throws MemoryError `denied`.
 */
export function checkProposalDecider(id: string, proposal: ProposalFields, by: Actor, needed: Trust): void {
  const { author, deciders } = proposal
  const who = `The ${by.kind} ${shown(by.id)}`
  const about = `the proposal ${shown(id)}`
  if (sameActor(author, by)) {
    const fix = 'Let somebody else decide: memory.as({ kind, id }) says who acts.'
    throw denied(id, `${who} made ${about} and may not decide about it.`, fix, { author })
  }
  const given = trustOfActor(by)
  if (isHigher(needed, given)) {
    const fix = `Let somebody decide who has at least the trust of ${needed === 'user' ? 'a user' : `an ${needed}`}.`
    const message = `${who} may not decide about ${about}: it takes the trust of a ${needed}, and has that of a ${given}.`
    throw denied(id, message, fix, { trust: needed, given })
  }
  const isFree = deciders === undefined || by.kind === 'user' || by.kind === 'system'
  if (isFree || deciders.some((decider) => sameActor(decider, by))) return
  const named = deciders.map((decider) => `${decider.kind} ${shown(decider.id)}`).join(', ')
  throw denied(id, `${who} is not one of those who may decide about ${about}: ${named}.`, 'Let one of them decide.', {
    deciders,
  })
}
