/** The home of a fact: one space, chosen by the ids of the call. The fact keeps the other ids. */

import { invalidInput, shown } from '../../domain/error.ts'
import { checkId, type SpaceId } from '../../domain/id.ts'
import { checkTaskId } from '../../domain/issued-id.ts'
import { type FactAttributes, type FactState, factAttributes } from '../../domain/records/fact.ts'
import { parseSpaceId, resourceOf, type SpaceKind, spaceId } from '../../domain/space.ts'

/** The ids of a fact's owners. The first one given, in this order, is its home; the others must match. */
export interface FactIds {
  /** The space `resource/<id>`. */
  readonly userId?: string
  /** Another name for `userId`. */
  readonly resourceId?: string
  /** The space `team/<id>`. */
  readonly teamId?: string
  /** The space `agent/<id>`. */
  readonly agentId?: string
  /** The space `task/<id>`. */
  readonly taskId?: string
}

/** One home, and the other ids of its facts. */
export interface FactHome {
  readonly space: SpaceId
  readonly attributes: FactAttributes
}

/** Spaces to search, and the ids that found facts must have. */
export interface FactScope {
  readonly spaces: readonly SpaceId[]
  readonly attributes: FactAttributes
}

/** The kind of space that each id names, most private first: this is the order of homes. */
const homeKinds = { userId: 'resource', teamId: 'team', agentId: 'agent', taskId: 'task' } as const satisfies Record<
  keyof FactAttributes,
  SpaceKind
>
const homeNames = Object.keys(homeKinds) as (keyof FactAttributes)[]

/** The checked ids of a call; `resourceId` is another name for `userId`. */
function checkedIds({ resourceId, ...ids }: FactIds): FactAttributes {
  const userId = ids.userId ?? resourceId
  if (resourceId !== undefined && resourceId !== userId) {
    const fix = 'They are two names for one thing: pass one of them.'
    throw invalidInput('resourceId', `must not differ from userId ${shown(userId)}`, resourceId, fix)
  }
  const given = { ...ids, ...(userId === undefined ? {} : { userId }) }
  const checked: Record<string, string> = {}
  for (const name of homeNames) {
    if (given[name] !== undefined) checked[name] = (name === 'taskId' ? checkTaskId : checkId)(given[name], name)
  }
  return checked
}

/**
 * The home that the ids of a call name.
 *
 * @throws MemoryError `invalid-input` without any id, for a wildcard, or where `userId` and `resourceId` differ.
 */
export function homeOf(ids: FactIds): FactHome {
  const attributes: FactAttributes = checkedIds(ids)
  const home = homeNames.find((name) => attributes[name] !== undefined)
  if (home === undefined) {
    const fix = 'Pass userId (or resourceId), teamId, agentId or taskId: they say where the facts live.'
    throw invalidInput('userId, resourceId, teamId, agentId, taskId', 'must not all be left out', undefined, fix)
  }
  const { [home]: id, ...others } = attributes
  return { space: spaceId(homeKinds[home], id as string), attributes: others }
}

/** The spaces that a search names, or the home of its ids. */
export function scopeOf(ids: FactIds, spaces: readonly string[] | undefined): FactScope {
  if (spaces === undefined) {
    const { space, attributes } = homeOf(ids)
    return { spaces: [space], attributes }
  }
  const named = spaces.map((space) => parseSpaceId(space).id)
  if (new Set(named).size < named.length) {
    const fix = 'Leave the repeated one out.'
    throw invalidInput('spaces', 'must name each space once', named.join(', '), fix)
  }
  return { spaces: named, attributes: checkedIds(ids) }
}

/** The ids of a fact, including those of its home and of the spaces around it: `userId` is the outermost resource. */
export function idsOf({ attributes }: Pick<FactState, 'attributes'>, space: string): FactAttributes {
  const { address } = parseSpaceId(space)
  const ids: Record<string, string> = {}
  for (const { kind, id } of address.path) {
    const name = homeNames.find((known) => homeKinds[known] === kind)
    if (name !== undefined) ids[name] = id
  }
  const userId = resourceOf(address)
  return { ...ids, ...(userId === null ? {} : { userId }), ...attributes }
}

/** Whether a fact has all of these ids, in its fields or as its home. */
export function hasIds(fact: FactState, space: string, wanted: FactAttributes): boolean {
  const own = idsOf(fact, space)
  const home = idsOf({ attributes: {} }, space)
  return factAttributes.every((name) => {
    const id = wanted[name]
    return id === undefined || own[name] === id || home[name] === id
  })
}
