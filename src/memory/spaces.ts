/** Spaces: lists them, reads their state and log, changes their settings, and commits raw changes. */
import type { Change, CommitResult, Expectation } from '../domain/commit/commit.ts'
import type { LoggedCommit } from '../domain/commit/effect.ts'
import type { SpaceId } from '../domain/id.ts'
import {
  encodePart,
  parentOf,
  parseSpaceId,
  type SpaceKind,
  type SpaceSettings,
  type SpaceState,
} from '../domain/space.ts'
import { type CommitIdOption, named } from './arguments/commit-ids.ts'
import { decodeCursor, encodeCursor, type PageStart } from './arguments/cursor.ts'
import type { Core } from './door/core.ts'
import { Door } from './door/door.ts'
import { followLog } from './door/feed.ts'

/** Options of `memory.listSpaces`. */
export interface ListSpacesOptions extends PageStart {
  /** Kind of the spaces: `resource`, `team`, `agent` or `task`. */
  readonly kind: SpaceKind
  /** Only spaces whose id, without the kind, begins with this text. */
  readonly prefix?: string
  /** Spaces on one page. Default: 100. */
  readonly limit?: number
}

/** A page of spaces. */
export interface SpacePage {
  /** The spaces, in the order of their ids. */
  readonly spaces: readonly SpaceState[]
  /** Absent on the last page. */
  readonly nextCursor?: string
}

/** Options of `space.configure`. */
export interface ConfigureOptions extends CommitIdOption {
  /** Change the settings only if this commit was the last to change them; 0: none was. */
  readonly ifVersion?: number
}

interface NamedSpace {
  readonly space: string
}

/** The cursor of a listing over all spaces belongs to none of them. */
const allSpaces = 'all' as SpaceState['key']

/** The door to the space of that id. */
function spaceDoor(core: Core, space: string): Door {
  return new Door(core, parseSpaceId(space).id)
}

/** A page of the spaces of a kind, by id. Needs the right to administer. */
export async function listSpaces(
  core: Core,
  { kind, prefix = '', cursor, limit = 100 }: ListSpacesOptions,
): Promise<SpacePage> {
  const [last] = cursor === undefined ? [] : decodeCursor(cursor, `spaces-${kind}`, allSpaces)
  const storage = await core.storage.get()
  const after = last === undefined ? null : (String(last) as SpaceId)
  const found = await storage.spaces.list(core.access, { kind, prefix: encodePart(prefix), after, limit: limit + 1 })
  const spaces = found.slice(0, limit)
  const end = spaces.at(-1)
  if (found.length <= limit || end === undefined) return { spaces }
  return { spaces, nextCursor: encodeCursor(`spaces-${kind}`, allSpaces, [end.id]) }
}

/** Options of `space.children`. */
export interface ChildSpacesOptions extends PageStart {
  /** Spaces on one page. Default: 100. */
  readonly limit?: number
}

/** How many spaces are read at once: those of deeper levels stand between the children. */
const readAtOnce = 1_000

/** A page of the spaces right below a space, by id. */
export async function childSpaces(
  core: Core,
  { space, cursor, limit = 100 }: NamedSpace & ChildSpacesOptions,
): Promise<SpacePage> {
  const { id, address } = parseSpaceId(space)
  const [{ kind } = address] = address.path
  const [last] = cursor === undefined ? [] : decodeCursor(cursor, 'children', id)
  const storage = await core.storage.get()
  const spaces: SpaceState[] = []
  for (let after = last === undefined ? null : (String(last) as SpaceId); ; ) {
    const prefix = `${id.slice(kind.length + 1)}/`
    const page = await storage.spaces.list(core.access, { kind, prefix, after, limit: readAtOnce })
    for (const one of page) {
      if (parentOf(one.id) !== id) continue
      if (spaces.length < limit) spaces.push(one)
      else return { spaces, nextCursor: encodeCursor('children', id, [(spaces.at(-1) as SpaceState).id]) }
    }
    after = page.at(-1)?.id ?? null
    if (page.length < readAtOnce || after === null) return { spaces }
  }
}

/** The space itself; null if nothing was ever written to it. */
export async function getSpace(core: Core, { space }: NamedSpace): Promise<SpaceState | null> {
  return spaceDoor(core, space).state()
}

/** Commits parsed changes: all of them or none. */
export async function commitChanges(
  core: Core,
  {
    space,
    changes,
    expect,
    commitId,
  }: NamedSpace & {
    readonly changes: readonly Change[]
    readonly expect?: readonly Expectation[]
  } & CommitIdOption,
): Promise<CommitResult> {
  const stated = expect === undefined ? {} : { expect }
  return spaceDoor(core, space).submit(changes, { ...stated, ...named(commitId) })
}

/** Changes the settings that are stored with a space. */
export async function configureSpace(
  core: Core,
  {
    space,
    settings,
    ifVersion,
    commitId,
  }: NamedSpace & ConfigureOptions & { readonly settings: Partial<SpaceSettings> },
): Promise<CommitResult> {
  const changes: Change[] = [{ kind: 'configure', settings }]
  const expect: Expectation[] | undefined =
    ifVersion === undefined ? undefined : [{ version: ifVersion, of: { settings: true } }]
  return commitChanges(core, {
    space,
    changes,
    ...(expect === undefined ? {} : { expect }),
    ...(commitId === undefined ? {} : { commitId }),
  })
}

/** Follows the log of a space: every commit once, in order, then those to come. */
export async function* followSpace(
  core: Core,
  { space, after }: NamedSpace & { readonly after?: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<LoggedCommit> {
  for await (const commit of followLog(spaceDoor(core, space), after, signal)) yield structuredClone(commit)
}
