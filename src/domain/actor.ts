/** Who commits, who speaks, and what an actor may touch. */
import { invalidInput } from './error.ts'
import { checkId, type SpaceId } from './id.ts'
import { readPlain } from './read-plain.ts'
import type { SpaceAddress } from './space.ts'

export const actorKinds = ['user', 'agent', 'tool', 'system'] as const

/** Who commits. Comes from a credential or from `memory.as(actor)`, never from an argument of an operation. */
export interface Actor {
  readonly kind: (typeof actorKinds)[number]
  readonly id: string
  readonly name?: string
}

/** Who is speaking in a message. `claimed` when a caller stated somebody other than the actor. */
export interface Author extends Actor {
  readonly claimed?: true
}

const actorFix = `Pass { kind: ${actorKinds.map((kind) => `'${kind}'`).join(' | ')}, id, name? }.`

/** Checks who is said to act or speak. */
export function checkActor(value: unknown, field: string): Actor {
  const plain = readPlain(value, field)
  if (typeof plain !== 'object' || plain === null) throw invalidInput(field, 'must be an actor', value, actorFix)
  const { kind: given, id, name, ...unknown } = plain as Record<string, unknown>
  const [extra] = Object.keys(unknown)
  if (extra !== undefined) throw invalidInput(`${field}.${extra}`, 'is not a field of an actor', extra, actorFix)
  const kind = actorKinds.find((known) => known === given)
  if (kind === undefined) throw invalidInput(`${field}.kind`, `must be ${actorKinds.join(', ')}`, given, actorFix)
  const actor = { kind, id: checkId(id, `${field}.id`) }
  return name === undefined ? actor : { ...actor, name: checkId(name, `${field}.name`) }
}

export const rights = ['read', 'write', 'erase', 'administer'] as const
export type Right = (typeof rights)[number]

/** What an actor may do in one space; its children only if `children` says so. */
export interface Grant {
  readonly space: SpaceId
  readonly rights: readonly Right[]
  readonly children?: boolean
}

/** Who acts and what it may reach. Embedded use passes `grants: 'all'`. */
export interface Access {
  readonly actor: Actor
  readonly grants: 'all' | readonly Grant[]
}

/** The actor of a memory nobody called `as()` on: the application itself. */
export const applicationActor: Actor = { kind: 'system', id: 'app' }

export function sameActor(left: Actor, right: Actor): boolean {
  return left.kind === right.kind && left.id === right.id
}

/**
 * The author of a message for which none was stated: a user's input is the acting user's, else the resource's; all else
 * is the actor's own, except that an assistant's words saved by the application are the agent `assistant`.
 */
export function defaultAuthor(role: string, actor: Actor, space: SpaceAddress): Author {
  if (role === 'user') return actor.kind === 'user' ? actor : { kind: 'user', id: space.id }
  if (role === 'assistant' && actor.kind !== 'agent') return { kind: 'agent', id: 'assistant' }
  return actor
}

/** The author as stored: marked `claimed` if stated and not the actor, or known to be a claim already. */
export function statedAuthor(stated: Author, actor: Actor): Author {
  const author = { kind: stated.kind, id: stated.id, ...(stated.name === undefined ? {} : { name: stated.name }) }
  return sameActor(stated, actor) && stated.claimed !== true ? author : { ...author, claimed: true }
}
