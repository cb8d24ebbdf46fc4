/** Decides a commit, for every driver, before anything is stored: over a local view or over fetched reads. */

import {
  applyCommit,
  checkExpectations,
  isErasePart,
  isSpaceErase,
  type Outcome,
  type Submission,
} from '../domain/apply/apply.ts'
import type { CommitResult } from '../domain/commit/commit.ts'
import type { ErasedCounts } from '../domain/commit/effect.ts'
import { nothingErased } from '../domain/commit/erased-counts.ts'
import { invariant, MemoryError } from '../domain/error.ts'
import type { SpaceId } from '../domain/id.ts'
import { emptyView } from '../domain/reads/empty-view.ts'
import { type Read, readKey } from '../domain/reads/read.ts'
import { readsOf } from '../domain/reads/reads-of.ts'
import { NotRead, ReadsView } from '../domain/reads/reads-view.ts'
import type { SpaceView } from '../domain/replay/space-view.ts'
import type { SpaceState } from '../domain/space.ts'
import { isoTime } from '../domain/time.ts'

/** What a driver must do: store a draft, erase a whole space, or only answer. */
export type Decision = Outcome | { readonly kind: 'erase-space'; readonly at: string; readonly seq: number }

/**
 * Decides a commit over a local view of its space.
 *
 * @throws MemoryError from the change that cannot apply; then nothing of the commit is kept.
 */
export function decide(view: SpaceView, submission: Submission): Decision {
  const { commit, nowMs } = submission
  if (!isSpaceErase(commit, view.space)) return applyCommit(view, submission)
  const at = isoTime(nowMs)
  const conflict = checkExpectations(view, commit, at)
  if (conflict !== null) return { kind: 'answer', result: conflict }
  const seq = view.space?.seq ?? 0
  if (!isErasePart(commit)) return { kind: 'erase-space', at, seq }
  const results = [nothingErased]
  return { kind: 'answer', result: { status: 'committed', seq, at, replayed: false, results } }
}

/** The answer to the erasure of a whole space, once it is done. */
export function spaceErased(
  { at, seq }: Extract<Decision, { kind: 'erase-space' }>,
  spaces: number,
  counts: ErasedCounts,
): CommitResult {
  return { status: 'committed', seq, at, replayed: false, results: [{ kind: 'erase', spaces, ...counts }] }
}

/** Answers to reads, all of one moment. */
export interface Snapshot {
  readonly space: SpaceState | null
  /** A text that differs after any change of the space: a commit, a renewed lease, a compaction, an erasure. */
  readonly stamp: string
  /** One for each read, in order. */
  readonly answers: readonly unknown[]
}

/** A space whose reads and writes are round trips. */
export interface RemoteSpace {
  /** Answers reads, all of one moment. */
  fetch(space: SpaceId, reads: readonly Read[]): Promise<Snapshot>
  /** Carries out the decision if the stamp is unchanged; otherwise does nothing and returns null. */
  write(space: SpaceId, decision: Decision, stamp: string): Promise<CommitResult | null>
  /** Whether the stamp is unchanged: a refusal is valid only then. */
  isUnchanged(space: SpaceId, stamp: string): Promise<boolean>
  /** Runs `work` while nobody else writes to the space. */
  locked<Result>(space: SpaceId, work: () => Promise<Result>): Promise<Result>
}

/** Called for each round trip of reads, with those reads. */
type OnTrip = (reads: readonly Read[]) => void

function memoized<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** How often a decision is made again because the space changed meanwhile, before the space is locked for it. */
const mostRestarts = 3

/** A decision, or the error that refused the commit, and the moment that it is valid for. */
type Decided = { readonly stamp: string } & ({ readonly decision: Decision } | { readonly refusal: MemoryError })

/** Thrown if reads of one decision are of two moments. */
class Moved extends Error {}

/** The reads that the view does not know the answers of, each once. */
function unknownTo(view: ReadsView, reads: readonly Read[]): readonly Read[] {
  const each = new Map(reads.map((read) => [readKey(read), read]))
  return [...each.values()].filter((read) => !view.has(read))
}

/** One decision, all of whose reads are of one moment. `seed` are reads that an earlier attempt needed. */
async function attempt(
  remote: RemoteSpace,
  submission: () => Submission,
  seed: Map<string, Read>,
  onTrip: OnTrip,
): Promise<Decided> {
  const { commit } = submission()
  const view = new ReadsView()
  let stamp: string | null = null
  let wanted = unknownTo(view, [...readsOf(commit, view), ...seed.values()])
  for (;;) {
    onTrip(wanted)
    const snapshot = await remote.fetch(commit.space, wanted)
    if (stamp !== null && snapshot.stamp !== stamp) throw new Moved()
    stamp = snapshot.stamp
    view.add(snapshot.space, wanted, snapshot.answers)
    for (const read of wanted) seed.set(readKey(read), read)
    try {
      // Where there is no space, nothing is there to read.
      return { decision: decide(snapshot.space === null ? emptyView : view, submission()), stamp }
    } catch (error) {
      if (error instanceof MemoryError) return { refusal: error, stamp }
      if (!(error instanceof NotRead)) throw error
      wanted = unknownTo(view, [...error.reads, ...readsOf(commit, view)])
      invariant(wanted.length > 0, 'a decision asks for what was not read')
    }
  }
}

/**
 * Decides and writes a commit over a space whose reads are round trips. If the space changed meanwhile, the decision is
 * made again, at most three times; then the space is locked for it.
 *
 * @param submission The commit with the time and limits of the attempt.
 * @throws MemoryError as {@link decide} does.
 */
export async function decideRemotely(
  remote: RemoteSpace,
  submission: () => Submission,
  onTrip: OnTrip = () => {},
): Promise<CommitResult> {
  const { space } = submission().commit
  const newSpace = memoized(submission().newSpace)
  // All attempts use the same key for a space that does not exist yet.
  const stable = () => ({ ...submission(), newSpace })
  const seed = new Map<string, Read>()
  const once = async (): Promise<CommitResult | null> => {
    try {
      const decided = await attempt(remote, stable, seed, onTrip)
      if ('decision' in decided) return await remote.write(space, decided.decision, decided.stamp)
      if (await remote.isUnchanged(space, decided.stamp)) throw decided.refusal
      return null
    } catch (error) {
      if (error instanceof Moved) return null
      throw error
    }
  }
  for (let restart = 0; restart <= mostRestarts; restart++) {
    const result = await once()
    if (result !== null) return result
  }
  const result = await remote.locked(space, once)
  invariant(result !== null, 'nobody writes to a locked space')
  return result
}
