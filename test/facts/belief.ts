// A plain model of belief: what holds, since when, by whom, after statements, deletions and forgotten sources.

export const trusts = ['tool', 'agent', 'user'] as const
export type Trust = (typeof trusts)[number]

/** A fact as the model knows it. Times are milliseconds. */
export interface Belief {
  readonly id: string
  readonly text: string
  trust: Trust
  from: number
  to: number | null
  expires: number | null
  sources: readonly string[]
  /** It was stated without a source, too. */
  alone: boolean
  isPast: boolean
  readonly against: Set<string>
}

export interface Statement {
  readonly text: string
  readonly trust: Trust
  readonly source: string | null
  /** When it was said, if that was stated. */
  readonly said: number | null
  readonly expires: number | null
}

const above = (left: Trust, right: Trust) => trusts.indexOf(left) > trusts.indexOf(right)
const laterEnd = (end: number | null, than: number | null) => than !== null && (end === null || end > than)

export class Beliefs {
  #all: Belief[] = []

  live(now: number): readonly Belief[] {
    return this.#all.filter(({ expires }) => expires === null || expires > now)
  }

  current(now: number): readonly Belief[] {
    return this.live(now).filter(({ isPast }) => !isPast)
  }

  /** @param id The id of the fact, if a new one is made. */
  state(said: Statement, target: Belief | null, now: number, id: string): void {
    const { trust, text, source } = said
    const made = (more: Partial<Belief>): Belief => {
      const life = { from: said.said ?? now, to: null, expires: said.expires, isPast: false }
      const sources = source === null ? [] : [source]
      const belief = { id, text, trust, ...life, sources, alone: source === null, against: new Set<string>(), ...more }
      this.#all.push(belief)
      return belief
    }
    // What is older than the fact that it meets held before it, and changes nothing.
    if (target !== null && said.said !== null && said.said < target.from)
      return void made({ to: target.from, isPast: true })
    const known = this.current(now).find((belief) => belief.text === text && this.#takes(belief, said))
    if (known !== undefined) this.#merge(known, said)
    const own = known ?? made({})
    if (target === null || target === own) return
    if (above(target.trust, trust)) {
      own.against.add(target.id)
      target.against.add(own.id)
      return
    }
    target.isPast = true
    target.to = Math.max(said.said ?? now, target.from)
    this.#settle(target)
  }

  /** Less trusted words do not let a fact hold for longer. */
  #takes(belief: Belief, { trust, said, expires }: Statement): boolean {
    const isWider = (said !== null && said < belief.from) || laterEnd(expires, belief.expires)
    return !isWider || !above(belief.trust, trust)
  }

  /** Less trusted words add nothing, no source either. */
  #merge(belief: Belief, { trust, said, expires, source }: Statement): void {
    if (above(belief.trust, trust)) return
    if (above(trust, belief.trust)) belief.trust = trust
    if (said !== null && said < belief.from) belief.from = said
    if (laterEnd(expires, belief.expires)) belief.expires = expires
    if (source === null) belief.alone = true
    else if (!belief.sources.includes(source)) belief.sources = [...belief.sources, source]
  }

  /** Nothing contradicts what does not hold. */
  #settle(gone: Belief): void {
    for (const belief of this.#all) belief.against.delete(gone.id)
    gone.against.clear()
  }

  /** Whether the fact was removed. */
  remove(belief: Belief, by: Trust): boolean {
    if (above(belief.trust, by)) return false
    this.#drop(belief)
    return true
  }

  #drop(belief: Belief): void {
    this.#all = this.#all.filter((one) => one !== belief)
    this.#settle(belief)
  }

  forget(source: string): void {
    for (const belief of this.#all.filter(({ sources }) => sources.includes(source))) {
      const left = belief.sources.filter((id) => id !== source)
      if (!belief.isPast && (belief.alone || left.length > 0)) belief.sources = left
      else this.#drop(belief)
    }
  }
}
