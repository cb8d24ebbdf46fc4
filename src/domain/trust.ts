/** Trust: how much weight a statement has, by who made it. */
import type { Actor } from './actor.ts'

/** From least to most. */
export const trusts = ['tool', 'agent', 'user'] as const
export type Trust = (typeof trusts)[number]

export function isHigher(left: Trust, right: Trust): boolean {
  return trusts.indexOf(left) > trusts.indexOf(right)
}

export function lowerOf(left: Trust, right: Trust): Trust {
  return isHigher(left, right) ? right : left
}

/**
 * The trust of an actor's statement. A user, an agent and a tool have the trust of their kind; naming a trust can only
 * lower it. A system actor has none of its own: it names the lowest trust among its sources, and has that of a tool
 * without a name or without sources.
 *
 * `sources` are the trusts of those sources that are facts of the same space: there the name is checked, and the lowest
 * of them is the most it can be.
 */
export function trustOf(
  actor: Actor,
  named: Trust | undefined,
  hasSources: boolean,
  sources: () => Iterable<Trust>,
): Trust {
  if (actor.kind !== 'system') return named === undefined ? actor.kind : lowerOf(actor.kind, named)
  let trust: Trust = hasSources ? (named ?? 'tool') : 'tool'
  if (trust !== 'tool') for (const source of sources()) trust = lowerOf(trust, source)
  return trust
}

/** The trust that an actor has when it decides. The application decides like a user. */
export function trustOfActor({ kind }: Actor): Trust {
  return kind === 'system' ? 'user' : kind
}

export function higherOf(left: Trust, right: Trust): Trust {
  return isHigher(left, right) ? left : right
}
