/** Entry events: the changes of each commit to a space's entries, in order. */

import type { Actor } from '../../domain/actor.ts'
import type { Effect, LoggedCommit } from '../../domain/commit/effect.ts'
import { displacedBy, holdsContent, ownRecord } from '../../domain/commit/effect-names.ts'
import type { Json } from '../../domain/json.ts'
import type { PastEvent } from '../../domain/replay/history.ts'
import type { Storage } from '../../ports/storage.ts'
import type { FeedOptions } from '../arguments/feed-options.ts'
import type { Core } from '../door/core.ts'
import type { Door } from '../door/door.ts'
import { followLog } from '../door/feed.ts'
import { readShared } from '../door/shared-reads.ts'
import { teamSpace } from './read-entries.ts'

/** What happened to one entry. */
export interface EntryChange {
  /** The key that changed. */
  readonly key: string
  /** What the commit did to it. */
  readonly event: PastEvent
  /** The value after it; null for removals and for erased content. */
  readonly value: Json
}

/** The changes of one commit to entries. Continue with `after: seq`. */
export interface EntryEventRecord<Time = string> {
  /** Seq of the commit. */
  readonly seq: number
  /** When that commit was made. */
  readonly at: Time
  /** Who made that commit. */
  readonly by: Actor
  /** What changed, one item per key. */
  readonly changes: readonly EntryChange[]
}

/** Options of `team.watch`. */
export interface WatchOptions extends FeedOptions {
  /** Only keys that begin with this text. */
  readonly prefix?: string
}

interface WatchRequest extends Omit<WatchOptions, 'signal'> {
  readonly teamId: string
}

interface Touched {
  readonly key: string
  readonly event: PastEvent
}

/** Keys that an effect touched, in order. */
function touchedBy(effect: Effect): Touched[] {
  const others = displacedBy(effect).flatMap(({ noun, key, field }): Touched[] => {
    return noun === 'entry' ? [{ key, event: field === 'pruned' ? 'prune' : 'expire' }] : []
  })
  const own = ownRecord(effect)
  if (own?.noun !== 'entry' || effect.kind === 'kept') return others
  // The removal of an entry that was already gone.
  if (!holdsContent(effect) && 'absent' in effect && effect.absent === true) return others
  const event: PastEvent = effect.kind === 'erased' ? 'erased' : (effect.kind.slice('entry-'.length) as PastEvent)
  return [...others, { key: own.key, event }]
}

async function changesOf(space: Door, commit: LoggedCommit, prefix: string): Promise<EntryChange[]> {
  const touched = commit.rows.flatMap((row) => row.effects.flatMap(touchedBy))
  const wanted = touched.filter(({ key }) => key.startsWith(prefix))
  if (wanted.length === 0) return []
  const { access, storage } = space.core
  const opened = await storage.get()
  const valueBy = (key: string) => (from: Storage) => from.entries.at(access, space.id, key, commit.seq)
  return Promise.all(
    wanted.map(async ({ key, event }) => {
      const isGone = event === 'erased' || event === 'delete' || event === 'expire' || event === 'prune'
      const past = isGone ? null : await readShared(space, opened, `entry ${commit.seq} ${key}`, valueBy(key))
      return { key, event, value: past?.version === commit.seq ? past.value : null }
    }),
  )
}

/** Follows the entries of a team; commits that touch none of the wanted keys are skipped. */
export async function* watchEntries(
  core: Core,
  { teamId, prefix = '', after }: WatchRequest,
  signal: AbortSignal | undefined,
): AsyncGenerator<EntryEventRecord> {
  const space = teamSpace(core, teamId)
  for await (const commit of followLog(space, after, signal)) {
    const changes = await changesOf(space, commit, prefix).catch((error: unknown) => {
      // A read refused by the closing storage is the requested end.
      if (core.storage.closing.aborted || signal?.aborted === true) return null
      throw error
    })
    if (changes === null) return
    // The commit and its values are shared with other followers.
    if (changes.length > 0) yield structuredClone({ seq: commit.seq, at: commit.at, by: commit.actor, changes })
  }
}
