/** Who may read, write, erase and administer which space: pure rules over grants. */
import type { Access, Right } from '../domain/actor.ts'
import type { Change } from '../domain/commit/commit.ts'
import { MemoryError, shown } from '../domain/error.ts'
import type { SpaceId } from '../domain/id.ts'

/** Whether the grants give a right in a space. A grant reaches children only if it says so. */
export function isGranted(access: Access, right: Right, space: SpaceId): boolean {
  if (access.grants === 'all') return true
  return access.grants.some((grant) => {
    const reaches = grant.space === space || (grant.children === true && space.startsWith(`${grant.space}/`))
    return reaches && grant.rights.includes(right)
  })
}

/** Whether the grants give a right in all spaces below one. */
export function isGrantedBelow(access: Access, right: Right, space: string): boolean {
  if (access.grants === 'all') return true
  return access.grants.some((grant) => {
    const reaches = grant.children === true && (grant.space === space || space.startsWith(`${grant.space}/`))
    return reaches && grant.rights.includes(right)
  })
}

/** The right that a change needs. */
export function rightFor(change: Change): Right {
  if (change.kind === 'erase') return 'erase'
  return change.kind === 'configure' ? 'administer' : 'write'
}

/** Refuses what is not granted, in the same words whether the space exists or not. */
export function requireRight(access: Access, right: Right, space: SpaceId): void {
  if (isGranted(access, right, space)) return
  throw new MemoryError('denied', {
    message: `${access.actor.kind} ${shown(access.actor.id)} may not ${right} ${shown(space)}.`,
    fix: 'Ask for a grant on that space, or use one that was granted.',
    details: { right, space },
  })
}

/** Refuses an actor without the right to administer everything. */
export function requireAdministrator(access: Access): void {
  if (access.grants === 'all') return
  throw new MemoryError('denied', {
    message: `${access.actor.kind} ${shown(access.actor.id)} may not read across spaces.`,
    fix: 'Use an access with the right to administer all spaces, or name one space.',
    details: { right: 'administer' },
  })
}
