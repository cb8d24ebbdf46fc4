/** Spaces: the isolated pools of memory, and the addresses that name them. */
import { invalidInput } from './error.ts'
import { checkId, type Seq, type SpaceId, type SpaceKey } from './id.ts'
import type { Language } from './language.ts'
import type { LimitName } from './limits.ts'

export const spaceKinds = ['resource', 'team', 'agent', 'task'] as const
/** What a space belongs to: a user or entity (`resource`), a team, an agent, or a piece of work (`task`). */
export type SpaceKind = (typeof spaceKinds)[number]

/** A space id taken apart. `path` holds the decoded ids from the outermost space inwards. */
export interface SpaceAddress {
  readonly kind: SpaceKind
  readonly id: string
  readonly path: readonly { readonly kind: SpaceKind; readonly id: string }[]
}

const maxDepth = 16
const fix = `Use memory.team(id), memory.space('resource/<id>') or spaceId(kind, id); ids are percent-encoded parts.`

/** An id in the form of a space's address. */
export function encodePart(id: string): string {
  return encodeURIComponent(id).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
}

function decodePart(part: string, text: string): string {
  try {
    return decodeURIComponent(part)
  } catch (cause) {
    throw invalidInput('space', `must be percent-encoded (${String(cause)})`, text, fix)
  }
}

const parsedLimit = 2_000
const spaceIds: Record<SpaceKind, Map<string, SpaceId>> = {
  resource: new Map(),
  team: new Map(),
  agent: new Map(),
  task: new Map(),
}

/** The address of a top-level space, e.g. `spaceId('resource', 'a/b')` is `resource/a%2Fb`. */
export function spaceId(kind: SpaceKind, id: string): SpaceId {
  const known = spaceIds[kind]?.get(id)
  if (known !== undefined) return known
  if (!spaceKinds.includes(kind)) throw invalidInput('kind', `must be one of ${spaceKinds.join(', ')}`, kind, fix)
  const space = `${kind}/${encodePart(checkId(id, `${kind}Id`))}` as SpaceId
  if (spaceIds[kind].size >= parsedLimit) spaceIds[kind].clear()
  spaceIds[kind].set(id, space)
  return space
}

/** The address of a child space, at most 16 deep. */
export function childSpaceId(parent: SpaceId, kind: SpaceKind, id: string): SpaceId {
  return parseSpaceId(`${parent}/${spaceId(kind, id)}`).id
}

type ParsedSpace = { readonly id: SpaceId; readonly address: SpaceAddress }

const parsedByText = new Map<string, ParsedSpace>()

/**
 * Parses and canonicalises the text of a space id.
 *
 * @throws MemoryError `invalid-input` if it is not `kind/id` pairs with percent-encoded ids, at most 16 of them.
 */
export function parseSpaceId(text: unknown): ParsedSpace {
  if (typeof text !== 'string') throw invalidInput('space', 'must be a string', text, fix)
  const known = parsedByText.get(text)
  if (known !== undefined) return known
  if (parsedByText.size >= parsedLimit) parsedByText.clear()
  const parsed = parse(text)
  parsedByText.set(text, parsed)
  return parsed
}

function parse(text: string): ParsedSpace {
  const parts = text.split('/')
  const pairs = parts.length / 2
  if (!Number.isInteger(pairs)) throw invalidInput('space', 'must be pairs of kind and id', text, fix)
  if (pairs > maxDepth) throw invalidInput('space', `must be at most ${maxDepth} spaces deep`, text, fix)
  const path = []
  for (let at = 0; at < parts.length; at += 2) {
    const kind = spaceKinds.find((known) => known === parts[at])
    if (kind === undefined) throw invalidInput('space', `must start with ${spaceKinds.join(', ')}`, text, fix)
    path.push({ kind, id: checkId(decodePart(parts[at + 1] ?? '', text), 'space') })
  }
  const last = path.at(-1)
  if (last === undefined) throw invalidInput('space', 'must not be empty', text, fix)
  const id = path.map((part) => `${part.kind}/${encodePart(part.id)}`).join('/') as SpaceId
  return { id, address: { kind: last.kind, id: last.id, path } }
}

/** The parent of a child space, or null for a top-level one. */
export function parentOf(space: SpaceId): SpaceId | null {
  const parts = space.split('/')
  return parts.length > 2 ? (parts.slice(0, -2).join('/') as SpaceId) : null
}

/** The id of the resource that a space belongs to: the outermost one in its path; null in spaces outside any resource. */
export function resourceOf({ path }: SpaceAddress): string | null {
  return path.find(({ kind }) => kind === 'resource')?.id ?? null
}

/** Settings that delete or convert data; they are stored with the space and win over a constructor's options. */
export interface SpaceSettings {
  /** Live keys before the least recently written are pruned. */
  readonly entriesPerSpace: number
  /** Default time-to-live of an entry, milliseconds; null for ever. */
  readonly entryTtlMs: number | null
  /** Days of log kept in full; 0 keeps everything. */
  readonly logDays: number
  /** How texts become words for recall. Changing it rebuilds the index of words. */
  readonly language: Language
}

/**
 * The settings that are limits. A new space starts with those of its memory, within the bounds of the limit. With
 * `orNull`, null means for ever.
 */
export const settingLimits = {
  entriesPerSpace: { orNull: false },
  entryTtlMs: { orNull: true },
  logDays: { orNull: false },
} as const satisfies { readonly [Name in LimitName & keyof SpaceSettings]: { readonly orNull: boolean } }

/** Settings that came later than the first spaces, each with the value that an older space has. */
export const laterSettings = { language: 'english' } as const satisfies Partial<SpaceSettings>

/** The names of the settings that are limits. */
export const settingNames = Object.keys(settingLimits) as (keyof typeof settingLimits)[]

/** A space as drivers store it. Counters are of live records. */
export interface SpaceState {
  readonly id: SpaceId
  /** Random part of the ids that the space issues. Erasing the space destroys it. */
  readonly key: SpaceKey
  readonly createdAt: string
  /** Seq of the last commit. */
  readonly seq: Seq
  /** Time of the last commit, ISO; `at` never goes back within a space. */
  readonly at: string
  /** Where the log began: a space made after an erasure starts above every seq the erased one reached. */
  readonly floor: Seq
  /** Below this seq rows are compacted: reading the log from there is `cursor-expired`. */
  readonly horizon: Seq
  /** Seq of the commit that last changed the settings; 0 before any did. */
  readonly settingsVersion: Seq
  /** Settings that are stored with the space. */
  readonly settings: SpaceSettings
  /** Threads that are not archived. */
  readonly threads: number
  /** Archived threads. */
  readonly archivedThreads: number
  /** Entries that are not deleted, expired ones included until they are swept. */
  readonly entries: number
}
