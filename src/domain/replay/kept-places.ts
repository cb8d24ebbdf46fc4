/**
 * Where compaction put what it kept, so that it can go on from there. An effect names the versions of the records that it
 * replaces, and a version is kept in the row of its commit. The places of threads and leases no effect tells.
 */
import type { Effect, LogRow } from '../commit/effect.ts'
import { replacedBy } from '../commit/effect-names.ts'
import { type Seq, type SpaceKey, turnIdOf, unpackTurn } from '../id.ts'
import { turnLease } from '../records/lease.ts'

type Name = `thread ${string}` | `lease ${string}` | `leases of ${string}`

export class KeptPlaces {
  readonly #key: SpaceKey
  readonly #places = new Map<Name, Set<Seq>>()

  constructor(key: SpaceKey) {
    this.#key = key
  }

  /** Notes what rows keep. A place may outlive what was kept there: it is looked at once more than needed. */
  note(rows: readonly LogRow[]): void {
    for (const { seq, effects } of rows) {
      for (const effect of effects) {
        if (effect.kind !== 'kept') continue
        if ('thread' in effect) this.#add(`thread ${effect.thread.id}`, seq)
        if (!('lease' in effect)) continue
        const { name, threadId } = effect.lease
        this.#add(`lease ${name}`, seq)
        if (threadId !== null) this.#add(`leases of ${threadId}`, seq)
      }
    }
  }

  /** The earlier commits that hold what rows change or belong to. */
  behind(rows: readonly LogRow[]): Set<Seq> {
    const found = new Set<Seq>()
    const add = (name: Name) => {
      for (const seq of this.#places.get(name) ?? []) found.add(seq)
    }
    for (const { threadId, turn, effects } of rows) {
      if (threadId !== null) add(`thread ${threadId}`)
      if (turn !== 0) {
        found.add(unpackTurn(turn).turnSeq)
        add(`lease ${turnLease(turnIdOf(this.#key, turn))}`)
      }
      for (const effect of effects) {
        for (const seq of versionsIn(effect)) found.add(seq)
        if (effect.kind === 'lease-take' || effect.kind === 'lease-release') add(`lease ${effect.name}`)
        if (effect.kind === 'thread-delete') add(`leases of ${threadId}`)
      }
    }
    return found
  }

  #add(name: Name, seq: Seq): void {
    const places = this.#places.get(name)
    if (places === undefined) this.#places.set(name, new Set([seq]))
    else places.add(seq)
  }
}

/** The versions that an effect replaces. */
function versionsIn(effect: Effect): Seq[] {
  const versions = replacedBy(effect).map(({ version }) => version)
  // Of settings, which have no name.
  if (effect.kind === 'configure') versions.push(effect.prev)
  return versions.filter((version) => version > 0)
}
