/** Who commits, who speaks, and what an actor may touch. */
import { invalidInput } from './error.ts'
import { checkId, type SpaceId } from './id.ts'
import { readPlain } from './read-plain.ts'
import { resourceOf, type SpaceAddress } from './space.ts'

export const actorKinds = ['user', 'agent', 'tool', 'system'] as const

/** Who commits. Comes from a credential or from `memory.as(actor)`, never from an argument of an operation. */
export interface Actor {
  /** What acts: a person, an agent, a tool, or the application itself (`system`). */
  readonly kind: (typeof actorKinds)[number]
  /** Tells it apart from others of its kind. */
  readonly id: string
  /** Shown to people and models. */
  readonly name?: string
}

/** Who is speaking in a message. `claimed` when a caller stated somebody other than the actor. */
export interface Author extends Actor {
  /** true if a caller stated this author and acts as somebody else. */
  readonly claimed?: true
}

const actorFix = `Pass { kind: ${actorKinds.map((kind) => `'${kind}'`).join(' | ')}, id, name? }.`

/** Checks a stated actor or author. */
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

const rights = ['read', 'write', 'erase', 'administer'] as const
/**
 * What a grant allows: `read`, `write`, `erase` (to forget), `administer` (to list spaces, configure, read receipts).
 */
export type Right = (typeof rights)[number]

/** What an actor may do in one space; its children only if `children` says so. */
export interface Grant {
  /** The space that it is about. */
  readonly space: SpaceId
  /** What is allowed there. */
  readonly rights: readonly Right[]
  /** Whether the same holds in its child spaces. Default: false. */
  readonly children?: boolean
}

/** Who acts and what it may reach. Embedded use passes `grants: 'all'`. */
export interface Access {
  /** Who acts. */
  readonly actor: Actor
  /** What it may reach; `all` for a trusted process. */
  readonly grants: 'all' | readonly Grant[]
}

/** The actor of a memory without `as()`: the application itself. */
export const applicationActor: Actor = { kind: 'system', id: 'app' }

export function sameActor(left: Actor, right: Actor): boolean {
  return left.kind === right.kind && left.id === right.id
}

/** The author of a user's message in a space outside any resource, if nobody stated the user. */
export const unknownUser: Author = { kind: 'user', id: 'unknown', claimed: true }

/** Whether an author stands for an unknown user. */
export function isUnknownUser({ kind, id }: Actor): boolean {
  return kind === unknownUser.kind && id === unknownUser.id
}

/** The author of an assistant's message that an application saved without one. */
const unnamedAgent: Author = { kind: 'agent', id: 'assistant' }

/** Whether an author stands for an agent that nobody named. */
export function isUnnamedAgent({ kind, id, name, claimed }: Author): boolean {
  return kind === unnamedAgent.kind && id === unnamedAgent.id && name === undefined && claimed !== true
}

function authorUnless(role: string, actor: Actor, ofUser: () => Author): Author {
  if (role === 'user') return actor.kind === 'user' ? actor : ofUser()
  if (role === 'assistant' && actor.kind !== 'agent') return unnamedAgent
  return actor
}

/**
 * The author of a message without a stated one. For a user's input: the acting user, otherwise the resource that the
 * space belongs to, otherwise an unknown user. For anything else: the actor, except that an assistant's message saved
 * by the application is by the agent `assistant`.
 */
export function defaultAuthor(role: string, actor: Actor, space: SpaceAddress): Author {
  return authorUnless(role, actor, () => {
    const resourceId = resourceOf(space)
    return resourceId === null ? unknownUser : { kind: 'user', id: resourceId }
  })
}

/**
 * The author of a logged message without one. It interprets stored rows, so it never changes: where {@link
 * defaultAuthor} differs, the log stores the author with the message.
 */
export function impliedAuthor(role: string, actor: Actor, space: SpaceAddress): Author {
  return authorUnless(role, actor, () => ({ kind: 'user', id: space.id }))
}

/** The author as stored: marked `claimed` if stated and not the actor, or known to be a claim already. */
function statedAuthor(stated: Author, actor: Actor): Author {
  const author = { kind: stated.kind, id: stated.id, ...(stated.name === undefined ? {} : { name: stated.name }) }
  return sameActor(stated, actor) && stated.claimed !== true ? author : { ...author, claimed: true }
}

/** The author of a message, stated or not. */
export function savedAuthor(stated: Author | undefined, role: string, actor: Actor, space: SpaceAddress): Author {
  return stated === undefined ? defaultAuthor(role, actor, space) : statedAuthor(stated, actor)
}

/** The author that the log stores with a message; undefined if a message without one means the same. */
export function loggedAuthor(
  stated: Author | undefined,
  role: string,
  actor: Actor,
  space: SpaceAddress,
): Author | undefined {
  if (stated !== undefined) return statedAuthor(stated, actor)
  // Only a user's message may have another author than a row without an author implies.
  if (role !== 'user' || actor.kind === 'user') return undefined
  const author = defaultAuthor(role, actor, space)
  return author.claimed === undefined && sameActor(author, impliedAuthor(role, actor, space)) ? undefined : author
}
